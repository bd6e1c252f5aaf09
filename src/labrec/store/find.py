"""Finding one run from what a person types: an id, its beginning, a citation or a name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from labrec.errors import IntegrityError, NotFoundError, UsageError
from labrec.record.text import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from labrec.store.summaries import RunSummary
    from labrec.store.view import RunEntry, View

MIN_PREFIX = 4
"""Fewest hex digits of an id that are taken for the beginning of one."""

_ID_DIGITS = 32
_TIME_DIGITS = 12  # the first 48 bits of a UUIDv7 are its milliseconds (RFC 9562, 5.7)
_LISTED = 10
_SHOWN = 200  # characters of what was typed that a message repeats
_HEX = re.compile(r"[0-9a-f]+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


Names = Mapping[tuple[str, str], str]
"""Names by project and short digest of the record."""


def find_run(view: View, text: str, renamed: Callable[[], Names] = dict) -> RunEntry:
    """Find one run.

    Tried in this order: a citation ``project/id@sha256:…``, an id or at least four digits of its
    beginning (with or without dashes), either after ``project/``; then ``project/name`` and name.

    Args:
        view: Where to look.
        text: What the person typed.
        renamed: Answers with the names that notes gave to runs. They come first; a run that no name
            shown fits is found by the name in its record.

    Raises:
        UsageError: Several runs fit; the message lists them.
        NotFoundError: None fits; the hint names what is near.
        IntegrityError: A citation's digest is not that of the run's record.
    """
    wanted, _, digest = text.strip().partition("@sha256:")
    project, slash, rest = wanted.partition("/")
    found = runs_by_id(view, wanted)
    if not found and slash:
        found = runs_by_id(view, rest, project)
    if not found:
        return _by_name(view, text, wanted, renamed())
    if digest:
        found = _cited(found, text, digest)
    if len(found) > 1:
        if len({entry.run_id for entry in found}) == 1:
            raise _forked(found)
        raise _ambiguous(text, [(f"{entry.project}/{entry.run_id}", "") for entry in found])
    return found[0]


def find_replicates(view: View, text: str, renamed: Callable[[], Names] = dict) -> list[RunEntry]:
    """Find a run, or, by a name that fits several, all runs of the experiment that they are of.

    Args:
        view: Where to look.
        text: What the person typed, as `find_run` takes it.
        renamed: As for `find_run`.

    Returns:
        One run or more, oldest first; of one experiment.

    Raises:
        UsageError: Several runs of different experiments fit; the message lists them.
        NotFoundError: None fits; the hint names what is near.
        IntegrityError: A citation's digest is not that of the run's record.
    """
    wanted = text.strip().partition("@sha256:")[0]
    project, slash, rest = wanted.partition("/")
    if runs_by_id(view, wanted) or (slash and runs_by_id(view, rest, project)):
        return [find_run(view, text, renamed)]
    found = _named(view, text, wanted, renamed())
    if len({(row.project, row.config_digest or row.run_id) for row in found}) > 1:
        raise _unclear(text, found)
    return [row.entry() for row in found]


def runs_by_id(view: View, text: str, project: str | None = None) -> list[RunEntry]:
    """Return the runs whose id begins with at least four hex digits, dashes or none."""
    digits = text.lower().replace("-", "")
    if not MIN_PREFIX <= len(digits) <= _ID_DIGITS or not _HEX.fullmatch(digits):
        return []
    projects = view.projects() if project is None else [project]
    return [
        entry
        for name in projects
        for entry in _around(view, name, digits)
        if entry.run_id.replace("-", "").startswith(digits)
    ]


def _around(view: View, project: str, digits: str) -> Iterator[RunEntry]:
    """Yield the runs of the days on which ids can begin with these digits."""
    time = digits[:_TIME_DIGITS]
    first = _day(int(time.ljust(_TIME_DIGITS, "0"), 16))
    last = _day(int(time.ljust(_TIME_DIGITS, "f"), 16))
    for day, sha in view.days(project):
        if first <= day <= last:
            yield from view.day_runs(project, day, sha)


def _day(milliseconds: int) -> str:
    try:
        return (_EPOCH + timedelta(milliseconds=milliseconds)).strftime("%Y/%m/%d")
    except OverflowError:
        return "9999/12/31"


def _cited(found: list[RunEntry], text: str, digest: str) -> list[RunEntry]:
    matching = [entry for entry in found if digest.startswith(entry.digest_short)]
    if matching:
        return matching
    raise IntegrityError(
        f"{printable(text)} cites other bytes than this lab holds",
        hint="The record was not the same when it was cited: compare with the citing copy.",
        paths=[entry.path for entry in found],
    )


def _by_name(view: View, text: str, wanted: str, renamed: Names) -> RunEntry:
    found = _named(view, text, wanted, renamed)
    if len(found) > 1:
        raise _unclear(text, found)
    return found[0].entry()


def _named(view: View, text: str, wanted: str, renamed: Names) -> list[RunSummary]:
    """Return the runs of a name, one at least."""
    from labrec.store.summaries import summaries  # reads every record once: only for names

    recorded = rows = summaries(view)
    if renamed:
        rows = [
            row._replace(name=renamed.get((row.project, row.digest), row.name)) for row in recorded
        ]
    found = _called(rows, wanted) or _called(recorded, wanted)
    if found:
        return found
    raise NotFoundError(
        f"no run {one_line(printable(text), _SHOWN)} in this lab",
        hint=_near(wanted[:_SHOWN], rows),
        paths=[one_line(printable(text), _SHOWN)],
    )


def _called(rows: Iterable[RunSummary], wanted: str) -> list[RunSummary]:
    return [row for row in rows if wanted in (row.name, f"{row.project}/{row.name}")]


def _unclear(text: str, found: Iterable[RunSummary]) -> UsageError:
    return _ambiguous(text, [(f"{row.project}/{row.run_id}", _told(row)) for row in found])


def _ambiguous(text: str, candidates: Iterable[tuple[str, str]]) -> UsageError:
    lines = [f"{place} {one_line(name)}".rstrip() for place, name in candidates]
    shown = "; ".join(lines[:_LISTED])
    more = f"; and {len(lines) - _LISTED} more" if len(lines) > _LISTED else ""
    return UsageError(
        f"{one_line(printable(text), _SHOWN)} fits {len(lines)} runs: {shown}{more}",
        hint="Give more digits of the id, or project/id.",
        paths=[line.split(" ", 1)[0] for line in lines[:_LISTED]],
    )


def _told(row: RunSummary) -> str:
    """Return what tells a run from others of its name."""
    started = f"started {row.started[:19].replace('T', ' ')}" if row.started else "not started"
    return f"{one_line(row.name, 60)} ({row.status}, {started})"


def _forked(found: list[RunEntry]) -> UsageError:
    return UsageError(
        f"run {found[0].run_id} has {len(found)} records (a fork)",
        hint="Cite one of them: project/id@sha256:<digest>.",
        paths=[
            f"{entry.project}/{entry.run_id}@sha256:{entry.digest_short}"
            for entry in found[:_LISTED]
        ],
    )


def _near(wanted: str, rows: list[RunSummary]) -> str:
    import difflib  # only for an answer that is already slow to read

    names = {row.name for row in rows} | {f"{row.project}/{row.name}" for row in rows}
    near = difflib.get_close_matches(wanted, sorted(names), n=3)
    if near:
        return "Near it: " + ", ".join(one_line(name, 80) for name in near) + "."
    return "`labrec log` lists the runs; an id needs at least its first four digits."
