#!/usr/bin/python3
"""Certified seeds a second, from start to identified minimum, and where the time goes.

  scripts/road.py [--runner build/release/runner] [--only 64-8-8-10] [--threads 0] [--scipy]

One row a network: certified of all seeds, certified a second, and the shares of training,
polishing (with judging) and identifying. Times are those of the run's own manifest; rates
hold for this machine, shares and ratios carry over. 64-16-16-16-10 takes ten minutes and
is measured only if it is asked for: --only 64-16.

--scipy: instead, for the smooth networks, the same trained points brought to a critical
point by SciPy's trust-exact Newton with closed-form derivatives in NumPy, and by basin,
which judges them too, on one thread each.
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

SLOW = ["64-16-16-16-10 relu"]


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


def scipy_row(runner, row, scratch):
    from time import perf_counter

    import numpy as np
    from scipy.optimize import minimize

    sys.path.insert(0, str(ROOT / "scripts" / "referee"))
    from problem import Problem, load_config
    from rundata import tensor

    # Data that both sides read.
    points = ([(a, b, -a * b) for a in (-1, 1) for b in (-1, 1)] if "XOR" in row[0] else
              [(x, np.sin(x) + 0.1 * n) for x, n in zip(np.linspace(-3, 3, 24),
                                                        np.random.default_rng(1).normal(size=24))])
    table = Path(scratch) / "points.csv"
    table.write_text("\n".join([",".join("abcd"[:len(points[0])])]
                               + [",".join(repr(float(v)) for v in p) for p in points]) + "\n")
    row = (row[0], f"{{source: csv, file: {table}, target_kind: numeric}}", *row[2:])
    sure, seeds, _, parts = measure(runner, row, 1, scratch)
    run = next((Path(scratch) / row[0].replace(" ", "_")).glob("*/manifest.json")).parent
    problem = Problem(load_config(run), run)

    def value(theta):
        loss, gradient, _ = problem.evaluate(theta)
        return loss[0], gradient[0]

    def hessian(theta):
        moved = theta.astype(complex)[None, :] + 1e-30j * np.eye(problem.size)
        h = problem.evaluate(moved)[1].imag / 1e-30
        return (h + h.T) / 2

    with sqlite3.connect(run / "results.sqlite") as db:
        starts = [tensor(blob) for blob, in db.execute("SELECT theta FROM training ORDER BY seed")]
    reached, begin = 0, perf_counter()
    for theta in starts:
        end = minimize(value, theta, jac=True, hess=hessian, method="trust-exact",
                       options={"gtol": 1e-10, "maxiter": 2000})
        reached += np.abs(end.jac).max() <= 1e-9
    theirs = perf_counter() - begin
    ours = parts[1]
    print(f"| {row[0]} | {sure} of {seeds} | {seeds / ours:.3g} | {reached} of {seeds} | {seeds / theirs:.3g} "
          f"| {theirs / ours:.1f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runner", default=str(ROOT / "build/release/runner"))
    parser.add_argument("--only", default="", help="networks whose name contains this")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--scipy", action="store_true", help="against SciPy's trust-exact Newton")
    args = parser.parse_args()
    if args.scipy:
        print("| network | basin: certified | polished a second | SciPy: gradient below 1e-9 | a second | ratio |\n"
              "|---|---|---|---|---|---|")
        with tempfile.TemporaryDirectory() as scratch:
            for row in ROWS:
                if row[3] == "tanh" and args.only in row[0]:
                    scipy_row(args.runner, row, scratch)
        return
    print("| network | certified | a second | training | polishing | identifying |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        for row in ROWS:
            if args.only not in row[0] or (not args.only and row[0] in SLOW):
                continue
            sure, seeds, total, parts = measure(args.runner, row, args.threads, scratch)
            shares = " | ".join(f"{100 * p / total:.0f} %" for p in parts)
            print(f"| {row[0]} | {sure} of {seeds} | {sure / total:.3g} | {shares} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
