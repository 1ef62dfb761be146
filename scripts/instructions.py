#!/usr/bin/env python3
"""Instructions of a step of every optimizer, counted by valgrind: the same on every run, whatever else the machine does.

usage: scripts/instructions.py [--record]

Fails where a count has grown by more than a twentieth over benches/instructions.txt; --record writes that file. Backends
up to AVX2: valgrind does not know AVX-512.
"""

import os
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

from common import ROOT, Record, executable, finish, run


def main():
    bench = ["cargo", "bench", "--quiet", "--no-run", "--bench", "instructions", "--message-format=json"]
    counts = count(executable(*bench, cwd=ROOT))
    lines = [f"{name} {n}" for name, n in counts.items()]
    print("\n".join(lines))
    rows = {name: [n] for name, n in counts.items()}
    finish(Record("benches/instructions.txt").check(rows, lines, lambda _, before: before * 21 // 20))


def count(program):
    """The instructions of each case that the program lists: of one function, with all it calls."""
    names = run(program, "--list").splitlines()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(names, pool.map(lambda name: count_case(program, name), names)))


def count_case(program, name):
    with tempfile.NamedTemporaryFile() as out:
        command = ["valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*::counted*",
                   f"--callgrind-out-file={out.name}", program, name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(out.name) as file:
            return int(re.search(r"^summary: (\d+)", file.read(), re.M)[1])


main()
