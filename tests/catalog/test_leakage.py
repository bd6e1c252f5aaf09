"""What two dataset versions share."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from labrec.catalog.leakage import EXAMPLES, Sample, leakage


def samples(*texts: str, name: str = "f") -> list[Sample]:
    return [
        Sample(name, line, hashlib.sha256(text.encode()).hexdigest(), len(text))
        for line, text in enumerate(texts, 1)
    ]


def compare(a: list[Sample], b: list[Sample]):
    return leakage(lambda: iter(a), lambda: iter(b))


def test_nothing_is_shared() -> None:
    found = compare(samples("a", "b", "b"), samples("c"))
    assert found
    assert found.exit_code == 0
    assert found[:5] == (3, 1, 0, 0, 0)


def test_repeats_are_counted_on_both_sides() -> None:
    found = compare(samples("a", "b", "b", "c"), samples("b", "x", "b", "b", "c"))
    assert not found
    assert found.exit_code == 3
    assert found[:5] == (4, 5, 2, 3, 4)
    by_size = {example.sha256: example for example in found.examples}
    shared = by_size[hashlib.sha256(b"b").hexdigest()]
    assert shared.a == ("f:2", "f:3")
    assert shared.b == ("f:1", "f:3", "f:4")
    assert found.to_json()["leaks"] is True


def test_a_file_is_named_by_its_path() -> None:
    one = Sample("x/y.png", 0, "0" * 64, 1)
    assert compare([one], [one]).examples[0].a == ("x/y.png",)


def test_examples_are_bounded_and_the_same_each_time() -> None:
    many = samples(*map(str, range(200)))
    found = compare(many, many[::-1])
    assert (found.shared, len(found.examples)) == (200, EXAMPLES)
    assert [one.sha256 for one in found.examples] == sorted(one.sha256 for one in many)[:EXAMPLES]


texts = st.lists(st.text("abc", max_size=2), max_size=12)


@given(texts, texts)
def test_it_counts_as_lists_do(a: list[str], b: list[str]) -> None:
    found = compare(samples(*a), samples(*b))
    assert found.shared == len(set(a) & set(b))
    assert found.a_affected == sum(text in b for text in a)
    assert found.b_affected == sum(text in a for text in b)
    mirrored = compare(samples(*b), samples(*a))
    assert (mirrored.a_affected, mirrored.b_affected) == (found.b_affected, found.a_affected)
