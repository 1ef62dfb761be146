use crate::error::Error;
use crate::math::{self, Coefficient, Factor, quotient};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction, Found, Pass, Passes, Scope, Terms};
use crate::shape::Extent;

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
    /// arXiv 1906.00091; `rowwise_adagrad` of fbgemm.
    /// State: h of each row (`sum`), zeros at the start. Looks at each row: the sum of g².
    ///
    /// h is at most the largest f32: see [limits](crate::optim#limits).
    ///
    /// Step the whole table with its [rows](crate::Tensor::rows), or only the rows that had a gradient:
    ///
    /// ```
    /// use gradstep::{Optimizer, RowAdaGrad, Tensor};
    ///
    /// let (mut table, grads) = ([1.0; 6], [0.0, 0.0, 3.0, 1.0, 1.0, 7.0]);
    /// let mut sums = [0.0; 3];
    /// let step = RowAdaGrad { lr: 0.5, ..RowAdaGrad::DEFAULT }.tick(&mut 0)?;
    /// // Row 1 of 3 rows of 2 elements.
    /// step.apply(&mut table[2..4], &grads[2..4], [&mut sums[1..2]])?;
    /// assert_eq!(sums, [0.0, 5.0, 0.0]);
    /// // All rows.
    /// step.apply_all(&mut [Tensor::new(&mut table, &grads, &mut [&mut sums]).rows(2)])?;
    /// assert_eq!(sums, [0.0, 10.0, 25.0]);
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    pub struct RowAdaGrad {
        lr: f64 in NonNegative = 0.01,
        /// Added to the root.
        eps: f64 in NonNegative = 1e-8,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
}

impl Optimizer<1> for RowAdaGrad {
    type Clock = u64;
    type Rule = DecayedDescent<RowAdaGradDirection>;
    const SLOTS: [Slot<Self>; 1] = [Slot::squares("sum").of_each(Extent::Row)];

    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let RowAdaGrad { lr, eps, weight_decay, decay_form, maximize } = *self;
        let direction = RowAdaGradDirection { rate: Factor::ZERO, lr, eps };
        Ok(descent(maximize, decay(decay_form, weight_decay, Coefficient::new(lr))?, direction))
    }
}

/// The gradient at the rate of its row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowAdaGradDirection {
    rate: Factor,
    lr: f64,
    eps: f64,
}

impl Direction<1> for RowAdaGradDirection {
    const EXTENTS: [Extent; 1] = [Extent::Row];
    const PASSES: Passes = Passes::of(Pass::over(Scope::Row, 1));

    #[inline(always)]
    fn terms<R: Real>(&self, _: usize, _: R, g: R, _: [R; 1]) -> Terms<R> {
        Terms::of([[g, g]])
    }

    #[inline]
    fn found(&mut self, _: usize, found: &mut Found<1>) {
        let ([squares, ..], [h]) = (found.sums, found.slots);
        let h = f64::from(h) + found.mean(squares);
        found.slots = [math::stored(h)];
        self.rate = Factor::new(quotient(self.lr, math::sqrt(h) + self.eps));
    }

    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [h]: [R; 1]) -> (R, [R; 1]) {
        (self.rate.times(g), [h])
    }
}
