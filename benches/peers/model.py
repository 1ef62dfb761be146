"""All that a training step does to the weights of GPT-2 124M, and LAMB over them: this crate and PyTorch, in turn.

Both sides work on the same memory, PyTorch's. Before each run that is timed the gradients are filled anew, which is not
timed. Before anything is timed, both sides start from the same place, do three steps and have to end at the same place.

The recipe: unscale the gradients of a scaled loss, clip them by their global norm, AdamW with decay on matrices alone, an
average of the weights, zero the gradients. PyTorch's is written in several ways, and the fastest counts:

- foreach: each part by its foreach kernel, as GradScaler, clip_grad_norm_, AdamW and AveragedModel do it.
- fused: the same with the fused AdamW.
- fused, mul: the same, and the gradients are unscaled without a look for infinite ones.
- grad_scale: the fused AdamW takes the scale and the factor of the clip itself, by its attribute `grad_scale`.
"""

import argparse
import copy
import ctypes
import os
import statistics
import time

# PyTorch's threads sleep between kernels. Where they spin, a machine that does other work too makes them ten times as slow;
# the some 900 kernels of a step wake them within 1 or 2 % of its time.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from compare import THREADS, Tensor, staggered, torch  # noqa: E402

SCALE = 65536.0
DECAY = 0.999
WIDTH, LAYERS, WORDS, CONTEXT = 768, 12, 50257, 1024

Clocks = ctypes.c_uint64 * 2


def gpt2(layers, words):
    """The shapes of the tensors."""
    def linear(inputs, outputs):
        return [(inputs, outputs), (outputs,)]

    layer = [(WIDTH,)] * 2 + linear(WIDTH, 3 * WIDTH) + linear(WIDTH, WIDTH)
    layer += [(WIDTH,)] * 2 + linear(WIDTH, 4 * WIDTH) + linear(4 * WIDTH, WIDTH)
    return [(words, WIDTH), (CONTEXT, WIDTH)] + layer * layers + [(WIDTH,)] * 2


class Model:
    """Parameters, gradients, two moments and an average, as tensors of PyTorch and as the library's list."""

    def __init__(self, library, shapes, threads):
        self.library, self.threads = library, threads
        self.elements = sum(torch.Size(shape).numel() for shape in shapes)
        self.streams = []
        for shape in shapes:
            flat = staggered(6, torch.Size(shape).numel())
            self.streams.append([stream.view(shape) for stream in flat])
        self.params, self.grads, self.m, self.v, self.average, self.source = map(list, zip(*self.streams))
        for p, source in zip(self.params, self.source):
            p.normal_(0, 0.02)
            source.normal_(0, SCALE * 1e-3)
        self.leaves = [torch.nn.Parameter(p) for p in self.params]
        for leaf, grad in zip(self.leaves, self.grads):
            leaf.grad = grad
        self.clocks = Clocks()
        self.tensors = (Tensor * len(shapes))(*(
            Tensor(p.numel(), p.data_ptr(), g.data_ptr(), (ctypes.c_void_p * 3)(*(s.data_ptr() for s in state)), p.dim() > 1)
            for p, g, *state in (tensor[:5] for tensor in self.streams)))
        self.start = None

    def groups(self, decay):
        return [{"params": [p for p in self.leaves if p.dim() > 1], "weight_decay": decay},
                {"params": [p for p in self.leaves if p.dim() == 1], "weight_decay": 0.0}]

    def fill_grads(self):
        torch._foreach_copy_(self.grads, self.source)

    def restart(self):
        """As before training. The average starts from the weights."""
        if self.start is None:
            self.start = copy.deepcopy(self.params)
        torch._foreach_copy_(self.params, self.start)
        torch._foreach_copy_(self.average, self.start)
        torch._foreach_zero_(self.m)
        torch._foreach_zero_(self.v)
        self.clocks[0] = 0
        self.clocks[1] = 1

    def share_state(self, optimizer, with_step):
        """Puts our moments into the state of an optimizer of PyTorch."""
        for leaf, m, v in zip(self.leaves, self.m, self.v):
            optimizer.state[leaf].update({"exp_avg": m, "exp_avg_sq": v})
            if with_step:
                optimizer.state[leaf]["step"] = torch.tensor(0.0)
        return optimizer

    def check(self, name, ours, theirs, compared):
        """Three steps of either side from the same start end at the same place."""
        ends = []
        for side in (ours, theirs):
            self.restart()
            for _ in range(3):
                self.fill_grads()
                side()
            ends.append([copy.deepcopy(stream) for stream in compared])
        for of_ours, of_theirs in zip(*ends):
            for a, b in zip(of_ours, of_theirs):
                torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6, msg=lambda text: f"{name}: {text}")


