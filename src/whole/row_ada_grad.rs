use super::measures::{Squares, quotient};
use super::step::{Phases, WholeOptimizer};
use crate::check;
use crate::error::Error;
use crate::optim::Slot;
use crate::real::Real;
use crate::rule::{Penalty, Rule, Switch};
use crate::sum::Sum;

hyper_parameters! {
    /// AdaGrad with one accumulator for a row of an embedding table, instead of one for an element.
    ///
    /// ```text
    /// g ← g + wd · p
    /// h ← h + mean(g²)                over the row
    /// p ← p − lr · g / (√h + eps)
    /// ```
    ///
    /// Source: Naumov et al., "Deep Learning Recommendation Model for Personalization and Recommendation Systems", 2019,
    /// arXiv 1906.00091; `rowwise_adagrad` of fbgemm. No state. Memory: h of the row, 0 at the start. Sum: of g².
    ///
    /// Step the whole table with [`apply_rows_with`](crate::whole::WholeStep::apply_rows_with), or only the rows that had a
    /// gradient:
    ///
    /// ```
    /// use gradstep::whole::{RowAdaGrad, WholeOptimizer};
    ///
    /// let (mut table, grads) = ([1.0; 6], [0.0, 0.0, 3.0, 1.0, 0.0, 0.0]);
    /// let mut squares = [0.0; 3];
    /// let step = RowAdaGrad { lr: 0.5, ..RowAdaGrad::DEFAULT }.tick(&mut 0)?;
    /// // Row 1 of 3 rows of 2 elements.
    /// step.apply_with(&mut squares[1], &mut table[2..4], &grads[2..4], [])?;
    /// assert_eq!(squares, [0.0, 5.0, 0.0]);
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    pub struct RowAdaGrad {
        lr: f64 in NonNegative = 0.01,
        /// Added to the root.
        eps: f64 in NonNegative = 1e-8,
        /// Weight decay, in the gradient.
        weight_decay: f64 in NonNegative = 0.0,
    }
}

impl WholeOptimizer<0, 1> for RowAdaGrad {
    type Clock = u64;
    type Phases = RowAdaGradPhases;
    const SLOTS: [Slot<Self>; 0] = [];

    fn phases(&self, _: u64, _: &mut u64) -> Result<RowAdaGradPhases, Error> {
        Ok(RowAdaGradPhases { decay: Penalty::new(check::rounded(self.weight_decay)), hyper: *self })
    }
}

/// The two phases of [`RowAdaGrad`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowAdaGradPhases {
    decay: Penalty,
    hyper: RowAdaGrad,
}

/// The rule of [`RowAdaGrad`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowAdaGradRule {
    decay: Penalty,
    rate: f32,
}

impl Rule<0> for RowAdaGradRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, []: [R; 0]) -> (R, [R; 0]) {
        (p - R::splat(self.rate) * self.decay.add_to(g, p), [])
    }
}

impl Phases<0, 1> for RowAdaGradPhases {
    type Memory = f32;
    type Measure = Squares<Penalty>;
    type Update = RowAdaGradRule;

    fn measure(&self, _: &f32) -> Squares<Penalty> {
        Squares(self.decay)
    }

    fn update(&self, [squares]: &[Sum; 1], h: &mut f32) -> RowAdaGradRule {
        *h += squares.mean() as f32;
        let rate = quotient(self.hyper.lr, libm::sqrt((*h).into()) + self.hyper.eps);
        RowAdaGradRule { decay: self.decay, rate: rate as f32 }
    }
}
