#!/usr/bin/env python3
"""What the crate costs on a microcontroller: flash, RAM, stack, instructions.

usage: scripts/size.py [--record] [TABLE…]    (default: all tables)

  programs      whole programs that train a small network: flash and RAM, at opt-level s
  instructions  of a tick at step 1,000 and of an element, run by QEMU, and the stack of both, at opt-level s
  steps         bytes of code and of stack of every optimizer's step with all that it calls, at opt-level 3 and s

Each table has a record in firmware/. Fails where a number has grown by more than an eighth (stack: by more than 16
bytes) over its record; --record writes the records. Works where scripts/setup-cross works.
"""

import os
import re
import shlex
import subprocess
import sys
from bisect import bisect_right

from common import ROOT, Record, executable, finish, run

M4F, M0, RV32 = "thumbv7em-none-eabihf", "thumbv6m-none-eabi", "riscv32imc-unknown-none-elf"
TARGETS = {M4F: "Cortex-M4F", M0: "Cortex-M0", RV32: "RV32IMC"}

# What a row of the first table is, and the trainer that `firmware/src/bin/cost.rs` is built with.
PROGRAMS = {
    "descent by hand": "Plain",
    "Sgd": "Ours<gradstep::Sgd, 0>",
    "momentum by hand": "MomentumByHand",
    "Momentum": "Ours<gradstep::Momentum, 1>",
    "Momentum, schedule in f32": "Ours<gradstep::Momentum, 1, InF32>",
    "Momentum, schedule in Coefficient": "Ours<gradstep::Momentum, 1, InCoefficients>",
    "Momentum, schedule in f64": "Ours<gradstep::Momentum, 1, InF64>",
    "AdaGrad": "Ours<gradstep::AdaGrad, 1>",
    "RmsProp": "Ours<gradstep::RmsProp, 1>",
    "Lion": "Ours<gradstep::Lion, 1>",
    "Adam by hand, in f32": "AdamByHand",
    "Adam": "Ours<gradstep::Adam, 2>",
    "Adam, schedule in f32": "Ours<gradstep::Adam, 2, InF32>",
    "Adam, schedule in Coefficient": "Ours<gradstep::Adam, 2, InCoefficients>",
    "Adam, schedule in f64": "Ours<gradstep::Adam, 2, InF64>",
    "Adam, errors by kind()": "Ours<gradstep::Adam, 2, Constant, Kind>",
    "Adam, errors by Display": "Ours<gradstep::Adam, 2, Constant, Display>",
    "AdamW": "Ours<gradstep::AdamW, 2>",
    "AdamW, clipped": "Clipped<gradstep::AdamW, 2>",
    "AdamW, warm-up and cosine": "Ours<gradstep::AdamW, 2, WarmCosine>",
    "AdamW, clipped, warm-up and cosine": "Clipped<gradstep::AdamW, 2, WarmCosine>",
    "Lars": "Ours<gradstep::Lars, 1>",
    "Lamb": "Ours<gradstep::Lamb, 2>",
    "NAdam, which takes f64 powers": "Ours<gradstep::NAdam, 2>",
}


def main():
    tables = {"programs": programs, "instructions": instructions, "steps": steps}
    wanted = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    run(os.path.join(ROOT, "scripts", "setup-cross"))
    finish([fault for name, table in tables.items() if not wanted or name in wanted for fault in table()])


# ── whole programs ──

