#!/usr/bin/python3
"""An independent check of certified minima: no code of basin, only its run folders.

  scripts/referee.py RUN...         checks runs of xor or of CSV data
  scripts/referee.py --all          runs the program on scripts/referee/configs and checks
  scripts/referee.py --quick        the same for eleven of them (under a minute; CI)
  scripts/referee.py --self-test    false claims that it must refute, true ones it must not

For every certified minimum and every claimed saddle the loss, gradient, Hessian and
multipliers of kinks are made again from θ and the data, in long double and mpmath, and a
lower loss is searched nearby. A minimum is refuted by a point of lower loss at each of
several radii that go to zero. Two classes of minima are refuted by a symmetry that takes
one to the other. Exit code 1 if anything is refuted, 2 if a run fails.

Needs Debian's python3-numpy, python3-scipy, python3-mpmath and python3-yaml.
"""

import argparse
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "referee"))
import kinked  # noqa: E402
import rundata  # noqa: E402
import same  # noqa: E402
import selftest  # noqa: E402
import smooth  # noqa: E402
from problem import LONG, Problem, load_config  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
ROUNDING = 1e-20
CONFIGS = ROOT / "scripts/referee/configs"
QUICK = ["tanh_xor", "tanh_zero_start", "relu_wave", "relu_hinge", "sigmoid_reflected",
         "sin_free_bias", "tanh_copied", "linear_absolute", "abs_hinge", "leaky_relu_absolute",
         "relu_split"]


def loss_fault(problem, e):
    ours = float(problem.loss(e["theta"].astype(LONG))[0])
    if not abs(ours - e["loss"]) <= 1e-12 * (1 + abs(ours)):
        return f"loss {e['loss']:.17g}, made again {ours:.17g}"
    return None


def witness_text(w):
    falls = ", ".join(f"{f:.1e} at {r:.1e}" for r, f in w["falls"])
    direction = np.array2string(np.asarray(w["direction"], dtype=float), precision=4,
                                separator=",", max_line_width=10**6)
    return f"{w['how']}: lower by {falls}; direction {direction}"


def check_minimum(problem, e, random):
    """Faults of one certified endpoint, and notes."""
    fault = loss_fault(problem, e)
    if fault:
        return [fault], {}
    theta = e["theta"]
    if problem.smooth or (problem.evaluate(theta.astype(LONG))[2] and not kinked._active(problem, theta)[0]):
        notes, witness = smooth.refute(problem, theta, random)
        if notes["gradient"] > 1e-8 * (1 + abs(e["loss"])) and e["certificate"] != "lower bound":
            return [f"gradient {notes['gradient']:.1e}"], notes
    else:
        notes, witness = kinked.refute(problem, theta, random)
        if notes["rest"] > 1e-7:
            return [f"no multipliers of {notes['kinks']} kinks: {notes['rest']:.1e} is left"], notes
    # At the least possible value to rounding, what is left of it may still fall.
    if witness and e["certificate"] == "lower bound" and max(f for _, f in witness["falls"]) < ROUNDING:
        witness = None
    return ([witness_text(witness)] if witness else []), notes


def check_saddle(problem, e, index_one=False):
    faults = [f for f in [loss_fault(problem, e)] if f]
    theta = e["theta"].astype(LONG)
    if not (e["witness_fall"] or 0) > 0 and e["saddle_index"] == 0:
        faults.append(f"called a saddle by a fall of {e['witness_fall']:.1e}: {e['reason']}")
    step = e["witness"]
    if step is not None and np.size(step):
        low = problem.exact(theta + step.astype(LONG)) - problem.exact(theta)
        if not low < 0:
            faults.append(f"the witness does not lower the loss: {float(low):.1e}")
    if problem.smooth:
        g, h = problem.hessian(theta)
        values = np.linalg.eigvalsh(h.astype(float))
        cut = 1e-9 * np.abs(values).max()
        negative = int((values < -cut).sum())
        if np.abs(g).max() > 1e-7:
            faults.append(f"a saddle with gradient {float(np.abs(g).max()):.1e}")
        if index_one and negative != 1:
            faults.append(f"index {negative}, not 1")
        if step is None and negative == 0:
            faults.append("a saddle without witness and without negative eigenvalue")
    elif step is None:
        notes, found = kinked.refute(problem, e["theta"], np.random.default_rng(e["seed"]))
        if found is None:
            faults.append(f"a saddle on kinks, and no lower loss was found nearby ({notes})")
    return faults


