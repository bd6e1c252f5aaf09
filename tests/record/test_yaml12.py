"""YAML by the 1.2 core schema."""

from __future__ import annotations

import contextlib
import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from labrec.errors import InvalidError
from labrec.record import yaml12


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # the core schema, YAML 1.2.2, section 10.3.2, example 10.9 and its table
        ("null", None), ("Null", None), ("NULL", None), ("~", None), ("", None),
        ("true", True), ("True", True), ("TRUE", True), ("false", False), ("FALSE", False),
        ("0", 0), ("-19", -19), ("+12345", 12345), ("0o7", 7), ("0o14", 12), ("0x3A", 58), ("0xC", 12),
        ("0.", 0.0), ("-0.0", -0.0), (".5", 0.5), ("+12e03", 12000.0), ("-2E+05", -200000.0),
        ("1.23015e+3", 1230.15), ("12e03", 12000.0), ("1230.15", 1230.15),
        (".inf", math.inf), ("-.Inf", -math.inf), ("+.INF", math.inf),
        # what YAML 1.1 made of these
        ("1e-4", 1e-4), ("1e5", 1e5), ("3.", 3.0),
        ("on", "on"), ("off", "off"), ("yes", "yes"), ("no", "no"), ("y", "y"), ("N", "N"),
        ("2024-01-01", "2024-01-01"), ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ("1:30", "1:30"), ("190:20:30", "190:20:30"), ("1_000", "1_000"), ("0b1010", "0b1010"),
        ("012", "012"), ("-07", "-07"), ("007.5", "007.5"), ("0x", "0x"), ("0o8", "0o8"), ("-0x1", "-0x1"),
        ("nUll", "nUll"), ("tRue", "tRue"), (".Nan", ".Nan"), ("1e", "1e"), ("- 1", [1]), ("=", "="),
        ("'1'", "1"), ('"true"', "true"), ("!!str 1", "1"), ("!!int '1'", 1), ("!!float 1", 1.0),
        ("!!null ''", None), ("!!bool 'true'", True), ("! 1", "1"), ("|\n  1\n", "1\n"), (">-\n  no\n", "no"),
    ],
)  # fmt: skip
def test_a_scalar_is_what_the_core_schema_says(text, value):
    found = yaml12.load(text)
    assert found == value
    assert type(found) is type(value)


def test_nan():
    assert all(math.isnan(yaml12.load(text)) for text in (".nan", ".NaN", ".NAN"))


@pytest.mark.parametrize(
    ("text", "value"),
    [  # in the manner of chapter 2 of the specification
        ("- a\n- b\n", ["a", "b"]),
        ("hr: 65\navg: 0.278\nrbi: 147\n", {"hr": 65, "avg": 0.278, "rbi": 147}),
        ("a: [1, [2, 3]]\nb: {c: d, 'e': null}\n", {"a": [1, [2, 3]], "b": {"c": "d", "e": None}}),
        ("-\n  n: x\n  m: 1\n-\n  n: y\n", [{"n": "x", "m": 1}, {"n": "y"}]),
        ("hr:\n- &SS x\n- y\nrbi:\n- *SS\n", {"hr": ["x", "y"], "rbi": ["x"]}),
        ("base: &b {lr: 1}\nrun:\n  o: *b\n", {"base": {"lr": 1}, "run": {"o": {"lr": 1}}}),
        ("--- # comment\na: 1\n...\n", {"a": 1}),
        ("%YAML 1.2\n---\na: yes\n", {"a": "yes"}),
        ("<<: {a: 1}\nb: 2\n", {"<<": {"a": 1}, "b": 2}),
        ("? a\n: b\n", {"a": "b"}),
        ('"a\\u00e9\\n": "\\x41"', {"aé\n": "A"}),
        ("&k key: *k", {"key": "key"}),
        ("", None), ("# nothing\n", None), ("---\n", None),
    ],
)  # fmt: skip
def test_collections(text, value):
    assert yaml12.load(text) == value
    assert yaml12.load(text.encode()) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: 1\nb: 2\na: 3\n", "'a' twice at line 3, column 1"),
        ("{a: 1, 'a': 2}", "twice"),
        ("1: a", "key that is no string at line 1"),
        ("null: a", "no string"),
        ("true: a", "no string"),
        (": a", "expected"),
        ("[a]: b", "no string"),
        ("? {a: b}\n: c", "no string"),
        ("--- 1\n--- 2\n", "more than one document"),
        ("!!python/object/apply:os.system [id]", "unknown tag"),
        ("a: !!python/name:os.system x", "unknown tag"),
        ("!local x", "unknown tag"),
        ("!!set {a, b}", "unknown tag"),
        ("!!binary aGk=", "unknown tag"),
        ("!!timestamp 2024-01-01", "unknown tag"),
        ("!!int x", "'x' is not int"),
        ("a: &x [*x]", "alias without an anchor"),
        ("- &x 1\n- &x [*x]", "alias without an anchor"),
        ("a: *nothing", "alias without an anchor"),
        ("[" * 65 + "]" * 65, "nested deeper than 64"),
        ("[" * 50_000, "nested deeper than 64"),
        ("- " * 50_000, "nested deeper than 64"),
        ("a: 1e999", "range of a double"),
        ("a: " + "9" * 5000, "digits"),
        ("a: [1", "expected"),
        ("a:\tb: c", "cannot start any token"),
        ("\x00", "special characters"),
        ("x" * 300_000, "too large"),
    ],
)  # fmt: skip
def test_what_is_refused_says_why(text, why):
    with pytest.raises(InvalidError, match=why):
        yaml12.load(text)


def test_bytes_that_are_no_text():
    with pytest.raises(InvalidError, match="UTF-8"):
        yaml12.load(b"\xff")


def test_aliases_cannot_multiply():
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(InvalidError, match="more than 100000 values"):
        yaml12.load("\n".join(rows))


def test_an_alias_is_a_value_of_its_own():
    found = yaml12.load("a: &x [1]\nb: *x\n")
    found["a"].append(2)
    assert found["b"] == [1]


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(PLAIN)
def test_quoted_yaml_and_json_read_back(value):
    # PyYAML's writer with every string in double quotes: what is plain is no string
    text = yaml.dump(value, default_style=None, allow_unicode=False, Dumper=_Quoting)
    assert yaml12.load(text) == value


class _Quoting(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


_Quoting.add_representer(
    str, lambda dumper, data: dumper.represent_scalar("tag:yaml.org,2002:str", data, style='"')
)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(InvalidError):
        yaml12.load(text)
