#!/usr/bin/env python3
"""Reads the machine code of every loop over vectors on every x86-64 backend and fails where it is not what was written.

Run it on x86-64 with cargo and objdump (binutils). It builds the program `rules` of the conformance crate for the baseline
CPU, which lists the functions that it must hold: for each rule a step of one tensor, one that zeroes the gradients, one of a
list, and the sums that it needs. A step that sums before its update has all its loops in one function, and its update alone in
another. The script looks at every function of `src/run/arch`. A fault is

- an expected function that a backend lacks, or one that only some backends have;
- a vector operation, or a loop over vectors, that was not inlined into the backend's own function;
- a call, a jump out of the function or a trap: a formula that was not inlined, or a reachable panic. What is done once a
  block of 1,024 elements or once a row may be a call;
- a fused operation or an estimate of a reciprocal or of a root: other bits than the formula's;
- no loop over whole vectors, or, for the steps of element-wise optimizers, none without branches with and without weight
  decay;
- a loop that does arithmetic in narrower vectors or on single elements;
- in such a loop: an access to the slices beyond one load and one store of a vector for each stream, a coefficient that
  is read again, or, but for the portable backend, a value put on the stack, on AVX2 a third one. Reading a constant from
  the stack is none: sixteen registers don't hold every coefficient, and an operand in L1 costs nothing extra. Sums may put
  three values on the stack for each register of their lanes: those of two sums fill all registers of AVX2;
- a rule with two slots or more whose loops for AVX2 and AVX-512 are not there twice, with and without prefetching, one
  of them that does not prefetch each stream once, and prefetching anywhere else.

A rule without state has loops of half vectors beside those of AVX-512's own, and both are looked at.
"""

import re
from collections import defaultdict
from functools import cache

from common import ROOT, executable, finish, run

REGISTER = {"scalar": None, "portable": "xmm", "avx2": "ymm", "avx512": "zmm"}
# `wide::f32x8` is two SSE registers.
REGISTERS_PER_VECTOR = {"portable": 2, "avx2": 1, "avx512": 1}
# The lanes that a block is summed in, and those of a register of f64.
LANES, F64_LANES = 32, {"portable": 2, "avx2": 4, "avx512": 8}
ARCH = re.compile(rf"gradstep::run::arch::({'|'.join(REGISTER)})::")
# Values that a loop may put on the stack. AVX2 has sixteen registers, which three slots with every option fill, and LAMB's update
# with every adapter.
MOST_SPILLS = {"avx2": 2, "avx512": 0}
# What runs on the active backend alone, which on x86-64 is never the scalar one.
ACTIVE = re.compile(r"^max_abs|StepZeroing|list|::OfPass<|gradstep::(grad|sum)::|::Sweep$")
# Rules of one form, with branches for what it leaves open.
ONE_FORM = ["RpropDirection", "QhAdamDirection", "AdaModDirection", "AdaHessianDirection"]
FORBIDDEN = {
    "traps": re.compile(r"ud2|int$|hlt"),
    "fuses": re.compile(r"v?fn?m(add|sub)"),
    "estimates": re.compile(r"v?(rcp|rsqrt)"),
}
ARITHMETIC = re.compile(r"v?(add|sub|mul|div|sqrt|min|max|cmp\w*|fixupimm)([ps])[sd]")
MEMORY = re.compile(r"\w+ (?:PTR|BCST) (?:\w+:)?\[(\w+)[^]]*\]")


