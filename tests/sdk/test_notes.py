"""Saying something about what is recorded: what is written, what is refused, what is seen then."""

from __future__ import annotations

import subprocess

import pytest

import labrec
from labrec.errors import InvalidError, NotFoundError, SecretError, UsageError
from labrec.noted import find_run, noted_runs, said_of
from labrec.record.heard import Subject
from labrec.record.reader import read_document
from labrec.sdk.links import linking, unlinking
from labrec.sdk.notes import Request, write_note, write_notes
from labrec.sdk.reparent import reparenting
from labrec.sdk.subjects import find_subject
from labrec.store.init import init
from labrec.store.lab import Lab
from labrec.store.notes import notes_of
from labrec.store.verify import verify


@pytest.fixture
def folder(tmp_path, monkeypatch):
    init(tmp_path / "lab")
    monkeypatch.chdir(tmp_path / "lab")
    return tmp_path / "lab"


@pytest.fixture
def lab(folder):
    with Lab.open(folder) as found:
        yield found


def record(name, **features):
    with labrec.run(project="lm", name=name, features={"n": name} | features) as run:
        run.log_metrics({"loss": 1.0})
    return run.run_id


@pytest.fixture
def family(lab):
    """8, 9 from it and 10 from that."""
    return [record(name) for name in ("8_base", "9_from_8_lr", "10_from_9_wd")]


def say(lab, text, kind, body=None, reason="", author="Ada Example"):
    view = lab.view()
    found = find_subject(view, text)
    return write_note(lab, Request(found.project, found.subject, kind, body or {}, reason, author))


def shown(lab, run_id):
    return next(one for one in noted_runs(lab.view()).runs if one.row.run_id == run_id)


def test_a_note_comes_after_those_that_its_author_saw(lab, family):
    first = say(lab, "8_base", "rename", {"name": "base"})
    second = say(lab, "base", "tag", {"add": ["x"]})
    third = say(lab, "base", "comment", {"text": "hm"})
    notes = {note.digest: note for note in notes_of(lab.view()).notes}
    # the last one stands for all before it
    assert notes[first.digest].after == ()
    assert notes[second.digest].after == (first.digest,)
    assert notes[third.digest].after == (second.digest,)
    assert notes[third.digest].author == "Ada Example"
    assert (shown(lab, family[0]).row.name, shown(lab, family[0]).row.tags) == ("base", ["x"])
    document = read_document(third.path, lab.view().read(third.path))
    assert document.subject.id == family[0]
    assert verify(lab)


def test_the_same_words_again_change_nothing_until_somebody_speaks(lab, family):
    first = say(lab, "8_base", "comment", {"text": "x"})
    assert not first.known
    again = say(lab, "8_base", "comment", {"text": "x"})
    assert (again.known, again.digest) == (True, first.digest)
    assert not say(lab, "8_base", "comment", {"text": "x"}, author="Bob").known
    assert not say(lab, "8_base", "comment", {"text": "x"}).known
    assert len(notes_of(lab.view()).notes) == 3


def test_saying_one_of_two_words_again_decides_between_them(lab, family):
    for name in ("one", "two"):  # as two clones would: neither saw the other
        view = lab.view()
        subject = find_subject(view, "8_base").subject
        before = [note.digest for note in notes_of(view).notes]
        write_note(lab, Request("lm", subject, "rename", {"name": name}, "", "A"), _Blind(view))
        assert len(notes_of(lab.view()).notes) == len(before) + 1
    assert shown(lab, family[0]).said.conflicts
    assert shown(lab, family[0]).row.name == "8_base"
    decided = say(lab, "8_base", "rename", {"name": "two"}, author="A")
    assert not decided.known
    assert shown(lab, family[0]).row.name == "two"


class _Blind:
    """A view without notes."""

    def __init__(self, view):
        self._view = view

    def __getattr__(self, name):
        return getattr(self._view, name)

    def days(self, project, folder="runs"):
        return iter(()) if folder == "notes" else self._view.days(project, folder)


def test_what_takes_away_says_why_and_somebody_says_it(lab, family):
    with pytest.raises(UsageError, match="says why"):
        say(lab, "8_base", "retract", reason=" \n")
    with pytest.raises(UsageError, match="nobody is named"):
        say(lab, "8_base", "comment", {"text": "x"}, author=None)
    with pytest.raises(InvalidError):
        say(lab, "8_base", "comment", {"text": ""})
    with pytest.raises(InvalidError):
        say(lab, "8_base", "tag", {"add": ["x"], "remove": ["x"]})
    assert notes_of(lab.view()).notes == ()


def test_a_secret_is_said_to_nobody(lab, family):
    token = "glpat-" + "x1y2z3a4b5c6d7e8f9g0"
    for kind, body, reason in (
        ("comment", {"text": f"use {token}"}, ""),
        ("retract", {}, f"ran with {token}"),
    ):
        with pytest.raises(SecretError) as told:
            say(lab, "8_base", kind, body, reason)
        assert token not in str(told.value.to_json())
    assert notes_of(lab.view()).notes == ()


