"""Whatever users write into a record's texts, the record is valid after `fit`."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.errors import InvalidError
from labrec.record import codec, reader
from labrec.record.fit import fit

TEXT = st.text(max_size=12).filter(lambda one: not codec.REFUSED_CHARACTERS.search(one))
LINES = TEXT | st.sampled_from(["", "\n", "a\nb", "x" * 1001, "\x1b[2J", "\u2028", " ", "\x85"])
MAYBE = LINES | st.none()
# Fields that may be missing altogether are drawn with the value None.
FIELDS = st.fixed_dictionaries(
    {
        "identity/name": LINES,
        "identity/tags": st.lists(LINES, max_size=3),
        "identity/author/name": LINES,
        "lineage/cell": MAYBE,
        "lineage/parents/0/name": MAYBE,
        "code/branch": MAYBE,
        "code/remote": MAYBE,
        "command/cwd": MAYBE,
        "artifacts/items/0/media_type": MAYBE,
        "datasets/items/0/name": LINES,
        "datasets/items/0/role": LINES,
        "datasets/items/0/version": MAYBE,
        "datasets/items/0/digest": MAYBE,
    }
)


@given(FIELDS)
def test_any_text_leaves_a_valid_record(corpus, fields):
    record = corpus.golden("run_full")
    for pointer, value in fields.items():
        record = corpus.changed(record, pointer, value)
    before = copy.deepcopy(record)
    changes = fit(record)
    reader.read_record(codec.encode(record))
    assert bool(changes) == (record != before)
    assert fit(record) == []  # what fits is left alone


@pytest.mark.parametrize(
    "name", ["run_full", "run_minimal", "run_failed", "run_planned", "run_unicode"]
)
def test_what_fits_is_left_alone(corpus, name):
    record = corpus.golden(name)
    assert fit(record) == []
    assert record == corpus.golden(name)


def test_what_was_changed_is_said(corpus):
    record = corpus.changed(corpus.golden("run_full"), "identity/tags", ["b\nc", "a", ""])
    record = corpus.changed(record, "datasets/items/0/digest", "md5:1")
    record = corpus.changed(record, "identity/author/name", "\t")
    with pytest.raises(InvalidError):
        reader.read_record(codec.encode(record))
    assert fit(record) == [
        ("tag b c", "not one short line"),
        ("tag", "not one short line"),
        ("author", "not one short line"),
        ("digest of dataset corpus", "not sha256 and 64 hex digits"),
    ]
    assert record["identity"]["tags"] == ["a", "b c"]
    assert record["identity"]["author"] is None
    assert record["datasets"]["items"][0]["digest"] is None


def test_a_word_that_the_format_does_not_know_becomes_the_one_that_says_least():
    record = {
        "identity": {"name": "x", "status": "weird"},
        "environment": {"level": ["max"]},
        "artifacts": {"items": [{"name": "a", "role": "x", "where": "moon", "media_type": None}]},
        "metrics": {"values": {"loss": {"direction": "sideways"}}},
    }
    told = [what for what, _ in fit(record)]
    assert record["identity"]["status"] == "failed"
    assert record["environment"]["level"] == "standard"
    (item,) = record["artifacts"]["items"]
    assert (item["role"], item["where"]) == ("other", "digest-only")
    assert record["metrics"]["values"]["loss"]["direction"] is None
    assert told == ["status", "level", "role of artifact a", "where", "direction of metric loss"]
