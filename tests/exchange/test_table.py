"""Reading tables: whatever stands in them, and whatever they are."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime

import pytest

from labrec.errors import InvalidError, LimitError, NotFoundError, UsageError
from labrec.exchange import table as tables
from labrec.exchange.table import Form, read_table


@pytest.fixture
def read(tmp_path):
    def make(content: bytes | str, name: str = "t.csv", form: Form = Form()):  # noqa: B008
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(path, form)

    return make


def cells(table):
    return [row.values for row in table.rows]


def test_csv_with_everything_that_csv_may_have(read):
    table = read(
        'a,"b ""q""",c\r\n1,"two\nlines",\r\n\r\n "x, y" , z ,0\r\n'.replace(' "x, y" ', '"x, y"')
    )
    assert table.columns == ("a", 'b "q"', "c")
    assert cells(table) == [("1", "two\nlines", None), ("x, y", "z", "0")]
    assert [row.line for row in table.rows] == [2, 5]
    assert not table.mistakes


def test_a_byte_order_mark_is_no_part_of_a_name(read):
    assert read(b"\xef\xbb\xbfa,b\n1,2\n").columns == ("a", "b")
    assert read(b'\xef\xbb\xbf{"a": 1}\n', "t.jsonl").columns == ("a",)


def test_rows_of_other_lengths_are_mistakes_with_their_lines(read):
    table = read("a,b\n1\n1,2\n1,2,3\n\n'x\n")
    assert cells(table) == [("1", "2")]
    assert [(one.line, one.what) for one in table.mistakes] == [
        (2, "1 cells; the header has 2"),
        (4, "3 cells; the header has 2"),
        (6, "1 cells; the header has 2"),
    ]


def test_broken_quotes_are_mistakes_and_the_rest_is_read(read):
    table = read('a,b\n"x"y,1\n2,3\n"open,4\n5,6\n')
    assert cells(table) == [("2", "3")]
    assert [one.line for one in table.mistakes] == [2, 4]
    assert "never closed" in table.mistakes[1].what
    plain = read('a,b\n"x"y,1\n2,3\n"open,4\n5,6\n', form=Form(quote=False))
    assert cells(plain) == [('"x"y', "1"), ("2", "3"), ('"open', "4"), ("5", "6")]


def test_a_huge_cell_is_a_mistake(read):
    table = read("a,b\n" + "x" * 200_000 + ",1\n2,3\n")
    assert cells(table) == [("2", "3")]
    assert "more than 131072 characters" in table.mistakes[0].what


def test_what_does_not_decode_stays_in_its_cell(read):
    assert cells(read(b"a,b\ncaf\xff,1\n")) == [("caf\udcff", "1")]
    assert cells(read(b"a,b\ncaf\xe9,1\n", form=Form(encoding="latin-1"))) == [("café", "1")]


def test_utf16_is_said_to_be_it(read):
    data = "a,b\né,1\n".encode("utf-16")
    with pytest.raises(InvalidError, match="UTF-16") as caught:
        read(data)
    assert "encoding: utf-16" in caught.value.hint
    assert cells(read(data, form=Form(encoding="utf-16"))) == [("é", "1")]
    with pytest.raises(InvalidError):
        read(data[:-1], form=Form(encoding="utf-16")).rows[0].values[0].encode()


def test_delimiters(read):
    assert cells(read("a\tb\n1, 2\t3\n", "t.tsv")) == [("1, 2", "3")]
    assert cells(read("a;b\n1;2\n", form=Form(delimiter=";"))) == [("1", "2")]
    assert cells(read("a|b\n1|2\n", "results", Form(kind="csv", delimiter="|"))) == [("1", "2")]


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "   \n"])
def test_without_a_header_there_is_no_table(read, content):
    with pytest.raises(InvalidError, match="no header"):
        read(content)


