"""Tagged values: what becomes what, both ways, and nothing raises."""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import enum
import math
import pathlib
import types
from collections import OrderedDict, namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.errors import InvalidError
from labrec.record import codec, values

TEXT = st.text(max_size=10).filter(lambda text: not codec.REFUSED_CHARACTERS.search(text))
MOMENTS = st.datetimes(timezones=st.none() | st.just(dt.UTC) | st.integers(-1439, 1439).map(
    lambda minutes: dt.timezone(dt.timedelta(minutes=minutes))
))  # fmt: skip
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.binary(max_size=20)
    | st.dates() | MOMENTS
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(TEXT | TEXT.map("$".__add__), inner, max_size=4)
    ),
    max_leaves=20,
)


def same(one, two):
    if isinstance(one, float) and isinstance(two, float):
        return one == two or (math.isnan(one) and math.isnan(two))
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(two) and all(map(same, one, two))
    return type(one) is type(two) and one == two


@given(TREES)
def test_what_is_tagged_comes_back(value):
    unmappable: values.Unmappable = []
    tagged = values.to_json(value, unmappable)
    assert unmappable == []
    values.check_tree(tagged)
    assert same(values.from_json(codec.decode(codec.encode(tagged))), value)


class Colour(enum.Enum):
    RED = "red"
    BLUE = 2
    ODD = object()


class Level(enum.IntEnum):
    LOW = 1


class Word(enum.StrEnum):
    YES = "yes"


@dataclasses.dataclass
class Optimizer:
    lr: float
    betas: tuple[float, float] = (0.9, 0.999)


Point = namedtuple("Point", "x y")  # noqa: PYI024 - as users write it


class Rude:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2**53 - 1, 2**53 - 1),
        (2**53, {"$int": "9007199254740992"}),
        (-(2**53), {"$int": "-9007199254740992"}),
        (math.nan, {"$float": "NaN"}),
        (-math.inf, {"$float": "-Infinity"}),
        (b"\xff\x00", {"$bytes": "/wA="}),
        (bytearray(b"a"), {"$bytes": "YQ=="}),
        (memoryview(b"a"), {"$bytes": "YQ=="}),
        (dt.date(2026, 1, 2), {"$date": "2026-01-02"}),
        (dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), {"$date": "2026-01-02T03:04:05Z"}),
        (dt.datetime(2026, 1, 2, 3, 4, 5, 6), {"$date": "2026-01-02T03:04:05.000006"}),  # noqa: DTZ001
        ((1, (2, 3)), [1, [2, 3]]),
        (Point(1, 2), [1, 2]),
        ({3, 1, 10}, [1, 3, 10]),
        ({"b", "a"}, ["a", "b"]),
        (frozenset({(2,), (1,)}), [[1], [2]]),
        (pathlib.PurePosixPath("a/b"), "a/b"),
        (pathlib.PureWindowsPath("a\\b"), "a/b"),
        (Colour.RED, "red"),
        (Colour.BLUE, 2),
        (Colour.ODD, "ODD"),
        (Level.LOW, 1),
        (Word.YES, "yes"),
        (Optimizer(0.1), {"lr": 0.1, "betas": [0.9, 0.999]}),
        (argparse.Namespace(a=1), {"a": 1}),
        (types.SimpleNamespace(a=1), {"a": 1}),
        (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        ({"$a": 1, "$$b": 2, "c$": 3}, {"$$a": 1, "$$$b": 2, "c$": 3}),
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.float16("inf"), {"$float": "Infinity"}),
        (np.int8(3), 3),
        (np.uint64(2**64 - 1), {"$int": "18446744073709551615"}),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.array(7), 7),
        (np.datetime64("2026-01-02"), {"$date": "2026-01-02"}),
    ],
    ids=lambda value: type(value).__name__,  # some say their address, and workers must agree
)
def test_the_manuals_table(value, expected):
    unmappable: values.Unmappable = []
    found = values.to_json(value, unmappable)
    assert found == expected
    assert type(found) is type(expected)
    assert unmappable == []
    values.check_tree(found)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1j, "complex"), (len, "builtin_function_or_method"), (Rude(), "Rude"), (np.zeros(3), "numpy.ndarray"),
        ("\ud800", "str"), ("\x00", "str"), (10**5000, "int"), (dt.timedelta(1), "datetime.timedelta"),
        (dt.time(1), "datetime.time"), (Optimizer, "type"), (object(), "object"), (range(3), "range"),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_the_rest_becomes_repr_and_says_so(value, kind):
    unmappable: values.Unmappable = []
    found = values.to_json({"a": [value]}, unmappable)
    (item,) = found["a"]
    assert set(item) == {"$repr", "type"}
    assert item["type"].endswith(kind)
    assert len(item["$repr"]) <= values.MAX_REPR
    assert [path for path, _ in unmappable] == [("a", 0)]
    codec.encode(found)
    assert isinstance(values.from_json(item), values.Repr)


def test_a_repr_says_nothing_about_memory():
    one, two = values.to_json(object()), values.to_json(object())
    assert one == two  # so that two replicates have one config digest


def test_keys_that_are_no_text_become_text_and_say_so():
    unmappable: values.Unmappable = []
    keys = {1: "a", None: "c", 2.5: "d", (1, 2): "e", Colour.RED: "f"}
    found = values.to_json(keys, unmappable)
    assert found == {"1": "a", "null": "c", "2.5": "d", "(1, 2)": "e", "RED": "f"}
    assert len(unmappable) == 5
    assert values.to_json({True: "b"}) == {"true": "b"}
    clash = values.to_json({1: "a", "1": "b"}, unmappable)
    assert set(clash) == {"$repr", "type"}


def test_depth_and_cycles_end():
    deep: list[object] = []
    for _ in range(500):
        deep = [deep]
    cycle: dict[str, object] = {}
    cycle["self"] = [cycle, cycle]
    wide: list[object] = [1]
    for _ in range(40):
        wide = [wide]
    for value in (deep, cycle, [wide, wide]):
        unmappable: values.Unmappable = []
        codec.encode({"features": {"tree": values.to_json(value, unmappable)}})
        assert bool(unmappable) == (value is deep or value is cycle)
    shared = [1]
    assert values.to_json([shared, shared]) == [[1], [1]]


def test_a_container_that_fails_loses_only_itself():
    class Broken(dict):
        def items(self):
            raise OSError("gone")

    unmappable: values.Unmappable = []
    found = values.to_json({"good": 1, "bad": Broken(a=1)}, unmappable)
    assert found["good"] == 1
    assert set(found["bad"]) == {"$repr", "type"}
    assert [path for path, _ in unmappable] == [("bad",)]


@pytest.mark.parametrize(
    "value",
    [
        {"$new": "x"}, {"$int": 5}, {"$int": "5"}, {"$int": "1e20"}, {"$float": "inf"}, {"$date": "today"},
        {"$bytes": "?"}, {"$bytes": "YR=="}, {"$repr": "x"}, {"$int": "99999999999999999", "x": 1},
        {"$": 1}, {"a": [{"$new": "x"}]}, {"$repr": "x", "type": 1}, {"$float": ["NaN"]},
        {"$date": "2026-02-30"}, {"$date": "2026-01-01T24:00:00Z"},
    ],
    ids=repr,
)  # fmt: skip
def test_an_unknown_or_misspelled_tag_is_refused(value):
    with pytest.raises(InvalidError):
        values.check_tree(value)
    with pytest.raises(InvalidError):
        values.from_json(value)
