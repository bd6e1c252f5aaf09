"""Make one table of the raw results of an MLPerf Tiny round, for ``labrec import table``.

``python collect.py DIVISION [SUBMITTER …] > raw.jsonl`` reads

    DIVISION/SUBMITTER/systems/SYSTEM.json
    DIVISION/SUBMITTER/results/SYSTEM/TASK/{accuracy,performance,energy}/results.txt

and writes a line of JSON for each system and task. Text alone is read; nothing is guessed: what a
file does not say is not in the line.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from pathlib import Path
from typing import Any

NUMBER = r"\s*[:=]?\s*([0-9]+(?:\.[0-9]+)?)"
WINDOW = re.compile(r"Performance results for window\s+([0-9]+)")
THROUGHPUT = re.compile(r"Throughput" + NUMBER)
MEDIAN = re.compile(r"Median throughput is" + NUMBER)
ENERGY = re.compile(r"Energy/Inf\.?" + NUMBER)
MEDIAN_ENERGY = re.compile(r"Median energy cost is" + NUMBER)
TOP1 = re.compile(r"Top-1" + NUMBER)
AUC = re.compile(r"AUC" + NUMBER)


def main(division: Path, submitters: list[str]) -> int:
    """Write the lines of some submitters, of all of them where none is named."""
    names = submitters or sorted(path.name for path in division.iterdir() if path.is_dir())
    for submitter in names:
        for folder in sorted((division / submitter / "results").glob("*/*")):
            if folder.is_dir():
                print(json.dumps(line(division, submitter, folder), ensure_ascii=False))
    return 0


def line(division: Path, submitter: str, folder: Path) -> dict[str, Any]:
    """Return what is known of one system and task."""
    performance, energy = text(folder, "performance"), text(folder, "energy")
    accuracy = text(folder, "accuracy")
    found = {
        "submitter": submitter,
        "system": folder.parent.name,
        "task": folder.name,
        "about": about(division / submitter / "systems" / f"{folder.parent.name}.json"),
        "throughput": last(MEDIAN, performance),
        "throughput_windows": numbers(THROUGHPUT, performance),
        "windows": [int(number) for number in WINDOW.findall(performance)],
        "energy": last(MEDIAN_ENERGY, energy),
        "energy_windows": numbers(ENERGY, energy),
        "top1": last(TOP1, accuracy),
        "auc": last(AUC, accuracy),
    }
    return {name: value for name, value in found.items() if value not in (None, [], {})}


def text(folder: Path, kind: str) -> str:
    """Return a runner's text; it is not always in one encoding.

    Some files hold each line twice, time stamp and all: that is one measurement, written twice.
    """
    path = folder / kind / "results.txt"
    if not path.is_file():
        return ""
    lines = path.read_text("utf-8", "replace").splitlines()
    return "\n".join(found for found, _ in itertools.groupby(lines))


def about(path: Path) -> dict[str, Any]:
    """Return the description of a system: keys without stray blanks, without empty answers."""
    if not path.is_file():
        return {}
    told = json.loads(path.read_text("utf-8-sig"))
    return {
        " ".join(key.split()): value
        for key, value in told.items()
        if str(value).strip() not in ("", "N/A")
    }


def numbers(pattern: re.Pattern[str], found: str) -> list[float]:
    """Return every number that a pattern finds."""
    return [float(number) for number in pattern.findall(found)]


def last(pattern: re.Pattern[str], found: str) -> float | None:
    """Return the last number that a pattern finds: what a file says in the end."""
    return numbers(pattern, found)[-1] if pattern.search(found) else None


if __name__ == "__main__":
    if len(sys.argv) < 2:  # noqa: PLR2004 - the folder
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
