"""The study of ``make demo``: what makes a small language model better, and at what cost?

Registers a claim, trains every experiment of ``plan.py`` with three seeds, judges the final model
with its weights in four formats, verifies the lab, analyses it, builds its site, and says what was
found. It does nothing that a user could not do by hand: each step is a command of labrec or a
program that uses its SDK. ``README.md`` beside this file walks through it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import plan
import report
from progress import Progress
from quantize import FORMATS

HERE = Path(__file__).resolve().parent
PROGRAMS = ("corpus.py", "model.py", "plan.py", "train.py", "quantize.py", "evaluate.py")
DRAFT = f"records/{plan.PROJECT}/hypotheses/{plan.HYPOTHESIS}.yaml"
DEFINITION = f"records/{plan.PROJECT}/project.yaml"
FRONT_PAGE = "site/index.md"
SITE = "build/labrec/site/index.html"
AUTHOR = "The labrec developers"
QUICK = 0.01  # of the training steps
QUICK_SEEDS = (1, 2)

# One thread a run: the runs share the processor, and sums come out in one order.
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ENVIRONMENT = {
    **os.environ,
    **THREADS,
    # the `labrec` and `python` of the environment that runs this file
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
}
FIXED_DATE = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-01-01T00:00:00Z")
GIT = ("git", "-c", f"user.name={AUTHOR}", "-c", "user.email=labrec@example.org")


class Study(NamedTuple):
    """Where the study happens.

    Attributes:
        lab: The lab that keeps the records.
        code: The repository of the programs, whose ``labrec.toml`` points at the lab.
        seeds: Seeds of each experiment.
        experiments: What is trained, parents first.
        tokens: Bytes that are predicted to measure speed.
    """

    lab: Path
    code: Path
    seeds: tuple[int, ...]
    experiments: dict[str, plan.Experiment]
    tokens: int


class Outcome(NamedTuple):
    """How one program ended.

    Attributes:
        code: Its exit code.
        said: The last line that it printed.
        seconds: How long it took, recording included.
    """

    code: int
    said: str
    seconds: float


def call(folder: Path, *argv: str, expect: int = 0, dated: bool = False) -> Outcome:
    """Run a command in a folder; stop the study when it does not end as expected.

    Args:
        folder: Where it runs.
        argv: The command.
        expect: The exit code that is right.
        dated: Whether git is given one fixed date, so that equal files make an equal commit.
    """
    started = time.perf_counter()
    environment = ENVIRONMENT | (FIXED_DATE if dated else {})
    done = subprocess.run(
        argv, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != expect:
        sys.exit(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    said = lines[-1] if lines else ""
    return Outcome(done.returncode, said, time.perf_counter() - started)


# --- before the first run ---------------------------------------------------------------------


def prepare_lab(lab: Path) -> None:
    """Make the lab, say what its project judges by, and register the claim."""
    lab.parent.mkdir(parents=True, exist_ok=True)
    call(lab.parent, "labrec", "init", str(lab))
    if not (lab / DRAFT).exists():
        call(lab, "labrec", "hypothesis", "new", plan.HYPOTHESIS, "--project", plan.PROJECT)
        shutil.copy(HERE / "hypothesis.yaml", lab / DRAFT)
        shutil.copy(HERE / "project.yaml", lab / DEFINITION)
        shutil.copy(HERE / "front_page.md", lab / FRONT_PAGE)
        call(lab, *GIT, "add", DRAFT, DEFINITION, FRONT_PAGE)
        call(lab, *GIT, "commit", "-q", "-m", "Define the study and draft its claim")
    register = ("labrec", "hypothesis", "register", plan.HYPOTHESIS, "--author", AUTHOR)
    print(f"  {call(lab, *register).said}")


def prepare_code(study: Study) -> None:
    """Make the repository of the programs, with the features of each experiment."""
    code = study.code
    (code / "features").mkdir(parents=True)
    for name in PROGRAMS:
        shutil.copy(HERE / name, code / name)
    for name, experiment in study.experiments.items():
        text = json.dumps(experiment.features, indent=2) + "\n"
        (code / "features" / f"{name}.json").write_text(text)
    (code / ".gitignore").write_text("labrec.toml\nwork/\n__pycache__/\n")
    call(code, "git", "init", "-q", "--initial-branch=main")
    call(code, *GIT, "add", ".")
    call(code, *GIT, "commit", "-q", "-m", "Add the programs of the study", dated=True)
    (code / "labrec.toml").write_text(f"lab = {json.dumps(str(study.lab))}\n")


# --- the runs ---------------------------------------------------------------------------------


def train(study: Study, experiment: plan.Experiment, seed: int) -> Outcome:
    """Record one training run, in a folder of its own."""
    name = experiment.name
    folder = study.code / "work" / f"{name}-{seed}"
    folder.mkdir(parents=True)
    features = f"../../features/{name}.json"
    program = ("python", "../../train.py", features, "--seed", str(seed))
    if name == plan.FAILING:
        return call(folder, *program, "--name", name, "--intent", experiment.intent, expect=1)
    recorded = ["labrec", "run", "--project", plan.PROJECT, "--name", name, "--seed", str(seed)]
    recorded += ["--features", features, "--metrics", "sizes.json", "--intent", experiment.intent]
    if name == plan.ALL:
        recorded += ["--hypothesis", plan.HYPOTHESIS]
    if name == plan.FINAL:
        recorded += ["--artifact", "model.npz"]
    return call(folder, *recorded, "--", *program)


def train_all(study: Study, jobs: int) -> None:
    """Record every training run; each starts when its parent with the same seed is there."""
    ended: dict[tuple[str, int], Future[Outcome]] = {}

    def after_parent(experiment: plan.Experiment, seed: int) -> Outcome:
        if experiment.parent:
            ended[experiment.parent, seed].result()
        return train(study, experiment, seed)

    with ThreadPoolExecutor(jobs) as pool:
        # Parents come first, so a run that waits never waits for one that has no worker.
        for name, experiment in study.experiments.items():
            for seed in study.seeds[:1] if name == plan.FAILING else study.seeds:
                ended[name, seed] = pool.submit(after_parent, experiment, seed)
        with Progress(f"Training, {jobs} at a time", len(ended)) as progress:
            for (name, seed), future in ended.items():
                progress.advance(f"{name} seed {seed}", future.result())


def evaluate_all(study: Study) -> None:
    """Judge the final model in every format, one after another: speed is measured."""
    names = plan.evaluated(FORMATS)
    with Progress("Judging the final model", len(names) * len(study.seeds)) as progress:
        for seed in study.seeds:
            for form, name in names.items():
                program = ["python", "evaluate.py", plan.FINAL, form, "--name", name]
                program += ["--seed", str(seed), "--tokens", str(study.tokens)]
                outcome = call(study.code, *program)
                progress.advance(f"{name} seed {seed}", outcome)


# --- what was found ---------------------------------------------------------------------------


def look(lab: Path) -> None:
    """Verify the lab, make its tables and its site."""
    for argv in (("labrec", "verify"), ("labrec", "analyze"), ("labrec", "site", "build")):
        print(f"  {' '.join(argv)}: {call(lab, *argv).said}", flush=True)


def main() -> None:
    """Run the whole study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lab", type=Path, help="folder of the lab (default: a temporary one)")
    parser.add_argument("--jobs", type=int, default=max(1, min(4, os.cpu_count() or 1)))
    parser.add_argument("--quick", action="store_true", help="two seeds, hardly any training")
    given = parser.parse_args()
    started = time.perf_counter()
    place = Path(tempfile.mkdtemp(prefix="labrec-study-"))
    lab = (given.lab or place / "lab").resolve()
    experiments = plan.trained(QUICK if given.quick else 1.0)
    seeds, tokens = (QUICK_SEEDS, 1_000) if given.quick else (plan.SEEDS, 20_000)
    study = Study(lab, place / "code", seeds, experiments, tokens)

    print(f"A study of small language models of the Python standard library, in {lab}")
    prepare_lab(lab)
    prepare_code(study)
    train_all(study, given.jobs)
    evaluate_all(study)
    look(lab)
    print(f"\nFound in {time.perf_counter() - started:.0f} s:\n")
    for sentence in report.sentences(lab):
        print(textwrap.fill(sentence, 98, initial_indent="  ", subsequent_indent="  "), end="\n\n")
    print(f"Look around: open {lab / SITE}\n\n  cd {lab}\n  labrec log")


if __name__ == "__main__":
    main()
