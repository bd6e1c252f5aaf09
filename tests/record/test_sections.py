"""Records read section by section: nothing is read that the strict reader would not read so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.record.test_codec import JSON, TEXT, same

from labrec.errors import InvalidError
from labrec.record import codec
from labrec.record.sections import SectionReader, Sections

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))


def strictly(data: bytes) -> Any:
    try:
        return codec.decode(data)
    except InvalidError as error:
        return error.message


def by_section(reader: SectionReader, data: bytes) -> Any:
    try:
        return reader.decode(data)
    except InvalidError as error:
        return error.message


def assert_alike(data: bytes, reader: SectionReader | None = None) -> None:
    reader = reader if reader is not None else SectionReader()
    for _ in range(2):  # the second time from memory
        assert same(by_section(reader, data), strictly(data))


@given(st.dictionaries(TEXT, JSON, min_size=1, max_size=5))
def test_a_document_of_our_writer_is_read_as_the_strict_reader_does(document: Any) -> None:
    assert_alike(codec.encode(document))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_records_are_cut_and_read_alike(path: Path) -> None:
    data = path.read_bytes()
    found = SectionReader().decode(data)
    assert same(found, codec.decode(data))
    if data == codec.encode(found):
        assert isinstance(found, Sections)


PIECES = [
    b"", b"{", b"}", b"[", b"]", b",", b'"', b"\n", b"  ", b'{\n  "', b',\n  "', b"\n}\n", b'a": 1',
    b'b": {\n    "c": [1, 2]\n  }', b'a": 2', b"\\", b'x\\": 3', b'a": NaN', b'a": 9007199254740993',
    b'a": "\xff"', b'a": "\\ud800"', b'a": "\xef\xbf\xbf"', b'a": 1e999', b'a": 1,\n "b": 2', b"//",
    b'": 0', b'a" : null', b"\xef\xbb\xbf", b"1", b'a": ' + b"[" * 64 + b"]" * 64,
    b'a": ' + b"[" * 63 + b"]" * 63,
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=8))
def test_what_is_no_document_is_refused_in_the_same_words(pieces: list[bytes]) -> None:
    assert_alike(b"".join(pieces))


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4))
def test_what_is_laid_out_as_a_document_is_read_alike(pieces: list[bytes]) -> None:
    reader = SectionReader()
    assert_alike(b'{\n  "' + b',\n  "'.join(pieces) + b"\n}\n", reader)
    assert_alike(b'{\n  "z": 0,\n  "' + b',\n  "'.join(pieces) + b"\n}\n", reader)


@given(st.data())
def test_a_damaged_record_is_read_alike(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(GOLDEN)).read_bytes()
    reader = SectionReader()
    reader.decode(whole)  # its sections are remembered
    at = data.draw(st.integers(0, len(whole) - 1))
    to = data.draw(st.integers(at, min(at + 40, len(whole))))
    new = data.draw(st.sampled_from([*PIECES, whole[:300], whole[-300:]]))
    assert_alike(whole[:at] + new + whole[to:], reader)


def test_a_key_in_two_places_is_refused() -> None:
    with pytest.raises(InvalidError, match="'a' twice"):
        SectionReader().decode(b'{\n  "a": 1,\n  "b": 2,\n  "a": 1\n}\n')


def test_a_document_that_is_too_large_is_refused_however_small_its_sections() -> None:
    sections = {f"s{number}": "x" * 90_000 for number in range(3)}
    with pytest.raises(InvalidError, match="too large"):
        SectionReader().decode(codec.encode(sections, limit=None))


def test_what_two_records_say_alike_is_read_once_and_what_is_made_of_it_made_once() -> None:
    reader, made = SectionReader(), []

    def make(section: dict[str, Any]) -> int:
        made.append(section)
        return len(made)

    one = reader.decode(codec.encode({"code": {"a": 1}, "run": {"id": "1"}}))
    two = reader.decode(codec.encode({"code": {"a": 1}, "run": {"id": "2"}}))
    assert one["code"] is two["code"]
    assert one["run"] == {"id": "1"}
    assert two["run"] == {"id": "2"}
    assert [each.once("code", make) for each in (one, two, one)] == [1, 1, 1]
    assert [each.once("run", make) for each in (one, two)] == [2, 3]
    assert one.once("other", make) == 4
    assert made == [{"a": 1}, {"id": "1"}, {"id": "2"}, {}]


def test_a_section_that_is_null_is_an_empty_one() -> None:
    found = SectionReader().decode(codec.encode({"code": None}))
    assert found.once("code", json.dumps) == "{}"
    assert Sections({"code": None}).once("code", json.dumps) == "{}"


def test_what_is_remembered_is_bounded_and_what_is_met_often_stays() -> None:
    reader = SectionReader()
    often = reader.decode(codec.encode({"often": [1], "n": 0, "text": ""}))["often"]
    for number in range(100):
        found = reader.decode(codec.encode({"often": [1], "text": f"{number:0200000}"}))
        assert found["often"] is often
    assert len(reader._now) + len(reader._before) < 50
