"""False claims that the referee must refute, and true ones that it must not."""

import numpy as np
import scipy.optimize
import yaml

import kinked
import same
import smooth
from problem import LONG, Problem

BASE = """
data: {source: xor, samples: 4, noise: 0, encoding: plus_minus}
model: {depth: 1, width: 2, widths: [], activation: tanh, output_activation: identity, bias: true, output_bias: true, skip: false}
loss: {kind: mse, weight_decay: 0, decay_biases: true, huber_delta: 1}
"""


def problem_of(folder, **changes):
    config = yaml.safe_load(BASE)
    for section, values in changes.items():
        config[section].update(values)
    return Problem(config, folder)


def bottom(problem, theta):
    """A smooth local minimum near θ."""
    f = lambda t: tuple(u[0] for u in problem.evaluate(t)[:2])
    return scipy.optimize.minimize(f, theta, jac=True, method="L-BFGS-B",
                                   options={"ftol": 0, "gtol": 1e-13, "maxiter": 5000}).x


def run(folder):
    """A list of (claim, whether the referee judged it as it must)."""
    random = np.random.default_rng(7)
    out = []

    def refuted(problem, theta):
        judge = smooth if problem.smooth else kinked
        return judge.refute(problem, np.asarray(theta, dtype=float), np.random.default_rng(3))[1] is not None

    flat = problem_of(folder)
    out.append(("tanh, θ = 0, no decay: a saddle", refuted(flat, np.zeros(9))))
    well = problem_of(folder, model=dict(depth=1, width=1, activation="identity", bias=False, output_bias=False),
                      data=dict(source="csv", file="wave.csv"))
    x, y = well.x[:, 0], well.y[:, 0]
    slope = abs((x * y).mean())
    for part, what in ((1 - 1e-8, True), (1 + 1e-6, False)):
        well.decay = np.full(2, slope * part)
        out.append((f"a product of two weights, decay {part:.8f} of the slope", refuted(well, np.zeros(2)) == what))
    decay = problem_of(folder, loss=dict(weight_decay=1e-2))
    true = bottom(decay, random.standard_normal(9))
    out.append(("a true minimum of XOR is left alone", not refuted(decay, true)))
    one = problem_of(folder, model=dict(width=1), data=dict(source="csv", file="plane.csv"))
    starts = [bottom(one, random.standard_normal(5)) for _ in range(20)]
    small = min(starts, key=lambda t: np.abs(t).max())
    *w, b, v, c = small
    two = problem_of(folder, data=dict(source="csv", file="plane.csv"))
    falls = [refuted(two, [*w, *w, b, b, m * v, (1 - m) * v, c]) for m in (-0.5, 0.5, 1.5)]
    out.append(("a smaller network's minimum with a unit twice: a saddle for some shares", any(falls)))
    relu = problem_of(folder, model=dict(activation="relu"))
    out.append(("relu, all weights zero, no decay: a saddle", refuted(relu, np.zeros(9))))
    line = problem_of(folder, model=dict(depth=0), loss=dict(kind="absolute"), data=dict(source="csv", file="wave.csv"))
    pairs = [(i, j) for i in range(len(x)) for j in range(i)]
    fits = [np.array([(y[i] - y[j]) / (x[i] - x[j]), y[i] - x[i] * (y[i] - y[j]) / (x[i] - x[j])]) for i, j in pairs]
    best = min(fits, key=lambda t: line.loss(t)[0])
    worst = max(fits, key=lambda t: line.loss(t)[0])
    out.append(("least absolute deviations through the best pair is left alone", not refuted(line, best)))
    out.append(("through the worst pair: refuted", refuted(line, worst)))
    swapped = true.copy()
    swapped[[0, 1, 2, 3, 4, 5, 6, 7]] = -true[[2, 3, 0, 1, 5, 4, 7, 6]]
    out.append(("exchange and sign flip: one class", same.maps(decay, true, swapped)))
    other = swapped.copy()
    other[6] *= 1.01
    out.append(("not the same: two classes", not same.maps(decay, true, other)))
    for kind, move in (("sigmoid", "reflect"), ("sin", "turn"), ("relu", "scale")):
        p = problem_of(folder, model=dict(activation=kind))
        a = random.standard_normal(9)
        b = a.copy()
        if move == "reflect":
            b[[0, 1, 4, 6]] *= -1
            b[8] += a[6]
        elif move == "turn":
            b[4] += 3 * np.pi
            b[6] *= -1
        else:
            b[[0, 1, 4]] *= 2
            b[6] /= 2
        kept = abs(p.loss(a)[0] - p.loss(b)[0]) < 1e-12
        out.append((f"{kind}: {move}", kept and same.maps(p, a, b)))
    theta = random.standard_normal(9)
    for kind in ("tanh", "sigmoid", "sin", "softplus", "gelu", "silu", "elu", "square", "relu", "leaky_relu", "abs"):
        p = problem_of(folder, model=dict(activation=kind), loss=dict(weight_decay=0.1))
        exact = float(p.exact(theta))
        value, g, _ = p.evaluate(theta.astype(LONG))
        slope = [float(p.exact(theta + e) - p.exact(theta - e)) / 2e-6 for e in np.eye(9) * 1e-6]
        good = abs(value[0] - exact) < 1e-17 + 1e-15 and np.abs(g[0] - slope).max() < 1e-6
        out.append((f"{kind}: long double and mpmath agree, gradient", good))
    return out
