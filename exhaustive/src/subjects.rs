//! What is swept: every optimizer with every preset and option, bare and with what can be fused in, and the primitives.

use crate::Task;
use crate::looking::{self, Looking};
use crate::patterns::Patterns;
use crate::{bits, errors, primitives};
use gradstep::average::{Lookahead, Swa, WeightEma};
use gradstep::rule::{Adapter, Rule};
use gradstep::{Adam, AdamW, Backend, Madgrad, Momentum, Optimizer, Sgd, Step};
use gradstep_testkit::values::{self, Source};
use gradstep_testkit::{Adapters, Run, Tensor, registry};

/// The other inputs of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Set {
    /// The first step.
    Fresh,
    /// Step 31 of an ordinary run.
    Running,
    /// Large gradients and parameters.
    Large,
    /// Tiny ones.
    Tiny,
    /// Zeros, subnormals, huge numbers, infinities and NaN in turn, at step 64, which sweeps the state.
    Special,
}

impl Set {
    const ALL: [Set; 5] = [Set::Fresh, Set::Running, Set::Large, Set::Tiny, Set::Special];
    const FINITE: [Set; 4] = [Set::Fresh, Set::Running, Set::Large, Set::Tiny];

    /// Steps before the one that is swept, and the size of their gradients and of the parameter.
    pub(crate) fn history(self) -> (u32, f32, f32) {
        match self {
            Set::Fresh => (0, 1.0, 0.5),
            Set::Running => (30, 1.0, 0.5),
            Set::Large => (20, 1e12, 1e6),
            Set::Tiny => (20, 1e-25, 1e-20),
            Set::Special => (63, 1.0, 0.5),
        }
    }
}

/// One input over all patterns, with the others as they are.
pub(crate) struct Sweep {
    pub(crate) name: String,
    pub(crate) input: usize,
    subject: Subject,
}

#[derive(Clone, Copy)]
enum Subject {
    /// An optimizer of the registry, one of its variants, adapters if any.
    Step { entry: usize, variant: usize, adapters: Option<usize>, set: Set },
    /// Something fused in by its type.
    Fused { index: usize, special: bool },
    /// What looks at more than an element.
    Looking(Looking),
    /// A primitive, with the other operand.
    Primitive { index: usize, special: bool },
}

/// A step on any slices.
pub(crate) type Apply = Box<dyn Fn(Backend, &mut [f32], &[f32], Vec<&mut [f32]>)>;

/// A step that is ready, and the inputs that are not swept.
pub(crate) struct Prepared {
    pub(crate) apply: Apply,
    /// Parameter, gradient and state; none of them where all special numbers take turns.
    pub(crate) others: Option<Vec<f32>>,
    pub(crate) inputs: usize,
}

impl Sweep {
    pub(crate) fn run(&self, task: Task, patterns: Patterns) -> Result<String, String> {
        match (task, self.subject) {
            (_, Subject::Primitive { index, special }) => primitives::sweep(index, special, self.input, patterns),
            (Task::Errors, Subject::Step { entry, variant, set, .. }) => {
                let (mut run, others) = history(&registry()[entry].variants[variant], set);
                let step = run.tick(None).unwrap();
                let is_ordinary = matches!(set, Set::Fresh | Set::Running);
                errors::sweep(&mut run, &step, &others, self.input, is_ordinary, patterns)
            }
            (_, Subject::Looking(looking)) => looking::sweep(looking, self.input, patterns).map(|()| "same".to_owned()),
            _ => bits::sweep(&self.prepare(), self.input, patterns).map(|()| "same".to_owned()),
        }
    }

    fn prepare(&self) -> Prepared {
        match self.subject {
            Subject::Step { entry, variant, adapters, set } => {
                let (mut run, others) = history(&registry()[entry].variants[variant], set);
                let adapters = adapters.map(|i| Adapters::EACH_AND_ALL[i]);
                let (step, inputs) = (run.tick(adapters.as_ref()).unwrap(), 2 + run.slots());
                let apply: Apply = Box::new(move |backend, p, g, state| step.apply_on(backend, p, g, state).unwrap());
                Prepared { apply, others: (set != Set::Special).then_some(others), inputs }
            }
            Subject::Fused { index, special } => {
                let (_, inputs, apply) = fused().swap_remove(index);
                let others = [0.7, 0.3, 0.2, 0.1, 0.4, 0.6, 0.5, 0.8];
                Prepared { apply, others: (!special).then(|| others[..inputs].to_vec()), inputs }
            }
            Subject::Looking(_) | Subject::Primitive { .. } => unreachable!("they have sweeps of their own"),
        }
    }
}

/// A run after some steps, with its parameter, the next gradient and its state.
fn history(run: &Run, set: Set) -> (Run, Vec<f32>) {
    let (steps, gradient, param) = set.history();
    let (mut run, mut source) = (run.restart(), Source::new(7));
    let mut tensor = Tensor::new(&run, &[param]);
    for _ in 0..steps {
        let step = run.tick(None).unwrap();
        let g = gradient * (source.bell() + 0.25);
        // The oracle's memory goes on with every step that it sees.
        run.oracle_step(0.5, 0.25, &vec![0.5; run.slots()]);
        tensor.apply_on(Backend::Scalar, &step, &[g]);
    }
    let mut inputs = vec![tensor.params[0], gradient * 0.3];
    inputs.extend(tensor.state.iter().map(|slot| slot[0]));
    (run, inputs)
}

/// The name of an input: p, g, or the number of a slot.
fn input_name(input: usize) -> String {
    match input {
        0 => "p".to_owned(),
        1 => "g".to_owned(),
        slot => format!("slot {}", slot - 2),
    }
}

