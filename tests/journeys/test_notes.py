"""Two people say different things about one run, and meet."""

from __future__ import annotations

import shutil

import pytest


@pytest.fixture
def apart(lab, shell, tmp_path):
    """A lab on a server and two clones of it, each with notes that the other has not seen."""
    for name, seed in (("7_old", "1"), ("8_base", "1"), ("9_from_8_lr", "1"), ("9_from_8_lr", "2")):
        lab.labrec(
            "run",
            "--project",
            "p",
            "--name",
            name,
            "--set",
            f"n={name}",
            "--seed",
            seed,
            "--",
            "true",
        )
    lab.labrec("land")
    shell.git("clone", "-q", "--bare", str(lab.folder), str(tmp_path / "server"))
    clones = []
    for who in ("ada", "bob"):
        shell.git("clone", "-q", str(tmp_path / "server"), str(tmp_path / who))
        clone = type(shell)(tmp_path / who)
        clone.git("config", "user.name", who)
        clone.git("config", "user.email", f"{who}@example.org")
        clones.append(clone)
    ada, bob = clones
    run = next(row for row in ada.runs() if row["name"] == "8_base")["run_id"]

    def say(clone, who, *argv):
        clone.labrec("note", *argv, LABREC_AUTHOR=who)

    say(ada, "Ada", "rename", run, "baseline")
    say(ada, "Ada", "tag", run, "good", "shared")
    say(ada, "Ada", "reparent", run, "7_old", "--reason", "it started from 7")
    say(bob, "Bob", "rename", run, "reference")
    say(bob, "Bob", "tag", run, "checked", "--remove", "shared")
    say(bob, "Bob", "reparent", run, "--root", "--reason", "it started from nothing")
    say(bob, "Bob", "comment", run, "I ran it on the old machine.")
    return ada, bob, run


def land(clone):
    clone.git("pull", "-q", "--rebase", "origin", "main")
    clone.labrec("land")
    clone.git("push", "-q", "origin", "HEAD:main")


def seen(clone):
    """What a clone sees of the lab: its view, what it shows, and what its tables say."""
    clone.git("pull", "-q", "origin", "main")
    report = clone.labrec("analyze", "--json").json
    asked = clone.labrec(
        "query", "--json", "SELECT name, renamed_from, standing, notes FROM runs ORDER BY run_id"
    )
    edges = clone.labrec("query", "--json", "SELECT * FROM edges")
    return report["view"], clone.runs(), asked.json, edges.json


def test_two_clones_that_disagree_see_one_lab_whoever_lands_first(apart, tmp_path):
    ada, bob, run = apart
    shutil.copytree(tmp_path / "server", tmp_path / "again")
    shutil.copytree(ada.folder, tmp_path / "ada2")
    shutil.copytree(bob.folder, tmp_path / "bob2")
    others = [type(ada)(tmp_path / name) for name in ("bob2", "ada2")]
    for clone in others:
        clone.git("remote", "set-url", "origin", str(tmp_path / "again"))
    for first, second in ((ada, bob), others):
        land(first)
        land(second)
    results = [seen(ada), seen(others[0])]
    assert results[0] == results[1]
    for clone in (bob, others[1]):
        clone.git("pull", "-q", "origin", "main")
        assert clone.runs() == results[0][1]

    (row,) = (row for row in results[0][1] if row["run_id"] == run)
    assert row["conflicts"] == ["rename", "reparent"]
    assert row["name"] == "8_base"  # what is recorded counts
    assert sorted(row["tags"]) == ["checked", "good", "shared"]  # Bob had not seen 'shared'
    assert row["notes"] == 7
    assert not [edge for edge in results[0][3] if edge["source"] == "note"]
    shown = ada.labrec("show", run).out
    assert 'conflict: 2 notes of kind rename disagree ("baseline" or "reference"' in shown
    assert "I ran it on the old machine." in shown
    assert "complete (conflict)" in ada.labrec("log").out
    ada.labrec("verify")


def test_a_word_that_saw_both_decides(apart):
    ada, bob, run = apart
    land(ada)
    land(bob)
    ada.git("pull", "-q", "origin", "main")
    told = ada.labrec("note", "rename", run, "baseline", "--json", LABREC_AUTHOR="Ada").json
    assert told["known"] is False  # one of two words, said again, decides
    ada.labrec("note", "reparent", run, "7_old", "--reason", "we looked", LABREC_AUTHOR="Ada")
    land(ada)
    _, rows, _, edges = seen(bob)
    (row,) = (row for row in rows if row["run_id"] == run)
    assert (row["name"], row["conflicts"]) == ("baseline", [])
    assert [edge["called"] for edge in edges if edge["source"] == "note"] == ["7_old"]
    depths = {edge["called"]: edge["depth"] for edge in edges}
    assert depths == {"7_old": 1, "8": 2}


def test_a_pull_request_that_brings_notes_is_checked(apart):
    ada, _, _ = apart
    ref = next(
        line.split()[1] for line in ada.git("show-ref").out.splitlines() if "labrec/records" in line
    )
    ada.git("branch", "proposal", ref)
    report = ada.labrec("check", "proposal", "--json").json
    assert report["ok"]
    assert report["added"] == {"note": 3}
