//! Optimizers that look at a whole tensor, against reference runs of optax, timm and pytorch_optimizer in f64, with the error
//! of the library's own f32 run beside ours.

use crate::reference::{File, Tensor, Tensors};
use gradstep::clip::ClipNorm;
use gradstep::sum::Sum;
use gradstep::whole::*;
use gradstep::{AdamW, Lion, Momentum, Optimizer, Sgd};

/// The parameters of tensors.
fn params<const S: usize>(tensors: &[Tensor<S>]) -> Tensors {
    tensors.iter().map(|tensor| (tensor.name.clone(), tensor.params.clone())).collect()
}

/// Runs an optimizer that updates each tensor by itself, each with the hyper-parameters that `of` gives it, with the gradients
/// times the factor that `factor` makes of all of them.
fn each<O: WholeOptimizer<S, K>, const S: usize, const K: usize>(
    file: &File,
    of: impl Fn(&str) -> O,
    factor: impl Fn(&Tensors) -> f64,
) -> Vec<Tensors> {
    let mut tensors = file.tensors::<S>();
    for Tensor { name, params, state } in &mut tensors {
        of(name).init(params, state.each_mut().map(|slot| &mut slot[..])).unwrap();
    }
    let mut memories = tensors.iter().map(|_| Default::default()).collect::<Vec<_>>();
    let mut clocks = vec![O::Clock::default(); tensors.len()];
    file.run(|grads| {
        let factor = factor(grads);
        for ((Tensor { name, params, state }, memory), clock) in tensors.iter_mut().zip(&mut memories).zip(&mut clocks)
        {
            let step = of(name).tick(clock).unwrap().scale_grads(factor);
            step.apply_with(memory, params, &grads[name], state.each_mut().map(|slot| &mut slot[..])).unwrap();
        }
        params(&tensors)
    })
}

/// Runs the cautious version of an element-wise optimizer.
fn cautious<O: Optimizer<S>, const S: usize>(file: &File, optimizer: O) -> Vec<Tensors>
where
    CautiousMean<O::Rule>: Phases<S, 1, Memory = ()>,
{
    let (mut tensors, mut clock) = (file.tensors::<S>(), O::Clock::default());
    file.run(|grads| {
        let step = optimizer.tick(&mut clock).unwrap().cautious_mean();
        for Tensor { name, params, state } in &mut tensors {
            step.apply(params, &grads[name], state.each_mut().map(|slot| &mut slot[..])).unwrap();
        }
        params(&tensors)
    })
}

/// Runs cautious LAMB, with all gradients clipped.
fn cautious_lamb(file: &File, lamb: Lamb) -> Vec<Tensors> {
    let (mut tensors, mut clock) = (file.tensors::<2>(), 0);
    file.run(|grads| {
        let step = lamb.tick(&mut clock).unwrap().cautious_mean().scale_grads(clipped(grads));
        for Tensor { name, params, state } in &mut tensors {
            step.apply(params, &grads[name], state.each_mut().map(|slot| &mut slot[..])).unwrap();
        }
        params(&tensors)
    })
}

/// Runs MARS on matrices and AdamW on vectors, as timm does.
fn mars(file: &File) -> Vec<Tensors> {
    let matrices = each(file, |_| Mars { lr: 0.003, ..Mars::DEFAULT }, as_is);
    let adam_w = AdamW { lr: 0.003, beta2: 0.99, weight_decay: 0.0, ..AdamW::DEFAULT };
    let (mut tensors, mut clock) = (file.tensors::<2>(), 0);
    let vectors = file.run(|grads| {
        let step = adam_w.tick(&mut clock).unwrap();
        for Tensor { name, params, state } in &mut tensors {
            step.apply(params, &grads[name], state.each_mut().map(|slot| &mut slot[..])).unwrap();
        }
        params(&tensors)
    });
    let chosen = |(matrix, vector): (Tensors, Tensors)| {
        let both = matrix.into_iter().zip(vector.into_values());
        both.map(|((name, matrix), vector)| (name.clone(), if file.is_vector(&name) { vector } else { matrix }))
            .collect()
    };
    matrices.into_iter().zip(vectors).map(chosen).collect()
}

