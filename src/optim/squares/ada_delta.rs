use crate::error::Error;
use crate::math::{self, Coefficient, SecondMoment};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Steps in the parameters' own units, with no learning rate to choose.
    ///
    /// ```text
    /// v ← ρ·v + (1−ρ)·g²
    /// δ = √(u + eps) / √(v + eps) · g
    /// u ← ρ·u + (1−ρ)·δ²
    /// p ← p − lr · δ
    /// ```
    ///
    /// Source: Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, arXiv 1212.5701.
    /// State: v (`square_avg`) and u (`acc_delta`), zeros at the start.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    ///
    /// | preset | lr | rho | eps |
    /// |---|---|---|---|
    /// | [`AdaDelta::torch`], the default; `optax.adadelta` | 1 | 0.9 | 1e-6 |
    /// | [`AdaDelta::keras`] | 0.001 | 0.95 | 1e-7 |
    pub struct AdaDelta {
        /// Factor of the step.
        lr: f64 in NonNegative = 1.0,
        /// Decay rate of both averages.
        rho: f64 in Fraction = 0.9,
        /// Added inside both roots. At 0 no parameter moves.
        eps: f64 in NonNegative = 1e-6,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `torch.optim.Adadelta`, the default.
        torch = {};
        /// `keras.optimizers.Adadelta`: lr 0.001, rho 0.95, eps 1e-7, decay is decoupled.
        keras = { lr: 1e-3, rho: 0.95, eps: 1e-7, decay_form: DecayForm::Decoupled, };
    }
}

impl Optimizer<2> for AdaDelta {
    type Clock = u64;
    type Rule = DecayedDescent<AdaDeltaDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::squares("square_avg"), Slot::squares("acc_delta")];

    #[inline]
    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let direction =
            AdaDeltaDirection { square: SecondMoment::inside(self.rho, self.eps)?, lr: math::rounded(self.lr) };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}

/// AdaDelta's update from a gradient and the two averages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaDeltaDirection {
    square: SecondMoment,
    lr: f32,
}

impl Direction<2> for AdaDeltaDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [v, u]: [R; 2]) -> (R, [R; 2]) {
        let v = self.square.of(v, g);
        let delta = self.square.root_inside(u) / self.square.root_inside(v) * g;
        let u = self.square.of(u, delta);
        (R::splat(self.lr) * delta, [v, u])
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        Some(AdaDeltaDirection { square: self.square.slow()?, ..self })
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 2] {
        [self.square.fades_below(); 2]
    }
}
