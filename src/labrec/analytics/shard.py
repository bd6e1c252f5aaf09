"""The rows of one day's records, kept until the day changes.

A shard is a file under ``labrec/cache`` in the git directory, one for each project and day, that
names the git tree of the day it was made from. When a day has changed only records that its shard
does not hold are read.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from itertools import accumulate, chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from labrec.analytics import extract, tables
from labrec.analytics.calls import packed
from labrec.analytics.parquet import plain_schema, rows_table
from labrec.analytics.problem import Problem
from labrec.analytics.tables import Column
from labrec.errors import IntegrityError, InvalidError, LabrecError, LimitError
from labrec.record import codec
from labrec.record.digest import PREFIX, Digest
from labrec.record.layout import parse_path
from labrec.record.sections import SectionReader
from labrec.record.version import identified_run
from labrec.store import proven

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from labrec.store.view import RunEntry, View

CACHE: Final = "analyze"
"""Folder of `View.cache` that holds what analysis keeps."""

REPEATING: Final = ("features", "hardware", "telemetry")
"""Tables of `COLUMNS` whose text is held as dictionaries."""

_FORMAT = f"labrec.shard/3.{extract.VERSION}.{tables.VERSION}"
_MAX_CELLS = 1 << 26  # bytes of an object of counterfactual cells
_CODEC = "zstd"
# Buffers of a few kilobytes: to hand each to a thread costs several times what reading it does.
_READING = pa.ipc.IpcReadOptions(use_threads=False)
_MAX_HEAD = 1 << 10  # bytes: the line before the tables is shorter
_PLACE = Column("place", "integer", "Which of the shard's runs a row belongs to.")
_INTERNAL = (
    Column("parents", "text", "The parents that the record names, as JSON."),
    Column("tree", "text", "The features, as JSON."),
    Column("links", "text", "Slug, registration and time of each linked hypothesis, as JSON."),
    Column("setup", "text", "Inputs, nuisance paths and flags, as JSON."),
    Column("state", "text", "State of the machine while the run lasted, as JSON."),
    Column("facts", "text", "Facts of the machine that have a value, as JSON."),
    Column("conditions", "text", "Its conditions that have a value, as JSON."),
    Column("channels", "text", "Telemetry that has samples, as JSON."),
    Column("calls", "text", "Counterfactual calls with their cells, as JSON."),
    Column("used", "text", "Name, version and digest of each dataset, as JSON."),
)
COLUMNS: Final[dict[str, tuple[Column, ...]]] = {
    "runs": (*extract.RUN_COLUMNS, *_INTERNAL),
    **{t.name: (_PLACE, *extract.own_columns(t)) for t in extract.OF_RECORDS},
}
"""Columns of a shard's tables by name; ``place`` refers to a row of ``runs``."""


_READER = SectionReader()
_BY_RUN = attrgetter("run_id", "digest_short")


class Shard(NamedTuple):
    """The rows of the records of one project and day, ordered by run id, then digest.

    Attributes:
        project: The project.
        day: ``YYYY/MM/DD``, of the run ids.
        tree: Git tree id of the day's folder.
        rows: An Arrow table for each of `COLUMNS`; unpacked when it is asked for.
        problems: Records that gave no rows.
    """

    project: str
    day: str
    tree: str
    rows: Mapping[str, pa.Table]
    problems: list[Problem]


def load(view: View, project: str, day: str, tree: str) -> Shard:
    """Return the shard of a day: kept, completed, or made.

    Args:
        view: The lab.
        project: A project.
        day: ``YYYY/MM/DD``.
        tree: Git tree id of the day's folder.
    """
    path = _path(view, project, day)
    kept = _read(path) if path is not None else None
    if kept is not None and kept[0] == tree:
        return Shard(project, day, tree, kept[1], [])
    shard = _make(view, (project, day, tree), kept[1] if kept is not None else None)
    if path is not None:
        # Records that could not be read are tried again: what they miss may come later.
        _write(path, "" if shard.problems else tree, shard.rows)
    return shard


def digest(shards: Sequence[Shard]) -> str | None:
    """Return what stands for the rows of days together; None where a record could not be read."""
    if any(one.problems for one in shards):
        return None  # what it misses may come later
    said = json.dumps([_FORMAT, [one[:3] for one in shards]])
    return hashlib.sha256(said.encode()).hexdigest()


def is_kept(view: View, project: str, day: str, tree: str) -> bool:
    """Say whether a day's shard seems to be there, without proving it."""
    path = _path(view, project, day)
    try:
        with path.open("rb") if path is not None else io.BytesIO() as file:
            return tree.encode() in file.read(_MAX_HEAD)
    except OSError:
        return False


