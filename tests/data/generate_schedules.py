#!/usr/bin/env python3
"""Reference learning rates of the schedules of torch and optax, and a trace of torch's GradScaler.

Needs (CPU is enough), in a virtual environment outside the repository, with Python 3.11:

    pip install optax==0.2.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 torch==2.15.0

Usage: generate_schedules.py OUT.json [SEED]. The versions that ran are written into `source`. Two runs on one machine
gave the same bytes.

`values[t]` of a case is the learning rate of step t, from 0, in float64. torch changes the rate of an SGD from step to
step, and the value is the one that the step sees. optax's schedules are functions of the step. The settings of each case are
below; `peak` is exact in float32, `warmup` a number of steps. `losses` are what the plateau is fed with, one before each
step but the first. `grad_scaler` holds the scale after each step, of which `bad` says whether its gradients were infinite.
"""
import json, sys, warnings
import importlib.metadata as meta
warnings.filterwarnings("ignore")
import numpy as np, torch, jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp, optax

SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 9
STEPS = 40
R = np.random.default_rng(SEED)
WARMUP = int(R.integers(3, 9))
PEAK = float(np.float32(R.uniform(.01, .2)))


def optimizer(momentum=.9): return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK, momentum=momentum)


def of_torch(name, make):
    o = optimizer(); s = make(o); values = []
    for _ in range(STEPS):
        values.append(o.param_groups[0]["lr"]); o.step(); s.step()
    return dict(case=f"torch_{name}", values=values)


def plateau():
    losses = [float(np.float32(x)) for x in np.maximum(.2, 3 * np.exp(-np.arange(STEPS) / 6) + .2 * R.standard_normal(STEPS))]
    o = optimizer(0); values = []
    s = L.ReduceLROnPlateau(o, factor=.5, patience=2, threshold=1e-2, cooldown=1, min_lr=1e-4)
    for x in losses:
        values.append(o.param_groups[0]["lr"]); o.step(); s.step(x)
    return dict(case="torch_plateau", losses=losses, values=values)


def of_optax(name, schedule): return dict(case=f"optax_{name}", values=[float(schedule(jnp.asarray(t))) for t in range(STEPS)])


L, S = torch.optim.lr_scheduler, optax.schedules
TORCH = dict(
    constant=lambda o: L.ConstantLR(o, 1 / 3, 5),
    linear=lambda o: L.LinearLR(o, 1 / 3, 1.0, WARMUP),
    step=lambda o: L.StepLR(o, 7, .1),
    multi_step=lambda o: L.MultiStepLR(o, [5, 11, 30], .3),
    exponential=lambda o: L.ExponentialLR(o, .9),
    cosine=lambda o: L.CosineAnnealingLR(o, 30, 1e-3),
    warm_restarts=lambda o: L.CosineAnnealingWarmRestarts(o, 7, 2, 1e-4),
    polynomial=lambda o: L.PolynomialLR(o, 30, 2.0),
    one_cycle=lambda o: L.OneCycleLR(o, PEAK, total_steps=STEPS),
    one_cycle_linear=lambda o: L.OneCycleLR(o, PEAK, total_steps=STEPS, anneal_strategy="linear", three_phase=True),
    cyclic=lambda o: L.CyclicLR(o, PEAK / 10, PEAK, 6, 4),
    cyclic_exp=lambda o: L.CyclicLR(o, PEAK / 10, PEAK, 6, mode="exp_range", gamma=.98),
    sequential=lambda o: L.SequentialLR(o, [L.LinearLR(o, .1, 1.0, WARMUP), L.CosineAnnealingLR(o, STEPS - WARMUP)], [WARMUP]),
)
OPTAX = dict(
    cosine=S.cosine_decay_schedule(PEAK, 30, .1),
    cosine_exponent=S.cosine_decay_schedule(PEAK, 30, .1, 1.7),
    linear=S.linear_schedule(PEAK, 1e-3, 20, 4),
    polynomial=S.polynomial_schedule(PEAK, 1e-4, 2.5, 20, 3),
    exponential=S.exponential_decay(PEAK, 5, .8, 3, staircase=False),
    exponential_staircase=S.exponential_decay(PEAK, 5, .8, 3, staircase=True, end_value=1e-3),
    warmup_cosine=S.warmup_cosine_decay_schedule(0., PEAK, WARMUP, STEPS, 1e-4),
    warmup_exponential=S.warmup_exponential_decay_schedule(0., PEAK, WARMUP, 5, .8),
    warmup_constant=S.warmup_constant_schedule(0., PEAK, WARMUP),
    one_cycle_cosine=S.cosine_onecycle_schedule(STEPS, PEAK),
    one_cycle_linear=S.linear_onecycle_schedule(STEPS, PEAK),
    piecewise=S.piecewise_constant_schedule(PEAK, {5: .5, 20: .1}),
    sgdr=S.sgdr_schedule([
        dict(init_value=0., peak_value=PEAK, decay_steps=10, warmup_steps=2, end_value=0.),
        dict(init_value=0., peak_value=PEAK / 2, decay_steps=20, warmup_steps=3, end_value=0.)]),
    joined=S.join_schedules(
        [S.linear_schedule(0., PEAK, WARMUP), S.constant_schedule(PEAK), S.linear_schedule(PEAK, 0., 10)], [WARMUP, 25]),
)


def grad_scaler():
    bad = [x == "1" for x in "0000000000010011010110010000101000010000"]
    scaler = torch.amp.GradScaler("cpu", init_scale=65536., growth_interval=4); w = torch.nn.Parameter(torch.zeros(3))
    o = torch.optim.SGD([w], lr=.0); after = []
    for b in bad:
        scale = float(scaler.scale(torch.ones(1))[0])
        w.grad = torch.full((3,), float("inf") if b else scale)
        scaler.step(o); scaler.update(); after.append(float(scaler.get_scale()))
    return dict(growth_interval=4, bad=bad, scale_after=after)


cases = [of_torch(*case) for case in TORCH.items()] + [plateau()] + [of_optax(*case) for case in OPTAX.items()]
source = ", ".join(f"{name} {meta.version(name)}" for name in ("torch", "optax", "jax", "jaxlib", "numpy"))
doc = dict(source=source, seed=SEED, steps=STEPS, warmup=WARMUP, peak=PEAK, cases=cases, grad_scaler=grad_scaler())
with open(sys.argv[1], "w") as out:
    json.dump(doc, out, separators=(",", ":"))
