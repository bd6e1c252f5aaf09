"""Importing a table: read, mapped, checked, written, committed. All or nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.capture.secrets.search import redact
from labrec.errors import InvalidError, NotFoundError, SecretError, StorageError
from labrec.exchange.joins import join, read_form
from labrec.exchange.kin import kin_of
from labrec.exchange.mistakes import Mistake, WrongMapError, WrongRowsError
from labrec.exchange.origins import Origins
from labrec.exchange.outlines import Outliner
from labrec.exchange.records import Writer
from labrec.exchange.report import FIRST, Counts, FirstRun, ImportReport
from labrec.exchange.table import read_table
from labrec.exchange.table_map import read_map
from labrec.record import yaml12
from labrec.record.codec import MAX_BYTES
from labrec.record.digest import Digest
from labrec.record.layout import object_path
from labrec.sdk.start import author_of
from labrec.store.additions import MOST, Addition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from labrec.exchange.kin import Kin, Parent
    from labrec.exchange.outlines import Outline
    from labrec.exchange.records import Written
    from labrec.exchange.table import Table
    from labrec.exchange.table_map import TableMap
    from labrec.store.lab import Lab

_NOBODY = {"name": "labrec import", "source": "option"}


class Prepared(NamedTuple):
    """A table that was read, mapped and written as records, before a lab is asked.

    Attributes:
        table: The table.
        source: What the map calls it.
        outlines: The rows that make runs, in their order.
        kin: How they are related.
        written: Their records, parents first.
        skipped: What is wrong with the other rows.
    """

    table: Table
    source: str
    outlines: list[Outline]
    kin: Kin
    written: list[Written]
    skipped: list[Mistake]


def import_table(
    lab: Lab, file: Path, map_file: Path, *, dry_run: bool = False, skip_bad: bool = False
) -> ImportReport:
    """Import a table into a lab; importing it again changes nothing.

    Args:
        lab: Where to.
        file: The table.
        map_file: The map.
        dry_run: Record nothing; say what would be recorded.
        skip_bad: Leave out the rows that are wrong instead of importing none.

    Raises:
        WrongMapError: The map does not fit the table; all mistakes are listed.
        WrongRowsError: Rows are wrong; nothing was imported.
        SecretError: What would be stored holds a secret; nothing was imported.
        LabrecError: A file cannot be read, or a commit failed; what was committed before it stays,
            and importing again goes on from there.
    """
    with tempfile.TemporaryDirectory(prefix="labrec-import-") as folder:
        table, table_map = read_both(file, map_file)
        prepared = prepare(table, table_map, lab, Path(folder), skip_bad=skip_bad)
        return _record(lab, prepared, dry_run=dry_run)


def read_both(file: Path, map_file: Path) -> tuple[Table, TableMap]:
    """Read a table and the map that fits it.

    Raises:
        WrongMapError: The map does not fit.
        LabrecError: One of the files cannot be read.
    """
    given = _load(map_file)
    mistakes: list[Mistake] = []
    form = read_form(given.get("format"), "format", mistakes)
    table = join(read_table(file, form), given.get("join"), file.parent, mistakes)
    table_map = read_map(given, table, mistakes)
    if table_map is not None and redact(table_map.source)[1]:
        mistakes.append(Mistake("source", "holds a secret"))
    if table_map is None or mistakes:
        raise WrongMapError(map_file.name, mistakes)
    return table, table_map


def _load(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no map {path}", paths=[path]) from error
    except OSError as error:
        raise StorageError(
            f"cannot read {path}: {error.strerror or error}", paths=[path]
        ) from error
    try:
        given = yaml12.load(data)
    except InvalidError as error:
        raise InvalidError(
            f"{path.name}: {error.message}", hint="docs/import.md shows a map.", paths=[path]
        ) from error
    if not isinstance(given, dict):
        raise WrongMapError(path.name, [Mistake("", "is no mapping: write source:, key:, …")])
    return given


def prepare(
    table: Table, table_map: TableMap, lab: Lab, folder: Path, *, skip_bad: bool
) -> Prepared:
    """Make the records of a table.

    Args:
        table: The table.
        table_map: The map.
        lab: Its settings say what is no secret.
        folder: Where a series goes that is too large for memory.
        skip_bad: Leave out the rows that are wrong.

    Raises:
        WrongRowsError: Rows are wrong.
        SecretError: What would be stored holds a secret.
    """
    wrong = list(table.mistakes)
    outliner = Outliner(table_map)
    outlines = [
        outline for row in table.rows if (outline := outliner.outline(row, wrong)) is not None
    ]
    kin = kin_of(outlines, wrong)
    if wrong and not skip_bad:
        raise WrongRowsError(table.name, _in_order(wrong))
    while (bad := {mistake.line for mistake in wrong}) & {outline.line for outline in outlines}:
        outlines = [outline for outline in outlines if outline.line not in bad]
        kin = kin_of(outlines, wrong)  # a row whose parent is left out has a dangling parent
    writer = Writer(lab.settings.secrets_allow, folder)
    written = _write(writer, outlines, kin, wrong, skip_bad=skip_bad)
    if wrong and not skip_bad:
        raise WrongRowsError(table.name, _in_order(wrong))
    left = {mistake.line for mistake in wrong}
    outlines = [outline for outline in outlines if outline.line not in left]
    return Prepared(table, table_map.source, outlines, kin, written, _in_order(wrong))


def _write(
    writer: Writer, outlines: Sequence[Outline], kin: Kin, wrong: list[Mistake], *, skip_bad: bool
) -> list[Written]:
    by_key = {outline.key: outline for outline in outlines}
    written: dict[str, Written] = {}
    for key in kin.order:
        outline = by_key[key]
        try:
            written[key] = writer.write(outline, kin.parents[key], written)
        except SecretError as error:
            if not skip_bad:
                error.message = f"line {outline.line}: {error.message}"
                error.kept = "the lab as it was: nothing was imported"
                raise
            wrong.append(Mistake("", error.message, outline.line))
        except InvalidError as error:
            wrong.append(Mistake("", error.message, outline.line))
    return list(written.values())


def _in_order(wrong: Iterable[Mistake]) -> list[Mistake]:
    return sorted(set(wrong), key=lambda mistake: (mistake.line, mistake.where, mistake.what))


# --- into the lab -----------------------------------------------------------------------------


def _record(lab: Lab, prepared: Prepared, *, dry_run: bool) -> ImportReport:
    view = lab.view()
    projects = sorted({one.project for one in prepared.written})
    origins = Origins(view, prepared.source, author_of(lab) or _NOBODY)
    known = origins.known(projects)
    counts = _counts(prepared, known)
    groups = []
    for one in prepared.written:
        notes = origins.notes_for(one, known.get(one.run_id))
        counts = counts._replace(superseded=counts.superseded + _superseding(notes))
        if one.run_id not in known:
            groups.append([*_additions(one), *notes])
        elif notes:
            groups.append(notes)
    commits = [] if dry_run else _commit(lab, groups, _subject(projects, prepared.source))
    return ImportReport(
        file=prepared.table.name,
        source=prepared.source,
        projects=projects,
        dry=dry_run,
        counts=counts,
        skipped=prepared.skipped,
        first=[
            _first(outline, prepared.kin.parents[outline.key])
            for outline in prepared.outlines[:FIRST]
        ],
        commits=commits,
    )


def _additions(written: Written) -> list[Addition]:
    objects = [Addition(object_path(Digest(one.sha256)), one.source) for one in written.objects]
    return [Addition(written.path, written.data), *objects]


def _commit(lab: Lab, groups: Sequence[Sequence[Addition]], subject: str) -> list[str]:
    """Commit groups of additions, as many a commit as it holds; a group is never torn apart."""
    return [lab.commit(batch, subject).commit for batch in _batches(groups)]


def _batches(groups: Iterable[Sequence[Addition]]) -> Iterator[list[Addition]]:
    batch: list[Addition] = []
    documents = 0
    for group in groups:
        size = sum(not addition.path.startswith("records/objects/") for addition in group)
        if batch and documents + size > MOST:
            yield batch
            batch, documents = [], 0
        batch += group
        documents += size
    if batch:
        yield batch


def _subject(projects: Sequence[str], source: str) -> str:
    named = ", ".join(projects[:3]) + (", …" if len(projects) > 3 else "")  # noqa: PLR2004 - one line
    return f"import({named}): {source}"


def _counts(prepared: Prepared, known: Mapping[str, str]) -> Counts:
    written, outlines = prepared.written, prepared.outlines
    dangling = sum(
        parent.key is None for outline in outlines for parent in prepared.kin.parents[outline.key]
    )
    failures = sum(
        told["kind"] == "skipped" and told["why"].endswith("is declared a failure value")
        for outline in outlines for told in outline.events
    )  # fmt: skip
    return Counts(
        rows=len(prepared.table.rows) + len({one.line for one in prepared.table.mistakes}),
        runs=len(written),
        new=sum(one.run_id not in known for one in written),
        known=sum(one.run_id in known for one in written),
        experiments=len({one.config_digest for one in written}),
        failed=sum(outline.identity["status"] == "failed" for outline in outlines),
        undated=sum(outline.started_ms is None for outline in outlines),
        dangling=dangling,
        failure_values=failures,
        redacted=sum(one.redacted for one in written),
    )


def _superseding(notes: Iterable[Addition]) -> int:
    return sum(
        b'"kind": "supersede"' in note.source for note in notes if isinstance(note.source, bytes)
    )


def _first(outline: Outline, parents: Iterable[Parent]) -> FirstRun:
    identity = outline.record["identity"]
    values = outline.record["metrics"]["values"]
    metrics = {
        name: told["last"]["$float"] if isinstance(told["last"], dict) else told["last"]
        for name, told in values.items()
    }
    return FirstRun(
        line=outline.line,
        project=identity["project"],
        name=identity["name"],
        status=identity["status"],
        started=identity["times"]["started"],
        parents=[parent.key or parent.called for parent in parents],
        metrics=metrics,
    )
