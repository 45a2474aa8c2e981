"""Refutes a claimed minimum on kinks: sides, linear programs, multipliers, trials."""

import itertools

import mpmath
import numpy as np
import scipy.optimize

from problem import LONG, mpf_of
from moves import structured, units_of

NEAR = 1e-8


def _active(problem, theta):
    """Indices (list, n, unit) of the arguments that sit on a kink at θ."""
    arguments = problem.evaluate(theta.astype(LONG))[2]
    out = []
    for i, u in enumerate(arguments):
        size = max(1.0, float(np.abs(u).max()))
        out += [(i, n, k) for _, n, k in zip(*np.nonzero(np.abs(u) < NEAR * size))]
    return out, [(np.asarray(u[0] > 0)).astype(float)[None] for u in arguments]


def _with(sides, active, shares):
    out = [s.copy() for s in sides]
    for (i, n, k), share in zip(active, shares):
        out[i][0, n, k] = share
    return out


def multipliers(problem, theta, active, sides):
    """Shares in [0, 1] of each kink that make the gradient vanish, and what is left."""
    if not active:
        g = problem.evaluate(theta.astype(LONG), sides)[1][0].astype(float)
        return np.zeros(0), float(np.abs(g).max())
    theta = theta.astype(LONG)

    def rest(shares):
        return problem.evaluate(theta, _with(sides, active, shares))[1][0].astype(float)

    found = scipy.optimize.least_squares(rest, np.full(len(active), 0.5), bounds=(0, 1),
                                         xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=60)
    return found.x, float(np.abs(found.fun).max())


def _fall(problem, theta, d, r, digits=40):
    """Exact fall of the loss from θ to θ + r d; positive means lower."""
    with mpmath.workdps(digits):
        base = mpf_of(theta.astype(LONG))
        there = [b + mpmath.mpf(r) * mpmath.mpf(float(v)) for b, v in zip(base, d)]
        return float(problem.exact(base, digits) - problem.exact(there, digits))


def _confirm(problem, theta, d, how, noise):
    falls = [(r, _fall(problem, theta, d, r)) for r in (1e-3, 1e-4, 1e-5)]
    if all(f > max(1e-30, 4 * noise * r) for r, f in falls[:2]) and (
            falls[2][1] > 4 * noise * falls[2][0] or falls[2][1] > 0 and noise < 1e-13):
        return dict(how=how, falls=falls, direction=d)
    return None


def refute(problem, theta, random):
    """(notes, None or the witness)."""
    active, sides = _active(problem, theta)
    shares, rest = multipliers(problem, theta, active, sides)
    inside = float(np.minimum(shares, 1 - shares).min()) if len(shares) else 0.5
    notes = {"kinks": len(active), "rest": rest, "inside": inside}
    noise = max(rest, 1e-14)
    signs = {}
    if len(active) <= 6:
        for s in itertools.product((0.0, 1.0), repeat=len(active)):
            signs[s] = None
    slopes = problem.argument_slopes(theta.astype(LONG), _with(sides, active, [0.5] * len(active)))
    normal = np.array([slopes[i][:, n, k].astype(float) for i, n, k in active]).reshape(len(active), problem.size)
    for _ in range(60):
        d = random.standard_normal(problem.size)
        signs[tuple((normal @ d > 0).astype(float))] = None
    signs = list(signs)[:120]
    directions = []
    for s in signs:
        pattern = _with(sides, active, s)
        g = problem.evaluate(theta.astype(LONG), pattern)[1][0].astype(float)
        a = normal
        if len(active):
            u = problem.argument_slopes(theta.astype(LONG), pattern) if len(problem.layers) > 2 else slopes
            a = np.array([u[i][:, n, k].astype(float) for i, n, k in active])
            a = a * np.where(np.array(s) > 0, -1, 1)[:, None]
        program = scipy.optimize.linprog(g, A_ub=a if len(active) else None,
                                         b_ub=np.zeros(len(active)) if len(active) else None,
                                         bounds=[(-1, 1)] * problem.size, method="highs")
        if program.status == 0:
            d = program.x
            if np.linalg.norm(d) > 1e-9:
                directions.append((program.fun, d / np.linalg.norm(d)))
        for _ in range(2):  # critical directions: no first-order change on this side
            c = random.standard_normal(problem.size)
            rows = [g] if not len(active) else np.vstack([a, g])
            program = scipy.optimize.linprog(c, A_ub=rows, b_ub=np.full(len(rows), 1e-12),
                                             bounds=[(-1, 1)] * problem.size, method="highs")
            if program.status == 0 and np.linalg.norm(program.x) > 1e-6:
                directions.append((0, program.x / np.linalg.norm(program.x)))
    first = min([v for v, _ in directions], default=0)
    notes["first_order"] = first
    base = problem.loss(theta.astype(LONG))[0]
    trials = [d for _, d in sorted(directions, key=lambda p: p[0])]
    trials += structured(problem, theta, random, 300)
    trials += [random.standard_normal(problem.size) for _ in range(100)]
    trials += _grown(problem, theta, random)
    trials = np.array([d / np.linalg.norm(d) for d in trials])
    for r in (1e-2, 1e-3, 1e-4, 1e-6):
        low = problem.loss(theta.astype(LONG) + LONG(r) * trials.astype(LONG)) - base
        for i in np.argsort(low)[:3]:
            if low[i] < -(4e-18 * (1 + abs(base)) + 4 * noise * r):
                found = _confirm(problem, theta, trials[i], f"a move of {r:g}", noise)
                if found is not None:
                    return notes, found
    return notes, _descent(problem, theta, random, noise)


def _grown(problem, theta, random):
    """Directions that let units at zero grow, with readers of both signs."""
    out = []
    for _, row, bias, column in units_of(problem):
        own = row + ([bias] if bias >= 0 else [])
        if np.abs(theta[own]).max() > 1e-9 and np.abs(theta[column]).max() > 1e-9:
            continue
        for _ in range(60):
            d = np.zeros(problem.size)
            w = random.standard_normal(len(own))
            v = random.standard_normal(len(column))
            d[own], d[column] = w / np.linalg.norm(w), v / np.linalg.norm(v)
            out.append(d)
    return out


def _descent(problem, theta, random, noise):
    """Nelder-Mead from near θ at three radii; a refutation if each ends lower."""
    if problem.size > 16:
        return None
    base = problem.loss(theta)[0]
    for _ in range(2):
        run = []
        d = random.standard_normal(problem.size)
        for r in (1e-2, 1e-3, 1e-4):
            found = scipy.optimize.minimize(
                lambda t: (problem.loss(theta + r * t)[0] - base) / r, d * 0.3, method="Nelder-Mead",
                options={"maxfev": 120 * problem.size, "xatol": 1e-4, "fatol": 1e-16})
            if not found.fun < -1e-12:
                break
            fall = _fall(problem, theta, found.x, r)
            distance = r * float(np.linalg.norm(found.x))
            if fall <= 4 * noise * distance or distance > 30 * r:
                break
            run.append((distance, fall))
        if len(run) == 3:
            return dict(how="Nelder-Mead", falls=run, direction=found.x)
    return None
