#!/usr/bin/env python3
"""Makes tests/data/filter_direction.npy: filter normalisation, independently of basin.

Rows, for a 2-3-3-1 network (W then b of each layer, row-major): theta; a Gaussian
direction of unit length, drawn by the generator of src/core/random.h under (seed 1, stream
kDirection = 5, index 0); that direction with every row of W scaled to the norm of the same
row of theta and biases zero; the same with the bias as one more weight of its row.
Li et al. 2018, section 4.
"""

import math
import pathlib

import numpy as np

MASK = (1 << 64) - 1


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def rotl(x, k):
    return ((x << k) | (x >> (64 - k))) & MASK


def words(seed, stream, index):
    """xoshiro256++ (Blackman and Vigna 2021)."""
    key, s = mix(mix(mix(seed) ^ stream) ^ index), []
    for _ in range(4):
        key = mix(key)
        s.append(key)
    while True:
        yield (rotl((s[0] + s[3]) & MASK, 23) + s[0]) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotl(s[3], 45)


def normals(count, seed, stream, index):
    """Marsaglia and Bray 1964."""
    uniform = ((w >> 11) * 2.0**-53 for w in words(seed, stream, index))
    out = []
    while len(out) < count:
        u, v = 2 * next(uniform) - 1, 2 * next(uniform) - 1
        s = u * u + v * v
        if s == 0 or s >= 1:
            continue
        factor = math.sqrt(-2 * math.log(s) / s)
        out += [u * factor, v * factor]
    return np.array(out[:count])


def normalised(direction, theta, with_bias):
    out, at = direction.copy(), 0
    for rows, columns in ((3, 2), (3, 3), (1, 3)):
        for r in range(rows):
            weights = slice(at + r * columns, at + (r + 1) * columns)
            bias = at + rows * columns + r
            own = list(range(weights.start, weights.stop)) + ([bias] if with_bias else [])
            factor = np.linalg.norm(theta[own]) / np.linalg.norm(direction[own])
            out[own] = direction[own] * factor
            if not with_bias:
                out[bias] = 0
        at += rows * (columns + 1)
    return out


theta = np.sin(np.arange(1, 26))
direction = normals(25, 1, 5, 0)
direction /= np.linalg.norm(direction)
rows = [theta, direction, normalised(direction, theta, False), normalised(direction, theta, True)]
np.save(pathlib.Path(__file__).parent / "filter_direction.npy", np.array(rows))
