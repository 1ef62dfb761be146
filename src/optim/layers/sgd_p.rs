use super::projected::Projected;
use crate::error::Error;
use crate::math::{self, Coefficient};
use crate::optim::descent::MomentumDirection;
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::rule::DecayedDescent;

hyper_parameters! {
    /// Momentum whose updates do not change the norm of scale-invariant weights.
    ///
    /// ```text
    /// b ← momentum · b + (1 − dampening) · g
    /// u ← lr · b                                  nesterov: lr · (g + momentum · b)
    /// u ← u − ⟨p, u⟩/(‖p‖ + eps)² · p             where |cos(p, g)| < delta/√n
    /// p ← p − lr · wd/(1 − momentum) · p − u      wd times wd_ratio there
    /// ```
    ///
    /// The test and the projection are those of [`AdamP`](crate::AdamP). Give a matrix its [rows](crate::Tensor::rows).
    ///
    /// Source: Heo et al., "AdamP: Slowing Down the Slowdown for Momentum Optimizers on Scale-invariant Weights", 2020,
    /// arXiv 2006.08217; as in `timm.optim.SGDP`. By its name `"sgdp"`, timm sets `nesterov`.
    /// State: b (`momentum_buffer`), zeros at the start. Looks at each row: the sums of p², g², g·p and p·u.
    ///
    /// | preset | momentum |
    /// |---|---|
    /// | default and the paper | 0.9 |
    /// | [`SgdP::timm`] | 0 |
    pub struct SgdP {
        lr: f64 in NonNegative = 0.1,
        /// Decay rate of the buffer.
        momentum: f64 in Fraction = 0.9,
        /// The fraction that is taken off each gradient, the first one too.
        dampening: f64 in Share = 0.0,
        /// Looks ahead along the buffer.
        nesterov: bool = false,
        /// Added to norms.
        eps: f64 in NonNegative = 1e-8,
        /// The largest cosine of a right angle, times √n.
        delta: f64 in NonNegative = 0.1,
        /// Multiplies weight decay where the update is projected.
        wd_ratio: f64 in NonNegative = 0.1,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::InUpdate,
        maximize: bool = false,
    }
    presets {
        /// `timm.optim.SGDP`, which has no default of lr.
        timm = { momentum: 0.0, };
    }
}

impl Optimizer<1> for SgdP {
    type Clock = u64;
    type Rule = DecayedDescent<Projected<MomentumDirection>>;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("momentum_buffer")];

    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let (in_update, beside) = self.decay_form.split(self.weight_decay);
        let lr = Coefficient::new(self.lr);
        let factor = lr * Coefficient::new(in_update) / Coefficient::new(self.momentum).complement();
        let projected = Projected::new(
            MomentumDirection::new(self.lr, self.momentum, self.dampening, self.nesterov),
            self.delta,
            self.eps,
            math::coefficient("weight_decay", in_update, factor)?,
            (factor * Coefficient::new(self.wd_ratio)).to_f32(),
        );
        Ok(descent(self.maximize, decay(self.decay_form, beside, lr)?, projected))
    }
}