def main():
    program = build()
    binary = Binary(program)
    expected = [line.split(" ", 3) for line in run(program).splitlines()]
    # The steps that sum before their update in the same function.
    summing = {formula for _, _, access, formula in expected if access == "sums"}
    expected = [words for words in expected if words[2] != "sums"]
    # The formulas that sum before their update, over all tensors too.
    with_passes = {match[1] for _, _, _, formula in expected if (match := re.match(r".*::OfPass<(.*), \d+>$", formula))}
    faults, loops, seen = [], defaultdict(int), defaultdict(set)
    for function in binary.functions():
        seen[function.backend].add(function.key)
        function.is_summing = function.formula in summing
        function.has_passes = function.formula in with_passes
        written = {int(n) for n, *words in expected if function.is_expected(*words)}
        examine = EXAMINERS.get(function.name)
        if examine is None or len(written) > 1:
            faults.append(f"{function}: {'expected with different slots' if written else 'no rules for such a function'}")
            continue
        vector_loops, found = examine(function, written.pop() if written else function.slots)
        loops[function.backend] += vector_loops
        faults += [f"{function}: {fault}" for fault in [*function.faults(), *found]]
    everywhere = set().union(*seen.values())
    for backend in REGISTER:
        can_run = lambda words: backend != "scalar" or not ACTIVE.search(" ".join(words))
        missing = [key for key in sorted(everywhere - seen[backend]) if can_run(key)]
        faults += [f"{backend}: no {' '.join(key)}, which other backends have" for key in missing]
        missing = [words for _, *words in expected if can_run(words) and not any(matches(key, *words) for key in seen[backend])]
        faults += [f"{backend}: no {' '.join(words)}" for words in missing]
        print(f"{backend}: {len(seen[backend])} functions, {loops[backend]} vector loops")
    print(f"{len(expected)} loops expected on each")
    finish(faults + binary.not_inlined)


def build():
    """Builds the program and returns its path. A v0 symbol carries the types of a function."""
    cargo = ["cargo", "build", "--quiet", "--release", "--package", "gradstep-conformance", "--features", "rules", "--bin", "rules"]
    flags = 'build.rustflags=["-Csymbol-mangling-version=v0", "-Ctarget-cpu=x86-64"]'
    return executable(*cargo, "--config", flags, "--message-format=json-render-diagnostics", cwd=ROOT)


# ── functions ──

class Binary:
    """The functions of `src/run/arch` in a program."""

    def __init__(self, path):
        self.code = disassemble(path)
        self.names = defaultdict(list)
        for line in run("nm", "--demangle=rust", path).splitlines():
            if match := re.fullmatch(r"([0-9a-f]+) [tTwW] (.*)", line):
                self.names[int(match[1], 16)].append(match[2])
        # The functions that pointers of the program lead to.
        self.pointers = {}
        for line in run("readelf", "--relocs", "--wide", path).splitlines():
            if match := re.match(r"([0-9a-f]+) +[0-9a-f]+ R_X86_64_(?:RELATIVE +([0-9a-f]+)|\w+ +[0-9a-f]+ (\w+))", line):
                self.pointers[int(match[1], 16)] = [match[3]] if match[3] else self.names.get(int(match[2], 16))
        self.not_inlined = []

    def functions(self):
        """Each function by each of its names: the linker gives two equal functions one address."""
        for address, names in sorted(self.names.items()):
            for name in names:
                if "gradstep::run::" not in name:
                    continue
                if match := re.fullmatch(ARCH.pattern + r"(\w+)(?:::<(.*)>)?", name):
                    if address in self.code:
                        yield Function(match[1], match[2], match[3] or "", self.code[address], self)
                elif ARCH.search(name):
                    self.not_inlined.append(f"not inlined: {name}")

    def callee(self, operands):
        """The name of the function that a call leads to, or None where it is in a register."""
        if slot := re.search(r"\[rip\+.*# ([0-9a-f]+)", operands):
            names = self.pointers.get(int(slot[1], 16))
        else:
            names = self.names.get(jump_target(operands))
        return names[0] if names else None


