#!/usr/bin/env python3
"""The arguments of each library's constructors with their defaults, by inspection.

usage: generate_defaults.py OUT.json
needs: torch, jax[cpu], optax, keras, timm, pytorch_optimizer, schedulefree, madgrad, adabelief_pytorch, lion_pytorch (versions
are written into the file)

An argument without a default, such as optax's learning_rate, is left out, and one whose default is no number, flag or list of
numbers is null.
"""
import importlib.metadata as meta, inspect, json, os, sys, warnings
warnings.filterwarnings("ignore"); os.environ["KERAS_BACKEND"] = "torch"
import adabelief_pytorch, keras, lion_pytorch, madgrad, optax, optax.contrib, pytorch_optimizer, schedulefree, timm.optim, torch

SYSTEMS = {
    "torch": {name: getattr(torch.optim, name) for name in
              "SGD ASGD Adagrad Adadelta RMSprop Adam AdamW NAdam RAdam Adamax Rprop".split()},
    "keras": {name: getattr(keras.optimizers, name) for name in
              "SGD Adagrad Adadelta RMSprop Adam AdamW Adamax Nadam Lion Ftrl ScheduleFreeAdamW".split()
              if hasattr(keras.optimizers, name)},
    "optax": {name: getattr(optax, name, None) or getattr(optax.contrib, name) for name in
              "sgd adagrad adadelta rmsprop adam adamw amsgrad adamax adamaxw nadam nadamw radam adabelief yogi adan lion "
              "sign_sgd noisy_sgd rprop optimistic_gradient_descent optimistic_adam_v2 sophia madgrad ademamix "
              "simplified_ademamix adopt acprop cocob schedule_free_sgd schedule_free_adamw".split()},
    "authors": {"madgrad": madgrad.MADGRAD, "adabelief": adabelief_pytorch.AdaBelief,
                "schedule_free_sgd": schedulefree.SGDScheduleFree, "schedule_free_adamw": schedulefree.AdamWScheduleFree,
                "schedule_free_radam": schedulefree.RAdamScheduleFree},
    "timm": {"laprop": timm.optim.LaProp, "adopt": timm.optim.Adopt, "adabelief": timm.optim.AdaBelief,
             "rmsprop_tf": timm.optim.RMSpropTF, "sgdw": timm.optim.SGDW, "adan": timm.optim.Adan,
             "nadamw": timm.optim.NAdamW, "lion": timm.optim.Lion, "madgrad": timm.optim.MADGRAD},
    "lion_pytorch": {"Lion": lion_pytorch.Lion},
    "kozistr": {"laprop": pytorch_optimizer.LaProp, "grams": pytorch_optimizer.Grams,
                "signsgd": pytorch_optimizer.SignSGD, "yogi": pytorch_optimizer.Yogi, "tiger": pytorch_optimizer.Tiger},
}


def plain(value):
    if isinstance(value, (bool, int, float)): return value
    if isinstance(value, (tuple, list)) and all(isinstance(item, (int, float)) for item in value): return list(value)
    return None


def arguments(constructor):
    parameters = inspect.signature(constructor).parameters.values()
    return {p.name: plain(p.default) for p in parameters if p.default is not inspect.Parameter.empty}


versions = {n: meta.version(n) for n in
            "torch optax keras timm pytorch_optimizer schedulefree madgrad adabelief_pytorch lion-pytorch".split()}
optimizers = [dict(system=system, optimizer=name, arguments=arguments(constructor))
              for system, constructors in SYSTEMS.items() for name, constructor in constructors.items()]
with open(sys.argv[1], "w") as out:
    json.dump(dict(versions=versions, optimizers=optimizers), out, indent=1)
    out.write("\n")
