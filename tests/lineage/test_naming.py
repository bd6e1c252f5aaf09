from __future__ import annotations

import pytest

from labrec.errors import InvalidError, UsageError
from labrec.lineage.features import flatten, get_path, set_path
from labrec.lineage.naming import is_named, parent_named


@pytest.mark.parametrize(
    ("name", "parent"),
    [
        ("12_from_8_lr_sweep", "8"),
        ("12_from_8", "8"),
        ("3b_from_base_x", "base"),
        ("8_lr_sweep", None),
        ("learn_from_data", "data"),
        ("12_from_", None),
        ("a_b_from_8", None),
    ],
)
def test_a_name_calls_its_parent(name, parent):
    assert parent_named(name) == parent


def test_a_project_can_have_its_own_rule_or_none():
    assert parent_named("child-of-x1", r"-of-(?P<parent>\w+)$") == "x1"
    assert parent_named("12_from_8", "") is None


@pytest.mark.parametrize("rule", ["(", "(.*)", "(?P<parent>a)" + "x" * 600])
def test_a_rule_that_cannot_be_used_is_refused(rule):
    with pytest.raises(InvalidError, match="parent_rule"):
        parent_named("a", rule)


def test_a_parent_is_named_exactly_or_by_its_beginning():
    assert is_named("8", "8")
    assert is_named("8_lr", "8")
    assert not is_named("80_lr", "8")
    assert not is_named("18", "8")


def test_features_are_set_by_path():
    tree = {"optimizer": {"name": "adam"}}
    set_path(tree, "optimizer.lr", 0.1)
    set_path(tree, "new.deep.one", 1)
    assert tree == {"optimizer": {"name": "adam", "lr": 0.1}, "new": {"deep": {"one": 1}}}
    for path in ("", "a..b", ".a", "optimizer.name.x"):
        with pytest.raises(UsageError):
            set_path(tree, path, 1)


def test_a_value_is_found_by_its_path_also_where_keys_hold_dots():
    tree = {"a.b": {"c": 1}, "a": {"b": {"d": 2}}}
    assert get_path(tree, "a.b.c") == 1
    assert get_path(tree, "a.b.d") == 2
    with pytest.raises(KeyError):
        get_path(tree, "a.x")
    with pytest.raises(KeyError):
        get_path({"a": 1}, "a.b")


def test_a_tree_becomes_a_table():
    tree = {"a": {"b": 1, "e": {}}, "n": {"$float": "NaN"}, "l": [1, {"x": 2}]}
    assert dict(flatten(tree)) == {"a.b": 1, "a.e": {}, "n": {"$float": "NaN"}, "l": [1, {"x": 2}]}
    assert list(flatten({})) == []
