"""Groups of rows that are taken from the file that was there, and those that must not be."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from labrec.analytics import row_groups
from labrec.analytics.parquet import WRITING, held, held_schema, plain_schema, shared_column
from labrec.analytics.problem import Problem
from labrec.analytics.row_groups import Earlier, GroupedFile
from labrec.analytics.shard import Shard, digest
from labrec.analytics.tables import FEATURES

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 3000  # rows of a part: more than are always written anew


def part(number: int, rows: int = SIZE) -> pa.Table:
    """Features of some runs."""
    draw = random.Random(number)
    run = [f"run {number}.{at // 5}" for at in range(rows)]
    columns = {
        "project": ["p"] * rows, "run_id": run, "record_digest": [f"sha256:{one}" for one in run],
        "path": [f"a.{at % 5}" for at in range(rows)], "kind": ["number"] * rows,
        "value": [str(draw.randrange(9)) for _ in range(rows)],
        "number": [draw.choice([draw.random(), None]) for _ in range(rows)],
    }  # fmt: skip
    return pa.table({name: columns[name] for name in plain_schema(FEATURES.columns).names})


class Folder:
    """A folder with a table, and a cache."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = path
        self.file = path / "features.parquet"
        self.view = cast("Any", SimpleNamespace(cache=path / "cache"))
        self.encoded = 0
        written = GroupedFile._written

        def counted(file: GroupedFile, group: pa.Table) -> Any:
            self.encoded += 1
            return written(file, group)

        monkeypatch.setattr(GroupedFile, "_written", counted)

    def parts(self, *numbers: int) -> bytes:
        """Write parts with keys."""
        earlier = Earlier(self.view, self.path)
        file = self._file(earlier, repeats=True)
        for number in numbers:
            if not file.take(str(number)):
                file.add(part(number), str(number))
        return self._done(earlier, file)

    def rows(self, *numbers: int) -> bytes:
        """Write parts as all rows of the table."""
        earlier = Earlier(self.view, self.path)
        file = self._file(earlier, repeats=False)
        file.add_whole(pa.concat_tables([part(number) for number in numbers]))
        return self._done(earlier, file)

    def fresh(self) -> Folder:
        """Forget everything."""
        for path in self.path.rglob("*"):
            if path.is_file():
                path.unlink()
        self.encoded = 0
        return self

    def _file(self, earlier: Earlier, *, repeats: bool) -> GroupedFile:
        self.encoded = 0
        was = earlier.file(self.file.name)
        return GroupedFile(self.file, FEATURES, {"a": "b"}, 1, was, repeats=repeats)

    def _done(self, earlier: Earlier, file: GroupedFile) -> bytes:
        file.finish()
        file.publish()
        earlier.keep([file])
        data = self.file.read_bytes()
        assert file.size == len(data)
        assert file.rows == pq.read_metadata(self.file).num_rows
        return data


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setattr(row_groups, "ROW_GROUP", SIZE)
    monkeypatch.setattr(row_groups, "_BY_RUN", SIZE)
    return Folder(tmp_path, monkeypatch)


@pytest.mark.parametrize("way", ["parts", "rows"])
@pytest.mark.parametrize(
    ("then", "new"),
    [((1, 2, 3), 0), ((1, 2, 4), 1), ((1, 2, 3, 4), 1), ((2, 3), 0), ((4, 3, 1), 1), ((1,), 0)],
)
def test_only_other_groups_are_written_and_the_file_is_the_same(
    folder: Folder, way: str, then: tuple[int, ...], new: int
) -> None:
    write = getattr(folder, way)
    write(1, 2, 3)
    assert folder.encoded == 3
    found = write(*then)
    assert folder.encoded == new
    assert found == getattr(folder.fresh(), way)(*then)
    assert folder.encoded == len(then)


def test_every_reader_finds_the_rows_of_groups_that_moved(folder: Folder) -> None:
    folder.parts(1, 2, 3)
    folder.parts(4, 3, 1)
    assert folder.encoded == 1
    wanted = pa.concat_tables(map(part, (4, 3, 1)))
    assert pq.read_table(folder.file).cast(wanted.schema).equals(wanted)
    assert pl.read_parquet(folder.file).equals(cast("pl.DataFrame", pl.from_arrow(wanted)))
    one = pl.scan_parquet(folder.file).filter(pl.col("run_id") == "run 3.17").collect()
    assert one["path"].to_list() == [f"a.{at}" for at in range(5)]


