"""The site: built from nothing, one run more, nothing new, what a run costs, and first views."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.figure import Figure, labrec, python
from benchmarks.lab import fresh_lab, scratch_folder
from benchmarks.records import additions, fill, template

if TYPE_CHECKING:
    from pathlib import Path

SIZES = (1_000, 10_000)

# 100 points a run, as in the bar of `labrec analyze`: two curves and two final values
RUN = """
import labrec
features = {"lr": 0.1, "depth": 3, "width": 64, "optimizer": {"name": "adam"}}
with labrec.run(project="bench", name="one", level="basic", features=features) as run:
    for step in range(49):
        for name in ("train_loss", "val_loss"):
            run.log_metric(name, 1 / (step + 1), step, direction="minimize")
    for name in ("val_bpb", "accuracy"):
        run.log_metric(name, 0.5, 48)
print(run.run_id)
"""


class Built(NamedTuple):
    """One build of a site in a process of its own.

    Attributes:
        seconds: Wall clock of the whole process, s.
        cpu: Processor time of it and of the theme, s.
        rss: Its largest resident size, MiB.
    """

    seconds: float
    cpu: float
    rss: float


def measure(sizes: tuple[int, ...] = SIZES) -> list[Figure]:
    """Build sites of labs of several sizes; the bars are for the largest."""
    figures: list[Figure] = []
    per_run: dict[int, float] = {}
    with scratch_folder() as folder:
        pattern = _pattern(folder)
        for count in sizes:
            found, cpu = _lab(folder, pattern, count, is_largest=count == max(sizes))
            figures += found
            per_run[count] = 1000 * cpu / count
    small, large = per_run[min(sizes)], per_run[max(sizes)]
    what = f"cost of a run at {max(sizes):,}, beside that at {min(sizes):,}"
    beside = f"{large:.2f} ms beside {small:.2f} ms"
    ratio = large / small
    figures.append(Figure(what, ratio, "×", "<= 1.2×", ratio <= 1.2, beside))
    return figures


def _pattern(folder: Path) -> tuple[Path, dict]:
    lab = fresh_lab(folder / "pattern")
    (lab / "train.py").write_text(RUN)
    run_id = subprocess.run(
        python("train.py"), cwd=lab, check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()
    return lab, template(lab, run_id)


def _lab(
    folder: Path, pattern: tuple[Path, dict], count: int, *, is_largest: bool
) -> tuple[list[Figure], float]:
    from labrec.store.lab import Lab

    place = folder / f"lab{count}"
    subprocess.run(["cp", "-r", str(pattern[0]), str(place)], check=True)
    with Lab.open(place) as lab:
        fill(lab, pattern[1], count, children=True)
    subprocess.run(labrec("analyze"), cwd=place, check=True, stdout=subprocess.DEVNULL)
    first = _build(place)
    kinds = _by_kind(place / "build/labrec/site")
    pairs = kinds.pop("pair pages")
    size = sum(one.size for one in kinds.values())
    again = _build(place)
    with Lab.open(place) as lab:
        lab.commit(list(additions(pattern[1], 1, count, count + 1)), "one more", {})
    subprocess.run(labrec("analyze"), cwd=place, check=True, stdout=subprocess.DEVNULL)
    more = _build(place)
    what = f"labrec site build, {count:,} runs"

    def figure(name: str, value: float, unit: str, bar: str, met: bool, beside: str = "") -> Figure:
        kept = (bar, met) if is_largest else ("", None)
        return Figure(f"{what}: {name}", value, unit, *kept, beside)

    kb = size / 1e3 / count
    told = "; ".join(
        f"{name} {one.size / 1e6:.1f} MB"
        for name, one in sorted(kinds.items(), key=lambda item: -item[1].size)[:6]
    )
    largest = pairs.longest / 1e3
    return [
        figure("from nothing", first.seconds, "s", "<= 60 s", first.seconds <= 60,
               f"{first.cpu:.1f} s of processor time"),
        figure("its peak memory", first.rss, "MiB", "<= 1 GiB", first.rss <= 1024),
        figure("size of the site", size / 1e6, "MB", "<= 300 MB", size <= 300e6,
               f"{kb:.1f} kB a run; {told}"),
        figure("a pair page, counted apart", largest, "kB", "<= 6 kB", largest <= 6,
               f"the longest of {pairs.files:,}"),
        figure("one run more", more.seconds, "s", "<= 3 s", more.seconds <= 3,
               f"{more.cpu:.1f} s of processor time"),
        figure("nothing new", again.seconds, "s", "", False)._replace(met=None),
        *_views(place / "build/labrec/site", what, is_largest=is_largest),
    ], first.cpu  # fmt: skip


class Bytes(NamedTuple):
    """What pages of a kind take.

    Attributes:
        files: How many there are.
        size: Their length together, in bytes.
        longest: That of the longest, in bytes.
    """

    files: int
    size: int
    longest: int


KINDS = (
    ("pair pages", "p/*/r/*/parent/index.html"),
    ("pages of runs", "p/*/r/*/index.html"),
    ("records", "p/*/r/*/record.json"),
    ("beside runs", "p/*/r/**/*"),
    ("pages of projects", "p/**/*"),
    ("comparison", "compare/**/*"),
    ("tables", "data/**/*"),
    ("styles and scripts", "assets/**/*"),
    ("the rest", "**/*"),
)
"""Kinds of files and where they lie; the first pattern that fits counts."""


def _by_kind(folder: Path) -> dict[str, Bytes]:
    seen: set[Path] = set()
    found: dict[str, Bytes] = {}
    for name, pattern in KINDS:
        files = {path for path in folder.glob(pattern) if path.is_file()} - seen
        seen |= files
        sizes = [path.stat().st_size for path in files]
        found[name] = Bytes(len(sizes), sum(sizes), max(sizes, default=0))
    return found


def _views(site: Path, what: str, *, is_largest: bool) -> list[Figure]:
    """Open the largest page of each kind from the disk, the network off, in a fresh browser."""
    from playwright.sync_api import sync_playwright

    largest: dict[str, Path] = {}
    for path in sorted(site.rglob("*.html"), key=lambda path: path.stat().st_size):
        place = path.relative_to(site).parts
        kind = place[2] if place[0] == "p" and len(place) > 3 else place[0]
        largest[kind] = path
    took: dict[str, float] = {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        browser.new_page().goto("about:blank")  # the browser itself is there already
        for kind, path in largest.items():
            context = browser.new_context(offline=True)
            page = context.new_page()
            start = time.perf_counter()
            page.goto(path.as_uri(), wait_until="load")
            took[kind] = time.perf_counter() - start
            context.close()
        browser.close()
    worst = max(took, key=lambda kind: took[kind])
    bar, met = ("<= 1 s", took[worst] <= 1) if is_largest else ("", None)
    slowest = sorted(took.items(), key=lambda item: -item[1])[:3]
    beside = ", ".join(f"{kind} {1000 * seconds:.0f} ms" for kind, seconds in slowest)
    return [Figure(f"{what}: first view of its slowest page", took[worst], "s", bar, met, beside)]


def _build(place: Path) -> Built:
    start = time.perf_counter()
    process = subprocess.Popen(labrec("site", "build"), cwd=place, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 3}:
        raise RuntimeError(f"labrec site build ended with {process.returncode}")
    return Built(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
