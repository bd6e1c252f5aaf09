"""``labrec hypothesis``: from a draft to a registration, in a terminal and as JSON."""

from __future__ import annotations

import subprocess

import pytest


def git(folder, *argv):
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *who, *argv], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def drafted(lab_dir, call):
    """A lab with one committed draft that can be registered."""
    path = call("hypothesis", "new", "wider", "--project", "lm", "--json").json["path"]
    text = (lab_dir / path).read_text()
    text = text.replace('claim: ""', 'claim: "Wider \\e[31m is better."')
    (lab_dir / path).write_text(text.replace('name: ""', "name: loss"))
    git(lab_dir, "add", ".")
    git(lab_dir, "commit", "-q", "-m", "Draft")
    return lab_dir / path


def test_the_way_from_a_draft_to_a_linked_run(drafted, call, lab_dir):
    assert call("hypothesis", "list", "--json").json[0]["state"] == "draft"
    assert "can be registered" in call("hypothesis", "show", "wider").out
    answer = call("hypothesis", "register", "wider", "--author", "Ada", "--json")
    assert answer.code == 0
    assert answer.json["known"] is False
    digest = answer.json["digest"]
    again = call("hypothesis", "register", "wider")
    assert again.out == f"was registered already: lm/wider {digest}\n"
    (row,) = call("hypothesis", "list", "--json").json
    assert (row["state"], row["registration"], row["slug"]) == ("registered", digest, "wider")
    shown = call("hypothesis", "show", "wider", "--json").json
    assert shown["current"][0]["author"] == {"name": "Ada", "source": "option"}
    assert shown["mistakes"] == []
    call("run", "--project", "lm", "--hypothesis", "wider", "--", "true")
    (run,) = call("log", "--json").json
    record = call("show", run["run_id"], "--json").json["record"]
    assert record["lineage"]["hypotheses"][0]["registration"] == digest


def test_text_says_what_was_done_and_what_comes_next(drafted, call):
    answer = call("hypothesis", "register", "wider", "--author", "Ada")
    assert answer.out.startswith("registered: lm/wider sha256:")
    assert "labrec run --hypothesis wider" in answer.err
    assert "records/lm/hypotheses/wider.yaml in " in answer.err
    text = call("hypothesis", "show", "wider").out
    for part in ("refuted by", "loss, minimize, delta 0", "welch, alpha 0.05", " by Ada"):
        assert (part in text) is (part != "refuted by"), part
    assert "wider" in call("hypothesis", "list").out


def test_nothing_of_a_claim_steers_the_terminal(drafted, call):
    """I5"""
    call("hypothesis", "register", "wider", "--author", "A\u0301da")
    for argv in (("list",), ("show", "wider"), ("show", "wider", "--json")):
        answer = call("hypothesis", *argv)
        assert answer.code == 0
        assert "\x1b" not in answer.out + answer.err
    assert "\\x1b[31m" in call("hypothesis", "show", "wider").out


def test_an_amendment_shows_what_it_amended(drafted, call, lab_dir):
    first = call("hypothesis", "register", "wider", "--author", "Ada", "--json").json["digest"]
    drafted.write_text(drafted.read_text().replace("alpha: 0.05", "alpha: 0.01"))
    refused = call("hypothesis", "register", "wider")
    assert refused.code == 2
    assert "differs from the one in" in refused.err
    git(lab_dir, "commit", "-qam", "Sharpen")
    assert call("hypothesis", "register", "wider").code == 2
    assert "can be registered" in call("hypothesis", "show", "wider").out
    second = call("hypothesis", "register", "wider", "--author", "Ada", "--amend", "--json").json
    assert second["amends"] == first
    shown = call("hypothesis", "show", "wider").out
    assert f"amended, and kept\n  {first}" in shown
    assert second["digest"] in shown


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        (("new", "Not A Slug"), 12, "not a slug"),
        (("new", "wider", "--project", "lm"), 2, "is there already"),
        (("new", "x", "--project", "objects"), 12, "reserved"),
        (("register", "nothing"), 10, "no draft of nothing"),
        (("register", "wider"), 2, "nobody is named"),
        (("register", "wider", "--project", "other"), 10, "no draft of wider"),
        (("register", "wider", "--file", "nowhere.yaml"), 2, "cannot be read"),
        (("show", "nothing"), 10, "no hypothesis nothing"),
        (("show", "Not A Slug"), 10, "not a slug"),
        (("decide", "Not A Slug", "refuted", "--reason", "x"), 10, "not a slug"),
        (("register", "Not A Slug"), 12, "not a slug"),
        (("list", "--project", "../x"), 12, "not a project name"),
        ((), 2, "Usage"),
        (("nothing",), 2, "No such command"),
    ],
)
def test_refusals(drafted, call, argv, code, says):
    answer = call("hypothesis", *argv)
    assert answer.code == code
    assert says in answer.err


def test_a_draft_that_is_not_committed_is_shown_as_one(drafted, call, lab_dir):
    (lab_dir / "records/lm/hypotheses/deeper.yaml").write_text('claim: "Deeper \\u001b[31mwins."\n')
    answer = call("hypothesis", "show", "deeper")
    assert answer.code == 0
    assert answer.out.startswith("lm/deeper  draft\n")
    assert "primary_metrics" in answer.out
    assert "can be registered" not in answer.out
    assert "not committed" in answer.err
    found = call("hypothesis", "show", "deeper", "--project", "lm", "--json").json
    assert (found["committed"], found["draft"]) == (False, "records/lm/hypotheses/deeper.yaml")
    assert found["mistakes"]
    assert call("hypothesis", "show", "deeper", "--at", "HEAD").code == 10
    assert call("hypothesis", "show", "deeper", "--project", "other").code == 10
    assert call("hypothesis", "show", "wider", "--json").json["committed"] is True
    other = lab_dir / "records/other/hypotheses/deeper.yaml"
    other.parent.mkdir(parents=True)
    other.write_text("claim: x\n")
    several = call("hypothesis", "show", "deeper")
    assert (several.code, "several projects: lm, other" in several.err) == (2, True)


def test_an_empty_lab_has_no_hypothesis(lab_dir, call):
    assert call("hypothesis", "list", "--json").json == []
    assert "no hypothesis is written down yet" in call("hypothesis", "list").err


def test_a_draft_that_is_not_ready_says_what_it_lacks(lab_dir, call):
    assert call("hypothesis", "new", "wider").out.endswith("hypotheses/wider.yaml\n")
    git(lab_dir, "add", ".")
    git(lab_dir, "commit", "-q", "-m", "Draft")
    shown = call("hypothesis", "show", "wider", "--json").json
    assert [line.split(":")[0] for line in shown["mistakes"]] == ["claim", "primary_metrics.0.name"]
    assert "claim: " in call("hypothesis", "show", "wider").out
    answer = call("hypothesis", "register", "wider")
    assert answer.code == 12
    assert "2 mistakes" in answer.err
