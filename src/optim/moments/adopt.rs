use crate::check;
use crate::error::Error;
use crate::math::{Average, Coefficient, Ema, Outside, SecondMoment};
use crate::optim::{decay::decoupled, optimizer::Optimizer, slot::Slot};
use crate::real::Real;
use crate::rule::{Decoupled, Direction, DirectionVisitor};

hyper_parameters! {
    /// Adam that normalizes by the last step's second moment before it averages: it converges for any β2.
    ///
    /// ```text
    /// t = 1:  v ← g² alone
    /// after:  u = clamp(g / max(√v, eps), ±(t−1)^¼)
    ///         m ← β1·m + (1−β1)·u
    ///         p ← p − lr·m
    ///         v ← β2·v + (1−β2)·g²
    /// ```
    ///
    /// Source: Taniguchi et al., "ADOPT: Modified Adam Can Converge with Any β2 with the Optimal Rate", 2024,
    /// arXiv 2411.02853. The default is the paper's and `optax.contrib.adopt`'s.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), zeros at the start.
    pub struct Adopt {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.9999,
        /// The least denominator. With 0, an element that has seen no gradient becomes 0/0, NaN.
        eps: f64 in NonNegative = 1e-6,
        /// Clips u, as the paper's later version does.
        clip: bool = true,
        /// Decoupled decay: p shrinks by `lr · weight_decay` of itself each step after the first.
        weight_decay: f64 in NonNegative = 0.0,
        /// Ascends instead of descending; the decay still shrinks.
        maximize: bool = false,
    }
    presets {
        /// `optax.contrib.adopt`, the default.
        optax = {};
    }
}

impl Optimizer<2> for Adopt {
    type Clock = u64;
    type Rule = Decoupled<AdoptDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        // The first step fills v and moves nothing: u is finite, clipped to zero.
        let filling = t == 1;
        let (lr, beta2, eps) = if filling { (0.0, 0.0, 1.0) } else { (self.lr, self.beta2, self.eps) };
        let clip = Coefficient::from(t - 1).sqrt().sqrt();
        let direction = AdoptDirection {
            first: Ema::unchecked(self.beta1),
            second: SecondMoment::outside(beta2, eps, Coefficient::ONE)?,
            lr: check::rounded(self.lr),
            eps: check::rounded(eps),
            clip: if self.clip || filling { clip.to_f32() } else { f32::INFINITY },
        };
        decoupled(self.maximize, Coefficient::new(lr), self.weight_decay, direction)
    }
}

/// ADOPT's update: the average of clipped, normalized gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdoptDirection<A = Ema> {
    first: A,
    second: SecondMoment<Outside, A>,
    lr: f32,
    eps: f32,
    clip: f32,
}

impl<A: Average> Direction<2> for AdoptDirection<A> {
    #[inline(always)]
    fn lane<R: Real>(&self, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let u = g / v.sqrt().max(R::splat(self.eps));
        let u = u.max(R::splat(-self.clip)).min(R::splat(self.clip));
        let m = self.first.of(m, u);
        (R::splat(self.lr) * m, [m, self.second.of(v, g)])
    }

    #[inline(always)]
    fn form<V: DirectionVisitor<2>>(&self, visitor: V) -> V::Output {
        match (self.first.slow(), self.second.slow()) {
            (Some(first), Some(second)) => {
                visitor.visit(AdoptDirection { first, second, lr: self.lr, eps: self.eps, clip: self.clip })
            }
            _ => visitor.general(),
        }
    }

    #[inline(always)]
    fn fades(&self) -> [bool; 2] {
        [true, self.second.fades()]
    }
}
