#!/usr/bin/env python3
"""Reference trajectories of element-wise rules that torch.json and optax.json lack.

Needs (CPU is enough), in a virtual environment outside the repository, with Python 3.11:

    pip install optax==0.2.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 torch==2.15.0 timm==1.0.31

Usage: generate_elementwise.py OUT.json [SEED]. The versions that ran are written into `source`. Two runs on one machine
gave the same bytes.

`params`, `grads` and `noise` are exact in float32. Every case runs in float64 (the oracle, `params_f64`) and in float32
(what the library gives its user, `params_f32`, in the fewest digits from which float32 comes back the same); a row is
the parameters after a step. `hyper` holds the arguments that were passed to the constructor that `optimizer` names. A
case with `lrs` takes its learning rates from there, `lrs[t]` for step t, from 0; an `lr` beside it, as of the corrected
decay, is only what the constructor saw.

JAX runs with 64-bit numbers switched on, so bias corrections are computed in float64 in the float32 run too, and one
operation at a time, not under jit. timm takes the foreach path only on a GPU, so its plain loop ran.

A case with `noise` is stochastic: `noise[t]` are the standard normal numbers of step t, before the library multiplies
them by its standard deviation. The library would draw other numbers in float64 than in float32, so its sampler is
replaced by one that draws in float32 whatever is asked for, and keeps what it drew.
"""
import json, operator, sys
import importlib.metadata as meta
import numpy as np, jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp, optax, torch
import optax.contrib
from timm.optim import NAdamW

SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 0
STEPS, N = 12, 37          # 37 = two full 16-lane vectors and a tail of five


def inputs():
    r = np.random.default_rng(SEED)
    p = r.standard_normal(N).astype(np.float32)
    p[0], p[1], p[2], p[3] = 0.0, 1e-6, 1e3, -1e3
    g = r.standard_normal((STEPS, N)).astype(np.float32)
    g[:, 4] = 0.0                       # a frozen element
    g[5:, 5] = 0.0                      # one whose gradient stops
    g[:, 6] *= np.float32(1e-4)
    g[:, 7] *= np.float32(1e4)
    g[4] = 0.0                          # a whole step without gradient
    return p, g


PARAMS, GRADS = inputs()


def schedule(lr):
    """Four steps of warm-up times half a cosine, so that no two steps have the same rate."""
    shape = [min(1.0, (t + 1) / 4) * (0.55 + 0.45 * np.cos(np.pi * t / STEPS)) for t in range(STEPS)]
    return [float(np.float32(lr * x)) for x in shape]


# Label, constructor, its name, arguments, base learning rate of the schedule (None: no schedule).
def of_optax(label, name, scheduled=None, **hyper):
    return label, operator.attrgetter(name)(optax), "optax." + name, hyper, scheduled


def of_timm(label, scheduled=None, **hyper):
    return label, NAdamW, "timm.optim.NAdamW", hyper, scheduled