/// Runs an optimizer that updates all tensors as one.
fn all<O: WholeOptimizer<S, K>, const S: usize, const K: usize>(file: &File, optimizer: O) -> Vec<Tensors> {
    all_with(file, optimizer, |_, _| ())
}

/// The same, with what is told to the memory before each step, counted from 0.
fn all_with<O: WholeOptimizer<S, K>, const S: usize, const K: usize>(
    file: &File,
    optimizer: O,
    tell: impl Fn(usize, &mut <O::Phases as Phases<S, K>>::Memory),
) -> Vec<Tensors> {
    let mut tensors = file.tensors::<S>();
    for Tensor { params, state, .. } in &mut tensors {
        optimizer.init(params, state.each_mut().map(|slot| &mut slot[..])).unwrap();
    }
    let (mut memory, mut clock, mut steps) = (Default::default(), Default::default(), 0..);
    file.run(|grads| {
        tell(steps.next().unwrap(), &mut memory);
        let mut list: Vec<_> = tensors
            .iter_mut()
            .map(|Tensor { name, params, state }| gradstep::Tensor::new(params, &grads[name], state))
            .collect();
        optimizer.tick(&mut clock).unwrap().apply_all_with(&mut memory, &mut list).unwrap();
        params(&tensors)
    })
}

fn as_is(_: &Tensors) -> f64 {
    1.0
}

/// The factor of a clip of all gradients to a global norm of 1.
fn clipped(grads: &Tensors) -> f64 {
    let squares: Sum = grads.values().map(|grads| Sum::squares(grads)).sum();
    ClipNorm::optax(1.0).unwrap().factor(squares.root()).unwrap()
}

#[test]
fn the_runs_of_the_libraries() {
    let file = File::load();
    let mut runs: Vec<(&str, Vec<Tensors>)> = Vec::new();
    let mut add = |name, run| runs.push((name, run));

    let lars = Lars { lr: 0.1, weight_decay: 0.01, ..Lars::timm() };
    add("optax_lars", each(&file, |_| Lars { lr: 0.1, weight_decay: 0.01, ..Lars::optax() }, as_is));
    add("timm_lars", each(&file, |_| lars, as_is));
    add("timm_larc", each(&file, |_| Lars { lr: 0.1, weight_decay: 0.01, ..Lars::larc() }, as_is));
    let vectors_plain = |name: &str| {
        let lars = Lars { lr: 0.1, weight_decay: 0.01, ..Lars::pytorch_optimizer() };
        if file.is_vector(name) { Lars { weight_decay: 0.0, always_adapt: false, ..lars } } else { lars }
    };
    add("kozistr_lars", each(&file, vectors_plain, as_is));

    let lamb = Lamb { lr: 0.01, weight_decay: 0.01, ..Lamb::timm() };
    add("optax_lamb", each(&file, |_| Lamb { lr: 0.01, weight_decay: 0.01, ..Lamb::optax() }, as_is));
    add("timm_lamb", each(&file, |_| lamb, clipped));
    add("timm_lambw_no_norm", each(&file, |_| Lamb { decoupled: true, ..lamb }, as_is));
    add("timm_lamb_trust_clip", each(&file, |_| Lamb { max_ratio: 1.0, always_adapt: true, ..lamb }, as_is));
    add("kozistr_lamb", each(&file, |_| Lamb { lr: 0.01, weight_decay: 0.01, ..Lamb::pytorch_optimizer() }, as_is));

    add("optax_novograd", each(&file, |_| NovoGrad { lr: 0.01, weight_decay: 0.01, ..NovoGrad::optax() }, as_is));
    add("timm_novograd", each(&file, |_| NovoGrad { lr: 0.01, weight_decay: 0.01, ..NovoGrad::timm() }, as_is));
    let novograd = NovoGrad { lr: 0.01, weight_decay: 0.01, ..NovoGrad::pytorch_optimizer() };
    add("kozistr_novograd", each(&file, |_| novograd, as_is));

    add("optax_fromage", each(&file, |_| Fromage { lr: 0.01, ..Fromage::optax() }, as_is));
    add("kozistr_fromage", each(&file, |_| Fromage { lr: 0.01, ..Fromage::pytorch_optimizer() }, as_is));
    add("kozistr_stableadamw", each(&file, |_| StableAdamW { lr: 0.001, ..StableAdamW::DEFAULT }, as_is));

    add("optax_prodigy", all(&file, Prodigy { d0: 0.01, ..Prodigy::optax() }));
    add("kozistr_prodigy", all(&file, Prodigy { d0: 0.01, ..Prodigy::pytorch_optimizer() }));
    add("optax_dadapt_adamw", all(&file, DAdaptAdam { d0: 0.01, ..DAdaptAdam::optax() }));
    add("kozistr_dadaptadam", all(&file, DAdaptAdam { d0: 0.01, ..DAdaptAdam::pytorch_optimizer() }));
    add("kozistr_dadaptsgd", all(&file, DAdaptSgd { d0: 0.01, ..DAdaptSgd::DEFAULT }));
    add("optax_dog", all(&file, Dog { relative_distance: 0.0, first_step: 0.01, ..Dog::optax() }));
    add("optax_dowg", all(&file, Dowg::optax()));

    add("timm_cautious_adamw", cautious(&file, AdamW { lr: 0.01, weight_decay: 0.01, ..AdamW::DEFAULT }));
    add("timm_cautious_lion", cautious(&file, Lion { lr: 0.001, weight_decay: 0.01, ..Lion::DEFAULT }));
    add("timm_cautious_lamb", cautious_lamb(&file, lamb));
    add("timm_mars", mars(&file));

    let known = [
        "optax_adamaxw",
        "optax_optimistic_gradient_descent",
        "optax_optimistic_adam",
        "optax_simplified_ademamix",
        "optax_acprop",
        "optax_cocob",
    ];
    let absent = ["timm_adamp", "timm_sgdp", "kozistr_qhadam", "kozistr_adamod", "kozistr_diffgrad"];
    for case in file.cases() {
        assert!(
            runs.iter().any(|(name, _)| *name == case) || known.contains(&case) || absent.contains(&case),
            "{case}"
        );
    }
    compare(&file, &runs);
}

