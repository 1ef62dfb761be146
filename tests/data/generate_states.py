#!/usr/bin/env python3
"""The state of each library after 137 steps under a schedule, and the parameters after some of the next 263.

usage: generate_states.py OUT.json
needs: torch, numpy, jax[cpu], optax, keras, timm, pytorch_optimizer, schedulefree, madgrad, adabelief_pytorch (versions
are written into the file)

Each library runs 137 steps in float32. `state` is what it holds then: tensors as lists, numbers as numbers, named by the
library. From there it goes on twice: in float32 (`params_f32`) and, with the same state converted, in float64 (`params_f64`).
All cases share `grads` and `shape`, one row and one number for each of the 263 steps: the learning rate of a step is
`lr · shape`. Keras runs on JAX: on PyTorch its ScheduleFreeAdamW reads a variable that it has overwritten. Parameters are kept after the steps of `kept`, counted from 1 at the first of the 263.
"""
import contextlib, importlib.metadata as meta, io, json, os, re, sys, warnings
warnings.filterwarnings("ignore"); os.environ["KERAS_BACKEND"] = "jax"
import numpy as np, torch, jax, jax.numpy as jnp, optax, keras, timm.optim as tm, pytorch_optimizer as po
import optax.contrib as oc, schedulefree as sf, madgrad, adabelief_pytorch as ab
jax.config.update("jax_enable_x64", True); torch.set_num_threads(1)

BEFORE, AFTER, N, KEPT = 137, 263, 13, [1, 63, 263]
STEPS = BEFORE + AFTER
R = np.random.default_rng(5)
params = R.standard_normal(N).astype(np.float32)
grads = (R.standard_normal((STEPS, N)) * np.exp(R.standard_normal((STEPS, N)))).astype(np.float32)
grads[:, 1] *= 1e3; grads[:, 2] *= np.float32(1e-4); grads[150:, 3] = 0; grads[200] = 0
shape = [float(np.float32(min(1, (t + 1) / 30) * (0.55 + 0.45 * np.cos(np.pi * t / STEPS)))) for t in range(STEPS)]


def listed(x): return np.asarray(x, np.float64).tolist()


def run_torch(make, lr, train=False):
    def build(dtype):
        p = torch.nn.Parameter(torch.tensor(params, dtype=dtype))
        with contextlib.redirect_stdout(io.StringIO()): o = make([p])
        if train: o.train()
        return p, o
    def step(p, o, t):
        for group in o.param_groups: group["lr"] = lr * shape[t]
        p.grad = torch.tensor(grads[t], dtype=p.dtype); o.step()
    p, o = build(torch.float32)
    for t in range(BEFORE): step(p, o, t)
    # The same optimizer in float64, from this state.
    q, o64 = build(torch.float64)
    step(q, o64, 0)  # makes what the first step makes
    with torch.no_grad(): q.copy_(p)
    for key, value in list(o.state[p].items()):
        is_tensor = torch.is_tensor(value) and value.dim() > 0
        o64.state[q][key] = value.double().clone() if is_tensor else (value.clone() if torch.is_tensor(value) else value)
    if "k" in o.state: o64.state["k"] = o.state["k"].clone()
    for a, b in zip(o.param_groups, o64.param_groups):
        for key, value in a.items():
            if key != "params": b[key] = value
    numbers = {k: v for g in o.param_groups for k, v in g.items()
               if k in ("step", "k", "weight_sum", "lr_max") and isinstance(v, (int, float))}
    if "k" in o.state: numbers["k"] = int(o.state["k"])
    state = {k: (listed(v.detach()) if v.dim() else float(v)) if torch.is_tensor(v) else v
             for k, v in o.state[p].items() if v is not None}
    def go_on(p, o):
        rows = []
        for t in range(BEFORE, STEPS): step(p, o, t); rows.append(listed(p.detach()))
        return rows
    start = listed(p.detach())
    return start, {**numbers, **state}, go_on(q, o64), go_on(p, o)


def run_keras(make, lr):
    def build(dtype):
        keras.config.set_floatx(dtype)
        v = keras.Variable(params.astype(dtype), dtype=dtype); o = make(); o.build([v])
        return v, o
    def step(v, o, t, dtype):
        o.learning_rate = float(lr * shape[t]); o.apply([jnp.asarray(grads[t], dtype)], [v])
    def value(v): return np.asarray(v.value)
    v, o = build("float32")
    for t in range(BEFORE): step(v, o, t, "float32")
    w, o64 = build("float64"); w.assign(value(v).astype(np.float64))
    for a, b in zip(o.variables, o64.variables): b.assign(jnp.asarray(value(a)).astype(b.value.dtype))
    state = {}
    for x in o.variables:
        name = x.path.split("/")[-1]
        if name == "learning_rate": continue
        if value(x).ndim: name = re.sub(r"^variable(_\d+)?_", "", name)
        if x is getattr(o, "_u_product", None): name = "u_product"
        state[name] = listed(value(x)) if value(x).ndim else float(value(x))
    start = listed(value(v))
    def go_on(v, o, dtype):
        rows = []
        for t in range(BEFORE, STEPS): step(v, o, t, dtype); rows.append(listed(value(v)))
        return rows
    keras.config.set_floatx("float64"); f64 = go_on(w, o64, "float64")
    keras.config.set_floatx("float32"); f32 = go_on(v, o, "float32")
    return start, state, f64, f32


