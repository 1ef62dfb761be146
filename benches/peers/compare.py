"""Steps of this crate and of torch.optim over the same tensors, in turn: medians and their ratio.

Each side is timed from Python, around whole steps. Ours is one call of a shared library through ctypes: the
coefficients, then every tensor. PyTorch's is `optimizer.step()`, fused where it has a fused CPU kernel, else foreach;
and, with the Python around it left out, the operator that it ends in. Both run on the same memory: parameters,
gradients and state are PyTorch's tensors, and a step of either goes on where the other stopped.
"""

import argparse
import ctypes
import statistics
import time
import warnings

THREADS = 2
warnings.filterwarnings("ignore", message="Failed to initialize NumPy")
import torch  # noqa: E402

SIZES = {"1 Ki": 1 << 10, "16 Ki": 1 << 14, "256 Ki": 1 << 18, "4 Mi": 1 << 22, "64 Mi": 1 << 26}
LISTS = {"100 × 768": [768] * 100, "100 × 768²": [768 * 768] * 100}

# Elements beyond whole pages, a page and ten cache lines, so that no two streams stand at the same place within a page
# or a power of two apart: that slows both sides.
STAGGER = 1024 + 160


class Tensor(ctypes.Structure):
    _fields_ = [("len", ctypes.c_size_t), ("params", ctypes.c_void_p), ("grads", ctypes.c_void_p),
                ("state", ctypes.c_void_p * 3), ("decays", ctypes.c_bool)]


