use crate::check;
use crate::error::Error;
use crate::math::{Average, Coefficient, Ema, Outside, SecondMoment, bias_correction};
use crate::optim::{decay::decoupled, optimizer::Optimizer, slot::Slot};
use crate::real::Real;
use crate::rule::{Decoupled, Direction, DirectionVisitor};

hyper_parameters! {
    /// Adam that normalizes the gradient first and averages after, so that any β1 can go with any β2.
    ///
    /// ```text
    /// v ← β2·v + (1−β2)·g²
    /// m ← β1·m + (1−β1)·g/(√v̂ + eps)
    /// p ← p − lr · m̂
    /// ```
    ///
    /// Source: Ziyin, Wang & Ueda, "LaProp: Separating Momentum and Adaptivity in Adam", 2020, arXiv 2002.04839, with
    /// the values of the authors' code.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), zeros at the start.
    pub struct LaProp {
        lr: f64 in NonNegative = 4e-4,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Added to the root. With 0, an element that has seen no gradient becomes 0/0, NaN.
        eps: f64 in NonNegative = 1e-15,
        /// Decoupled decay: p shrinks by `lr · weight_decay` of itself each step.
        weight_decay: f64 in NonNegative = 0.0,
        /// Ascends instead of descending; the decay still shrinks.
        maximize: bool = false,
    }
}

impl Optimizer<2> for LaProp {
    type Clock = u64;
    type Rule = Decoupled<LaPropDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let (lr, seen2) = (Coefficient::new(self.lr), bias_correction(self.beta2, t));
        let direction = LaPropDirection {
            first: Ema::unchecked(self.beta1),
            second: SecondMoment::outside(self.beta2, self.eps, seen2)?,
            root_scale: seen2.sqrt().to_f32(),
            scale: check::coefficient("lr", self.lr, lr / bias_correction(self.beta1, t))?,
        };
        decoupled(self.maximize, lr, self.weight_decay, direction)
    }
}

/// The average of normalized gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LaPropDirection<A = Ema> {
    first: A,
    second: SecondMoment<Outside, A>,
    root_scale: f32,
    scale: f32,
}

impl<A: Average> Direction<2> for LaPropDirection<A> {
    #[inline(always)]
    fn lane<R: Real>(&self, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let v = self.second.of(v, g);
        let m = self.first.of(m, R::splat(self.root_scale) * (g / self.second.root(v)));
        (R::splat(self.scale) * m, [m, v])
    }

    #[inline(always)]
    fn form<V: DirectionVisitor<2>>(&self, visitor: V) -> V::Output {
        match (self.first.slow(), self.second.slow()) {
            (Some(first), Some(second)) => {
                visitor.visit(LaPropDirection { first, second, root_scale: self.root_scale, scale: self.scale })
            }
            _ => visitor.general(),
        }
    }

    #[inline(always)]
    fn fades(&self) -> [bool; 2] {
        [true, self.second.fades()]
    }
}
