"""False distinctness: two minima that a symmetry of the network takes to each other."""

import math

import numpy as np

NEAR = 1e-5
HOMOGENEOUS, ODD, EVEN = {"relu", "leaky_relu", "abs"}, {"tanh", "sin"}, {"abs", "square"}


def _gap(a, b):
    return float(np.abs(a - b).max() / (1e-3 + max(np.abs(a).max(), np.abs(b).max()))) if a.size else 0.0


def _images(kind, row, target, has_bias):
    """(image of a unit's row, factor of its column, constant for its readers)."""
    signs = (1, -1)
    if kind in HOMOGENEOUS:
        n, m = np.linalg.norm(row), np.linalg.norm(target)
        if n > 0 and m > 0:
            for s in signs if kind in EVEN else (1,):
                yield s * row * (m / n), n / m, 0.0
        elif n == m:
            yield row, 1.0, 0.0
        return
    yield row, 1.0, 0.0
    if kind in ODD:
        yield -row, -1.0, 0.0
    if kind in EVEN:
        yield -row, 1.0, 0.0
        n, m = np.linalg.norm(row), np.linalg.norm(target)
        if n > 0 and m > 0:
            for s in signs:
                yield s * row * (m / n), (n / m) ** 2, 0.0
    if kind == "sigmoid":
        yield -row, -1.0, 1.0
    if kind == "sin" and has_bias:
        for s in signs:
            k = round((target[-1] - s * row[-1]) / math.pi)
            if k != 0:
                moved = s * row
                moved[-1] += k * math.pi
                yield moved, s * (-1.0) ** (k % 2), 0.0


def maps(problem, a, b, shift_free=False):
    """True if exchange of units and the identities of the activation take a to b."""
    if any(problem.skip):
        return False
    mine = [(w[0].copy(), None if c is None else c[0].copy()) for w, c in problem.matrices(a[None])]
    other = [(w[0], None if c is None else c[0]) for w, c in problem.matrices(b[None])]
    return _layer(problem, mine, other, 0, shift_free)


def _layer(problem, mine, other, l, shift_free):
    w, c = mine[l]
    v, d = other[l]
    own = w if c is None else np.hstack([w, c[:, None]])
    his = v if d is None else np.hstack([v, d[:, None]])
    if l == len(mine) - 1:
        if shift_free:
            own, his = own - own.mean(axis=0), his - his.mean(axis=0)
        return _gap(own, his) < NEAR
    size = max(np.abs(own).max(), np.abs(his).max(), 1e-3)

    def assign(r, taken, reader, constant):
        if r == len(his):
            following = list(mine)
            bias = mine[l + 1][1]
            if bias is None and np.abs(constant).max() > 0:
                return False
            following[l + 1] = (reader, None if bias is None else bias + constant)
            return _layer(problem, following, other, l + 1, shift_free)
        for i in range(len(own)):
            if i in taken:
                continue
            for image, factor, lift in _images(problem.phi[l], own[i].copy(), his[r], c is not None):
                if np.abs(image - his[r]).max() > NEAR * size:
                    continue
                column = mine[l + 1][0][:, i]
                moved = reader.copy()
                moved[:, r] = factor * column
                if assign(r + 1, taken | {i}, moved, constant + lift * column):
                    return True
        return False

    above = mine[l + 1][0]
    return assign(0, frozenset(), np.zeros_like(above), np.zeros(above.shape[0]))