def check_run(run, folder, all_endpoints=False):
    """(claims checked, list of (what, fault)) of one run folder."""
    config = load_config(run)
    problem = Problem(config, folder)
    faults, checked = [], {"minima": 0, "saddles": 0, "pairs": 0}
    ends = rundata.endpoints(run)
    rows = rundata.minima(run)
    certified = [r for r in rows if r["endpoint"] and r["endpoint"]["certificate"] != "none"]
    picked = [r["endpoint"] for r in certified]
    if all_endpoints:
        picked = [e for e in ends if e["certificate"] != "none"]
    for e in picked:
        random = np.random.default_rng(zlib.crc32(config["name"].encode()) + e["seed"])
        found, _ = check_minimum(problem, e, random)
        checked["minima"] += 1
        faults += [(f"seed {e['seed']}, {e['verdict']} by {e['certificate']}, loss {e['loss']:.12g}", f)
                   for f in found]
    saddles = [(e, False) for e in ends if e["verdict"] == "saddle"]
    saddles += [(e, True) for e in rundata.endpoints(run, "saddles") if e["verdict"] == "saddle"]
    for e, one in saddles[:40]:
        checked["saddles"] += 1
        faults += [(f"saddle of seed {e['seed']}, loss {e['loss']:.12g}", f)
                   for f in check_saddle(problem, e, one)]
    shift = config["loss"]["kind"] == "cross_entropy"
    for i, a in enumerate(certified):
        for b in certified[:i]:
            gap = abs(a["endpoint"]["loss"] - b["endpoint"]["loss"])
            if gap > 1e-7 * (1 + abs(a["endpoint"]["loss"])):
                continue
            checked["pairs"] += 1
            if same.maps(problem, a["endpoint"]["theta"], b["endpoint"]["theta"], shift):
                faults.append((f"minima {b['minimum']} and {a['minimum']}, seeds {b['seed']} and {a['seed']}",
                               "a symmetry takes one to the other"))
    return checked, faults


def run_config(config, runner, out):
    """The run folder of a config, made by the program. None if it failed."""
    folder = out / config.stem
    done = subprocess.run([runner, str(config), "--out", str(folder)],
                          capture_output=True, text=True, timeout=300)
    made = [f.parent for f in folder.glob("*/results.sqlite")]
    if done.returncode != 0 or len(made) != 1:
        print(done.stdout[-500:], done.stderr[-500:], file=sys.stderr)
        return None
    return made[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--all", action="store_true", help="every config of scripts/referee/configs")
    parser.add_argument("--quick", action="store_true", help="eleven of them")
    parser.add_argument("--self-test", action="store_true", help="planted claims, true and false")
    parser.add_argument("--only", default="", help="configs whose name holds this text")
    parser.add_argument("--runner", default=str(ROOT / "build/release/runner"))
    parser.add_argument("--out", type=Path, help="where --all keeps its runs; default: a temporary folder")
    parser.add_argument("--data", type=Path, default=CONFIGS, help="folder of CSV files")
    parser.add_argument("--endpoints", action="store_true", help="each certified seed, not one a class")
    args = parser.parse_args()
    if args.self_test:
        results = selftest.run(CONFIGS)
        for claim, right in results:
            print(f"{'right' if right else 'WRONG'}  {claim}")
        sys.exit(0 if all(right for _, right in results) else 1)
    if not (args.runs or args.all or args.quick or args.only):
        parser.error("name a run folder, or --all or --quick")
    failed = refuted = 0
    with tempfile.TemporaryDirectory() as scratch:
        work = [(r.name, r) for r in args.runs]
        if args.all or args.quick or args.only:
            configs = sorted(CONFIGS.glob("*.yaml"))
            if args.quick:
                configs = [c for c in configs if c.stem in QUICK]
            work += [(c.stem, c) for c in configs if args.only in c.stem]
        print(f"{'run':28} {'minima':>7} {'saddles':>7} {'pairs':>6} {'refuted':>7} {'seconds':>8}", flush=True)
        for name, run in work:
            start = time.time()
            if run.suffix == ".yaml":
                run = run_config(run, args.runner, args.out or Path(scratch))
            if run is None:
                failed += 1
                print(f"{name:28} the program failed", flush=True)
                continue
            checked, faults = check_run(run, args.data, args.endpoints)
            refuted += len(faults)
            print(f"{name:28} {checked['minima']:7} {checked['saddles']:7} {checked['pairs']:6} "
                  f"{len(faults):7} {time.time() - start:8.1f}", flush=True)
            for what, fault in faults:
                print(f"    REFUTED {what}: {fault}", flush=True)
    print(f"{refuted} refuted, {failed} runs failed")
    sys.exit(2 if failed else 1 if refuted else 0)


if __name__ == "__main__":
    main()
