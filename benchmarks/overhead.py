"""What recording costs the observed program while it runs."""

from __future__ import annotations

import json
import math
import statistics
import subprocess
from typing import TYPE_CHECKING

from benchmarks.figure import Figure, labrec, python
from benchmarks.lab import fresh_lab, scratch_folder

if TYPE_CHECKING:
    from pathlib import Path

# About a second of arithmetic that uses one core and no disk; the program takes its own time, so
# that neither interpreter start-up nor the commit is counted.
WORK = """
import time
start = time.perf_counter()
x = 1
for i in range(9_000_000):
    x = (x * 48271 + i) % 2147483647
print(time.perf_counter() - start)
"""
LONG = "import time\nend = time.monotonic() + 60\nwhile time.monotonic() < end: time.sleep(0.05)"


def measure(repeats: int = 20) -> list[Figure]:
    """Measure the sampler's CPU at 1 Hz, and the wall time of a wrapped program, paired."""
    with scratch_folder() as folder:
        lab = fresh_lab(folder / "lab")
        return [*_cpu(lab), *_wall(lab, repeats)]


def _cpu(lab: Path) -> list[Figure]:
    run = [*labrec("run", "--project", "bench", "--name", "long", "--"), *python("-c", LONG)]
    subprocess.run(run, cwd=lab, check=True)
    found = subprocess.run(
        labrec("log", "--json", "-n", "1", "--name", "long"),
        cwd=lab,
        check=True,
        capture_output=True,
    )
    run_id = json.loads(found.stdout)[0]["run_id"]
    raw = subprocess.run(labrec("show", run_id, "--raw"), cwd=lab, check=True, capture_output=True)
    record = json.loads(raw.stdout)
    cpu = record["telemetry"]["overhead"]["cpu_s"]
    duration = record["identity"]["times"]["duration_s"]
    share = 100 * cpu / duration
    return [
        Figure(
            "recorder's CPU at 1 Hz over a minute, of one core (getrusage, start-up included)",
            share,
            "%",
            "<= 0.5 %",
            share <= 0.5,
            f"{record['telemetry']['overhead']['samples']} samples, {cpu:.3f} s of CPU",
        )
    ]


def _wall(lab: Path, repeats: int) -> list[Figure]:
    bare = python("-c", WORK)
    wrapped = [*labrec("run", "--project", "bench", "--name", "work", "--"), *bare]
    ratios = []
    for turn in range(repeats + 1):
        order = (bare, wrapped) if turn % 2 else (wrapped, bare)
        seconds = {argv is wrapped: _own_seconds(argv, lab) for argv in order}
        if turn:
            ratios.append(seconds[True] / seconds[False])
    mean, sd = statistics.mean(ratios), statistics.stdev(ratios)
    half = 2.09 * sd / math.sqrt(len(ratios))  # t, 19 degrees of freedom, 95 %
    return [
        Figure(
            "wall time of a program while it is recorded, over bare, paired",
            mean,
            "x",
            "interval meets 1.00-1.01",
            mean - half <= 1.01 and mean + half >= 1.0,
            f"95 % interval {mean - half:.4f} to {mean + half:.4f}, {len(ratios)} pairs",
            (min(ratios), max(ratios)),
        )
    ]


def _own_seconds(argv: list[str], lab: Path) -> float:
    done = subprocess.run(argv, cwd=lab, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)