def test_a_file_is_one_that_was_written_at_once(folder: Folder, tmp_path: Path) -> None:
    """Schema, places, sizes and statistics are those that the library itself writes."""
    folder.parts(1, 2, 3)
    folder.parts(2, 3, 1)
    schema = held_schema(FEATURES, repeats=True)
    sink = tmp_path / "at_once"
    with pq.ParquetWriter(sink, schema, **WRITING) as writer:
        for number in (2, 3, 1):
            writer.write_table(held(part(number), schema), row_group_size=SIZE)
    told, wanted = pq.read_metadata(folder.file), pq.read_metadata(sink)
    assert told.schema.equals(wanted.schema)
    assert told.to_dict()["row_groups"] == wanted.to_dict()["row_groups"]
    end = folder.file.read_bytes()[4 : told.row_group(2).column(6).data_page_offset]
    assert sink.read_bytes()[4:].startswith(end)
    assert {key: told.metadata[key] for key in (b"a", b"labrec.table")} == {
        b"a": b"b", b"labrec.table": b"features",
    }  # fmt: skip


@pytest.mark.parametrize("where", [100, 20_000, -300, -2])
def test_a_damaged_file_is_written_anew(folder: Folder, where: int) -> None:
    whole = folder.parts(1, 2, 3)
    damaged = bytearray(whole)
    damaged[where] ^= 1
    folder.file.write_bytes(damaged)
    assert folder.parts(1, 2, 3) == whole
    assert folder.encoded > 0


@pytest.mark.parametrize("other", [None, b"", b"PAR1", b"x" * 90_000])
def test_another_file_is_not_used(folder: Folder, other: bytes | None) -> None:
    whole = folder.rows(1, 2)
    folder.file.unlink()
    if other is not None:
        folder.file.write_bytes(other)
    assert folder.rows(1, 2) == whole
    assert folder.encoded == 2


def test_groups_of_another_table_under_the_name_are_not_used(folder: Folder) -> None:
    """As where somebody put back what was there before."""
    old = folder.parts(1, 2)
    new = folder.parts(5, 6)
    folder.file.write_bytes(old)
    assert folder.parts(5, 6) == new
    assert folder.encoded == 2


def test_without_a_cache_everything_is_written(folder: Folder) -> None:
    folder.view = cast("Any", SimpleNamespace(cache=None))
    whole = folder.parts(1, 2)
    assert folder.parts(1, 2) == whole
    assert folder.encoded == 2


def test_names_that_no_row_uses_make_no_other_group(folder: Folder) -> None:
    """A column that repeats names of all runs is cut into groups, each of which uses a few."""
    names = pa.array([f"sha256:run {number}" for number in range(5000)])
    places = pa.array([at // 5 for at in range(SIZE)], pa.int32())
    for every in (names, pa.concat_arrays([names[4000:], names[:4000]])):
        column = shared_column(every, pc.index_in(names.take(places), value_set=every))
        earlier = Earlier(folder.view, folder.path)
        file = folder._file(earlier, repeats=False)
        file.add_whole(part(1).set_column(6, "record_digest", column))
        folder._done(earlier, file)
    assert folder.encoded == 0


def test_rows_that_are_none_are_known_too(folder: Folder) -> None:
    """Days whose records have no rows of a table."""
    earlier = Earlier(folder.view, folder.path)
    file = folder._file(earlier, repeats=True)
    file.add(part(1, 0), "empty")
    folder._done(earlier, file)
    file = folder._file(Earlier(folder.view, folder.path), repeats=True)
    assert file.take("empty")
    assert not file.take("other")
    file.discard()
    assert not list(folder.path.glob(".*.tmp"))


def test_days_stand_for_their_rows_unless_a_record_could_not_be_read() -> None:
    """What it misses may come later, and the day's tree is the same then."""
    days = [
        Shard(project, day, tree, {}, []) for project, day, tree in ("abc", "abd", "axc", "xbc")
    ]
    keys = {digest([day]) for day in days} | {digest(days), digest(days[::-1])}
    assert len(keys) == 6
    assert None not in keys
    assert digest([*days, days[0]._replace(problems=[Problem("path", "why")])]) is None
