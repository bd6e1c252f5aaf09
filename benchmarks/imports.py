"""Bringing a table in: how many rows a second become records, and what importing again costs."""

from __future__ import annotations

import csv
import json
import os
import random
import resource
import subprocess
import time
from typing import TYPE_CHECKING

from benchmarks.figure import Figure, labrec
from benchmarks.lab import fresh_lab, scratch_folder

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 10_000
COLUMNS = ("id", "parent", "status", "started", "lr", "depth", "opt", "seed", "loss", "acc",
           "seconds", "note")  # fmt: skip

MAP = """
source: benchmark
key: id
project: {value: bench}
status: {column: status, map: {ok: complete, crash: failed}}
tags: status
started: started
duration: seconds
parents: parent
intent: note
features: {lr: lr, depth: depth, optimizer: opt}
seeds: {seed: seed}
metrics:
  loss: {column: loss, direction: minimize, failure: 0}
  accuracy: {column: acc, direction: maximize}
hardware: {gpus: {value: NVIDIA H100}}
"""


def measure(rows: int = ROWS) -> list[Figure]:
    """Measure imports as whole processes: new, again, and by a changed map."""
    with scratch_folder() as folder:
        lab = fresh_lab(folder / "lab")
        table, table_map = folder / "table.csv", folder / "map.yaml"
        _write(table, rows)
        table_map.write_text(MAP)
        plain = rows / _seconds_to_read(table)
        before = _cpu()
        first, new = _import(lab, table, table_map)
        cpu = _cpu() - before
        again, known = _import(lab, table, table_map)
        table_map.write_text(MAP.replace("optimizer: opt", "method: opt"))
        changed, superseded = _import(lab, table, table_map)
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    rate = rows / first
    what = f"{rows:,} rows of {len(COLUMNS)} columns"
    return [
        Figure(
            f"import of {what}, durable and read back, whole process",
            rate, "records/s", ">= 1,000/s", rate >= 1000 and new["new"] == rows,
            f"csv.reader alone {plain:,.0f} rows/s",
        ),
        Figure("CPU of it, start-up included", 1000 * cpu / rows, "ms a row"),
        Figure(
            "the same again: records added", again_added := known["new"] + len(known["commits"]),
            "records", "0", again_added == 0, f"{rows / again:,.0f} rows/s",
        ),
        Figure(
            "the same by a changed map: a new record and a note a row",
            rows / changed, "records/s", "", None, f"{superseded['superseded']:,} superseded",
        ),
        Figure("peak memory of the largest of them", memory, "MiB"),
    ]  # fmt: skip


def _write(path: Path, rows: int) -> None:
    rng = random.Random(1)
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        for number in range(rows):
            parent = f"run{rng.randrange(number)}" if number and rng.random() < 0.7 else ""
            when = f"2025-{1 + number % 12:02}-{1 + number % 28:02}T{number % 24:02}:00:00Z"
            out.writerow([
                f"run{number}", parent, rng.choice(["ok", "ok", "ok", "crash"]), when,
                round(rng.random() / 10, 5), rng.randrange(2, 20), rng.choice(["adam", "sgd"]),
                number % 5, round(rng.random() * 3, 5), round(rng.random(), 4),
                rng.randrange(60, 5000), "try a longer warm-up and a smaller window",
            ])  # fmt: skip


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _seconds_to_read(path: Path) -> float:
    start = time.perf_counter()
    with path.open(newline="") as file:
        for _ in csv.reader(file):
            pass
    return time.perf_counter() - start


def _import(lab: Path, table: Path, table_map: Path) -> tuple[float, dict]:
    argv = labrec("import", "table", str(table), "--map", str(table_map), "--json")
    start = time.perf_counter()
    done = subprocess.run(argv, cwd=lab, check=True, stdout=subprocess.PIPE, env=dict(os.environ))
    return time.perf_counter() - start, json.loads(done.stdout)
