"""Evaluations: the value that a metric's function gave a run, said later by a note."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.catalog.metrics import find_metric
from labrec.errors import UsageError
from labrec.noted import find_run
from labrec.record.digest import Digest
from labrec.record.heard import Subject
from labrec.record.text import one_line, printable
from labrec.record.values import to_json
from labrec.sdk import notes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.sdk.notes import Written
    from labrec.store.lab import Lab
    from labrec.store.view import View


class Request(NamedTuple):
    """What is to be said of a run.

    Attributes:
        run: The run.
        values: ``NAME=VALUE`` each.
        method: How the values were found, in words.
        reason: Why it is said.
        author: Who says so; None = whom the lab's records name.
    """

    run: str
    values: Sequence[str]
    method: str | None = None
    reason: str = ""
    author: str | None = None


def evaluate(lab: Lab, request: Request) -> Written:
    """Say by a note what the functions of some metrics gave a run.

    Each score names the definition that counts now, so that it stays what it is when the metric is
    defined anew. Nothing is computed or called here.

    Raises:
        NotFoundError: The run or a metric is not there.
        UsageError: A metric is not found by a function, a value is no number, or nobody is named
            as the author.
        SecretError: The note holds a secret.
        StorageError: The disk is full, read-only or failing.
    """
    view = lab.view()
    entry = find_run(view, request.run)
    scores = dict(_score(view, entry.project, text) for text in request.values)
    if len(scores) != len(request.values):
        raise UsageError("a metric is given twice")
    subject = Subject("run", entry.run_id, str(Digest.of(view.read(entry.path))))
    body = {"values": scores, "method": request.method, "object": None}
    said = notes.Request(entry.project, subject, "evaluate", body, request.reason, request.author)
    return notes.write_note(lab, said, view)


def _score(view: View, project: str, text: str) -> tuple[str, dict[str, Any]]:
    name, equals, number = text.rpartition("=")
    shown = printable(one_line(text, 60))
    hint = "Write NAME=VALUE, such as BLEU=31.5."
    if not equals:
        raise UsageError(f"'{shown}' is no value of a metric", hint=hint)
    try:
        value = float(number)
    except ValueError as error:
        raise UsageError(f"'{shown}' is no value of a metric", hint=hint) from error
    found = find_metric(view, name, project)
    definition = found.definition
    if definition is None:
        raise UsageError(str(found.quarrel), hint="`labrec metric define --amend` ends that.")
    if definition.origin.kind != "entry_point":
        raise UsageError(
            f"'{printable(one_line(definition.name, 60))}' is not found by a function: its values "
            "come from the run alone",
            hint="`labrec note comment` says something in words.",
        )
    return definition.name, {
        "value": to_json(value) if not math.isfinite(value) else value,
        "unit": definition.unit,
        "direction": definition.direction,
        "definition": definition.digest,
    }
