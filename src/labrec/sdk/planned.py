"""Planned runs: what a run that carries one out takes from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.errors import InvalidError, UsageError
from labrec.lineage.diff import diff
from labrec.reader import RunReader
from labrec.record.text import one_line
from labrec.record.values import from_json, to_json
from labrec.sdk.parents import find_summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labrec.sdk.start import RunOptions
    from labrec.store.view import View


class PlannedRun(NamedTuple):
    """A planned run that is to be carried out.

    Attributes:
        run_id: Its id.
        project: Its project.
        name: Its name.
        intent: Why it was to be made, or None.
        tree: Its features as stored.
        changes: How they differ from those of its first parent, as stored; None = unknown.
        parents: Its parents, as the lineage section holds them.
    """

    run_id: str
    project: str
    name: str
    intent: str | None
    tree: dict[str, Any]
    changes: list[dict[str, Any]] | None
    parents: tuple[dict[str, Any], ...]

    def complete(self, options: RunOptions) -> RunOptions:
        """Return what a caller said of the run, with what was left out taken from the plan.

        Raises:
            UsageError: Another project was named.
        """
        if options.project and options.project != self.project:
            raise UsageError(
                f"the planned run belongs to project {self.project}, not to {options.project}",
                hint="Leave --project out.",
            )
        return options._replace(
            project=self.project,
            name=options.name or self.name,
            features=options.features or from_json(self.tree),
            intent=options.intent or self.intent,
        )

    def difference(self, features: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        """Return how features differ from those of the plan's first parent; None = unknown."""
        if self.changes is None:
            return None
        from labrec.lineage.diff import apply

        try:
            first = apply(_undone(self.changes), self.tree)
        except (IndexError, KeyError, TypeError, ValueError):  # a record may say anything
            return None
        return [change.to_json() for change in diff(first, to_json(dict(features)))]


def find_planned(view: View, text: str) -> PlannedRun:
    """Return the planned run that a text means.

    Raises:
        NotFoundError: None fits.
        UsageError: Several do, or it is no planned run.
        InvalidError: Its record cannot be used.
    """
    row = find_summary(view, text)
    if row.status != "planned":
        raise UsageError(
            f"run {row.run_id} {one_line(row.name, 60)!a} is {row.status}, not planned",
            hint="`labrec merge` plans a run; `labrec log --where status=planned` lists them.",
        )
    run = RunReader(view, row.entry())
    features, lineage = run.section("features"), run.section("lineage")
    tree, changes, parents = features.get("tree", {}), features.get("diff"), lineage.get("parents")
    if not isinstance(tree, dict) or not isinstance(parents or [], list):
        raise InvalidError(f"the record of planned run {row.run_id} cannot be used",
                           hint="`labrec verify` says more.", paths=[row.path])  # fmt: skip
    intent = lineage.get("intent")
    return PlannedRun(
        row.run_id,
        row.project,
        row.name,
        intent if isinstance(intent, str) else None,
        tree,
        changes if isinstance(changes, list) else None,
        tuple(parents or ()),
    )


def _undone(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the changes that take others back, the last one first."""
    opposite = {"add": "delete", "delete": "add"}
    return [
        {
            "op": opposite.get(change["op"], change["op"]),
            "path": change["path"],
            "old": change.get("new"),
            "new": change.get("old"),
        }
        for change in reversed(changes)
    ]
