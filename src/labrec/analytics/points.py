"""Every point of every run, one Parquet file a project and day, read and written in pieces.

The stored tables of one day are unpacked behind one another and parsed together, a few megabytes at
a time, so that neither a long run nor many short ones need memory. A table counts only once its
last byte has proven it: where one does not, the day is written again without that run.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from labrec.analytics.parquet import SHARED, TYPES, TableFile, plain_schema, shared_column
from labrec.analytics.problem import Problem
from labrec.analytics.tables import SERIES
from labrec.errors import IntegrityError, InvalidError, LabrecError, LimitError
from labrec.record.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from labrec.analytics.shard import Shard
    from labrec.store.view import View

HEADER: Final = b"metric,step,time,value\n"
MAX_TABLE: Final = 1 << 30
"""Most bytes of one run's points, unpacked."""

_PIECE = 1 << 20  # bytes unpacked at once
_BATCH = 8 << 20  # bytes parsed at once
_COLUMNS = tuple(column for column in SERIES.columns if column.name not in SHARED)
_KEY = [column.name for column in _COLUMNS if column.name in SERIES.key]


class Day(NamedTuple):
    """Whose points a file holds.

    Attributes:
        project: The project.
        day: ``YYYY/MM/DD``.
        tree: Git tree id of the day's folder.
        runs: Run id, record digest, path and series digest of its records, in order.
    """

    project: str
    day: str
    tree: str
    runs: list[tuple[str, str, str, str | None]]


def values(view: View, digest: Digest) -> dict[str, list[float]]:
    """Return the values of a stored table of points by metric, in the order of their steps.

    Raises:
        LabrecError: The lab does not hold it, or it is none.
    """
    found: dict[str, list[float]] = {}
    try:
        for piece in _pieces(view, digest):
            points = _parse(piece)
            for metric, value in zip(
                points["metric"].to_pylist(), points["value"].to_pylist(), strict=True
            ):
                found.setdefault(metric, []).append(value)
    except pa.ArrowException as error:
        raise InvalidError(f"no table of points: {str(error).splitlines()[0][:200]}") from error
    return found


class _BadSeriesError(Exception):
    """The points of one run cannot be used."""

    def __init__(self, place: int, cause: LabrecError) -> None:
        super().__init__(place)
        self.place = place
        self.cause = cause


def day_of(shard: Shard) -> Day:
    """Return whose points the file of a shard's day holds."""
    columns = ("run_id", "record_digest", "path", "series_digest")
    values = [shard.rows["runs"][column].to_pylist() for column in columns]
    return Day(shard.project, shard.day, shard.tree, list(zip(*values, strict=True)))


def write_day(
    view: View, day: Day, path: Path, metadata: dict[str, str], writer: int
) -> tuple[TableFile | None, list[Problem]]:
    """Write the points of one day; the file is finished and has no name yet.

    Args:
        view: The lab.
        day: Whose points.
        path: Where the file goes.
        metadata: For the file's footer.
        writer: Process id of the analysis that it belongs to.

    Returns:
        The file, None where there is no point, and the runs whose points are not in it.

    Raises:
        StorageError: It cannot be written.
    """
    faults: dict[int, LabrecError] = {}
    while True:
        places = [at for at, run in enumerate(day.runs) if run[3] is not None and at not in faults]
        problems = [
            Problem(day.runs[place][2], f"its points: {fault.name}: {fault.message}")
            for place, fault in faults.items()
        ]
        if not places:
            return None, problems
        file = TableFile(path, SERIES, metadata | {"labrec.day": day.tree}, writer)
        try:
            for rows in _rows(view, day, places):
                file.add(rows)
            file.finish()
        except _BadSeriesError as bad:
            file.discard()
            # Where there is one there may be many: each is looked at alone, once.
            faults |= {bad.place: bad.cause} if faults else _faults(view, day, places)
            continue
        except BaseException:
            file.discard()
            raise
        if file.rows:
            return file, problems
        file.discard()
        return None, problems


def _faults(view: View, day: Day, places: Sequence[int]) -> dict[int, LabrecError]:
    """Return what is wrong with the points of each run that are none."""
    faults: dict[int, LabrecError] = {}
    for place in places:
        try:
            for _ in _batches(view, day, [place]):
                pass
        except _BadSeriesError as bad:
            faults[place] = bad.cause
    return faults


def _rows(view: View, day: Day, places: Sequence[int]) -> Iterator[pa.Table]:
    """Yield the points of the runs at some places, in order."""
    run_ids = pa.array([run[0] for run in day.runs], pa.string())
    digests = pa.array([run[1] for run in day.runs], pa.string())
    project = pa.array([day.project], pa.string())
    for points, runs in _batches(view, day, places):
        shared = {
            "project": shared_column(project, pc.multiply(runs, pa.scalar(0, pa.int32()))),
            "run_id": shared_column(run_ids, runs),
            "record_digest": shared_column(digests, runs),
        }
        names = [column.name for column in SERIES.columns]
        yield pa.table([shared[n] if n in shared else points[n] for n in names], names=names)


def _batches(view: View, day: Day, places: Sequence[int]) -> Iterator[tuple[pa.Table, pa.Array]]:
    """Yield parsed points with the place of the run of each."""
    batch = _Batch()
    for place in places:
        try:
            for piece in _pieces(view, Digest.parse(day.runs[place][3])):
                batch.add(place, piece)
                if batch.size >= _BATCH:
                    yield batch.parse()
        except LabrecError as error:
            raise _BadSeriesError(place, error) from error
    if batch.size:
        yield batch.parse()


