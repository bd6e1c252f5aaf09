"""Selectors: which places of a tree are meant."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.errors import UsageError
from labrec.lineage.selector import any_means, parse


@pytest.mark.parametrize(
    ("selector", "meant", "not_meant"),
    [
        ("", ["a", "a/b"], []),
        ("a", ["a", "a/b", "a/b/c"], ["b", "b/a", "ab"]),
        ("a.b", ["a/b", "a/b/c"], ["a", "a/c", "b"]),
        ("*", ["a", "a/b"], []),
        ("*.lr", ["x/lr", "y/lr/z"], ["lr", "x/y/lr"]),
        ("**.lr", ["lr", "x/lr", "x/y/lr", "x/lr/z"], ["x/lrs", "x"]),
        ("a.**.z", ["a/z", "a/b/z", "a/b/c/z/q"], ["z", "b/a/z", "a/b"]),
        ("**", ["a", "a/b"], []),
        ("**.**.a", ["a", "x/y/a"], ["b"]),
        ("opt*.lr", ["optimizer/lr", "opt/lr"], ["op/lr", "xopt/lr"]),
        ("*_rate", ["learning_rate", "_rate"], ["rate", "learning_rates"]),
        ("a*b*c", ["abc", "aXbYc", "abbcc"], ["acb", "ab", "ac"]),
        ("*a*", ["a", "xax"], ["b"]),
        ("a\\.b", ["a.b", "a.b/c"], ["a/b"]),
        ("a\\*", ["a*"], ["ab", "a"]),
        ("a\\\\b", ["a\\b"], ["ab"]),
        ("\\**", ["*x", "*"], ["x"]),
    ],
)
def test_what_is_meant(selector, meant, not_meant):
    found = parse(selector)
    for path in meant:
        assert found.means(path.split("/")), path
    for path in not_meant:
        assert not found.means(path.split("/")), path


@pytest.mark.parametrize("text", [".", "a.", ".a", "a..b", "a\\", "x" * 1001])
def test_what_is_no_selector(text):
    with pytest.raises(UsageError):
        parse(text)


def test_without_a_selector_everything_is_meant():
    assert any_means([], ["a"])
    assert any_means([parse("b"), parse("a")], ["a"])
    assert not any_means([parse("b"), parse("c")], ["a"])


def test_hostile_selectors_are_answered_at_once():
    begun = time.perf_counter()
    assert not parse(".".join(["**", "a"] * 100)).means(["a"] * 64 + ["b"])
    assert not parse("*a" * 400 + "b").means(["a" * 5000])
    assert time.perf_counter() - begun < 1


keys = st.text("ab*.", min_size=1, max_size=4)


@given(st.lists(keys, min_size=1, max_size=4), st.lists(keys, max_size=2))
def test_a_path_that_is_written_out_means_itself_and_what_lies_below(path, more):
    text = ".".join(re.sub(r"([.*\\])", r"\\\1", key) for key in path)
    assert parse(text).means(path)
    assert parse(text).means(path + more)


@given(st.text("ab*", max_size=6), st.text("ab", max_size=6))
def test_stars_agree_with_a_regular_expression(written, key):
    if not written or written == "**":
        return
    pattern = ".*".join(map(re.escape, written.split("*")))
    assert parse(written).means([key]) == (re.fullmatch(pattern, key) is not None)