def _make(view: View, where: tuple[str, str, str], kept: Mapping[str, pa.Table] | None) -> Shard:
    project, day, tree = where
    known = _known(kept["runs"]) if kept is not None else {}
    taken: list[int] = []
    new: list[extract.Extracted] = []
    problems: list[Problem] = []
    # In the order that they will have: what is built so need not be put in order.
    for entry in sorted(view.day_runs(project, day, tree), key=_BY_RUN):
        place = known.get(entry.path)
        if place is not None:
            taken.append(place)
            continue
        try:
            new.append(_extract(view, entry, problems))
        except (InvalidError, IntegrityError) as error:
            problems.append(Problem(entry.path, f"{error.name}: {error.message}"))
    parts = [_select(kept, taken)] if kept is not None and taken else []
    try:
        parts.append(_build(new))
    except InvalidError:  # one of them: find out which
        parts += _each(new, problems)
    return Shard(project, day, tree, _ordered(joined(parts)), problems)


def _extract(view: View, entry: RunEntry, problems: list[Problem]) -> extract.Extracted:
    parsed = parse_path(entry.path)
    if parsed.kind != "run":
        raise InvalidError("no run belongs at this path")
    data, sha256 = view.read_proven(entry.path, entry.sha, parsed.digest)
    record = identified_run(_READER.decode(data), entry.project, entry.run_id)
    digest = f"{PREFIX}{sha256}"
    unread = False
    if "counterfactuals" in record:
        try:
            record = _with_cells(view, record)
        except LabrecError as error:
            why = f"its counterfactual cells: {error.name}: {error.message}"
            problems.append(Problem(entry.path, why))
            unread = True
    try:
        found = extract.extract(record, entry.path, digest)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise _invalid(data, error) from error
    if unread:
        texts = dict(zip((one.name for one in _INTERNAL), found.packed, strict=True))
        found = found._replace(packed=tuple((texts | {"calls": ""}).values()))
    return found


