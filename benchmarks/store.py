"""What the store costs: fsyncs and CPU of one run, one more record at scale, many writers."""

from __future__ import annotations

import json
import os
import re
import resource
import statistics
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figure import Figure, labrec, python, side_by_side
from benchmarks.lab import fresh_lab, scratch_folder
from benchmarks.records import additions, fill, template

if TYPE_CHECKING:
    from collections.abc import Callable

ONE = """
import sys, json, os, resource, time
import labrec
counted = 0
def counting(real):
    def call(*args):
        global counted
        counted += 1
        return real(*args)
    return call
def one():
    with labrec.run(project="bench", name="one", level="basic",
                    features={"lr": 0.1, "depth": 3, "width": 64}) as run:
        run.log_metric("loss", 0.5, 1)
        run.log_metric("accuracy", 0.7, 1)
        run.log_artifact(sys.argv[1])
    return run.run_id
os.fsync, os.fdatasync = counting(os.fsync), counting(os.fdatasync)
one()
syncs, cpu = [], []
for turn in range(20):
    counted = 0
    start = resource.getrusage(resource.RUSAGE_SELF)
    run_id = one()
    end = resource.getrusage(resource.RUSAGE_SELF)
    syncs.append(counted)
    cpu.append(end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime)
print(json.dumps({"syncs": max(syncs), "cpu": sorted(cpu)[len(cpu) // 2], "run": run_id}))
"""

WRITER = """
import sys, json, time
from pathlib import Path
import labrec
from labrec.store.lab import Lab
from benchmarks.records import additions
folder, described, first, count = sys.argv[1:]
pattern, first, count = json.load(open(described)), int(first), int(count)
lab = Lab.open(Path(folder))
longest = 0.0
for addition in additions(pattern, count, first, 8 * count):
    start = time.perf_counter()
    lab.commit([addition], "run", {})
    longest = max(longest, time.perf_counter() - start)
print(longest)
"""


def measure(sizes: tuple[int, ...] = (1_000, 10_000, 100_000)) -> list[Figure]:
    """Measure the cost of one run, of one more record, of many writers."""
    with scratch_folder() as folder:
        lab = fresh_lab(folder / "lab")
        figures, pattern = _one_run(lab, folder)
        return [
            *figures,
            *_scale(folder, lab, pattern, sizes),
            *_writers(folder, lab, pattern),
        ]


def _one_run(lab: Path, folder: Path) -> tuple[list[Figure], dict]:
    artifact = folder / "artifact.bin"
    artifact.write_bytes(os.urandom(10_000))
    out = subprocess.run(
        python("-c", ONE, str(artifact)), cwd=lab, check=True, stdout=subprocess.PIPE
    )
    found = json.loads(out.stdout)
    disk = _fsync_seconds(folder)
    beside = f"one fsync of 4 kB on this disk: {disk * 1000:.2f} ms"
    cpu = found["cpu"] * 1000
    return [
        Figure(
            "fsyncs of one durable run",
            found["syncs"],
            "calls",
            "<= 10",
            found["syncs"] <= 10,
            beside,
        ),
        Figure(
            "CPU of one durable run in a warm process, of that process (getrusage)",
            cpu,
            "ms",
            "<= 8 ms",
            cpu <= 8,
        ),
    ], template(lab, found["run"])


def _fsync_seconds(folder: Path) -> float:
    seconds = []
    for number in range(20):
        fd = os.open(folder / f"sync{number}", os.O_WRONLY | os.O_CREAT)
        os.write(fd, bytes(4096))
        start = time.perf_counter()
        os.fsync(fd)
        seconds.append(time.perf_counter() - start)
        os.close(fd)
    return statistics.median(seconds)


