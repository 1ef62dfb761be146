use crate::error::Error;
use crate::math::{Coefficient, Ema, Factor, TINY, quotient};
use crate::optim::{
    decay::{DecayForm, decay_by, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction, Found, Pass, Passes, Scope, Terms};

hyper_parameters! {
    /// Momentum with an adaptive step: that of a model of the loss from an average of past losses and gradients.
    ///
    /// ```text
    /// m ← β·m + (1−β)·g            f̄ ← β·f̄ + (1−β)·loss            γ ← β·γ + (1−β)·⟨g, p⟩       β 0 in the first step
    /// τ ← min(lr, max((1 + lr·wd)·(f̄ − lower_bound − γ) + ⟨m, p⟩, 0) / ‖m‖²)
    /// p ← p − lr·wd/(1 + lr·wd) · p − τ · m
    /// ```
    ///
    /// Source: Schaipp, Ohana, Eickenberg, Defazio & Gower, "MoMo: Momentum Models for Adaptive Learning Rates", 2023,
    /// arXiv 2305.07583; the defaults and the form are those of `optax.contrib.momo` without `adapt_lower_bound`.
    /// State: m (`exp_avg`), zeros at the start. Looks at all tensors together: the sums ⟨g, p⟩, of m²
    /// and ⟨m, p⟩. Needs the [loss](crate::Step::loss) of the step. With `maximize` the loss counts with the opposite sign.
    pub struct Momo {
        /// The largest step.
        lr: f64 in NonNegative = 1.0,
        /// Decay rate of all averages.
        beta: f64 in Fraction = 0.9,
        /// A lower bound of the loss.
        lower_bound: f64 in Finite = 0.0,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Decoupled,
        maximize: bool = false,
    }
}

clock! {
    /// What [`Momo`] remembers of all tensors.
    pub struct MomoClock {
        /// The average of the losses, f̄.
        average_loss in Finite = 0.0,
        /// The average of ⟨g, p⟩, γ.
        average_product in Finite = 0.0,
    }
}

impl Optimizer<1> for Momo {
    type Clock = MomoClock;
    type Rule = DecayedDescent<MomoDirection>;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("exp_avg")];

    fn rule(&self, t: u64, _: &mut MomoClock) -> Result<Self::Rule, Error> {
        let beta = if t == 1 { 0.0 } else { self.beta };
        // Decay beside the step is that of a proximal step.
        let rate = self.decay_form.rate(self.weight_decay, Coefficient::new(self.lr));
        let growth = Coefficient::ONE + rate;
        let direction = MomoDirection {
            moment: Ema::unchecked(beta),
            step: Factor::ZERO,
            beta,
            growth: growth.to_f64(),
            hyper: *self,
        };
        Ok(descent(self.maximize, decay_by(self.decay_form, self.weight_decay, rate / growth)?, direction))
    }
}

/// The moment at a rate that follows from a model of the loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MomoDirection {
    moment: Ema,
    step: Factor,
    beta: f64,
    growth: f64,
    hyper: Momo,
}

impl Direction<1> for MomoDirection {
    const PASSES: Passes = Passes::of(Pass::over(Scope::All, 3).setting_clock().needing_loss());

    #[inline(always)]
    fn terms<R: Real>(&self, _: usize, p: R, g: R, [m]: [R; 1]) -> Terms<R> {
        let m = self.moment.of(m, g);
        Terms::of([[g, p], [m, m], [m, p]])
    }

    fn found(&mut self, _: usize, found: &mut Found<1>) {
        let Momo { lr, lower_bound, maximize, .. } = self.hyper;
        let average = |old: f64, new: f64| self.beta * old + (1.0 - self.beta) * new;
        let ([of_grads, squares, of_moment, _], [average_loss, average_product, _]) = (found.sums, &mut found.clock);
        *average_loss = average(*average_loss, if maximize { -found.loss } else { found.loss });
        *average_product = average(*average_product, of_grads);
        let gap = self.growth * (*average_loss - lower_bound - *average_product) + of_moment;
        let gap = if gap < 0.0 { 0.0 } else { gap };
        // As optax: no step where the moment vanishes.
        let step = if squares <= f64::EPSILON { 0.0 } else { quotient(gap, squares) };
        self.step = Factor::new(if step > lr { lr } else { step });
    }

    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m]: [R; 1]) -> (R, [R; 1]) {
        let m = self.moment.of(m, g);
        (self.step.times(m), [m])
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 1] {
        [TINY]
    }
}
