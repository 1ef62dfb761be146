use super::decay::Decay;
use super::pass::{Found, Passes, Terms};
use super::traits::Rule;
use crate::error::Error;
use crate::real::Real;
use crate::shape::Extent;

/// A rule on the gradient of a loss or of its negative, with weight decay.
///
/// ```text
/// g ← ±g + factor · p        coupled: the gradient of an L2 penalty factor/2 · p², in PyTorch's order
/// p ← p − factor · p         decoupled, beside the step
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decayed<U> {
    rule: U,
    decay: Decay,
    sign: f32,
}

/// What the gradient is multiplied by: 1 to descend, −1 to ascend.
#[inline]
pub(super) const fn sign(maximize: bool) -> f32 {
    if maximize { -1.0 } else { 1.0 }
}

impl<U> Decayed<U> {
    #[inline]
    pub(crate) const fn new(maximize: bool, decay: Decay, rule: U) -> Self {
        Decayed { rule, decay, sign: sign(maximize) }
    }

    /// The same around a rule that is made of its rule.
    #[inline]
    pub(crate) fn map<V>(self, make: impl FnOnce(U) -> V) -> Decayed<V> {
        Decayed { rule: make(self.rule), decay: self.decay, sign: self.sign }
    }

    /// The gradient that the rule sees.
    #[inline(always)]
    fn gradient<R: Real>(&self, p: R, g: R) -> R {
        self.decay.in_gradient().add_to(R::splat(self.sign) * g, p)
    }
}

impl<U: Rule<S>, const S: usize> Rule<S> for Decayed<U> {
    const EXTENTS: [Extent; S] = U::EXTENTS;
    const PASSES: Passes = U::PASSES;

    /// The terms see the gradient with its sign and its decay, and the parameter before decay in the step.
    #[inline(always)]
    fn terms<R: Real>(&self, pass: usize, p: R, g: R, state: [R; S]) -> Terms<R> {
        self.rule.terms(pass, p, self.gradient(p, g), state)
    }

    #[inline(always)]
    fn found(&mut self, pass: usize, found: &mut Found<S>) {
        self.rule.found(pass, found);
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [R; S]) {
        let g = self.gradient(p, g);
        self.rule.lane_decaying(p, g, self.decay.in_step(), state)
    }

    /// The forms of the rule, each with the forms of the decay.
    const FORMS: u8 = U::FORMS * Decay::FORMS;

    #[inline(always)]
    fn in_form(self, form: u8) -> Option<Self> {
        // Compared as integers: that is fewer instructions.
        if self.sign.to_bits() != 1.0_f32.to_bits() {
            return None;
        }
        let decay = self.decay.in_form(form % Decay::FORMS)?;
        Some(Decayed { rule: self.rule.in_form(form / Decay::FORMS)?, decay, sign: 1.0 })
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; S] {
        self.rule.fades_below()
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        self.rule.check()
    }
}
