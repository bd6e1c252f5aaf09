"""Whose child a new run is: asked for by option, or said by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.errors import IntegrityError, InvalidError, UsageError
from labrec.lineage.naming import DEFAULT_RULE, is_named, parent_named
from labrec.record.codec import decode
from labrec.record.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from labrec.store.summaries import RunSummary
    from labrec.store.view import View

_LISTED = 10


class Parent(NamedTuple):
    """A parent as a new run's record names it.

    Attributes:
        by: ``option`` or ``name``.
        name: What it was called; None where only its id was given.
        run_id: The run, where one run was meant.
        config_digest: Its experiment; this and ``run_id`` are None for a dangling parent.
        entry: A run of it whose features the child's are compared with; None for a dangling one.
    """

    by: str
    name: str | None
    run_id: str | None
    config_digest: str | None
    entry: RunSummary | None

    def to_json(self) -> dict[str, Any]:
        """Return the parent as the lineage section holds it."""
        document = self._asdict()
        del document["entry"]
        return document


def named_parent(view: View, project: str, name: str) -> Parent | None:
    """Return the parent that a run's name calls, or None when it calls none.

    Args:
        view: Where parents are looked for.
        project: Project of the run; its definition may hold another ``parent_rule``.
        name: Name of the run.

    Raises:
        UsageError: Several experiments have the name; the message lists them.
        InvalidError: The project's definition cannot be used.
    """
    rule = view.project_definition(project).get("parent_rule", DEFAULT_RULE)
    if not isinstance(rule, str):
        raise InvalidError(f"parent_rule of project {project} must be a string")
    called = parent_named(name, rule)
    if called is None or is_named(name, called):
        return None
    found = _experiment(view, project, called, lambda row: is_named(row.name, called))
    if found is None:
        return Parent("name", called, None, None, None)
    return Parent("name", called, None, found.config_digest, found)


def given_parent(view: View, project: str, text: str) -> Parent:
    """Return the parent that was asked for: a name in the project, or a run's id.

    Raises:
        NotFoundError: Nothing fits.
        UsageError: Several do; the message lists them.
    """
    named = _experiment(view, project, text, lambda row: row.name == text)
    if named is not None:
        return Parent("option", text, None, named.config_digest, named)
    row = find_summary(view, text)
    return Parent("option", row.name or None, row.run_id, row.config_digest, row)


def find_summary(view: View, text: str) -> RunSummary:
    """Return the one run that a text means.

    Raises:
        NotFoundError: None fits.
        UsageError: Several do.
    """
    from labrec.noted import find_run  # notes may have renamed it
    from labrec.store.summaries import summaries

    entry = find_run(view, text)
    return next(row for row in summaries(view, entry.project) if row.run_id == entry.run_id)


def features_of(view: View, row: RunSummary) -> Any:
    """Return the feature tree of a run, or None where its record cannot be read."""
    try:
        tree = decode(view.read(row.path))["features"]["tree"]
    except (IntegrityError, InvalidError, KeyError, TypeError):
        return None
    return tree


def _experiment(
    view: View, project: str, called: str, is_meant: Callable[[RunSummary], bool]
) -> RunSummary | None:
    """Return the newest run of the one experiment that is meant, or None when there is none."""
    from labrec.store.summaries import summaries  # reads the project's records once

    newest = {
        row.config_digest or row.run_id: row for row in summaries(view, project) if is_meant(row)
    }
    if len(newest) > 1:
        raise UsageError(
            f"{one_line(called)!r} means {len(newest)} experiments: {_list(list(newest.values()))}",
            hint="Say which with --parent RUN.",
            paths=[f"{row.project}/{row.run_id}" for row in newest.values()][:_LISTED],
        )
    return next(iter(newest.values()), None)


def _list(rows: Sequence[RunSummary]) -> str:
    shown = [f"{row.run_id} {one_line(row.name, 60)}" for row in rows[:_LISTED]]
    more = f"; and {len(rows) - _LISTED} more" if len(rows) > _LISTED else ""
    return "; ".join(shown) + more
