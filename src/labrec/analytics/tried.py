"""How runs count as tries, and what they are ordered by. ○ No IO."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.analytics.run import Run

Place = tuple[float, float, str]
"""Start, place where it was imported from, run id: what runs are ordered by."""


def place_of(run: Run) -> Place:
    """Return what runs are ordered by: their start, then their place where they came from."""
    start = run.started.timestamp() if run.started is not None else -math.inf
    order = math.inf if run.origin_order is None else run.origin_order
    return start, order, run.run_id


def is_placed(run: Run) -> bool:
    """Say whether it is known where a run stands in the order."""
    return run.started is not None or run.origin_order is not None


def datasets_of(runs: Sequence[Run]) -> str:
    """Return the datasets of an experiment, whose runs all used the same."""
    return ", ".join(sorted(runs[0].datasets))


def tried(complete: Sequence[Run], metric: str) -> int:
    """Count the complete runs that gave a value; retracted ones, too: they were looked at.

    Two records of one run, and two runs with identical outputs, are one try; a record whose place
    another one took is none.
    """
    ids, outputs = set(), set()
    for run in complete:
        if run.standing == "superseded":
            continue
        if metric not in run.metrics or not math.isfinite(run.metrics[metric].value):
            continue
        if run.output is not None and run.output in outputs:
            continue
        outputs.add(run.output)
        ids.add(run.run_id)
    return len(ids)
