#!/usr/bin/env python3
"""Compares two tables that a bench has written with --csv.

usage: scripts/compare_results.py BEFORE AFTER

Prints, for each row that both have, the ratio of each number after to the one before, and their medians. Times of two runs
differ by what else the machines did: compare runs of one machine, or the percentages, which were measured in turn.
"""

import statistics
import sys


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    (machine, head, before), (other, other_head, after) = map(read, sys.argv[1:])
    if head != other_head:
        sys.exit("the tables have different columns")
    print(f"before: {machine}\nafter:  {other}\n")
    rows = [(key, [ratio(a, b) for a, b in zip(before[key], after[key])]) for key in before if key in after]
    if not rows:
        sys.exit("the tables have no row in common")
    columns = head[len(rows[0][0]):]
    medians = [statistics.median(values) if values else None for values in ([r for r in column if r] for column in zip(*(r for _, r in rows)))]
    width = max(len(" ".join(key)) for key, _ in rows) + 2
    print(" " * width + "".join(f"{column:>13}" for column in columns))
    for key, ratios in rows + [(("median",), medians)]:
        print(f"{' '.join(key):{width}}" + "".join(f"{r:13.2f}" if r else f"{'–':>13}" for r in ratios))


def read(path):
    """The machine, the head and the rows of a table: the names in front of the numbers, and the numbers."""
    with open(path) as file:
        machine, head, *lines = file.read().splitlines()
    rows = [line.split(",") for line in lines]
    names = next((i for i, cell in enumerate(rows[0]) if number(cell) is not None), 0) if rows else 0
    return machine.removeprefix("# "), head.split(","), {tuple(row[:names]): [number(cell) for cell in row[names:]] for row in rows}


def number(cell):
    try:
        return float(cell.strip("% "))
    except ValueError:
        return None


def ratio(before, after):
    return after / before if before and after and before == before and after == after else None


main()