def recipe(model):
    """Ours, and PyTorch's by name."""
    def ours():
        done = model.library.recipe(model.clocks, model.tensors, len(model.tensors), model.threads, SCALE)
        assert done, "the library refused a step"

    def adam_w(**kind):
        return model.share_state(torch.optim.AdamW(model.groups(0.1), lr=1e-3, **kind), True)

    inverse, found = torch.tensor(1.0 / SCALE), torch.tensor(0.0)

    def rest(optimizer):
        torch.nn.utils.clip_grad_norm_(model.leaves, 1.0, foreach=True)
        optimizer.step()
        torch._foreach_lerp_(model.average, model.params, 1.0 - DECAY)
        torch._foreach_zero_(model.grads)

    def unscaling(optimizer):
        def run():
            torch._amp_foreach_non_finite_check_and_unscale_(model.grads, found, inverse)
            if not found.item():
                rest(optimizer)
        return run

    def multiplying(optimizer):
        def run():
            torch._foreach_mul_(model.grads, 1.0 / SCALE)
            rest(optimizer)
        return run

    def scaling(optimizer):
        def run():
            norm = torch.nn.utils.get_total_norm(model.grads, foreach=True) / SCALE
            optimizer.grad_scale = SCALE / torch.clamp(1.0 / (norm + 1e-6), max=1.0)
            optimizer.found_inf = (~norm.isfinite()).float()
            optimizer.step()
            torch._foreach_lerp_(model.average, model.params, 1.0 - DECAY)
            torch._foreach_zero_(model.grads)
        return run

    return ours, {"foreach": unscaling(adam_w(foreach=True)), "fused": unscaling(adam_w(fused=True)),
                  "fused, mul": multiplying(adam_w(fused=True)), "grad_scale": scaling(adam_w(fused=True))}


def lamb(model):
    """Ours, and timm's by name."""
    from timm.optim import Lamb

    def ours():
        done = model.library.lamb(model.clocks, model.tensors, len(model.tensors), model.threads)
        assert done, "the library refused a step"

    def theirs(foreach):
        optimizer = model.share_state(Lamb(model.groups(0.01), lr=1e-3, foreach=foreach), False)
        return lambda: optimizer.step()

    return ours, {"foreach": theirs(True), "single": theirs(False)}


def norm(model):
    """The global norm of the gradients alone."""
    ours = lambda: model.library.grad_norm(model.tensors, len(model.tensors), model.threads)  # noqa: E731
    return ours, {"get_total_norm": lambda: torch.nn.utils.get_total_norm(model.grads, foreach=True)}


WORKS = {"recipe": recipe, "lamb": lamb, "norm": norm}


def in_turn(model, sides, samples):
    """Nanoseconds a parameter of several things that take turns: medians, those of their ratios to the first, the least."""
    def sample(run):
        model.fill_grads()
        time.sleep(0.04 if model.threads > 1 else 0)  # for threads that spin, whatever the environment says
        start = time.perf_counter_ns()
        run()
        return (time.perf_counter_ns() - start) / model.elements
    for run in sides:
        sample(run)
    taken = [[sample(run) for run in sides] for _ in range(samples)]
    times = [statistics.median(column) for column in zip(*taken)]
    ratios = [statistics.median(t / row[0] for t, row in zip(column, taken)) for column in zip(*taken)]
    return times, ratios, [min(column) for column in zip(*taken)]


def main():
    parser = argparse.ArgumentParser(prog="benches/peers/run --model", description=__doc__.splitlines()[0])
    parser.add_argument("library", help=argparse.SUPPRESS)
    parser.add_argument("--only", nargs="*", default=list(WORKS), choices=list(WORKS), help="these")
    parser.add_argument("--samples", type=int, default=15, help="of each side (default 15)")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, THREADS], help="of each side (default 1 2)")
    parser.add_argument("--layers", type=int, default=LAYERS, help="of the model (default 12)")
    parser.add_argument("--words", type=int, default=WORDS, help="rows of its table of words (default 50257)")
    options = parser.parse_args()
    library = ctypes.CDLL(options.library)
    library.recipe.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_double]
    library.lamb.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t]
    library.grad_norm.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t]
    library.recipe.restype = library.lamb.restype = ctypes.c_bool
    library.grad_norm.restype = ctypes.c_double
    torch.set_grad_enabled(False)
    shapes = gpt2(options.layers, options.words)

    for threads in options.threads:
        torch.set_num_threads(threads)
        model = Model(library, gpt2(1, 100), threads)
        for name, work in WORKS.items():
            if name != "norm":
                for theirs in work(model)[1]:
                    # Each starts at its own first step.
                    ours, sides = work(model)
                    compared = [model.params, model.m, model.v] + ([model.average, model.grads] if name == "recipe" else [])
                    model.check(f"{name}, {theirs}", ours, sides[theirs], compared)
            else:
                model.fill_grads()
                ours, sides = work(model)
                for theirs in sides.values():
                    # PyTorch's is a sum in f32: of all 124M parameters it is off by more.
                    torch.testing.assert_close(ours(), theirs().item(), rtol=1e-4, atol=0)

    model = Model(library, shapes, 1)
    model.restart()
    model.start = None
    print(f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}; {len(shapes)} tensors of {model.elements}")
    print("parameters; ns a parameter, medians; times are theirs over ours, medians of the turns; then the same of the least")
    print("times, which other work on the machine changes less.\n")
    print("| step | threads | ours | PyTorch | ns | times | least: ours | PyTorch | times |")
    print("|---|---|---|---|---|---|---|---|---|")
    for threads in options.threads:
        torch.set_num_threads(threads)
        model.threads = threads
        for name in options.only:
            ours, theirs = WORKS[name](model)
            times, ratios, least = in_turn(model, [ours, *theirs.values()], options.samples)
            for i, kind in enumerate(theirs, 1):
                print(f"| {name} | {threads} | {times[0]:.2f} | {kind} | {times[i]:.2f} | {ratios[i]:.2f} "
                      f"| {least[0]:.2f} | {least[i]:.2f} | {least[i] / least[0]:.2f} |", flush=True)


main()
