"""Features that differ from a parent's."""

from __future__ import annotations

import json
from typing import Any

from labrec.analytics.changes import Pair, changes


def pair(old: Any, new: Any, run_id: str = "r") -> Pair:
    return Pair("p", run_id, "d", "parent", json.dumps(new), json.dumps(old))


def test_the_difference_is_that_of_labrec_diff() -> None:
    old = {"lr": 0.1, "opt": {"name": "sgd"}, "gone": 1, "kind": 1, "a.b": [1, 2]}
    new = {"lr": 0.2, "opt": {"name": "sgd", "m": {"x": 1}}, "kind": "1", "a.b": [1, 3]}
    found = changes([pair(old, new)], {})
    assert [row[3:7] for row in found.rows] == [
        (r"a\.b.1", "update", "2", "3"),
        ("gone", "delete", "1", None),
        ("kind", "retype", "1", '"1"'),
        ("lr", "update", "0.1", "0.2"),
        ("opt.m", "add", None, '{"x":1}'),
    ]
    assert {row[:3] for row in found.rows} == {("p", "r", "parent")}
    assert {row[7] for row in found.rows} == {"d"}


def test_equal_features_are_no_rows() -> None:
    assert changes([pair({"a": 1}, {"a": 1})], {}).rows == []
    assert changes([pair({"a": 1}, {"a": 1.0})], {}).rows == []


def test_what_is_known_is_not_compared_again() -> None:
    first = changes([pair({"a": 1}, {"a": 2}), pair({"a": 1}, {"a": 2}, "s")], {})
    assert len(first.found) == 1
    (key,) = first.found
    told = changes([pair({"a": 1}, {"a": 2})], {key: [("told", "add", None, "1")]})
    assert [row[3] for row in told.rows] == ["told"]
    assert changes([pair({"b": 1}, {"b": 2})], first.found).found.keys() != first.found.keys()
