#!/usr/bin/env python3
"""Prints the polynomials of src/kernel/erfc-inl.h (needs mpmath).

For 0 <= x <= 8 and t = 2 / (2 + x) in [1/5, 1], exp(x^2) erfc(x) = t h(t). h is
interpolated in y = (5t - 3) / 2 at Chebyshev nodes and written out in powers of y.
"""

from mpmath import mp, mpf, cos, erfc, exp, pi

mp.dps = 60


def h(y):
    t = (2 * y + 3) / 5
    x = 2 / t - 2
    return exp(x * x) * erfc(x) / t


def powers(n):
    nodes = [cos(pi * (k + mpf(1) / 2) / n) for k in range(n)]
    values = [h(y) for y in nodes]
    series = [
        (2 if j else 1) * sum(v * cos(j * pi * (k + mpf(1) / 2) / n) for k, v in enumerate(values)) / n
        for j in range(n)
    ]
    before, this = [mpf(1)], [mpf(0), mpf(1)]
    out = [mpf(0)] * n
    for j in range(n):
        polynomial = before if j == 0 else this
        for i, c in enumerate(polynomial):
            out[i] += series[j] * c
        if j >= 1:
            after = [mpf(0)] + [2 * c for c in this]
            for i, c in enumerate(before):
                after[i] -= c
            before, this = this, after
    return out


def worst(coefficients):
    most = mpf(0)
    for k in range(2001):
        y = mpf(k) / 1000 - 1
        value = sum(c * y**i for i, c in enumerate(coefficients))
        most = max(most, abs(value / h(y) - 1))
    return most


for kind, n in (("float32", 9), ("float64", 21)):
    c = powers(n)
    print(f"// {kind}: relative error {mp.nstr(worst(c), 2)}")
    print(",\n".join(f"    {mp.nstr(v, 19)}" for v in c))
