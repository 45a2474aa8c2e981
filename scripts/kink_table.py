#!/usr/bin/python3
"""How many endpoints of small deep ReLU networks are certified, and why the others are not.

  scripts/kink_table.py [--seeds 40] [--runner build/release/runner] [--only 3-3-3]

60 samples of two moons; widths 5-5 and 3, 3 to 6 layers deep; squared error and logistic
loss; decay 1e-3 and 1e-2. One row a network: certified of all, of these minima modulo
splitting, seconds, and the verdicts' reasons with their numbers left out.
"""

import argparse
import collections
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONFIG = """name: kinks
seed: 1
data: {source: moons, samples: 60, noise: 0.25, standardize: inputs}
model: {activation: relu, init: he_normal}
loss: {kind: mse, weight_decay: 1e-3}
ensemble: {seeds: 40, learning_rate: 0.03, steps: 400}
compute: {dtype: float64}
convexity: {boxes: 0}
landscape: []
"""
WIDTHS = [[5, 5], [3, 3, 3], [3, 3, 3, 3], [3, 3, 3, 3, 3, 3]]


def row(runner, widths, loss, decay, seeds, scratch):
    config = Path(scratch) / "kinks.yaml"
    config.write_text(CONFIG)
    out = Path(scratch) / "-".join(map(str, [*widths, loss, decay]))
    start = time.time()
    subprocess.run([runner, str(config), "--out", str(out), "--quiet", "--set", f"model.depth={len(widths)}",
                    "--set", f"model.widths={widths}", "--set", f"loss.kind={loss}",
                    "--set", f"loss.weight_decay={decay}", "--set", f"ensemble.seeds={seeds}"],
                   check=True, stdout=subprocess.DEVNULL)
    seconds = time.time() - start
    with sqlite3.connect(next(out.glob("*/results.sqlite"))) as db:
        rows = db.execute("SELECT certificate, verdict, reason FROM endpoints").fetchall()
    sure = [r for c, _, r in rows if c]
    rest = collections.Counter(v if v in ("escaping", "saddle") else re.sub(r"[-+]?\d[\d.e+-]*", "#", r)
                               for c, v, r in rows if not c)
    return len(sure), sum("modulo splitting" in r for r in sure), len(rows), seconds, rest


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--runner", default=str(ROOT / "build/release/runner"))
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    print("| widths | loss | decay | certified | splitting | seconds |\n|---|---|---|---|---|---|")
    reasons = collections.Counter()
    with tempfile.TemporaryDirectory() as scratch:
        for widths in WIDTHS:
            name = "-".join(map(str, widths))
            if args.only and args.only != name:
                continue
            for loss in ("mse", "logistic"):
                for decay in ("1e-3", "1e-2"):
                    sure, split, count, seconds, rest = row(args.runner, widths, loss, decay, args.seeds, scratch)
                    reasons += rest
                    print(f"| {name} | {loss} | {decay} | {sure} of {count} | {split} | {seconds:.0f} |", flush=True)
    print("\nNot certified, by reason:")
    for reason, n in reasons.most_common():
        print(f"{n:5}  {reason}")


if __name__ == "__main__":
    sys.exit(main())
