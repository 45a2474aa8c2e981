#!/usr/bin/env python3
"""All critical values of a deep linear network on iris, and the plateaus of a run.

Baldi and Hornik 1989: without bias and decay, with e_i the eigenvalues of
Sigma_yx Sigma_xx^-1 Sigma_xy, the loss at a critical point is

  1/2 (tr Sigma_yy - sum of e_i over i in I),   I a set of at most r indices,

r the narrowest layer. Argument: the run folder of plateaus.yaml. A plateau is where a
seed's loss falls more slowly than 3 % of its greatest rate, between two falls.
"""

import csv
import gzip
import itertools
import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
NARROWEST = 2
SLOW = 0.03


def closed_form():
    """{I: critical value}, from the data alone."""
    with gzip.open(ROOT / "src/data/sets/iris.csv.gz", "rt") as file:
        rows = list(csv.reader(file))[1:]
    x = np.array([[float(v) for v in r[:-1]] for r in rows])
    names = sorted({r[-1] for r in rows})
    y = np.array([[float(r[-1] == n) for n in names] for r in rows])
    x = (x - x.mean(0)) / x.std(0)
    n = len(x)
    xx, xy, yy = x.T @ x / n, x.T @ y / n, y.T @ y / n
    e = np.sort(np.linalg.eigvalsh(xy.T @ np.linalg.inv(xx) @ xy))[::-1]
    e = e[e > 1e-12 * e[0]]  # one-hot targets of centred inputs have a rank less
    return {
        chosen: 0.5 * (np.trace(yy) - sum(e[i] for i in chosen))
        for size in range(NARROWEST + 1)
        for chosen in itertools.combinations(range(len(e)), size)
    }


def plateaus(losses):
    """The loss in the middle of each slow stretch, the last one its end."""
    rate = -np.diff(losses)
    slow = rate < SLOW * rate.max()
    out, first = [], None
    for i, now in enumerate(np.append(slow, False)):
        if now and first is None:
            first = i
        if not now and first is not None:
            if i == len(slow):
                out.append(losses[-1])
            else:
                middle = first + int(np.argmin(rate[first:i]))
                out.append(losses[middle])
            first = None
    return out


def main():
    values = closed_form()
    curves = {}
    with open(pathlib.Path(sys.argv[1]) / "tables/curves.csv", newline="") as file:
        for row in csv.DictReader(file):
            curves.setdefault(row["seed"], []).append(float(row["loss"]))
    met = {chosen: [] for chosen in values}
    for losses in curves.values():
        for value in plateaus(np.array(losses)):
            nearest = min(values, key=lambda c: abs(values[c] - value))
            met[nearest].append(value)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["directions", "critical_value", "seeds_that_wait", "farthest"])
    for chosen, value in sorted(values.items(), key=lambda v: -v[1]):
        text = " ".join(str(i + 1) for i in chosen) or "none"
        far = max((abs(v - value) for v in met[chosen]), default=float("nan"))
        out.writerow([text, f"{value:.12g}", len(met[chosen]), f"{far:.2g}"])


if __name__ == "__main__":
    main()
