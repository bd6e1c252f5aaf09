"""What analysis costs: all tables of a hundred thousand runs, again, and after one more run."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.figure import Figure, labrec, python
from benchmarks.lab import fresh_lab, scratch_folder
from benchmarks.records import additions, template
from labrec.record import codec, layout
from labrec.record.digest import Digest
from labrec.store.commits import Addition
from labrec.store.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

POINTS = 100  # a run, as in the bar: 10 million points of 100,000 runs
BARS = {"cold": 30.0, "unchanged": 1.5, "one new record": 4.0}  # s, at 100,000 records
START = 1.5  # s: Python, git and pyarrow, whatever the lab holds
MEMORY = 1.5  # GiB

PATTERN = """
import labrec
with labrec.run(project="bench", name="pattern", features={
    "lr": 1e-3, "batch": 64, "optimizer": {"name": "adam", "betas": [0.9, 0.99]},
    "model": {"depth": 6, "width": 384, "dropout": 0.1}, "quantization": "int8",
}, seed=1) as run:
    run.log_metric("loss", 0.5, 1)
print(run.run_id)
"""

DECODE = """
import sys
from pathlib import Path
from labrec.store.lab import Lab
import json
view = Lab.open(Path(sys.argv[1])).view()
print(sum(len(json.loads(view.read_entry(e.path, e.sha))) for e in view.runs()))
"""


def measure(count: int = 100_000) -> list[Figure]:
    """Measure cold, unchanged, and with one new record."""
    share = count / 100_000
    with scratch_folder() as folder:
        lab = fresh_lab(folder / "lab")
        out = subprocess.run(
            python("-c", PATTERN), cwd=lab, check=True, stdout=subprocess.PIPE, text=True
        )
        pattern = template(lab, out.stdout.strip())
        timed(labrec("analyze", "--out", str(folder / "first")), lab)  # compiles what it imports
        fill(lab, pattern, count)
        decode = timed(python("-c", DECODE, str(lab)), lab)
        cold, memory = timed_with_memory(labrec("analyze"), lab)
        unchanged = min(timed(labrec("analyze"), lab) for _ in range(5))
        new = []
        for number in range(count, count + 3):
            commit(lab, list(with_points(pattern, 1, number, count + 3)))
            new.append(timed(labrec("analyze"), lab))
        return [
            _figure(
                f"`labrec analyze`, {count:,} records with {count * POINTS:,} points, cold",
                cold, "cold", share,
                f"; decoding the same records with `json` and nothing else: {decode.wall:.2f} s",
            ),
            _figure("the same again, nothing new", unchanged, "unchanged", share),
            _figure("the same after one new record", sorted(new)[1], "one new record", share),
            Figure(
                "memory of the first one", memory, "GiB", f"<= {MEMORY} GiB", memory <= MEMORY
            ),
        ]  # fmt: skip


def _figure(what: str, took: Took, bar: str, share: float, beside: str = "") -> Figure:
    most = min(BARS[bar], START + BARS[bar] * share)
    words = f"<= {most:.1f} s ({BARS[bar]:g} s at 100,000, of which {START} s is start-up)"
    spent = f"{took.processor:.2f} s of processor time{beside}"
    return Figure(what, took.wall, "s", words, took.wall <= most, spent)


def with_points(pattern: dict, count: int, first: int, total: int) -> Iterator[Addition]:
    """Yield synthetic records, each behind the object with its points; half have a parent."""
    parent = None
    for addition in additions(pattern, count, first, total):
        record = json.loads(addition.source)
        rng = random.Random(addition.path)
        lines = [
            f"{metric},{step},{step / 8},{rng.random()!r}\n"
            for metric in sorted(record["metrics"]["values"])
            for step in range(POINTS // len(record["metrics"]["values"]))
        ]
        data = gzip.compress(("metric,step,time,value\n" + "".join(lines)).encode(), 6, mtime=0)
        digest = Digest.of(data)
        record["metrics"]["series"] = {"sha256": digest.hex, "size": len(data)}
        if parent is not None:
            name, config = parent
            record["lineage"]["parents"] = [
                {"by": "option", "name": name, "run_id": None, "config_digest": config}
            ]
        parent = record["identity"]["name"], record["identity"]["config_digest"]
        parent = parent if rng.random() < 0.5 else None
        tree = record["features"]["tree"] | {"lr": rng.choice([1e-3, 1e-4, 3e-4])}
        record["features"] |= {"tree": tree, "digest": str(Digest.of_value(tree))}
        encoded = codec.encode(record)
        identity = record["identity"]
        path = layout.run_path(identity["project"], identity["run_id"], Digest.of(encoded))
        yield Addition(layout.object_path(digest), data)
        yield Addition(path, encoded)


def fill(folder: Path, pattern: dict, count: int) -> None:
    """Commit synthetic records with their points, a thousand additions a commit."""
    batch: list[Addition] = []
    for addition in with_points(pattern, count, 0, count):
        batch.append(addition)
        if len(batch) == 1000:
            commit(folder, batch)
            batch = []
    if batch:
        commit(folder, batch)


def commit(folder: Path, batch: list[Addition]) -> None:
    """Commit additions."""
    with Lab.open(folder) as lab:
        lab.commit(batch, f"import of {len(batch)}", {})


class Took(NamedTuple):
    """What a whole process took, with all that it started.

    Attributes:
        wall: Seconds until it ended.
        processor: Seconds of processor time.
    """

    wall: float
    processor: float


def timed(argv: Sequence[str], folder: Path) -> Took:
    """Return what a process took."""
    return timed_with_memory(argv, folder)[0]


def timed_with_memory(argv: Sequence[str], folder: Path) -> tuple[Took, float]:
    """Return what a process took, and the largest size in GiB of it and of any it started."""
    watcher = (
        "import resource, subprocess, sys, time\n"
        "start = time.perf_counter()\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
        "seconds = time.perf_counter() - start\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss)\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", watcher, *argv], cwd=folder, check=True, capture_output=True
    )
    seconds, processor, kibibytes = out.stdout.split()
    return Took(float(seconds), float(processor)), int(kibibytes) / 2**20
