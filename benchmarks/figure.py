"""What a benchmark returns, and how processes are timed."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


class Figure(NamedTuple):
    """One measured number, its bar, and what was measured beside it.

    Attributes:
        what: What was measured, in words.
        value: The number (median where several were taken).
        unit: Its unit.
        bar: The bar in words; empty when there is none.
        met: Whether the bar is met; None without a bar.
        beside: The peer or limit measured in the same run, in words with its number.
        spread: (min, max) of the repeats; None for a count.
    """

    what: str
    value: float
    unit: str
    bar: str = ""
    met: bool | None = None
    beside: str = ""
    spread: tuple[float, float] | None = None


class Timing(NamedTuple):
    """Seconds of repeated runs of one thing."""

    seconds: list[float]

    @property
    def median(self) -> float:
        """Median, in seconds."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> tuple[float, float]:
        """Smallest and largest, in seconds."""
        return (min(self.seconds), max(self.seconds))


def side_by_side(things: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, Timing]:
    """Time each thing in turn, round after round, so that drift hits all alike.

    The first round warms up and is not counted.
    """
    seconds: dict[str, list[float]] = {name: [] for name in things}
    for turn in range(repeats + 1):
        for name, thing in things.items():
            start = time.perf_counter()
            thing()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return {name: Timing(values) for name, values in seconds.items()}


def process(
    argv: Sequence[str], *, cwd: Path | None = None, **environ: str
) -> Callable[[], object]:
    """Return a thing for `side_by_side` that runs one whole process and checks that it succeeds."""

    def thing() -> object:
        return subprocess.run(
            argv,
            cwd=cwd,
            env={**os.environ, **environ},
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    return thing


def python(*argv: str) -> list[str]:
    """Return the command that runs this interpreter with ``argv``."""
    return [sys.executable, *argv]


def labrec(*argv: str) -> list[str]:
    """Return the command that runs the installed ``labrec`` beside this interpreter."""
    return [os.path.join(os.path.dirname(sys.executable), "labrec"), *argv]  # noqa: PTH118, PTH120
