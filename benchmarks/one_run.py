"""What a person waits for: start-up, ready to log, one recorded run, one wrapped command."""

from __future__ import annotations

import subprocess
from pathlib import Path

from benchmarks.figure import Figure, Timing, labrec, process, python, side_by_side
from benchmarks.lab import fresh_lab, scratch_folder

READY = """
import resource, time
start = time.perf_counter()
import labrec
imported = time.perf_counter()
run = labrec.run(project="bench", name="ready", features={"lr": 0.1})
run.__enter__()
ready = time.perf_counter()
rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
run.__exit__(None, None, None)
print(imported - start, ready - imported, rss)
"""

RUN = """
import sys
import labrec
with labrec.run(project="bench", name="one", level=sys.argv[1],
                features={"lr": 0.1, "depth": 3, "width": 64}) as run:
    run.log_metric("loss", 0.5, 1)
    run.log_metric("accuracy", 0.7, 1)
    run.log_artifact(sys.argv[2])
"""

BARE = "import sys; data = open(sys.argv[2], 'rb').read()"


def measure(repeats: int = 15) -> list[Figure]:
    """Measure start-up, ready to log, and whole processes that record one run."""
    with scratch_folder() as folder:
        lab = fresh_lab(folder / "lab")
        artifact = folder / "artifact.bin"
        artifact.write_bytes(bytes(range(256)) * 40)
        return [
            *_start_up(repeats),
            *_ready(lab, repeats),
            *_whole(lab, folder, artifact, repeats),
            *_wrapped(lab, repeats),
        ]


def _start_up(repeats: int) -> list[Figure]:
    times = side_by_side(
        {
            "--version": process(labrec("--version")),
            "--help": process(labrec("--help")),
            "python": process(python("-c", "pass")),
            "click": process(python("-c", "import click")),
        },
        repeats,
    )
    beside = (
        f"python -c pass {times['python'].median:.3f} s, import click {times['click'].median:.3f} s"
    )
    return [
        _seconds(f"labrec {what}, whole process", times[what], 0.10, beside)
        for what in ("--version", "--help")
    ]


def _ready(lab: Path, repeats: int) -> list[Figure]:
    rows = []
    for turn in range(repeats + 1):
        out = subprocess.run(python("-c", READY), cwd=lab, check=True, capture_output=True)
        if turn:
            rows.append([float(part) for part in out.stdout.split()])
    imports, readies, sizes = (list(column) for column in zip(*rows, strict=True))
    rss = max(sizes) / 1024
    return [
        _seconds("import labrec", Timing(imports), 0.05, ""),
        _seconds("first labrec.run() ready to log", Timing(readies), 0.20, ""),
        Figure("peak memory when ready to log", rss, "MiB", "<= 48 MiB", rss <= 48),
    ]


def _whole(lab: Path, folder: Path, artifact: Path, repeats: int) -> list[Figure]:
    peer = [str(Path(__file__).with_name("peer_sacred.py")), str(folder / "sacred"), str(artifact)]
    times = side_by_side(
        {
            "bare": process(python("-c", BARE, "basic", str(artifact)), cwd=lab),
            "basic": process(python("-c", RUN, "basic", str(artifact)), cwd=lab),
            "standard": process(python("-c", RUN, "standard", str(artifact)), cwd=lab),
            "sacred": process(python(*peer), cwd=folder),
        },
        repeats,
    )
    beside = (
        f"bare script {times['bare'].median:.3f} s, sacred (not durable, no code, "
        f"environment or git) {times['sacred'].median:.3f} s"
    )
    return [
        _seconds("one recorded run, SDK, whole process, basic", times["basic"], 0.20, beside),
        _seconds("one recorded run, SDK, whole process, standard", times["standard"], 0.35, beside),
    ]


def _wrapped(lab: Path, repeats: int) -> list[Figure]:
    times = side_by_side(
        {
            "bare": process(["true"], cwd=lab),
            "wrapped": process(labrec("run", "--project", "bench", "--", "true"), cwd=lab),
        },
        repeats,
    )
    added = [
        wrapped - bare
        for wrapped, bare in zip(times["wrapped"].seconds, times["bare"].seconds, strict=True)
    ]
    return [
        _seconds(
            "labrec run -- true, added",
            Timing(added),
            0.30,
            f"bare true {times['bare'].median:.3f} s",
        )
    ]


def _seconds(what: str, timing: Timing, bar: float, beside: str) -> Figure:
    return Figure(
        what, timing.median, "s", f"<= {bar:.2f} s", timing.median <= bar, beside, timing.spread
    )
