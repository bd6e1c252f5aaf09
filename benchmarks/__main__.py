"""Measure everything, or what is named, and write ``docs/performance.md``.

python -m benchmarks                    # everything, well over half an hour on 2 cores
python -m benchmarks one_run points     # these alone; the page keeps the other figures
python -m benchmarks calibration:owners # a topic of a group that has topics
"""

from __future__ import annotations

import datetime as dt
import importlib
import json
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.figure import Figure

NAMES = (
    "one_run",
    "points",
    "store",
    "overhead",
    "artifact",
    "imports",
    "analyze",
    "attribution",
    "site",
    "calibration",
)
ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
FIGURES = Path(__file__).with_name("figures.json")

HEAD = """# Performance

Measured, never promised: each figure stands beside its bar and, where there is one, beside a peer
or the physical limit **taken in the same run on the same machine**. Machines drift; ratios and
counts hold better than seconds. `benchmarks/` holds the programs, and

    make bench                                  # everything
    .venv/bin/python -m benchmarks one_run      # one group

writes this page anew. Figures are medians, with the smallest and largest of the repeats.
"""


def main(names: list[str]) -> int:
    """Run the named groups, keep their figures, write the page; 1 if a bar is missed."""
    unknown = {name.partition(":")[0] for name in names} - set(NAMES)
    if unknown:
        sys.stderr.write(
            f"no such group: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}\n"
        )
        return 2
    # An installed package has its bytecode; a shell that forbids it has every start compile anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    kept = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    missed = 0
    for given in names or NAMES:
        name, _, topic = given.partition(":")
        group = importlib.import_module(f"benchmarks.{name}")
        figures = group.measure(topic) if topic else group.measure()
        found = [figure._asdict() for figure in figures]
        if topic:
            found = merged(kept.get(name, {}).get("figures", []), found)
        kept[name] = {
            "when": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d"),
            "machine": machine(),
            "figures": found,
        }
        for figure in figures:
            missed += figure.met is False
            sys.stdout.write(f"{mark(figure.met)} {figure.what}: {value(figure)}  ({figure.bar})\n")
            sys.stdout.flush()
        FIGURES.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n")
    PAGE.write_text(page(kept))
    return 1 if missed else 0


def merged(kept: list[dict], found: list[dict]) -> list[dict]:
    """Return the figures of a group with those of one of its topics measured anew."""
    topic = {figure["what"].partition(":")[0] for figure in found}
    return [one for one in kept if one["what"].partition(":")[0] not in topic] + found


def machine() -> str:
    """Describe this machine without naming it."""
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def page(kept: dict) -> str:
    """Return the page from the figures of all groups."""
    parts = [HEAD]
    for name in NAMES:
        if name not in kept:
            continue
        group = kept[name]
        title = (importlib.import_module(f"benchmarks.{name}").__doc__ or name).splitlines()[0]
        taken = f"{group['when']}, {group['machine']}"
        parts.append(f"\n## {title}\n\n`python -m benchmarks {name}`, {taken}.\n\n")
        parts.append("| what | measured | bar | beside it |\n| --- | --- | --- | --- |\n")
        parts.extend(
            f"| {row['what']} | {value(row)} | {bar(row)} | {row['beside']} |\n"
            for row in group["figures"]
        )
    return "".join(parts)


def value(row: Figure | dict) -> str:
    """Write a figure with its unit and spread."""
    row = row if isinstance(row, dict) else row._asdict()
    text = f"{number(row['value'])} {row['unit']}"
    if row["spread"]:
        text += f" ({number(row['spread'][0])} to {number(row['spread'][1])})"
    return text


def number(value: float) -> str:
    """Write three significant digits, whole numbers with separators."""
    return f"{value:,.0f}" if value == int(value) or value >= 1000 else f"{value:.3g}"


def bar(row: dict) -> str:
    """Write a bar with whether it is met."""
    return f"{row['bar']}: {mark(row['met'])}" if row["bar"] else ""


def mark(met: bool | None) -> str:
    """Say whether a bar is met, in a word."""
    return {True: "met", False: "**missed**", None: "-"}[met]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
