use super::step::{Phases, WholeStep};
use crate::check;
use crate::error::Error;
use crate::range::Range;
use crate::real::Real;
use crate::rule::{Adapter, Measure, Rule, Scaled, Update, Wrap};
use crate::run::Step;
use crate::sum::Sum;

/// The two phases of a step whose updates have a bounded root mean square; made by [`Step::bound_update`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoundedUpdate<U> {
    rule: U,
    rms: f64,
}

impl<U, A: Adapter> Step<U, A> {
    /// Scales the update of a tensor down to a root mean square of `rms`, if it is larger. Weight decay is not scaled.
    ///
    /// ```text
    /// u ← u / max(1, √mean(u²) / rms)
    /// ```
    ///
    /// The update is what the step subtracts, with the learning rate: Adafactor's threshold d is an `rms` of `lr · d`.
    ///
    /// Source: Shazeer & Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", 2018, arXiv 1804.04235,
    /// section 6.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for an `rms` that is NaN, infinite or not above 0.
    pub fn bound_update(self, rms: f64) -> Result<WholeStep<BoundedUpdate<U>, A>, Error> {
        check::field("rms", rms, Range::Positive)?;
        let (sweeps, rule, adapter) = self.into_parts();
        Ok(WholeStep::of_parts(sweeps, BoundedUpdate { rule, rms }, adapter))
    }
}

impl<U: Update<S>, const S: usize> Measure<S, 1> for BoundedUpdate<U> {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> [[R; 2]; 1] {
        let (_, update) = self.rule.update(p, g, state);
        [[update, update]]
    }
}

impl<U, const S: usize> Phases<S, 1> for BoundedUpdate<U>
where
    U: Update<S> + Wrap,
    U::With<Scaled<U::Direction>>: Rule<S>,
{
    type Memory = ();
    type Measure = Self;
    type Update = U::With<Scaled<U::Direction>>;

    fn measure(&self, (): &()) -> Self {
        *self
    }

    fn update(&self, [squares]: &[Sum; 1], (): &mut ()) -> Self::Update {
        let rms = libm::sqrt(squares.mean());
        let factor = if rms <= self.rms { 1.0 } else { (self.rms / rms) as f32 };
        self.rule.wrap(|direction| Scaled { direction, factor })
    }
}
