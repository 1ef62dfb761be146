use crate::check;
use crate::error::Error;
use crate::math::{Average, Coefficient, Ema, Outside, SecondMoment, bias_correction};
use crate::optim::{decay::decoupled, optimizer::Optimizer, slot::Slot};
use crate::real::Real;
use crate::rule::{Decoupled, Direction, DirectionVisitor};

hyper_parameters! {
    /// Adam that divides by how far gradients are from their average.
    ///
    /// ```text
    /// m ← β1·m + (1−β1)·g
    /// s ← β2·s + (1−β2)·(g−m)² + eps_root        with the new m
    /// p ← p − lr · m̂ / (√ŝ + eps)
    /// ```
    ///
    /// Source: Zhuang et al., "AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients", 2020,
    /// arXiv 2010.07468.
    /// State: m (`exp_avg`) and s (`exp_avg_var`), zeros at the start; `eps_root` accumulates in s.
    ///
    /// The default is `optax.adabelief` and the paper's.
    pub struct AdaBelief {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        /// Decay rate of s.
        beta2: f64 in Fraction = 0.999,
        /// Added to the root. With both epsilons at 0, an element that has seen no gradient becomes 0/0, NaN.
        eps: f64 in NonNegative = 1e-16,
        /// Added to s at every step.
        eps_root: f64 in NonNegative = 1e-16,
        /// Decoupled decay: p shrinks by `lr · weight_decay` of itself each step.
        weight_decay: f64 in NonNegative = 0.0,
        /// Ascends instead of descending; the decay still shrinks.
        maximize: bool = false,
    }
    presets {
        /// `optax.adabelief`, the default.
        optax = {};
    }
}

impl Optimizer<2> for AdaBelief {
    type Clock = u64;
    type Rule = Decoupled<AdaBeliefDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_var")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let (lr, seen2) = (Coefficient::new(self.lr), bias_correction(self.beta2, t));
        let direction = AdaBeliefDirection {
            beta1: check::rounded(self.beta1),
            first: Ema::unchecked(self.beta1),
            spread: SecondMoment::outside(self.beta2, self.eps, seen2)?,
            eps_root: check::rounded(self.eps_root),
            scale: check::coefficient("lr", self.lr, lr * seen2.sqrt() / bias_correction(self.beta1, t))?,
        };
        decoupled(self.maximize, lr, self.weight_decay, direction)
    }
}

/// Adam's update over the variance of the gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaBeliefDirection<A = Ema> {
    beta1: f32,
    first: A,
    spread: SecondMoment<Outside, A>,
    eps_root: f32,
    scale: f32,
}

impl<A: Average> Direction<2> for AdaBeliefDirection<A> {
    #[inline(always)]
    fn lane<R: Real>(&self, g: R, [m, s]: [R; 2]) -> (R, [R; 2]) {
        // g less the new average, from the old one: the new one is rounded, and the difference would show that.
        let surprise = R::splat(self.beta1) * (g - m);
        let m = self.first.of(m, g);
        let s = self.spread.of(s, surprise) + R::splat(self.eps_root);
        let update = R::splat(self.scale) * (m / self.spread.root(s));
        (update, [m, s])
    }

    #[inline(always)]
    fn form<V: DirectionVisitor<2>>(&self, visitor: V) -> V::Output {
        match (self.first.slow(), self.spread.slow()) {
            (Some(first), Some(spread)) => visitor.visit(AdaBeliefDirection {
                beta1: self.beta1,
                first,
                spread,
                eps_root: self.eps_root,
                scale: self.scale,
            }),
            _ => visitor.general(),
        }
    }

    #[inline(always)]
    fn fades(&self) -> [bool; 2] {
        [true, self.spread.fades()]
    }
}
