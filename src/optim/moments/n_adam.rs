use crate::check;
use crate::error::Error;
use crate::math::{self, Coefficient, Ema, SecondMoment, TINY, bias_correction};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::range::Range;
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Adam with Nesterov momentum.
    ///
    /// ```text
    /// μt = β1 · (1 − warmup · .96^(t·momentum_decay))
    /// m ← β1·m + (1−β1)·g
    /// v ← β2·v + (1−β2)·g²
    /// p ← p − lr · [(1−μt)·g/(1−Πμ) + μt₊₁·m/(1−Πμ·μt₊₁)] / (√v̂ + eps)        Πμ = μ1·…·μt
    /// ```
    ///
    /// Source: Dozat, "Incorporating Nesterov Momentum into Adam", ICLR workshop 2016.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), zeros at the start. The clock holds Πμ.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    ///
    /// Systems differ in the correction of the moment: timm and MLCommons divide it by 1−Πμ, as the gradient, which makes the
    /// first steps larger (`nesterov_correction` off).
    ///
    /// | preset | lr | momentum_decay | warmup | eps | weight decay |
    /// |---|---|---|---|---|---|
    /// | [`NAdam::torch`], the default | 0.002 | 0.004 | 0.5 | 1e-8 | coupled, 0 |
    /// | [`NAdam::keras`] | 0.001 | 1 | 0.5 | 1e-7 | decoupled, 0 |
    /// | [`NAdam::optax`] | 0.001 (optax has no default) | – | 0: μ is β1 | 1e-8 | coupled, 0 |
    /// | [`NAdam::optax_nadamw`] | 0.001 | – | 0 | 1e-8 | decoupled, 1e-4 |
    /// | [`NAdam::timm_nadamw`] | 0.001 | – | 0 | 1e-8 | decoupled, 0.01 |
    pub struct NAdam {
        lr: f64 in NonNegative = 2e-3,
        /// Decay rate of the first moment and the limit of μ.
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Added to the root. At 0: see [limits](crate::optim#limits).
        eps: f64 in NonNegative = 1e-8,
        /// Added to v̂ inside the root.
        eps_root: f64 in NonNegative = 0.0,
        /// How fast μ reaches β1.
        momentum_decay: f64 in NonNegative = 4e-3,
        /// The part of β1 that μ lacks at the start.
        momentum_warmup: f64 in Share = 0.5,
        /// Divides the moment by 1−Πμ·μt₊₁, which takes the next step's μ into account; off, by 1−Πμ.
        nesterov_correction: bool = true,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `torch.optim.NAdam`, the default.
        torch = {};
        /// `keras.optimizers.Nadam`: lr 0.001, eps 1e-7, μ reaches β1 250 times faster, decay is decoupled.
        keras = { lr: 1e-3, eps: 1e-7, momentum_decay: 1.0, decay_form: DecayForm::Decoupled, };
        /// `optax.nadam`: μ is β1 from the start.
        optax = { lr: 1e-3, momentum_warmup: 0.0, };
        /// `optax.nadamw`: decoupled decay of 1e-4.
        optax_nadamw = { lr: 1e-3, momentum_warmup: 0.0, weight_decay: 1e-4, decay_form: DecayForm::Decoupled, };
        /// `timm.optim.NAdamW`, MLCommons' form: decoupled decay of 0.01, and the moment is divided by 1−β1ᵗ.
        timm_nadamw = {
            lr: 1e-3,
            momentum_warmup: 0.0,
            nesterov_correction: false,
            weight_decay: 0.01,
            decay_form: DecayForm::Decoupled,
        };
    }
    names { "nadamw" = optax_nadamw }
}

clock! {
    /// What [`NAdam`] remembers between steps.
    pub struct NAdamClock {
        /// Πμ over these steps, 1 at the start.
        mu_product in NonNegative = 1.0,
    }
}

impl NAdam {
    /// μ of a step.
    fn mu(&self, t: u64) -> f64 {
        self.beta1 * (1.0 - self.momentum_warmup * libm::pow(0.96, t as f64 * self.momentum_decay))
    }

    /// Refuses a product that no run can reach in `done` steps.
    fn check_product(&self, done: u64, value: f64) -> Result<(), Error> {
        // No μ is below this, so the product is 0 only where the power underflows f32, in which PyTorch keeps it.
        let least = self.beta1 * (1.0 - self.momentum_warmup);
        let range = match (done, value) {
            (0, _) => Range::Exactly(1.0),
            (_, 0.0) if libm::pow(least, done as f64) as f32 > 0.0 => Range::Positive,
            _ => Range::Share,
        };
        check::clock("mu_product", value, range)
    }
}

impl Optimizer<2> for NAdam {
    type Clock = NAdamClock;
    type Rule = DecayedDescent<NAdamDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq")];

    #[inline]
    fn rule(&self, t: u64, clock: &mut NAdamClock) -> Result<Self::Rule, Error> {
        self.check_product(t - 1, clock.mu_product)?;
        let (lr, seen2) = (Coefficient::new(self.lr), bias_correction(self.beta2, t));
        let (mu, mu_next) = (self.mu(t), self.mu(t.saturating_add(1)));
        clock.mu_product *= mu;
        let decayed = if self.nesterov_correction { clock.mu_product * mu_next } else { clock.mu_product };
        let scale = lr * seen2.sqrt();
        let direction = NAdamDirection {
            first: Ema::unchecked(self.beta1),
            second: SecondMoment::both(self.beta2, self.eps, self.eps_root, false, seen2)?,
            of_grad: math::coefficient("lr", self.lr, scale * Coefficient::new((1.0 - mu) / (1.0 - clock.mu_product)))?,
            of_moment: math::coefficient("lr", self.lr, scale * Coefficient::new(mu_next / (1.0 - decayed)))?,
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, lr)?, direction))
    }
}

/// Adam's update from a mix of gradient and moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NAdamDirection {
    first: Ema,
    second: SecondMoment,
    of_grad: f32,
    of_moment: f32,
}

impl Direction<2> for NAdamDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let m = self.first.of(m, g);
        let v = self.second.of(v, g);
        let update = (R::splat(self.of_grad) * g + R::splat(self.of_moment) * m) / self.second.root(v);
        (update, [m, v])
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        Some(NAdamDirection { first: self.first.slow()?, second: self.second.usual()?, ..self })
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 2] {
        [TINY, self.second.fades_below()]
    }
}
