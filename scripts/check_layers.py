#!/usr/bin/env python3
"""Fails when a module under src/ includes one it may not see, or a source grows too long.

The table is the architecture: a change of direction is a change of this file.
"""

import pathlib
import re
import sys

MAY_SEE = {
    "core": set(),
    "data": {"core"},
    "kernel": {"core"},
    "model": {"core", "data", "kernel"},
    "train": {"core"},
    "curvature": {"core"},
    # Polishing goes on where training ended, with the same L-BFGS.
    "minima": {"core", "train", "curvature"},
    "landscape": {"core", "curvature", "minima"},
    "connectivity": {"core", "train", "curvature", "minima", "landscape"},
    "convexity": {"core", "model", "curvature", "minima"},
    # Certificates are checked by code of their own; only words and layouts are shared.
    "verify": {"core", "model", "curvature", "minima"},
}
STAGES = set(MAY_SEE)
MAY_SEE["config"] = STAGES
MAY_SEE["store"] = STAGES | {"config"}
# A page shows what a run folder holds.
MAY_SEE["report"] = STAGES | {"config", "store"}
MAY_SEE["cli"] = set(MAY_SEE)

TOP = {"main.cpp", "precompiled.h"}
LONGEST_FILE = 320  # lines
INCLUDE = re.compile(r'^#include "(\w+)/', re.MULTILINE)


def faults(source):
    for path in sorted(p for p in source.rglob("*") if p.suffix in {".h", ".cpp"}):
        module = path.relative_to(source).parts[0]
        text = path.read_text(encoding="utf-8")
        if module in MAY_SEE:
            for seen in sorted(set(INCLUDE.findall(text)) - {module} - MAY_SEE[module]):
                yield f"{path}: {module} may not include {seen}"
        elif module not in TOP:
            yield f"{path}: {module} is not a module of this project"
        if (length := text.count("\n")) > LONGEST_FILE:
            yield f"{path}: {length} lines, at most {LONGEST_FILE}"


if __name__ == "__main__":
    found = list(faults(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "src")))
    print("\n".join(found) if found else "layers: clean")
    sys.exit(bool(found))
