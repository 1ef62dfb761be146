"""What the Python scripts share: running commands, finding what cargo built, records, and loops in machine code."""

import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def run(*command, **options):
    """The standard output of a command, as text."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def executable(*command, **options):
    """The program that a cargo command builds. The command gets cargo's option for messages in JSON."""
    messages = run(*command, **options).splitlines()
    return next(m["executable"] for m in map(json.loads, messages) if m.get("executable"))


def finish(faults):
    """Prints faults, each once, and exits with 1 where there are some."""
    for fault in dict.fromkeys(faults):
        print(fault, file=sys.stderr)
    sys.exit(1 if faults else 0)


class Record:
    """Lines of a name and whole numbers in a file of the repository, to compare with what is found now."""

    def __init__(self, path, header=""):
        self.path, self.header = os.path.join(ROOT, path), header

    def check(self, rows, lines, most):
        """Writes the file with `--record`. Else returns a fault for each number larger than `most(column, before)`."""
        if "--record" in sys.argv:
            with open(self.path, "w") as file:
                file.write("".join(f"{line}\n" for line in lines))
            return []
        with open(self.path) as file:
            text = file.read().removeprefix(self.header).splitlines()
        before = {}
        for line in text:
            words = line.split()
            numbers = [word for word in words if word.isdigit()]
            if numbers:
                before[" ".join(words[:-len(numbers)])] = [int(number) for number in numbers]
        faults = [f"{name} is not recorded" for name in sorted(rows.keys() - before.keys())]
        faults += [f"{name} is recorded and not found" for name in sorted(before.keys() - rows.keys())]
        for name in sorted(rows.keys() & before.keys()):
            for column, (now, then) in enumerate(zip(rows[name], before[name])):
                if now > most(column, then):
                    faults.append(f"{name}, column {column + 1}: was {then} and is {now}")
        return faults