def test_all_or_none_of_several_notes_is_written(lab, family):
    subject = find_subject(lab.view(), "8_base").subject
    good = Request("lm", subject, "comment", {"text": "x"}, "", "A")
    with pytest.raises(InvalidError):
        write_notes(lab, [good, good._replace(body={})])
    assert notes_of(lab.view()).notes == ()


# --- finding ----------------------------------------------------------------------------------


def test_what_a_text_means(lab, family):
    view = lab.view()
    by_name = find_subject(view, "8_base")
    assert by_name.subject.id == family[0]
    assert find_subject(view, family[0]) == by_name
    assert find_subject(view, f"lm/{family[0]}@{by_name.subject.digest}") == by_name
    note = say(lab, "8_base", "comment", {"text": "x"})
    view = lab.view()
    found = find_subject(view, note.note_id)
    assert found.subject == Subject("note", note.note_id, note.digest)
    assert find_subject(view, f"note:{note.note_id[:20]}") == found
    experiment = find_subject(view, "experiment:8_base").subject
    assert (experiment.kind, experiment.digest) == ("experiment", None)
    with pytest.raises(UsageError, match="fits"):
        find_subject(view, note.note_id[:6])  # of runs and of the note
    for text in ("note:ffff", "nothing", "hypothesis:nothing"):
        with pytest.raises(NotFoundError):
            find_subject(view, text)


def test_a_run_is_found_by_the_name_shown_then_by_the_recorded_one(lab, family):
    say(lab, "8_base", "rename", {"name": "9_from_8_lr"})
    with pytest.raises(UsageError, match="fits 2 runs"):
        find_run(lab.view(), "9_from_8_lr")
    say(lab, family[1], "rename", {"name": "nine"})
    assert find_run(lab.view(), "9_from_8_lr").run_id == family[0]
    assert find_run(lab.view(), "lm/nine").run_id == family[1]
    assert find_run(lab.view(), "8_base").run_id == family[0]
    with labrec.open() as reader:
        assert reader.run("nine").run_id == family[1]


# --- parents ----------------------------------------------------------------------------------


def reparent(lab, run, *parents, replicates=False):
    view = lab.view()
    requests = reparenting(view, find_run(view, run), parents, replicates=replicates)
    return write_notes(
        lab, [one._replace(reason="it was wrong", author="A") for one in requests], view
    )


def test_a_run_gets_other_parents(lab, family):
    other = record("11_other")
    reparent(lab, "9_from_8_lr", "11_other")
    (parent,) = shown(lab, family[1]).row.parents
    assert parent["name"] == "11_other"
    reparent(lab, "9_from_8_lr", other, "8_base")
    assert [parent["name"] for parent in shown(lab, family[1]).row.parents] == [
        "11_other",
        "8_base",
    ]
    reparent(lab, "9_from_8_lr")
    assert shown(lab, family[1]).row.parents == []


def test_a_run_that_would_derive_from_itself_is_refused(lab, family):
    with pytest.raises(UsageError, match="8_base → 10_from_9_wd → 9_from_8_lr → 8_base") as told:
        reparent(lab, "8_base", "10_from_9_wd")
    assert told.value.exit_code == 2
    with pytest.raises(UsageError, match="8_base → 8_base"):
        reparent(lab, "8_base", "8_base")
    assert notes_of(lab.view()).notes == ()
    # what notes changed before is part of the lab that is looked at
    reparent(lab, "10_from_9_wd")
    reparent(lab, "8_base", "10_from_9_wd")
    with pytest.raises(UsageError, match="derive from itself"):
        reparent(lab, "10_from_9_wd", "8_base")


def test_all_runs_of_an_experiment_get_parents_at_once(lab, family):
    again = record("9_from_8_lr")
    record("11_other")
    written = reparent(lab, family[1], "11_other", replicates=True)
    assert {one.subject.id for one in written} == {family[1], again}
    assert len({one.row.config_digest for one in noted_runs(lab.view()).runs}) == 4


# --- hypotheses -------------------------------------------------------------------------------


@pytest.fixture
def registered(lab, folder):
    from tests.sdk.test_registration import SLUG, commit, edit

    from labrec.sdk.drafts import new_draft
    from labrec.sdk.registration import Request as Claim
    from labrec.sdk.registration import register

    edit(new_draft(lab, "lm", SLUG))
    commit(folder)
    return register(lab, Claim(SLUG, author="Ada"))


def linked(lab, run_id):
    view = lab.view()
    entry = find_run(view, run_id)
    recorded = labrec.reader.RunReader(view, entry).section("lineage")["hypotheses"]
    links = [(one["slug"], one["registration"], one["linked"]) for one in recorded]
    return said_of(view, entry).folded.hypotheses(links)


def put(lab, request, reason=""):
    return write_note(lab, request._replace(reason=reason, author="A"))


