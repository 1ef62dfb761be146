#!/usr/bin/env python3
"""Reference runs of optimizers that look at a whole tensor, and of clipping, by the real libraries.

usage: generate_whole.py OUT_DIR [SEED]
needs: torch, numpy, jax[cpu], optax, timm, pytorch_optimizer (versions are written into the files)

Writes whole.json, whole_more.json (rules that need the loss, a second gradient or the names of a model's parameters),
whole_options.json (further settings), whole_further.json (settings of AdamP, SGDP, QHAdam and AdaMod), whole_hessian.json
(AdaHessian on given `estimates` of the Hessian's diagonal) and clipping.json.

Every case runs on several tensors at once, in float64 and in float32, from the same inputs, which float32 represents
exactly. `params_f64[k]` are the tensors, flattened, after the steps that `kept` names.
"""
import json, pathlib, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np, torch, jax, jax.numpy as jnp, optax, timm, timm.optim, pytorch_optimizer as po
import importlib.metadata as meta
jax.config.update("jax_enable_x64", True)

SHAPES = dict(wide=[5, 7], square=[8, 8], tall=[12, 4], vector=[33], single=[1, 1], zeros=[6], quiet=[4, 3])
STEPS, KEPT = 12, [1, 2, 3, 6, 12]


def inputs(seed, scale):
    r = np.random.default_rng(seed)
    params, grads = {}, [{} for _ in range(STEPS)]
    for name, shape in SHAPES.items():
        params[name] = np.zeros(shape, np.float32) if name == "zeros" else r.standard_normal(shape).astype(np.float32)
        for t in range(STEPS):
            g = (scale * r.standard_normal(shape) * np.exp(r.standard_normal(shape))).astype(np.float32)
            if name == "quiet" and t in (0, 1, 5, 6): g[:] = 0
            grads[t][name] = g
    return params, grads


def rows(tensors): return {k: np.asarray(v, np.float64).reshape(-1).tolist() for k, v in tensors.items()}


def run_torch(make, params, grads, dtype):
    p = {k: torch.nn.Parameter(torch.tensor(v, dtype=dtype)) for k, v in params.items()}
    optimizer = make(list(p.values()), list(p.items())); out = []
    for t in range(STEPS):
        for k in p: p[k].grad = torch.tensor(grads[t][k], dtype=dtype)
        optimizer.step()
        if t + 1 in KEPT: out.append(rows({k: v.detach().double().numpy() for k, v in p.items()}))
    return out


def run_optax(make, params, grads, dtype):
    p = {k: jnp.asarray(v, dtype) for k, v in params.items()}; tx = make(); state = tx.init(p); out = []
    for t in range(STEPS):
        u, state = tx.update({k: jnp.asarray(v, dtype) for k, v in grads[t].items()}, state, p)
        p = optax.apply_updates(p, u)
        if t + 1 in KEPT: out.append(rows(p))
    return out


def torch_case(system, name, cls, only=None, **hyper):
    return (f"{system}_{name}", hyper, only, lambda ps, named, cls=cls, hyper=hyper: cls(ps, **hyper), run_torch)


def optax_case(name, make, only=None, **hyper):
    return (f"optax_{name}", hyper, only, lambda make=make, hyper=hyper: make(**hyper), run_optax)


def timm_cls(name): return timm.optim.get_optimizer_class(name, bind_defaults=True)


def po_cls(name): return po.load_optimizer(name)


