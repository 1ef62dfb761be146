#!/usr/bin/env python3
"""Checks every marked figure in README.md and the documentation against the recorded files that it comes from.

usage: scripts/figures.py [--write]    (--write puts the figures in)

Markers are HTML comments, which no reader of the page sees. In a sentence, the text up to the next comment is the figure:

    Adam takes <!-- {programs: Adam: Cortex-M4F flash} -->3,684<!-- --> bytes.

Above a table, a marker has one part for each column but the first, which names the rows. A cell whose row is not in the
file is left empty:

    <!-- columns: {programs: Cortex-M4F flash} | {instructions: Cortex-M4F tick} / {instructions: Cortex-M0 tick} -->

A figure is {FILE: ROW: COLUMN} or, with a format, {FILE: ROW: COLUMN: FORMAT}. `A - B` as a row is a difference of two; `min`,
`max` and `median` are those of all rows. Formats are `word` and `Word` for small numbers, `KB`, and `%`, a share as a
percentage. The files are

    programs, instructions, steps   firmware/*.txt, written by scripts/size.py --record
    valgrind                        benches/instructions.txt; the column is `instructions`
    structure                       docs/structure.txt, written by scripts/structure.py --record
    limit, frozen, calls            benches/results/*/*.csv of the only machine; `MACHINE/limit` where there are more. A column
                                    `of loop` belongs to the one before it: `8192 of loop`
    count                           {count: optimizers}, {count: hashes}, {count: targets}
"""

import glob
import os
import re
import statistics
import sys
from functools import cache

from common import ROOT, finish, run

MARKED = re.compile(r"<!-- (\{[^>]*\}) -->.*?<!-- -->")
WORDS = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
         "eighteen nineteen").split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def main():
    faults = []
    for path in sorted(glob.glob("*.md", root_dir=ROOT) + glob.glob("docs/**/*.md", root_dir=ROOT, recursive=True)
                       + glob.glob("benches/*.md", root_dir=ROOT)):
        with open(os.path.join(ROOT, path)) as file:
            before = file.read()
        try:
            after = "\n".join(filled(before.split("\n")))
        except Unknown as error:
            faults.append(f"{path}: {error}")
            continue
        if "--write" in sys.argv:
            with open(os.path.join(ROOT, path), "w") as file:
                file.write(after)
            continue
        for number, (found, expected) in enumerate(zip(before.split("\n"), after.split("\n")), 1):
            if found != expected:
                faults.append(f"{path}:{number}: a figure is not the recorded one\n  {found}\n  {expected}")
    finish(faults + ["scripts/figures.py --write puts figures in"] * any("\n" in fault for fault in faults))


class Unknown(Exception):
    pass


# ── pages ──

def filled(lines):
    """The lines of a page with all figures put in."""
    columns, is_code = None, False
    for line in lines:
        is_code ^= line.startswith("```")
        if is_code:
            yield line
            continue
        if match := re.fullmatch(r"<!-- columns: (.*) -->", line):
            columns, head = match[1].split("|"), 2
        elif columns is not None and line.startswith("|"):
            head -= 1
            line = line if head >= 0 else row(line, columns)
        else:
            columns = None
            if re.match(r"[\s>*+-]*(\d+\. +)?<!-- \{", line):
                raise Unknown(f"a line that begins with a marker is HTML as a whole: {line}")
            if "<!-- {" in MARKED.sub("", line):
                raise Unknown(f"a marker without an end: {line}")
            line = MARKED.sub(lambda m: f"<!-- {m[1]} -->{figures(m[1])}<!-- -->", line)
        yield line


def row(line, columns):
    """A row of a table with its cells put in. Cells without a part of the marker stay as they are."""
    cells = line.strip("|").split("|")
    name = re.sub(r"[][`*]|\(.*?\)", "", cells[0]).strip()
    if not any(has(file, name) for column in columns for file in re.findall(r"\{([^:}]+):", column)):
        raise Unknown(f"no file of the marker has a row {name}")
    for i, column in enumerate(columns, 1):
        if "{" in column and i < len(cells):
            cells[i] = f" {figures(column, name).strip()} ".replace("  ", " ")
    return f"|{'|'.join(cells)}|"


