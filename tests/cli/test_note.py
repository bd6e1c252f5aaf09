"""``labrec note``: what is said, what is refused, and what people see then."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def author(monkeypatch):
    monkeypatch.setenv("LABREC_AUTHOR", "Ada")


@pytest.fixture
def family(lab_dir, call):
    """8, 9 from it and 10 from that: ids by the digits their names begin with."""
    ids = {}
    for name in ("8_base", "9_from_8_lr", "10_from_9_wd"):
        ran = call("run", "--project", "lm", "--name", name, "--set", f"n={name}", "--", "true")
        assert ran.code == 0
        (row, *_) = call("log", "--json").json
        ids[name.partition("_")[0]] = row["run_id"]
    return ids


def row(call, run_id):
    return next(one for one in call("log", "--json").json if one["run_id"] == run_id)


def test_every_kind_is_noted_and_listed(family, call):
    said = (
        ("comment", "8_base", "looks odd"),
        ("object", "8_base", "I do not agree"),
        ("tag", "8_base", "baseline", "--remove", "wip"),
        ("outcome", "8_base", "nothing"),
        ("rename", "8_base", "base"),
        ("link", "base", "doi:10.1000/182"),
        ("unlink", "base", "doi:10.1000/182", "--reason", "another paper"),
        ("link", "base", "10_from_9_wd", "--to", "run"),
        ("reparent", "base", "--root", "--reason", "from scratch"),
        ("retract", "base", "--reason", "wrong data"),
    )
    for argv in said:
        answer = call("note", *argv)
        assert answer.code == 0, answer
        assert answer.out.startswith(f"noted: {argv[0]} on run lm/{family['8']} (note:")
    listed = call("note", "list", "base", "--json").json
    assert [note["kind"] for note in listed["notes"]] == ["retract", *[one[0] for one in said[:-1]]]
    assert all(note["author"] == "Ada" and note["heard"] for note in listed["notes"])
    assert listed["conflicts"] == listed["problems"] == []
    text = call("note", "list", "base").out
    first, *rest = text.splitlines()
    assert "because: wrong data" in first
    assert any("+baseline -wip" in line for line in rest)
    assert call("verify").code == 0


def test_what_people_see_is_the_record_with_its_notes(family, call):
    call("note", "rename", "8_base", "base")
    call("note", "tag", "base", "good")
    call("note", "outcome", "base", "it \x1b[31mworks")
    call("note", "retract", "9_from_8_lr", "--reason", "wrong data")
    call("note", "reparent", "10_from_9_wd", "base", "--reason", "it started from 8")
    seen = row(call, family["8"])
    assert (seen["name"], seen["renamed_from"], seen["tags"]) == ("base", "8_base", ["good"])
    assert (seen["notes"], seen["conflicts"], seen["standing"]) == (3, [], "counts")
    assert row(call, family["9"])["standing"] == "retracted"
    assert [one["name"] for one in call("log", "--tag", "good", "--json").json] == ["base"]
    log = call("log").out
    assert "complete (retracted)" in log
    assert "8_base" not in log
    show = call("show", "base")
    for part in (
        "lm/base", "base (noted; recorded: 8_base)", "good (noted; recorded: none)",
        "it \\x1b[31mworks (noted; recorded: none)",
    ):  # fmt: skip
        assert part in show.out, part
    assert "\x1b" not in show.out
    answer = call("show", "base", "--json").json
    assert answer["record"]["identity"]["name"] == "8_base"  # what is recorded stays
    assert (answer["noted"]["name"], answer["noted"]["tags"]) == ("base", ["good"])
    assert [note["kind"] for note in answer["notes"]] == ["rename", "tag", "outcome"]
    retracted = call("show", "9_from_8_lr").out.splitlines()
    assert retracted[0] == "lm/9_from_8_lr  complete  retracted"
    assert "because: wrong data" in retracted[3]
    shown = call("show", "10_from_9_wd").out
    assert "(noted)" in shown
    assert "recorded parent" in shown
    nodes = {one["name"]: one for one in call("dag", "--json").json["experiments"]}
    assert nodes["10_from_9_wd"]["parents"] == [nodes["base"]["experiment"]]
    assert nodes["10_from_9_wd"]["depth"] == 1
    assert nodes["9_from_8_lr"]["uncounted"] == {"retracted": 1}
    assert "9_from_8_lr (retracted)" in call("dag").out


def test_a_parent_that_derives_from_the_run_is_refused_by_name(family, call):
    answer = call("note", "reparent", "8_base", "10_from_9_wd", "--reason", "x")
    assert answer.code == 2
    assert "8_base → 10_from_9_wd → 9_from_8_lr → 8_base" in answer.err
    assert call("note", "list", "8_base", "--json").json["notes"] == []


def test_a_note_on_a_note_stands_below_it(family, call):
    note = call("note", "comment", "8_base", "looks odd", "--json").json
    assert note["known"] is False
    assert call("note", "comment", "8_base", "looks odd", "--json").json["known"] is True
    call("note", "object", note["note_id"], "it does not")
    lines = call("note", "list", "8_base").out.splitlines()
    assert lines[0].startswith("  comment  looks odd")
    assert lines[1].startswith("    objection  it does not")
    call("note", "retract", f"note:{note['note_id']}", "--reason", "I was wrong")
    assert "comment (not heard)  looks odd" in call("note", "list", "8_base").out


def test_what_is_said_of_an_experiment_is_shown_with_its_runs(family, call):
    call("note", "comment", "experiment:8_base", "a good baseline")
    (note,) = call("show", "8_base", "--json").json["notes"]
    assert note["subject"]["kind"] == "experiment"
    assert "comment on the experiment  a good baseline" in call("show", "8_base").out
    assert call("show", "9_from_8_lr", "--json").json["notes"] == []


def test_a_second_word_takes_the_place_of_the_first(family, call):
    one = call("note", "comment", "8_base", "one", "--json").json["note_id"]
    two = call("note", "comment", "8_base", "two", "--json").json["note_id"]
    assert call("note", "supersede", one, "--by", two, "--reason", "better said").code == 0
    heard = {
        note["note_id"]: note["heard"]
        for note in call("note", "list", "8_base", "--json").json["notes"]
    }
    assert (heard[one], heard[two]) == (False, True)


def test_one_run_takes_the_place_of_another(family, call):
    done = call("note", "supersede", "8_base", "--by", "9_from_8_lr", "--reason", "done again")
    assert done.code == 0
    assert row(call, family["8"])["standing"] == "superseded"


def test_a_tombstone_names_the_files(lab_dir, call):
    (lab_dir / "out.txt").write_text("secret of somebody")
    call("run", "--project", "lm", "--name", "a", "--artifact", "out.txt", "--", "true")
    names = [one["name"] for one in call("get", "a", "--json").json]
    name = next(one for one in names if not one.startswith("@log"))
    done = call("note", "redact", "a", name, "--reason", "not ours")
    assert done.code == 0, done.err
    (note,) = call("note", "list", "a", "--json").json["notes"]
    assert len(note["body"]["objects"]) == 1


def test_replicates_are_reparented_together(family, call):
    call("run", "--project", "lm", "--name", "9_from_8_lr", "--set", "n=9_from_8_lr", "--", "true")
    told = call(
        "note", "reparent", family["9"], "--root", "--replicates", "--reason", "x", "--json"
    )
    assert len(told.json) == 2
    (other,) = {one["run_id"] for one in call("log", "--json").json} - set(family.values())
    assert row(call, other)["parents"] == []


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        (("comment", "nothing", "x"), 10, "no run nothing"),
        (("comment", "note:ffffffff", "x"), 10, "no note"),
        (("comment", "8_base", ""), 12, "text"),
        (("comment", "hypothesis:nope", "x"), 10, "no hypothesis nope"),
        (("comment", "8_base", "x", "--author", "a\nb"), 2, "no name"),
        (("tag", "8_base"), 2, "adds or removes a tag"),
        (("tag", "experiment:8_base", "x"), 2, "of kind experiment"),
        (("retract", "experiment:8_base", "--reason", "x"), 2, "kind experiment"),
        (("retract", "8_base"), 2, "--reason"),
        (("retract", "8_base", "--reason", " "), 2, "says why"),
        (("reparent", "8_base", "--reason", "x"), 2, "--root"),
        (("reparent", "8_base", "nobody", "--reason", "x"), 10, "no run nobody"),
        (("link", "8_base", "something"), 2, "--to"),
        (("link", "8_base", "mnist", "--to", "dataset"), 2, "--digest"),
        (("supersede", "8_base", "--by", "8_base", "--reason", "x"), 2, "place"),
        (("redact", "8_base", "nothing", "--reason", "x"), 10, "no file nothing"),
        (("rename", "8_base", "a\nb"), 12, "name"),
        ((), 2, "Usage"),
    ],
)
def test_refusals(family, call, argv, code, says):
    answer = call("note", *argv)
    assert answer.code == code, answer
    assert says in answer.err
    assert call("note", "list", "8_base", "--json").json["notes"] == []


def test_nobody_speaks_unnamed(family, call, monkeypatch):
    monkeypatch.delenv("LABREC_AUTHOR")
    answer = call("note", "comment", "8_base", "x")
    assert answer.code == 2
    assert "nobody is named" in answer.err
    assert call("note", "comment", "8_base", "x", "--author", "Bob").code == 0


def test_nothing_was_said(family, call):
    answer = call("note", "list", "8_base")
    assert (answer.code, answer.out) == (0, "")
    assert "nothing was said about this run" in answer.err


def test_hypotheses_are_linked_unlinked_and_decided(family, call, lab_dir):
    from tests.cli.test_hypothesis import git

    path = call("hypothesis", "new", "wider", "--project", "lm", "--json").json["path"]
    text = (lab_dir / path).read_text().replace('claim: ""', 'claim: "Wider is better."')
    (lab_dir / path).write_text(text.replace('name: ""', "name: loss"))
    git(lab_dir, "add", ".")
    git(lab_dir, "commit", "-q", "-m", "Draft")
    digest = call("hypothesis", "register", "wider", "--json").json["digest"]
    assert call("hypothesis", "link", "8_base", "wider").code == 0
    linked = call("show", "8_base", "--json").json["noted"]["hypotheses"]
    assert linked == [{"slug": "wider", "registration": digest, "linked": "later"}]
    assert call("hypothesis", "unlink", "8_base", "wider").code == 2  # no reason
    assert call("hypothesis", "unlink", "8_base", "wider", "--reason", "wrong run").code == 0
    assert call("show", "8_base", "--json").json["noted"]["hypotheses"] == []
    started = ("--set", "n=11", "--hypothesis", "wider", "--", "true")
    call("run", "--project", "lm", "--name", "11", *started)
    refused = call("hypothesis", "unlink", "11", "wider", "--reason", "I do not like it")
    assert refused.code == 2
    assert "that link stays" in refused.err
    decided = call("hypothesis", "decide", "wider", "refuted", "--reason", "the metric was wrong")
    assert decided.code == 0
    (note,) = call("note", "list", "hypothesis:lm/wider", "--json").json["notes"]
    assert (note["kind"], note["body"]) == ("decide", {"decision": "refuted"})
    assert "refuted  because: the metric was wrong" in call("hypothesis", "show", "wider").out
    shown = call("hypothesis", "show", "wider", "--json").json
    assert shown["notes"][0]["subject"]["digest"] == digest