def programs():
    columns = [f"{name} {kind}" for name in TARGETS.values() for kind in ("flash", "RAM")]
    rows = {}
    for name, trainer in PROGRAMS.items():
        rows[name] = [n for target in TARGETS for n in flash_and_ram(build(target, "s", trainer))]
    return show("firmware/programs.txt", "program", columns, rows, lambda column, before: before * 9 // 8)


def flash_and_ram(binary):
    """Bytes in flash, and the bytes of static memory. Sections that only exist for the linker or the stack have no name
    here."""
    sections = run("arm-none-eabi-objdump", "--section-headers", binary)
    size = {m[1]: int(m[2], 16) for m in re.finditer(r"^ *\d+ (\S+) +([0-9a-f]+) ", sections, re.M)}
    of = lambda *names: sum(size.get(name, 0) for name in names)
    data = of(".data", ".sdata")
    return of(".vector_table", ".text", ".rodata", ".init", ".text.dummy") + data, data + of(".bss", ".sbss")


# ── instructions of a tick and of an element ──

def instructions():
    columns = [f"{TARGETS[target]} {kind}" for target in (M4F, M0) for kind in ("tick", "element", "stack")]
    counts = [counted(target) for target in (M4F, M0)]
    rows = {name: [n for count in counts for n in count[name]] for name in counts[0]}
    most = lambda column, before: before + 16 if column % 3 == 2 else before * 9 // 8 + 1
    return show("firmware/instructions.txt", "optimizer", columns, rows, most)


def counted(target):
    """For each optimizer the instructions of its last tick, those of an element, and the deeper stack of both."""
    binary = build_surface(target, "s")
    ticks, steps, depths = {}, {}, {}
    for kind, name, count, depth in calls(binary, target):
        if kind == "tick":
            ticks[name] = count
        else:
            steps.setdefault(name, []).append(count)
        depths[name] = max(depth, depths.get(name, 0))
    # A step over 16 elements, then over 32.
    element = {name: round((long - short) / 16) for name, (short, long) in steps.items()}
    return {name: [ticks.get(name, 0), element[name], depths[name]] for name in sorted(element)}


def calls(binary, target):
    """Each call of a tick and of a step while QEMU runs the program: which, its instructions, its deepest stack."""
    functions = sorted((address, size) for address, size, _ in symbols(binary))
    starts = [address for address, _ in functions]
    named = {address: called for address, _, name in symbols(binary) if (called := tick_or_step(name))}
    frames = stack_sizes(binary)
    function = lambda place: starts[bisect_right(starts, place) - 1]
    active, count, depth, chain, caller, last = None, 0, 0, [], (0, 0), 0
    for place in places(binary, target):
        if active is None:
            if place in named:
                active, count, chain = named[place], 1, [place]
                depth = frames.get(place, 0)
                start = function(last)
                caller = start, start + dict(functions)[start]
            last = place
        elif caller[0] <= place < caller[1]:
            yield *active, count, depth
            active, last = None, place
        else:
            count += 1
            here = function(place)
            if here != chain[-1]:
                chain = chain[:chain.index(here) + 1] if here in chain else chain + [here]
                depth = max(depth, sum(frames.get(start, 0) for start in chain))


def places(binary, target):
    """The address of each instruction that QEMU executes."""
    variable = f"CARGO_TARGET_{target.upper().replace('-', '_')}_RUNNER"
    runner = run("bash", "-c", f"source {ROOT}/target/cross/env.sh; echo ${variable}")
    options = ["-accel", "tcg,one-insn-per-tb=on", "-d", "exec,nochain", "-D", "/dev/stdout"]
    command = shlex.split(runner)[:-1] + options + ["-kernel", binary]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as qemu:
        for line in qemu.stdout:
            if line.startswith(b"Trace"):
                yield int(line.split(b"/", 2)[1], 16)
    if qemu.returncode != 0:
        finish([f"{binary} failed"])


# ── steps alone ──

def steps():
    levels = ["3", "s"]
    tables = {}
    for level in levels:
        binary = build_surface(M4F, level)
        tables[level] = measure(binary)
        if "gradstep::any" in run("arm-none-eabi-nm", "--demangle=rust", binary):
            finish(["a program that does not use gradstep::any contains some of it"])
    rows = {name: [n for level in levels for n in tables[level].get(name, (0, 0))] for name in tables["s"]}
    columns = [f"{kind} {level}" for level in levels for kind in ("code", "stack")]
    most = [lambda before: before * 9 // 8, lambda before: before + 16]
    return show("firmware/steps.txt", "step", columns, rows, lambda column, before: most[column % 2](before))


def measure(binary):
    """Code and stack of each optimizer's step, with the functions that it calls: one that two steps share counts for both."""
    functions, stacks, callees = symbols(binary), stack_sizes(binary), calls_of(binary)
    sizes = {address: size for address, size, _ in functions}

    def reached(address, found):
        if address not in found:
            found.add(address)
            for callee in callees.get(address, ()):
                reached(callee, found)
        return found

    def deepest(address):
        return stacks.get(address, 0) + max(map(deepest, callees.get(address, ())), default=0)

    steps = {}
    for address, _, name in functions:
        called = tick_or_step(name)
        if called and called[0] == "step":
            code = reached(address, set())
            if None in code:
                finish([f"{called[1]}: its step calls through a pointer, which cannot be followed"])
            steps[called[1]] = sum(sizes[function] for function in code), deepest(address)
    return dict(sorted(steps.items()))


def calls_of(binary):
    """The functions that each function branches to, by address; None is one whose address is in a register."""
    functions = sorted((address, size) for address, size, _ in symbols(binary))
    starts = [address for address, _ in functions]
    callees = {}
    for line in run("arm-none-eabi-objdump", "--disassemble", "--no-show-raw-insn", binary).splitlines():
        branch = re.match(r" +([0-9a-f]+):\t(b\S*|cbn?z)\t(?:r\d+, )?([0-9a-f]+ <|r\d+|ip|sl|fp)", line)
        if not branch or branch[2].startswith(("bfc", "bfi", "bic", "bkpt")):
            continue
        address = int(branch[1], 16)
        start, size = functions[bisect_right(starts, address) - 1]
        if not start <= address < start + size:
            continue  # padding
        target = int(branch[3][:-2], 16) if branch[3].endswith("<") else None
        if target is None or not start <= target < start + size:
            callees.setdefault(start, set()).add(target and starts[bisect_right(starts, target) - 1])
    return callees


# ── binaries ──

def build(target, level, trainer):
    """Builds the smallest program with a trainer and returns its path."""
    cargo = f"cargo +debian build --quiet --release --bin cost -Zbuild-std=core --target {target}"
    environment = f"source {ROOT}/target/cross/env.sh; cd {ROOT}/firmware"
    settings = f"CARGO_TARGET_DIR={ROOT}/target/cross/build CARGO_PROFILE_RELEASE_OPT_LEVEL={level}"
    # rustup tells each time that it takes cargo from another toolchain.
    quiet = "2> >(grep -v '^info: ' >&2)"
    command = f"{environment}; {settings} {cargo} --message-format=json-render-diagnostics {quiet}"
    return executable("bash", "-c", command, env=os.environ | {"TRAINER": trainer})


def build_surface(target, level):
    """The program over the whole surface of the crate."""
    return run(os.path.join(ROOT, "scripts", "surface"), target, level).strip()


def symbols(binary):
    """Address, size and name of each function."""
    lines = run("arm-none-eabi-nm", "--demangle=rust", "--print-size", binary).splitlines()
    found = (re.fullmatch(r"([0-9a-f]+) ([0-9a-f]+) [tTwW] (.*)", line) for line in lines)
    return [(int(m[1], 16) & ~1, int(m[2], 16), m[3]) for m in found if m]


def tick_or_step(name):
    """Which of the two a function is, and the optimizer's name, or what else is counted; None for other functions."""
    others = {"surface::norm": "a norm", "surface::clipped": "Adam, clipped"}
    if name in others:
        return "step", others[name]
    m = re.fullmatch(r"surface::(tick|step)::<gradstep::optim::(?:\w+::)+(\w+), .*>", name)
    return m and (m[1], m[2])


def stack_sizes(binary):
    """The frame of each function by address: pairs of an address and a LEB128 number."""
    section = binary + ".stack_sizes"
    run("arm-none-eabi-objcopy", "--dump-section", f".stack_sizes={section}", binary, "/dev/null")
    with open(section, "rb") as file:
        data = file.read()
    sizes, at = {}, 0
    while at < len(data):
        address, at = int.from_bytes(data[at:at + 4], "little") & ~1, at + 4
        size = shift = 0
        while True:
            byte, at = data[at], at + 1
            size, shift = size | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                break
        sizes[address] = size
    return sizes


def show(path, what, columns, rows, most):
    """Prints a table and returns where it is worse than its record."""
    width = max(len(name) for name in rows) + 2
    header = f"{what:{width}}" + "".join(f"{column:>{len(column) + 2}}" for column in columns)
    lines = [header]
    for name, numbers in rows.items():
        lines.append(f"{name:{width}}" + "".join(f"{n:{len(column) + 2}}" for n, column in zip(numbers, columns)))
    print("\n".join(lines), end="\n\n")
    return Record(path, header + "\n").check(rows, lines, most)


main()
