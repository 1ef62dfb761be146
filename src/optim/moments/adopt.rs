use crate::error::Error;
use crate::math::{self, Coefficient, Ema, LEAST_ROOT, SecondMoment, TINY};
use crate::optim::{
    decay::{DecayForm, decay_by, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Adam that normalizes by the last step's second moment before it averages: it converges for any β2.
    ///
    /// ```text
    /// t = 1:  v ← g² alone
    /// after:  u = clamp(g / max(√v, eps), ±(t−1)^clip_exponent)
    ///         m ← β1·m + (1−β1)·u
    ///         p ← p − lr·m, or p − lr·(β1·m + (1−β1)·u) with nesterov
    ///         v ← β2·v + (1−β2)·g²
    /// ```
    ///
    /// Source: Taniguchi et al., "ADOPT: Modified Adam Can Converge with Any β2 with the Optimal Rate", 2024,
    /// arXiv 2411.02853. The default is the paper's and `optax.contrib.adopt`'s.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), zeros at the start.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    pub struct Adopt {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.9999,
        /// The least denominator. At 0: see [limits](crate::optim#limits).
        eps: f64 in NonNegative = 1e-6,
        /// Clips u, as the paper's later version does.
        clip: bool = true,
        /// How fast the limit of u grows with the step.
        clip_exponent: f64 in Share = 0.25,
        /// Takes Nesterov's look-ahead of the moment.
        nesterov: bool = false,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Decoupled,
        maximize: bool = false,
    }
    presets {
        /// `optax.contrib.adopt`, the default.
        optax = {};
        /// `timm.optim.Adopt`: the clip exponent is 0.333, decay is coupled.
        timm = { clip_exponent: 0.333, decay_form: DecayForm::Coupled, };
    }
}

impl Optimizer<2> for Adopt {
    type Clock = u64;
    type Rule = DecayedDescent<AdoptDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        // The first step fills v and moves nothing: u is finite, clipped to zero.
        let filling = t == 1;
        let (beta2, eps) = if filling { (0.0, 1.0) } else { (self.beta2, self.eps) };
        let rate = self.decay_form.rate(self.weight_decay, Coefficient::new(self.lr));
        let rate = if filling { Coefficient::ZERO } else { rate };
        let done = Coefficient::from(t - 1);
        let clip = if self.clip_exponent == 0.25 {
            done.sqrt().sqrt()
        } else {
            Coefficient::new(libm::pow(done.to_f64(), self.clip_exponent))
        };
        let direction = AdoptDirection {
            first: Ema::unchecked(self.beta1),
            second: SecondMoment::outside(beta2, eps, Coefficient::ONE)?,
            lr: math::rounded(self.lr),
            eps: math::rounded(eps).max(LEAST_ROOT),
            clip: match (filling, self.clip) {
                (true, _) => 0.0,
                (_, true) => clip.to_f32(),
                (_, false) => f32::INFINITY,
            },
            nesterov: self.nesterov,
        };
        Ok(descent(self.maximize, decay_by(self.decay_form, self.weight_decay, rate)?, direction))
    }
}

/// ADOPT's update: the average of clipped, normalized gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdoptDirection {
    first: Ema,
    second: SecondMoment,
    lr: f32,
    eps: f32,
    clip: f32,
    nesterov: bool,
}

impl AdoptDirection {
    /// The clipped, normalized gradient.
    #[inline(always)]
    fn normalized<R: Real>(&self, g: R, v: R) -> R {
        let u = g / v.sqrt().max(R::splat(self.eps));
        u.max(R::splat(-self.clip)).min(R::splat(self.clip))
    }
}

impl Direction<2> for AdoptDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let u = self.normalized(g, v);
        let m = self.first.of(m, u);
        let direction = if self.nesterov { self.first.of(m, u) } else { m };
        (R::splat(self.lr) * direction, [m, self.second.of(v, g)])
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        let (first, second) = (self.first.slow()?, self.second.slow()?);
        (!self.nesterov).then_some(AdoptDirection { first, second, nesterov: false, ..self })
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 2] {
        [TINY, self.second.fades_below()]
    }
}
