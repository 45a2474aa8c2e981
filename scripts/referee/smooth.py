"""Refutes a claimed minimum where the loss is smooth, by trials in long double."""

import mpmath
import numpy as np
import scipy.optimize

from problem import LONG, mpf_of
from moves import structured


class Place:
    """A critical point moved to where its gradient vanishes in long double.

    `flat` are the directions of little curvature, in the gauge where the Hessian's
    diagonal is even; `steep` the rest, with eigenvalues.
    """

    def __init__(self, problem, theta, flat_below=1e-5):
        self.problem = problem
        start = theta.astype(LONG)
        self.theta = start
        for _ in range(12):
            g, h = problem.hessian(self.theta)
            self._split(h.astype(float), 1e-9)
            step = self.newton(g)
            if not np.all(np.isfinite(step.astype(float))) or np.abs(step).max() > 1e-4 * (1 + np.abs(start).max()):
                break
            self.theta = self.theta + step
            if np.abs(step).max() < 1e-19:
                break
        self.gradient, self.hessian = problem.hessian(self.theta)
        self._split(self.hessian.astype(float), flat_below)
        self.moved = float(np.abs(self.theta - start).max())
        self.loss = problem.loss(self.theta)[0]

    def _split(self, h, cut):
        diagonal = np.abs(np.diag(h))
        most = max(diagonal.max(), np.abs(h).max())
        self.scale = 1 / np.sqrt(np.maximum(diagonal, 1e-14 * most + 1e-300))
        even = h * np.outer(self.scale, self.scale)
        values, vectors = np.linalg.eigh(even)
        flat = values <= cut * max(1, values.max())
        self.values, self.even = values, even
        self.flat = vectors[:, flat] * self.scale[:, None]
        self.flat = self.flat / np.maximum(np.linalg.norm(self.flat, axis=0), 1e-300)
        self.steep, self.steep_values = vectors[:, ~flat] * self.scale[:, None], values[~flat]

    def newton(self, g):
        """The Newton step among the steep directions."""
        return -(self.steep @ ((self.steep.T @ g) / self.steep_values))

    def settle(self, direction, rounds=6):
        """The loss at θ + direction, minimised over the steep directions nearby."""
        at = self.theta + direction
        for _ in range(rounds):
            _, g, _ = self.problem.evaluate(at)
            step = self.newton(g[0])
            if not np.all(np.isfinite(step.astype(float))):
                break
            at = at + step
        return self.problem.loss(at)[0], at


def _exact_fall(problem, place, at):
    with mpmath.workdps(60):
        low = problem.exact(at) - problem.exact(place.theta)
        gap = [a - b for a, b in zip(mpf_of(at), mpf_of(place.theta))]
        distance = mpmath.sqrt(sum(g * g for g in gap))
        slope = mpmath.mpf(float(np.linalg.norm(place.gradient.astype(float))))
        return float(-low), float(distance), bool(low < -4 * slope * distance - mpmath.mpf(10) ** -50)


def curvature_sign(place, v):
    """vᵀHv in the evenly scaled gauge with an estimate of its own error."""
    h = place.hessian
    w = v.astype(LONG)
    value = float(w @ h @ w)
    error = float(np.abs(w) @ np.abs(h) @ np.abs(w)) * 1e-17
    return value, error


def refute(problem, theta, random):
    """None, or a dict with the witness: how, falls at radii going to zero."""
    place = Place(problem, theta)
    notes = {"gradient": float(np.abs(problem.evaluate(theta.astype(LONG))[1]).max()),
             "least": float(np.linalg.eigvalsh(place.hessian.astype(float)).min()),
             "moved": place.moved, "flat": place.flat.shape[1]}
    # Negative curvature.
    values, vectors = np.linalg.eigh(place.even)
    v = vectors[:, 0] * place.scale
    v /= np.linalg.norm(v)
    value, error = curvature_sign(place, v)
    if value < -4 * error:
        falls = [_exact_fall(problem, place, place.theta + LONG(t) * v) for t in (1e-5, 1e-6, 1e-7)]
        falls2 = [_exact_fall(problem, place, place.theta - LONG(t) * v) for t in (1e-5, 1e-6, 1e-7)]
        for sign, f in ((1, falls), (-1, falls2)):
            if all(x[2] for x in f):
                return notes, dict(how=f"negative curvature {value:.2e} (error {error:.0e})",
                                   falls=[(x[1], x[0]) for x in f], direction=sign * v)
    # Curves whose start is flat: along combinations of flat directions.
    found = _flat_curves(problem, place, random)
    if found is not None:
        return notes, found
    return notes, _descent(problem, place, random)


