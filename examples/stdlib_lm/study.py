"""The study of ``make demo``: what makes a small byte-level language model better?

Makes a lab in a temporary folder, trains every model of a chain of changes with three seeds, one
of which really fails, and reads the answer back from the records. It uses labrec as a user would:
``labrec init``, ``labrec run`` and the SDK in the programs.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import corpus

import labrec

PROJECT = "stdlib-lm"
PROGRAMS = ("corpus.py", "model.py", "train.py", "write.py")
SEEDS = (1, 2, 3)
TRAINING_BYTES = 120_000
HELD_OUT_BYTES = 2_500
BUDGET = 800_000  # n-grams

# Each change names its parent by the naming rule: 4_from_3_… was derived from 3_….
FIRST = {"order": 1, "smoothing": "fixed", "cache": False}
CHANGES: dict[str, dict[str, object]] = {
    "1_order_1": {},
    "2_from_1_order_3": {"order": 3},
    "3_from_2_order_5": {"order": 5},
    "4_from_3_witten_bell": {"smoothing": "witten-bell"},
    "5_from_3_absolute": {"smoothing": "absolute"},
    "6_from_3_cache": {"cache": True},
    "7_from_6_absolute": {"smoothing": "absolute"},
    "8_from_7_order_7": {"order": 7},
}
# Too much of a good thing: its table of n-grams outgrows the budget and the program fails.
FAILING = "9_from_8_order_16"
WRITING = "10_from_8_write"


class Outcome(NamedTuple):
    """How one recorded command ended.

    Attributes:
        code: Exit code of the program.
        seconds: Wall time of the whole command, recording included.
        said: Last line of what the program printed.
    """

    code: int
    seconds: float
    said: str

    def __str__(self) -> str:
        return f"{self.seconds:4.1f} s  {self.said}"


def call(lab: Path, *argv: str, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
    """Run a command in the lab; stop the study when it does not end as expected."""
    done = subprocess.run(argv, cwd=lab, capture_output=True, text=True, check=False)
    if expect is not None and done.returncode != expect:
        sys.exit(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def show(lab: Path, *argv: str) -> None:
    """Print a command and what it answers, as a terminal would."""
    print(f"\n$ {' '.join(argv)}", flush=True)
    print(call(lab, *argv).stdout.rstrip(), flush=True)


# --- the lab ----------------------------------------------------------------------------------


def features() -> dict[str, dict[str, Any]]:
    """Return the features of every experiment: each is its parent's with one change."""
    text = corpus.read()
    shared = {
        "corpus": {"python": text.python, "sha256": text.sha256},
        "training_bytes": TRAINING_BYTES,
        "held_out_bytes": HELD_OUT_BYTES,
    }
    models: dict[str, dict[str, object]] = {}
    numbers: dict[str, str] = {}
    others: dict[str, dict[str, object]] = {FAILING: {"order": 16}, WRITING: {}}
    for name, change in (CHANGES | others).items():
        number, _, rest = name.partition("_")
        parent = rest.split("_")[1] if rest.startswith("from_") else ""
        models[name] = {**(models[numbers[parent]] if parent else FIRST), **change}
        numbers[number] = name
    for options in models.values():
        options["max_contexts"] = BUDGET
    return {name: {"model": options, **shared} for name, options in models.items()}


def prepare(lab: Path) -> None:
    """Make the lab: the programs and features under git, and what ``labrec init`` adds."""
    call(lab.parent, "labrec", "init", str(lab))
    here = Path(__file__).resolve().parent
    for name in PROGRAMS:
        shutil.copy(here / name, lab / name)
    (lab / "features").mkdir()
    for name, tree in features().items():
        (lab / "features" / f"{name}.json").write_text(json.dumps(tree, indent=2) + "\n")
    call(lab, "git", "add", ".")
    author = ("-c", "user.name=Demo", "-c", "user.email=demo@example.org")
    call(lab, "git", *author, "commit", "-q", "-m", "Add the programs of the study")


# --- the runs ---------------------------------------------------------------------------------


def train(lab: Path, name: str, seed: int) -> Outcome:
    """Record one training run."""
    started = time.perf_counter()
    file = f"features/{name}.json"
    recorded = ("labrec", "run", "--project", PROJECT, "--name", name, "--seed", str(seed))
    program = ("python", "train.py", file, "--seed", str(seed))
    done = call(lab, *recorded, "--features", file, "--", *program, expect=None)
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    said = [line for line in lines if not line.startswith("labrec:")] or [""]
    return Outcome(done.returncode, time.perf_counter() - started, said[-1])


