"""Reading a note without its model: nothing valid is refused, nothing unusable is heard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labrec.errors import InvalidError, NewerSchemaError
from labrec.record import codec
from labrec.record.digest import Digest
from labrec.record.heard import HeardNote, hear
from labrec.record.layout import note_path
from labrec.record.note import BODIES
from labrec.record.reader import read_note

GOLDEN = Path(__file__).parent / "golden"
FILES = {path.stem.removeprefix("note_"): path for path in sorted(GOLDEN.glob("note_*.json"))}


def heard(data: bytes) -> HeardNote:
    document = json.loads(data)
    return hear(note_path(document["project"], document["note_id"], Digest.of(data)), data)


def changed(golden: str, **fields: Any) -> bytes:
    return codec.encode(json.loads(FILES[golden].read_bytes()) | fields)


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_every_kind_is_heard_as_its_model_reads_it(kind: str) -> None:
    data = FILES[kind].read_bytes()
    note, model = heard(data), read_note(data)
    assert (note.kind, note.project, note.note_id) == (kind, model.project, model.note_id)
    assert note.digest == str(Digest.of(data))
    assert note.author == model.author.name
    assert note.after == tuple(map(str, model.after))
    digest = model.subject.digest
    assert note.subject == (model.subject.kind, model.subject.id, digest and str(digest))
    assert note.body == json.loads(data)["body"]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("retract", {"reason": " \n"}),
        ("retract", {"reason": None}),
        ("comment", {"kind": "destroy"}),
        ("comment", {"kind": ["comment"]}),
        ("comment", {"body": {"text": ""}}),
        ("comment", {"body": []}),
        ("comment", {"author": {"name": "a\nb"}}),
        ("comment", {"author": "A"}),
        ("comment", {"after": ["sha256:1"]}),
        ("comment", {"after": None}),
        ("comment", {"subject": {"kind": "run", "id": "x"}}),
        ("comment", {"subject": {"kind": "planet", "id": "x", "digest": "sha256:" + "0" * 64}}),
        ("comment", {"subject": {"kind": "experiment", "id": "x"}}),
        ("tag", {"body": {}}),
        ("tag", {"body": {"add": ["x"], "remove": ["x"]}}),
        ("tag", {"body": {"add": [["x"]]}}),
        ("tag", {"body": {"add": ["a\x1b[31m"]}}),
        ("rename", {"body": {"name": "a\nb"}}),
        ("reparent", {"body": {"parents": [{"by": "option"}]}}),
        ("reparent", {"body": {"parents": [{"run_id": 5}]}}),
        ("reparent", {"body": {"parents": ["8"]}}),
        ("link", {"body": {"to": "hypothesis", "target": "x"}}),
        ("link", {"body": {"to": "hypothesis", "target": "../x", "digest": "sha256:" + "0" * 64}}),
        ("link", {"body": {"to": "moon", "target": "x"}}),
        ("verdict", {"body": {"decision": "yes"}}),
        ("evaluate", {"body": {"values": {}}}),
        ("supersede", {"body": {"by": {"kind": "run", "id": "x"}}}),
        ("redact", {"body": {"objects": []}}),
    ],
)
def test_what_cannot_be_used_is_refused(kind: str, fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidError):
        heard(changed(kind, **fields))


def test_a_newer_note_and_one_at_another_path_are_told_apart() -> None:
    with pytest.raises(NewerSchemaError):
        heard(changed("tag", schema="labrec.note/2.0"))
    assert heard(changed("tag", schema="labrec.note/1.7", future=1)).kind == "tag"
    data = FILES["tag"].read_bytes()
    place = note_path("elsewhere", json.loads(data)["note_id"], Digest.of(data))
    with pytest.raises(InvalidError, match="another path"):
        hear(place, data)
