use crate::error::Error;
use crate::math::{Factor, quotient};
use crate::real::Real;
use crate::rule::{Direction, Found, Pass, Passes, Penalty, Scope, Terms};
use crate::shape::Extent;

/// A direction whose updates do not change the norm of scale-invariant weights: the part along the weights is taken off, and
/// weight decay is multiplied by a factor there.
///
/// The rows of a matrix are taken for scale-invariant where the gradient of each is nearly at a right angle to its weights; else
/// the whole matrix is, by the same test. Vectors are left as they are.
///
/// Source: Heo et al., "AdamP: Slowing Down the Slowdown for Momentum Optimizers on Scale-invariant Weights", 2020,
/// arXiv 2006.08217.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Projected<D> {
    direction: D,
    delta: f64,
    eps: f64,
    /// The decay of the update, and the same where it is projected.
    decay: Penalty,
    decay_projected: Penalty,
    seen: Seen,
    /// What is taken off the update for each parameter.
    along: Factor,
}

/// What the first pass has seen of a tensor, row by row.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seen {
    len: u64,
    /// Whether every row so far is at a right angle.
    by_rows: bool,
    /// The sums of the rows.
    sums: [f64; 4],
}

impl<D> Projected<D> {
    /// `decay` is the decay of a step, and `decay_projected` the one where the update is projected.
    pub(super) const fn new(direction: D, delta: f64, eps: f64, decay: f32, decay_projected: f32) -> Self {
        Projected {
            direction,
            delta,
            eps,
            decay: Penalty::new(decay),
            decay_projected: Penalty::new(decay_projected),
            seen: Seen { len: 0, by_rows: true, sums: [0.0; 4] },
            along: Factor::ZERO,
        }
    }

    /// Whether a gradient is nearly at a right angle to the weights of a unit. NaN is not.
    fn is_right_angle(&self, [of_params, of_grads, product, _]: [f64; 4], len: u64) -> bool {
        let norm = |squares: f64| {
            let norm = crate::math::sqrt(squares);
            if norm < self.eps { self.eps } else { norm }
        };
        let cosine = product / (norm(of_params) * norm(of_grads));
        cosine.abs() < self.delta / crate::math::sqrt(len as f64)
    }

    /// What is taken off the update for each parameter of a unit: ⟨p, u⟩/(‖p‖ + eps)².
    fn along(&self, of_params: f64, product: f64) -> Factor {
        let norm = crate::math::sqrt(of_params) + self.eps;
        Factor::new(quotient(product, norm * norm))
    }
}

impl<D: Direction<S>, const S: usize> Direction<S> for Projected<D> {
    const EXTENTS: [Extent; S] = D::EXTENTS;
    /// All rows are looked at, and then each by itself.
    const PASSES: Passes =
        D::PASSES.then(Passes::of(Pass::over(Scope::Row, 4).gathering())).then(Passes::of(Pass::over(Scope::Row, 2)));

    #[inline(always)]
    fn terms<R: Real>(&self, pass: usize, p: R, g: R, state: [R; S]) -> Terms<R> {
        if pass < D::PASSES.len() {
            return self.direction.terms(pass, p, g, state);
        }
        let (update, _) = self.direction.lane(p, g, state);
        if pass == D::PASSES.len() {
            Terms::of([[p, p], [g, g], [g, p], [p, update]])
        } else {
            Terms::of([[p, p], [p, update]])
        }
    }

    fn found(&mut self, pass: usize, found: &mut Found<S>) {
        if pass < D::PASSES.len() {
            return self.direction.found(pass, found);
        }
        if pass == D::PASSES.len() {
            self.seen.by_rows &= self.is_right_angle(found.sums, found.len);
            self.seen.sums.iter_mut().zip(found.sums).for_each(|(sum, more)| *sum += more);
            self.seen.len += found.len;
            return;
        }
        let Seen { len, by_rows, sums } = self.seen;
        let (of_params, product) = if !found.is_matrix {
            return;
        } else if by_rows {
            let [of_params, product, ..] = found.sums;
            (of_params, product)
        } else if self.is_right_angle(sums, len) {
            let [of_params, _, _, product] = sums;
            (of_params, product)
        } else {
            return;
        };
        self.along = self.along(of_params, product);
        self.decay = self.decay_projected;
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [R; S]) {
        let (update, state) = self.direction.lane(p, g, state);
        let update = update - self.along.times(p);
        (self.decay.add_to(update, p), state)
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; S] {
        self.direction.fades_below()
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        self.direction.check()
    }
}
