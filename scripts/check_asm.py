#!/usr/bin/env python3
"""Reads the machine code of every optimizer's step on every x86-64 backend and fails where it is not what was written.

Run it on x86-64 with cargo and objdump (binutils). It builds the conformance program for the baseline CPU and looks at
each function that a step on a backend became. A fault is

- a rule of the registry without such a function, or a function whose rule is not in the registry;
- a call, a jump out of the function or a trap: a formula that was not inlined, or a reachable panic;
- a fused operation or an estimate of a reciprocal or of a root: other bits than the formula's;
- no loop over whole vectors, or none without branches for steps with and without weight decay;
- one that does arithmetic in narrower vectors or on single elements;
- in such a loop: an access to the slices beyond one load and one store of a vector for each stream, a coefficient that
  is read again, or, but for the portable backend, a value put on the stack. Reading a constant from the stack is none:
  sixteen registers don't hold every coefficient, and an operand in L1 costs nothing extra;
- a rule with two slots or more whose loops for AVX2 and AVX-512 are not there twice, with and without prefetching, one
  of them that does not prefetch each stream once, and prefetching anywhere else.

A rule without state has loops of half vectors beside those of AVX-512's own, and both are looked at.
"""

import re

from common import ROOT, executable, finish, run

# The type that a backend runs: a rule and its adapters.
ADAPTED = "gradstep::rule::adapter::Adapted<"
REGISTER = {"scalar": None, "portable": "xmm", "avx2": "ymm", "avx512": "zmm"}
# Rules that a step makes of others after it has looked at the whole tensor.
WRAPPED = re.compile("::(Scaled<|ClipFactor|CenterGrads|CautiousLambRule|SamRule)")
# `wide::f32x8` is two SSE registers.
REGISTERS_PER_VECTOR = {"portable": 2, "avx2": 1, "avx512": 1}
FORBIDDEN = {
    "calls": re.compile(r"call"),
    "traps": re.compile(r"ud2|int$|hlt"),
    "fuses": re.compile(r"v?fn?m(add|sub)"),
    "estimates": re.compile(r"v?(rcp|rsqrt)"),
}
ARITHMETIC = re.compile(r"v?(add|sub|mul|div|sqrt|min|max|cmp\w*|fixupimm)([ps])s")
MEMORY = re.compile(r"\w+ (?:PTR|BCST) (?:\w+:)?\[(\w+)[^]]*\]")


def main():
    binary = build()
    lines = [line.split(" ", 1) for line in run(binary, "--rules").splitlines()]
    rules = {rule.removeprefix(ADAPTED).removesuffix(">"): int(written) for written, rule in lines}
    functions = disassemble(binary)
    faults = []
    for backend in REGISTER:
        found = steps(functions, backend)
        faults += [f"{backend}: no function for {short(rule)}" for rule in sorted(rules.keys() - found.keys())]
        faults += [f"{backend}: {short(rule)} is not in the registry" for rule in sorted(found.keys() - rules.keys())]
        loops = 0
        for rule, (slots, code) in sorted(found.items()):
            halves = ["avx2"] if backend == "avx512" and slots == 0 else []
            for width in [backend, *halves]:
                vector_loops, rule_faults = examine(code, width, slots, rules.get(rule, slots), has_forms(rule), is_whole(rule))
                loops += vector_loops
                faults += [f"{backend}: {short(rule)}: {fault}" for fault in rule_faults]
        print(f"{backend}: {len(found)} of {len(rules)} rules, {loops} vector loops")
    finish(faults)


def build():
    """Builds the program and returns its path. A v0 symbol carries the type of the rule."""
    cargo = ["cargo", "rustc", "--quiet", "--release", "--package", "gradstep-conformance", "--bin", "conformance"]
    flags = ["-Csymbol-mangling-version=v0", "-Ctarget-cpu=x86-64"]
    return executable(*cargo, "--message-format=json-render-diagnostics", "--", *flags, cwd=ROOT)


def disassemble(binary):
    """Each function of a binary as a list of (address, mnemonic, operands)."""
    functions, code = {}, None
    output = run("objdump", "--disassemble", "--no-show-raw-insn", "-Mintel", "--demangle=rust", "--wide", binary)
    for line in output.splitlines():
        if header := re.fullmatch(r"[0-9a-f]+ <(.*)>:", line):
            code = functions.setdefault(header[1], [])
        elif instruction := re.match(r"\s*([0-9a-f]+):\t(?:(?:rep\w*|lock|notrack|bnd|cs|data16) )*(\S+)\s*(.*)", line):
            code.append((int(instruction[1], 16), instruction[2], instruction[3]))
    return functions


def steps(functions, backend):
    """The slots and the code of each rule's step on a backend."""
    once = r"core::iter::sources::once::Once<.*>"
    access = "gradstep::run::streams::Step"
    step = re.compile(rf"gradstep::run::arch::{backend}::drive::<{ADAPTED}(.*)>, {access}, (\d)(?:usize)?, {once}>")
    found = {}
    for name, code in functions.items():
        if (match := step.fullmatch(name)) and not WRAPPED.search(match[1]):
            rule = re.sub(r"\b(\d+)usize\b", r"\1", match[1])
            found[rule] = int(match[2]), code
    return found


def short(rule):
    """A rule's name without paths, with a plus where adapters are fused in."""
    names = [name.rpartition("::")[2] for name in re.findall(r"[\w:]+", rule)]
    return next((name for name in names if re.search("(Direction|Rule)$", name)), rule) + "+" * is_adapted(rule)