CASES = [
    of_optax("adamaxw", "adamaxw", learning_rate=2e-3),
    of_optax("adamaxw_decay", "adamaxw", learning_rate=1e-2, b1=0.8, b2=0.99, eps=1e-6, weight_decay=0.1),
    of_optax("adamaxw_scheduled", "adamaxw", 1e-2, weight_decay=0.05),
    of_optax("optimistic_gradient_descent", "optimistic_gradient_descent", learning_rate=0.05),
    of_optax("optimistic_gradient_descent_generalized", "optimistic_gradient_descent", learning_rate=0.1, alpha=0.75, beta=1.5),
    of_optax("optimistic_gradient_descent_scheduled", "optimistic_gradient_descent", 0.1, beta=0.5),
    of_optax("optimistic_adam_v2", "optimistic_adam_v2", learning_rate=1e-3),
    of_optax("optimistic_adam_v2_plain", "optimistic_adam_v2", learning_rate=1e-2, alpha=0.5, beta=2.0, b1=0.8, b2=0.99, eps=1e-6, eps_root=1e-8, nesterov=False),
    of_optax("optimistic_adam_v2_scheduled", "optimistic_adam_v2", 1e-2, beta=1.5),
    of_optax("optimistic_adam_v1", "optimistic_adam", learning_rate=1e-3, optimism=5e-3),
    of_optax("simplified_ademamix", "contrib.simplified_ademamix", learning_rate=1e-3),
    of_optax("simplified_ademamix_decay", "contrib.simplified_ademamix", learning_rate=1e-3, b1=0.9, b2=0.99, alpha=10.0, eps=1e-6, eps_root=1e-8, weight_decay=0.1),
    of_optax("simplified_ademamix_scheduled", "contrib.simplified_ademamix", 1e-3, alpha=2.0, weight_decay=0.05),
    of_optax("acprop", "contrib.acprop", learning_rate=1e-3),
    of_optax("acprop_decay", "contrib.acprop", learning_rate=1e-2, b1=0.8, b2=0.99, eps=1e-8, eps_root=1e-10, weight_decay=0.1),
    of_optax("acprop_scheduled", "contrib.acprop", 1e-2, weight_decay=0.05),
    of_optax("cocob", "contrib.cocob"),
    of_optax("cocob_decay", "contrib.cocob", learning_rate=0.5, alpha=10.0, eps=1e-4, weight_decay=0.01),
    of_optax("cocob_scheduled", "contrib.cocob", 1.0, alpha=20.0),
    of_timm("timm_nadamw", lr=1e-3),
    of_timm("timm_nadamw_decay", lr=1e-2, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1),
    of_timm("timm_nadamw_scheduled", 1e-2, weight_decay=0.05),
    of_timm("timm_nadamw_corrected_decay_scheduled", 1e-2, lr=1e-2, weight_decay=0.5, corrected_weight_decay=True),
    of_optax("noisy_sgd", "noisy_sgd", learning_rate=0.1, key=1),
    of_optax("noisy_sgd_generalized", "noisy_sgd", learning_rate=0.05, eta=0.3, gamma=1.5, key=2),
    of_optax("noisy_sgd_scheduled", "noisy_sgd", 0.1, eta=1.0, key=3),
]

DRAWN = []
draw_of_jax = jax.random.normal


def draw(key, shape, dtype, **others):
    noise = draw_of_jax(key, shape, jnp.float32, **others)
    DRAWN.append([float(x) for x in noise])
    return noise.astype(dtype)


jax.random.normal = draw


def run_optax(make, hyper, lrs, dtype):
    if lrs:
        table = jnp.asarray(lrs, jnp.float64)
        hyper = dict(hyper, learning_rate=lambda count: table[count])
    opt = make(**hyper)
    p = jnp.asarray(PARAMS, dtype)
    state, rows = opt.init(p), []
    for g in GRADS:
        update, state = opt.update(jnp.asarray(g, dtype), state, p)
        p = optax.apply_updates(p, update)
        assert update.dtype == p.dtype == dtype
        rows.append(np.asarray(p))
    return np.array(rows)


def run_timm(make, hyper, lrs, dtype):
    p = torch.nn.Parameter(torch.tensor(PARAMS, dtype=getattr(torch, dtype)))
    opt, rows = make([p], **hyper), []
    for t, g in enumerate(GRADS):
        if lrs: opt.param_groups[0]["lr"] = lrs[t]
        p.grad = torch.tensor(g, dtype=p.dtype)
        opt.step()
        rows.append(p.detach().numpy().copy())
    return np.array(rows)


def shortest(x):
    """The fewest digits from which float32 comes back, also when they are read as float64 first."""
    short = float(str(x))
    assert np.float32(short) == x
    return short


def main():
    cases = []
    for label, make, name, hyper, scheduled in CASES:
        run, lrs = (run_timm if make is NAdamW else run_optax), schedule(scheduled) if scheduled else None
        DRAWN.clear()
        f64 = run(make, hyper, lrs, "float64")
        noise = list(DRAWN)
        DRAWN.clear()
        f32 = run(make, hyper, lrs, "float32")
        assert DRAWN == noise and np.isfinite(f64).all() and np.isfinite(f32).all(), label
        case = dict(case=label, optimizer=name, hyper=hyper)
        if lrs: case["lrs"] = lrs
        if noise: case["noise"] = noise
        cases.append(dict(case, params_f64=f64.tolist(), params_f32=[[shortest(x) for x in row] for row in f32]))
    source = ", ".join(f"{package} {meta.version(package)}" for package in ("optax", "jax", "jaxlib", "numpy", "torch", "timm"))
    doc = dict(source=source, seed=SEED, steps=STEPS, n=N, params=PARAMS.tolist(), grads=GRADS.tolist(), cases=cases)
    with open(sys.argv[1], "w") as f:
        json.dump(doc, f, separators=(",", ":"))
    print(len(cases), "cases")


main()