def train_all(lab: Path, jobs: int) -> None:
    """Record every training run: parents before children, the seeds of one side by side."""
    plan = [(name, SEEDS) for name in CHANGES] + [(FAILING, SEEDS[:1])]
    total, number = sum(len(seeds) for _, seeds in plan), 0
    print(f"\n{total} runs, {jobs} at a time:", flush=True)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for name, seeds in plan:
            outcomes = pool.map(functools.partial(train, lab, name), seeds)
            for seed, outcome in zip(seeds, outcomes, strict=True):
                number += 1
                print(f"  {number:2}/{total}  {name:<22} seed {seed}  {outcome}", flush=True)
                if outcome.code != (1 if name == FAILING else 0):
                    sys.exit(f"{name} seed {seed} ended with {outcome.code}")


# --- what was found ---------------------------------------------------------------------------


class Study(NamedTuple):
    """What the records say.

    Attributes:
        values: Bits per byte by name and seed, of the runs that completed.
        ids: Run id by name and seed, of every run.
        failed: Names of the runs that failed.
    """

    values: dict[str, dict[int, float]]
    ids: dict[str, dict[int, str]]
    failed: list[str]


def read(lab: Path) -> Study:
    """Read the study back from the records of the lab."""
    study = Study({}, {}, [])
    with labrec.open(lab) as reader:
        for run in reader.runs(PROJECT):
            seed = int(run.seeds["seed"])
            study.ids.setdefault(run.name, {})[seed] = run.run_id
            if run.status == "failed":
                study.failed.append(run.name)
            elif "bits_per_byte" in run.metrics:
                study.values.setdefault(run.name, {})[seed] = run.metrics["bits_per_byte"]
    planned = {name: set(SEEDS) for name in CHANGES} | {FAILING: {1}, WRITING: {1}}
    recorded = {name: set(ids) for name, ids in study.ids.items()}
    if recorded != planned or study.failed != [FAILING]:
        sys.exit(f"the lab does not hold what was run: {recorded}, failed: {study.failed}")
    return study


def parent_of(name: str) -> str | None:
    """Return the name of the experiment that this one was derived from."""
    parts = name.split("_")
    if parts[1] != "from":
        return None
    return next(other for other in CHANGES if other.split("_")[0] == parts[2])


def report(study: Study) -> str:
    """Print every experiment beside its parent and what follows; return the best one's name."""
    print("\nbits per byte on held-out modules (mean of 3 seeds; lower is better)")
    helped, hurt = [], []
    for name in CHANGES:
        values = study.values[name]
        line = f"  {name:<22} {mean(values.values()):.4f}"
        parent = parent_of(name)
        if parent is not None:
            steps = [values[seed] - study.values[parent][seed] for seed in SEEDS]
            line += f"  {mean(steps):+.4f} against {parent}"
            if max(steps) < 0:
                helped.append(name)
            elif min(steps) > 0:
                hurt.append(name)
        print(line)
    best = min(CHANGES, key=lambda name: mean(study.values[name].values()))
    print(f"\nBest: {best}.")
    print(f"Better than the parent with every seed: {', '.join(helped) or 'none'}.")
    print(f"Worse with every seed: {', '.join(hurt) or 'none'}. Failed: {FAILING}.")
    return best


def main() -> None:
    """Make the lab, run the study, read it back and verify it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lab", type=Path, help="folder for the lab (default: a temporary one)")
    parser.add_argument("--jobs", type=int, default=max(1, min(4, os.cpu_count() or 1)))
    arguments = parser.parse_args()
    started = time.perf_counter()
    # the `labrec` and `python` of the environment that runs this file
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    lab = arguments.lab or Path(tempfile.mkdtemp(prefix="labrec-demo-")) / "lab"
    print(f"A study of small language models of the Python standard library, in {lab}")
    prepare(lab)
    train_all(lab, arguments.jobs)
    call(lab, "python", "write.py", f"features/{WRITING}.json", "--name", WRITING)

    study = read(lab)
    best = report(study)
    change = (study.ids[parent_of(best) or best][1], study.ids[best][1])
    sorting = ("--sort", "metrics.bits_per_byte", "--metric", "bits_per_byte")
    show(lab, "labrec", "log", "--project", PROJECT, "-n", "6", *sorting)
    show(lab, "labrec", "diff", *change)
    show(lab, "labrec", "verify")
    seconds = time.perf_counter() - started
    print(f"\nRecorded and verified in {seconds:.0f} s. Look around:\n\n  cd {lab}")
    print(f"  labrec log\n  labrec show {FAILING}\n  labrec get {WRITING} written.txt")


if __name__ == "__main__":
    main()
