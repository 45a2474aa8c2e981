#!/usr/bin/python3
"""Damages copies of a run folder and asks `runner verify` whether it notices.

  scripts/flips.py RUN... [--flips 200] [--forged 100] [--jobs 2]
  scripts/flips.py --make [...]     makes the runs of scripts/referee/flips first

Flips: single bits at random places of the folder. Each is `caught` (verify ends with 2 or
3), harmless (no claim changed: a derived file, free space of the database, a record that
is no claim) or MISSED: a claim of the database reads differently and verify passes.

Forged: one value of one column of the database changed in a plausible way, column after
column, each twice: as it is, and with the seal of its row made anew. Each is `named`
(verify fails and speaks of a minimum, a seed or the thing), `caught` (fails, but names
nothing) or MISSED; with its seal made anew also `only sealed`: nothing derives the value
a second time, as verify says of its kind.

The full measure is --make --flips 5000 --forged 1000, of two runs: 10,000 and 2,000. Exit code 1 if anything is missed.
"""

import argparse
import collections
import concurrent.futures
import hashlib
import math
import os
import random
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Tables whose values the page states as findings; the others are records of the work.
CLAIMS = {"endpoints", "minima", "members", "counts", "spectra", "nodes", "node_points",
          "saddles", "edges", "boxes", "convexity", "curvature"}
RECORDS = {"endpoints.polish_steps", "endpoints.trained_loss", "node_points.polish_steps",
           "saddles.polish_steps", "node_points.trained_loss", "saddles.trained_loss",
           "convexity.chords", "convexity.drawn",
           "convexity.hessians_made"}
WORDS = ["strict_minimum", "minimum_modulo_symmetry", "degenerate_minimum", "kink_minimum",
         "saddle", "escaping", "undecided", "not_converged", "diverged",
         "minimum_modulo_splitting", "pruned_minimum"]


def raw(v):
    """A value as the program seals it: a letter for its type, its length, its bytes."""
    kind, data = {
        int: lambda: (b"i", struct.pack("<q", v)),
        float: lambda: (b"d", struct.pack("<d", v)),
        str: lambda: (b"s", v.encode()),
        bytes: lambda: (b"b", v),
        type(None): lambda: (b"n", b""),
    }[type(v)]()
    return kind + struct.pack("<q", len(data)) + data


def digests(db, table):
    """{row: SHA-256} of a table, as in its seals."""
    keys = [r for r in db.execute(f'PRAGMA table_info("{table}")') if r["pk"]]
    order = ", ".join(f'"{k["name"]}"' for k in keys) or "rowid"
    whole = len(keys) == 1 and keys[0]["type"] == "INTEGER"
    out = {}
    for place, row in enumerate(db.execute(f'SELECT rowid AS number, * FROM "{table}" ORDER BY {order}')):
        values = tuple(row)
        out[values[0] if whole else place] = hashlib.sha256(b"".join(map(raw, values[1:]))).hexdigest()
    return out


def seal(db, table):
    db.execute("DELETE FROM seals WHERE part = ?", (table,))
    db.executemany("INSERT INTO seals VALUES(?, ?, ?)", [(table, r, d) for r, d in digests(db, table).items()])


def open_db(path):
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    db.text_factory = lambda b: b.decode("utf-8", "replace")
    return db


def contents(folder):
    """{(table, column, row): value} of the whole database. None if it cannot be read."""
    out = {}
    try:
        db = open_db(folder / "results.sqlite")
        for table, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
            for i, row in enumerate(db.execute(f'SELECT * FROM "{table}"')):
                for column in row.keys():
                    out[table.lower(), column.lower(), i] = row[column]  # as SQL reads names
        db.close()
    except (sqlite3.Error, struct.error, UnicodeError):
        return None
    return out