/// Prints our errors and those of the libraries, and checks that ours are no larger on average.
fn compare(file: &File, runs: &[(&str, Vec<Tensors>)]) {
    let (mut our_mean, mut their_mean) = (0.0, 0.0);
    println!("units of the largest parameter:   ours mean, largest    the library in f32");
    for (name, run) in runs {
        let (ours, theirs) = file.check(name, run);
        println!("{name:24} {:14.2} {:10.1} {:14.2} {:10.1}", ours.mean, ours.largest, theirs.mean, theirs.largest);
        (our_mean, their_mean) = (our_mean + ours.mean, their_mean + theirs.mean);
    }
    assert!(our_mean <= their_mean, "{our_mean} units together, the libraries {their_mean}");
}

/// Runs momentum on gradients at parameters that were climbed to. The second gradient is that of the reference's generator.
fn sam(file: &File, sam: Sam) -> Vec<Tensors> {
    let mut tensors = file.tensors::<1>();
    let (mut clock, mut step) = (0, 0);
    file.run(|grads| {
        let mut climbed = tensors.iter().map(|tensor| vec![f32::NAN; tensor.params.len()]).collect::<Vec<_>>();
        let mut starts = tensors.iter().map(|tensor| [tensor.params.clone()]).collect::<Vec<_>>();
        let names = tensors.iter().map(|tensor| &tensor.name);
        let mut list: Vec<_> = climbed
            .iter_mut()
            .zip(&mut starts)
            .zip(names)
            .map(|((climbed, start), name)| gradstep::Tensor::new(climbed, &grads[name], start))
            .collect();
        sam.climb().unwrap().apply_all_with(&mut (), &mut list).unwrap();
        let other = file.grads(11 - step);
        step += 1;
        let momentum = Momentum { lr: 0.05, momentum: 0.9, ..Momentum::DEFAULT }.tick(&mut clock).unwrap();
        for (Tensor { name, params, state: [buffer] }, climbed) in tensors.iter_mut().zip(&climbed) {
            let grads: Vec<_> = other[name].iter().zip(climbed).map(|(g, q)| g / 2.0 + q / 64.0).collect();
            momentum.apply(params, &grads, [buffer]).unwrap();
        }
        params(&tensors)
    })
}

