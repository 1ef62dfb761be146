use super::step::{Phases, WholeStep};
use crate::real::Real;
use crate::rule::{Adapter, Cautious, Measure, Rule, Scaled, Update, Wrap, moves};
use crate::run::Step;
use crate::sum::Sum;

/// The two phases of a cautious step whose updates are scaled by the share of elements that move, as the authors have it; made
/// by [`Step::cautious_mean`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CautiousMean<U> {
    rule: U,
}

impl<U, A: Adapter> Step<U, A> {
    /// Moves only the elements whose update has the sign of their gradient, and divides their updates by the share of such
    /// elements in the tensor, at least 1e-3.
    ///
    /// ```text
    /// u ← u where u·g > 0, else 0;  u ← u / max(share, 1e-3)
    /// ```
    ///
    /// Source: Liang, Chen, Liu & Liu, "Cautious Optimizers: Improving Training with One Line of Code", 2024,
    /// arXiv 2411.16085; timm's `caution=True`. [`Step::cautious`] does without the share, in one pass.
    ///
    /// ```
    /// use gradstep::{Lion, Optimizer};
    ///
    /// let lion = Lion { lr: 0.25, ..Lion::DEFAULT };
    /// let (mut params, mut m) = ([1.0; 4], [1.0, 1.0, -1.0, -1.0]);
    /// // The momentum of the last two elements is against their gradient: a half moves, twice as far.
    /// lion.tick(&mut 0)?.cautious_mean().apply(&mut params, &[0.01; 4], [&mut m])?;
    /// assert_eq!(params, [0.5, 0.5, 1.0, 1.0]);
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    pub fn cautious_mean(self) -> WholeStep<CautiousMean<U>, A> {
        let (sweeps, rule, adapter) = self.into_parts();
        WholeStep::of_parts(sweeps, CautiousMean { rule }, adapter)
    }
}

impl<U: Update<S>, const S: usize> Measure<S, 1> for CautiousMean<U> {
    /// 1 for an element that moves.
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> [[R; 2]; 1] {
        let (g, update) = self.rule.update(p, g, state);
        [[moves(update, g), R::splat(1.0)]]
    }
}

impl<U, const S: usize> Phases<S, 1> for CautiousMean<U>
where
    U: Update<S> + Wrap,
    U::With<Scaled<Cautious<U::Direction>>>: Rule<S>,
{
    type Memory = ();
    type Measure = Self;
    type Update = U::With<Scaled<Cautious<U::Direction>>>;

    fn measure(&self, (): &()) -> Self {
        *self
    }

    fn update(&self, [moving]: &[Sum; 1], (): &mut ()) -> Self::Update {
        let factor = factor_of_share(moving) as f32;
        self.rule.wrap(|direction| Scaled { direction: Cautious(direction), factor })
    }
}

/// What updates are multiplied by, from the sum of the elements that move.
pub(super) fn factor_of_share(moving: &Sum) -> f64 {
    let share = moving.mean();
    1.0 / if share < 1e-3 { 1e-3 } else { share }
}