class Runner:
    """The program, one waiting process for each thread (prefork.c)."""

    def __init__(self, program, scratch):
        self.program, self.scratch = program, Path(scratch)
        self.library = self.scratch / "prefork.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.library, ROOT / "scripts/prefork.c", "-ldl"],
                       check=True)
        self.own = threading.local()

    def verify(self, folder):
        """(exit status, what was printed); a crash is minus its signal."""
        if not hasattr(self.own, "process"):
            environment = os.environ | {"PREFORK": "1", "LD_PRELOAD": str(self.library), "OMP_NUM_THREADS": "1"}
            self.own.process = subprocess.Popen([self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                                text=True, env=environment)
            self.own.output = self.scratch / f"output-{threading.get_native_id()}"
        server = self.own.process
        server.stdin.write("\t".join([str(self.own.output), "verify", str(folder), "--quiet"]) + "\n")
        server.stdin.flush()
        status = int(server.stdout.readline())
        return status, self.own.output.read_text(errors="replace")


def faults_in(text):
    return [l.strip() for l in text.splitlines()
            if l.strip() and ("not hold" in l or not re.search(r"\bholds?\b|LibTorch|^\W*(independent|recomputed) ", l))]


def is_claim(table, column):
    return table in CLAIMS and f"{table}.{column}" not in RECORDS


def flip(runner, run, scratch, before, seed):
    """One flipped bit: (class, what it hit, detail)."""
    draw = random.Random(seed)
    copy = Path(tempfile.mkdtemp(dir=scratch)) / run.name
    shutil.copytree(run, copy)
    try:
        files = sorted(f for f in copy.rglob("*") if f.is_file() and f.stat().st_size > 0)
        others = [f for f in files if f.name not in ("results.sqlite", "config.yaml", "manifest.json")]
        chosen = draw.choices([copy / "results.sqlite", copy / "config.yaml", copy / "manifest.json",
                               draw.choice(others)], [80, 8, 4, 8])[0]
        at, bit = draw.randrange(chosen.stat().st_size), draw.randrange(8)
        data = bytearray(chosen.read_bytes())
        data[at] ^= 1 << bit
        chosen.write_bytes(data)
        name = chosen.relative_to(copy).as_posix()
        where = f"{name} byte {at} bit {bit}"
        after = contents(copy) if name == "results.sqlite" else before
        code, text = runner.verify(copy)
        if name == "results.sqlite":
            changed = set() if after is None else {(t, c) for t, c, _ in
                {k for k in before.keys() | after.keys() if before.get(k, "-") != after.get(k, "-")}}
            kinds = sorted(f"{t}.{c}" for t, c in changed)
            hit = "database unreadable" if after is None else (
                f"{changed and kinds[0].split('.')[0]}, several columns" if len(kinds) > 3 else " ".join(kinds))
            hit = hit or "database: header, index or free space"
            claim = after is None or any(is_claim(t, c) for t, c in changed)
        else:
            hit = name if name in ("config.yaml", "manifest.json") else f"derived file {name.split('/')[0]}"
            claim = False
            if name == "config.yaml":
                claim = not _comment_only(run / name, chosen)
        if code in (2, 3):
            return "caught", hit, where
        if code != 0:
            return f"CRASHED ({code})", hit, where + ": " + text[-200:].strip()
        return ("MISSED" if claim else "harmless"), hit, where
    finally:
        shutil.rmtree(copy.parent)


def _comment_only(a, b):
    """True if two configs say the same about data, model and loss."""
    try:
        import yaml
        one, two = (yaml.safe_load(f.read_text(errors="replace")) for f in (a, b))
        return all(one[s] == two[s] for s in ("data", "model", "loss"))
    except Exception:
        return False


def forged_value(column, value, draw):
    """A plausible other value of the same kind."""
    if column == "verdict":
        return draw.choice([w for w in WORDS if w != value])
    if column == "certificate":
        return draw.choice([c for c in range(5) if c != value])
    if isinstance(value, int):
        return value + draw.choice([1, -1] if value > 0 else [1])
    if isinstance(value, float) and math.isinf(value):
        return 1.0
    if isinstance(value, float):
        return draw.choice([value * (1 + 1e-3), value * 2, -value]) if value else 1e-3
    if isinstance(value, bytes):
        rank = struct.unpack_from("<q", value)[0]
        count = (len(value) - 8 * (rank + 1)) // 8
        if count <= 0:
            return None
        at = 8 * (rank + 1) + 8 * draw.randrange(count)
        number = struct.unpack_from("<d", value, at)[0]
        other = number * (1 + 1e-3) if number else 1e-3
        return value[:at] + struct.pack("<d", other) + value[at + 8:]
    digits = [m.span() for m in re.finditer(r"\d", value)]
    if digits:
        a, b = draw.choice(digits)
        return value[:a] + str((int(value[a]) + 1) % 10) + value[b:]
    return value + "x" if value else "x"


def forge(runner, run, scratch, job):
    """One forged value: (class, table.column, detail)."""
    table, column, sealed, seed = job
    draw = random.Random(seed)
    copy = Path(tempfile.mkdtemp(dir=scratch)) / run.name
    copy.mkdir()
    for name in ("results.sqlite", "config.yaml", "manifest.json"):
        shutil.copy(run / name, copy / name)
    label = f"{table}.{column}" + (" (resealed)" if sealed else "")
    try:
        db = open_db(copy / "results.sqlite")
        rows = db.execute(f'SELECT rowid AS r, * FROM "{table}" WHERE "{column}" IS NOT NULL').fetchall()
        rows = [r for r in rows if forged_value(column, r[column], random.Random(seed)) is not None]
        if not rows:
            return "empty", label, ""
        row = draw.choice(rows)
        new = forged_value(column, row[column], draw)
        changes = {column: new}
        if table in ("endpoints", "node_points", "saddles") and sealed:
            # The words and the code of a verdict are one claim.
            if column == "verdict":
                changes["verdict_code"] = WORDS.index(new)
            if column == "verdict_code":
                if not 0 <= new < len(WORDS):
                    return "empty", label, ""
                changes["verdict"] = WORDS[new]
        for name, v in changes.items():
            try:
                db.execute(f'UPDATE "{table}" SET "{name}" = ? WHERE rowid = ?', (v, row["r"]))
            except sqlite3.IntegrityError:
                return "empty", label, ""
        if sealed:
            seal(db, table)
        db.commit()
        db.close()
        code, text = runner.verify(copy)
        show = lambda v: v if not isinstance(v, bytes) else f"{len(v)} bytes"
        detail = f"row {row['r']}: {show(row[column])!r:.70} -> {show(new)!r:.70}"
        if code == 0 and sealed and is_claim(table, column):
            return "only sealed", label, detail
        if code == 0:
            return ("MISSED" if is_claim(table, column) else "harmless"), label, detail
        if code not in (2, 3):
            return f"CRASHED ({code})", label, detail + ": " + text[-200:].strip()
        lines = faults_in(text)
        named = any(re.search(r"minimum \d|place \d|seed \d|saddle \d|node \d|edge \d|pass \d|box|count|convex|dual|"
                              r"class|orbit|spectr|curvature|member", l) for l in lines)
        return ("named" if named else "caught"), label, detail + " | " + " / ".join(lines)[:160]
    finally:
        shutil.rmtree(copy.parent)


def forging_jobs(run, count, seed):
    with open_db(run / "results.sqlite") as db:
        columns = []
        for table, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
            if table not in CLAIMS or not db.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]:
                continue
            for row in db.execute(f'PRAGMA table_info("{table}")'):
                full = db.execute(f'SELECT count("{row["name"]}") FROM "{table}"').fetchone()[0]
                if full:
                    columns.append((table, row["name"], False))
        known = {(r["part"], r["row"]): r["digest"] for r in db.execute("SELECT * FROM seals")}
        for table in sorted({t for t, _, _ in columns}):
            if any(known.get((table, r)) != d for r, d in digests(db, table).items()):
                sys.exit(f"the seals of {table} are not those this script knows")
    columns += [(t, c, True) for t, c, _ in columns]
    random.Random(seed).shuffle(columns)
    return [(*columns[i % len(columns)], seed * 1_000_003 + i) for i in range(count)]


