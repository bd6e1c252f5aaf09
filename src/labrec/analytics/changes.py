"""Which features differ between a run and the experiments it derives from. ○ No IO.

Equal pairs of trees are compared once, and what was found may be handed in again the next time.
"""

from __future__ import annotations

import hashlib
import json
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from labrec.analytics.extract import text_of
from labrec.lineage.diff import diff
from labrec.record.config import join_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Row = tuple[str, str, str | None, str | None]
"""Path, op, old value, new value; values as canonical JSON."""


class Pair(NamedTuple):
    """A run and an experiment it derives from.

    Attributes:
        project: Project of the run.
        run_id: Its id.
        digest: Digest of its record.
        parent: The experiment.
        new: The run's features as JSON text.
        old: The features of the experiment's first run, likewise.
    """

    project: str
    run_id: str
    digest: str
    parent: str
    new: str
    old: str


class Changes(NamedTuple):
    """What differs.

    Attributes:
        rows: Rows of the table `feature_changes`, in the order of the pairs.
        found: What the comparisons gave, by the digest of both trees.
    """

    rows: list[tuple[str | None, ...]]
    found: dict[str, list[Row]]


def changes(pairs: Iterable[Pair], known: Mapping[str, list[Row]]) -> Changes:
    """Compare the features of runs with those of their parents.

    The difference is that of `labrec diff`: recursive, minimal, ordered by path; a whole tree that
    came or went is one row.

    Args:
        pairs: In the order of the table's key.
        known: What an earlier call found; trusted.
    """
    rows: list[tuple[str | None, ...]] = []
    found: dict[str, list[Row]] = {}
    keys: dict[tuple[str, str], str] = {}
    for pair in pairs:
        if pair.new == pair.old:
            continue
        both = pair.old, pair.new
        key = keys.get(both) or keys.setdefault(both, _key(*both))
        if key not in found:
            found[key] = (
                known[key]
                if key in known
                else sorted(_compare(pair.old, pair.new), key=itemgetter(0, 1))
            )
        rows += [(pair.project, pair.run_id, pair.parent, *row, pair.digest) for row in found[key]]
    return Changes(rows, found)


def _key(old: str, new: str) -> str:
    return hashlib.sha256(f"{len(old)}\n{old}{new}".encode()).hexdigest()[:32]


def _compare(old: str, new: str) -> Iterable[Row]:
    for change in diff(json.loads(old), json.loads(new)):
        yield (
            join_path(change.path),
            change.op,
            None if change.op == "add" else text_of(change.old),
            None if change.op == "delete" else text_of(change.new),
        )
