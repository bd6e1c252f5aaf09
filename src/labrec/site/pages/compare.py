"""Any runs beside one another, in the browser: the page, and the data that its script asks for.

A project has a list of its runs, its runs in groups by the last digits of their ids, the states of
its code, and the text of the files that differ between these.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from labrec.errors import LabrecError
from labrec.lineage.features import flatten
from labrec.record.wording import number
from labrec.site import code_diff, urls
from labrec.site.code_diff import Codes
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.pages import record
from labrec.site.pages.propose import seen
from labrec.site.shards import by_last_digits, shard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from labrec.reader import RunReader
    from labrec.site.collect import Project, Site
    from labrec.site.rows import Run

MOST_ROWS: Final = 300
"""Features, metrics and files of a run that can be compared."""

MOST_STATES: Final = 2000
"""States of the code of a project that are known file by file: those of the newest runs."""

MOST_TEXT: Final = 12_000_000
"""Characters of code of a project that are published, files of the newest runs first."""

_DIGEST = 32  # digits of a sha256 that a script is given


def pages(site: Site) -> Iterator[Draft]:
    """Yield the page and the data of every project."""
    names = tuple(project.name for project in site.projects)
    yield Draft(urls.COMPARE, "compare", inputs_of(names), partial(_page, names))
    for project in site.projects:
        yield from _shards(site, project)


def _page(names: tuple[str, ...]) -> Page:
    return Page(
        url=urls.COMPARE,
        kind="compare",
        title="Compare runs",
        crumbs=(Crumb("Home", urls.HOME), Crumb("Compare", "")),
        context={"projects": names},
    )


def _shards(site: Site, project: Project) -> Iterator[Draft]:
    runs = project.run
    number_of: dict[str, int] = {}  # by the first run: one run more changes no other number
    listed = [
        (
            run.run_id, run.name, run.status,
            f"{run.started:%Y-%m-%d %H:%M}" if run.started else "",
            number_of.setdefault(run.experiment, len(number_of)),
        )
        for run in runs.values()
    ]  # fmt: skip
    yield _draft(project, "list", inputs_of(listed), lambda: (listed, {}))
    records = Counter(run.run_id for run in project.runs)
    for digits, ids in by_last_digits(runs).items():
        group = [(runs[run_id], records[run_id] > 1) for run_id in ids]
        marks = [(project.run_marks.get(run.record_digest), fork) for run, fork in group]
        make = partial(_group, site, project, group)
        yield _draft(project, f"runs-{digits}", inputs_of(marks), make)
    newest: dict[str, Run] = {}
    for run in reversed(list(runs.values())):
        if run.code_digest and len(newest) < MOST_STATES:
            newest.setdefault(run.code_digest, run)
    inputs = inputs_of([(digest, run.record_digest) for digest, run in sorted(newest.items())])
    yield _draft(project, "code", inputs, partial(_code, site, project, newest))


def _draft(project: Project, name: str, inputs: str, make: Any) -> Draft:
    url = urls.shard(project.name, name)

    def page() -> Page:
        value, files = make()
        data = shard(f"{project.name}/{name}", value)
        return Page(url, "shard", name, (), {}, files, data=data)

    return Draft(url, "shard", inputs, page)


# --- runs -------------------------------------------------------------------------------------


def _group(
    site: Site, project: Project, group: list[tuple[Run, bool]]
) -> tuple[list[Any], dict[str, bytes]]:
    return [_run(site, project, run) | {"fork": fork} for run, fork in group], {}


def _run(site: Site, project: Project, run: Run) -> dict[str, Any]:
    """Return a run as the scripts read it: mappings with our keys, all else in lists."""
    notes = project.notes_of.get(run.record_digest, ())
    told: dict[str, Any] = {
        "id": run.run_id,
        "digest": run.record_digest.removeprefix("sha256:"),
        "notes": [digest.removeprefix("sha256:") for digest in seen(run, notes)],
        "name": run.name,
        "status": run.status,
        "standing": run.standing,
        "metrics": [
            [row.metric, number(row.last), row.last, row.unit or "", row.direction or ""]
            for row in project.metrics_of.get(run.record_digest, ())[:MOST_ROWS]
        ],
        "code": (run.code_digest or "").removeprefix("sha256:")[:_DIGEST],
        "features": [], "files": [], "command": [], "environment": [], "hardware": [],
        "problem": "",
    }  # fmt: skip
    try:
        told |= _of_record(site.records.reader(run))
    except LabrecError as error:
        told["problem"] = error.message
    except (AttributeError, KeyError, TypeError, ValueError):
        told["problem"] = "its record does not follow its schema"
    return told


def _of_record(reader: RunReader) -> dict[str, Any]:
    tree = reader.section("features").get("tree", {})
    return {
        "features": [[path, record.value_text(v)] for path, v in flatten(tree) if path][:MOST_ROWS],
        "files": [
            [one.name, one.role, one.size, one.sha256[:_DIGEST], one.picture, one.text]
            for one in record.Files(reader).files
            if one.role != "record"
        ],
        "command": record.identity(reader),
        "environment": record.environment(reader),
        "hardware": record.hardware(reader)[0],
    }


# --- code -------------------------------------------------------------------------------------

_File = tuple[str, str, str, int]
"""Path, mode, sha256 and size of a file of the code."""


def _code(
    site: Site, project: Project, newest: Mapping[str, Run]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the states of the code, each by what differs from the one before, and the texts."""
    codes, numbers = Codes(), dict[_File, int]()
    states: list[list[Any]] = []
    before: set[int] = set()
    holder: dict[str, RunReader] = {}
    for digest, run in newest.items():
        found = _files(site, codes, run)
        if found is None:
            continue
        reader, entries = found
        now = {numbers.setdefault(entry, len(numbers)) for entry in entries}
        short = digest.removeprefix("sha256:")[:_DIGEST]
        states.append([short, sorted(now - before), sorted(before - now)])
        before = now
        for entry in entries:
            holder.setdefault(entry[2], reader)
    texts = _texts(project, numbers, states, holder)
    files = [
        [path, mode, sha256[:_DIGEST], size, int(_text_name(sha256) in texts)]
        for path, mode, sha256, size in numbers
    ]
    return {"states": states, "files": files}, texts


def _files(site: Site, codes: Codes, run: Run) -> tuple[RunReader, list[_File]] | None:
    try:
        reader = site.records.reader(run)
        manifest = codes.manifest(reader)
    except (LabrecError, AttributeError, KeyError, TypeError, ValueError):
        return None
    if manifest is None:
        return None
    return reader, [
        (str(one.get("display") or one["path"]), one["mode"], one["sha256"], one["size"])
        for one in manifest["files"]
    ]


def _texts(
    project: Project,
    numbers: Mapping[_File, int],
    states: list[list[Any]],
    holder: Mapping[str, RunReader],
) -> dict[str, bytes]:
    """Return the text of the files that differ between the states of a project's code."""
    everywhere = set(states[0][1]) if states else set()
    for _, added, removed in states[1:]:
        everywhere -= {*added, *removed}
    texts: dict[str, bytes] = {}
    room = MOST_TEXT
    for entry, at in numbers.items():
        name = _text_name(entry[2])
        if at in everywhere or name in texts or entry[3] > min(room, code_diff.MAX_TEXT):
            continue
        lines = code_diff.text_of(holder[entry[2]], entry[2])
        if isinstance(lines, list):
            room -= entry[3]
            texts[name] = shard(f"{project.name}/{name.removesuffix('.js')}", lines)
    return texts


def _text_name(sha256: str) -> str:
    return f"t-{sha256[:_DIGEST]}.js"
