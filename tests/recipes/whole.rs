//! Optimizers that look at more than an element, against reference runs of optax, timm and pytorch_optimizer in f64, with the error
//! of the library's own f32 run beside ours. The settings are those that the files name.

use crate::reference::{File, Tensors};
use crate::settings::{Choice, Setting, setting};
use gradstep::any::{AnyOptimizer, AnyStep, AnyTensor};
use gradstep::clip::ClipNorm;
use gradstep::optim::{Applied, ClockData};
use gradstep::sam::Sam;
use gradstep::*;

/// Tensors that one optimizer steps, with its clock.
struct Group {
    optimizer: AnyOptimizer,
    clock: ClockData,
    tensors: Vec<Owned>,
}

/// A tensor with its state.
struct Owned {
    name: String,
    shape: Shape,
    params: Vec<f32>,
    state: Vec<Vec<f32>>,
}

impl Group {
    /// The tensors with these names, before the first step.
    fn new(file: &File, optimizer: AnyOptimizer, has: impl Fn(&str) -> bool) -> Self {
        let owned = |(name, params): (&String, &Vec<f32>)| {
            let vector = Shape::vector(params.len());
            let shape = if file.is_vector(name) { vector } else { vector.rows(file.row(name)) };
            let mut state: Vec<_> = optimizer.slots().map(|slot| vec![f32::NAN; slot.extent.len(&shape)]).collect();
            optimizer.init_shaped(&shape, params, &mut state).unwrap();
            Owned { name: name.clone(), shape, params: params.clone(), state }
        };
        let tensors = file.params().iter().filter(|(name, _)| has(name)).map(owned).collect();
        Group { optimizer, clock: optimizer.clock(), tensors }
    }

    /// Writes estimates of the Hessian's diagonal.
    fn take_estimates(&mut self, estimates: &Tensors) {
        let slot = self.optimizer.slots().position(|slot| slot.name == "hessian_diag").unwrap();
        self.tensors.iter_mut().for_each(|tensor| tensor.state[slot].copy_from_slice(&estimates[&tensor.name]));
    }

