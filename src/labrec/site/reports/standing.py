"""What became of a frozen version and of what it used since. Values in, values out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.analytics import tables
from labrec.record.wording import counted
from labrec.site import urls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from labrec.record.records_csv import Used
    from labrec.site.collect import Site
    from labrec.site.reports.library import Version

_NAMED = 10  # records that a banner names

_BECAME: Final = {
    "retracted": "was retracted",
    "superseded": "was superseded",
    "forked": "has another record beside it",
    "amended": "was amended",
    "counts": "counts again",
    "current": "counts again",
    "gone": "is not in this lab",
}


class Named(NamedTuple):
    """Something that a banner names.

    Attributes:
        text: What is read.
        href: Where it leads; empty = nowhere.
    """

    text: str
    href: str


class Banner(NamedTuple):
    """Something that a reader must know before reading.

    Attributes:
        kind: ``newer``, ``records``, ``note`` or ``fork``.
        text: What it is, one sentence.
        named: What it is about.
    """

    kind: str
    text: str
    named: tuple[Named, ...] = ()


class Note(NamedTuple):
    """A row of ``notes``: what was said about a report."""

    project: str
    note_id: str
    kind: str
    subject_kind: str
    subject: str
    subject_digest: str | None
    heard: bool
    author: str
    reason: str
    text: str


Note.TABLE = tables.NOTES  # type: ignore[attr-defined]  # what `Site.rows_of` asks a model for


def banners(site: Site, version: Version) -> tuple[Banner, ...]:
    """Return what a reader of a frozen version must know: it is never changed, only told about."""
    return tuple(_banners(site, version))


def _banners(site: Site, version: Version) -> Iterator[Banner]:
    frozen = version.frozen
    same = site.library.versions_of(frozen.slug)
    newest = max(one.frozen.number for one in same)
    if newest > frozen.number:
        where = Named(f"version {newest}", urls.report(frozen.slug, newest))
        yield Banner("newer", "A newer version supersedes this one:", (where,))
    beside = [one for one in same if one.frozen.number == frozen.number]
    if len(beside) > 1:
        yield Banner(
            "fork",
            f"{len(beside)} documents are version {frozen.number} of this report; all are shown. "
            "The next version that is frozen supersedes them.",
        )
    yield from _said(site, version)
    changed = [
        (used, now) for used in version.used if (now := standing(site, used)) != used.standing
    ]
    if changed:
        many = counted(len(changed), "record that it shows", "records that it shows")
        yield Banner(
            "records",
            f"Since it was frozen, {many} changed standing. The numbers below are those of then:",
            tuple(
                Named(f"{_called(site, used)} {_BECAME.get(now, now)}", href_of(site, used))
                for used, now in changed[:_NAMED]
            )
            + ((Named(f"and {len(changed) - _NAMED} more", ""),) if len(changed) > _NAMED else ()),
        )


def _said(site: Site, version: Version) -> Iterator[Banner]:
    frozen = version.frozen
    for note in site.rows_of(Note, frozen.project):
        if note.subject_kind != "report" or note.subject_digest != frozen.digest or not note.heard:
            continue
        verb = {"retract": "retracted it", "supersede": "put another one in its place",
                "object": "objects"}.get(note.kind, "says")  # fmt: skip
        words = note.text or note.reason
        yield Banner("note", f"{note.author} {verb}: {words}")


def standing(site: Site, used: Used) -> str:
    """Return how a document stands now: as ``records.csv`` words it, or ``gone``."""
    project = site.project.get(used.project)
    if used.kind == "run":
        run = _runs(site, used.project).get(used.digest)
        return run if run is not None else "gone"
    if used.kind == "registration" and project is not None:
        for row in project.hypotheses:
            if row.registration == used.digest:
                return "current" if row.current else "amended"
        return "gone"
    return used.standing


def _runs(site: Site, project: str) -> Mapping[str, str]:
    found = site.project.get(project)
    return found.standing_of if found is not None else {}


def _called(site: Site, used: Used) -> str:
    project = site.project.get(used.project)
    run = project.run.get(used.id) if used.kind == "run" and project is not None else None
    if run is not None:
        return f"run {run.name} ({used.id[:13]})"
    return f"{used.kind} {used.id}"


def href_of(site: Site, used: Used) -> str:
    """Return where a document that a report used is shown; empty where it is not."""
    project = site.project.get(used.project)
    if project is None:
        return ""
    if used.kind == "run":
        return urls.run(used.project, used.id) if used.id in project.run else ""
    if used.kind == "registration":
        return site.library.hypothesis_href(used.project, used.id)
    return ""
