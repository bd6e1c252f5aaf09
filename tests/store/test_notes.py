"""The notes of a view: read once, kept by day, and what cannot be used stops nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.analytics.labs import note_doc
from tests.store.labs import RECORD_REF, GitLab, new_lab, run_doc

from labrec.record.digest import Digest
from labrec.record.layout import parse_path
from labrec.store import notes as notes_module
from labrec.store.lab import Lab
from labrec.store.notes import Notes, notes_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def lab(tmp_path: Path) -> GitLab:
    return new_lab(tmp_path / "lab")


def read(lab: GitLab, project: str | None = None) -> Notes:
    with Lab.open(lab.path) as opened:
        return notes_of(opened.view(), project)


def test_a_lab_without_notes_has_none_and_keeps_nothing(lab: GitLab) -> None:
    lab.add(run_doc())
    assert read(lab) == Notes((), ())
    assert not (lab.path / ".git/labrec/cache/notes").exists()


def test_notes_are_read_in_order_and_the_same_from_the_cache(
    lab: GitLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, other = run_doc(), run_doc("other")
    docs = [note_doc("comment", run, text=f"{i}") for i in range(10)]
    lab.add(run, other, *reversed(docs), note_doc("comment", other, text="elsewhere"))
    first = read(lab, "mnist")
    assert first
    assert [note.body["text"] for note in first.notes] == [str(i) for i in range(10)]
    assert [note.digest for note in first.notes] == [str(Digest.of(doc.data)) for doc in docs]
    assert len(read(lab).notes) == 11

    def refuse(path: str, data: bytes) -> None:
        raise AssertionError(path)

    monkeypatch.setattr(notes_module, "hear", refuse)
    assert read(lab, "mnist") == first


def test_a_damaged_cache_is_read_anew(lab: GitLab) -> None:
    run = run_doc()
    lab.add(run, *(note_doc("comment", run, text=f"{i}") for i in range(10)))
    first = read(lab)
    kept = [path for path in (lab.path / ".git/labrec/cache/notes").rglob("*") if path.is_file()]
    assert len(kept) == 1
    for data in (b"", b"x\n[]", kept[0].read_bytes()[:-5]):
        kept[0].write_bytes(data)
        assert read(lab) == first


def test_what_cannot_be_used_is_a_problem_of_its_own(lab: GitLab) -> None:
    run = run_doc()
    good = note_doc("comment", run, text="x")
    newer = good.data.replace(b"labrec.note/1.0", b"labrec.note/9.0")
    place = parse_path(good.path)
    damaged = good.path.replace(place.digest, "0" * 32)
    later = good.path.replace(place.digest, Digest.of(newer).short)
    lab.add(run, good)
    lab.commit(RECORD_REF, {damaged: good.data, later: newer})
    found = read(lab)
    assert not found
    assert [note.path for note in found.notes] == [good.path]
    assert {problem.path: problem.why.split(":")[0] for problem in found.problems} == {
        damaged: "integrity",
        later: "newer-schema",
    }