class Function:
    def __init__(self, backend, name, parameters, code, binary):
        self.backend, self.name, self.code, self.binary = backend, name, code, binary
        parameters = top_level(re.sub(r"\b(\d+)usize\b", r"\1", parameters))
        numbers = [int(parameter) for parameter in parameters if parameter.isdigit()]
        # The functions of `units` begin with the number of their first pass.
        self.slots, self.sums = (numbers[name == "units":] + [0, 0])[:2]
        self.formula = parameters[0] if parameters else ""
        access = [p.rpartition("::")[2] for p in parameters if p.startswith("gradstep::run::streams::")]
        iterators = [p for p in parameters[1:] if p.startswith("core::iter::")]
        is_list = any("::once::Once<" not in iterator for iterator in iterators)
        self.access = " ".join(access + ["list"] * is_list)
        self.key = name, self.access, self.formula
        self.zeroes = "StepZeroing" in access
        self.writes = self.access != "Measuring"

    def __str__(self):
        return f"{self.backend}: {self.name} ({self.access}) of {short(self.formula)}"

    def is_expected(self, name, access, formula):
        return matches(self.key, name, access, formula)

    def faults(self):
        """What is wrong wherever in the function it is."""
        faults = [f"{verb}: {m} {o}" for _, m, o in self.code for verb, pattern in FORBIDDEN.items() if pattern.match(m)]
        inside = {address for address, _, _ in self.code}
        for _, mnemonic, operands in self.code:
            if mnemonic.startswith("j") and jump_target(operands) not in inside:
                faults.append(f"leaves the function: {mnemonic} {operands}")
        return faults

    def calls(self):
        """The address of each call and the name of what is called, None where that cannot be told."""
        held = {}
        for address, mnemonic, operands in self.code:
            register = operands.split(",")[0]
            if mnemonic == "mov" and (name := self.binary.callee(operands)):
                held[register] = name
            elif mnemonic.startswith("call"):
                yield address, held.get(register) or self.binary.callee(operands)

    def widths(self):
        """The backends whose registers its loops are in."""
        halves = self.name == "drive" and self.backend == "avx512" and self.slots == 0
        return [self.backend] + ["avx2"] * halves

    def outer_calls(self):
        """The faults of calls where those are allowed that are made once a block or a row."""
        inside = set().union(*innermost(self.loops()))
        for address, name in self.calls():
            if address in inside:
                yield f"calls {name or 'a function'} for every vector"
            elif name and re.search(r"panic|unwrap_failed|slice_index|bounds_check", name):
                yield f"calls {name}"

    @cache
    def loops(self):
        """The addresses of each loop."""
        return loops_of(self.code)

    def innermost(self, wanted):
        """The instructions of each wanted loop that holds no other one."""
        bodies = ([instruction for instruction in self.code if instruction[0] in loop] for loop in self.loops())
        found = {frozenset(address for address, _, _ in body): body for body in bodies if wanted(body)}
        return [found[loop] for loop in innermost(found)]


def matches(key, name, access, formula):
    """Whether a function is an expected one. A backend may run the formula in wrappers."""
    if key[0] != name or key[1] != access and not (access == "list" and key[1].endswith(" list")):
        return False
    if not formula:
        return not key[2]
    before, found, after = key[2].partition(formula)
    return bool(found) and not re.search(r"[\w:]$", before) and not re.match(r"[\w:<]", after)