def _shrinks(problem, place, d, how, radii=(1e-1, 1e-2, 1e-3, 1e-4)):
    """A refutation if the settled loss along t d falls at every small radius."""
    falls = []
    for r in radii:
        loss, at = place.settle(LONG(r) * d.astype(LONG))
        if not np.isfinite(float(loss)) or np.linalg.norm((at - place.theta).astype(float)) > 30 * r:
            if r > 1e-2:
                continue
            return None
        fall, distance, real = _exact_fall(problem, place, at)
        if not real:
            if r > 1e-2:
                continue
            return None
        falls.append((distance, fall))
    return dict(how=how, falls=falls, direction=d) if len(falls) >= 3 else None


def _flat_curves(problem, place, random):
    n = place.flat.shape[1]
    if n == 0:
        return None
    basis, _ = np.linalg.qr(place.flat)
    projector = basis @ basis.T
    trials = [projector @ d for d in structured(problem, place.theta.astype(float), random, 250)]
    trials += [basis @ random.standard_normal(n) for _ in range(60)]
    trials = [d / np.linalg.norm(d) for d in trials if np.linalg.norm(d) > 1e-6]
    radius, scored = 3e-2, []
    start = place.theta.astype(float)
    base = problem.loss(start)[0]

    def score(d):
        at = start + radius * d
        for _ in range(3):
            step = place.newton(problem.evaluate(at)[1][0])
            if not np.all(np.isfinite(step)):
                return np.inf
            at = at + step
        return problem.loss(at)[0] - base if np.linalg.norm(at - start) < 20 * radius else np.inf

    scored = sorted(((score(d), i) for i, d in enumerate(trials)), key=lambda s: s[0])
    candidates = [trials[i] for s, i in scored[:3]]
    for s, i in scored[:2]:  # the best ones made better
        c = basis.T @ trials[i]
        found = scipy.optimize.minimize(
            lambda c: score(basis @ c / max(np.linalg.norm(c), 1e-12)) * 1e6, c,
            method="Nelder-Mead", options={"maxfev": 60 * min(n, 6), "xatol": 1e-4, "fatol": 1e-14})
        candidates.append(basis @ found.x / np.linalg.norm(found.x))
    for d in candidates:
        for sign in (1, -1):
            found = _shrinks(problem, place, sign * d, "a curve from a flat direction")
            if found is not None:
                return found
    return None


def _descent(problem, place, random):
    """From points near θ downhill; a refutation if it ends lower at three radii."""
    start = place.theta.astype(float)
    base = place.loss
    run = []
    directions = [random.standard_normal(problem.size) for _ in range(2)]
    directions += structured(problem, start, random, 4)
    for d in directions:
        d = d / np.linalg.norm(d)
        run = []
        for r in (1e-2, 1e-3, 1e-4):
            f = lambda t: tuple(u[0] for u in problem.evaluate(t)[:2])
            found = scipy.optimize.minimize(f, start + r * d, jac=True, method="L-BFGS-B",
                                            bounds=list(zip(start - 5 * r, start + 5 * r)),
                                            options={"maxiter": 60, "ftol": 0, "gtol": 1e-15})
            low = problem.loss(found.x.astype(LONG))[0] - base
            if not low < -1e-17 * (1 + abs(float(base))):
                break
            fall, distance, real = _exact_fall(problem, place, found.x.astype(LONG))
            if not real:
                break
            run.append((distance, fall))
        if len(run) == 3:
            return dict(how="descent", falls=run, direction=d)
    return None
