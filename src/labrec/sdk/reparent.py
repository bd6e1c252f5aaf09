"""Giving a run other parents by a note, unless that would make a cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labrec.errors import UsageError
from labrec.lineage.fold import HeardNote, fold
from labrec.noted import lineage_of, noted_runs
from labrec.record.text import one_line, printable
from labrec.sdk.notes import Request
from labrec.sdk.parents import given_parent
from labrec.sdk.subjects import run_subject
from labrec.store.notes import notes_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from labrec.lineage.graph import Graph
    from labrec.noted import Noted
    from labrec.store.view import RunEntry, View

_NAME = 60  # characters of a name in a message


def reparenting(
    view: View,
    entry: RunEntry,
    parents: Sequence[str],
    *,
    replicates: bool = False,
) -> list[Request]:
    """Return the notes that give a run these parents, without reason and author.

    Args:
        view: The lab.
        entry: The run.
        parents: Its parents from now on, each a name in its project or a run; may be empty.
        replicates: Whether all runs of its experiment get them, each by a note of its own.

    Raises:
        NotFoundError: A parent is not there.
        UsageError: Several fit, or the run would derive from itself; the message names the cycle.
    """
    body = {"parents": [given_parent(view, entry.project, text).to_json() for text in parents]}
    runs = noted_runs(view).runs
    own = next(one for one in runs if one.row.path == entry.path)
    chosen = [own]
    if replicates:
        chosen = [
            one for one in runs
            if (one.row.project, one.experiment) == (entry.project, own.experiment)
        ]  # fmt: skip
    requests = [_request(view, one, body) for one in chosen]
    _refuse_cycle(view, requests, own)
    return requests


def _request(view: View, one: Noted, body: dict[str, Any]) -> Request:
    found = run_subject(view, one.row.entry())
    return Request(found.project, found.subject, "reparent", body)


def _refuse_cycle(view: View, requests: Sequence[Request], own: Noted) -> None:
    """Look at the whole lab as it would be.

    Raises:
        UsageError: The run's experiment would derive from itself.
    """
    said = fold(notes_of(view, own.row.project).notes)
    as_if = [
        HeardNote(
            digest=f"new {number}",
            note_id="",
            project=request.project,
            kind=request.kind,
            subject=request.subject,
            after=said.on(request.project, "run", str(request.subject.digest)).last,
            time="",
            author="",
            reason="",
            body=request.body,
            path="",
        )
        for number, request in enumerate(requests)
    ]
    runs = noted_runs(view, more=as_if).runs
    graph = lineage_of(view, runs).graph
    group = next((group for group in graph.cycles if own.experiment in group), None)
    if group is None:
        return
    names = {one.experiment: one.row.name for one in reversed(runs)}
    way = " → ".join(_called(names, key) for key in _way_round(graph, own.experiment, set(group)))
    raise UsageError(
        f"the run would derive from itself: {way}",
        hint="Give another of these runs other parents first.",
        kept="its parents as they are",
    )


def _way_round(graph: Graph, start: str, group: set[str]) -> list[str]:
    """Return the shortest way from a node over its parents back to it."""
    came: dict[str, str] = {}
    rest = [start]
    for node in rest:  # grows: breadth first
        for parent in graph.parents[node]:
            if parent == start:
                way = [start, node]
                while node != start:
                    node = came[node]  # noqa: PLW2901 - walks back
                    way.append(node)
                return way[::-1]
            if parent in group and parent not in came:
                came[parent] = node
                rest.append(parent)
    raise ValueError(start)  # it lies on a cycle, or nobody would ask


def _called(names: Mapping[str, str], experiment: str) -> str:
    return one_line(printable(names.get(experiment, experiment)), _NAME)