def test_a_run_is_linked_later_and_that_can_be_taken_back(lab, registered):
    run_id = record("late")
    digest = str(registered.digest)
    put(lab, linking(lab.view(), "late", "wider"))
    assert linked(lab, run_id) == [("wider", digest, "later")]
    put(lab, unlinking(lab.view(), "late", "wider"), "not this one")
    assert linked(lab, run_id) == []
    put(lab, linking(lab.view(), "late", digest))
    assert linked(lab, run_id) == [("wider", digest, "later")]
    with pytest.raises(UsageError, match="not linked to narrower"):
        unlinking(lab.view(), "late", "narrower")
    with pytest.raises(NotFoundError, match="no hypothesis 'narrower'"):
        linking(lab.view(), "late", "narrower")


def test_what_was_linked_at_the_start_stays(lab, registered):
    with labrec.run(project="lm", name="early", hypothesis="wider") as run:
        run.log_metrics({"loss": 1.0})
    digest = str(registered.digest)
    with pytest.raises(UsageError, match="at its start: that link stays") as told:
        unlinking(lab.view(), "early", "wider")
    assert "labrec note retract" in told.value.hint
    with pytest.raises(UsageError, match="at its start"):
        linking(lab.view(), "early", "wider")
    # a note that is written past the command changes nothing either
    subject = find_subject(lab.view(), "early").subject
    body = {"to": "hypothesis", "target": "wider", "digest": digest}
    put(lab, Request("lm", subject, "unlink", body), "hide it")
    assert linked(lab, run.run_id) == [("wider", digest, "start")]


def test_landing_brings_notes_and_verify_agrees(lab, folder, family):
    from labrec.store.land import land

    said = say(lab, "8_base", "retract", reason="wrong data")
    say(lab, said.note_id, "comment", {"text": "really?"})
    land(lab)
    with Lab.open(folder) as fresh:
        assert fresh.view("HEAD").entry(said.path) is not None
        assert verify(fresh)
    subprocess.run(["git", "fsck", "--strict"], cwd=folder, check=True, capture_output=True)


# --- from Python --------------------------------------------------------------------------------


def test_notes_from_python_are_those_of_the_command(folder, lab):
    old = record("8_base")
    new = record("9_lr")
    ada = {"author": "Ada"}
    written = labrec.note(new, "comment", "Slow.", **ada)
    assert written
    assert (written.kind, written.known) == ("comment", False)
    assert labrec.note("9_lr", "comment", "Slow.", lab=folder, **ada).known
    labrec.note("9_lr", "tag", add="a", remove=["b", "b"], **ada)
    labrec.note("9_lr", "outcome", "No effect.", **ada)
    labrec.note("9_lr", "rename", "9_from_8_lr", **ada)
    labrec.note(new, "reparent", parents=["8_base"], reason="It did.", **ada)
    labrec.note("experiment:8_base", "object", "Few seeds.", **ada)
    view = lab.view()
    said = said_of(view, find_run(view, new)).folded
    assert (said.name("9_lr"), said.outcome(None)) == ("9_from_8_lr", "No effect.")
    assert (said.tags.added, said.tags.removed) == (("a",), ("b",))
    assert [parent["name"] for parent in said.parents(())] == ["8_base"]
    labrec.note(f"note:{written.note_id}", "retract", reason="It was not.", **ada)
    labrec.note(old, "reparent", parents=[], reason="From scratch.", **ada)
    assert verify(lab)


def test_notes_from_python_that_say_nothing_are_refused(folder):
    new = record("9_lr")
    ada = {"author": "Ada"}
    for error, says, argv, how in (
        (NotFoundError, "no run", ("nothing", "comment", "x"), ada),
        (NotFoundError, "no run", (new, "reparent"), {"parents": "nothing", "reason": "x", **ada}),
        (UsageError, "no note of kind", (new, "evaluate", "x"), ada),
        (UsageError, "needs a text", (new, "comment"), ada),
        (UsageError, "takes no text", (new, "retract", "x"), ada),
        (UsageError, "says why", (new, "retract"), ada),
        (UsageError, "adds or removes", (new, "tag"), ada),
        (UsageError, "no tags", (new, "comment", "x"), {"add": "y", **ada}),
        (UsageError, "speaks about a run", (f"experiment:{new}", "outcome", "x"), ada),
        (UsageError, "speaks about a hypothesis", (new, "decide", "x"), {"reason": "y", **ada}),
        (UsageError, "is retracted", (f"experiment:{new}", "retract"), {"reason": "y", **ada}),
        (UsageError, "subject is no text", (5, "comment", "x"), ada),
        (UsageError, "nobody is named", (new, "comment", "x"), {}),
        (NotFoundError, "lab", (new, "comment", "x"), {"lab": folder.parent, **ada}),
    ):
        with pytest.raises(error, match=says):
            labrec.note(*argv, **how)
    with Lab.open(folder) as opened:
        assert not notes_of(opened.view()).notes
