#!/usr/bin/env python3
"""Fails where something that the workspace builds has a license that is not on the list.

usage: scripts/licenses.py

Dev-dependencies count too. Of `A OR B` one is enough, of `A AND B` both are needed.
"""

import json
import re

from common import ROOT, finish, run

# Permissive ones alone: any other, copyleft above all, is refused.
ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-1-Clause", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT",
    "OFL-1.1", "Unicode-3.0", "Unlicense", "Zlib",
}


def is_allowed(expression):
    """Whether an SPDX expression without nested brackets allows a license of the list."""
    expression = expression.replace("/", " OR ")
    terms = [term.strip(" ()") for term in re.split(r" AND (?![^(]*\))", expression)]
    return all(any(license.strip(" ()") in ALLOWED for license in term.split(" OR ")) for term in terms)


def main():
    metadata = json.loads(run("cargo", "metadata", "--format-version=1", "--all-features", cwd=ROOT))
    packages = [(f"{p['name']} {p['version']}", p["license"] or "no license") for p in metadata["packages"]]
    finish([f"{name}: {license}" for name, license in packages if not is_allowed(license)])


main()
