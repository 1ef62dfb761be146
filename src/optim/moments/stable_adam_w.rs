use crate::error::Error;
use crate::math::{self, Coefficient, Ema, Factor, TINY};
use crate::optim::{
    decay::{DecayForm, decay},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{Decayed, Descent, Direction, Found, Pass, Passes, Penalty, Rated, Scaling, Scope, Terms};

hyper_parameters! {
    /// AdamW whose learning rate falls where gradients are larger than their second moment expects.
    ///
    /// ```text
    /// m ← m + (1−β1)/(1−β1ᵗ) · (g − m)          moments that are corrected as they are averaged
    /// v ← v + (1−β2)/(1−β2ᵗ) · (g² − v)
    /// rms ← √mean(g² / max(v, eps²))              over the tensor
    /// η ← lr / max(1, rms)
    /// p ← p − η · wd · p − η · m / (√v + eps)
    /// ```
    ///
    /// Source: Wortsman et al., "Stable and low-precision training for large-scale vision-language models", 2023,
    /// arXiv 2304.13013; the defaults are those of `pytorch_optimizer.StableAdamW`.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), zeros at the start. Looks at each tensor: the sum of
    /// g² / max(v, eps²).
    pub struct StableAdamW {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.99,
        /// Added to the root, and the least root in the sum.
        eps: f64 in Positive = 1e-8,
        weight_decay: f64 in NonNegative = 0.01,
        decay_form: DecayForm = DecayForm::InUpdate,
        maximize: bool = false,
    }
}

impl Optimizer<2> for StableAdamW {
    type Clock = u64;
    type Rule = Decayed<Descent<StableAdamWDirection, Surprise>>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq")];

    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let StableAdamW { lr, beta1, beta2, eps, weight_decay, decay_form, maximize } = *self;
        let average = |beta: f64| Ema::corrected(beta, t);
        let direction = StableAdamWDirection { first: average(beta1), second: average(beta2), eps: math::rounded(eps) };
        let (in_update, beside) = decay_form.split(weight_decay);
        let rated = Rated { decay: Penalty::new(math::rounded(in_update)), rate: Factor::ZERO };
        let scaling = Surprise { rated, lr, second: direction.second, eps: direction.eps };
        let decay = decay(decay_form, beside, Coefficient::new(lr))?;
        Ok(Decayed::new(maximize, decay, Descent::scaled(direction, scaling)))
    }
}

/// Adam's direction, with moments that are corrected as they are averaged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StableAdamWDirection {
    first: Ema,
    second: Ema,
    eps: f32,
}

/// How much larger gradients are than their second moment expects, over a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surprise {
    rated: Rated,
    lr: f64,
    second: Ema,
    eps: f32,
}

impl Direction<2> for StableAdamWDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let (m, v) = (self.first.of(m, g), self.second.of(v, g * g));
        (m / (v.sqrt() + R::splat(self.eps)), [m, v])
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 2] {
        [TINY, self.second.held_below()]
    }
}

impl Scaling<2> for Surprise {
    const PASSES: Passes = Passes::of(Pass::over(Scope::Tensor, 1));

    #[inline(always)]
    fn terms<R: Real>(&self, _: usize, _: R, g: R, _: R, [_, v]: [R; 2]) -> Terms<R> {
        let surprise = g / self.second.of(v, g * g).sqrt().max(R::splat(self.eps));
        Terms::of([[surprise, surprise]])
    }

    #[inline]
    fn found(&mut self, _: usize, found: &mut Found<2>) {
        let [squares, ..] = found.sums;
        let rms = crate::math::sqrt(found.mean(squares));
        self.rated.rate = Factor::new(if rms <= 1.0 { self.lr } else { self.lr / rms });
    }

    #[inline(always)]
    fn of<R: Real>(&self, p: R, update: R) -> R {
        self.rated.of(p, update)
    }
}
