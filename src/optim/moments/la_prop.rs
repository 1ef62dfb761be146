use crate::check;
use crate::error::Error;
use crate::math::{self, Coefficient, Ema, SecondMoment, TINY, bias_correction, variance};
use crate::optim::{
    decay::{DecayForm, decay_by, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::range::Range;
use crate::real::Real;
use crate::rule::{Decay, DecayedDescent, Direction};

/// Declares a form of LaProp: the fields and presets that both forms have, and those that it adds.
macro_rules! la_prop {
    (
        $(#[$meta:meta])*
        pub struct $Form:ident { $($own:tt)* }
    ) => {
        hyper_parameters! {
            $(#[$meta])*
            pub struct $Form {
                lr: f64 in NonNegative = 4e-4,
                beta1: f64 in Fraction = 0.9,
                beta2: f64 in Fraction = 0.999,
                /// Added to the root. At 0: see [limits](crate::optim#limits).
                eps: f64 in NonNegative = 1e-15,
                /// Added inside the root.
                eps_root: f64 in NonNegative = 0.0,
                /// Adds both epsilons to the uncorrected v instead of v̂.
                eps_hat: bool = false,
                /// Keeps the learning rate inside the moment, so that earlier gradients keep the rate that they came with:
                /// `m ← β1·m + (1−β1)·lr·u`, and m is divided by the same average of the rates.
                lr_in_moment: bool = false,
                weight_decay: f64 in NonNegative = 0.0,
                decay_form: DecayForm = DecayForm::Decoupled,
                /// Takes the decay off the new p instead of the old one. A decay of 1 or more is refused then.
                decay_after_step: bool = false,
                maximize: bool = false,
                $($own)*
            }
            presets {
                /// The paper's form with the values of the authors' code, the default.
                paper = {};
                /// The authors' code and `timm.optim.LaProp`: the rate is inside the moment, decay follows the step.
                timm = { lr_in_moment: true, decay_after_step: true, };
                /// pytorch_optimizer's `LaProp`: the same with epsilons of 1e-15 on the uncorrected root and inside it.
                pytorch_optimizer = { lr_in_moment: true, decay_after_step: true, eps_root: 1e-15, eps_hat: true, };
            }
        }
    };
}

la_prop! {
    /// Adam that normalizes the gradient first and averages after, so that any β1 can go with any β2.
    ///
    /// ```text
    /// v ← β2·v + (1−β2)·g²
    /// m ← β1·m + (1−β1)·u        u = g/(√v̂ + eps)
    /// p ← p − lr · m̂
    /// ```
    ///
    /// Source: Ziyin, Wang & Ueda, "LaProp: Separating Momentum and Adaptivity in Adam", 2020, arXiv 2002.04839.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), zeros at the start. The clock holds the average of the learning rates,
    /// where they are inside the moment.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    ///
    /// | preset | learning rate | weight decay | epsilon |
    /// |---|---|---|---|
    /// | [`LaProp::paper`], the default | `p ← p − lr·m̂` | `lr·wd·p` off the old p | 1e-15 on √v̂ |
    /// | [`LaProp::timm`] and the authors' code | inside m | off the new p | 1e-15 on √v̂ |
    /// | [`LaProp::pytorch_optimizer`] | inside m | off the new p | 1e-15 on √v and inside it |
    pub struct LaProp {}
}

la_prop! {
    /// [`LaProp`] over the running variance: `u = g/(√(v̂ − ḡ²) + eps)` with `ḡ ← β2·ḡ + (1−β2)·g`, both corrected.
    ///
    /// Source: pytorch_optimizer's `LaProp(centered=True)`.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), as in LaProp, and ḡ (`exp_mean_avg_beta2`), zeros at the start.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    ///
    /// As in pytorch_optimizer, ḡ² is taken off the uncorrected v and the rest is corrected. A variance below 2⁻²⁰·v counts
    /// as 2⁻²⁰·v: see [`RmsPropCentered`](crate::RmsPropCentered).
    pub struct LaPropCentered {
        /// Steps before the mean is taken off.
        centered_after: u64 = 10,
    }
}

impl LaProp {
    /// Takes the running variance instead of the running square, one slot more.
    pub const fn centered(self) -> LaPropCentered {
        let LaProp { lr, beta1, beta2, eps, eps_root, eps_hat, lr_in_moment, .. } = self;
        let LaProp { weight_decay, decay_form, decay_after_step, maximize, .. } = self;
        LaPropCentered {
            lr,
            beta1,
            beta2,
            eps,
            eps_root,
            eps_hat,
            lr_in_moment,
            weight_decay,
            decay_form,
            decay_after_step,
            maximize,
            centered_after: LaPropCentered::DEFAULT.centered_after,
        }
    }
}

clock! {
    /// What [`LaProp`] remembers between steps.
    pub struct LaPropClock {
        /// The average of the learning rates with β1, where they are inside the moment; else it stays 0.
        exp_avg_lr_1 in NonNegative = 0.0,
    }
}

impl<const CENTERED: bool> LaPropDirection<CENTERED> {
    /// The update and the decay of step `t`. The fields of `o` have been checked.
    fn new(o: &LaProp, centers: bool, t: u64, clock: &mut LaPropClock) -> Result<(Self, Decay), Error> {
        let start = if t == 1 { Range::Exactly(0.0) } else { Range::NonNegative };
        check::clock("exp_avg_lr_1", clock.exp_avg_lr_1, start)?;
        let (lr, beta1, one) = (Coefficient::new(o.lr), Coefficient::new(o.beta1), Coefficient::ONE);
        let seen2 = bias_correction(o.beta2, t);
        let (inside, outside) = if o.lr_in_moment {
            let average = Coefficient::new(clock.exp_avg_lr_1) * beta1 + lr * beta1.complement();
            clock.exp_avg_lr_1 = average.to_f64();
            (lr, if average.is_zero() { Coefficient::ZERO } else { lr / average })
        } else {
            (one, lr / bias_correction(o.beta1, t))
        };
        let rate = o.decay_form.rate(o.weight_decay, lr);
        let outside = if o.decay_after_step {
            if rate.to_f64() >= 1.0 {
                return Err(Error::Coefficient {
                    name: "weight_decay",
                    value: o.weight_decay,
                    coefficient: rate.to_f64(),
                });
            }
            // (p − u)·(1 − r) = p − ((1 − r)·u + r·p).
            outside * rate.complement()
        } else {
            outside
        };
        let direction = LaPropDirection {
            first: Ema::unchecked(o.beta1),
            second: SecondMoment::both(o.beta2, o.eps, o.eps_root, false, if o.eps_hat { one } else { seen2 })?,
            inside: math::coefficient("lr", o.lr, inside * seen2.sqrt())?,
            outside: math::coefficient("lr", o.lr, outside)?,
            centers,
        };
        Ok((direction, decay_by(o.decay_form, o.weight_decay, rate)?))
    }
}

impl Optimizer<2> for LaProp {
    type Clock = LaPropClock;
    type Rule = DecayedDescent<LaPropDirection<false>>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq")];

    #[inline]
    fn rule(&self, t: u64, clock: &mut LaPropClock) -> Result<Self::Rule, Error> {
        let (direction, decay) = LaPropDirection::new(self, false, t, clock)?;
        Ok(descent(self.maximize, decay, direction))
    }
}

impl Optimizer<3> for LaPropCentered {
    type Clock = LaPropClock;
    type Rule = DecayedDescent<LaPropDirection<true>>;
    const SLOTS: [Slot<Self>; 3] =
        [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq"), Slot::signed("exp_mean_avg_beta2")];

    #[inline]
    fn rule(&self, t: u64, clock: &mut LaPropClock) -> Result<Self::Rule, Error> {
        let LaPropCentered { lr, beta1, beta2, eps, eps_root, eps_hat, lr_in_moment, .. } = *self;
        let LaPropCentered { weight_decay, decay_form, decay_after_step, maximize, centered_after, .. } = *self;
        let la_prop = LaProp {
            lr,
            beta1,
            beta2,
            eps,
            eps_root,
            eps_hat,
            lr_in_moment,
            weight_decay,
            decay_form,
            decay_after_step,
            maximize,
        };
        let (direction, decay) = LaPropDirection::new(&la_prop, t > centered_after, t, clock)?;
        Ok(descent(maximize, decay, direction))
    }
}

/// The average of normalized gradients, for both forms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LaPropDirection<const CENTERED: bool> {
    first: Ema,
    second: SecondMoment,
    inside: f32,
    outside: f32,
    /// Whether the mean is taken off.
    centers: bool,
}

impl<const CENTERED: bool> LaPropDirection<CENTERED> {
    /// The update and the new moment, from what is under the root.
    #[inline(always)]
    fn over<R: Real>(&self, square: R, g: R, m: R) -> (R, R) {
        let m = self.first.of(m, R::splat(self.inside) * (g / self.second.root(square)));
        (R::splat(self.outside) * m, m)
    }

    /// The form with usual averages.
    #[inline(always)]
    fn usual(self) -> Option<Self> {
        Some(LaPropDirection { first: self.first.slow()?, second: self.second.usual()?, ..self })
    }
}

impl Direction<2> for LaPropDirection<false> {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let v = self.second.of(v, g);
        let (update, m) = self.over(v, g, m);
        (update, [m, v])
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        self.usual()
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 2] {
        [TINY, self.second.fades_below()]
    }
}

impl Direction<3> for LaPropDirection<true> {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v, mean]: [R; 3]) -> (R, [R; 3]) {
        let v = self.second.of(v, g);
        let mean = self.second.mean_of(mean, g);
        let square = if self.centers { variance(v, mean) } else { v };
        let (update, m) = self.over(square, g, m);
        (update, [m, v, mean])
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        let usual = LaPropDirection { centers: true, ..self.usual()? };
        self.centers.then_some(usual)
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 3] {
        [TINY, self.second.fades_below(), TINY]
    }
}
