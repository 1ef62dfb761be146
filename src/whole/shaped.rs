//! Steps whose gradients are scaled or centered by what a whole tensor, or a row of it, says.

use super::measures::{BothSquares, Squares};
use super::step::{Phases, WholeStep};
use crate::clip::{AdaptiveClip, ClipNorm};
use crate::error::Error;
use crate::real::Real;
use crate::rule::{Adapted, Adapter, CenterGrads, Measure, Off, Rule};
use crate::run::Step;
use crate::sum::Sum;

/// The two phases of a step whose gradients are clipped by their norm; made by [`Step::clip_norm`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormClipped<U> {
    rule: U,
    clip: ClipNorm,
}

/// The two phases of a step whose gradients are clipped against the norm of the parameters; made by [`Step::adaptive_clip`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaptivelyClipped<U> {
    rule: U,
    clip: AdaptiveClip,
}

/// The two phases of a step whose gradients are centered; made by [`Step::centered`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Centered<U> {
    rule: U,
}

/// `g ← factor · g`, if there is a factor: the error of the clip is that of the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipFactor {
    factor: Result<f64, Error>,
    rounded: f32,
}

impl ClipFactor {
    fn new(factor: Result<f64, Error>) -> Self {
        ClipFactor { factor, rounded: factor.unwrap_or(0.0) as f32 }
    }
}

impl Adapter for ClipFactor {
    #[inline(always)]
    fn grad<R: Real>(&self, _: R, g: R) -> R {
        R::splat(self.rounded) * g
    }

    fn check(&self) -> Result<(), Error> {
        self.factor.map(drop)
    }
}

impl<U, A: Adapter> Step<U, A> {
    /// Clips the gradients of a tensor, or of a list of tensors as one whole, by their norm of type 2: see [`crate::clip`].
    ///
    /// A gradient that is not finite is an error of the update, [`Error::NotFinite`]: nothing is written.
    ///
    /// ```
    /// use gradstep::clip::ClipNorm;
    /// use gradstep::{Optimizer, Sgd, Tensor};
    ///
    /// let (mut weights, mut bias) = ([0.0; 2], [0.0]);
    /// let step = Sgd { lr: 1.0, ..Sgd::DEFAULT }.tick(&mut 0)?.clip_norm(ClipNorm::optax(1.0)?);
    /// let (weights_grads, bias_grads) = ([0.0, 3.0], [4.0]);
    /// let mut tensors = [
    ///     Tensor::new::<[f32; 0]>(&mut weights, &weights_grads, &mut []),
    ///     Tensor::new::<[f32; 0]>(&mut bias, &bias_grads, &mut []),
    /// ];
    /// step.apply_all_with(&mut (), &mut tensors)?;
    /// assert_eq!((weights, bias), ([0.0, -0.6], [-0.8]));
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    pub fn clip_norm(self, clip: ClipNorm) -> WholeStep<NormClipped<U>, A> {
        let (sweeps, rule, adapter) = self.into_parts();
        WholeStep::of_parts(sweeps, NormClipped { rule, clip }, adapter)
    }

    /// Clips the gradients of a unit against the norm of its weights: see [`AdaptiveClip`]. Apply the step to the
    /// [rows](WholeStep::apply_rows_with) of a matrix.
    ///
    /// A gradient or a weight that is not finite is an error of the update, [`Error::NotFinite`]: nothing is written.
    pub fn adaptive_clip(self, clip: AdaptiveClip) -> WholeStep<AdaptivelyClipped<U>, A> {
        let (sweeps, rule, adapter) = self.into_parts();
        WholeStep::of_parts(sweeps, AdaptivelyClipped { rule, clip }, adapter)
    }

    /// Subtracts the mean of the gradients of a row from each of them. Apply the step to the
    /// [rows](WholeStep::apply_rows_with) of a matrix; vectors are not centered.
    ///
    /// Source: Yong, Huang, Hua & Zhang, "Gradient Centralization: A New Optimization Technique for Deep Neural Networks",
    /// 2020, arXiv 2004.01461; `optax.centralize`.
    ///
    /// ```
    /// use gradstep::{Optimizer, Sgd};
    ///
    /// let mut params = [0.0; 4];
    /// let step = Sgd { lr: 1.0, ..Sgd::DEFAULT }.tick(&mut 0)?.centered();
    /// step.apply_rows_with(&mut [(); 2], 2, &mut params, &[1.0, 3.0, 5.0, 5.0], [])?;
    /// assert_eq!(params, [1.0, -1.0, 0.0, 0.0]);
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    pub fn centered(self) -> WholeStep<Centered<U>, A> {
        let (sweeps, rule, adapter) = self.into_parts();
        WholeStep::of_parts(sweeps, Centered { rule }, adapter)
    }
}

impl<U: Rule<S>, const S: usize> Phases<S, 1> for NormClipped<U> {
    type Memory = ();
    type Measure = Squares;
    type Update = Adapted<U, ClipFactor>;
    const CAN_REFUSE: bool = true;

    fn measure(&self, (): &()) -> Squares {
        Squares(Off)
    }

    fn update(&self, [squares]: &[Sum; 1], (): &mut ()) -> Self::Update {
        Adapted { rule: self.rule, adapter: ClipFactor::new(self.clip.factor(squares.root())) }
    }
}

impl<U: Rule<S>, const S: usize> Phases<S, 2> for AdaptivelyClipped<U> {
    type Memory = ();
    type Measure = BothSquares;
    type Update = Adapted<U, ClipFactor>;
    const CAN_REFUSE: bool = true;

    fn measure(&self, (): &()) -> BothSquares {
        BothSquares
    }

    fn update(&self, [params, grads]: &[Sum; 2], (): &mut ()) -> Self::Update {
        Adapted { rule: self.rule, adapter: ClipFactor::new(self.clip.factor(params.root(), grads.root())) }
    }
}

impl<U: Rule<S>, const S: usize> Measure<S, 1> for Centered<U> {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, _: [R; S]) -> [[R; 2]; 1] {
        [[g, R::splat(1.0)]]
    }
}

impl<U: Rule<S>, const S: usize> Phases<S, 1> for Centered<U> {
    type Memory = ();
    type Measure = Self;
    type Update = Adapted<U, CenterGrads>;

    fn measure(&self, (): &()) -> Self {
        *self
    }

    fn update(&self, [sum]: &[Sum; 1], (): &mut ()) -> Self::Update {
        Adapted { rule: self.rule, adapter: CenterGrads::new(sum.mean()) }
    }
}
