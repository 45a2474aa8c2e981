#!/usr/bin/python3
"""How often do the bounds that basin prints about minima not yet seen hold?

  scripts/counting_study.py [--trials 4000]

Draws endpoints from known laws, with NumPy only, and writes the tables of
docs/counting.md: the share of trials in which each bound held, for numbers of seeds fixed
before, and where seeds are added until the bound passes 0.99.
"""

import argparse
import csv
import functools
import pathlib

import numpy as np
from scipy.stats import binom

Z = 1.959963984540054
SEEDS = (30, 100, 300, 1000, 3000)
SWEEP = "experiments/04_depth_versus_minima/results/depth_minima.csv"


def shares(weights):
    weights = np.asarray(weights, float)
    return weights / weights.sum()


def measured_law():
    """Shares of the minima of the deepest sine network of experiment 04."""
    root = pathlib.Path(__file__).resolve().parent.parent
    with open(root / SWEEP, newline="", encoding="utf-8") as file:
        rows = [(row["model.depth"], int(row["hits"])) for row in csv.DictReader(file)
                if row["model.activation"] == "tanh" and row["data.source"] == "sine"]
    deepest = max(int(depth) for depth, _ in rows)
    return shares([hits for depth, hits in rows if int(depth) == deepest])


def laws():
    ranks = np.arange(1, 2001)
    noise = np.random.default_rng(7).standard_normal(200)
    return {
        "1 minimum": [1.0],
        "6, equal": shares(np.ones(6)),
        "20, equal": shares(np.ones(20)),
        "100, equal": shares(np.ones(100)),
        "1,000, equal": shares(np.ones(1000)),
        "geometric, ratio 0.5": shares(0.5 ** np.arange(60)),
        "geometric, ratio 0.8": shares(0.8 ** np.arange(150)),
        "geometric, ratio 0.95": shares(0.95 ** np.arange(500)),
        "2,000, share as 1 / rank": shares(1 / ranks),
        "2,000, share as 1 / rank^2": shares(ranks**-2.0),
        "200, log-normal, sigma 1": shares(np.exp(noise)),
        "200, log-normal, sigma 2": shares(np.exp(2 * noise)),
        "one with 1/2, 25 with 1/50": shares([0.5] + 25 * [0.02]),
        "one with 0.99, ten with 0.001": shares([0.99] + 10 * [0.001]),
        "one with 0.97, one with 0.03": shares([0.97, 0.03]),
        "sine, depth 6, as measured": measured_law(),
    }


def least_coverage(f1, f2, n):
    half = Z * Z / 2
    return np.maximum(0, 1 - (f1 + half + Z * np.sqrt(f1 + 2 * f2 + half / 2)) / n)


@functools.lru_cache(maxsize=None)
def most_new(f1, n):
    b = 0
    while b < n and binom.cdf(f1, f1 + b + 1, 0.5) > 0.025:
        b += 1
    return b


def least_new(f1, f2):
    mean = np.maximum(0, f1 - f2)
    return np.maximum(0, np.ceil(mean - Z * np.sqrt(f1 + f2 + mean)))


def wilson_coverage(f1, n):
    p = f1 / n
    centre = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    return 1 - centre - Z / (1 + Z * Z / n) * np.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))


def chao_range(seen, f1, f2):
    """Chao's log-normal interval of the number of classes."""
    unseen = f1 * (f1 - 1) / (2 * (f2 + 1))
    a = f1 * (f1 - 1) / (2 * (f2 + 1))
    b = f1 * (2 * f1 - 1) ** 2 / (4 * (f2 + 1) ** 2)
    c = f1**2 * f2 * (f1 - 1) ** 2 / (4 * (f2 + 1) ** 4)
    k = np.exp(Z * np.sqrt(np.log1p((a + b + c) / np.maximum(unseen, 0.5) ** 2)))
    return seen + unseen / k, seen + unseen * k


def fixed(p, n, trials, random):
    first = random.multinomial(n, p, size=trials)
    second = random.multinomial(n, p, size=trials)
    f1, f2 = (first == 1).sum(1), (first == 2).sum(1)
    seen = (first > 0).sum(1)
    found = (p * (first > 0)).sum(1)
    new = ((first == 0) & (second > 0)).sum(1)
    high = np.array([most_new(int(f), n) for f in f1])
    low = least_new(f1, f2)
    says = f1 < seen
    chao_low, chao_high = chao_range(seen, f1, f2)
    held = (new >= low) & (new <= high)
    return {
        "new": held[says].mean() if says.any() else np.nan,
        "coverage": (found >= least_coverage(f1, f2, n) - 1e-12).mean(),
        "wilson": (found >= wilson_coverage(f1, n) - 1e-12).mean(),
        "chao": ((len(p) >= chao_low) & (len(p) <= chao_high)).mean(),
        "width": np.median((high - low)[says]) if says.any() else np.nan,
    }


def sequential(p, trials, random, target=0.99, first=100, most=5000):
    """Seeds are added as `until` does; did the bound hold where it stopped?"""
    held, seeds, reached = 0, [], 0
    for _ in range(trials):
        n = first
        hits = random.multinomial(n, p)
        while True:
            f1, f2 = (hits == 1).sum(), (hits == 2).sum()
            if least_coverage(f1, f2, n) >= target or n >= most:
                break
            more = min(most - n, max(16, n // 2))
            hits = hits + random.multinomial(more, p)
            n += more
        if least_coverage(f1, f2, n) < target:
            continue
        reached += 1
        held += (p * (hits > 0)).sum() >= target
        seeds.append(n)
    return (held / reached if reached else np.nan, reached / trials,
            np.median(seeds) if seeds else np.nan)


def cell(x, digits=3):
    return "–" if np.isnan(x) else f"{x:.{digits}f}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--trials", type=int, default=4000)
    trials = arguments.parse_args().trials
    random = np.random.default_rng(2026)
    print("| law | new in as many again | coverage at least | Wilson | Chao's range |")
    print("|---|---|---|---|---|")
    worst = {}
    for name, p in laws().items():
        p = np.asarray(p)
        rows = [fixed(p, n, trials, random) for n in SEEDS]
        least = {key: np.nanmin([row[key] for row in rows]) for key in rows[0]}
        for key, value in least.items():
            worst[key] = min(worst.get(key, 1), value)
        print(f"| {name} | {cell(least['new'])} | {cell(least['coverage'])} | "
              f"{cell(least['wilson'])} | {cell(least['chao'])} |")
    print(f"| least of all | {cell(worst['new'])} | {cell(worst['coverage'])} | "
          f"{cell(worst['wilson'])} | {cell(worst['chao'])} |")
    print("\n| law | stopped before 5,000 | seeds, median | coverage was 0.99 |")
    print("|---|---|---|---|")
    for name, p in laws().items():
        held, reached, seeds = sequential(np.asarray(p), trials // 4, random)
        if reached > 0.02:
            print(f"| {name} | {cell(reached, 2)} | {cell(seeds, 0)} | {cell(held)} |")


if __name__ == "__main__":
    main()
