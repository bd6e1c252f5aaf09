"""The language of computed metrics: what it means, what it refuses, and that it never invents."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.catalog.expression import (
    DEEPEST,
    FUNCTIONS,
    LONGEST,
    MOST,
    Missing,
    evaluate,
    metrics_of,
    parse,
    quote,
)
from labrec.errors import InvalidError
from labrec.record.text import printable

A = {"a": 2.0, "b": 3.0, "val loss": 0.5, "log": 7.0, "nan": math.nan, "big": 1e308}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        (".5e1", 5.0),
        ("2.", 2.0),
        ("a + b * 2", 8.0),
        ("(a + b) * 2", 10.0),
        ("a - b - 1", -2.0),
        ("12 / a / b", 2.0),
        ("-a ** 2", -4.0),
        ("2 ** 3 ** 2", 512.0),
        ("2 ** -1", 0.5),
        ("- - a", 2.0),
        ("+a", 2.0),
        ("'val loss' * 4", 2.0),
        ('"val loss" * 4', 2.0),
        ('"log"', 7.0),
        ("log(exp(2))", 2.0),
        ("min(3, a, b)", 2.0),
        ("max(a)", 2.0),
        ("abs(-3)", 3.0),
        ("sqrt(9)", 3.0),
        ("clip(9, 0, 1)", 1.0),
        ("clip(-9, 0, 1)", 0.0),
        ("(-8) ** 3", -512.0),
        ("\t a\n+\r b ", 5.0),
    ],
)
def test_what_it_means(text: str, value: float) -> None:
    assert evaluate(parse(text), A) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a / 0", "a division by zero"),
        ("a / (b - 3)", "a division by zero"),
        ("0 ** -1", "a division by zero"),
        ("(-8) ** 0.5", "a root of a negative number"),
        ("log(0)", "the logarithm of a number that is not above 0"),
        ("sqrt(-1)", "the square root of a negative number"),
        ("clip(1, 2, 0)", "clip with a lower bound above the upper one"),
        ("exp(1000)", "a number that is too large"),
        ("big * 10", "a number that is too large"),
        ("10 ** 400", "a number that is too large"),
        ("nan + 1", "the value of 'nan' is nan"),
        ("c", "no value of 'c'"),
        ("0 * c", "no value of 'c'"),
        ("max(1, nan)", "the value of 'nan' is nan"),
    ],
)
def test_no_value_is_made_up(text: str, reason: str) -> None:
    assert evaluate(parse(text), A) == Missing(reason)


def test_why_there_is_none_is_handed_on() -> None:
    found = evaluate(parse("x + 1"), {"x": Missing("a division by zero")})
    assert found == Missing("no value of 'x': a division by zero")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the end stands where a number or a metric belongs (at character 1)"),
        ("a +", "the end stands where a number"),
        ("a b", "'b' stands where an operator"),
        ("(a", "the end stands where ) belongs"),
        ("a)", "')' stands where an operator"),
        ("log", "log is a function: write log(…)"),
        ("log(1, 2)", "log takes 1 values, not 2"),
        ("clip(1)", "clip takes 3 values, not 1"),
        ("min()", "')' stands where a number"),
        ("''", "a metric has a name"),
        ("'a", "''' means nothing here (at character 1)"),
        ("a.b", "'.' means nothing here (at character 2)"),
        ("a[0]", "'[' means nothing here"),
        ("a; b", "';' means nothing here"),
        ("a == b", "'=' means nothing here"),
        ("lambda: 1", "':' means nothing here"),
        ("__import__('os')", "'(' stands where an operator"),
        ("open('x')", "'(' stands where an operator"),
        ("a if b else c", "'if' stands where an operator"),
        ("1_000", "'_000' stands where an operator"),
        ("0x10", "'x10' stands where an operator"),
        ("1e999", "a number beyond a double"),
        ("\u0661", "means nothing here"),
        ("a\u202e", "means nothing here"),
        ("\x1b[31m", "means nothing here"),
        ("a // b", "'/' stands where a number"),
        ("'\\n'", "means nothing here"),
        ("x" * (LONGEST + 1), f"at most {LONGEST} characters"),
        ("(" * 200 + "a" + ")" * 200, f"more than {DEEPEST} levels"),
        ("-" * 200 + "a", f"more than {DEEPEST} levels"),
        ("a" + "**a" * 100, f"more than {DEEPEST} levels"),
        ("a" + "+a" * (MOST // 2 + 1), f"more than {MOST} numbers"),
    ],
)
def test_what_is_none(text: str, says: str) -> None:
    with pytest.raises(InvalidError) as caught:
        parse(text)
    assert says in caught.value.message
    assert printable(caught.value.message) == caught.value.message


def test_the_largest_are_read() -> None:
    assert evaluate(parse("a" + "+a" * ((MOST - 1) // 2)), {"a": 1.0}) == 1 + (MOST - 1) // 2
    deep = DEEPEST - 1
    assert evaluate(parse("(" * deep + "a" + ")" * deep), {"a": 1.0}) == 1.0


@given(st.text(max_size=60) | st.text("ab01+-*/()., \"'\\", max_size=60))
def test_any_text_is_answered(text: str) -> None:
    said = ""
    try:
        found = evaluate(parse(text), {"a": 1.5, "b": 0.0})
    except InvalidError as error:
        said = error.message
    else:
        assert isinstance(found, Missing) or math.isfinite(found)
    assert printable(said) == said


def test_hostile_text_is_answered_at_once() -> None:
    begun = time.perf_counter()
    for text in ("9" * LONGEST, "9**" * 300, "((" * 499, "'" * LONGEST, " " * LONGEST, "1e" * 499):
        with pytest.raises(InvalidError):
            parse(text)
    assert evaluate(parse("9**9**9**9"), {}) == Missing("a number that is too large")
    assert time.perf_counter() - begun < 2


@given(st.text(min_size=1, max_size=30))
def test_every_name_can_be_written(name: str) -> None:
    assert metrics_of(parse(f"2 * {quote(name)} + {quote(name)}")) == [name]


def test_functions_need_quotes_where_a_metric_is_meant() -> None:
    assert {quote(name) for name in FUNCTIONS} == {f'"{name}"' for name in FUNCTIONS}


# --- against Python, on expressions that it reads alike -------------------------------------------

leaves = st.sampled_from(["a", "b", "c", "0", "1", "2.5", "1e-3", "10"])
nodes = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner).map(
            lambda three: f"({three[0]} {three[1]} {three[2]})"
        ),
        inner.map(lambda one: f"-{one}"),
        inner.map(lambda one: f"(+{one})"),
        st.tuples(st.sampled_from(["abs", "log", "exp", "sqrt"]), inner).map(
            lambda two: f"{two[0]}({two[1]})"
        ),
        st.tuples(inner, inner).map(lambda two: f"min({two[0]}, {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"{two[0]} - {two[1]}"),
        st.tuples(inner, inner).map(lambda two: f"{two[0]} * {two[1]}"),
    ),
    max_leaves=8,
)
numbers = st.floats(-50, 50) | st.sampled_from([0.0, -1.0, 1.0, 2.0])


@given(nodes, numbers, numbers, numbers)
def test_it_agrees_with_python(text: str, a: float, b: float, c: float) -> None:
    allowed = {"abs": abs, "log": math.log, "exp": math.exp, "sqrt": math.sqrt, "min": min}
    try:
        expected = eval(text, {"__builtins__": {}}, {**allowed, "a": a, "b": b, "c": c})
    except (ArithmeticError, ValueError, TypeError):
        expected = None
    found = evaluate(parse(text), {"a": a, "b": b, "c": c})
    if isinstance(expected, complex) or expected is None or not math.isfinite(expected):
        assert isinstance(found, Missing)
    elif isinstance(found, Missing):
        # an infinity on the way that Python lets vanish again, as in 1 / inf
        assert found.reason == "a number that is too large"
    else:
        assert math.isclose(found, expected, rel_tol=1e-12, abs_tol=0)