def staggered(count, length):
    """Streams of zeros, each on a cache line of its own within a page."""
    stride = -(-length // 1024) * 1024 + STAGGER
    buffer = torch.zeros(count * stride + 1024)
    start = -buffer.data_ptr() % 4096 // 4
    return [buffer[start + i * stride:][:length] for i in range(count)]


def step_count():
    return torch.tensor(0.0)


class Peer:
    """An optimizer of PyTorch: the names of its state, and the operator that a fused step ends in."""

    def __init__(self, number, make, slots, operator=None):
        self.number, self.make, self.slots, self.operator = number, make, slots, operator


def fused_sgd(momentum):
    def run(params, grads, slots, _):
        torch._fused_sgd_(params, grads, slots[0] if momentum else [], weight_decay=0.0, momentum=momentum, lr=1e-3,
                          dampening=0.0, nesterov=False, maximize=False, is_first_step=False)
    return run


def fused_adagrad(params, grads, slots, steps):
    torch._fused_adagrad_(params, grads, slots[0], steps, lr=1e-2, lr_decay=0.0, weight_decay=0.0, eps=1e-10,
                          maximize=False)


def fused_adam(operator, weight_decay):
    def run(params, grads, slots, steps):
        operator(params, grads, slots[0], slots[1], [], steps, lr=1e-3, beta1=0.9, beta2=0.999,
                 weight_decay=weight_decay, eps=1e-8, amsgrad=False, maximize=False)
    return run


OPTIM = torch.optim
PEERS = {
    "Sgd": Peer(0, lambda p: OPTIM.SGD(p, lr=1e-3, fused=True), [], fused_sgd(0.0)),
    "Momentum": Peer(1, lambda p: OPTIM.SGD(p, lr=1e-3, momentum=0.9, fused=True), ["momentum_buffer"], fused_sgd(0.9)),
    "AdaGrad": Peer(2, lambda p: OPTIM.Adagrad(p, fused=True), ["sum"], fused_adagrad),
    "RmsProp": Peer(3, lambda p: OPTIM.RMSprop(p, foreach=True), ["square_avg"]),
    "Adam": Peer(4, lambda p: OPTIM.Adam(p, fused=True), ["exp_avg", "exp_avg_sq"], fused_adam(torch._fused_adam_, 0.0)),
    "AdamW": Peer(5, lambda p: OPTIM.AdamW(p, fused=True), ["exp_avg", "exp_avg_sq"],
                  fused_adam(torch._fused_adamw_, 1e-2)),
}


class Subject:
    """An optimizer over a list of tensors, to be stepped by either side."""

    def __init__(self, library, peer, lengths):
        self.library, self.peer = library, peer
        self.streams = [self.allocate(length) for length in lengths]
        self.params = [torch.nn.Parameter(tensor[0]) for tensor in self.streams]
        for param, tensor in zip(self.params, self.streams):
            param.grad = tensor[1]
        self.theirs = peer.make(self.params)
        self.steps = []
        for param, tensor in zip(self.params, self.streams):
            state = self.theirs.state[param]
            self.steps.append(state.setdefault("step", step_count()))
            state.update(zip(peer.slots, tensor[2:]))
        self.clock = ctypes.c_uint64(0)
        self.tensors = (Tensor * len(lengths))(*(
            Tensor(length, t[0].data_ptr(), t[1].data_ptr(), (ctypes.c_void_p * 3)(*(s.data_ptr() for s in t[2:])))
            for length, t in zip(lengths, self.streams)))
        slots = [[tensor[2 + i] for tensor in self.streams] for i in range(len(peer.slots))]
        grads = [tensor[1] for tensor in self.streams]
        plain = [tensor[0] for tensor in self.streams]
        # As optimizer.step() does it, the operator reads a count of steps for each tensor.
        self.operator = peer.operator and (lambda: peer.operator(plain, grads, slots, self.steps))

    def allocate(self, length):
        """Parameters, gradients and state."""
        streams = staggered(2 + len(self.peer.slots), length)
        streams[0].uniform_(-1, 1)
        streams[1].uniform_(-1, 1)
        for slot in streams[2:]:
            slot.uniform_(0.01, 1)
        return streams

    def ours(self, threads):
        done = self.library.step(self.peer.number, ctypes.byref(self.clock), self.tensors, len(self.tensors), threads)
        assert done, "the library refused a step"

    def check(self):
        """Five steps of either side from the same start end at the same place."""
        before = [[stream.clone() for stream in tensor] for tensor in self.streams]
        for _ in range(5):
            self.ours(1)
        ours = [[stream.clone() for stream in tensor] for tensor in self.streams]
        for tensor, start in zip(self.streams, before):
            for stream, value in zip(tensor, start):
                stream.copy_(value)
        self.theirs_restart()
        for _ in range(5):
            self.theirs.step()
        for tensor, other in zip(self.streams, ours):
            for stream, value in zip(tensor, other):
                torch.testing.assert_close(stream, value, rtol=1e-5, atol=1e-6)

    def theirs_restart(self):
        for step in self.steps:
            step.zero_()


def in_turn(sides, elements, samples):
    """Medians in nanoseconds a step of several things that take turns."""
    def repeat(run, times):
        start = time.perf_counter_ns()
        for _ in range(times):
            run()
        return (time.perf_counter_ns() - start) / times
    def sample(run):
        # OpenMP's threads spin for some 16 ms after their last step. Then caches and sleeping threads are warmed again.
        time.sleep(0.04 if torch.get_num_threads() > 1 else 0)
        repeat(run, times)
        return repeat(run, times)
    times = max(1, min(1000, (1 << 26) // elements))
    for run in sides:
        sample(run)
    taken = [[sample(run) for run in sides] for _ in range(samples)]
    return [statistics.median(column) for column in zip(*taken)]


def main():
    parser = argparse.ArgumentParser(prog="benches/peers/run", description=__doc__.splitlines()[0])
    parser.add_argument("library", help=argparse.SUPPRESS)
    parser.add_argument("--only", nargs="*", default=list(PEERS), choices=list(PEERS), help="these optimizers")
    parser.add_argument("--samples", type=int, default=21, help="of each side (default 21; a third where they are long)")
    parser.add_argument("--largest", type=int, default=1 << 26, help="parameters of the largest tensor (default 64 Mi)")
    options = parser.parse_args()
    library = ctypes.CDLL(options.library)
    library.step.argtypes = [ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t]
    library.step.restype = ctypes.c_bool
    torch.set_grad_enabled(False)
    for peer in PEERS.values():
        Subject(library, peer, [1000, 77]).check()
    unused = (ctypes.c_uint64 * 8)()
    nothing = lambda: library.step(99, unused, unused, 0, 1)  # noqa: E731
    [call] = in_turn([nothing], 1000, options.samples)
    print(f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}; µs a step, medians; times are theirs")
    print(f"over ours, above 1 where we are faster. Of ours, {call / 1e3:.2f} µs is the call from Python.\n")
    print("| optimizer | tensors | threads | ours | torch.optim | times | operator | times |")
    print("|---|---|---|---|---|---|---|---|")
    workloads = {name: [n] for name, n in SIZES.items()} | LISTS
    for name in options.only:
        for workload, lengths in workloads.items():
            if max(lengths) > options.largest:
                continue
            subject = Subject(library, PEERS[name], lengths)
            for threads in (1, THREADS):
                torch.set_num_threads(threads)
                sides = [lambda: subject.ours(threads), subject.theirs.step]
                sides += [subject.operator] if subject.operator else []
                samples = options.samples if sum(lengths) < 1 << 22 else options.samples // 3 + 1
                ours, theirs, *operator = (t / 1e3 for t in in_turn(sides, sum(lengths), samples))
                bare = f"{operator[0]:.2f} | {operator[0] / ours:.2f}" if operator else "— | —"
                print(f"| {name} | {workload} | {threads} | {ours:.2f} | {theirs:.2f} | {theirs / ours:.2f} | {bare} |",
                      flush=True)


if __name__ == "__main__":
    main()