def top_level(parameters):
    """The parameters of a generic function."""
    parts, depth = [""], 0
    for character in parameters:
        depth += (character in "<([{") - (character in ">)]}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def short(formula):
    """A formula's type without paths and without what almost all have."""
    return re.sub(r"\w+::|, Unadapted\b|\b(?:Adapted|Descent|Loss)\b", "", formula)


def disassemble(binary):
    """The code of each function by its address: a list of (address, mnemonic, operands)."""
    functions, code = {}, None
    output = run("objdump", "--disassemble", "--no-show-raw-insn", "-Mintel", "--wide", binary)
    for line in output.splitlines():
        if header := re.fullmatch(r"([0-9a-f]+) <.*>:", line):
            code = functions.setdefault(int(header[1], 16), [])
        elif instruction := re.match(r"\s*([0-9a-f]+):\t(?:(?:rep\w*|lock|notrack|bnd|cs|data16) )*(\S+)\s*(.*)", line):
            code.append((int(instruction[1], 16), instruction[2], instruction[3]))
    return functions


# ── a step ──

def examine_step(function, written):
    """The number of vector loops in a function that runs a rule, and its faults."""
    faults = [f"calls {name or 'a function'}" for _, name in function.calls()]
    if function.backend == "scalar":
        return 0, faults
    total = 0
    for width in function.widths():
        loops, found = step_loops(function, width, written)
        forms = 2 if width in ("avx2", "avx512") and function.slots >= 2 else 1
        prefetching = sum(is_prefetching for _, is_prefetching in loops)
        if prefetching * forms != len(loops) * (forms - 1):
            found.append(f"prefetches in {prefetching} of {len(loops)} loops")
        if sum(is_straight for is_straight, _ in loops) < 2 * forms and has_forms(function) and loops:
            found.append("has no loop without branches of its own with and without weight decay")
        total += len(loops)
        faults += found
    return total, faults


def step_loops(function, width, written):
    """For each loop that steps vectors whether it is without branches, and whether it prefetches; and the faults of all."""
    loops, faults, streams = [], [], function.slots + 2
    for body in function.innermost(lambda body: stores_vectors(body, width)):
        faults += step_loop_faults(body, width, function.slots, written + 1 + function.zeroes)
        prefetches = sum(mnemonic == "prefetcht0" for _, mnemonic, _ in body)
        loops.append((sum(mnemonic.startswith("j") for _, mnemonic, _ in body) == 1, prefetches > 0))
        if prefetches % streams != 0:
            faults.append(f"prefetches {prefetches} times for {streams} streams")
    return loops, faults + [f"has no loop that stores {REGISTER[width]} registers"] * (not loops)


def has_forms(function):
    """Whether the form of a rule has a loop without branches: that of an element-wise optimizer without adapters, which may be
    off."""
    return (not function.has_passes
            and re.match(r"gradstep::rule::adapter::Adapted<.*gradstep::optim::.*, gradstep::rule::adapter::Unadapted>$", function.formula)
            and not any(f"::{direction}" in function.formula for direction in ONE_FORM))


def stores_vectors(body, width):
    """Whether a loop stores whole vectors to a slice, at its counter."""
    store = re.compile(rf"{REGISTER[width].upper()}WORD PTR \[(?!rsp)[^]]*\*4[^]]*\](?:{{k\d}})?,{REGISTER[width]}\d")
    stores = sum(bool(store.match(operands)) for _, _, operands in body)
    return stores >= REGISTERS_PER_VECTOR[width]


def step_loop_faults(body, width, slots, written):
    """What is wrong in a loop that writes so many streams."""
    register = REGISTER[width]
    faults, loads, stores, spills = list(narrow_arithmetic(body, [register])), 0, 0, []
    for text, access, is_store in accesses(body):
        if access[1] in ("rsp", "rip"):
            spills += [text] * is_store
        elif not access[0].startswith(f"{register.upper()}WORD PTR"):
            faults.append(f"reads a coefficient again: {text}")
        elif is_store:
            stores += 1
        else:
            loads += 1
    # SSE2 has no blend and sixteen registers for vectors of two: some rules need more.
    if width != "portable" and len(spills) > MOST_SPILLS[width]:
        faults += [f"spills: {text}" for text in spills]
    # Unrolled loops have a multiple of it.
    vectors = max(1, stores // (REGISTERS_PER_VECTOR[width] * written))
    most = vectors * REGISTERS_PER_VECTOR[width]
    # An average uses what it was twice, and LLVM at times folds both loads of it into arithmetic.
    if loads > most * (2 * slots + 2) or stores > most * written:
        faults.append(f"has {loads} loads and {stores} stores for {slots} slots")
    return faults


# ── sums ──

def examine_sums(function, _):
    """The number of vector loops in a function that sums terms, and its faults."""
    faults = list(function.outer_calls())
    if function.backend == "scalar":
        return 0, faults
    loops, found = sum_loops(function, function.sums)
    return loops, faults + found


def sum_loops(function, least):
    """The number of loops that add lanes, of so many sums at least, and their faults."""
    width = function.backend
    per_sum = LANES // F64_LANES[width]
    add = re.compile(rf"v?addpd {REGISTER[width]}\d")
    sums = lambda body: sum(bool(add.match(f"{m} {o}")) for _, m, o in body) // per_sum
    # The last elements of a block are added to an array.
    adds_to_array = lambda body: any(re.search(r"\[rsp\+r\w+\*8", o) for _, _, o in body)
    bodies = [body for body in function.innermost(lambda body: sums(body) >= least) if not adds_to_array(body)]
    faults = [fault for body in bodies for fault in sum_loop_faults(body, function, sums(body))]
    loops = len(bodies)
    return loops, faults + [f"has no loop that adds {LANES} lanes in {REGISTER[width]} registers"] * (not loops)


def sum_loop_faults(body, function, sums):
    # Elements are half as wide as the sums.
    width = function.backend
    registers = [REGISTER[width], {"portable": "xmm", "avx2": "ymm", "avx512": "ymm"}[width]]
    faults, loads, stores, spills = list(narrow_arithmetic(body, registers)), set(), set(), []
    for text, access, is_store in accesses(body):
        if access[1] in ("rsp", "rip"):
            spills += [text] * is_store
        elif not re.match(r"[XYZ]MMWORD|QWORD", access[0]):
            faults.append(f"reads a coefficient again: {text}")
        else:
            (stores if is_store else loads).add(access[0])
    # Sixteen registers hold the lanes of two sums on AVX2, and of half a sum on SSE2.
    if width == "portable":
        return faults
    if len(spills) > 3 * sums * LANES // F64_LANES[width]:
        faults.append(f"spills {len(spills)} times, for example {spills[0]}")
    # Each stream as vectors, whose halves LLVM at times loads again to widen them.
    registers_per_stream = LANES // 8
    most = registers_per_stream * (function.slots + 2) * 2
    most_stores = registers_per_stream * (function.slots + 1 + function.zeroes) if function.writes else 0
    if len(loads) > most or len(stores) > most_stores:
        faults.append(f"has {len(loads)} loads and {len(stores)} stores for {function.slots} slots")
    return faults


# ── a step with sums before it ──

def examine_units(function, written):
    """The number of vector loops in a function that sums and steps one unit of a tensor after another, and its faults."""
    faults = list(function.outer_calls())
    if function.backend == "scalar":
        return 0, faults
    loops, found = sum_loops(function, 1) if function.is_summing else (0, [])
    faults += found
    for width in function.widths():
        steps, found = step_loops(function, width, written)
        loops += len(steps)
        faults += found
    return loops, faults


# ── the largest magnitude ──

def examine_max_abs(function, _):
    """The number of vector loops in a function that finds the largest magnitude, and its faults."""
    faults = [f"calls {name or 'a function'}" for _, name in function.calls()]
    if function.backend == "scalar":
        return 0, faults
    # SSE2 compares and blends in place of a maximum.
    maximum = re.compile(rf"v?(pmax[su]d|pcmpgtd) {REGISTER[function.backend]}\d")
    vector_loops = function.innermost(lambda body: any(maximum.match(f"{m} {o}") for _, m, o in body))
    if not vector_loops:
        faults.append(f"has no loop in {REGISTER[function.backend]} registers")
    faults += [f"spills: {text}" for body in vector_loops for text, _, is_store in accesses(body) if is_store]
    return len(vector_loops), faults


# How the functions of `src/run/arch` are looked at.
EXAMINERS = {"drive": examine_step, "measure": examine_sums, "units": examine_units, "max_abs": examine_max_abs}


# ── loops ──

def narrow_arithmetic(body, registers):
    """Arithmetic on single elements, or in narrower vectors."""
    wide = re.compile(rf"\b({'|'.join(registers)})\d")
    for _, mnemonic, operands in body:
        arithmetic = ARITHMETIC.match(mnemonic)
        if arithmetic and (arithmetic[2] == "s" or not wide.search(operands)):
            yield f"is not {registers[0]} wide: {mnemonic} {operands}"


def accesses(body):
    """Each access to memory: its text, the operand, and whether it writes."""
    for _, mnemonic, operands in body:
        access = "[" in operands and MEMORY.search(operands)
        if access and mnemonic not in ("nop", "prefetcht0", "lea"):
            yield f"{mnemonic} {operands}", access, operands.startswith(access[0]) and not mnemonic.startswith(("cmp", "test"))


def jump_target(operands):
    return int(operands.split()[0], 16) if re.match(r"[0-9a-f]+\b", operands) else None


def innermost(loops):
    """Those sets of addresses that hold no other."""
    return [loop for loop in loops if not any(other < loop for other in loops)]


def loops_of(code):
    """The sets of addresses of a function's loops."""
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
    loops, seen, on_path = defaultdict(set), set(), set()
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
            loops[target] |= natural_loop(target, address, before)
        elif target not in seen:
            path.append((target, iter(after[target])))
    return list(map(frozenset, loops.values()))


def natural_loop(head, end, before):
    """What leads to the end of a loop without passing its head."""
    loop, open_ends = {head}, [end]
    while open_ends:
        if (address := open_ends.pop()) not in loop:
            loop.add(address)
            open_ends += before[address]
    return loop


main()
