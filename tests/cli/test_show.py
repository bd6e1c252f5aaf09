"""What ``labrec show`` claims of a record, and the commands it names."""

from __future__ import annotations

import subprocess

import pytest

import labrec


def git(*args):
    return subprocess.run(["git", *args], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def run(lab_dir):
    (lab_dir / "train.py").write_text("print(1)\n")
    git("add", "-A")
    git("commit", "-q", "-m", "code")
    (lab_dir / "train.py").write_text("print(2)\n")
    with labrec.run(project="p", name="1_base", features={"lr": 1}) as run:
        run.log_text("big.txt", "bytes " * 1000)
    return run


def test_four_states_are_kept_apart(run, call):
    answer = call("show", run.run_id)
    line = next(line for line in answer.out.splitlines() if line.startswith("state"))
    assert line == ("state  well-formed, intact, not attested (no signature), reproduced by 0")
    states = call("show", run.run_id, "--json").json["states"]
    assert states == {"well_formed": True, "problem": "", "intact": True, "missing": [],
                      "attested": False, "reproduced_by": 0}  # fmt: skip


def test_a_missing_object_and_a_broken_record_are_said(run, call, lab_dir):
    from tests.store.labs import GitLab, lineage, run_doc

    assert call("land").code == 0
    git("update-ref", "-d", git("for-each-ref", "--format=%(refname)", "refs/labrec"))
    with labrec.open() as lab:
        sha256 = lab.run(run.run_id).file("big.txt").sha256
    a, b, c, d = sha256[:4]
    git("rm", "-q", f"records/objects/{a}/{b}/{c}/{d}/{sha256}")
    odd = run_doc("p", "odd", lineage=lineage(reproduces=run.run_id), features={"minor": "x"})
    GitLab(lab_dir).git("commit", "-qm", "remove")
    GitLab(lab_dir).add(odd)
    states = call("show", run.run_id, "--json").json["states"]
    assert (states["intact"], states["missing"]) == (False, ["big.txt"])
    assert states["reproduced_by"] == 1
    assert "not well-formed (" in call("show", "odd").out


def test_the_commands_bring_the_code_back(run, call, lab_dir, tmp_path):
    lines = call("show", run.run_id, "--json").json["by_hand"]
    assert lines[-1] == "labrec verify"
    assert lines[0].startswith("git checkout --detach ")
    git("stash", "-q")
    for line in lines[:2]:
        subprocess.run(["sh", "-c", f"PATH={_here()}:$PATH; {line}"], check=True)
    assert (lab_dir / "train.py").read_text() == "print(2)\n"


def _here():
    import sys
    from pathlib import Path

    return Path(sys.executable).parent


def test_a_parent_says_how_it_was_found(run, call):
    with labrec.run(project="p", name="2_from_1_lr") as child:
        pass
    assert "(by its name)" in call("show", child.run_id).out