WHOLE = [
    optax_case("lars", optax.lars, learning_rate=.1, weight_decay=.01, momentum=.9),
    optax_case("lamb", optax.lamb, learning_rate=.01, weight_decay=.01),
    optax_case("novograd", optax.novograd, learning_rate=.01, weight_decay=.01),
    optax_case("fromage", optax.fromage, learning_rate=.01),
    optax_case("prodigy", optax.contrib.prodigy, learning_rate=1.0, estim_lr0=1e-2),
    optax_case("dadapt_adamw", optax.contrib.dadapt_adamw, learning_rate=1.0, estim_lr0=1e-2),
    optax_case("dog", optax.contrib.dog, learning_rate=1.0, init_step=("learning_rate", 1e-2)),
    optax_case("dowg", optax.contrib.dowg, learning_rate=1.0),
    optax_case("adamaxw", optax.adamaxw, learning_rate=.002, weight_decay=.01),
    optax_case("optimistic_gradient_descent", optax.optimistic_gradient_descent, learning_rate=.05),
    optax_case("optimistic_adam", optax.optimistic_adam_v2, learning_rate=.01),
    optax_case("simplified_ademamix", optax.contrib.simplified_ademamix, learning_rate=.001),
    optax_case("acprop", optax.contrib.acprop, learning_rate=.001),
    optax_case("cocob", optax.contrib.cocob, learning_rate=1.0),
    torch_case("timm", "lars", timm_cls("lars"), lr=.1, momentum=.9, weight_decay=.01),
    torch_case("timm", "larc", timm_cls("larc"), lr=.1, momentum=.9, weight_decay=.01),
    torch_case("timm", "lamb", timm_cls("lamb"), lr=.01, weight_decay=.01),
    torch_case("timm", "lambw_no_norm", timm_cls("lamb"), lr=.01, weight_decay=.01, max_grad_norm=None, decoupled_decay=True),
    torch_case("timm", "lamb_trust_clip", timm_cls("lamb"), lr=.01, weight_decay=.01, trust_clip=True, max_grad_norm=None, always_adapt=True),
    torch_case("timm", "novograd", timm_cls("novograd"), lr=.01, weight_decay=.01),
    torch_case("timm", "cautious_adamw", timm_cls("cadamw"), lr=.01, weight_decay=.01),
    torch_case("timm", "cautious_lion", timm_cls("clion"), lr=.001, weight_decay=.01),
    torch_case("timm", "cautious_lamb", timm_cls("clamb"), lr=.01, weight_decay=.01),
    torch_case("timm", "mars", timm_cls("mars"), lr=.003),
    torch_case("timm", "adamp", timm_cls("adamp"), lr=.001, weight_decay=.01),
    torch_case("timm", "sgdp", timm_cls("sgdp"), lr=.01, weight_decay=.01),
    torch_case("kozistr", "stableadamw", po_cls("stableadamw"), lr=.001),
    torch_case("kozistr", "prodigy", po_cls("prodigy"), lr=1.0, d0=1e-2),
    torch_case("kozistr", "dadaptadam", po_cls("dadaptadam"), lr=1.0, d0=1e-2),
    torch_case("kozistr", "dadaptsgd", po_cls("dadaptsgd"), lr=1.0, d0=1e-2),
    torch_case("kozistr", "lamb", po_cls("lamb"), lr=.01, weight_decay=.01),
    torch_case("kozistr", "lars", po_cls("lars"), lr=.1, weight_decay=.01),
    torch_case("kozistr", "novograd", po_cls("novograd"), lr=.01, weight_decay=.01),
    torch_case("kozistr", "fromage", po_cls("fromage"), lr=.01),
    torch_case("kozistr", "qhadam", po_cls("qhadam"), lr=.001),
    torch_case("kozistr", "adamod", po_cls("adamod"), lr=.001),
    torch_case("kozistr", "diffgrad", po_cls("diffgrad"), lr=.001),
]

def of_loss(make):
    """optax's rules that take the loss of the step: losses[t]."""
    def run(_, params, grads, dtype):
        p = {k: jnp.asarray(v, dtype) for k, v in params.items()}; tx = make(); state = tx.init(p); out = []
        for t in range(STEPS):
            g = {k: jnp.asarray(v, dtype) for k, v in grads[t].items()}
            u, state = tx.update(g, state, p, value=jnp.asarray(LOSSES[t], dtype)); p = optax.apply_updates(p, u)
            if t + 1 in KEPT: out.append(rows(p))
        return out
    return run


def adam_mini(_, params, grads, dtype):
    module = torch.nn.Module()
    for k, v in params.items(): module.register_parameter(k, torch.nn.Parameter(torch.tensor(v, dtype=dtype)))
    optimizer = po.load_optimizer("adammini")(module, lr=.01, weight_decay=.01, num_embeds=1, num_heads=1); out = []
    for t in range(STEPS):
        for k, p in module.named_parameters(): p.grad = torch.tensor(grads[t][k], dtype=dtype)
        optimizer.step()
        if t + 1 in KEPT: out.append(rows({k: p.detach().double().numpy() for k, p in module.named_parameters()}))
    return out


def sam(adaptive, rho):
    """The gradient at the climbed parameters is that of step STEPS - 1 - t, scaled by a half."""
    def run(_, params, grads, dtype):
        p = {k: torch.nn.Parameter(torch.tensor(v, dtype=dtype)) for k, v in params.items()}; out = []
        optimizer = po.SAM(list(p.values()), torch.optim.SGD, lr=.05, momentum=.9, rho=rho, adaptive=adaptive)
        for t in range(STEPS):
            for k in p: p[k].grad = torch.tensor(grads[t][k], dtype=dtype)
            optimizer.first_step()
            climbed = {k: v.detach().clone() for k, v in p.items()}
            for k in p: p[k].grad = torch.tensor(grads[STEPS - 1 - t][k], dtype=dtype) / 2 + climbed[k] / 64
            optimizer.second_step()
            if t + 1 in KEPT: out.append(rows({k: v.detach().double().numpy() for k, v in p.items()}))
        return out
    return run


