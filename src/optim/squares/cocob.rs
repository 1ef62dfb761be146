use crate::check;
use crate::error::Error;
use crate::math::{self, Coefficient};
use crate::optim::{
    decay::{DecayForm, decay},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::range::Range;
use crate::real::Real;
use crate::rule::{Decayed, Rule};

hyper_parameters! {
    /// Continuous coin betting: no learning rate to choose. Each element bets on the sign of its next gradient.
    ///
    /// ```text
    /// c = lr·g
    /// L ← max(L, |c|);  G ← G + |c|;  R ← max(R − c·(p − p0), 0);  C ← C − c
    /// p ← p0 + C / (L·max(G + L, α·L)) · (L + R)
    /// ```
    ///
    /// Source: Orabona & Tommasi, "Training Deep Networks without Learning Rates Through Coin Betting", 2017,
    /// arXiv 1705.07795, algorithm 2, in the form of `optax.contrib.cocob`, whose values are the defaults.
    /// State: L (`scale`), `eps` at the start; G (`grad_sum`), R (`reward`) and C (`bet_sum`), zeros at the start; p0
    /// (`initial_params`), a copy of the parameters at the start.
    ///
    /// After a gradient of 1.8e18 or more, whose square times α is infinite, the parameter stays at p0: see
    /// [limits](crate::optim#limits).
    pub struct Cocob {
        /// Factor of the gradient. It does not scale the step: a schedule of it gives later gradients another weight.
        lr: f64 in NonNegative = 1.0,
        /// Bounds the first bets: larger is more careful.
        alpha: f64 in NonNegative = 100.0,
        /// What L starts at. Below 1e-18 is an error: the product of two such numbers underflows.
        eps: f64 in Positive = 1e-8,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `optax.contrib.cocob`, the default.
        optax = {};
    }
}

impl Optimizer<5> for Cocob {
    type Clock = u64;
    type Rule = Decayed<CocobRule>;
    const SLOTS: [Slot<Self>; 5] = [
        Slot::squares("scale").starting_at(|o| o.eps),
        Slot::squares("grad_sum"),
        Slot::squares("reward"),
        Slot::signed("bet_sum"),
        Slot::signed("initial_params").starting_as_params().read_only(),
    ];

    #[inline]
    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        check::field("eps", self.eps, Range::AtLeast(1e-18))?;
        let rule = CocobRule { lr: math::rounded(self.lr), alpha: math::rounded(self.alpha) };
        let decay = decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?;
        Ok(Decayed::new(self.maximize, decay, rule))
    }
}

/// One step of [`Cocob`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CocobRule {
    lr: f32,
    alpha: f32,
}

impl Rule<5> for CocobRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [scale, sum, reward, bets, start]: [R; 5]) -> (R, [R; 5]) {
        let c = R::splat(self.lr) * g;
        // In this order a NaN in L stays; one in c is in G.
        let scale = scale.max(c.abs());
        let sum = sum + c.abs();
        let reward = (reward - c * (p - start)).max(R::splat(0.0));
        let bets = bets - c;
        let bound = scale * (sum + scale).max(R::splat(self.alpha) * scale);
        (start + bets / bound * (scale + reward), [scale, sum, reward, bets, start])
    }
}
