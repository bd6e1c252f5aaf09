"""A run beside its parent, on a page that costs at most six kilobytes: what differs, no more.

There is one for every run that derives from another. What there is no room for is counted, and
stands on the page that compares any runs in the browser.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.errors import LabrecError
from labrec.lineage.compare import compare as compare_records
from labrec.record.wording import counted, number
from labrec.site import urls
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.pages.kin import compare_values, family_of
from labrec.site.pages.record import value_text
from labrec.site.pages.run import Shared
from labrec.site.stamp import shown, signed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from labrec.lineage.diff import Change
    from labrec.reader import RunReader
    from labrec.site.code_diff import CodeDiff
    from labrec.site.collect import Project, Site
    from labrec.site.pages.kin import Side
    from labrec.site.rows import Run

MOST: Final = 6000
"""Bytes of such a page."""

_ROOM = 2900  # bytes of its rows; the rest is frame, headings and links
_NAME, _VALUE, _CODE = 48, 40, 90  # characters of a name, a value, a line of code
_ROW = 34  # bytes of the tags of a row
_ROWS = 12  # of one section
_LINES = 24  # of code
_NONE = "no feature differs"


class Row(NamedTuple):
    """One thing that differs, or one metric.

    Attributes:
        name: What it is.
        old: The parent's; empty = it has none.
        new: The run's; empty = it has none.
        delta: New minus old; empty where there is none.
        side: Which way that is.
    """

    name: str
    old: str
    new: str
    delta: str = ""
    side: Side = ""


class Part(NamedTuple):
    """A section of the page.

    Attributes:
        title: Its heading.
        rows: Its rows.
        more: How many there was no room for.
    """

    title: str
    rows: tuple[Row, ...]
    more: int


class _Room:
    """The bytes that are left."""

    def __init__(self) -> None:
        self.left = _ROOM

    def take(self, *texts: str) -> bool:
        cost = _ROW + sum(len(escape(text).encode()) for text in texts)
        if cost > self.left:
            return False
        self.left -= cost
        return True


def pages(site: Site) -> Iterator[Draft]:
    """Yield the page of every run that derives from one of the same project."""
    shared = Shared(site)
    for project in site.projects:
        family = family_of(site, project)
        keys = sorted(metric.name for metric in project.key_metrics)
        marks = project.run_marks
        for run in family.runs:
            beside = family.beside(run)
            if beside is None:
                continue
            inputs = inputs_of(
                marks.get(run.record_digest), marks.get(beside.record_digest), beside.run_id, keys
            )
            make = _Pair(shared, project, run, beside).page
            yield Draft(urls.pair(project.name, run.run_id), "pair", inputs, make)


class _Pair:
    """A run and its parent."""

    def __init__(self, shared: Shared, project: Project, run: Run, beside: Run) -> None:
        self.shared = shared
        self.project = project
        self.run = run
        self.beside = beside

    def page(self) -> Page:
        """Make the page."""
        room = _Room()
        parts = [_part("Metrics", self._metrics(), room)]
        code, problem = None, ""
        try:
            new = self.shared.site.records.reader(self.run)
            old = self.shared.parent(self.beside)
            if old is None:
                problem = "the record of the parent cannot be read"
            else:
                parts += [_part(title, rows, room) for title, rows in _differences(old, new)]
                code = _code(self.shared.codes.between(old, new), room)
        except LabrecError as error:
            problem = shown(error.message, 200)
        except (AttributeError, KeyError, TypeError, ValueError):
            problem = "a record does not follow its schema"
        title = f"{shown(self.run.name, _NAME)} beside its parent"
        return Page(
            url=urls.pair(self.project.name, self.run.run_id),
            kind="pair",
            title=title,
            crumbs=(
                Crumb("Home", urls.HOME),
                Crumb(self.project.name, urls.project(self.project.name)),
                Crumb(shown(self.run.name, _NAME), self._url(self.run)),
                Crumb("Parent", ""),
            ),
            context={
                "name": shown(self.run.name, _NAME),
                "parent": shown(self.beside.name, _NAME),
                "parent_url": self._url(self.beside),
                "run_url": self._url(self.run),
                "compare": urls.COMPARE,
                "chosen": f"{self.project.name}/{self.beside.run_id},{self.run.run_id}",
                "parts": [part for part in parts if part.rows or part.more],
                "code": code,
                "problem": problem,
                "said": _said(parts, code),
            },
            digests=(self.run.record_digest, self.beside.record_digest),
        )

    def _url(self, run: Run) -> str:
        return urls.run(self.project.name, run.run_id)

    def _metrics(self) -> list[Row]:
        metrics = self.project.metrics_of
        old = {row.metric: row for row in metrics.get(self.beside.record_digest, ())}
        new = {row.metric: row for row in metrics.get(self.run.record_digest, ())}
        keys = {metric.name for metric in self.project.key_metrics}
        rows = []
        for name in sorted({*old, *new}, key=lambda name: (name not in keys, name)):
            one, other = old.get(name), new.get(name)
            known = other or one
            delta, side = compare_values(
                one.last if one else None,
                other.last if other else None,
                known.direction if known else None,
            )
            rows.append(
                Row(
                    name,
                    number(one.last) if one else "",
                    number(other.last) if other else "",
                    "" if delta is None else signed(delta),
                    side,
                )
            )
        return rows


def _differences(old: RunReader, new: RunReader) -> Iterator[tuple[str, list[Row]]]:
    found = compare_records(old.record, new.record)
    yield "Features", _changes(found.features)
    yield "Artifacts", _artifacts(old, new)
    yield "Command", _changes(found.command)
    yield "Environment", _changes(found.environment)
    yield "Hardware", _changes(found.hardware)


def _changes(changes: Iterable[Change]) -> list[Row]:
    return [
        Row(
            ".".join(change.path),
            "" if change.op == "add" else value_text(change.old),
            "" if change.op == "delete" else value_text(change.new),
        )
        for change in changes
    ]


def _artifacts(old: RunReader, new: RunReader) -> list[Row]:
    """Return the artifacts that differ, by digest and size."""
    sides = [
        {item["name"]: item for item in run.section("artifacts").get("items", [])}
        for run in (old, new)
    ]
    rows = []
    for name in sorted({*sides[0], *sides[1]}):
        one, other = (side.get(name) for side in sides)
        if one is None or other is None or one["sha256"] != other["sha256"]:
            rows.append(Row(str(name), _file(one), _file(other)))
    return rows


def _file(item: dict[str, Any] | None) -> str:
    return "" if item is None else f"{item['size']:,} B, {str(item['sha256'])[:12]}"


def _part(title: str, rows: list[Row], room: _Room) -> Part:
    taken = []
    for row in rows[:_ROWS]:
        cut = row._replace(
            name=shown(row.name, _NAME), old=shown(row.old, _VALUE), new=shown(row.new, _VALUE)
        )
        if not room.take(cut.name, cut.old, cut.new, cut.delta, 3 * cut.side):
            break
        taken.append(cut)
    return Part(title, tuple(taken), len(rows) - len(taken))


def _code(diff: CodeDiff, room: _Room) -> dict[str, Any]:
    """Return what is told of the code: names first, then lines, as far as there is room."""
    files: list[dict[str, Any]] = []
    for one in diff.files[:_ROWS]:
        path = shown(one.path, _NAME)
        note = shown(one.note, _VALUE)
        if not room.take(path, note, 26 * " "):
            break
        files.append({"op": one.op, "path": path, "note": note, "lines": [], "more": False})
    left = _LINES
    for told, one in zip(files, diff.files, strict=False):
        for line in one.lines:
            text = shown(line.text, _CODE)
            if left == 0 or not room.take(text):
                told["more"] = True
                break
            left -= 1
            told["lines"].append((line.sign, text))
        told["more"] = told["more"] or one.more > 0
    more = len(diff.files) - len(files) + diff.more
    return {"said": diff.said, "files": files, "more": more}


def _said(parts: list[Part], code: dict[str, Any] | None) -> str:
    told = []
    for part in parts:
        if part.title == "Features":
            count = len(part.rows) + part.more
            told.append(counted(count, "feature differs", "features differ") if count else _NONE)
        if part.title == "Metrics":
            sides = [row.side for row in part.rows]
            better, worse = sides.count("better"), sides.count("worse")
            if better or worse:
                told.append(f"of the metrics shown {better} better and {worse} worse")
    text = "; ".join(told)
    return f"{text[:1].upper()}{text[1:]}." if text else (code or {}).get("said", "")
