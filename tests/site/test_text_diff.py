"""Differences of texts: they tell both texts whole, and end in bounded time."""

from __future__ import annotations

import difflib
import random

from hypothesis import given
from hypothesis import strategies as st

from labrec.site import text_diff
from labrec.site.text_diff import difference, lines_of

words = st.lists(st.sampled_from("abc"), max_size=12)


@given(words, words)
def test_both_texts_come_back_and_no_more_is_said_than_need_be(
    old: list[str], new: list[str]
) -> None:
    whole = text_diff._whole(old, new)
    assert [line.text for line in whole if line.sign != "+"] == old
    assert [line.text for line in whole if line.sign != "-"] == new
    # difflib finds a common part, not always the longest
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    assert sum(line.sign == " " for line in whole) >= sum(block.size for block in blocks)


def test_a_change_stands_between_three_lines_and_says_where_it_is() -> None:
    old = list("abcdefghijklmnopqrstuvwxyz")
    new = [*old[:5], "X", *old[6:20], *old[21:]]
    assert [f"{line.sign}{line.text}" for line in difference(old, new)] == [
        "@@@ -3 +3 @@", " c", " d", " e", "-f", "+X", " g", " h", " i",
        "@@@ -18 +18 @@", " r", " s", " t", "-u", " v", " w", " x",
    ]  # fmt: skip
    assert difference(old, old) == []


def test_a_difference_beyond_the_bound_is_told_whole() -> None:
    chance = random.Random(1)
    old, new = ([str(chance.randrange(3)) for _ in range(4000)] for _ in range(2))
    whole = text_diff._whole(old, new)
    assert [line.text for line in whole if line.sign != "+"] == old
    assert [line.text for line in whole if line.sign != "-"] == new
    assert sum(line.sign == " " for line in whole) < 100


def test_the_end_of_the_last_line_makes_no_line() -> None:
    assert lines_of("") == []
    assert lines_of("a\nb") == lines_of("a\nb\n") == ["a", "b"]
    assert lines_of("a\x0bb\u2028c\r\n") == ["a\x0bb\u2028c\r"]
