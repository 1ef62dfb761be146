//! The optimizers that look at whole tensors: those of `gradstep::whole`, a cautious one, and momentum with SAM.

use crate::element_wise::ElementWise;
use crate::trainer::{Shape, Start, Trainer};
use gradstep::optim::Optimizer;
use gradstep::whole::*;
use gradstep::{AdamW, Error, Momentum, Tensor, for_each_whole_optimizer};
use std::rc::Rc;

macro_rules! names {
    ($($Optimizer:ident: $slots:literal, $sums:literal;)*) => { &[$(stringify!($Optimizer)),*] };
}

/// The names of the optimizers in `gradstep::whole`.
pub(crate) const NAMES: &[&str] = for_each_whole_optimizer!(names);

/// How each of them starts, by name.
pub(crate) fn starts() -> [(&'static str, Start); 17] {
    [
        // The default adapts to a tensor only with weight decay.
        start(Lars::optax(), Scope::Tensor),
        start(Lamb::DEFAULT, Scope::Tensor),
        start(NovoGrad::DEFAULT, Scope::Tensor),
        start(Fromage::DEFAULT, Scope::Tensor),
        start(StableAdamW::DEFAULT, Scope::Tensor),
        start(Mars::DEFAULT, Scope::Tensor),
        start(AdamMini::DEFAULT, Scope::Tensor),
        start(RowAdaGrad::DEFAULT, Scope::Row),
        // With the default, the forty steps in the valley are too few for the distance to grow.
        start(Dog { relative_distance: 0.01, ..Dog::DEFAULT }, Scope::All),
        start(Dowg::DEFAULT, Scope::All),
        start(Prodigy::DEFAULT, Scope::All),
        // The default has no bias correction, and trains worse here.
        start(DAdaptAdam::optax(), Scope::All),
        start(DAdaptSgd::DEFAULT, Scope::All),
        start_told(PolyakSgd::DEFAULT, Scope::All, |memory, loss| *memory = loss),
        start_told(Momo::DEFAULT, Scope::All, |memory, loss| memory.loss = loss),
        ("CautiousAdamW", Rc::new(cautious_adam_w)),
        ("SamMomentum", Rc::new(sam_momentum)),
    ]
}

/// What one update is for.
#[derive(Clone, Copy)]
enum Scope {
    Row,
    Tensor,
    All,
}

/// Sets the loss of a step in the memory of an optimizer that takes it.
type Tell<M> = fn(&mut M, f64);

/// A step in two phases for every row, for every tensor or for all tensors together.
struct Whole<P: Phases<S, K>, const S: usize, const K: usize> {
    tick: Box<dyn FnMut() -> Result<WholeStep<P>, Error>>,
    scope: Scope,
    tell: Tell<P::Memory>,
    shapes: Vec<Shape>,
    /// One for each update.
    memories: Vec<P::Memory>,
    state: [Vec<f32>; S],
}

impl<P: Phases<S, K>, const S: usize, const K: usize> Trainer for Whole<P, S, K> {
    fn step(&mut self, params: &mut [f32], grads: &[f32], loss: f64) -> Result<(), Error> {
        let step = (self.tick)()?;
        let mut rest = Tensor::new(params, grads, &mut self.state);
        let mut tensors: Vec<_> = self.shapes.iter().map(|[rows, columns]| rest.take(rows * columns)).collect();
        let mut memories = &mut self.memories[..];
        memories.iter_mut().for_each(|memory| (self.tell)(memory, loss));
        match self.scope {
            Scope::All => step.apply_all_with(&mut memories[0], &mut tensors)?,
            Scope::Tensor => {
                for (Tensor { params, grads, state }, memory) in tensors.into_iter().zip(memories) {
                    step.apply_with(memory, params, grads, state)?;
                }
            }
            Scope::Row => {
                for (Tensor { params, grads, state }, &[rows, columns]) in tensors.into_iter().zip(&self.shapes) {
                    let memories = memories.split_off_mut(..rows).unwrap_or_default();
                    step.apply_rows_with(memories, columns, params, grads, state)?;
                }
            }
        }
        Ok(())
    }
}

impl<P: Phases<S, K> + 'static, const S: usize, const K: usize> Whole<P, S, K> {
    /// `init` fills the state, `tick` begins a step.
    fn boxed(
        scope: Scope,
        tell: Tell<P::Memory>,
        shapes: &[Shape],
        params: &[f32],
        init: impl FnOnce(&[f32], [&mut [f32]; S]) -> Result<(), Error>,
        tick: impl FnMut() -> Result<WholeStep<P>, Error> + 'static,
    ) -> Result<Box<dyn Trainer>, Error> {
        let mut state = [(); S].map(|()| vec![0.0; params.len()]);
        init(params, state.each_mut().map(|slot| &mut slot[..]))?;
        let updates = match scope {
            Scope::Row => shapes.iter().map(|[rows, _]| rows).sum(),
            Scope::Tensor => shapes.len(),
            Scope::All => 1,
        };
        let memories = vec![P::Memory::default(); updates];
        Ok(Box::new(Whole { tick: Box::new(tick), scope, tell, shapes: shapes.to_vec(), memories, state }))
    }
}