def row_ada_grad(_, params, grads, dtype):
    """The formula of fbgemm's rowwise_adagrad, with a vector as one row."""
    kind = np.float64 if dtype == torch.float64 else np.float32
    p = {k: v.astype(kind) for k, v in params.items()}; h = {k: np.zeros((v.shape[0] if v.ndim > 1 else 1, 1), kind) for k, v in p.items()}; out = []
    for t in range(STEPS):
        for k, v in p.items():
            g = grads[t][k].astype(kind).reshape(h[k].shape[0], -1)
            h[k] += (g * g).mean(axis=1, keepdims=True)
            p[k] = v - (kind(.05) * g / (np.sqrt(h[k]) + kind(1e-8))).reshape(v.shape)
        if t + 1 in KEPT: out.append(rows(p))
    return out


LOSSES = [float(np.float32(x)) for x in np.maximum(.05, 3 * np.exp(-np.arange(STEPS) / 4) + .1 * np.random.default_rng(17).standard_normal(STEPS))]
MORE = [
    ("optax_polyak_sgd", dict(max_learning_rate=.5), None, None, of_loss(lambda: optax.polyak_sgd(max_learning_rate=.5))),
    ("optax_polyak_sgd_f_min", dict(f_min=.5, scaling=.7, variant="sps+"), None, None, of_loss(lambda: optax.polyak_sgd(f_min=.5, scaling=.7, variant="sps+"))),
    ("optax_momo", dict(learning_rate=.1, weight_decay=.01), None, None, of_loss(lambda: optax.contrib.momo(.1, weight_decay=.01))),
    ("kozistr_adammini", dict(lr=.01, weight_decay=.01), None, None, adam_mini),
    ("kozistr_sam", dict(lr=.05, momentum=.9, rho=.05), None, None, sam(False, .05)),
    ("kozistr_asam", dict(lr=.05, momentum=.9, rho=.5), None, None, sam(True, .5)),
    ("formula_row_ada_grad", dict(lr=.05), None, None, row_ada_grad),
]

# Settings that the first cases leave at their defaults. A name with "steady" takes the magnitudes of the gradients, so that estimates
# of the distance grow; one with "big" takes four times the parameters.
OPTIONS = [
    torch_case("timm", "lamb_no_decay", timm_cls("lamb"), lr=.01, weight_decay=0., max_grad_norm=None),
    torch_case("kozistr", "lamb_big_eps", po_cls("lamb"), lr=.01, weight_decay=.01, eps=.1),
    torch_case("timm", "lars_nesterov", timm_cls("lars"), lr=.1, momentum=.9, weight_decay=.01, nesterov=True),
    torch_case("timm", "lars_dampening", timm_cls("lars"), lr=.1, momentum=.9, weight_decay=.01, dampening=.3),
    torch_case("timm", "larc_big", timm_cls("larc"), lr=.001, momentum=.9, weight_decay=.01),
    torch_case("timm", "novograd_averaging", timm_cls("novograd"), lr=.01, weight_decay=.01, grad_averaging=True),
    torch_case("timm", "novograd_decoupled", timm_cls("novograd"), lr=.01, weight_decay=.1, decoupled_decay=True),
    optax_case("dog_heuristic", optax.contrib.dog, learning_rate=.7, init_step=("heuristic", .01), weight_decay=.05),
    optax_case("dog_distance", optax.contrib.dog, learning_rate=1., init_step=("distance", .2)),
    optax_case("dowg_decay", optax.contrib.dowg, learning_rate=.8, init_estim_sq_dist=.01, weight_decay=.05),
    optax_case("steady_prodigy", optax.contrib.prodigy, learning_rate=1., estim_lr0=1e-3, weight_decay=.05),
    optax_case("steady_prodigy_safeguard", optax.contrib.prodigy, learning_rate=.5, estim_lr0=1e-3, safeguard_warmup=True, eps=.01, beta3=.9, estim_lr_coef=2.),
    torch_case("kozistr", "steady_prodigy", po_cls("prodigy"), lr=1., d0=1e-3, growth_rate=1.2),
    optax_case("steady_dadapt_adamw", optax.contrib.dadapt_adamw, learning_rate=1., estim_lr0=1e-3, weight_decay=.05),
    torch_case("kozistr", "steady_dadaptadam", po_cls("dadaptadam"), lr=1., d0=1e-3, growth_rate=1.1),
    torch_case("kozistr", "steady_dadaptsgd", po_cls("dadaptsgd"), lr=1., d0=1e-3),
    torch_case("kozistr", "steady_dadaptsgd_growth", po_cls("dadaptsgd"), lr=1., d0=1e-3, growth_rate=1.1),
    ("optax_polyak_sgd_most", dict(max_learning_rate=.001), None, None, of_loss(lambda: optax.polyak_sgd(max_learning_rate=.001))),
    ("optax_momo_most", dict(learning_rate=.001), None, None, of_loss(lambda: optax.contrib.momo(.001))),
    ("optax_momo_bound", dict(learning_rate=1., lower_bound=1.), None, None, of_loss(lambda: optax.contrib.momo(1., lower_bound=1.))),
]


