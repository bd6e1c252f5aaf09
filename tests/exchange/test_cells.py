"""Cells: what text stands for a number, a moment, a duration, and what does not."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.exchange import cells
from labrec.exchange.cells import CellError


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("0.5", 0.5), ("-1e-4", -1e-4), (".5", 0.5), ("5.", 5.0), (" 7 ", 7.0), ("+3", 3.0),
        ("012", 12.0), (3, 3.0), (2**70, float(2**70)), (True and 1, 1.0),
    ],
)  # fmt: skip
def test_numbers(cell, number):
    assert cells.number(cell) == number


def test_nan_and_infinity_only_where_they_are_written():
    for word in ("nan", "NaN", "-nan"):
        assert math.isnan(cells.number(word))
    assert cells.number("Infinity") == math.inf
    assert cells.number("-inf") == -math.inf
    assert cells.number(math.inf) == math.inf


@pytest.mark.parametrize(
    "cell",
    ["", "x", "1,5", "1 000", "1_000", "0x10", "1e", "=1+1", "١٢", "1e999", "-1e999", "9" * 400,
     10**400, True, None, [1], {"a": 1}, "infinite", "1.5%"],
)  # fmt: skip
def test_no_numbers(cell):
    with pytest.raises(CellError):
        cells.number(cell)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_reads_back(value):
    assert cells.number(repr(value)) == value
    assert cells.number(f"{value:.17e}") == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("3", 3), ("-3", -3), ("0.5", 0.5), ("1e-4", 1e-4), ("true", True), ("FALSE", False),
        ("012", "012"), ("yes", "yes"), ("no", "no"), ("1:30", "1:30"), ("2024-01-01",) * 2,
        ("1_000", "1_000"), ("7e10", 7e10), ("1e999", "1e999"), ("9" * 5000, "9" * 5000),
        ("tRue", "tRue"), ("nan", "nan"), (".inf", ".inf"), ("=1+1", "=1+1"), (2**70, 2**70),
    ],
)  # fmt: skip
def test_plain_values_are_those_of_yaml(cell, value):
    found = cells.plain(cell)
    assert (found, type(found)) == (value, type(value))


def test_declared_types():
    assert cells.plain("7e10", "text") == "7e10"
    assert cells.plain("7", "number") == 7.0
    assert cells.plain("007", "integer") == 7
    assert cells.plain("True", "boolean") is True
    for cell, kind in (("x", "number"), ("1.5", "integer"), ("1", "boolean"), ({}, "text")):
        with pytest.raises(CellError):
            cells.plain(cell, kind)


@pytest.mark.parametrize(
    ("cell", "declared", "is_same"),
    [
        ("0.000000", 0, True), ("-0", 0, True), (0.0, 0, True), ("0", 0.0, True), ("", 0, False),
        ("n/a", "n/a", True), ("N/A", "n/a", False), ("nan", math.nan, True), ("1", True, False),
        (True, True, True), ("True", True, True), ("false", False, True), ("0", False, False),
        (0, False, False), ("1e999", math.inf, False), ("x", 0, False), (None, 0, False),
    ],
)  # fmt: skip
def test_declared_values(cell, declared, is_same):
    assert cells.same(cell, declared) is is_same


@pytest.mark.parametrize(
    ("cell", "text", "ms"),
    [
        ("2024-05-06T07:08:09Z", "2024-05-06T07:08:09Z", 1_714_979_289_000),
        ("2024-05-06 07:08:09.25+02:00", "2024-05-06T05:08:09.250000Z", 1_714_972_089_250),
        ("2024-05-06T07:08-0130", "2024-05-06T08:38:00Z", 1_714_984_680_000),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", 0),
        ("2024-05-06T07:08:09.123456789Z", "2024-05-06T07:08:09.123456Z", 1_714_979_289_123),
        (datetime(2024, 5, 6, tzinfo=UTC), "2024-05-06T00:00:00Z", 1_714_953_600_000),
    ],
)
def test_moments(cell, text, ms):
    assert cells.moment(cell) == (text, ms)


@pytest.mark.parametrize(
    "cell",
    ["", "yesterday", "2024-05-06", "2024-02-30T00:00:00Z", "2024-05-06T25:00:00Z", "1714979289",
     "2024-05-06T07:08:09", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00+01:00",
     "9999-12-31T23:59:59-01:00", 5, None, datetime(2024, 5, 6)],  # noqa: DTZ001 - the point
)  # fmt: skip
def test_no_moments(cell):
    with pytest.raises(CellError):
        cells.moment(cell)


def test_a_zone_and_other_forms():
    assert cells.moment("2024-05-06 00:00", "iso", UTC).text == "2024-05-06T00:00:00Z"
    east = timezone(timedelta(hours=2))
    assert cells.moment("2024-05-06 00:00", "iso", east).text == "2024-05-05T22:00:00Z"
    assert cells.moment("1714979289.5", "epoch").text == "2024-05-06T07:08:09.500000Z"
    assert cells.moment(1714979289500, "epoch-ms").ms == 1714979289500
    for cell in ("-1", "nan", "inf", "1e300"):
        with pytest.raises(CellError):
            cells.moment(cell, "epoch")
    assert cells.offset("+01:30") == timezone(timedelta(hours=1, minutes=30))
    assert cells.offset("UTC") == UTC
    assert cells.offset("Europe/Berlin") is None
    assert cells.offset("+24:00") is None


def test_durations():
    assert cells.duration("90", "min") == 5400.0
    assert cells.duration(250, "ms") == 0.25
    for cell in ("-1", "nan", "inf", "1e300", "x"):
        with pytest.raises(CellError):
            cells.duration(cell)


@pytest.mark.parametrize("cell", ["a\x00b", "\ud800", "\ufffe", "bad \udcff byte"])
def test_text_that_no_record_holds(cell):
    with pytest.raises(CellError):
        cells.text(cell)


def test_a_byte_that_did_not_decode_is_named():
    with pytest.raises(CellError, match="byte 0xff is not in the file's encoding"):
        cells.text("caf\udcff")


@pytest.mark.parametrize("cell", ["", "two\nlines", "tab\there", "\x1b[31m", "x" * 1001, "\u2028"])
def test_no_lines(cell):
    with pytest.raises(CellError):
        cells.line(cell)
    assert cells.line("ö — ﷽ ok") == "ö — ﷽ ok"