/// Every sweep of a task.
pub(crate) fn sweeps(task: Task) -> Vec<Sweep> {
    let mut all = Vec::new();
    let mut add = |name: String, subject, inputs: usize| {
        // Before the first step the state is what the parameters make it, so the formula holds for every gradient alone.
        let is_start = matches!(subject, Subject::Step { set: Set::Fresh, .. }) && task == Task::Errors;
        let inputs = if is_start { 1..2 } else { 0..inputs };
        all.extend(inputs.map(|input| Sweep { name: format!("{name}, {}", input_name(input)), input, subject }));
    };
    if task == Task::Primitives {
        for (index, name) in primitives::names().into_iter().enumerate() {
            for special in [false, true] {
                let other = if special { "special" } else { "0.3" };
                add(format!("{name} with {other}"), Subject::Primitive { index, special }, 2);
            }
        }
        return all;
    }
    let sets = if task == Task::Errors { &Set::FINITE[..] } else { &Set::ALL[..] };
    for (entry, optimizer) in registry().iter().enumerate() {
        let inputs = 2 + optimizer.variants[0].slots();
        for variant in 0..optimizer.variants.len() {
            for &set in sets {
                let name = format!("{} {variant}, {set:?}", optimizer.name);
                add(name, Subject::Step { entry, variant, adapters: None, set }, inputs);
            }
        }
        if task == Task::Errors {
            continue;
        }
        for adapters in 0..Adapters::EACH_AND_ALL.len() {
            for set in [Set::Running, Set::Special] {
                let name = format!("{} with adapters {adapters}, {set:?}", optimizer.name);
                add(name, Subject::Step { entry, variant: 0, adapters: Some(adapters), set }, inputs);
            }
        }
    }
    if task == Task::Bits {
        for (index, (name, inputs, _)) in fused().into_iter().enumerate() {
            for special in [false, true] {
                let set = if special { "Special" } else { "Running" };
                add(format!("{name}, {set}"), Subject::Fused { index, special }, inputs);
            }
        }
        for (index, (name, variants)) in looking::variants().into_iter().enumerate() {
            for (variant, optimizer) in variants.iter().enumerate() {
                let sets = if variant == 0 { &Set::ALL[..] } else { &[Set::Running] };
                for &set in sets {
                    let subject = Subject::Looking(Looking::Step { index, variant, set });
                    add(format!("{name} {variant}, {set:?}"), subject, 2 + optimizer.slots().count());
                }
            }
        }
        for (index, (name, slots)) in looking::FUSED.into_iter().enumerate() {
            for special in [false, true] {
                let set = if special { "Special" } else { "Running" };
                add(format!("{name}, {set}"), Subject::Looking(Looking::Fused { index, special }), 2 + slots);
            }
        }
    }
    all
}

/// What the types of adapters and followers add to a step: a name, the number of inputs, and the step.
fn fused() -> Vec<(&'static str, usize, Apply)> {
    fn erased<U: Rule<S> + 'static, A: Adapter + 'static, const S: usize>(
        name: &'static str,
        step: Step<U, A>,
    ) -> (&'static str, usize, Apply) {
        let apply: Apply = Box::new(move |backend, p, g, state| {
            let state: [&mut [f32]; S] = state.try_into().expect("as many as slots");
            step.apply_on(backend, p, g, state).unwrap();
        });
        (name, 2 + S, apply)
    }
    let average = |decay: f64| WeightEma { decay, from_initial: true }.tick(&mut 5).unwrap();
    let swa = Swa.tick(&mut 6).unwrap();
    let sync = Lookahead { alpha: 0.3, period: 1 }.tick(&mut 0).unwrap().unwrap();
    let [sgd, momentum, adam, adamw, madgrad] = [Sgd::DEFAULT.lr, 0.1, 1e-3, 1e-3, 1e-2];
    let sgd = Sgd { lr: sgd, ..Sgd::DEFAULT }.tick(&mut 9).unwrap();
    let momentum = Momentum { lr: momentum, ..Momentum::DEFAULT }.tick(&mut 9).unwrap();
    let adam = Adam { lr: adam, ..Adam::DEFAULT }.tick(&mut 9).unwrap();
    let adamw = AdamW { lr: adamw, weight_decay: 0.1, ..AdamW::DEFAULT }.tick(&mut 9).unwrap();
    let madgrad = Madgrad { lr: madgrad, ..Madgrad::DEFAULT }.tick(&mut 9).unwrap();
    vec![
        erased("Momentum cautious", momentum.cautious()),
        erased("AdamW cautious", adamw.cautious()),
        erased("Sgd compensated", sgd.compensated()),
        erased("AdamW compensated", adamw.compensated()),
        erased("Adam clamped", adam.clamp_params(-0.4, 0.6)),
        erased("Sgd with average", sgd.then(average(0.9))),
        erased("Sgd with average at its start", sgd.then(average(0.0))),
        erased("Madgrad with average", madgrad.then(swa)),
        erased("Sgd with compensated average", sgd.then(swa.compensated())),
        erased("Sgd with compensated average that stays", sgd.then(average(1.0).compensated())),
        erased("Adam with Lookahead", adam.then(sync)),
    ]
}

/// Special numbers for `inputs` streams, each in another order, with `len` elements.
pub(crate) fn special(inputs: usize, len: usize) -> Vec<Vec<f32>> {
    let numbers = values::special();
    (0..inputs)
        .map(|input| {
            (0..len).map(|i| numbers[(i * (2 * input + 1) + i / numbers.len() + 11 * input) % numbers.len()]).collect()
        })
        .collect()
}