def ada_hessian(**hyper):
    """timm's rule on given estimates: estimates[t] in place of Hutchinson's, in the steps in which the rule takes a new one."""
    class Given(timm.optim.Adahessian):
        def set_hessian(self):
            for p in self.get_params():
                if self.state[p]["hessian step"] % self.update_each == 0: p.hess = p.given.clone()
                self.state[p]["hessian step"] += 1

    def run(_, params, grads, dtype):
        p = {k: torch.nn.Parameter(torch.tensor(v, dtype=dtype)) for k, v in params.items()}
        optimizer = Given(list(p.values()), avg_conv_kernel=False, **hyper); out = []
        for t in range(STEPS):
            for k in p: p[k].grad, p[k].given = torch.tensor(grads[t][k], dtype=dtype), torch.tensor(ESTIMATES[t][k], dtype=dtype)
            optimizer.step()
            if t + 1 in KEPT: out.append(rows({k: v.detach().double().numpy() for k, v in p.items()}))
        return out
    return run


def hessian_case(name, **hyper): return (f"timm_adahessian{name}", hyper, None, None, ada_hessian(**hyper))


def estimates(seed):
    """Of both signs, as Hutchinson's are, and 0 where the gradients of `quiet` are."""
    r = np.random.default_rng(seed); out = [{} for _ in range(STEPS)]
    for name, shape in SHAPES.items():
        for t in range(STEPS):
            h = ((r.random(shape) - .2) * np.exp(r.standard_normal(shape))).astype(np.float32)
            if name == "quiet" and t in (0, 1, 5, 6): h[:] = 0
            out[t][name] = h
    return out


# A large delta projects most steps, by rows and as a whole.
FURTHER = [
    torch_case("timm", "adamp_delta", timm_cls("adamp"), lr=.01, weight_decay=.1, delta=2., wd_ratio=.3),
    torch_case("timm", "adamp_plain", timm_cls("adamp"), lr=.01, betas=(.8, .95), eps=.01, weight_decay=.1, delta=2.5, nesterov=False),
    torch_case("timm", "sgdp_momentum", timm_cls("sgdp"), lr=.01, momentum=.9, weight_decay=.01, delta=2.),
    torch_case("timm", "sgdp_dampening", timm_cls("sgdp"), lr=.02, momentum=.8, dampening=.3, weight_decay=.02, delta=2.5, wd_ratio=.5, nesterov=False),
    torch_case("kozistr", "qhadam_nus", po_cls("qhadam"), lr=.01, nus=(.7, .9), weight_decay=.05),
    torch_case("kozistr", "qhadam_decoupled", po_cls("qhadam"), lr=.01, betas=(.95, .9), nus=(.5, 1.), eps=.01, weight_decay=.05, weight_decouple=True),
    torch_case("kozistr", "adamod_bounded", po_cls("adamod"), lr=.01, betas=(.9, .99, .8), weight_decay=.05),
    torch_case("kozistr", "adamod_coupled", po_cls("adamod"), lr=.05, betas=(.8, .95, .5), eps=.01, weight_decay=.05, weight_decouple=False),
]

HESSIAN = [
    hessian_case("", lr=.05),
    hessian_case("_decay", lr=.05, weight_decay=.1),
    hessian_case("_power", lr=.05, hessian_power=.5),
    hessian_case("_each", lr=.05, weight_decay=.01, update_each=2),
    hessian_case("_settings", lr=.02, betas=(.8, .95), eps=.01, hessian_power=.5, update_each=3),
]


def versions(): return {n: meta.version(n) for n in ("torch", "optax", "jax", "timm", "pytorch_optimizer", "numpy")}


def plain(value):
    if isinstance(value, tuple) and not isinstance(value[0], str): return list(value)
    return value if isinstance(value, (int, float, str, bool, type(None))) else str(value)