def test_json_lines(read):
    lines = [
        {"id": "x", "config": {"lr": 0.1, "deep": {"er": [1, 2]}}, "n": 2**70, "empty": ""},
        {"id": 7, "loss": float("nan"), "on": True},
    ]
    table = read("\n".join(map(json.dumps, lines)) + "\n\n", "t.jsonl")
    assert table.columns == ("id", "config", "config.lr", "config.deep", "config.deep.er", "n",
                             "empty", "loss", "on")  # fmt: skip
    first, second = cells(table)
    assert first[:7] == ("x", lines[0]["config"], 0.1, {"er": [1, 2]}, [1, 2], 2**70, None)
    assert second[0] == 7
    assert second[1] is None
    assert second[7] != second[7]
    assert second[8] is True


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("[1]", "a list; each line is one object"),
        ("{", "not JSON at column 2"),
        ('{"a": 1, "a": 2}', "'a' stands twice"),
        ('{"a.b": 1, "a": {"b": 2}}', "'a.b' stands twice"),
        ('{"a": 1e999}', "beyond the range of a double"),
        ('{"a": ' + "9" * 5000 + "}", "an integer of 5000 digits"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        (b'{"a": "\xff"}', "not UTF-8 at byte 8"),
        ("x" * (5 << 20), "a line of more than"),
    ],
)  # fmt: skip
def test_lines_that_are_no_rows(read, line, what):
    line = line if isinstance(line, bytes) else line.encode()
    table = read(b'{"id": 1}\n' + line + b'\n{"id": 3}\n', "t.jsonl")
    assert [row.line for row in table.rows] == [1, 3]
    assert [one.line for one in table.mistakes] == [2]
    assert what in table.mistakes[0].what


def test_parquet(read, tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow: is in the extra")
    from decimal import Decimal

    from pyarrow import parquet

    path = tmp_path / "t.parquet"
    rows = {
        "id": ["a", "b"],
        "loss": [0.5, None],
        "exact": [Decimal("1.25"), Decimal("2.00")],
        "when": [datetime(2024, 5, 6, tzinfo=UTC), None],
        "windows": [[1.0, 2.0], []],
        "config": [{"lr": 0.1}, {"lr": None}],
    }
    parquet.write_table(pyarrow.table(rows), path)
    table = read_table(path)
    assert table.columns == ("id", "loss", "exact", "when", "windows", "config", "config.lr")
    assert cells(table)[0] == (
        "a", 0.5, 1.25, datetime(2024, 5, 6, tzinfo=UTC), [1.0, 2.0], {"lr": 0.1}, 0.1
    )  # fmt: skip
    assert cells(table)[1][1:4] == (None, 2, None)
    assert [row.line for row in table.rows] == [1, 2]
    for broken in (b"", b"PAR1", b"PAR1" + os.urandom(64) + b"PAR1", path.read_bytes()[:-9]):
        with pytest.raises(InvalidError, match="no Parquet file"):
            read(broken, "broken.parquet")
    twice = pyarrow.table([pyarrow.array([1]), pyarrow.array([2])], names=["a", "a"])
    parquet.write_table(twice, path)
    with pytest.raises(InvalidError, match="two columns of one name"):
        read_table(path)


def test_columns_are_found_by_their_whole_name(read):
    table = read("loss,loss, val_acc ,,\n1,2,3,4,5\n")
    assert table.place("val_acc") == 2
    assert "stands 2 times (1, 2)" in str(table.place("loss"))
    assert "near it: 'val_acc'" in str(table.place("val_aac"))
    assert "near it: 'val_acc'" in str(table.place("VAL_ACC "))
    assert "names no column" in str(table.place(""))


def test_limits(read, monkeypatch):
    monkeypatch.setattr(tables, "MAX_BYTES", 10)
    with pytest.raises(LimitError, match="at most 10"):
        read("a,b\n" + "1,2\n" * 10)
    monkeypatch.setattr(tables, "MAX_BYTES", 10_000)
    monkeypatch.setattr(tables, "MAX_ROWS", 5)
    with pytest.raises(LimitError, match="more than 5 rows"):
        read("a,b\n" + "1,2\n" * 6)
    with pytest.raises(LimitError, match="more than 5 rows"):
        read('{"a": 1}\n' * 6, "t.jsonl")
    monkeypatch.setattr(tables, "MAX_COLUMNS", 3)
    with pytest.raises(LimitError, match="4 columns"):
        read("a,b,c,d\n1,2,3,4\n")


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(UsageError, match="no regular file"):
        read_table(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UsageError, match="no regular file"):
        read_table(tmp_path / "folder.csv")
    with pytest.raises(NotFoundError):
        read_table(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="what kind of table"):
        read_table(tmp_path / "none.xlsx")
