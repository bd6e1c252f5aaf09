"""The models and the codec against the corpus, and the three errors of versions."""

from __future__ import annotations

import pytest

from labrec.errors import (
    IntegrityError,
    InvalidError,
    LabrecError,
    NewerSchemaError,
    OlderSchemaError,
    UnsafeError,
)
from labrec.record import codec, note, reader

READ = {
    "run": reader.read_record,
    "note": reader.read_note,
    "registration": reader.read_registration,
    "metric": reader.read_metric,
    "dataset": reader.read_dataset,
    "report": reader.read_report,
}


def test_each_example(example):
    if example.refused_by is None:
        assert reader.read_document(example.path, example.data) is not None
        assert READ[example.kind](example.data) is not None
        return
    expected = (InvalidError, UnsafeError, IntegrityError)
    with pytest.raises(expected) as caught:
        reader.read_document(example.path, example.data)
    assert caught.value.message
    if example.refused_by == "codec":
        with pytest.raises(InvalidError):
            codec.decode(example.data)
    elif example.refused_by != "path":
        codec.decode(example.data)  # strict JSON: it is a rule of the document that it breaks
        with pytest.raises((InvalidError, UnsafeError)):
            READ[example.kind](example.data)


def test_the_corpus_is_rich(corpus):
    examples = corpus.examples()
    names = [example.name for example in examples]
    assert len(set(names)) == len(names)
    assert sum(example.refused_by is not None for example in examples) >= 120
    assert {example.refused_by for example in examples} == {
        None,
        "codec",
        "schema",
        "beyond",
        "path",
    }


@pytest.mark.parametrize(
    ("schema", "error"),
    [
        ("labrec.run/2.0", NewerSchemaError),
        ("labrec.run/10.3", NewerSchemaError),
        ("labrec.run/0.9", OlderSchemaError),
        ("labrec.note/1.0", InvalidError),
        ("labrec.run/1", InvalidError),
        ("mlflow.run/1.0", InvalidError),
        (None, InvalidError),
    ],
)
def test_invalid_older_and_newer_are_three_errors(corpus, schema, error):
    data = corpus.write(corpus.golden("run_minimal") | {"schema": schema})
    with pytest.raises(InvalidError) as caught:
        reader.read_record(data)
    assert type(caught.value) is error
    assert caught.value.exit_code == 12


def test_a_newer_record_need_not_look_like_ours():
    with pytest.raises(NewerSchemaError):
        reader.read_record(b'{"schema": "labrec.run/2.0"}')


def test_a_message_says_where_and_what(corpus):
    data = corpus.write(corpus.changed(corpus.golden("run_full"), "metrics/values/loss/count", 0))
    with pytest.raises(InvalidError, match=r"metrics\.values\.loss\.count.*greater than or equal"):
        reader.read_record(data)


def test_a_message_cannot_drive_a_terminal(corpus):
    changed = corpus.changed(corpus.golden("run_full"), "metrics/values", {"\x1b[2J\u202e": {}})
    with pytest.raises(InvalidError) as caught:
        reader.read_record(corpus.write(changed))
    assert "\x1b" not in caught.value.message
    assert "\u202e" not in caught.value.message


def test_unknown_fields_and_sections_are_kept(corpus):
    record = reader.read_record((corpus.GOLDEN / "run_newer_minor.json").read_bytes())
    assert record.model_extra["inference"]["model"].startswith("a section")
    assert record.identity.model_extra == {"mood": "unknown fields are kept"}
    assert record.identity.minor == 2


def test_a_record_is_immutable(corpus):
    record = reader.read_record((corpus.GOLDEN / "run_full.json").read_bytes())
    with pytest.raises(Exception, match="frozen"):
        record.identity.name = "other"
    assert isinstance(record.lineage.parents, tuple)


def test_a_record_says_what_its_bytes_say(corpus):
    data = (corpus.GOLDEN / "run_full.json").read_bytes()
    record = reader.read_record(data)
    assert codec.encode(record.model_dump(mode="json", by_alias=True)) == codec.encode(
        _with_nulls(codec.decode(data))
    )
    assert str(record.features.digest) == codec.decode(data)["features"]["digest"]
    assert record.code.manifest.digest.hex == record.code.manifest.sha256


def _with_nulls(document):
    """A model shows a field that is missing as null."""
    document["identity"].setdefault("definition", None)
    document["identity"].setdefault("origin", None)
    document.setdefault("counterfactuals", None)
    document["command"].setdefault("options", [])
    for link in document["lineage"]["hypotheses"]:
        link.setdefault("published", None)
    for summary in document["metrics"]["values"].values():
        summary.setdefault("definition", None)
    for channel in document["telemetry"]["channels"].values():
        channel.setdefault("unavailable", None)
        for name in ("unit", "sensor", "method", "interval_s", "coverage", "count", "min", "mean",
                     "max", "last"):  # fmt: skip
            channel.setdefault(name, None)
    for facts in (document["hardware"]["fields"], document["hardware"]["conditions"]):
        for fact in facts.values():
            for name in ("value", "unit", "unavailable"):
                fact.setdefault(name, None)
    for change in document["features"]["diff"]:
        change.setdefault("old", None)
        change.setdefault("new", None)
    return document


@pytest.mark.parametrize("kind", sorted(note.BODIES))
def test_each_kind_of_note_has_its_body(corpus, kind):
    found = reader.read_note((corpus.GOLDEN / f"note_{kind}.json").read_bytes())
    assert type(found.body) is note.BODIES[kind]
    assert isinstance(found, note.Note)


def test_errors_are_ours(corpus):
    for data in (b"", b"\xff", b"[" * 100_000, b"{}", b'{"schema": {}}', b'{"schema": "\\ud800"}'):
        for read in READ.values():
            with pytest.raises(LabrecError):
                read(data)
