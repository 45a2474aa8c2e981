"""The loss of a run, written anew: plain NumPy in any precision, and mpmath."""

import csv
import math
from pathlib import Path

import mpmath
import numpy as np
import scipy.special
import yaml

LONG = np.longdouble
PIECEWISE = {"relu": 0, "leaky_relu": LONG(1) / 100, "abs": -1}


def _erf(z):
    """erf by its series of positive terms, for long double and complex."""
    if z.dtype == np.float64:
        return scipy.special.erf(z)
    small = np.where(np.abs(z.real) < 6.5, z, 0)
    term = small * 1
    total = term.copy()
    for n in range(1, 260):
        term = term * (2 * small * small / (2 * n + 1))
        total = total + term
    inside = 2 / np.sqrt(LONG(np.pi) + LONG(1.2246467991473532e-16)) * np.exp(-small * small) * total
    return np.where(np.abs(z.real) < 6.5, inside, np.sign(z.real))


def _pi():
    return LONG(np.pi) + LONG(1.2246467991473532e-16)


def _softplus(z):
    up = z.real > 0
    return np.log1p(np.exp(np.where(up, -z, z))) + np.where(up, z, 0)


def _sigmoid(z):
    up = z.real > 0
    e = np.exp(np.where(up, -z, z))
    return np.where(up, 1 / (1 + e), e / (1 + e))


def activation(kind, z, side=None):
    """Value and slope at z. `side`: share of the positive branch at each kink."""
    if kind == "identity":
        return z, np.ones_like(z)
    if kind in PIECEWISE:
        share = (z.real > 0) * 1.0 if side is None else side
        slope = share + (1 - share) * (z.real.dtype.type(PIECEWISE[kind]))
        return slope * z, slope + 0 * z
    if kind == "tanh":
        t = np.tanh(z)
        return t, 1 - t * t
    if kind == "sigmoid":
        s = _sigmoid(z)
        return s, s * (1 - s)
    if kind == "softplus":
        return _softplus(z), _sigmoid(z)
    if kind == "gelu":
        root = np.sqrt(z.real.dtype.type(2))
        cdf = (1 + _erf(z / root)) / 2
        return z * cdf, cdf + z * np.exp(-z * z / 2) / np.sqrt(2 * _pi()).astype(z.real.dtype)
    if kind == "silu":
        s = _sigmoid(z)
        return z * s, s + z * s * (1 - s)
    if kind == "elu":
        low = np.where(z.real > 0, 0, z)
        return np.where(z.real > 0, z, np.expm1(low)), np.where(z.real > 0, 1, np.exp(low))
    if kind == "sin":
        return np.sin(z), np.cos(z)
    if kind == "square":
        return z * z, 2 * z
    raise SystemExit(f"referee: unknown activation {kind}")


