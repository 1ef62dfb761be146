#!/usr/bin/env python3
"""How large the crate is to read: lines by folder, traits, macros, generic parameters.

usage: scripts/structure.py [--record [DIRECTORY]]    (default: compares with the record)

The record is docs/structure.txt. Its column `before` is that of a checkout before whole-tensor optimizers had the shape of all
others: `--record DIRECTORY` measures it there. A line of code is neither empty nor a comment. Fails where a number has grown by
more than a twentieth over its record.
"""

import glob
import os
import re
import sys

from common import ROOT, finish

RECORD = os.path.join(ROOT, "docs/structure.txt")
HEAD = "what  before  now"


def main():
    now = measured(ROOT)
    recorded = read_record()
    if "--record" in sys.argv:
        directory = sys.argv[sys.argv.index("--record") + 1:]
        before = measured(directory[0]) if directory else {name: numbers[0] for name, numbers in recorded.items()}
        lines = [HEAD] + [f"{name}  {before.get(name, 0)}  {number}" for name, number in now.items()]
        with open(RECORD, "w") as file:
            file.write("\n".join(lines) + "\n")
        finish([])
    faults = [f"{name} is not recorded" for name in now.keys() - recorded.keys()]
    faults += [f"{name}: was {recorded[name][1]} and is {number}" for name, number in now.items()
               if name in recorded and number > recorded[name][1] * 1.05]
    finish(faults)


def read_record():
    if not os.path.exists(RECORD):
        return {}
    with open(RECORD) as file:
        rows = (line.rsplit("  ", 2) for line in file.read().splitlines()[1:])
        return {name: (int(before), int(now)) for name, before, now in rows}


def measured(root):
    found = {}
    for folder in ("src", "testkit", "tests"):
        lines = [line.strip() for path in sources(root, folder) for line in open(path)]
        documentation = sum(line.startswith(("///", "//!")) for line in lines)
        code = sum(bool(line) and not line.startswith("//") for line in lines)
        found[f"lines of code in {folder}"] = code
        found[f"lines of documentation in {folder}"] = documentation
        found[f"all lines in {folder}"] = len(lines)
    source = [open(path).read() for path in sources(root, "src")]
    found["files in src"] = len(source)
    found["traits in src"] = count(source, r"^ *(?:pub(?:\(\w+\))? )?(?:unsafe )?trait \w")
    found["macros in src"] = count(source, r"macro_rules! \w")
    found["generic parameters of the largest function"] = max(map(largest, source))
    return found


def sources(root, folder):
    return sorted(glob.glob(os.path.join(root, folder, "**/*.rs"), recursive=True))


def count(texts, pattern):
    return sum(len(re.findall(pattern, text, re.M)) for text in texts)


def largest(text):
    """The most generic parameters of a function in a file. None of them has a comma within its bounds but in angle brackets."""
    most = 0
    for match in re.finditer(r"\bfn \w+<", text):
        depth, parameters, at = 1, 1, match.end()
        while depth > 0:
            here = text[at]
            depth += (here == "<") - (here == ">" and text[at - 1] != "-")
            parameters += here == "," and depth == 1 and not text[at + 1:].lstrip().startswith(">")
            at += 1
        most = max(most, parameters)
    return most


main()
