use super::penalty::{Off, On, Penalty, Switch};

/// Weight decay: none, in the gradient ([`Coupled`]) or in the step ([`Decoupled`]). Which of them can be known when the
/// program runs ([`Decay`]) or from the type.
pub trait WeightDecay: Copy + Send + Sync {
    /// What the gradient takes.
    type InGradient: Switch;

    /// What the step takes.
    type InStep: Switch;

    /// `factor · p` for the gradient: an L2 penalty.
    fn in_gradient(&self) -> Self::InGradient;

    /// `factor · p` for the step.
    fn in_step(&self) -> Self::InStep;
}

/// Weight decay whose place is known when the program runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decay {
    factor: f32,
    in_gradient: bool,
    in_step: bool,
}

/// Weight decay in the gradient: `g ← g + factor · p`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coupled(On);

/// Weight decay in the step: `p ← p − factor · p`, apart from the gradient (Loshchilov & Hutter 2017, arXiv 1711.05101).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decoupled(On);

impl Decay {
    /// A factor of 0 is no decay.
    #[inline]
    pub(crate) const fn coupled(factor: f32) -> Self {
        Decay { factor, in_gradient: factor != 0.0, in_step: false }
    }

    /// A factor of 0 is no decay.
    #[inline]
    pub(crate) const fn decoupled(factor: f32) -> Self {
        Decay { factor, in_gradient: false, in_step: factor != 0.0 }
    }
}

impl Coupled {
    #[inline]
    pub(super) const fn new(factor: f32) -> Self {
        Coupled(On::new(factor))
    }
}

impl Decoupled {
    #[inline]
    pub(super) const fn new(factor: f32) -> Self {
        Decoupled(On::new(factor))
    }
}

impl WeightDecay for Decay {
    type InGradient = Penalty;
    type InStep = Penalty;

    #[inline(always)]
    fn in_gradient(&self) -> Penalty {
        Penalty::switched(self.factor, self.in_gradient)
    }

    #[inline(always)]
    fn in_step(&self) -> Penalty {
        Penalty::switched(self.factor, self.in_step)
    }
}

impl WeightDecay for Off {
    type InGradient = Off;
    type InStep = Off;

    #[inline(always)]
    fn in_gradient(&self) -> Off {
        Off
    }

    #[inline(always)]
    fn in_step(&self) -> Off {
        Off
    }
}

impl WeightDecay for Coupled {
    type InGradient = On;
    type InStep = Off;

    #[inline(always)]
    fn in_gradient(&self) -> On {
        self.0
    }

    #[inline(always)]
    fn in_step(&self) -> Off {
        Off
    }
}

impl WeightDecay for Decoupled {
    type InGradient = Off;
    type InStep = On;

    #[inline(always)]
    fn in_gradient(&self) -> Off {
        Off
    }

    #[inline(always)]
    fn in_step(&self) -> On {
        self.0
    }
}