def trajectories(cases, seed, scale):
    params, grads = inputs(seed, scale); done = []
    for case in cases:
        if case is None: continue
        name, hyper, only, make, run = case
        keep = lambda d: {k: v for k, v in d.items() if not only or k in only}
        try:
            p, g = keep(params), [keep(x) for x in grads]
            if "steady" in name: g = [{k: np.abs(v) for k, v in x.items()} for x in g]
            if "big" in name: p = {k: 4 * v for k, v in p.items()}
            f64 = run(make, p, g, jnp.float64 if run is run_optax or name.startswith("optax") else torch.float64)
            f32 = run(make, p, g, jnp.float32 if run is run_optax or name.startswith("optax") else torch.float32)
            flat = np.array([x for row in f64 for v in row.values() for x in v])
            assert np.isfinite(flat).all(), "not finite"
            done.append(dict(case=name, hyper={k: plain(v) for k, v in hyper.items()},
                             tensors=list(p), params_f64=f64, params_f32=[{k: [float(np.float32(x)) for x in v] for k, v in row.items()} for row in f32]))
        except Exception as error:
            print(f"left out {name}: {type(error).__name__}: {str(error)[:150]}", file=sys.stderr)
    return dict(versions=versions(), seed=seed, kept=KEPT, shapes=SHAPES, params=rows(params), grads=[rows(g) for g in grads], cases=done)


CLIPS = [
    ("clip_by_global_norm", optax.clip_by_global_norm, dict(max_norm=.5)),
    ("clip_by_block_rms", optax.clip_by_block_rms, dict(threshold=.7)),
    ("adaptive_grad_clip", optax.adaptive_grad_clip, dict(clipping=.01)),
    ("centralize", optax.centralize, {}),
    ("normalize", optax.contrib.normalize, {}),
]


def clipping(seed):
    r = np.random.default_rng(seed); tensors = {k: (r.standard_normal(s) * np.exp(2 * r.standard_normal(s))).astype(np.float32) for k, s in SHAPES.items()}
    tensors["zeros"][:] = 0; cases = []
    for kind in (1.0, 2.0, 3.0, float("inf")):
        for limit in (.5, 1e4):
            ps = [torch.nn.Parameter(torch.zeros(v.shape, dtype=torch.float64)) for v in tensors.values()]
            for p, v in zip(ps, tensors.values()): p.grad = torch.tensor(v, dtype=torch.float64)
            norm = torch.nn.utils.clip_grad_norm_(ps, limit, kind)
            cases.append(dict(case=f"torch_norm_{kind}_{limit}", norm_type=str(kind), limit=limit, norm=float(norm), grads=rows(dict(zip(tensors, [p.grad.numpy() for p in ps])))))
    g = {k: jnp.asarray(v, jnp.float64) for k, v in tensors.items()}; p = {k: jnp.asarray(r.standard_normal(v.shape)) for k, v in tensors.items()}
    for name, make, hyper in CLIPS:
        tx = make(**hyper); u, _ = tx.update(g, tx.init(p), p)
        cases.append(dict(case=f"optax_{name}", hyper=hyper, params=rows(p), grads=rows(u)))
    hyper = dict(init_scale=65536., growth_interval=4); scaler = torch.amp.GradScaler("cpu", **hyper); w = torch.nn.Parameter(torch.zeros(3)); o = torch.optim.SGD([w], lr=.0); trace = []
    bad = [bool(x) for x in r.random(40) < .2]
    for b in bad:
        scale = float(scaler.scale(torch.ones(1))[0]); w.grad = torch.full((3,), float("inf") if b else scale); scaler.step(o); scaler.update(); trace.append(float(scaler.get_scale()))
    cases.append(dict(case="torch_grad_scaler", **hyper, bad=bad, scale_after=trace))
    return dict(versions=versions(), seed=seed, shapes=SHAPES, tensors=rows(tensors), cases=cases)


if __name__ == "__main__":
    out, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 7
    more = trajectories(MORE, seed, .3); more["losses"] = LOSSES
    options = trajectories(OPTIONS, seed, .3); options["losses"] = LOSSES
    ESTIMATES = estimates(seed + 1)
    hessian = trajectories(HESSIAN, seed, .3); hessian["estimates"] = [rows(h) for h in ESTIMATES]
    for name, data in dict(whole=trajectories(WHOLE, seed, .3), whole_more=more, whole_options=options, whole_further=trajectories(FURTHER, seed, .3), whole_hessian=hessian, clipping=clipping(seed + 3)).items():
        (out / f"{name}.json").write_text(json.dumps(data, separators=(",", ":")))
        print(name, len(data["cases"]), "cases", (out / f"{name}.json").stat().st_size // 1024, "KiB")
