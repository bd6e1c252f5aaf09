"""Footers of Parquet files: what is read is written back, and places move with their pages."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.analytics import footer


def parquet(rows: int = 40, group: int = 10, **options: Any) -> bytes:
    """A file with a column of each kind, several groups of rows, and whatever else is asked for."""
    draw = random.Random(1)
    table = pa.table(
        {
            "text": [draw.choice(["a", "b", None]) for _ in range(rows)],
            "number": [draw.random() for _ in range(rows)],
            "flag": [bool(at % 3) for at in range(rows)],
            "texts": [["x"] * (at % 4) for at in range(rows)],
            "time": pa.array(range(rows), pa.timestamp("us", tz="UTC")),
        }
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=group, **options)
    return bytes(sink.getvalue().to_pybytes())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"write_page_index": True, "compression": "zstd"},
        {"use_dictionary": False, "version": "1.0"},
        {"write_statistics": False},
        {"sorting_columns": [pq.SortingColumn(1)]},
        {"group": 1},
        {"rows": 0},
    ],
)
def test_a_footer_is_written_as_it_was_read(options: dict[str, Any]) -> None:
    data = parquet(**options)
    found, start = footer.footer_of(data)
    assert footer.encoded(found) == data[start:-8]
    assert footer.whole(found, footer.groups_of(found)) == data[start:]


@pytest.mark.parametrize("options", [{}, {"write_page_index": True}])
def test_groups_in_another_order_are_rows_in_another_order(options: dict[str, Any]) -> None:
    data = parquet(**options)
    found, start = footer.footer_of(data)
    pages, groups, at = [footer.MAGIC], [], len(footer.MAGIC)
    bounds = [group[5].value for group in footer.groups_of(found)] + [start]
    for ordinal, place in enumerate((2, 0, 3)):
        begin, end = bounds[place], bounds[place + 1]
        if options:  # the index of pages lies behind all groups, and stays where it is
            pages, at = [data[:start]], start
            groups.append(footer.moved(footer.groups_of(found)[place], 0, ordinal))
            continue
        groups.append(footer.moved(footer.groups_of(found)[place], at - begin, ordinal))
        pages.append(data[begin:end])
        at += end - begin
    made = b"".join([*pages, footer.whole(found, groups)])
    before = pq.read_table(pa.BufferReader(data))
    after = pq.read_table(pa.BufferReader(made))
    assert after.equals(pa.concat_tables([before.slice(at * 10, 10) for at in (2, 0, 3)]))
    assert sum(map(footer.rows_of, groups)) == after.num_rows


def test_zero_is_no_place() -> None:
    """Where no place is told none comes to be."""
    found, _ = footer.footer_of(parquet())
    numbered = footer.groups_of(found)[0] | {7: footer.Field(4, 0)}
    group = footer.moved(numbered, 1000, 7)
    column = group[1].value[1][0]
    assert column[2].value == 0
    assert group[7].value == 7
    assert 7 not in footer.moved(footer.groups_of(found)[0], 1000, 7)
    assert group[5].value == 1004
    assert column[3].value[11].value == 1004


@given(st.data())
def test_damaged_footers_are_none_or_others(data: st.DataObject) -> None:
    """Nothing but `ValueError`, and never without end."""
    whole = parquet()
    _, start = footer.footer_of(whole)
    end = bytearray(whole[start:])
    for _ in range(data.draw(st.integers(1, 4))):
        end[data.draw(st.integers(0, len(end) - 9))] = data.draw(st.integers(0, 255))
    try:
        found, _ = footer.footer_of(bytes(end))
        footer.encoded(found)
    except ValueError:
        pass


@pytest.mark.parametrize("data", [b"", b"PAR1", b"\x00" * 8, parquet()[:-1], parquet()[-20:]])
def test_what_is_no_parquet_has_no_footer(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"footer|short"):
        footer.footer_of(data)


def test_a_footer_within_itself_without_end_is_refused() -> None:
    deep = b"\x1c" * 200
    with pytest.raises(ValueError, match="deep"):
        footer.footer_of(deep + len(deep).to_bytes(4, "little") + footer.MAGIC)