/// Runs row-wise AdaGrad, with a vector as one row.
fn by_rows(file: &File, optimizer: RowAdaGrad) -> Vec<Tensors> {
    let mut tensors = file.tensors::<0>();
    let row = |name: &str| file.row(name);
    let mut memories: Vec<_> = tensors.iter().map(|t| vec![0.0; t.params.len() / row(&t.name)]).collect();
    let mut clock = 0;
    file.run(|grads| {
        let step = optimizer.tick(&mut clock).unwrap();
        for (Tensor { name, params, .. }, memories) in tensors.iter_mut().zip(&mut memories) {
            step.apply_rows_with(memories, row(name), params, &grads[name], []).unwrap();
        }
        params(&tensors)
    })
}

#[test]
fn the_runs_with_more_than_a_gradient() {
    let file = File::more();
    let loss = |step: usize, loss: &mut f64| *loss = file.losses[step];
    let polyak = PolyakSgd { f_min: 0.5, scaling: 0.7, never_backward: true, ..PolyakSgd::DEFAULT };
    let momo = Momo { lr: 0.1, weight_decay: 0.01, ..Momo::DEFAULT };
    let mini = AdamMini { lr: 0.01, weight_decay: 0.01, ..AdamMini::DEFAULT };
    let runs = [
        ("optax_polyak_sgd", all_with(&file, PolyakSgd { lr: 0.5, ..PolyakSgd::DEFAULT }, loss)),
        ("optax_polyak_sgd_f_min", all_with(&file, polyak, loss)),
        ("optax_momo", all_with(&file, momo, |step, memory| memory.loss = file.losses[step])),
        ("kozistr_adammini", each(&file, |_| mini, as_is)),
        ("kozistr_sam", sam(&file, Sam::DEFAULT)),
        ("kozistr_asam", sam(&file, Sam { eta: 0.0, ..Sam::asam() })),
        ("formula_row_ada_grad", by_rows(&file, RowAdaGrad { lr: 0.05, ..RowAdaGrad::DEFAULT })),
    ];
    assert_eq!(file.cases(), runs.each_ref().map(|(name, _)| *name));
    compare(&file, &runs);
}

