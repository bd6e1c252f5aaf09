"""One line about every run, fast: what ``labrec log`` shows.

Reading ten thousand records takes a second or two; their summaries are therefore kept under
``labrec/cache`` in the git directory, one file a day of runs, named by the git tree id of that
day's directory. The tree id proves the content, so a cache file is never out of date. A file that
is damaged or cannot be read is ignored and written anew; where nothing can be written nothing is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.errors import IntegrityError, InvalidError
from labrec.record import codec
from labrec.record.version import identified_run
from labrec.store import proven
from labrec.store.view import RunEntry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from labrec.store.view import View

_VERSION = "labrec.summaries/5"
METRICS = 8
"""How many metrics a summary holds; a run with fewer has no others."""

_CACHE_FOLDER = "summaries"


class RunSummary(NamedTuple):
    """What a table of runs shows about one run.

    Attributes:
        project: Its project.
        run_id: UUIDv7 in canonical text.
        name: Its name.
        status: complete, failed, interrupted, planned; ``unreadable`` when it cannot be read.
        started: UTC time stamp of its start, or None.
        duration_s: How long it took, in seconds, or None.
        tags: Its tags.
        metrics: The last values of its first `METRICS` metrics by name; NaN and infinities as text.
        config_digest: ``sha256:…`` of its configuration, or None.
        parents: Its parents, each with ``name``, ``run_id`` and ``config_digest``, None if unknown.
        reproduces: Id of the run that it repeats, or None.
        path: Path of its record.
        digest: First 32 hex digits of the sha256 of its record.
        sha: Git's id of its record's blob.
        problem: Why it cannot be read, with a status of ``unreadable``; None for the others.
        origin: ``source``, ``key`` and ``order`` of an imported run; None for the others.
    """

    project: str
    run_id: str
    name: str
    status: str
    started: str | None
    duration_s: float | None
    tags: list[str]
    metrics: dict[str, float | str | None]
    config_digest: str | None
    parents: list[dict[str, str | None]]
    reproduces: str | None
    path: str
    digest: str
    sha: str
    problem: str | None = None
    origin: dict[str, str | int | None] | None = None

    def entry(self) -> RunEntry:
        """Return where the run's record is."""
        return RunEntry(self.project, self.run_id, self.digest, self.path, self.sha)

    def to_json(self) -> dict[str, object]:
        """Return the summary as an object with stable keys."""
        row = self._asdict()
        del row["sha"]
        return row


def summaries(view: View, project: str | None = None) -> list[RunSummary]:
    """Return a summary of every run in a view, oldest first.

    A record that cannot be read, or that is of a version which this one does not read, appears with
    the status ``unreadable``, the reason, and nothing of what it says.

    Args:
        view: What to read.
        project: Only this project's runs; None for all.
    """
    folder = view.cache / _CACHE_FOLDER if view.cache is not None else None
    rows: list[RunSummary] = []
    for name in [project] if project is not None else view.projects():
        for day, sha in view.days(name):
            rows.extend(_day(view, folder, (name, day, sha)))
    rows.sort(key=lambda row: (row.run_id, row.digest))  # UUIDv7: in order of creation
    return rows


def _day(view: View, folder: Path | None, where: tuple[str, str, str]) -> list[RunSummary]:
    project, day, sha = where
    # Equal directories of two projects would share a tree id: the project is part of the name.
    path = proven.place(folder, _VERSION, project, day, sha) if folder is not None else None
    cached = _read(path) if path is not None else None
    if cached is not None:
        return cached
    rows = [_row(view, entry) for entry in view.day_runs(project, day, sha)]
    if path is not None and all(row.status != "unreadable" for row in rows):
        proven.write(path, [json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()])
    return rows


def _row(view: View, entry: RunEntry) -> RunSummary:
    try:
        document = codec.decode(view.read_entry(entry.path, entry.sha))
        return _summary(entry, identified_run(document, entry.project, entry.run_id))
    except (InvalidError, IntegrityError) as error:
        return _summary(entry, {}, f"{error.name}: {error.message}")


def _summary(entry: RunEntry, document: dict[str, Any], problem: str | None = None) -> RunSummary:
    identity = _object(document.get("identity"))
    times = _object(identity.get("times"))
    lineage = _object(document.get("lineage"))
    parents = lineage.get("parents")
    tags = identity.get("tags")
    return RunSummary(
        project=entry.project,
        run_id=entry.run_id,
        name=_text(identity.get("name")) or "",
        status=_text(identity.get("status")) or "unreadable",
        started=_text(times.get("started")),
        duration_s=_number(times.get("duration_s")),
        tags=[tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else [],
        metrics=dict(_metrics(_object(_object(document.get("metrics")).get("values")))),
        config_digest=_text(identity.get("config_digest")),
        parents=list(_parents(parents if isinstance(parents, list) else [])),
        reproduces=_text(lineage.get("reproduces")),
        path=entry.path,
        digest=entry.digest_short,
        sha=entry.sha,
        problem=problem,
        origin=_origin(_object(identity.get("origin"))),
    )


def _origin(found: dict[str, Any]) -> dict[str, str | int | None] | None:
    source, key, order = (found.get(name) for name in ("source", "key", "order"))
    if not (isinstance(source, str) and isinstance(key, str)):
        return None
    return {"source": source, "key": key, "order": order if isinstance(order, int) else None}


def _metrics(values: dict[str, Any]) -> Iterator[tuple[str, float | str | None]]:
    for name in sorted(values)[:METRICS]:
        last = _object(values[name]).get("last")
        if isinstance(last, dict):
            yield name, _text(last.get("$float"))
        else:
            yield name, _number(last)


def _parents(parents: list[Any]) -> Iterator[dict[str, str | None]]:
    for parent in map(_object, parents):
        yield {name: _text(parent.get(name)) for name in ("name", "run_id", "config_digest")}


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _read(path: Path) -> list[RunSummary] | None:
    body = proven.read(path)
    if body is None:
        return None
    try:
        # Our own bytes, proven above: the plain parser is enough and three times as fast.
        return [RunSummary(*row) for row in json.loads(bytes(body))]
    except (ValueError, TypeError):
        return None