def run_optax(make, lr, estimates=False):
    table = jnp.asarray([lr * x for x in shape])
    tx = make(lambda count: table[jnp.minimum(count, STEPS - 1)])
    def step(p, s, t, dtype):
        u, s = tx.update(jnp.asarray(grads[t], dtype), s, p); return optax.apply_updates(p, u).astype(dtype), s
    p = jnp.asarray(params, jnp.float32); s = tx.init(p)
    for t in range(BEFORE): p, s = step(p, s, t, jnp.float32)
    state = {}
    for path, leaf in jax.tree_util.tree_flatten_with_path(s)[0]:
        # The innermost name: optax's states are tuples in tuples.
        name = [str(getattr(key, "name", "")) for key in path if getattr(key, "name", "")]
        name = name[-1] if name else jax.tree_util.keystr(path)
        state[name] = listed(leaf) if np.ndim(leaf) else float(leaf)
    double = lambda x: x.astype(jnp.float64) if jnp.issubdtype(x.dtype, jnp.floating) else x
    q, s64 = p.astype(jnp.float64), jax.tree.map(double, s); start = listed(p)
    def go_on(p, s, dtype):
        rows = []
        for t in range(BEFORE, STEPS): p, s = step(p, s, t, dtype); rows.append(listed(p))
        return rows
    return start, state, go_on(q, s64, jnp.float64), go_on(p, s, jnp.float32)


CASES = []
def add(system, name, lr, run, make, **hyper):
    start, state, f64, f32 = run(make(lr, hyper), lr)
    CASES.append(dict(name=f"{system}_{name}", system=system, optimizer=name.split("__")[0],
        hyper={k: v for k, v in hyper.items() if k not in ("foreach", "print_change_log")}, lr=lr, params=start, state=state,
        kept=KEPT, params_f64=[f64[k - 1] for k in KEPT], params_f32=[f32[k - 1] for k in KEPT]))


def T(cls): return lambda lr, h: (lambda ps: cls(ps, lr=lr, **h))
def K(cls): return lambda lr, h: (lambda: cls(learning_rate=lr, **h))
def O(fn): return lambda lr, h: (lambda schedule: fn(schedule, **h))
def fixed(fn): return lambda lr, h: (lambda schedule: fn(lr, **h))
wd, t, k, o = .05, torch.optim, keras.optimizers, optax

add("torch", "SGD", .01, run_torch, T(t.SGD), momentum=.9, dampening=.3, weight_decay=wd)
add("torch", "ASGD", .01, run_torch, T(t.ASGD), lambd=1e-2, t0=100, weight_decay=wd)
add("torch", "Adagrad", .05, run_torch, T(t.Adagrad), lr_decay=.01, weight_decay=wd)
add("torch", "Adadelta", .7, run_torch, T(t.Adadelta), weight_decay=wd)
add("torch", "RMSprop", .01, run_torch, T(t.RMSprop), weight_decay=wd)
add("torch", "RMSprop__momentum", .01, run_torch, T(t.RMSprop), momentum=.9)
add("torch", "RMSprop__centered", .01, run_torch, T(t.RMSprop), centered=True, eps=1e-4)
add("torch", "RMSprop__centered_momentum", .01, run_torch, T(t.RMSprop), centered=True, momentum=.9, eps=1e-4)
add("torch", "Adam", .01, run_torch, T(t.Adam), weight_decay=wd)
add("torch", "Adam__amsgrad", .01, run_torch, T(t.Adam), amsgrad=True, weight_decay=wd)
add("torch", "AdamW", .01, run_torch, T(t.AdamW), weight_decay=wd)
add("torch", "NAdam", .01, run_torch, T(t.NAdam), weight_decay=wd)
add("torch", "RAdam", .01, run_torch, T(t.RAdam), weight_decay=wd)
add("torch", "Adamax", .01, run_torch, T(t.Adamax), weight_decay=wd)
add("torch", "Rprop", .01, run_torch, T(t.Rprop))

add("keras", "SGD", .01, run_keras, K(k.SGD), momentum=.9, weight_decay=wd)
add("keras", "SGD__nesterov", .01, run_keras, K(k.SGD), momentum=.9, nesterov=True, weight_decay=wd)
add("keras", "Adagrad", .05, run_keras, K(k.Adagrad), weight_decay=wd)
add("keras", "Adadelta", .7, run_keras, K(k.Adadelta), weight_decay=wd)
add("keras", "RMSprop", .01, run_keras, K(k.RMSprop), weight_decay=wd)
add("keras", "RMSprop__momentum", .001, run_keras, K(k.RMSprop), momentum=.9)
add("keras", "Adam", .01, run_keras, K(k.Adam), weight_decay=wd)
add("keras", "Adam__amsgrad", .01, run_keras, K(k.Adam), amsgrad=True)
add("keras", "AdamW", .01, run_keras, K(k.AdamW), weight_decay=wd)
add("keras", "Adamax", .01, run_keras, K(k.Adamax), weight_decay=wd)
add("keras", "Nadam", .01, run_keras, K(k.Nadam), weight_decay=wd)
add("keras", "Lion", .003, run_keras, K(k.Lion), weight_decay=wd)
add("keras", "Ftrl", .05, run_keras, K(k.Ftrl), l1_regularization_strength=.01)
add("keras", "ScheduleFreeAdamW", .01, run_keras, K(k.ScheduleFreeAdamW), warmup_steps=20, weight_decay=wd)