class Problem:
    """Loss, gradient and kinks of a network as functions of θ, batches `[B, P]` first."""

    def __init__(self, config, folder):
        self.config = config
        model, loss = config["model"], config["loss"]
        self.x, self.y = _data(config, Path(folder))
        depth = model["depth"]
        widths = model["widths"] or [model["width"]] * depth
        sizes = [self.x.shape[1], *widths[:depth], self.y.shape[1]]
        self.phi = [model["activation"]] * depth + [model["output_activation"]]
        self.skip = [model["skip"] and 1 <= l < depth and sizes[l] == sizes[l + 1]
                     for l in range(depth + 1)]
        self.kind, self.delta = loss["kind"], loss["huber_delta"]
        self.layers, at, decay = [], 0, []
        for l in range(depth + 1):
            rows, columns = sizes[l + 1], sizes[l]
            bias = model["bias"] if l < depth else model["output_bias"]
            weight, at = at, at + rows * columns
            decay += [loss["weight_decay"]] * (rows * columns)
            first = -1
            if bias:
                first, at = at, at + rows
                decay += [loss["weight_decay"] if loss["decay_biases"] else 0.0] * rows
            self.layers.append((rows, columns, weight, first))
        self.size, self.decay = at, np.array(decay)
        self.smooth = not any(p in PIECEWISE for p in self.phi) and self.kind not in ("hinge", "absolute")

    def matrices(self, theta):
        """θ `[B, P]` as one (W `[B, R, C]`, b `[B, R]` or None) a layer."""
        out = []
        for rows, columns, weight, bias in self.layers:
            w = theta[:, weight:weight + rows * columns].reshape(-1, rows, columns)
            out.append((w, theta[:, bias:bias + rows] if bias >= 0 else None))
        return out

    def evaluate(self, theta, sides=None, gradient=True):
        """(loss `[B]`, gradient `[B, P]`, kink arguments: a list of `[B, N, units]`)."""
        theta = np.atleast_2d(theta)
        real = theta.real.dtype.type
        x, y = self.x.astype(real), self.y.astype(real)
        a = np.broadcast_to(x, (len(theta), *x.shape)).astype(theta.dtype)
        inputs, slopes, arguments = [], [], []
        layers = self.matrices(theta)
        for l, (w, b) in enumerate(layers):
            z = np.matmul(a, w.transpose(0, 2, 1)) if theta.dtype in (np.float64, np.complex128) else (
                np.einsum("bnc,brc->bnr", a, w))
            if b is not None:
                z = z + b[:, None, :]
            side = None
            if self.phi[l] in PIECEWISE:
                if sides is not None:
                    side = sides[len(arguments)]
                arguments.append(z)
            inputs.append(a)
            value, slope = activation(self.phi[l], z, side)
            slopes.append(slope)
            a = value + a if self.skip[l] else value
        side = None
        if self.kind in ("hinge", "absolute"):
            if sides is not None:
                side = sides[len(arguments)]
            arguments.append(1 - a * y if self.kind == "hinge" else a - y)
        values, g = self._loss(a, y, side, arguments)
        samples = len(x)
        decay = self.decay.astype(real)
        total = values.sum(axis=(1, 2)) / samples + (decay * theta * theta).sum(axis=1) / 2
        if not gradient:
            return total, None, arguments
        out = np.zeros_like(theta)
        g = g / samples
        for l in range(len(layers) - 1, -1, -1):
            rows, columns, weight, bias = self.layers[l]
            own = g * slopes[l]
            out[:, weight:weight + rows * columns] = np.einsum(
                "bnr,bnc->brc", own, inputs[l]).reshape(len(theta), -1)
            if bias >= 0:
                out[:, bias:bias + rows] = own.sum(axis=1)
            below = np.einsum("bnr,brc->bnc", own, layers[l][0])
            g = below + g if self.skip[l] else below
        return total, out + decay * theta, arguments

    def _loss(self, f, y, side, arguments):
        if self.kind == "mse":
            return (f - y) ** 2 / 2, f - y
        if self.kind == "cross_entropy":
            most = f.real.max(axis=2, keepdims=True)
            e = np.exp(f - most)
            total = e.sum(axis=2, keepdims=True)
            return y * (np.log(total) + most - f), e / total - y
        if self.kind == "logistic":
            return _softplus(-y * f), -y * _sigmoid(-y * f)
        if self.kind == "sigmoid_cross_entropy":
            return _softplus(f) - y * f, _sigmoid(f) - y
        if self.kind == "huber":
            r, delta = f - y, y.dtype.type(self.delta)
            near, sign = np.abs(r.real) <= delta, np.sign(r.real)
            return (np.where(near, r * r / 2, delta * (sign * r - delta / 2)),
                    np.where(near, r, delta * sign))
        u = arguments[-1]
        share = (u.real > 0) * 1.0 if side is None else side
        if self.kind == "hinge":
            return share * u, -y * share
        return (2 * share - 1) * u, (2 * share - 1) + 0 * u

    def loss(self, theta):
        return self.evaluate(theta, gradient=False)[0]

    def hessian(self, theta, sides=None):
        """Gradient and Hessian at θ `[P]` by complex steps in long double."""
        step = LONG(1e-30)
        moved = theta.astype(np.clongdouble)[None, :] + 1j * step * np.eye(self.size, dtype=LONG)
        _, g, _ = self.evaluate(moved, sides)
        h = g.imag / step
        return g[0].real, (h + h.T) / 2

    def argument_slopes(self, theta, sides=None):
        """Derivatives of every kink argument by θ, a list of `[P, N, units]`."""
        step = LONG(1e-30)
        moved = theta.astype(np.clongdouble)[None, :] + 1j * step * np.eye(self.size, dtype=LONG)
        return [u.imag / step for u in self.evaluate(moved, sides, gradient=False)[2]]

    def exact(self, theta, digits=60):
        """The loss at θ, a list of mpf or a long double array, to so many digits."""
        with mpmath.workdps(digits):
            return +_exact(self, mpf_of(theta))


