"""Metric points: how fast they are taken, and how small they are stored."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from benchmarks.figure import Figure, python
from benchmarks.lab import fresh_lab, scratch_folder

if TYPE_CHECKING:
    from pathlib import Path

POINTS = 400_000

# One process measures labrec, csv.writer and sacred's queue in turn: same values, same loop.
SCRIPT = """
import csv, json, os, sys, time
import labrec

n, folder = int(sys.argv[1]), sys.argv[2]
values = [1.0 / (1 + step) ** 0.5 for step in range(n)]
rates = {"labrec": [], "csv": [], "sacred": []}

def timed(name, loop):
    start = time.perf_counter()
    loop()
    rates[name].append(n / (time.perf_counter() - start))

run = labrec.run(project="bench", name="points", level="basic")
run.__enter__()
clock = time.perf_counter

def with_labrec():
    log = run.log_metric
    for step, value in enumerate(values):
        log("loss", value, step)

def with_csv():
    with open(folder + "/points.csv", "w", newline="") as file:
        row = csv.writer(file).writerow
        for step, value in enumerate(values):
            row(("loss", step, clock(), value))

from sacred.metrics_logger import MetricsLogger, linearize_metrics
from sacred.observers import FileStorageObserver
def with_sacred():
    logger, observer = MetricsLogger(), FileStorageObserver(folder)
    observer.dir = folder
    log = logger.log_scalar_metric
    for step, value in enumerate(values[: n // 4]):
        log("loss", value, step)
    # Only now does a point leave the process' memory.
    observer.log_metrics(linearize_metrics(logger.get_last_metrics()), {})
    os.remove(folder + "/metrics.json")

for turn in range(4):
    timed("labrec", with_labrec)
    timed("csv", with_csv)
    start = time.perf_counter()
    with_sacred()
    rates["sacred"].append(n // 4 / (time.perf_counter() - start))
run.__exit__(None, None, None)
print(json.dumps({name: sorted(rate[1:])[1] for name, rate in rates.items()}))
"""

SMALL = """
import labrec, random, sys
random.seed(0)
with labrec.run(project="bench", name="small", level="basic") as run:
    loss = 4.0
    for step in range(int(sys.argv[1])):
        loss = 0.999 * loss + 0.001 * random.random()
        run.log_metric("loss", loss, step)
print(run.run_id)
"""


def measure() -> list[Figure]:
    """Measure points per second beside csv.writer and sacred, and bytes stored per point."""
    with scratch_folder() as folder:
        lab = fresh_lab(folder / "lab")
        rates = json.loads(_run(lab, SCRIPT, str(POINTS), str(folder)))
        beside = f"csv.writer {rates['csv']:,.0f}/s, sacred with its file {rates['sacred']:,.0f}/s"
        rate = rates["labrec"]
        return [
            Figure(
                "metric points taken by run.log_metric, each safe from SIGKILL on return",
                rate,
                "points/s",
                ">= csv.writer and >= 1,000,000/s",
                rate >= max(rates["csv"], 1e6),
                beside,
            ),
            Figure(
                "the same, times sacred",
                rate / rates["sacred"],
                "x",
                ">= 5 x",
                rate >= 5 * rates["sacred"],
                beside,
            ),
            *(_stored(lab, count) for count in (1_000, 100_000)),
        ]


def _stored(lab: Path, count: int) -> Figure:
    run_id = _run(lab, SMALL, str(count)).strip().splitlines()[-1]
    shown = subprocess.run(
        [*python("-m", "labrec"), "show", run_id, "--raw"], cwd=lab, check=True, capture_output=True
    )
    size = json.loads(shown.stdout)["metrics"]["series"]["size"]
    return Figure(
        f"bytes stored a point, noisy loss curve of {count:,} points",
        size / count,
        "B",
        "<= 16 B",
        size / count <= 16,
        "a float64 alone is 8 B",
    )


def _run(lab: Path, script: str, *arguments: str) -> str:
    return subprocess.run(
        python("-c", script, *arguments), cwd=lab, check=True, text=True, stdout=subprocess.PIPE
    ).stdout