def figures(text, name=None):
    """A text with each figure in place of its braces. With a name, figures are those of this row: empty where one is missing."""
    if name is not None and not all(has(file, name) for file in re.findall(r"\{([^:}]+):", text)):
        return ""
    return re.sub(r"\{(.*?)\}", lambda m: figure([part.strip() for part in m[1].split(":")], name), text)


def has(file, name):
    return name in table(file)


def figure(parts, name):
    file, *parts = parts
    if file == "count":
        return shown(count(parts[0]), *parts[1:])
    if name is not None:
        parts.insert(0, name)
    if len(parts) not in (2, 3):
        raise Unknown(f"{file}: {parts} is not a row, a column and a format")
    return shown(value(file, parts[0], parts[1]), *parts[2:])


def shown(value, form=None):
    """A number as it is printed."""
    if form in ("word", "Word"):
        text = WORDS[value] if value < 20 else TENS[value // 10 - 2] + f"-{WORDS[value % 10]}" * (value % 10 > 0)
        return text.capitalize() if form == "Word" else text
    if form == "KB":
        return f"{round(value / 1000)} KB"
    if form == "%":
        return f"{round(value)} %"
    if form is not None:
        raise Unknown(f"the format {form} is unknown")
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"


# ── records ──

def value(file, row, column):
    rows = table(file)
    if column not in rows["columns"]:
        raise Unknown(f"{file} has no column {column}, but {', '.join(rows['columns'])}")
    column = rows["columns"].index(column)
    of_all = {"min": min, "max": max, "median": statistics.median}
    if row in of_all:
        cells = [cells[column] for name, cells in rows.items() if name != "columns"]
        percent = [re.fullmatch(r"(\d+) %", cell) for cell in cells if isinstance(cell, str)]
        if any(percent):
            return f"{round(of_all[row](int(match[1]) for match in percent if match))} %"
        return of_all[row](cell for cell in cells if not isinstance(cell, str))
    found = []
    for name in row.split(" - "):
        if name not in rows:
            raise Unknown(f"{file} has no row {name}")
        found.append(rows[name][column])
    return found[0] if len(found) == 1 else found[0] - found[1]


@cache
def table(file):
    """The rows of a recorded file by their names, and under `columns` the names of the columns."""
    if file in ("programs", "instructions", "steps"):
        head, *lines = read(f"firmware/{file}.txt")
        columns = re.split(r"  +", head.strip())[1:]
        rows = {}
        for line in lines:
            words = line.split()
            rows[" ".join(words[:-len(columns)])] = [int(word) for word in words[-len(columns):]]
        return {"columns": columns, **rows}
    if file == "valgrind":
        lines = (line.rsplit(" ", 1) for line in read("benches/instructions.txt"))
        return {"columns": ["instructions"], **{name: [int(number)] for name, number in lines}}
    if file == "structure":
        head, *lines = (line.split("  ") for line in read("docs/structure.txt"))
        return {"columns": head[1:], **{name: [int(number) for number in numbers] for name, *numbers in lines}}
    paths = glob.glob(f"benches/results/{file if '/' in file else f'*/{file}'}.csv", root_dir=ROOT)
    if len(paths) != 1:
        raise Unknown(f"{len(paths)} files of the name {file}")
    _, head, *lines = read(paths[0])
    cells = [line.split(",") for line in lines]
    names = next(i for i, cell in enumerate(cells[0]) if isinstance(number(cell), (int, float)) or "%" in cell)
    columns, last = [], ""
    for column in head.split(",")[names:]:
        last = last if column.startswith("of ") else column
        columns.append(column if column == last else f"{last} {column}")
    return {"columns": columns, **{" ".join(line[:names]).replace("`", ""): list(map(number, line[names:])) for line in cells}}


def number(cell):
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            pass
    return cell


def read(path):
    with open(os.path.join(ROOT, path)) as file:
        return file.read().splitlines()


@cache
def count(what):
    if what == "optimizers":
        text = "\n".join(read("src/optim/mod.rs")).partition("macro_rules! for_each_optimizer {")[2]
        return len(re.findall(r"^ +[A-Z]\w+: \d+,$", text.partition("\n}\n")[0], re.M))
    if what == "hashes":
        return len(read("conformance/expected.txt"))
    if what == "targets":
        return len(run(os.path.join(ROOT, "scripts/cross"), "--list").splitlines())
    raise Unknown(f"count: {what} is unknown")


main()