def mpf_of(theta):
    """Long doubles as mpf without loss."""
    out = []
    for t in theta:
        if isinstance(t, mpmath.mpf):
            out.append(t)
            continue
        high = float(t)
        out.append(mpmath.mpf(high) + mpmath.mpf(float(LONG(t) - LONG(high))))
    return out


def _exact_activation(kind, z):
    m = mpmath
    return {
        "identity": lambda: z,
        "relu": lambda: max(z, m.mpf(0)),
        "leaky_relu": lambda: z if z > 0 else z / 100,
        "abs": lambda: abs(z),
        "tanh": lambda: m.tanh(z),
        "sigmoid": lambda: 1 / (1 + m.exp(-z)),
        "softplus": lambda: m.log1p(m.exp(-abs(z))) + max(z, 0),
        "gelu": lambda: z * m.ncdf(z),
        "silu": lambda: z / (1 + m.exp(-z)),
        "elu": lambda: z if z > 0 else m.expm1(z),
        "sin": lambda: m.sin(z),
        "square": lambda: z * z,
    }[kind]()


def _exact(p, theta):
    m = mpmath
    total = m.mpf(0)
    for x, y in zip(p.x, p.y):
        a = [m.mpf(float(v)) for v in x]
        for l, (rows, columns, weight, bias) in enumerate(p.layers):
            following = []
            for r in range(rows):
                z = theta[bias + r] if bias >= 0 else m.mpf(0)
                for c in range(columns):
                    z += theta[weight + r * columns + c] * a[c]
                v = _exact_activation(p.phi[l], z)
                following.append(v + a[r] if p.skip[l] else v)
            a = following
        t = [m.mpf(float(v)) for v in y]
        if p.kind == "cross_entropy":
            log_sum = m.log(sum(m.exp(v) for v in a))
            total += sum(t[k] * (log_sum - a[k]) for k in range(len(a)))
            continue
        for f, v in zip(a, t):
            r = f - v
            if p.kind == "mse":
                total += r * r / 2
            elif p.kind == "logistic":
                total += _exact_activation("softplus", -v * f)
            elif p.kind == "sigmoid_cross_entropy":
                total += _exact_activation("softplus", f) - v * f
            elif p.kind == "huber":
                d = m.mpf(p.delta)
                total += r * r / 2 if abs(r) <= d else d * (abs(r) - d / 2)
            elif p.kind == "hinge":
                total += max(m.mpf(0), 1 - v * f)
            else:
                total += abs(r)
    total /= len(p.x)
    return total + sum(m.mpf(float(d)) * t * t for d, t in zip(p.decay, theta)) / 2


def _data(config, folder):
    """Inputs `[N, I]` and targets `[N, K]` as the loss wants them."""
    data, kind = config["data"], config["loss"]["kind"]
    if data["source"] == "xor" and data["noise"] == 0 and data["samples"] == 4:
        low = -1.0 if data["encoding"] == "plus_minus" else 0.0
        x = np.array([[a, b] for a in (low, 1.0) for b in (low, 1.0)])
        label = np.array([0, 1, 1, 0])
        values = np.where(label == 1, 1.0, low)
    elif data["source"] == "csv":
        path = Path(data["file"])
        with open(path if path.is_absolute() else folder / path, newline="") as f:
            rows = list(csv.reader(f))[1:]
        x = np.array([[float(v) for v in r[:-1]] for r in rows])
        last = [r[-1] for r in rows]
        label = values = None
        if kind in ("cross_entropy", "logistic", "hinge") or not _number(last[0]):
            names = sorted(set(last))
            label = np.array([names.index(v) for v in last])
            values = 2.0 * label - 1 if len(names) == 2 else None
        else:
            values = np.array([float(v) for v in last])
    else:
        raise SystemExit(f"referee: reads xor and csv, not {data['source']}")
    if kind in ("cross_entropy", "logistic", "hinge"):
        hot = np.eye(label.max() + 1)[label]
        if kind == "cross_entropy":
            return x, hot
        return x, 2 * (hot[:, 1:] if hot.shape[1] == 2 else hot) - 1
    if kind == "sigmoid_cross_entropy" and label is not None:
        return x, label[:, None].astype(float)
    return x, values[:, None]


def _number(text):
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def load_config(run):
    with open(Path(run) / "config.yaml") as f:
        return yaml.safe_load(f)