def _with_cells(view: View, record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with the counterfactual cells that it has no room for.

    Raises:
        LabrecError: The object that holds them is not in the lab, or it is none.
    """
    section = record["counterfactuals"]
    stored = section.get("object") if isinstance(section, dict) else None
    if stored is None:
        return record
    try:
        with view.open_object(Digest.parse(f"{PREFIX}{stored['sha256']}")) as stream:
            data = stream.read(_MAX_CELLS)
            if stream.read(1):  # what has been read to its end is proven
                raise LimitError(f"an object of cells is larger than {_MAX_CELLS} bytes")
        calls = codec.decode(data, limit=None)["calls"]
        packed(calls)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise InvalidError(f"no calls with cells: {type(error).__name__} {error}") from error
    return {**record, "counterfactuals": {**section, "calls": calls}}


def _invalid(data: bytes, error: Exception) -> InvalidError:
    """Return what is wrong with a record, in the words of its schema where that notices."""
    from labrec.record.reader import read_record  # brings validation in: only for a bad record

    try:
        read_record(data)
    except InvalidError as found:
        return found
    return InvalidError(f"not a valid run: {type(error).__name__} {error}")


def _each(
    new: Sequence[extract.Extracted], problems: list[Problem]
) -> Iterator[dict[str, pa.Table]]:
    for one in new:
        try:
            yield _build([one])
        except InvalidError as error:
            path = one.run[_PATH]
            problems.append(Problem(str(path), f"{error.name}: not a valid run: {error.message}"))


_PATH = [column.name for column in COLUMNS["runs"]].index("path")


def _build(new: Sequence[extract.Extracted]) -> dict[str, pa.Table]:
    built = {"runs": rows_table(COLUMNS["runs"], [(*o.run, *o.packed) for o in new])}
    for table in extract.OF_RECORDS:
        parts = [one.rows[table.name] for one in new]
        rows = _rows(table.name, parts)
        places = pa.array(np.repeat(np.arange(len(parts)), list(map(len, parts))))
        first = plain_schema(COLUMNS[table.name][:1]).field(0)
        built[table.name] = rows.add_column(0, first, places)
    return built


def _rows(name: str, parts: Sequence[list[extract.Row]]) -> pa.Table:
    """Return rows behind one another; what several records share is built once."""
    once = {id(part): part for part in parts}
    rows = _packed(name, rows_table(COLUMNS[name][1:], chain.from_iterable(once.values())))
    if len(once) == len(parts):
        return rows
    sizes = list(map(len, once.values()))
    starts = dict(zip(once, accumulate(sizes, initial=0), strict=False))
    lengths = list(map(len, parts))
    shift = np.array([starts[id(part)] for part in parts]) - (np.cumsum(lengths) - lengths)
    return rows.take(pa.array(np.arange(sum(lengths)) + np.repeat(shift, lengths)))


def _packed(name: str, rows: pa.Table) -> pa.Table:
    """Hold each text of a table that repeats much once: machines and channels have few."""
    import pyarrow.compute as pc

    if name not in REPEATING:
        return rows
    for at, field in enumerate(rows.schema):
        if field.type == pa.string():
            found = pc.dictionary_encode(rows.column(at))
            rows = rows.set_column(at, field.with_type(found.type), found)
    return rows


def _known(runs: pa.Table) -> dict[str, int]:
    """Return the place of each record by its path, which names its bytes.

    One whose counterfactual cells could not be read is tried again: they may come later.
    """
    pairs = zip(runs["path"].to_pylist(), runs["calls"].to_pylist(), strict=True)
    return {path: place for place, (path, calls) in enumerate(pairs) if calls}


def joined(
    parts: Sequence[Mapping[str, pa.Table]], names: Iterable[str] = COLUMNS
) -> Mapping[str, pa.Table]:
    """Put the rows of shards behind one another, each place moved behind the ones before.

    Args:
        parts: The rows.
        names: Tables to be joined.
    """
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return {name: _packed(name, plain_schema(COLUMNS[name]).empty_table()) for name in names}
    starts = [0, *accumulate(part["runs"].num_rows for part in parts)]
    return {
        name: pa.concat_tables([part[name] for part in parts])
        if name == "runs"
        else _behind([part[name] for part in parts], starts)
        for name in names
    }


def _behind(parts: Sequence[pa.Table], starts: Sequence[int]) -> pa.Table:
    """Put rows behind one another; the runs of each part are so many places behind its own."""
    rows = pa.concat_tables(parts)
    shifts = np.repeat(starts[: len(parts)], [part.num_rows for part in parts])
    places = pa.array(rows["place"].to_numpy() + shifts, pa.int64())
    return rows.set_column(0, rows.schema.field(0), places)


def _select(rows: Mapping[str, pa.Table], places: list[int]) -> dict[str, pa.Table]:
    """Return the runs at some places, in their order, with all their rows."""
    import pyarrow.compute as pc

    order = pa.array(places, pa.int64())
    selected = {"runs": rows["runs"].take(order)}
    for name in COLUMNS:
        if name == "runs":
            continue
        # Rows of one run stand together: sorted stably by the new place they stay in order.
        found = pc.index_in(rows[name]["place"], value_set=order)
        table = rows[name].set_column(0, rows[name].schema.field(0), found.cast(pa.int64()))
        table = table.filter(pc.is_valid(table["place"]))
        selected[name] = table.take(pc.sort_indices(table["place"]))
    return selected


def _ordered(rows: Mapping[str, pa.Table]) -> Mapping[str, pa.Table]:
    """Order the runs by id, then digest, and every other table with them."""
    import pyarrow.compute as pc

    keys = [("run_id", "ascending"), ("record_digest", "ascending")]
    order = pc.sort_indices(rows["runs"], sort_keys=keys).to_pylist()
    return rows if order == sorted(order) else _select(rows, order)


# --- the file ---------------------------------------------------------------------------------


def _path(view: View, project: str, day: str) -> Path | None:
    return None if view.cache is None else proven.place(view.cache / CACHE, _FORMAT, project, day)


class _Packed(Mapping[str, pa.Table]):
    """Rows as they lie in a file.

    Args:
        streams: Each table as a compressed Arrow stream, and how long the stream is.
    """

    def __init__(self, streams: dict[str, tuple[memoryview, int]]) -> None:
        self._streams = streams
        self._rows: dict[str, pa.Table] = {}

    def __getitem__(self, name: str) -> pa.Table:
        if name not in self._rows:
            packed, size = self._streams[name]
            data = pa.decompress(pa.py_buffer(packed), decompressed_size=size, codec=_CODEC)
            with pa.ipc.open_stream(data, options=_READING) as stream:
                self._rows[name] = stream.read_all()
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._streams)

    def __len__(self) -> int:
        return len(self._streams)


def _read(path: Path) -> tuple[str, Mapping[str, pa.Table]] | None:
    """Return the tree a shard was made from and its rows, or None where it is of no use."""
    body = proven.read(path)
    if body is None:
        return None
    end = body[:_MAX_HEAD].tobytes().find(b"\n")
    said = json.loads(body[:end].tobytes())
    if said["format"] != _FORMAT:
        return None
    streams, at = {}, end + 1
    for name, (length, size) in said["sizes"].items():
        streams[name] = body[at : at + length], size
        at += length
    return said["tree"], _Packed(streams)


def _write(path: Path, tree: str, rows: Mapping[str, pa.Table]) -> None:
    parts: dict[str, bytes] = {}
    sizes: dict[str, tuple[int, int]] = {}
    for name, table in rows.items():
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table.unify_dictionaries().combine_chunks())
        # As a whole: a day has a hundred columns, and each by itself takes longer to unpack.
        data = sink.getvalue()
        parts[name] = pa.compress(data, codec=_CODEC, asbytes=True)
        sizes[name] = len(parts[name]), data.size
    head = json.dumps({"format": _FORMAT, "tree": tree, "sizes": sizes}).encode()
    proven.write(path, [head, b"\n", *parts.values()])
