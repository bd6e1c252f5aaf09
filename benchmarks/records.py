"""Synthetic labs: many records over a year, as a busy lab would write them."""

from __future__ import annotations

import datetime as dt
import json
import random
from typing import TYPE_CHECKING

from labrec.record import codec, layout
from labrec.record.digest import Digest
from labrec.record.ids import imported_run_id
from labrec.store.commits import Addition

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from labrec.store.lab import Lab

YEAR = 365 * 86_400_000  # milliseconds
START = int(dt.datetime(2025, 1, 1, tzinfo=dt.UTC).timestamp() * 1000)


def template(lab_folder: Path, run_id: str) -> dict:
    """Return the real record of a run as the pattern for synthetic ones."""
    import labrec

    return labrec.open(lab_folder).run(run_id).record


def additions(
    pattern: dict, count: int, first: int = 0, total: int | None = None, *, children: bool = False
) -> Iterator[Addition]:
    """Yield ``count`` records spread evenly over a year, each with its own id and metrics.

    Args:
        pattern: A real record; its objects are in the lab.
        count: How many records.
        first: Number of the first one.
        total: How many the lab will have: the spacing over the year.
        children: Whether every third derives from the one three before it.
    """
    text = json.dumps(pattern)
    spacing = YEAR // (total or count)
    for number in range(first, first + count):
        record = json.loads(text)
        rng = random.Random(number)
        run_id = imported_run_id(START + number * spacing, f"bench {number}", {"n": number})
        record["identity"] |= {"run_id": run_id, "name": f"run {number}"}
        record["identity"]["config_digest"] = str(Digest.of(b"%d" % (number // 3)))
        record["metrics"]["values"] = {
            name: {
                "last": rng.random(), "best": rng.random(), "mean": rng.random(),
                "min": rng.random(), "max": rng.random(), "count": 100,
                "unit": None, "direction": "minimize",
            }
            for name in ("train_loss", "val_loss", "val_bpb", "accuracy")
        }  # fmt: skip
        if children and number >= 3 and number % 3 == 0:
            before = number - 3
            parent = imported_run_id(START + before * spacing, f"bench {before}", {"n": before})
            named = {"by": "option", "name": None, "run_id": parent, "config_digest": None}
            record["lineage"]["parents"] = [named]
        data = codec.encode(record)
        project = record["identity"]["project"]
        yield Addition(layout.run_path(project, run_id, Digest.of(data)), data)


def fill(lab: Lab, pattern: dict, count: int, *, children: bool = False) -> None:
    """Commit ``count`` synthetic records, a thousand a commit, as an import does."""
    for first in range(0, count, 1000):
        few = min(1000, count - first)
        batch = list(additions(pattern, few, first, count, children=children))
        lab.commit(batch, f"import of {len(batch)} records", {})
