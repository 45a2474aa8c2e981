"""Reads results.sqlite of a run folder."""

import sqlite3
import struct
from pathlib import Path

import numpy as np

CERTIFICATES = ["none", "hessian", "active set", "higher order", "lower bound", "constant"]


def tensor(blob):
    """A blob of the database: rank, shape, float64s. None stays None."""
    if blob is None:
        return None
    rank = struct.unpack_from("<q", blob)[0]
    shape = struct.unpack_from(f"<{rank}q", blob, 8)
    return np.frombuffer(blob, dtype="<f8", offset=8 * (rank + 1)).reshape(shape).copy()


def connect(run):
    db = sqlite3.connect(f"file:{Path(run) / 'results.sqlite'}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    return db


def endpoints(run, table="endpoints"):
    """Rows of an endpoint table as dicts, θ and witness as arrays."""
    out = []
    with connect(run) as db:
        for row in db.execute(f"SELECT * FROM {table}"):
            e = dict(row)
            for name in ("theta", "witness", "eigenvalues"):
                e[name] = tensor(e[name])
            e["certificate"] = CERTIFICATES[e["certificate"] or 0]
            out.append(e)
    return out


def minima(run):
    """Rows of `minima`, each with the endpoint of its representative as `endpoint`."""
    ends = {e["seed"]: e for e in endpoints(run)}
    with connect(run) as db:
        return [dict(row, endpoint=ends.get(row["seed"]))
                for row in db.execute("SELECT * FROM minima ORDER BY minimum")]