def is_adapted(rule):
    return not rule.endswith("::Unadapted")


def is_whole(rule):
    """Whether it is the rule of an optimizer that looks at a whole tensor."""
    return "gradstep::whole::" in rule


def has_forms(rule):
    """Whether the form of a rule has a loop without branches. Rprop has two; adapters may be off, and rules of a whole tensor
    have one form."""
    return not (is_adapted(rule) or "::RpropDirection" in rule or is_whole(rule))


def examine(code, backend, slots, written, switches, whole):
    """The number of vector loops in a function, and the faults of the function."""
    faults = [f"{verb}: {m} {o}" for _, m, o in code for verb, pattern in FORBIDDEN.items() if pattern.match(m)]
    inside = {address for address, _, _ in code}
    for _, mnemonic, operands in code:
        if mnemonic.startswith("j") and jump_target(operands) not in inside:
            faults.append(f"leaves the function: {mnemonic} {operands}")
    if backend == "scalar":
        return 0, faults
    vector_loops = straight = prefetching = 0
    for loop in innermost_loops(code):
        body = [(mnemonic, operands) for address, mnemonic, operands in code if address in loop]
        if is_vector_loop(body, backend):
            vector_loops += 1
            straight += sum(mnemonic.startswith("j") for mnemonic, _ in body) == 1
            faults += loop_faults(body, backend, slots, written)
            prefetched = {operands for mnemonic, operands in body if mnemonic == "prefetcht0"}
            prefetching += len(prefetched) > 0
            if len(prefetched) not in (0, slots + 2):
                faults.append(f"prefetches {len(prefetched)} of {slots + 2} streams")
    forms = 2 if backend in ("avx2", "avx512") and slots >= 2 else 1
    # The compiler may make a loop for each setting of a rule that looks at a whole tensor.
    if not whole and prefetching * forms != vector_loops * (forms - 1):
        faults.append(f"prefetches in {prefetching} of {vector_loops} loops")
    if vector_loops == 0:
        faults.append(f"has no loop that stores {REGISTER[backend]} registers")
    elif straight < 2 * forms and switches:
        faults.append("has no loop without branches of its own with and without weight decay")
    return vector_loops, faults


def jump_target(operands):
    return int(operands.split()[0], 16) if re.match(r"[0-9a-f]+\b", operands) else None


def innermost_loops(code):
    """The sets of addresses of a function's loops that hold no other loop."""
    after = {}
    for (address, mnemonic, operands), following in zip(code, [*code[1:], None]):
        falls_through = following and not mnemonic.startswith(("jmp", "ret", "ud2"))
        after[address] = [following[0]] if falls_through else []
        if mnemonic.startswith("j"):
            after[address].append(jump_target(operands))
    before = {address: [] for address in after}
    for address, targets in after.items():
        after[address] = [target for target in targets if target in before]
        for target in after[address]:
            before[target].append(address)
    # Depth first; an edge to an address on the path closes a loop.
    loops, seen, on_path = [], set(), set()
    path = [(code[0][0], iter(after[code[0][0]]))]
    while path:
        address, targets = path[-1]
        seen.add(address)
        on_path.add(address)
        target = next(targets, None)
        if target is None:
            path.pop()
            on_path.discard(address)
        elif target in on_path:
            loops.append(natural_loop(target, address, before))
        elif target not in seen:
            path.append((target, iter(after[target])))
    return [loop for loop in loops if not any(other < loop for other in loops)]


def natural_loop(head, end, before):
    """What leads to the end of a loop without passing its head."""
    loop, open_ends = {head}, [end]
    while open_ends:
        if (address := open_ends.pop()) not in loop:
            loop.add(address)
            open_ends += before[address]
    return loop


def is_vector_loop(body, backend):
    """Whether a loop stores whole vectors to a slice."""
    store = re.compile(rf"{REGISTER[backend].upper()}WORD PTR \[(?!rsp)[^]]*\],{REGISTER[backend]}\d")
    stores = sum(bool(store.match(operands)) for _, operands in body)
    return stores >= REGISTERS_PER_VECTOR[backend]


def loop_faults(body, backend, slots, written):
    register = REGISTER[backend]
    faults, loads, stores = [], 0, 0
    for mnemonic, operands in body:
        text = f"{mnemonic} {operands}"
        arithmetic = ARITHMETIC.match(mnemonic)
        if arithmetic and (arithmetic[2] == "s" or not re.search(rf"\b{register}\d", operands)):
            faults.append(f"is not {register} wide: {text}")
        access = MEMORY.search(operands)
        if not access or mnemonic in ("nop", "prefetcht0"):
            continue
        is_store = operands.startswith(access[0]) and not mnemonic.startswith(("cmp", "test"))
        if access[1] in ("rsp", "rip"):
            # SSE2 has no blend and sixteen registers for vectors of two: some rules need more.
            if is_store and backend != "portable":
                faults.append(f"spills: {text}")
        elif not access[0].startswith(f"{register.upper()}WORD PTR"):
            faults.append(f"reads a coefficient again: {text}")
        elif is_store:
            stores += 1
        else:
            loads += 1
    # Unrolled loops have a multiple of it.
    vectors = max(1, stores // (REGISTERS_PER_VECTOR[backend] * (written + 1)))
    most = vectors * REGISTERS_PER_VECTOR[backend]
    # An average uses what it was twice, and LLVM at times folds both loads of it into arithmetic.
    if loads > most * (2 * slots + 2) or stores > most * (written + 1):
        faults.append(f"has {loads} loads and {stores} stores for {slots} slots")
    return faults


main()
