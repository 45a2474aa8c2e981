"""Directions in θ along which a false minimum may fall."""

import itertools

import numpy as np


def units_of(problem):
    """(row indices, bias index or -1, column indices) of each hidden unit."""
    out = []
    for l in range(len(problem.layers) - 1):
        rows, columns, weight, bias = problem.layers[l]
        above_rows, above_columns, above, _ = problem.layers[l + 1]
        for r in range(rows):
            row = [weight + r * columns + c for c in range(columns)]
            column = [above + q * above_columns + r for q in range(above_rows)]
            out.append((l, row, bias + r if bias >= 0 else -1, column))
    return out


def structured(problem, theta, random, most=400):
    """Unit directions: axes, pairs in one unit, splitting, growth, joint rows."""
    size, out = problem.size, []
    eye = np.eye(size)
    for i in range(size):
        out += [eye[i], -eye[i]]
    units = units_of(problem)
    for l, row, bias, column in units:
        own = row + ([bias] if bias >= 0 else [])
        for i, c in itertools.product(own, column):
            for s, t in itertools.product((1, -1), repeat=2):
                out.append(s * eye[i] + t * eye[c])
        for _ in range(6):
            d = np.zeros(size)
            d[own + column] = random.standard_normal(len(own) + len(column))
            out.append(d)
        d = np.zeros(size)  # along its own scaling
        d[own], d[column] = theta[own], -theta[column]
        out += [d, -d]
    for (l, row, bias, column), (m, other, bias2, column2) in itertools.combinations(units, 2):
        if l != m:
            continue
        d = np.zeros(size)  # what one unit reads goes to the other: Fukumizu and Amari
        d[column], d[column2] = 1, -1
        out += [d, -d]
        v = random.standard_normal(len(row))
        for s in (1, -1):  # rows apart, readers alike and opposed
            e = np.zeros(size)
            e[row], e[other] = v, s * v
            e[column], e[column2] = 2 / 3, -2 / 3 * s
            out.append(e)
            e = np.zeros(size)
            e[row + other] = 1
            e[column], e[column2] = random.standard_normal(2)
            out.append(e)
    out = [d / np.linalg.norm(d) for d in out if np.linalg.norm(d) > 0]
    if len(out) > most:
        out = [out[i] for i in random.choice(len(out), most, replace=False)]
    return out
