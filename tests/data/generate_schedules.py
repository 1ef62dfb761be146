#!/usr/bin/env python3
"""Reference learning rates of the schedules of torch and optax.

Needs (CPU is enough), in a virtual environment outside the repository, with Python 3.11:

    pip install optax==0.2.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 torch==2.15.0

Usage: generate_schedules.py OUT.json [SEED] [STEPS]. The versions that ran are written into `source`. Two runs on one
machine gave the same bytes.

`values[t]` of a case is the learning rate of step t, from 0, in float64. torch changes the rate of an SGD from step to
step, and the value is the one that the step sees. optax's schedules are functions of the step. `schedule` is the constructor
of a case and `hyper` its arguments by the library's names, but for torch's optimizer, whose learning rate is `peak`, exact in
float32. Parts of a chain have both too. `losses` are what the plateau is fed with, one before each step but the first.
"""
import json, sys, warnings
import importlib.metadata as meta
warnings.filterwarnings("ignore")
import numpy as np, torch, jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp, optax

SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 9
STEPS = int(sys.argv[3]) if len(sys.argv) > 3 else 40
R = np.random.default_rng(SEED)
WARMUP = int(R.integers(3, 9))
PEAK = float(np.float32(R.uniform(.01, .2)))


def optimizer(momentum=.9): return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK, momentum=momentum)


L, S = torch.optim.lr_scheduler, optax.schedules


def make_torch(o, schedule, hyper):
    if schedule != "SequentialLR": return getattr(L, schedule)(o, **hyper)
    return L.SequentialLR(o, [make_torch(o, **part) for part in hyper["schedulers"]], hyper["milestones"])


def make_optax(schedule, hyper):
    if schedule != "join_schedules": return getattr(S, schedule)(**hyper)
    return S.join_schedules([make_optax(**part) for part in hyper["schedules"]], hyper["boundaries"])


def of_torch(name, case):
    o = optimizer(); s = make_torch(o, **case); values = []
    for _ in range(STEPS):
        values.append(o.param_groups[0]["lr"]); o.step(); s.step()
    return dict(case=f"torch_{name}", **case, values=values)


def plateau(schedule, hyper):
    losses = [float(np.float32(x)) for x in np.maximum(.2, 3 * np.exp(-np.arange(STEPS) / 6) + .2 * R.standard_normal(STEPS))]
    o = optimizer(0); s = make_torch(o, schedule, hyper); values = []
    for x in losses:
        values.append(o.param_groups[0]["lr"]); o.step(); s.step(x)
    return dict(case="torch_plateau", schedule=schedule, hyper=hyper, losses=losses, values=values)


def of_optax(name, case):
    s = make_optax(**case)
    return dict(case=f"optax_{name}", **case, values=[float(s(jnp.asarray(t))) for t in range(STEPS)])


def of(schedule, **hyper): return dict(schedule=schedule, hyper=hyper)


TORCH = dict(
    constant=of("ConstantLR", factor=1 / 3, total_iters=5),
    linear=of("LinearLR", start_factor=1 / 3, end_factor=1.0, total_iters=WARMUP),
    step=of("StepLR", step_size=7, gamma=.1),
    multi_step=of("MultiStepLR", milestones=[5, 11, 30], gamma=.3),
    exponential=of("ExponentialLR", gamma=.9),
    cosine=of("CosineAnnealingLR", T_max=30, eta_min=1e-3),
    warm_restarts=of("CosineAnnealingWarmRestarts", T_0=7, T_mult=2, eta_min=1e-4),
    polynomial=of("PolynomialLR", total_iters=30, power=2.0),
    one_cycle=of("OneCycleLR", max_lr=PEAK, total_steps=STEPS),
    one_cycle_linear=of("OneCycleLR", max_lr=PEAK, total_steps=STEPS, anneal_strategy="linear", three_phase=True),
    cyclic=of("CyclicLR", base_lr=PEAK / 10, max_lr=PEAK, step_size_up=6, step_size_down=4),
    cyclic_exp=of("CyclicLR", base_lr=PEAK / 10, max_lr=PEAK, step_size_up=6, mode="exp_range", gamma=.98),
    sequential=of("SequentialLR", milestones=[WARMUP], schedulers=[
        of("LinearLR", start_factor=.1, end_factor=1.0, total_iters=WARMUP),
        of("CosineAnnealingLR", T_max=STEPS - WARMUP)]),
)
PLATEAU = of("ReduceLROnPlateau", factor=.5, patience=2, threshold=1e-2, cooldown=1, min_lr=1e-4)
OPTAX = dict(
    cosine=of("cosine_decay_schedule", init_value=PEAK, decay_steps=30, alpha=.1),
    cosine_exponent=of("cosine_decay_schedule", init_value=PEAK, decay_steps=30, alpha=.1, exponent=1.7),
    linear=of("linear_schedule", init_value=PEAK, end_value=1e-3, transition_steps=20, transition_begin=4),
    polynomial=of("polynomial_schedule", init_value=PEAK, end_value=1e-4, power=2.5, transition_steps=20, transition_begin=3),
    exponential=of("exponential_decay", init_value=PEAK, transition_steps=5, decay_rate=.8, transition_begin=3),
    exponential_staircase=of("exponential_decay", init_value=PEAK, transition_steps=5, decay_rate=.8, transition_begin=3,
        staircase=True, end_value=1e-3),
    warmup_cosine=of("warmup_cosine_decay_schedule", init_value=0., peak_value=PEAK, warmup_steps=WARMUP, decay_steps=STEPS,
        end_value=1e-4),
    warmup_exponential=of("warmup_exponential_decay_schedule", init_value=0., peak_value=PEAK, warmup_steps=WARMUP,
        transition_steps=5, decay_rate=.8),
    warmup_constant=of("warmup_constant_schedule", init_value=0., peak_value=PEAK, warmup_steps=WARMUP),
    one_cycle_cosine=of("cosine_onecycle_schedule", transition_steps=STEPS, peak_value=PEAK),
    one_cycle_linear=of("linear_onecycle_schedule", transition_steps=STEPS, peak_value=PEAK),
    piecewise=of("piecewise_constant_schedule", init_value=PEAK, boundaries_and_scales={5: .5, 20: .1}),
    sgdr=of("sgdr_schedule", cosine_kwargs=[
        dict(init_value=0., peak_value=PEAK, decay_steps=10, warmup_steps=2, end_value=0.),
        dict(init_value=0., peak_value=PEAK / 2, decay_steps=20, warmup_steps=3, end_value=0.)]),
    joined=of("join_schedules", boundaries=[WARMUP, 25], schedules=[
        of("linear_schedule", init_value=0., end_value=PEAK, transition_steps=WARMUP),
        of("constant_schedule", value=PEAK),
        of("linear_schedule", init_value=PEAK, end_value=0., transition_steps=10)]),
)

cases = [of_torch(*case) for case in TORCH.items()] + [plateau(**PLATEAU)] + [of_optax(*case) for case in OPTAX.items()]
source = ", ".join(f"{name} {meta.version(name)}" for name in ("torch", "optax", "jax", "jaxlib", "numpy"))
doc = dict(source=source, seed=SEED, steps=STEPS, warmup=WARMUP, peak=PEAK, cases=cases)
with open(sys.argv[1], "w") as out:
    json.dump(doc, out, separators=(",", ":"))
