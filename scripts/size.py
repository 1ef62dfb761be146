#!/usr/bin/env python3
"""Bytes of code and of stack of every optimizer's step on a Cortex-M4F, and the instructions of its loop.

usage: scripts/size.py [--record]

Prints a table for opt-level 3 and s. Fails where code has grown by more than an eighth, or stack by more than 16 bytes,
over firmware/sizes.txt; --record writes that file. Works where scripts/setup-cross works.
"""

import os
import re

from common import ROOT, Record, executable, finish, run

TARGET = "thumbv7em-none-eabihf"
LEVELS = ["3", "s"]
HEADER = f"{'step':32}" + "".join(f"{f'text {level}':>8}{f'stack {level}':>9}{f'loop {level}':>8}" for level in LEVELS)


def main():
    run(os.path.join(ROOT, "scripts", "setup-cross"))
    tables = {level: measure(build(level)) for level in LEVELS}
    rows = {name: [n for level in LEVELS for n in tables[level].get(name, (0, 0, 0))] for name in tables["s"]}
    lines = [HEADER] + [f"{name:32}" + "".join(f"{n:{w}}" for n, w in zip(row, [8, 9, 8] * 2)) for name, row in rows.items()]
    print("\n".join(lines))
    most = [lambda before: before * 9 // 8, lambda before: before + 16, lambda before: before + 8]
    if "gradstep::any" in run("arm-none-eabi-nm", "--demangle=rust", build(LEVELS[-1])):
        finish(["a program that does not use gradstep::any contains some of it"])
    Record("firmware/sizes.txt", HEADER + "\n").check(rows, lines, lambda column, before: most[column % 3](before))


def build(level):
    """Builds the surface of the crate and returns the program's path. A v0 symbol carries the type of the optimizer."""
    flags = "-Csymbol-mangling-version=v0 -Zemit-stack-sizes"
    cargo = f"cargo +debian rustc --quiet --release --bin surface -Zbuild-std=core --target {TARGET}"
    environment = f"source {ROOT}/target/cross/env.sh; cd {ROOT}/firmware"
    settings = f"CARGO_TARGET_DIR={ROOT}/target/cross/build CARGO_PROFILE_RELEASE_OPT_LEVEL={level}"
    return executable("bash", "-c", f"{environment}; {settings} {cargo} --message-format=json-render-diagnostics -- {flags}")


def measure(binary):
    """Code, stack and loop of each optimizer's step."""
    stacks = stack_sizes(binary)
    steps = {}
    for line in run("arm-none-eabi-nm", "--demangle=rust", "--print-size", binary).splitlines():
        symbol = re.fullmatch(r"([0-9a-f]+) ([0-9a-f]+) \w surface::step::<gradstep::optim::(?:\w+::)+(\w+), \d(?:usize)?>", line)
        if symbol:
            address, size = int(symbol[1], 16) & ~1, int(symbol[2], 16)
            steps[symbol[3]] = size, stacks.get(address, 0), loop(binary, address, size)
    return dict(sorted(steps.items()))


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


def loop(binary, address, size):
    """The instructions of the shortest loop: one element, without what is switched off."""
    span = f"--start-address={address}", f"--stop-address={address + size}"
    code = run("arm-none-eabi-objdump", "--disassemble", "--no-show-raw-insn", *span, binary)
    places = [int(m[1], 16) for m in re.finditer(r"^ +([0-9a-f]+):\t(?!\.)", code, re.M)]
    jumps = re.finditer(r"^ +([0-9a-f]+):\tb\S*\t([0-9a-f]+) ", code, re.M)
    loops = [(int(m[2], 16), int(m[1], 16)) for m in jumps if address <= int(m[2], 16) <= int(m[1], 16)]
    return min((sum(start <= place <= end for place in places) for start, end in loops), default=0)


main()
