"""What fits into a record is told fast, and never too low."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from labrec.capture.assembly import bounds
from labrec.record.codec import encode

LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-1, 1) | st.text(max_size=9)
VALUES = st.recursive(
    LEAVES, lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=5), part)
).map(bounds.storable)


@given(VALUES)
def test_most_is_at_least_what_is_written(value):
    assert bounds.most(value) >= len(encode(value, limit=None))
    assert bounds.most(value) >= bounds.size(value)


@given(st.lists(VALUES))
def test_most_of_a_list_is_at_least_what_its_items_take(items):
    assert bounds.most(items) >= sum(map(bounds.size, items))


@given(st.lists(VALUES), st.integers(0, 4_000))
def test_what_fits_is_counted_the_same_with_the_short_cut(items, room):
    left, count = room, 0
    for item in items:
        left -= bounds.size(item)
        if left < 0:
            break
        count += 1
    assert bounds.fitting(items, room) == count


def test_the_deepest_value_that_a_record_holds_is_counted():
    value = 1
    for _ in range(60):
        value = [value, {"a": value}] if _ < 3 else [value]
    assert bounds.most(value) >= len(encode(value, limit=None))
    assert bounds.most(value) >= bounds.size(value)