#[test]
fn the_runs_with_further_settings() {
    let (file, steady, big) = (File::options(), File::options().steady(), File::options().big());
    let lars = Lars { lr: 0.1, weight_decay: 0.01, ..Lars::timm() };
    let novo = NovoGrad { lr: 0.01, weight_decay: 0.01, ..NovoGrad::timm() };
    let lamb = Lamb { lr: 0.01, weight_decay: 0.01, eps: 0.1, ratio_eps: 0.1, ..Lamb::pytorch_optimizer() };
    let first = Dog { relative_distance: 0.0, ..Dog::optax() };
    let optax = Prodigy { d0: 1e-3, ..Prodigy::optax() };
    let guarded = Prodigy { lr: 0.5, safeguard_warmup: true, eps: 0.01, beta3: 0.9, d_coef: 2.0, ..optax };
    let sgd = DAdaptSgd { d0: 1e-3, ..DAdaptSgd::DEFAULT };
    let momo = Momo { lr: 1.0, lower_bound: 1.0, ..Momo::DEFAULT };
    let polyak = |step: usize, loss: &mut f64| *loss = file.losses[step];
    let tell = |step: usize, memory: &mut MomoMemory| memory.loss = file.losses[step];
    let runs = [
        ("timm_lamb_no_decay", each(&file, |_| Lamb { lr: 0.01, weight_decay: 0.0, ..Lamb::timm() }, as_is)),
        ("kozistr_lamb_big_eps", each(&big, |_| lamb, as_is)),
        ("timm_lars_nesterov", each(&file, |_| Lars { nesterov: true, ..lars }, as_is)),
        ("timm_lars_dampening", each(&file, |_| Lars { dampening: 0.3, ..lars }, as_is)),
        ("timm_larc_big", each(&big, |_| Lars { lr: 0.001, trust_clip: true, ..lars }, as_is)),
        ("timm_novograd_averaging", each(&file, |_| NovoGrad { grad_averaging: true, ..novo }, as_is)),
        ("timm_novograd_decoupled", each(&file, |_| NovoGrad { weight_decay: 0.1, decoupled: true, ..novo }, as_is)),
        ("optax_dog_heuristic", all(&file, Dog { lr: 0.7, relative_distance: 0.01, weight_decay: 0.05, ..first })),
        ("optax_dog_distance", all(&file, Dog { distance: 0.2, ..first })),
        ("optax_dowg_decay", all(&file, Dowg { lr: 0.8, sq_distance: 0.01, weight_decay: 0.05, ..Dowg::optax() })),
        ("optax_steady_prodigy", all(&steady, Prodigy { weight_decay: 0.05, ..optax })),
        ("optax_steady_prodigy_safeguard", all(&steady, guarded)),
        ("kozistr_steady_prodigy", all(&steady, Prodigy { growth_rate: 1.2, bias_correction: false, ..optax })),
        ("optax_steady_dadapt_adamw", all(&steady, DAdaptAdam { d0: 1e-3, weight_decay: 0.05, ..DAdaptAdam::optax() })),
        ("kozistr_steady_dadaptadam", all(&steady, DAdaptAdam { d0: 1e-3, growth_rate: 1.1, ..DAdaptAdam::DEFAULT })),
        ("kozistr_steady_dadaptsgd", all(&steady, sgd)),
        ("kozistr_steady_dadaptsgd_growth", all(&steady, DAdaptSgd { growth_rate: 1.1, ..sgd })),
        ("optax_polyak_sgd_most", all_with(&file, PolyakSgd { lr: 0.001, ..PolyakSgd::DEFAULT }, polyak)),
        ("optax_momo_most", all_with(&file, Momo { lr: 0.001, ..Momo::DEFAULT }, tell)),
        ("optax_momo_bound", all_with(&file, momo, tell)),
    ];
    assert_eq!(file.cases(), runs.each_ref().map(|(name, _)| *name));
    compare(&file, &runs);
}

/// What a library has no case of, worked out by hand.
#[test]
fn settings_by_hand() {
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
    // Dampening leaves the first gradient whole.
    assert_eq!(step(Lars { dampening: 0.5, ..plain }, [0.25, 0.125]), 1.0 - 0.125 - 0.0625);

    // RMS of the update 2, bounded to 1, and of .5.
    let sgd = Sgd { lr: 1.0, ..Sgd::DEFAULT }.tick(&mut 0).unwrap();
    for (grads, expected) in [([2.0, -2.0], [-1.0, 1.0]), ([0.5, 0.5], [-0.5, -0.5])] {
        let mut params = [0.0; 2];
        sgd.bound_update(1.0).unwrap().apply(&mut params, &grads, []).unwrap();
        assert_eq!(params, expected);
    }
    // One of 4096 elements moves: less than a thousandth.
    let mut params = [0.0; 4096];
    let mut m = [1.0; 4096];
    m[0] = -1.0;
    let lion = Lion { lr: 0.5, ..Lion::DEFAULT }.tick(&mut 0).unwrap();
    lion.cautious_mean().apply(&mut params, &[-1e-6; 4096], [&mut m]).unwrap();
    assert_eq!((params[0], params[1]), (500.0, 0.0));

    // t = 2 + 1/2, so the climb is along t²·g.
    let sam = Sam { rho: 2.0, adaptive: true, eta: 0.5, ..Sam::DEFAULT };
    let mut climbed = [0.0];
    sam.climb().unwrap().apply(&mut climbed, &[4.0], [&mut [2.0]]).unwrap();
    assert_eq!(climbed, [2.0 + 2.0 * 2.5]);

    // h = 4, so the root and eps of 1 divide by 3.
    let (mut p, mut h) = ([0.0], 0.0);
    let rows = RowAdaGrad { lr: 3.0, eps: 1.0, ..RowAdaGrad::DEFAULT }.tick(&mut 0).unwrap();
    rows.apply_with(&mut h, &mut p, &[2.0], []).unwrap();
    assert_eq!((p, h), ([-2.0], 4.0));
}
