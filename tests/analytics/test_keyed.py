"""Rows that are found again by a digest of what they are made from."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from labrec.analytics.keyed import KEY, Keyed, grouped, groups, keyed

SCHEMA = pa.schema([(KEY, pa.string()), ("value", pa.int64())])
KEYS = st.lists(st.sampled_from("abcdefg"), unique=True)


def rows_of(key: str) -> list[tuple[int]]:
    """One to three rows, which the key tells."""
    return [(ord(key) * 10 + place,) for place in range(ord(key) % 3 + 1)]


def make(keys: list[str], known: pa.Table | None) -> tuple[Keyed, list[str]]:
    asked: list[str] = []

    def made(at: int) -> list[tuple[int]]:
        asked.append(keys[at])
        return rows_of(keys[at])

    return keyed(keys, known, SCHEMA, made), asked


@given(KEYS, KEYS)
def test_what_is_known_is_taken_and_the_rest_is_made(before: list[str], now: list[str]) -> None:
    known, _ = make(before, None)
    found, asked = make(now, known.rows)
    assert asked == [key for key in now if key not in before]
    expected = [(key, value) for key in now for (value,) in rows_of(key)]
    assert list(zip(found.column(KEY), found.column("value"), strict=True)) == expected
    assert found.made.tolist() == [key not in before for key in now]
    assert found.counts.tolist() == [len(rows_of(key)) for key in now]
    assert [now[at] for at in found.owners.tolist()] == found.column(KEY)
    assert found.starts.tolist()[-1] == len(expected)


def test_what_may_come_later_is_not_kept() -> None:
    found, _ = make(["a", "b", "c"], None)
    left = found.without([1])
    assert set(left[KEY].to_pylist()) == {"a", "c"}
    _, asked = make(["a", "b", "c"], left)
    assert asked == ["b"]
    assert found.without([]) is found.rows


TEXTS = st.lists(st.tuples(*[st.sampled_from(["", "a", "b", "é", "\U0001f600", "\uffff"])] * 2))


@given(TEXTS)
def test_rows_are_grouped_as_by_hand(rows: list[tuple[str, str]]) -> None:
    """By value, in the order of Python's text, and within a group as they come."""
    by_hand: dict[tuple[str, str], list[int]] = {}
    for place, row in enumerate(rows):
        by_hand.setdefault(row, []).append(place)
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], []]
    wanted = [places for _, places in sorted(by_hand.items())]
    assert grouped(columns) == wanted
    halves = [pa.chunked_array([one[:2], one[2:]], pa.string()) for one in columns]
    assert grouped(halves) == wanted
    first, numbers = groups(halves)
    assert first.tolist() == [places[0] for places in wanted]
    assert [wanted[number][0] <= at for at, number in enumerate(numbers)] == [True] * len(rows)


def test_what_is_missing_is_a_value() -> None:
    first, numbers = groups([pa.array(["b", None, "b", None, ""])])
    assert (first.tolist(), numbers.tolist()) == ([4, 0, 1], [1, 2, 1, 2, 0])