def _scale(folder: Path, origin: Path, pattern: dict, sizes: tuple[int, ...]) -> list[Figure]:
    from labrec.store.lab import Lab

    labs = {}
    figures = []
    for size in sizes:
        place = folder / f"scale{size}"
        subprocess.run(["cp", "-r", str(origin), str(place)], check=True)
        labs[size] = Lab.open(place)
        start = time.perf_counter()
        fill(labs[size], pattern, size)
        rate = size / (time.perf_counter() - start)
        figures.append(
            Figure(
                f"bulk import, {size:,} records, a thousand a commit",
                rate,
                "records/s",
                ">= 1,000/s",
                rate >= 1000,
            )
        )
    # A fresh record in each lab in turn: the machine's drift hits all of them alike.
    streams = {size: additions(pattern, 60, 10**7 + size, 10**7) for size in sizes}
    bytes_written: dict[int, list[int]] = {size: [] for size in sizes}
    record_size = len(next(additions(pattern, 1)).source)

    def one_more(size: int):
        def commit() -> None:
            addition = next(streams[size])
            receipt = labs[size].commit([addition], "run", {})
            bytes_written[size].append(receipt.bytes)

        return commit

    times = side_by_side({str(size): one_more(size) for size in sizes}, 40)
    figures.append(_commit_cpu(one_more(sizes[-1]), sizes[-1]))
    least = times[str(sizes[0])].median
    for size in sizes:
        timing = times[str(size)]
        ratio = timing.median / least
        figures.append(
            Figure(
                f"one more record at {size:,} records",
                timing.median * 1000,
                "ms",
                f"<= 1.2 x the time at {sizes[0]:,}",
                ratio <= 1.2,
                f"{ratio:.2f} x the time at {sizes[0]:,}",
                (timing.spread[0] * 1000, timing.spread[1] * 1000),
            )
        )
        written = statistics.median(bytes_written[size])
        bar = record_size + 4000
        figures.append(
            Figure(
                f"bytes written for one more record at {size:,} records",
                written,
                "B",
                f"<= the record's {record_size:,} B + 4,000 B",
                written <= bar,
            )
        )
    figures += _reading(labs[sizes[-1]].root, sizes[-1], folder / f"scale{sizes[1]}", sizes[1])
    return figures


def _commit_cpu(commit: Callable[[], None], size: int) -> Figure:
    start = resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(15):
        commit()
    end = resource.getrusage(resource.RUSAGE_SELF)
    cpu = (end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime) / 15 * 1000
    return Figure(f"CPU of the commit alone at {size:,} records", cpu, "ms")


def _reading(big: Path, size: int, middle: Path, count: int) -> list[Figure]:
    figures = []
    for what, options, bar in (
        ("content", ["--content-only"], 90),
        ("full history", ["--history"], 240),
        ("incremental, nothing new", ["--incremental"], 2),
    ):
        start = time.perf_counter()
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        subprocess.run(labrec("verify", *options), cwd=big, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
        rss = max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024
        figures.append(
            Figure(
                f"labrec verify, {size:,} records, {what}",
                seconds,
                "s",
                f"<= {bar} s",
                seconds <= bar,
                f"peak memory so far {rss:,.0f} MiB",
            )
        )
    subprocess.run(labrec("log", "-n", "20"), cwd=middle, check=True, stdout=subprocess.DEVNULL)
    times = side_by_side(
        {
            "log": lambda: subprocess.run(
                labrec("log", "-n", "20"), cwd=middle, check=True, stdout=subprocess.DEVNULL
            )
        },
        7,
    )
    figures.append(
        Figure(
            f"labrec log of {count:,} runs, whole process",
            times["log"].median,
            "s",
            "<= 0.5 s",
            times["log"].median <= 0.5,
            "",
            times["log"].spread,
        )
    )
    return figures


def _writers(folder: Path, origin: Path, pattern: dict) -> list[Figure]:
    import labrec as library

    place = folder / "writers"
    subprocess.run(["cp", "-r", str(origin), str(place)], check=True)
    before = len(list(library.open(place).runs()))
    described = folder / "pattern.json"
    described.write_text(json.dumps(pattern))
    start = time.perf_counter()
    processes = [
        subprocess.Popen(
            python("-c", WRITER, str(place), str(described), str(250 * number), "250"),
            cwd=Path(__file__).parents[1],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(8)
    ]
    longest = 0.0
    for process in processes:
        out, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"a writer failed with {process.returncode}")
        longest = max(longest, float(re.findall(r"[\d.]+", out)[-1]))
    seconds = time.perf_counter() - start
    kept = len(list(library.open(place).runs())) - before
    rate = 2000 / seconds
    return [
        Figure("8 writers x 250 records: lost", 2000 - kept, "records", "0", kept == 2000),
        Figure("8 writers x 250 records: rate", rate, "records/s", ">= 30/s", rate >= 30),
        Figure("8 writers x 250 records: longest wait", longest, "s", "<= 30 s", longest <= 30),
    ]
