"""The counterfactuals section of a record, gathered from the journals of a spool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.capture.assembly import bounds
from labrec.capture.captured import NewObject, event
from labrec.capture.spool.frames import Kind
from labrec.record.codec import encode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labrec.capture.spool.reader import JournalReader

SCHEMA: Final = "labrec.counterfactuals/1.0"
INLINE: Final = 6 << 10
"""Bytes of calls and cells that stand in the record itself; more of them are an object."""

_HEAD = ("step", "at", "factors", "method", "budget", "orders", "complete", "restored")
_CELL = ("on", "replicate", "seed", "values", "duration_s", "failed")


class Gathered(NamedTuple):
    """What a run asked counterfactually.

    Attributes:
        section: The section; None where it asked nothing.
        stored: The object that holds all cells, where the section does not.
    """

    section: dict[str, Any] | None
    stored: NewObject | None


def gather(journals: Iterable[JournalReader], events: list[dict[str, Any]]) -> Gathered:
    """Return the counterfactuals of a run, of all its processes.

    Args:
        journals: The journals of its spool.
        events: Takes a line for what the record cannot show.
    """
    found = [told for journal in journals for told in _calls(journal, events)]
    if not found:
        return Gathered(None, None)
    found.sort(key=lambda told: told[0])
    calls = [bounds.storable(call) for _, call in found]
    if bounds.size(calls) <= INLINE:
        return Gathered({"minor": 0, "calls": calls, "object": None}, None)
    stored = _stored(calls)
    heads = bounds.first(
        [{**call, "cells": []} for call in calls], "calls of the counterfactuals section",
        bounds.FOR_COUNTERFACTUALS, events,
    )  # fmt: skip
    return Gathered({"minor": 0, "calls": heads, "object": stored.ref}, stored)


def _calls(
    journal: JournalReader, events: list[dict[str, Any]]
) -> Iterable[tuple[float, dict[str, Any]]]:
    """Return the calls of one journal, each with the time at which it began."""
    heads: dict[int, dict[str, Any]] = {}
    for told in journal.documents(Kind.CALL):
        head = heads.setdefault(told["call"], told)  # when it began was said first
        head |= {name: told[name] for name in _HEAD if name in told}
    cells: dict[int, list[dict[str, Any]]] = {number: [] for number in heads}
    unknown = 0
    for told in journal.documents(Kind.CELL):
        if told["call"] in cells:
            cells[told["call"]].append(
                {name: told[name] for name in _CELL if told.get(name) is not None}
            )
        else:
            unknown += 1
    if unknown:
        why = "the call that they belong to is not readable"
        events.append(event("lost", "counterfactual cells", why, unknown))
    return [
        (float(head["monotonic"]), {name: head[name] for name in _HEAD} | {"cells": cells[number]})
        for number, head in heads.items()
    ]


def _stored(calls: list[dict[str, Any]]) -> NewObject:
    from labrec.capture.secrets.search import redact  # a record's own texts are redacted too

    data = encode({"schema": SCHEMA, "calls": calls}, limit=None)
    return NewObject.of(redact(data)[0])