add("optax", "sgd__momentum", .01, run_optax, O(o.sgd), momentum=.9)
add("optax", "adagrad", .05, run_optax, O(o.adagrad))
add("optax", "adadelta", .7, run_optax, O(o.adadelta))
add("optax", "rmsprop", .01, run_optax, O(o.rmsprop), bias_correction=True)
add("optax", "rmsprop__momentum", .001, run_optax, O(o.rmsprop), momentum=.9)
add("optax", "rmsprop__centered", .01, run_optax, O(o.rmsprop), centered=True, eps=1e-4)
add("optax", "adamw", .01, run_optax, O(o.adamw), weight_decay=wd)
add("optax", "amsgrad", .01, run_optax, O(o.amsgrad))
add("optax", "adamax", .01, run_optax, O(o.adamax))
add("optax", "nadamw", .01, run_optax, O(o.nadamw), weight_decay=wd)
add("optax", "radam", .01, run_optax, O(o.radam))
add("optax", "adabelief", .01, run_optax, O(o.adabelief))
add("optax", "yogi", .01, run_optax, O(o.yogi))
add("optax", "adan", .01, run_optax, O(o.adan), weight_decay=wd)
add("optax", "lion", .003, run_optax, O(o.lion), weight_decay=wd)
add("optax", "madgrad", .001, run_optax, O(oc.madgrad))
add("optax", "ademamix", .003, run_optax, O(oc.ademamix))
add("optax", "simplified_ademamix", .0001, run_optax, O(oc.simplified_ademamix))
add("optax", "adopt", .01, run_optax, O(oc.adopt))
add("optax", "acprop", .001, run_optax, O(oc.acprop))
add("optax", "cocob", 1.0, run_optax, O(oc.cocob))
add("optax", "optimistic_gradient_descent", .001, run_optax, O(o.optimistic_gradient_descent))
add("optax", "optimistic_adam_v2", .01, run_optax, O(o.optimistic_adam_v2))
add("optax", "schedule_free_sgd", .01, run_optax, fixed(oc.schedule_free_sgd), warmup_steps=20)
add("optax", "schedule_free_adamw", .01, run_optax, fixed(oc.schedule_free_adamw), warmup_steps=20)

trained = lambda *a: run_torch(*a, train=True)
add("authors", "madgrad", .001, run_torch, T(madgrad.MADGRAD), weight_decay=wd)
add("authors", "adabelief", .01, run_torch, T(ab.AdaBelief), weight_decay=wd, print_change_log=False)
add("authors", "schedule_free_sgd", .01, trained, T(sf.SGDScheduleFree), warmup_steps=20, foreach=False)
add("authors", "schedule_free_adamw", .01, trained, T(sf.AdamWScheduleFree), warmup_steps=20, weight_decay=wd, foreach=False)
add("authors", "schedule_free_radam", .01, trained, T(sf.RAdamScheduleFree), foreach=False)
add("timm", "laprop", .01, run_torch, T(tm.LaProp), weight_decay=wd)
add("timm", "adopt", .01, run_torch, T(tm.Adopt), weight_decay=wd, foreach=False)
add("timm", "rmsprop_tf", .003, run_torch, T(tm.RMSpropTF), momentum=.9)
add("timm", "rmsprop_tf__centered", .003, run_torch, T(tm.RMSpropTF), momentum=.9, centered=True, eps=1e-4)
add("timm", "sgdw", .01, run_torch, T(tm.SGDW), momentum=.9, nesterov=True, weight_decay=wd)
add("timm", "adan", .01, run_torch, T(tm.Adan), weight_decay=wd, foreach=False)
add("timm", "nadamw", .01, run_torch, T(tm.NAdamW), weight_decay=wd, foreach=False)
add("kozistr", "laprop__centered", .01, run_torch, T(po.LaProp), centered=True, weight_decay=wd)
add("kozistr", "grams", .01, run_torch, T(po.Grams), weight_decay=wd)
add("kozistr", "signsgd", .001, run_torch, T(po.SignSGD), momentum=.9, weight_decay=wd)
add("kozistr", "tiger", .001, run_torch, T(po.Tiger), weight_decay=wd)

versions = {n: meta.version(n) for n in "torch optax jax keras timm pytorch_optimizer schedulefree madgrad adabelief_pytorch numpy".split()}
with open(sys.argv[1], "w") as out:
    json.dump(dict(versions=versions, grads=listed(grads[BEFORE:]), shape=shape[BEFORE:], cases=CASES), out)
print(len(CASES), "cases")
