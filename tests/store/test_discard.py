"""A record that nobody else has seen can be discarded; every other one stays."""

from __future__ import annotations

import json
import os

import pytest
from tests.analytics.labs import note_doc
from tests.store.labs import artifact, lineage, object_doc, run_doc
from tests.store.writing import assert_holds, git, leftovers, make_lab

from labrec.errors import UsageError
from labrec.record.digest import Digest
from labrec.store import branches
from labrec.store import discard as module
from labrec.store.commits import Addition
from labrec.store.discard import discard_record
from labrec.store.discarded import read_discarded
from labrec.store.lab import Lab
from labrec.store.land import land
from labrec.store.verify import verify


@pytest.fixture
def path(tmp_path):
    return make_lab(tmp_path / "lab")


@pytest.fixture
def lab(path):
    with Lab.open(path) as lab:
        yield lab


def add(lab, name, *contents, run_id=None, **sections):
    """Commit a run with these objects; the first is named by the record, the rest by the first."""
    data = None
    if len(contents) > 1:
        files = [{"sha256": Digest.of(each).hex} for each in contents[1:]]
        data = json.dumps({"files": files, "own": contents[0].decode()}).encode()
    elif contents:
        data = contents[0]
    if data is not None:
        sections["artifacts"] = artifact(data)
    doc = run_doc(name=name, run_id=run_id, **sections)
    objects = [object_doc(each) for each in ([data, *contents[1:]] if data is not None else [])]
    lab.commit([Addition(each.path, each.data) for each in (doc, *objects)], name)
    return doc, [each.path for each in objects]


def entry_of(lab, doc):
    return next(entry for entry in lab.view().runs() if entry.path == doc.path)


def files(lab):
    return {path for path, _ in lab.view().files()}


def test_the_record_leaves_with_the_objects_that_only_it_used(path, lab):
    shared = b"shared by both"
    first, [one, two, three] = add(lab, "first", b"m1", b"alone", shared)
    second, [four, _] = add(lab, "second", b"m2", shared)
    assert verify(lab)
    report = discard_record(lab, entry_of(lab, first), reason="a typo")
    assert report.objects == 2
    left = files(lab)
    assert not {first.path, one, two} & left
    assert {second.path, three, four} <= left
    ref = lab.record_ref.name
    assert git(path, "rev-parse", ref) == report.commit
    assert git(path, "rev-parse", f"{ref}^") == git(path, "rev-parse", "main")
    assert_holds(path, ref, [Addition(second.path, second.data)])
    assert leftovers(path / ".git") == []
    found = verify(lab)
    assert found.exit_code == 0
    assert {finding.kind for finding in found.findings} == {"discarded"}
    assert {row.path for row in read_discarded(lab.state_dir)} == {first.path, one, two}
    assert {row.reason for row in read_discarded(lab.state_dir)} == {"a typo"}
    assert verify(lab, history=True).exit_code == 0
    third, _ = add(lab, "third", b"again")
    assert {second.path, third.path, three} <= files(lab)


def test_nothing_is_left_of_the_only_record(path, lab):
    only, _ = add(lab, "only", b"bytes")
    assert discard_record(lab, entry_of(lab, only)).commit == git(path, "rev-parse", "main")
    assert list(lab.view().runs()) == []
    assert add(lab, "next")[0].path in files(lab)


def test_git_forgets_the_bytes_and_history_still_knows_it_was_on_purpose(path, lab):
    first, [alone] = add(lab, "first", b"secret bytes")
    add(lab, "second", b"others")
    assert verify(lab)
    sha = git(path, "rev-parse", f"{lab.record_ref.name}:{alone}")
    discard_record(lab, entry_of(lab, first))
    assert git(path, "cat-file", "-t", sha) == "blob"
    git(path, "gc", "--prune=now", "-q")
    assert git(path, "cat-file", "-t", sha, check=False) == ""
    with Lab.open(path) as again:
        assert verify(again).exit_code == 0
        assert verify(again).exit_code == 0


def test_what_others_removed_is_still_a_loss(path, lab):
    """Only what the list names is excused."""
    first, _ = add(lab, "first", b"1")
    start = git(path, "rev-parse", lab.record_ref.name)
    second, _ = add(lab, "second", b"2")
    assert verify(lab)
    discard_record(lab, entry_of(lab, first))
    git(path, "update-ref", lab.record_ref.name, start)
    found = verify(lab)
    assert found.exit_code == 16
    assert second.path in {finding.path for finding in found.findings if finding.kind == "left"}


