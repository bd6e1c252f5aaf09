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
TRAINING_BYTES = 200_000
HELD_OUT_BYTES = 4_000

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
        options["max_contexts"] = 1_500_000
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


def measured(lab: Path) -> dict[str, dict[int, float]]:
    """Read bits per byte of every complete run back from the records: by name, by seed."""
    found: dict[str, dict[int, float]] = {}
    with labrec.open(lab) as reader:
        for run in reader.runs(PROJECT):
            if run.status == "complete" and "bits_per_byte" in run.metrics:
                seed = int(run.seeds["seed"])
                found.setdefault(run.name, {})[seed] = run.metrics["bits_per_byte"]
    return found


def report(lab: Path) -> None:
    """Print the experiments in order, each beside its parent, and what follows from them."""
    by_name = measured(lab)
    print("\nbits per byte on held-out modules (mean of 3 seeds; lower is better)")
    helped, hurt = [], []
    for name in CHANGES:
        values = by_name[name]
        line = f"  {name:<22} {mean(values.values()):.4f}"
        rest = name.partition("_")[2]
        if rest.startswith("from_"):
            number = rest.split("_")[1]
            parent = next(other for other in CHANGES if other.split("_")[0] == number)
            steps = [values[seed] - by_name[parent][seed] for seed in SEEDS]
            line += f"  {mean(steps):+.4f} against {parent}"
            if max(steps) < 0:
                helped.append(name)
            elif min(steps) > 0:
                hurt.append(name)
        print(line)
    best = min(CHANGES, key=lambda name: mean(by_name[name].values()))
    print(f"\nBest: {best}. Better than their parent with every seed: {', '.join(helped)}.")
    print(f"Worse with every seed: {', '.join(hurt) or 'none'}.")


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

    report(lab)
    show(lab, "labrec", "log", "--project", PROJECT)
    show(lab, "labrec", "verify")
    seconds = time.perf_counter() - started
    print(f"\nRecorded and verified in {seconds:.0f} s. Look around:\n\n  cd {lab}")
    print("  labrec log\n  labrec show RUN\n  labrec get RUN written.txt\n  git log --all --graph")


if __name__ == "__main__":
    main()
