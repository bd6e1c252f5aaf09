"""The Atom feed of a lab (RFC 4287): what was run last, and what hypotheses came to. Pure.

An entry is known by an id that never changes: a run by its own, a verdict by its registration and
what it says, so that a reader is told again when it becomes another. Nothing of it depends on when
the site was built.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from labrec.record.ids import id_ms
from labrec.record.text import one_line
from labrec.record.wording import number
from labrec.site import urls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.site.collect import Project, Site
    from labrec.site.rows import Hypothesis, Run

MOST: Final = 50
"""Most entries of the feed."""

_ATOM = "http://www.w3.org/2005/Atom"
_SPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # names that are addresses, RFC 9562
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2
_LONGEST: Final = 2000  # characters of one value
_OPEN = frozenset({"proposed", "testing"})  # nothing was decided yet


class Entry(NamedTuple):
    """An entry.

    Attributes:
        identity: What it is known by.
        title: Its title.
        updated: Its time.
        href: The page, from the root of the site.
        author: Who made it; empty = the lab.
        summary: What it says.
    """

    identity: uuid.UUID
    title: str
    updated: dt.datetime
    href: str
    author: str
    summary: str


def feed(site: Site) -> bytes:
    """Return the feed."""
    found = sorted(
        (entry for project in site.projects for entry in _entries(project)),
        key=lambda entry: (entry.updated, entry.identity),
        reverse=True,
    )[:MOST]
    root = Element("feed", xmlns=_ATOM)
    _text(root, "title", site.title)
    _text(root, "id", f"urn:uuid:{uuid.uuid5(_SPACE, site.url or site.title)}")
    _text(root, "updated", _moment(found[0].updated if found else _EPOCH))
    SubElement(root, "link", rel="alternate", href=site.url or urls.HOME)
    if site.url:
        SubElement(root, "link", rel="self", href=site.url + urls.FEED)
    _text(SubElement(root, "author"), "name", site.lab.author or site.title)
    for entry in found:
        _add(root, entry, site.url)
    written: str = tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{written}\n'.encode()


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _add(root: Element, entry: Entry, url: str) -> None:
    element = SubElement(root, "entry")
    _text(element, "title", entry.title)
    _text(element, "id", f"urn:uuid:{entry.identity}")
    _text(element, "updated", _moment(entry.updated))
    SubElement(element, "link", rel="alternate", href=url + urls.check(entry.href))
    if entry.author:
        _text(SubElement(element, "author"), "name", entry.author)
    _text(element, "summary", entry.summary)


def _entries(project: Project) -> Iterator[Entry]:
    newest = sorted(project.runs, key=lambda run: run.run_id)[-MOST:]
    if not newest:
        return
    for run in newest:
        if run.status != "planned":
            yield _of_run(project, run)
    for row in project.hypotheses:
        if row.current and row.verdict not in _OPEN:
            yield _of_verdict(row, _time(newest[-1]))


def _of_run(project: Project, run: Run) -> Entry:
    keys = {metric.name for metric in project.key_metrics}
    values = [
        f"{row.metric} = {number(row.last)}"
        for row in project.metrics_of.get(run.record_digest, ())
        if row.metric in keys
    ]
    told = [f"{run.project}: {run.status}", *values]
    if run.outcome or run.intent:
        told.append(run.outcome or run.intent or "")
    return Entry(
        # one run may have several records
        uuid.uuid5(_SPACE, f"{run.run_id}@{run.record_digest}"),
        run.name or run.run_id,
        _time(run),
        urls.run(run.project, run.run_id),
        (run.author or "").partition("<")[0].strip(),
        "; ".join(told),
    )


def _of_verdict(row: Hypothesis, moment: dt.datetime) -> Entry:
    """Return the entry of a verdict.

    A verdict has no time of its own: it follows from the runs that there are. It gets that of the
    newest run of its project.
    """
    return Entry(
        uuid.uuid5(_SPACE, f"{row.registration} {row.shown}"),
        f"{row.hypothesis}: {row.shown}",
        moment,
        urls.hypothesis(row.project, row.hypothesis),
        "",
        f"{row.claim} {row.sentence}",
    )


def _time(run: Run) -> dt.datetime:
    ended = run.ended or run.started
    return ended or dt.datetime.fromtimestamp(id_ms(run.run_id) / 1000, dt.UTC)


def _moment(value: dt.datetime) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}"


def _text(parent: Element, name: str, value: str) -> None:
    SubElement(parent, name).text = _ILLEGAL.sub("\ufffd", one_line(value, _LONGEST))
