#!/usr/bin/python3
"""Certified seeds a second, from start to identified minimum, and where the time goes.

  scripts/road.py [--runner build/release/runner] [--only 64-8-8-10] [--threads 0]

One row a network: certified of all seeds, certified a second, and the shares of training,
polishing (with judging) and identifying. Times are those of the run's own manifest; rates
hold for this machine, shares and ratios carry over.
"""

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOONS = "{source: moons, samples: 60, noise: 0.25, standardize: inputs}"
SINE = "{source: sine, samples: 24, noise: 0.1}"
DIGITS = "{source: digits, standardize: inputs, test_fraction: 0.2}"
SMALL = "optimizer: adam, learning_rate: 0.03, steps: 400"
IMAGES = "optimizer: adam, learning_rate: 0.01, batch: 128, steps: 1000, schedule: cosine, warmup: 50"
# Name, data, widths, activation, loss, seeds, training.
ROWS = [
    ("2-2-1 tanh XOR", "{source: xor}", [2], "tanh", "{kind: mse, weight_decay: 1e-2}", 400, SMALL),
    ("1-4-4-1 tanh", SINE, [4, 4], "tanh", "{kind: mse, weight_decay: 1e-3}", 400, SMALL),
    ("2-8-1 relu", MOONS, [8], "relu", "{kind: mse, weight_decay: 1e-3}", 60, SMALL),
    ("2-5-5-1 relu", MOONS, [5, 5], "relu", "{kind: mse, weight_decay: 1e-3}", 40, SMALL),
    ("64-8-8-10 relu", DIGITS, [8, 8], "relu", "{kind: cross_entropy, weight_decay: 1e-3}", 8, IMAGES),
    ("64-8-8-8-10 relu", DIGITS, [8, 8, 8], "relu", "{kind: cross_entropy, weight_decay: 1e-3}", 8, IMAGES),
    ("64-16-16-16-10 relu", DIGITS, [16, 16, 16], "relu", "{kind: cross_entropy, weight_decay: 1e-3}", 2, IMAGES),
]


def measure(runner, row, threads, scratch):
    name, data, widths, activation, loss, seeds, training = row
    config = Path(scratch) / "road.yaml"
    config.write_text(f"""name: road
data: {data}
model: {{depth: {len(widths)}, widths: {widths}, activation: {activation}, init: he_normal}}
loss: {loss}
ensemble: {{seeds: {seeds}, {training}}}
convexity: {{boxes: 0}}
landscape: []
""")
    out = Path(scratch) / name.replace(" ", "_")
    subprocess.run([runner, str(config), "--out", str(out), "--quiet", "--threads", str(threads)],
                   check=True, stdout=subprocess.DEVNULL)
    run = next(out.glob("*/manifest.json")).parent
    seconds = json.loads((run / "manifest.json").read_text())["seconds"]
    with sqlite3.connect(run / "results.sqlite") as db:
        sure, = db.execute("SELECT count(*) FROM endpoints WHERE certificate > 0").fetchone()
    parts = [seconds[k] for k in ("training", "polishing", "identifying")]
    return sure, seeds, sum(parts), parts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runner", default=str(ROOT / "build/release/runner"))
    parser.add_argument("--only", default="", help="networks whose name contains this")
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args()
    print("| network | certified | a second | training | polishing | identifying |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        for row in ROWS:
            if args.only not in row[0]:
                continue
            sure, seeds, total, parts = measure(args.runner, row, args.threads, scratch)
            shares = " | ".join(f"{100 * p / total:.0f} %" for p in parts)
            print(f"| {row[0]} | {sure} of {seeds} | {sure / total:.3g} | {shares} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
