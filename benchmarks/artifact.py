"""A large artifact: recorded, stored, read back."""

from __future__ import annotations

import json
import os
import subprocess
import time
from typing import TYPE_CHECKING

from benchmarks.figure import Figure, python
from benchmarks.lab import fresh_lab, scratch_folder

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 2 << 30
CHUNK = 16 << 20

RECORD = """
import json, resource, sys, time
import labrec
start = time.perf_counter()
with labrec.run(project="bench", name="large", level="basic") as run:
    run.log_artifact(sys.argv[1])
seconds = time.perf_counter() - start
rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "rss": rss, "run": run.run_id}))
"""


def measure() -> list[Figure]:
    """Measure 2 GiB of random bytes (nothing to compress) beside a copy with fsync."""
    with scratch_folder() as folder:
        lab = fresh_lab(folder / "lab")
        artifact = folder / "large.bin"
        with artifact.open("wb") as file:
            for _ in range(SIZE // CHUNK):
                file.write(os.urandom(CHUNK))
        copy = _copy(artifact, folder / "copy.bin")
        out = subprocess.run(
            python("-c", RECORD, str(artifact)),
            cwd=lab,
            check=True,
            stdout=subprocess.PIPE,
            env={**os.environ, "LABREC_MAX_ARTIFACT": "20GB"},
        )
        found = json.loads(out.stdout)
        rate = SIZE / 2**20 / found["seconds"]
        start = time.perf_counter()
        subprocess.run(
            [*python("-m", "labrec"), "get", found["run"], "large.bin", "-o", str(folder / "back")],
            cwd=lab,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        back = SIZE / 2**20 / (time.perf_counter() - start)
        same = subprocess.run(["cmp", str(artifact), str(folder / "back")], check=False).returncode
        return [
            Figure(
                "2 GiB artifact recorded, durable and read back, whole run",
                rate,
                "MiB/s",
                ">= 150 MiB/s",
                rate >= 150,
                f"copy with fsync {copy:,.0f} MiB/s",
            ),
            Figure("its peak memory", found["rss"], "MiB", "<= 300 MiB", found["rss"] <= 300),
            Figure("labrec get of it, hash checked", back, "MiB/s", "", None, f"cmp: {same}"),
        ]


def _copy(source: Path, target: Path) -> float:
    start = time.perf_counter()
    with source.open("rb") as old, target.open("wb") as new:
        while chunk := old.read(CHUNK):
            new.write(chunk)
        new.flush()
        os.fsync(new.fileno())
    return SIZE / 2**20 / (time.perf_counter() - start)
