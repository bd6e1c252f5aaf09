"""What a project declares as factors."""

from __future__ import annotations

from typing import Any

import pytest

from labrec.analytics.attribution.design import MOST_FACTORS
from labrec.analytics.attribution.factors import Setting, declared, leaves
from labrec.errors import InvalidError


def test_a_factor_has_a_path_and_two_values() -> None:
    listed = [
        {"path": "components.norm"},
        {"path": "opt.lr", "name": "warm lr", "on": 0.1, "off": 0.01},
        {"path": r"a\.b.c", "on": {"x": 1}, "off": None},
    ]
    found = declared({"factors": listed, "costs": ["parameters", "parameters"]}, "p")
    assert found.settings == (
        Setting("norm", ("components.norm",), ("true",), ("false",)),
        Setting("warm lr", ("opt.lr",), ("0.1",), ("0.01",)),
        Setting("c", (r"a\.b.c",), ('{"x":1}',), ("null",)),
    )
    assert found.costs == ("parameters",)
    assert declared({}, "p") == ((), ())


def test_a_factor_is_on_off_or_neither() -> None:
    (setting,) = declared({"factors": [{"path": "a.n", "on": 1, "off": None}]}, "p").settings
    assert setting.state({"a.n": "1"}) is True
    assert setting.state({"a.n": "null"}) is False
    assert setting.state({}) is False  # a feature that is not there is null
    assert setting.state({"a.n": "2"}) is None
    assert setting.state({"a.n": "true"}) is None


@pytest.mark.parametrize(
    "definition",
    [
        {"factors": "norm"},
        {"factors": {"norm": True}},
        {"factors": ["norm"]},
        {"factors": [{}]},
        {"factors": [{"path": ""}]},
        {"factors": [{"path": 3}]},
        {"factors": [{"path": "a", "name": ""}]},
        {"factors": [{"path": "a", "name": 3}]},
        {"factors": [{"path": "a", "levels": 3}]},
        {"factors": [{"path": "a", "on": 1, "off": 1.0}]},
        {"factors": [{"path": "a"}, {"path": "a", "name": "b"}]},
        {"factors": [{"path": "a.x"}, {"path": "b.x"}]},
        {"factors": [{"path": f"f{n}"} for n in range(MOST_FACTORS + 1)]},
        {"costs": "parameters"},
        {"costs": [3]},
        {"costs": [""]},
    ],
    ids=str,
)
def test_what_is_no_factor_is_said(definition: dict[str, Any]) -> None:
    with pytest.raises(InvalidError) as caught:
        declared(definition, "p")
    assert "p must" in caught.value.message or "project p" in caught.value.message
    assert caught.value.hint


def test_features_are_leaves_by_path() -> None:
    tree = {
        "a": {"b": 1, "c.d": [1, {"e": 2}]},
        "t": {"$float": "NaN"},
        "empty": {},
        "user": {"$$x": {"y": None}},
    }
    assert dict(leaves(tree)) == {
        "a.b": "1",
        r"a.c\.d": '[1,{"e":2}]',
        "t": '{"$float":"NaN"}',
        "empty": "{}",
        "user.$$x.y": "null",
    }
