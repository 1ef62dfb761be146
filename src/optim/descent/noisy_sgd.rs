use crate::error::Error;
use crate::math::{self, Coefficient};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Gradient descent with noise that fades: it helps very deep networks out of poor starts.
    ///
    /// ```text
    /// σ = √(η / t^γ)
    /// p ← p − lr · (g + σ·z)        z is standard normal
    /// ```
    ///
    /// Source: Neelakantan et al., "Adding Gradient Noise Improves Learning for Very Deep Networks", 2015,
    /// arXiv 1511.06807; `optax.noisy_sgd`, whose values are the defaults.
    /// State: z (`noise`), which a step only reads. Fill it before each step with numbers of your generator, for example by
    /// `sample::normal` (feature `rand_core`). Each element's noise is data, so a split over threads changes no bits.
    pub struct NoisySgd {
        lr: f64 in NonNegative = 0.01,
        /// Variance η of the noise in the first step.
        eta: f64 in NonNegative = 0.01,
        /// How fast the variance falls: the power γ of the step.
        gamma: f64 in NonNegative = 0.55,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `optax.noisy_sgd`, the default (optax has no default lr).
        optax = {};
    }
}

impl Optimizer<1> for NoisySgd {
    type Clock = u64;
    type Rule = DecayedDescent<NoisySgdDirection>;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("noise").read_only()];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let sigma = crate::math::sqrt(self.eta / libm::pow(t as f64, self.gamma));
        let direction = NoisySgdDirection {
            lr: math::rounded(self.lr),
            sigma: math::coefficient("eta", self.eta, Coefficient::new(sigma))?,
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}

/// The gradient with noise, times the learning rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoisySgdDirection {
    lr: f32,
    sigma: f32,
}

impl Direction<1> for NoisySgdDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [z]: [R; 1]) -> (R, [R; 1]) {
        (R::splat(self.lr) * (g + R::splat(self.sigma) * z), [z])
    }
}