def table_of(results, classes):
    counts = collections.defaultdict(collections.Counter)
    for kind, hit, _ in results:
        counts[hit][kind] += 1
    kinds = [c for c in classes if any(c in v for v in counts.values())]
    kinds += sorted({k for v in counts.values() for k in v} - set(kinds))
    width = max([len(h) for h in counts] + [10])
    print(f"{'':{width}} " + " ".join(f"{k:>10}" for k in kinds))
    for hit in sorted(counts):
        print(f"{hit:{width}} " + " ".join(f"{counts[hit][k] or '':>10}" for k in kinds))
    total = sum(counts.values(), collections.Counter())
    print(f"{'all':{width}} " + " ".join(f"{total[k]:>10}" for k in kinds), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--make", action="store_true", help="make the runs of scripts/referee/flips")
    parser.add_argument("--flips", type=int, default=200)
    parser.add_argument("--forged", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runner", default=str(ROOT / "build/release/runner"))
    args = parser.parse_args()
    missed = []
    with tempfile.TemporaryDirectory() as scratch:
        runs = list(args.runs)
        if args.make:
            for config in sorted((ROOT / "scripts/referee/flips").glob("*.yaml")):
                subprocess.run([args.runner, str(config), "--out", f"{scratch}/runs", "--quiet"], check=True,
                               stdout=subprocess.DEVNULL)
            runs += sorted(f.parent for f in Path(scratch).glob("runs/*/results.sqlite"))
        if not runs:
            parser.error("name a run folder, or --make")
        runner = Runner(args.runner, scratch)
        for run in runs:
            code, text = runner.verify(run)
            if code != 0:
                sys.exit(f"{run}: verify fails before anything is changed:\n{text}")
            before = contents(run)
            with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
                flips = list(pool.map(lambda i: flip(runner, run, scratch, before, args.seed * 1_000_003 + i),
                                      range(args.flips)))
                print(f"\n{run.name}: {args.flips} flipped bits")
                table_of(flips, ["caught", "harmless", "MISSED"])
                jobs = forging_jobs(run, args.forged, args.seed)
                forged = list(pool.map(lambda j: forge(runner, run, scratch, j), jobs))
                print(f"\n{run.name}: {args.forged} forged values")
                table_of(forged, ["named", "caught", "harmless", "only sealed", "MISSED"])
            for kind, hit, detail in flips + forged:
                if kind == "MISSED" or kind.startswith("CRASHED"):
                    missed.append((run.name, kind, hit, detail))
    print(f"\n{len(missed)} missed")
    for run, kind, hit, detail in missed:
        print(f"{kind} {hit} [{run}] {detail}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
