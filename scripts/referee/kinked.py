"""Refutes a claimed minimum on kinks: sides, linear programs, multipliers, trials."""

import itertools

import mpmath
import numpy as np
import scipy.optimize

from problem import LONG, PIECEWISE, mpf_of
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


def _ties(problem, theta, sites):
    """For each site the number of its group: one unit, samples that a layer below is silent on."""
    arguments = problem.evaluate(theta)[2]
    like = [np.arange(len(problem.x))]
    for l, z in enumerate(arguments[:-1]):
        plain = problem.phi[l] == "relu" and not any(problem.skip)
        silent = (z[0] < -NEAR * max(1.0, float(np.abs(z).max()))).all(1) & plain
        like.append(np.where(silent, -1 - l, like[-1]))
    known = {}
    return np.array([known.setdefault((i, k, like[i][n]), len(known)) for i, n, k in sites])


def multipliers(problem, theta, active, sides):
    """Shares in [0, 1] of each kink that make the gradient vanish, and what is left."""
    if not active:
        g = problem.evaluate(theta.astype(LONG), sides)[1][0].astype(float)
        return np.zeros(0), float(np.abs(g).max())
    theta = theta.astype(LONG)

    def rest(shares):
        return problem.evaluate(theta, _with(sides, active, shares))[1][0].astype(float)

    # The kinks of units at zero change nothing, and only stall the search.
    middle = np.full(len(active), 0.5)
    felt = []
    for q in range(len(active)):
        moved = middle.copy()
        moved[q] = 0.9
        if np.abs(rest(moved) - rest(middle)).max() > 1e-15:
            felt.append(q)
    if not felt:
        return middle, float(np.abs(rest(middle)).max())

    # Samples that a layer below says the same of share a kink: first with one share each.
    ties = _ties(problem, theta, [active[q] for q in felt])

    def full(shares):
        out = middle.copy()
        out[felt] = shares[ties]
        return out

    def solve(x):
        # The gradient is affine in each share: differences are exact.
        for _ in range(40):
            r = rest(full(x))
            if np.abs(r).max() < 1e-15:
                break
            columns = []
            for q in range(len(x)):
                up, down = x.copy(), x.copy()
                up[q], down[q] = 1, 0
                columns.append(rest(full(up)) - rest(full(down)))
            step = scipy.optimize.lsq_linear(np.array(columns).T, -r, bounds=(-x - 1e-12, 1 - x + 1e-12)).x
            if np.abs(step).max() < 1e-15:
                break
            x = np.clip(x + step, 0, 1)
        return x, float(np.abs(rest(full(x))).max())

    best = middle, np.inf
    for ties in (ties, np.arange(len(felt))):
        count = int(ties.max()) + 1
        if best[1] < 1e-13:
            break
        first = scipy.optimize.least_squares(lambda x: rest(full(x)), np.full(count, 0.5), bounds=(0, 1),
                                             xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=60)
        if np.abs(first.fun).max() < best[1]:
            best = full(first.x), float(np.abs(first.fun).max())
        starts = [first.x, np.full(count, 0.5)] + list(np.random.default_rng(1).uniform(size=(4, count)))
        for start in starts:
            if best[1] < 1e-13:
                break
            x, left = solve(start)
            if left < best[1]:
                best = full(x), left
    return best


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
    noise = max(rest, 1e-14) if rest < 1e-7 else 1e-14
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
    found = _growth(problem, theta, active, random, noise)
    return notes, found or _descent(problem, theta, random, noise)


def _silent(problem, theta):
    """Units whose row, or whose column, is zero: (layer, own indices, column)."""
    out = []
    for l, row, bias, column in units_of(problem):
        own = row + ([bias] if bias >= 0 else [])
        if np.abs(theta[own]).max() < 1e-9 or np.abs(theta[column]).max() < 1e-9:
            out.append((l, own, column))
    return out


def _growth(problem, theta, active, random, noise):
    """Lets a silent unit grow, while the rest keeps the kinks that hold it."""
    silent = _silent(problem, theta)
    kinked = [l for l in range(len(problem.layers)) if problem.phi[l] in PIECEWISE]
    first = {(kinked.index(l), (own[0] - problem.layers[l][2]) // problem.layers[l][1])
             for l, own, _ in silent if l in kinked}
    held = [(i, n, k) for i, n, k in active if (i, k) not in first]
    if not silent:
        return None

    def settle(at):
        for _ in range(4 if held else 0):
            u = problem.evaluate(at, gradient=False)[2]
            gap = np.array([u[i][0, n, k] for i, n, k in held])
            slopes = problem.argument_slopes(at)
            a = np.array([slopes[i][:, n, k] for i, n, k in held])
            step = -np.linalg.lstsq(a.astype(float), gap.astype(float), rcond=1e-9)[0]
            at = at + step
        return problem.loss(at)[0], at

    start = theta.astype(LONG)
    base = settle(start)[0]
    for _, own, column in silent:

        def direction(c):
            d = np.zeros(problem.size, dtype=LONG)
            w, v = c[:len(own)], c[len(own):]
            d[own] = w / max(np.linalg.norm(w), 1e-12)
            d[column] = v / max(np.linalg.norm(v), 1e-12)
            return d

        draws = [random.standard_normal(len(own) + len(column)) for _ in range(40)]
        score = lambda c: float(settle(start + LONG(1e-2) * direction(c))[0] - base) * 1e4
        best = min(draws, key=score)
        best = scipy.optimize.minimize(score, best, method="Nelder-Mead", options={"maxfev": 100}).x
        falls = []
        for r in (1e-2, 1e-3, 1e-4):
            low, at = settle(start + LONG(r) * direction(best))
            if low - base < -(1e-17 * (1 + abs(base)) + 4 * noise * r * r):
                falls.append((r, float(base - low)))
        if len(falls) == 3:
            return dict(how="a silent unit grows while the others hold the kinks", falls=falls,
                        direction=direction(best).astype(float))
    return None


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
