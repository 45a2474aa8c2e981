"""Reads the exports of a graph of minima as their own programs do, and compares."""

import csv
import pathlib
import pickle
import sqlite3
import sys

import numpy as np

folder = pathlib.Path(sys.argv[1])


def table(name):
    with open(folder / "csv" / name, newline="") as f:
        return list(csv.DictReader(f))


nodes, saddles = table("nodes.csv"), table("saddles.csv")
losses = np.array([float(n["loss"]) for n in nodes])
assert len(nodes) >= 6 and len(saddles) >= 5

# pele: an SQLite file whose coordinates are pickles.
with sqlite3.connect(folder / "pele.sqlite") as db:
    assert db.execute("PRAGMA user_version").fetchone()[0] == 2
    minima = db.execute(
        "SELECT _id, energy, coords, fvib, pgorder, invalid FROM tbl_minima ORDER BY _id"
    ).fetchall()
    states = db.execute(
        "SELECT energy, coords, _minimum1_id, _minimum2_id, eigenval, eigenvec, fvib, pgorder "
        "FROM tbl_transition_states"
    ).fetchall()
assert np.array_equal([m[1] for m in minima], losses)
assert [m[0] for m in minima] == [int(n["node"]) + 1 for n in nodes]
points = [pickle.loads(m[2]) for m in minima]
assert all(p.shape == (9,) and p.dtype == np.float64 for p in points)
assert all(m[5] == 0 and m[4] >= 1 for m in minima)
assert np.allclose([m[3] for m in minima], [float(n["log_product"]) for n in nodes])
proper = [s for s in saddles if s["a"] != s["b"]]
assert len(states) == len(proper)
for state, row in zip(states, proper):
    assert state[0] == float(row["loss"]) and state[4] < 0
    assert state[2] < state[3]
    assert abs(np.linalg.norm(pickle.loads(state[5])) - 1) < 1e-12
    assert state[0] > max(losses[state[2] - 1], losses[state[3] - 1])


def xor_loss(theta):
    """1/2 mean of the squares + decay, by NumPy: the coordinates are what they say."""
    x = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1.0]])
    y = np.array([-1, 1, 1, -1.0])
    hidden = np.tanh(x @ theta[:4].reshape(2, 2).T + theta[4:6])
    return np.mean((hidden @ theta[6:8] + theta[8] - y) ** 2) / 2 + 5e-3 * theta @ theta


for point, loss in zip(points, losses):
    assert abs(xor_loss(point) - loss) < 1e-12
for state in states:
    assert abs(xor_loss(pickle.loads(state[1])) - state[0]) < 1e-12

# PATHSAMPLE: columns of text, points as float64.
data = np.loadtxt(folder / "pathsample" / "min.data", ndmin=2)
assert data.shape == (len(nodes), 6) and np.allclose(data[:, 0], losses, atol=1e-11)
data = np.loadtxt(folder / "pathsample" / "ts.data", ndmin=2)
assert data.shape == (len(saddles), 8) and data[:, 3:5].min() >= 1
raw = np.fromfile(folder / "pathsample" / "points.min").reshape(len(nodes), 9)
assert np.array_equal(raw, points)

# TopSearch.
data = np.loadtxt(folder / "topsearch" / "min.data", ndmin=2)
assert np.array_equal(data[:, 1], losses)
assert np.array_equal(np.loadtxt(folder / "topsearch" / "min.coords"), points)
data = np.loadtxt(folder / "topsearch" / "ts.data", ndmin=2)
assert len(data) == len(proper) and np.loadtxt(folder / "topsearch" / "pairlist").shape[1] == 2
print(f"{len(nodes)} minima and {len(states)} transition states agree")
