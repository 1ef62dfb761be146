use super::follower::Follower;
use crate::check;
use crate::error::Error;
use crate::range::Range;
use crate::real::Real;

/// `p ← min(max(p, low), high)` after the step: projected gradient descent onto a box; NaN stays NaN. Made by
/// [`Step::clamp_params`](crate::Step::clamp_params).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClampParams {
    given: (f64, f64),
    low: f32,
    high: f32,
}

impl ClampParams {
    /// A bound that is NaN or not a finite f32, or a `high` below `low`, is an error of [`Step::apply`](crate::Step::apply).
    pub const fn new(low: f64, high: f64) -> Self {
        ClampParams { given: (low, high), low: low as f32, high: high as f32 }
    }
}

impl Follower<0> for ClampParams {
    #[inline(always)]
    fn follow<R: Real>(&self, p: R, []: [R; 0]) -> (R, [R; 0]) {
        (p.max(R::splat(self.low)).min(R::splat(self.high)), [])
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        let (low, high) = self.given;
        check::field("low", low, Range::Finite)?;
        check::field("high", high, Range::Finite)?;
        if high < low {
            Err(Error::HyperParameter { name: "high", value: high, range: Range::AtLeast(low) })
        } else {
            Ok(())
        }
    }
}