    /// A step of all tensors.
    fn step(
        &mut self,
        grads: &Tensors,
        loss: f64,
        apply: impl Fn(AnyStep, &mut [AnyTensor<'_, Vec<f32>>]) -> Applied<ClockData>,
    ) {
        let step = self.optimizer.begin(&self.clock).unwrap().loss(loss);
        let mut list: Vec<_> = self
            .tensors
            .iter_mut()
            .map(|Owned { name, shape, params, state }| AnyTensor {
                shape: *shape,
                ..AnyTensor::new(params, &grads[name], state)
            })
            .collect();
        apply(step, &mut list).commit(&mut self.clock).unwrap();
    }
}

/// Runs a case.
fn run(file: &File, case: &str, setting: &Setting) -> Vec<Tensors> {
    let Setting { choice, vectors, max_norm, cautious, estimate_each } = setting;
    if *cautious {
        return run_cautious(file, case, choice, *max_norm);
    }
    let is_apart = |name: &str| vectors.is_some() && file.is_vector(name);
    let mut groups = vec![Group::new(file, choice.optimizer(case), |name| !is_apart(name))];
    groups.extend(vectors.iter().map(|vectors| Group::new(file, vectors.optimizer(case), is_apart)));
    let mut steps = 0..;
    file.run(|grads| {
        let t = steps.next().unwrap();
        let loss = file.losses.get(t).copied().unwrap_or(0.0);
        for group in &mut groups {
            if let Some(estimates) = file.estimates.get(t)
                && (t as u64).is_multiple_of(*estimate_each)
            {
                group.take_estimates(estimates);
            }
            group.step(grads, loss, |step, list| match max_norm {
                None => step.apply_all(list).unwrap(),
                Some(max_norm) => step.clip_norm(ClipNorm::optax(*max_norm).unwrap()).apply_all(list).unwrap(),
            });
        }
        groups.iter().flat_map(|group| &group.tensors).map(|t| (t.name.clone(), t.params.clone())).collect()
    })
}

/// Runs a cautious case, whose optimizer has two slots of elements at most.
fn run_cautious(file: &File, case: &str, choice: &Choice, max_norm: Option<f64>) -> Vec<Tensors> {
    // A norm that no gradient reaches.
    let clip = ClipNorm::optax(max_norm.unwrap_or(1e30)).unwrap();
    let mut tensors = file.tensors::<2>();
    let mut clock = 0;
    file.run(|grads| {
        macro_rules! apply {
            ($optimizer:expr, $slots:literal) => {{
                let step = $optimizer.begin(&clock).unwrap().clip_norm(clip).cautious_mean();
                let mut list: Vec<_> = tensors
                    .iter_mut()
                    .map(|t| {
                        let state: &mut [_; $slots] = t.state.first_chunk_mut().unwrap();
                        Tensor::new(&mut t.params, &grads[&t.name], state)
                    })
                    .collect();
                step.apply_all(&mut list).unwrap().commit(&mut clock).unwrap();
            }};
        }
        match choice.optimizer(case) {
            AnyOptimizer::AdamW(optimizer) => apply!(optimizer, 2),
            AnyOptimizer::Lion(optimizer) => apply!(optimizer, 1),
            AnyOptimizer::Lamb(optimizer) => apply!(optimizer, 2),
            other => panic!("{case}: {other:?}"),
        }
        tensors.iter().map(|t| (t.name.clone(), t.params.clone())).collect()
    })
}

/// Runs every case of a file, prints our errors and those of the libraries, and checks that ours are no larger on average.
fn compare(file: &File, run: impl Fn(&str) -> Option<Vec<Tensors>>) {
    let (mut our_mean, mut their_mean) = (0.0, 0.0);
    println!("units of the largest parameter:   ours mean, largest    the library in f32");
    for name in file.cases() {
        let Some(run) = run(name) else { continue };
        let (ours, theirs) = file.check(name, &run);
        println!("{name:32} {:14.2} {:10.1} {:14.2} {:10.1}", ours.mean, ours.largest, theirs.mean, theirs.largest);
        (our_mean, their_mean) = (our_mean + ours.mean, their_mean + theirs.mean);
    }
    assert!(our_mean <= their_mean, "{our_mean} units together, the libraries {their_mean}");
}

/// The run of a case with the settings that the file names.
fn from_file(file: &File, case: &str) -> Option<Vec<Tensors>> {
    let (_, arguments) = file.settings().find(|(name, _)| *name == case).unwrap();
    Some(run(file, case, &setting(case, arguments)?))
}

#[test]
fn whole_runs_of_the_libraries() {
    let file = File::load();
    compare(&file, |case| from_file(&file, case));
}

#[test]
fn whole_runs_with_further_settings() {
    let (file, steady, big) = (File::options(), File::options().steady(), File::options().big());
    compare(&file, |case| {
        let file = if case.contains("_steady_") {
            &steady
        } else if case.contains("_big") {
            &big
        } else {
            &file
        };
        from_file(file, case)
    });
}

#[test]
fn whole_runs_of_adamp_sgdp_qhadam_and_adamod() {
    let file = File::further();
    compare(&file, |case| from_file(&file, case));
}

#[test]
fn whole_runs_on_given_estimates() {
    let file = File::hessian();
    compare(&file, |case| from_file(&file, case));
}

/// Runs momentum on gradients at parameters that were perturbed. The second gradient is that of the reference's generator.
fn run_sam(file: &File, sam: Sam) -> Vec<Tensors> {
    let mut tensors = file.tensors::<1>();
    let (mut clock, mut step) = (0, 0);
    file.run(|grads| {
        let mut perturbed = tensors.iter().map(|tensor| vec![f32::NAN; tensor.params.len()]).collect::<Vec<_>>();
        let mut starts = tensors.iter().map(|tensor| [tensor.params.clone()]).collect::<Vec<_>>();
        let names = tensors.iter().map(|tensor| &tensor.name);
        let mut list: Vec<_> = perturbed
            .iter_mut()
            .zip(&mut starts)
            .zip(names)
            .map(|((perturbed, start), name)| Tensor::new(perturbed, &grads[name], start))
            .collect();
        sam.perturb().unwrap().apply_all(&mut list).unwrap();
        let other = file.grads(11 - step);
        step += 1;
        let momentum = Momentum { lr: 0.05, momentum: 0.9, ..Momentum::DEFAULT }.tick(&mut clock).unwrap();
        for (tensor, perturbed) in tensors.iter_mut().zip(&perturbed) {
            let grads: Vec<_> = other[&tensor.name].iter().zip(perturbed).map(|(g, q)| g / 2.0 + q / 64.0).collect();
            let [buffer] = &mut tensor.state;
            momentum.apply(&mut tensor.params, &grads, [buffer]).unwrap();
        }
        tensors.iter().map(|t| (t.name.clone(), t.params.clone())).collect()
    })
}

#[test]
fn whole_runs_with_more_than_a_gradient() {
    let file = File::more();
    compare(&file, |case| match case {
        "kozistr_sam" => Some(run_sam(&file, Sam::DEFAULT)),
        "kozistr_asam" => Some(run_sam(&file, Sam { eta: 0.0, ..Sam::asam() })),
        "formula_row_ada_grad" => {
            let fields = vec![("lr", 0.05.into())];
            let choice = Choice { optimizer: "RowAdaGrad", preset: None, fields };
            Some(run(&file, case, &choice.into()))
        }
        _ => from_file(&file, case),
    });
}

/// What a library has no case of, worked out by hand.
#[test]
fn whole_settings_by_hand() {
    let step = |optimizer: Lars, lrs: [f64; 2]| {
        let (mut p, mut b, mut clock) = ([1.0f32], [0.0f32], 0);
        for lr in lrs {
            Lars { lr, ..optimizer }.tick(&mut clock).unwrap().apply(&mut p, &[0.5], [&mut b]).unwrap();
        }
        p[0]
    };
    // The ratio is 1: the buffer holds .5·.25, then .5·.125 + .5·.25, or with lr outside .5, then .75.
    let plain = Lars { momentum: 0.5, ..Lars::timm() };
    assert_eq!(step(Lars { lr_in_buffer: true, ..plain }, [0.25, 0.125]), 1.0 - 0.125 - 0.125);
    assert_eq!(step(plain, [0.25, 0.125]), 1.0 - 0.125 - 0.09375);
    // Dampening leaves the first gradient whole, and all where there is no momentum.
    assert_eq!(step(Lars { dampening: 0.5, ..plain }, [0.25, 0.125]), 1.0 - 0.125 - 0.0625);
    assert_eq!(step(Lars { dampening: 0.5, momentum: 0.0, ..plain }, [0.25, 0.125]), 1.0 - 0.125 - 0.0625);

    // RMS of the update 2, bounded to 1, and of .5.
    let sgd = Sgd { lr: 1.0, ..Sgd::DEFAULT }.tick(&mut 0).unwrap();
    for (grads, expected) in [([2.0, -2.0], [-1.0, 1.0]), ([0.5, 0.5], [-0.5, -0.5])] {
        let mut params = [0.0; 2];
        sgd.bound_update(1.0).apply(&mut params, &grads, []).unwrap();
        assert_eq!(params, expected);
    }
    let refused = sgd.bound_update(0.0).apply(&mut [0.0], &[1.0], []);
    assert!(matches!(refused, Err(Error::HyperParameter { name: "rms", .. })));
    // One of 4096 elements moves: less than a thousandth.
    let mut params = [0.0; 4096];
    let mut m = [1.0; 4096];
    m[0] = -1.0;
    let lion = Lion { lr: 0.5, ..Lion::DEFAULT }.tick(&mut 0).unwrap();
    lion.cautious_mean().apply(&mut params, &[-1e-6; 4096], [&mut m]).unwrap();
    assert_eq!((params[0], params[1]), (500.0, 0.0));

    // t = 2 + 1/2, so the way is along t²·g.
    let sam = Sam { rho: 2.0, adaptive: true, eta: 0.5, ..Sam::DEFAULT };
    let mut perturbed = [0.0];
    sam.perturb().unwrap().apply(&mut perturbed, &[4.0], [&mut [2.0]]).unwrap();
    assert_eq!(perturbed, [2.0 + 2.0 * 2.5]);

    // h = 4, so the root and eps of 1 divide by 3.
    let (mut p, mut h) = ([0.0], [0.0]);
    let rows = RowAdaGrad { lr: 3.0, eps: 1.0, ..RowAdaGrad::DEFAULT }.tick(&mut 0).unwrap();
    rows.apply(&mut p, &[2.0], [&mut h]).unwrap();
    assert_eq!((p, h), ([-2.0], [4.0]));
}