fn start<O, const S: usize, const K: usize>(optimizer: O, scope: Scope) -> (&'static str, Start)
where
    O: WholeOptimizer<S, K, Phases: 'static>,
{
    start_told(optimizer, scope, |_, _| ())
}

fn start_told<O, const S: usize, const K: usize>(
    optimizer: O,
    scope: Scope,
    tell: Tell<<O::Phases as Phases<S, K>>::Memory>,
) -> (&'static str, Start)
where
    O: WholeOptimizer<S, K, Phases: 'static>,
{
    let start = move |lr: f64, shapes: &[Shape], params: &[f32]| {
        let mut optimizer = optimizer;
        optimizer.set_lr(lr);
        let mut clock = O::Clock::default();
        let init = |params: &[f32], state: [&mut [f32]; S]| optimizer.init(params, state);
        Whole::boxed(scope, tell, shapes, params, init, move || optimizer.tick(&mut clock))
    };
    (O::NAME, Rc::new(start))
}

/// AdamW that moves only the elements whose update agrees with their gradient.
fn cautious_adam_w(lr: f64, shapes: &[Shape], params: &[f32]) -> Result<Box<dyn Trainer>, Error> {
    let (adam_w, mut clock) = (AdamW { lr, ..AdamW::DEFAULT }, 0);
    let init = |params: &[f32], state: [&mut [f32]; 2]| adam_w.init(params, state);
    let tick = move || Ok(adam_w.tick(&mut clock)?.cautious_mean());
    Whole::boxed(Scope::Tensor, |(), _| (), shapes, params, init, tick)
}

/// Momentum with the gradient from where the loss is highest nearby.
struct SamMomentum {
    momentum: ElementWise,
    climbed: Vec<f32>,
}

fn sam_momentum(lr: f64, _: &[Shape], params: &[f32]) -> Result<Box<dyn Trainer>, Error> {
    let momentum = ElementWise::start(Momentum::DEFAULT.into(), lr, params)?;
    Ok(Box::new(SamMomentum { momentum, climbed: params.to_vec() }))
}

impl Trainer for SamMomentum {
    fn climb(&mut self, params: &mut [f32], grads: &[f32]) -> Result<Option<&[f32]>, Error> {
        // The norm of all tensors is that of the slice that holds them.
        Sam::DEFAULT.climb()?.apply(&mut self.climbed, grads, [params])?;
        Ok(Some(&self.climbed))
    }

    fn step(&mut self, params: &mut [f32], grads: &[f32], loss: f64) -> Result<(), Error> {
        self.momentum.step(params, grads, loss)
    }
}