@pytest.mark.parametrize("where", ["land", "remote", "branch", "tag", "clone"])
def test_a_record_that_somebody_else_may_have_seen_stays(path, lab, where):
    doc, _ = add(lab, "first", b"1")
    ref, entry = lab.record_ref.name, entry_of(lab, doc)
    if where == "land":
        land(lab)
    else:
        place = {"remote": "refs/remotes/origin/labrec/x", "branch": "refs/heads/other",
                 "tag": "refs/tags/v1", "clone": "refs/labrec/records/00c0ffee00c0ffee"}[where]  # fmt: skip
        git(path, "update-ref", place, ref)
    before = git(path, "for-each-ref")
    with pytest.raises(UsageError, match="stays") as caught:
        discard_record(lab, entry)
    assert caught.value.hint
    assert git(path, "for-each-ref") == before
    assert read_discarded(lab.state_dir) == []


def test_a_run_that_another_names_stays(lab):
    parent, _ = add(lab, "parent")
    run_id = entry_of(lab, parent).run_id
    by_id = {"by": "option", "name": None, "run_id": run_id, "config_digest": None}
    child, _ = add(lab, "child", lineage=lineage(parents=[by_id]))
    with pytest.raises(UsageError, match="named by"):
        discard_record(lab, entry_of(lab, parent))
    discard_record(lab, entry_of(lab, child))
    discard_record(lab, entry_of(lab, parent))
    assert list(lab.view().runs()) == []


def test_one_record_of_a_fork_can_be_discarded(lab):
    first, _ = add(lab, "fork", b"same")
    run_id = entry_of(lab, first).run_id
    second, [kept] = add(lab, "fork again", b"same", run_id=run_id)
    discard_record(lab, entry_of(lab, second))
    assert [entry.path for entry in lab.view().runs()] == [first.path]
    assert kept in files(lab)
    assert verify(lab)


def test_objects_that_a_live_run_counts_on_stay(lab):
    doc, [manifest, code] = add(lab, "first", b"m", b"code")
    discard_record(lab, entry_of(lab, doc), needed={manifest.rpartition("/")[2]})
    assert {manifest, code} <= files(lab)
    assert doc.path not in files(lab)


@pytest.mark.parametrize(
    "name", ["remember", "add_files", "_write", "compare_and_swap", "register"]
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_death_on_the_way_is_harmless(path, lab, monkeypatch, name, when):
    first, _ = add(lab, "first", b"1")
    second, _ = add(lab, "second", b"2")
    assert verify(lab)
    entry = entry_of(lab, first)
    place = branches if name in {"_write", "compare_and_swap", "register"} else module
    real = getattr(place, name)

    def dying(*args, **kwargs):
        if when == "after":
            real(*args, **kwargs)
        os._exit(9)

    child = os.fork()
    if child == 0:
        setattr(place, name, dying)
        discard_record(lab, entry)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    with Lab.open(path) as again:
        assert verify(again).exit_code == 0
        held = {each.path for each in again.view().runs()}
        assert second.path in held
        moved = (name, when) in {("compare_and_swap", "after"), ("register", "before"),
                                 ("register", "after")}  # fmt: skip
        assert (first.path not in held) == moved
        if not moved:
            discard_record(again, entry)
        add(again, "next")
        assert first.path not in files(again)
        assert leftovers(path / ".git") == []
        assert verify(again).exit_code == 0


def test_a_ref_that_moves_meanwhile_keeps_what_was_added(lab, monkeypatch):
    first, _ = add(lab, "first", b"1")
    real, added = module._carry_out, []

    def slow(*args):
        if not added:
            added.append(add(lab, "meanwhile", b"2")[0])
        return real(*args)

    monkeypatch.setattr(module, "_carry_out", slow)
    discard_record(lab, entry_of(lab, first))
    assert [entry.path for entry in lab.view().runs()] == [added[0].path]


def test_a_record_that_somebody_spoke_about_stays(path, lab):
    doc, _ = add(lab, "a")
    said = note_doc("comment", doc, text="odd")
    lab.commit([Addition(said.path, said.data)], "say")
    with pytest.raises(UsageError, match="is named by") as told:
        discard_record(lab, entry_of(lab, doc))
    assert "labrec note retract" in told.value.hint
    assert doc.path in files(lab)
