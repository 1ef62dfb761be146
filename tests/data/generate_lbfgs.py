#!/usr/bin/env python3
"""Reference runs of L-BFGS from torch, in float64, on two small problems.

Needs: torch 2.15 (CPU). Usage: generate_lbfgs.py OUT.json
Every step of torch's optimizer is one iteration here, which keeps the history. `params` are those after each of the
first iterations, `losses` are the losses after each of all, `evaluations` counts those of the line search.
"""
import json, sys
import torch

torch.set_default_dtype(torch.float64)
HISTORY = 5
KEPT = 15


def rosenbrock(p):
    return (100 * (p[1:] - p[:-1] ** 2) ** 2 + (1 - p[:-1]) ** 2).sum()


# Numbers with few bits, so that f32 holds them.
generator = torch.Generator().manual_seed(1)
inputs = (torch.randn(24, 6, generator=generator) * 64).round() / 64
inputs[:, 0] = 1
labels = (inputs @ torch.tensor([0.5, 2.0, -1.0, 0.0, 1.0, -2.0]) + torch.randn(24, generator=generator) > 0).double()


def logistic(p):
    margins = (2 * labels - 1) * (inputs @ p)
    return torch.nn.functional.softplus(-margins).mean() + 0.5 * 0.0078125 * (p @ p)


PROBLEMS = {
    "rosenbrock": (rosenbrock, [-1.25, 1.0] * 5),
    "logistic": (logistic, [0.0] * 6),
}
# A small lr makes the search go further, a large one makes it zoom.
CASES = [
    ("rosenbrock", None, 0.25, 150),
    ("rosenbrock", "strong_wolfe", 1.0, 100),
    ("rosenbrock", "strong_wolfe", 0.0625, 140),
    ("logistic", None, 1.0, 14),
    ("logistic", "strong_wolfe", 0.0625, 20),
    ("logistic", "strong_wolfe", 16.0, 40),
]
cases = []
for problem, search, lr, iterations in CASES:
    function, start = PROBLEMS[problem]
    p = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.LBFGS([p], lr=lr, max_iter=1, max_eval=26, tolerance_grad=0, tolerance_change=1e-20,
                                  history_size=HISTORY, line_search_fn=search)

    def closure():
        optimizer.zero_grad()
        loss = function(p)
        loss.backward()
        return loss

    case = dict(problem=problem, line_search=search, lr=lr, params=[], losses=[], evaluations=[])
    before = 0
    for i in range(iterations):
        optimizer.step(closure)
        if i < KEPT:
            case["params"].append(p.detach().tolist())
        case["losses"].append(function(p).item())
        total = optimizer.state[p]["func_evals"]
        case["evaluations"].append(total - before - 1)
        before = total
    print(problem, search, lr, case["losses"][-1], sum(case["evaluations"]))
    cases.append(case)
json.dump(dict(source=f"torch {torch.__version__}, float64", history=HISTORY,
               starts={name: start for name, (_, start) in PROBLEMS.items()},
               inputs=inputs.tolist(), labels=labels.tolist(), cases=cases), open(sys.argv[1], "w"))
