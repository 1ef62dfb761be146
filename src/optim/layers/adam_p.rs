use super::projected::Projected;
use crate::error::Error;
use crate::math::{self, Coefficient, Ema, SecondMoment, TINY, bias_correction};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Adam whose updates do not change the norm of scale-invariant weights.
    ///
    /// ```text
    /// u ← lr · m̂ / (√v̂ + eps)                     m̂ and v̂ as in Adam
    /// u ← u − ⟨p, u⟩/(‖p‖ + eps)² · p             where |cos(p, g)| < delta/√n
    /// p ← p − lr · wd · p − u                     wd times wd_ratio there
    /// ```
    ///
    /// The test and the projection are those of each row of a matrix, if all of its rows pass, or else those of the whole matrix.
    /// Give a matrix its [rows](crate::Tensor::rows); vectors are stepped by AdamW.
    ///
    /// Source: Heo et al., "AdamP: Slowing Down the Slowdown for Momentum Optimizers on Scale-invariant Weights", 2020,
    /// arXiv 2006.08217; the defaults are those of `timm.optim.AdamP`. By its name `"adamp"`, timm sets `wd_ratio` to 0.01 and
    /// `nesterov`.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), zeros at the start. Looks at each row: the sums of p², g², g·p and p·u.
    pub struct AdamP {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Added to the root and to norms.
        eps: f64 in NonNegative = 1e-8,
        /// The largest cosine of a right angle, times √n.
        delta: f64 in NonNegative = 0.1,
        /// Multiplies weight decay where the update is projected.
        wd_ratio: f64 in NonNegative = 0.1,
        /// Looks ahead along the moment.
        nesterov: bool = false,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::InUpdate,
        maximize: bool = false,
    }
    presets {
        /// `timm.optim.AdamP`, the default.
        timm = {};
    }
}

impl Optimizer<2> for AdamP {
    type Clock = u64;
    type Rule = DecayedDescent<Projected<AdamPDirection>>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq")];

    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let (lr, seen2) = (Coefficient::new(self.lr), bias_correction(self.beta2, t));
        let direction = AdamPDirection {
            first: Ema::unchecked(self.beta1),
            second: SecondMoment::outside(self.beta2, self.eps, seen2)?,
            scale: math::coefficient("lr", self.lr, lr * seen2.sqrt() / bias_correction(self.beta1, t))?,
            nesterov: self.nesterov,
        };
        let (in_update, beside) = self.decay_form.split(self.weight_decay);
        let factor = lr * Coefficient::new(in_update);
        let projected = Projected::new(
            direction,
            self.delta,
            self.eps,
            math::coefficient("weight_decay", in_update, factor)?,
            (factor * Coefficient::new(self.wd_ratio)).to_f32(),
        );
        Ok(descent(self.maximize, decay(self.decay_form, beside, lr)?, projected))
    }
}

/// Adam's update, or that of a look-ahead along the moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamPDirection {
    first: Ema,
    second: SecondMoment,
    scale: f32,
    nesterov: bool,
}

impl Direction<2> for AdamPDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let m = self.first.of(m, g);
        let v = self.second.of(v, g);
        let ahead = if self.nesterov { self.first.of(m, g) } else { m };
        (R::splat(self.scale) * (ahead / self.second.root(v)), [m, v])
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 2] {
        [TINY, self.second.fades_below()]
    }
}