class _Batch:
    """Lines of several runs that are parsed together."""

    def __init__(self) -> None:
        self.size = 0
        self._pieces: list[tuple[int, bytes]] = []
        self._last: tuple[object, ...] = ()  # run and key of the last point that was parsed

    def add(self, place: int, piece: bytes) -> None:
        """Take whole lines of a run."""
        self._pieces.append((place, piece))
        self.size += len(piece)

    def parse(self) -> tuple[pa.Table, pa.Array]:
        """Return the points taken so far, and forget them."""
        pieces, self._pieces, self.size = self._pieces, [], 0
        try:
            points, places = self._together(pieces)
        except (InvalidError, pa.ArrowException):
            points, places = self._apart(pieces)
        if points.num_rows:
            self._last = _point(points, places, points.num_rows - 1)
        return points, places

    def _together(self, pieces: list[tuple[int, bytes]]) -> tuple[pa.Table, pa.Array]:
        points = _parse(b"".join(piece for _, piece in pieces))
        counts = [piece.count(b"\n") for _, piece in pieces]
        if points.num_rows != sum(counts):  # a line break inside a metric's name
            raise InvalidError("rows are not lines")
        places = _repeat([place for place, _ in pieces], counts)
        self._check_order(points, places)
        return points, places

    def _apart(self, pieces: list[tuple[int, bytes]]) -> tuple[pa.Table, pa.Array]:
        """Parse each run's lines alone, to find out whose are wrong."""
        tables, places, counts = [], [], []
        for place, piece in pieces:
            try:
                points = _parse(piece)
                self._check_order(points, _repeat([place], [points.num_rows]))
            except (InvalidError, pa.ArrowException) as error:
                cause = InvalidError(f"no table of points: {str(error).splitlines()[0][:200]}")
                raise _BadSeriesError(place, cause) from error
            tables.append(points)
            places.append(place)
            counts.append(points.num_rows)
        return pa.concat_tables(tables), _repeat(places, counts)

    def _check_order(self, points: pa.Table, places: pa.Array) -> None:
        """Refuse points that are not sorted by metric, step and time inside a run."""
        if points.num_rows:
            first = _point(points, places, 0)
            if self._last[:1] == first[:1] and first < self._last:
                raise InvalidError("points are not in order")
            before, after = points.slice(0, points.num_rows - 1), points.slice(1)
            falls = _falls([(before[name], after[name]) for name in _KEY])
            same_run = pc.equal(places.slice(0, points.num_rows - 1), places.slice(1))
            if pc.any(pc.and_(falls, same_run)).as_py():
                raise InvalidError("points are not in order")


def _point(points: pa.Table, places: pa.Array, at: int) -> tuple[object, ...]:
    return (places[at].as_py(), *(points[name][at].as_py() for name in _KEY))


def _falls(pairs: list[tuple[pa.Array, pa.Array]]) -> pa.Array:
    """Tell where the second of two rows comes before the first, comparing column by column."""
    (before, after), *rest = pairs
    smaller = pc.less(after, before)
    if not rest:
        return smaller
    return pc.or_(smaller, pc.and_(pc.equal(after, before), _falls(rest)))


def _repeat(places: list[int], counts: list[int]) -> pa.Array:
    """Return each place as often as its count says."""
    import numpy as np

    return pa.array(np.repeat(np.array(places, np.int32), counts))


def _parse(text: bytes) -> pa.Table:
    """Parse lines of points.

    Raises:
        ArrowInvalid: They are none.
    """
    return pa_csv.read_csv(
        pa.py_buffer(text),
        read_options=pa_csv.ReadOptions(
            use_threads=False,
            column_names=[column.name for column in _COLUMNS],
            block_size=max(len(text), 1),
        ),
        parse_options=pa_csv.ParseOptions(
            newlines_in_values=b'"' in text, ignore_empty_lines=False
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types={column.name: TYPES[column.kind] for column in _COLUMNS},
            null_values=[],
            strings_can_be_null=False,
            check_utf8=True,
        ),
    ).cast(plain_schema(_COLUMNS))


def _pieces(view: View, digest: Digest) -> Iterator[bytes]:
    """Yield the stored lines without their header, whole lines at a time; the last proves them.

    Raises:
        NotFoundError: The lab does not hold them.
        IntegrityError: They are others, or no gzip.
        InvalidError: They do not begin with the header, or do not end with a line's end.
        LimitError: They are more than `MAX_TABLE` bytes.
    """
    rest, size, begun = b"", 0, False
    with view.open_object(digest) as stream:
        for piece in _unpacked(stream, digest):
            size += len(piece)
            if size > MAX_TABLE:
                raise LimitError(f"a stored table is larger than {MAX_TABLE} bytes unpacked")
            lines, newline, rest = (rest + piece).rpartition(b"\n")
            lines += newline
            if not begun and newline:
                if not lines.startswith(HEADER):
                    raise InvalidError("a table of points begins with metric,step,time,value")
                begun, lines = True, lines[len(HEADER) :]
            if lines:
                yield lines
        if rest or not begun:
            raise InvalidError("a table of points ends with a whole line")


def _unpacked(stream: BinaryIO, digest: Digest) -> Iterator[bytes]:
    unpack = zlib.decompressobj(wbits=31)
    path = [f"object {digest.hex}"]
    try:
        while data := stream.read(_PIECE):
            while data:
                if unpack.eof:  # gzip files may stand behind one another
                    unpack = zlib.decompressobj(wbits=31)
                yield unpack.decompress(data, _PIECE)
                data = unpack.unconsumed_tail or unpack.unused_data
    except zlib.error as error:
        raise IntegrityError(f"no gzip table: {error}", paths=path) from error
    if not unpack.eof:
        raise IntegrityError("a gzip table is cut off", paths=path)
