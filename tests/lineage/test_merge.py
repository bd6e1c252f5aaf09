"""Three-way merges of feature trees."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from labrec.errors import UsageError
from labrec.lineage.diff import apply, diff, same
from labrec.lineage.merge import ABSENT, UNCLEAR, Conflict, common, merge, resolve

BASE = {"lr": 0.1, "model": {"width": 64, "depth": 2}, "data": "a", "drop": True}


def changed(**fields):
    return BASE | fields


def test_what_one_side_changed_is_taken():
    a = changed(lr=0.2, model={"width": 128, "depth": 2})
    b = changed(data="b", model={"width": 64, "depth": 4})
    del b["drop"]
    found = merge([BASE], a, b)
    assert found
    assert found.tree == {"lr": 0.2, "model": {"width": 128, "depth": 4}, "data": "b"}
    assert found.taken == {("lr",): "A", ("data",): "B", ("drop",): "B", ("model", "width"): "A",
                           ("model", "depth"): "B"}  # fmt: skip


def test_what_both_changed_alike_is_no_conflict():
    a = b = changed(lr=0.2)
    found = merge([BASE], a, dict(b))
    assert found.tree == a
    assert found.taken == {}


def test_what_both_changed_differently_is_a_conflict_and_stands_nowhere():
    found = merge([BASE], changed(lr=0.2, data="b"), changed(lr=0.3))
    assert not found
    assert found.conflicts == (Conflict(("lr",), 0.1, 0.2, 0.3),)
    assert "lr" not in found.tree
    assert found.conflicts[0].to_json() == {"path": "lr", "ancestor": 0.1, "a": 0.2, "b": 0.3}


def test_changed_here_and_deleted_there_is_a_conflict():
    without = {key: value for key, value in BASE.items() if key != "lr"}
    (found,) = merge([BASE], changed(lr=0.2), without).conflicts
    assert found == Conflict(("lr",), 0.1, 0.2, ABSENT)
    assert found.to_json() == {"path": "lr", "ancestor": 0.1, "a": 0.2}


def test_both_added_the_same_key():
    assert merge([{}], {"x": 1}, {"x": 1}).tree == {"x": 1}
    (found,) = merge([{}], {"x": 1}, {"x": 1, "y": 2} | {"x": 3}).conflicts
    assert found == Conflict(("x",), ABSENT, 1, 3)
    assert merge([{}], {"m": {"a": 1}}, {"m": {"b": 2}}).tree == {"m": {"a": 1, "b": 2}}


def test_a_value_that_became_two_trees_is_one_conflict():
    (found,) = merge([{"m": 5}], {"m": {"a": 1}}, {"m": {"b": 2}}).conflicts
    assert found.path == ("m",)


def test_lists_and_tagged_values_are_one_value_each():
    nan = {"$float": "NaN"}
    (one,) = merge([{"l": [1, 2]}], {"l": [1, 3]}, {"l": [0, 2]}).conflicts
    assert one.path == ("l",)
    assert merge([{"x": nan}], {"x": nan}, {"x": 1}).tree == {"x": 1}
    assert merge([{"x": 1}], {"x": True}, {"x": 1.0}).tree == {"x": True}


def test_without_a_common_ancestor_every_difference_is_a_conflict():
    found = merge([], {"x": 1, "y": 1, "only": 1}, {"x": 1, "y": 2, "other": 2})
    assert found.tree == {"x": 1, "only": 1, "other": 2}
    assert [one.path for one in found.conflicts] == [("y",)]


def test_what_several_ancestors_do_not_agree_on_is_unclear():
    one, other = {"x": 1, "y": 1, "m": {"p": 1, "q": 1}}, {"x": 1, "y": 2, "m": {"p": 1, "q": 2}}
    assert common([one, other]) == {"x": 1, "y": UNCLEAR, "m": {"p": 1, "q": UNCLEAR}}
    found = merge([one, other], one, other)
    assert [row.path for row in found.conflicts] == [("m", "q"), ("y",)]
    assert found.conflicts[1].to_json() == {"path": "y", "a": 1, "b": 2, "ancestors_differ": True}
    assert merge([one, other], one | {"x": 9}, one).tree == one | {"x": 9}
    assert merge([one, {}], one, {}).conflicts  # there or not: nobody can say who changed it


# --- resolving ------------------------------------------------------------------------------------


def test_conflicts_are_resolved_by_side_or_by_value():
    a = changed(lr=0.2, model={"width": 1, "depth": 1}, data="x")
    b = changed(lr=0.3, model={"width": 2, "depth": 9}, data="y")
    found = merge([BASE], a, b)
    assert len(found.conflicts) == 4
    some = resolve(found, [("A", "lr"), ("B", "model")], [])
    assert [one.path for one in some.conflicts] == [("data",)]
    assert some.tree == {"drop": True, "lr": 0.2, "model": {"width": 2, "depth": 9}}
    done = resolve(found, [("A", "lr"), ("B", "model")], [("data", "z"), ("new.key", 1)])
    assert done
    assert done.tree["data"] == "z"
    assert done.tree["new"] == {"key": 1}
    assert "lr" not in found.tree  # what was found is left as it is


def test_taking_the_side_that_has_nothing_leaves_nothing():
    without = {key: value for key, value in BASE.items() if key != "lr"}
    found = merge([BASE], changed(lr=0.2), without)
    assert "lr" not in resolve(found, [("B", "lr")], []).tree
    assert resolve(found, [("A", "lr")], []).tree["lr"] == 0.2


def test_a_value_above_conflicts_resolves_them():
    found = merge([BASE], changed(model={"width": 1, "depth": 1}),
                  changed(model={"width": 2, "depth": 2}))  # fmt: skip
    assert resolve(found, [], [("model", None)]).tree["model"] is None
    assert resolve(found, [], [("model", None)])


def test_keys_with_dots_are_written_with_a_backslash():
    found = merge([{"a.b": 1}], {"a.b": 2}, {"a.b": 3})
    assert found.conflicts[0].to_json()["path"] == "a\\.b"
    assert resolve(found, [("B", "a\\.b")], []).tree == {"a.b": 3}


@pytest.mark.parametrize(
    ("takes", "sets", "says"),
    [
        ([("A", "data")], [], "no conflict is at 'data'"),
        ([("A", "lr"), ("B", "lr")], [], "no conflict is at 'lr'"),
        ([("A", "")], [], "is no path"),
        ([("A", "a..b")], [], "is no path"),
        ([], [("data.x", 1)], "is a value, not a tree"),
    ],
)
def test_refusals(takes, sets, says):
    found = merge([BASE], changed(lr=0.2), changed(lr=0.3))
    with pytest.raises(UsageError, match=says):
        resolve(found, takes, sets)


# --- laws -----------------------------------------------------------------------------------------

values = st.none() | st.booleans() | st.integers(-2, 2) | st.just({"$float": "NaN"})
keys = st.sampled_from(["a", "b", "c", "a.b"])
trees = st.dictionaries(
    keys,
    st.recursive(
        values, lambda inner: st.dictionaries(keys, inner, max_size=3) | st.lists(inner, max_size=2)
    ),
    max_size=4,
)


@given(trees, trees)
def test_a_side_that_changed_nothing_leaves_the_other(base, x):
    for found in (merge([base], x, base), merge([base], base, x), merge([base], x, x)):
        assert found
        assert same(found.tree, x)


@given(trees, trees, trees)
def test_the_sides_are_alike(base, a, b):
    one, other = merge([base], a, b), merge([base], b, a)
    assert same(one.tree, other.tree)
    assert [(c.path, c.a, c.b) for c in one.conflicts] == [
        (c.path, c.b, c.a) for c in other.conflicts
    ]
    assert {path: {"A": "B", "B": "A"}[side] for path, side in one.taken.items()} == other.taken


@given(trees, trees, trees)
def test_resolving_everything_for_one_side_keeps_all_that_it_changed(base, a, b):
    found = merge([base], a, b)
    assume(all(all(conflict.path) for conflict in found.conflicts))
    takes = [("A", conflict.to_json()["path"]) for conflict in found.conflicts]
    done = resolve(found, takes, [])
    assert done
    for change in diff(base, a):  # nothing of A's is lost
        assert not any(
            again.path == change.path and not same(again.new, change.new)
            for again in diff(base, done.tree)
            if not isinstance(again.new, dict) and not isinstance(change.new, dict)
        )


@given(trees, trees)
def test_changes_to_different_branches_are_both_made(x, y):
    base = {"left": {"k": 1}, "right": {"k": 1}}
    found = merge([base], base | {"left": x}, base | {"right": y})
    assert found
    assert same(found.tree, apply(diff(base, {"left": x, "right": y}), base))
