"""Tables whose groups of rows are taken from the file that was there, where they are the same.

What a group was made from is kept in the cache, with the digest of its bytes in the file: a group
whose bytes are others by now is written anew. So a file is the same whether any of it was there
before, and one more record costs the groups that it is in.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from labrec.analytics import footer, sources
from labrec.analytics.parquet import (
    ROW_GROUP,
    WRITING,
    NewFile,
    compact,
    footer_metadata,
    held,
    held_schema,
    unwritable,
)
from labrec.analytics.shard import CACHE
from labrec.store import proven

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from labrec.analytics.footer import Struct
    from labrec.analytics.tables import Table
    from labrec.store.view import View

_FORMAT: Final = "labrec.groups/1"
# what decides which bytes the same rows give
_WORKS = ("build.py", "parquet.py", "row_groups.py", "footer.py", "shard.py", "tables/*.py")
_FIRST = len(footer.MAGIC)  # where the pages of the first group begin
_BY_RUN = 16_384  # rows of a group where they are in the order of the runs: new ones are the last
_SMALL = 2048  # rows: to write so few costs no more than to see whether they are the same


class _Place(NamedTuple):
    """Where a group of rows lies in a file.

    Attributes:
        ordinal: Its number among the groups.
        start: Where its pages begin.
        end: Where they end.
        digest: Of its pages, and of what the footer says of it.
    """

    ordinal: int
    start: int
    end: int
    digest: str


Places = dict[str, list[_Place]]
"""Of what groups of a file were made from where they lie; rows may be none, or fill several."""


class Earlier:
    """What an earlier analysis wrote into a folder.

    Args:
        view: The lab.
        folder: Where the tables are.
    """

    def __init__(self, view: View, folder: Path) -> None:
        self._folder = folder
        self._path: Path | None = None
        self._known: dict[str, dict[str, list[list[Any]]]] = {}
        if view.cache is not None:
            key = _FORMAT, pa.__version__, sources.digest(*_WORKS), str(folder.absolute())
            self._path = proven.place(view.cache / CACHE, *key)
            body = proven.read(self._path)
            self._known = json.loads(body.tobytes()) if body is not None else {}

    def file(self, name: str) -> EarlierFile:
        """Return the file of a name, whether it is there or not."""
        known = self._known.get(name, {})
        places = {key: list(map(_Place._make, found)) for key, found in known.items()}
        return EarlierFile(self._folder / name, places)

    def keep(self, files: Iterable[GroupedFile]) -> None:
        """Keep where the groups of the files lie that are there now."""
        if self._path is not None:
            now = {file.path.name: file.places for file in files if file.places}
            proven.write(self._path, [json.dumps(now).encode()])


class EarlierFile:
    """A file whose groups may be taken, if it is still what it was.

    Args:
        path: Where it is.
        places: Where its groups lie.
    """

    def __init__(self, path: Path, places: Places) -> None:
        self._path = path
        self._places = places
        self._file: BinaryIO | None = None
        self._groups: list[Struct] = []

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
        self._file, self._places = None, {}

    def groups(self, key: str) -> list[tuple[bytes, Struct]] | None:
        """Return pages and description of the groups that a key stands for; None without them."""
        places = self._places.get(key)
        if places is None:
            return None
        try:
            return [self._group(place) for place in places]
        except (OSError, ValueError, LookupError, TypeError):
            self.close()  # another file by now, or damaged: then nothing of it is used
            return None

    def _opened(self) -> BinaryIO:
        """Return the file, its footer read."""
        if self._file is None:
            self._file = self._path.open("rb")
            self._file.seek(max(one.end for found in self._places.values() for one in found))
            end, _ = footer.footer_of(self._file.read())
            self._groups = footer.groups_of(end)
        return self._file

    def _group(self, place: _Place) -> tuple[bytes, Struct]:
        """Return pages and description of a group, as in a file of its own.

        Raises:
            ValueError: They are not those that were written there.
        """
        file = self._opened()
        file.seek(place.start)
        pages = file.read(place.end - place.start)
        group = footer.moved(self._groups[place.ordinal], _FIRST - place.start, 0)
        if _digest(pages, group) != place.digest:
            raise ValueError("other bytes")
        return pages, group


class GroupedFile(NewFile):
    """One table that is being written, group by group.

    Args:
        path: Where the file goes.
        table: What it holds.
        metadata: What its footer says besides the version of the contract.
        writer: Process id of the analysis that it belongs to.
        earlier: What was there before.
        repeats: Whether all of its text repeats much, and not `SHARED` columns alone.

    Attributes:
        places: Where the groups lie that can be taken the next time.
    """

    def __init__(
        self,
        path: Path,
        table: Table,
        metadata: Mapping[str, str],
        writer: int,
        earlier: EarlierFile,
        *,
        repeats: bool = False,
    ) -> None:
        super().__init__(path, writer)
        self._schema = held_schema(table, repeats=repeats)
        self._metadata = footer_metadata(table, metadata)
        self._most = _BY_RUN if "run_id" in table.key else ROW_GROUP
        self._earlier = earlier
        self._groups: list[Struct] = []
        self.places: Places = {}
        try:
            self._file = self._temporary.open("wb")
            self._file.write(footer.MAGIC)
        except OSError as error:
            raise unwritable(path, error) from error
        self._at = _FIRST

    def take(self, key: str) -> bool:
        """Take the rows that a key stands for from the file that was there, if it has them.

        Args:
            key: Digest of all that the rows depend on.
        """
        found = self._earlier.groups(key)
        if found is None:
            return False
        self.places[key] = [self._put(*group) for group in found]
        return True

    def add(self, rows: pa.Table, key: str | None = None) -> None:
        """Take the next rows in the order of the table's key.

        Args:
            rows: They begin a group of their own.
            key: What stands for them; None where nothing does.
        """
        groups = [self._put(*self._written(part)) for part in _cut(rows, ROW_GROUP)]
        if key is not None:
            self.places[key] = groups

    def add_whole(self, rows: pa.Table) -> None:
        """Take all rows of the table; groups that were there before are found by their rows."""
        for part in _cut(rows, self._most):
            key = _content(part) if part.num_rows >= _SMALL else None
            if key is None or not self.take(key):
                self.add(part, key)

    def finish(self) -> None:
        """Write the footer, once. `publish` gives the file its name."""
        if self._file.closed:
            return
        end, _ = footer.footer_of(_parquet(self._schema, None, self._metadata))
        try:
            self._file.write(footer.whole(end, self._groups))
            self.size = self._file.tell()
            self._file.close()
        except OSError as error:
            raise unwritable(self.path, error) from error
        self._earlier.close()
        self._groups = []

    def discard(self) -> None:
        """Remove what has no name yet."""
        self._earlier.close()
        with contextlib.suppress(OSError):
            self._file.close()
        super().discard()

    def _written(self, rows: pa.Table) -> tuple[bytes, Struct]:
        """Return pages and description of a group, as in a file of its own."""
        data = _parquet(self._schema, held(rows, self._schema))
        found, end = footer.footer_of(data)
        (described,) = footer.groups_of(found)
        return data[_FIRST:end], described

    def _put(self, pages: bytes, group: Struct) -> _Place:
        """Write a group behind the others, and return where it lies."""
        start, ordinal = self._at, len(self._groups)
        try:
            self._file.write(pages)
        except OSError as error:
            raise unwritable(self.path, error) from error
        self._at += len(pages)
        self.rows += footer.rows_of(group)
        self._groups.append(footer.moved(group, start - _FIRST, ordinal))
        return _Place(ordinal, start, self._at, _digest(pages, group))


def _cut(rows: pa.Table, most: int) -> Iterable[pa.Table]:
    for start in range(0, rows.num_rows, most):
        yield rows.slice(start, most)


def _parquet(
    schema: pa.Schema, rows: pa.Table | None, metadata: Mapping[str, str] | None = None
) -> bytes:
    """Return a file with one group of rows, or none, as bytes."""
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, schema, **WRITING) as writer:
        if rows is not None:
            writer.write_table(rows, row_group_size=rows.num_rows)
        if metadata is not None:
            writer.add_key_value_metadata(metadata)
    return bytes(sink.getvalue().to_pybytes())


def _digest(pages: bytes, group: Struct) -> str:
    digest = hashlib.sha256(pages)
    digest.update(footer.encoded(group))
    return digest.hexdigest()


class _Hashed(io.RawIOBase):
    """A file that only knows the digest of what was written to it."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.digest.update(data)
        return len(data)


def _content(group: pa.Table) -> str:
    """Return a digest of the rows of a group; equal rows may have different ones."""
    for at, column in enumerate(group.columns):
        if pa.types.is_dictionary(column.type):  # of what a dictionary has more nothing depends
            group = group.set_column(at, group.field(at).name, compact(column))
    hashed = _Hashed()
    with (
        pa.PythonFile(hashed, mode="w") as sink,
        pa.ipc.new_stream(sink, group.schema) as stream,
    ):
        stream.write_table(group)
    return hashed.digest.hexdigest()
