#!/usr/bin/env python3
"""Instructions of a step of every optimizer, counted by valgrind: the same on every run, whatever else the machine does.

usage: scripts/instructions.py [--record]

Fails where a count has grown by more than a twentieth over benches/instructions.txt; --record writes that file. Backends
up to AVX2: valgrind does not know AVX-512.
"""

import re
import subprocess
import tempfile

from common import ROOT, Record, executable, finish, run


def main():
    bench = ["cargo", "bench", "--quiet", "--no-run", "--bench", "instructions", "--message-format=json"]
    counts = count(executable(*bench, cwd=ROOT))
    lines = [f"{name} {n}" for name, n in counts.items()]
    print("\n".join(lines))
    rows = {name: [n] for name, n in counts.items()}
    finish(Record("benches/instructions.txt").check(rows, lines, lambda _, before: before * 21 // 20))


def count(program):
    """The instructions of each case of the program: of one call of `counted`, with all it calls."""
    with tempfile.TemporaryDirectory() as folder:
        # A file for each call. The name of the function has to be whole.
        command = ["valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=instructions::counted",
                   "--dump-after=instructions::counted", f"--callgrind-out-file={folder}/calls", program, "--count"]
        names = run(*command, stderr=subprocess.DEVNULL).splitlines()
        counts = {}
        for number, name in enumerate(names, 1):
            with open(f"{folder}/calls.{number}") as file:
                counts[name] = int(re.search(r"^(?:summary|totals): (\d+)", file.read(), re.M)[1])
        return counts


main()
