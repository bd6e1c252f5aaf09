"""Where features come from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.lineage.provenance import Origin, at, leaves, origin


class Family:
    """Trees and parents by name."""

    def __init__(self, **rows):
        self.rows = rows

    def tree(self, node):
        return self.rows[node][0]

    def parents(self, node):
        return [name for name in self.rows[node][1] if name in self.rows]

    def dangles(self, node):
        return any(name not in self.rows for name in self.rows[node][1])


FAMILY = Family(
    root=({"lr": 0.1, "wd": 0.0, "opt": {"name": "sgd"}}, []),
    a=({"lr": 0.2, "wd": 0.0, "opt": {"name": "sgd"}}, ["root"]),
    b=({"lr": 0.1, "wd": "auto", "opt": {"name": "sgd", "beta": 0.9}}, ["root"]),
    merged=({"lr": 0.2, "wd": "auto", "opt": {"name": "sgd", "beta": 0.9}, "new": 1}, ["a", "b"]),
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("lr",), Origin("a", "update", 0.1, 1)),
        (("wd",), Origin("b", "retype", 0.0, 1)),
        (("opt", "beta"), Origin("b", "add", None, 1)),
        (("opt", "name"), Origin("root", "root", None, 2)),
        (("new",), Origin("merged", "add", None, 0)),
    ],
)
def test_each_feature_of_a_merge_leads_to_its_side(path, expected):
    assert origin("merged", path, FAMILY) == expected


def test_a_parent_that_is_not_there_leaves_it_open():
    found = Family(child=({"x": 1}, ["gone"]))
    assert origin("child", ("x",), found) == Origin("child", "unknown", None, 0)


def test_circles_end():
    found = Family(a=({"x": 1}, ["b"]), b=({"x": 1}, ["a"]))
    assert origin("a", ("x",), found).node == "b"


def test_a_value_that_was_set_back_was_set_again():
    found = Family(one=({"x": 1}, []), two=({"x": 2}, ["one"]), three=({"x": 1}, ["two"]))
    assert origin("three", ("x",), found) == Origin("three", "update", 2, 0)


def test_values_are_tags_lists_and_empty_trees():
    tree = {"b": {"$float": "NaN"}, "a": [1, {"x": 1}], "c": {}, "d": {"e": None}}
    assert [path for path, _ in leaves(tree)] == [("a",), ("b",), ("c",), ("d", "e")]
    assert list(leaves({})) == []
    with pytest.raises(KeyError):
        at(tree, ("b", "$float"))


@given(st.lists(st.integers(0, 2), min_size=1, max_size=8))
def test_along_a_chain_it_is_the_last_change(values):
    rows = {
        f"n{number}": ({"x": value}, [f"n{number - 1}"] if number else [])
        for number, value in enumerate(values)
    }
    found = origin(f"n{len(values) - 1}", ("x",), Family(**rows))
    expected = len(values) - 1
    while expected and values[expected - 1] == values[expected]:
        expected -= 1
    assert found.node == f"n{expected}"
    assert found.steps == len(values) - 1 - expected
