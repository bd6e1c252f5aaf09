"""What ``labrec show`` claims of a record, and the commands it names."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.store.labs import GitLab, run_doc

import labrec
from labrec.states import again


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
    from tests.store.labs import lineage

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
    assert lines[1].startswith("git checkout --detach ")
    git("stash", "-q")
    script = f"set -e; PATH={_here()}:$PATH\n" + "\n".join(lines[:3])
    subprocess.run(["sh", "-c", script], check=True)
    assert (lab_dir / "train.py").read_text() == "print(2)\n"


def again_of(lab_dir, run_id):
    with labrec.open(lab_dir) as lab:
        return again(lab.run(run_id))


def test_the_recipe_runs_the_program_again_where_it_ran(lab_dir, call, tmp_path):
    where = lab_dir / "work" / "a b"
    where.mkdir(parents=True)
    (lab_dir / "train.py").write_text("print('first')\n")
    git("add", "-A")
    git("commit", "-q", "-m", "code")
    (lab_dir / "train.py").write_text("import os; print('second', os.getcwd())\n")
    command = [f"{_here()}/labrec", "run", "--project", "p", "--", sys.executable, "../../train.py"]
    subprocess.run(command, cwd=where, check=True, capture_output=True)
    (row,) = call("log", "--json").json
    git("checkout", "-q", "--", ".")
    assert call("land").code == 0
    found = again_of(lab_dir, row["run_id"])
    assert found.lacks == ("Begin in a clone of its code: the record does not say from where.",)
    clone = tmp_path / "clone"
    git("clone", "-q", str(lab_dir), str(clone))
    script = f"set -e; PATH={_here()}:$PATH\n" + "\n".join(found.lines)
    done = subprocess.run(
        ["sh", "-c", script], cwd=clone, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"second {clone / 'work' / 'a b'}"
    with labrec.open(clone) as lab:
        other = next(one for one in lab.runs() if one.run_id != row["run_id"])
        assert other.section("lineage")["reproduces"] == row["run_id"]
        assert other.section("code")["digest"] == lab.run(row["run_id"]).section("code")["digest"]


REMOTES = {
    "https://example.org/a/b.git": True,
    "git@example.org:a/b.git": True,
    "ssh://git@example.org:22/~a/b": True,
    "ext::sh -c touch% hit": False,
    "--upload-pack=touch hit": False,
    "file:///etc": False,
    "https://-x/a": False,
    "git@example.org:-x": False,
    "https://example.org/$(touch hit)": False,
    "/home/ada/lab": False,
}


@pytest.mark.parametrize(("remote", "is_safe"), REMOTES.items())
def test_a_clone_is_offered_of_plain_places_alone(lab_dir, remote, is_safe):
    code = {"minor": 0, "kind": "none", "reason": "x", "remote": remote, "commit": "a" * 40}
    lab = GitLab(lab_dir)
    lab.add(run_doc(code=code, command={"minor": 0, "argv": ["a"], "cwd": None}))
    with labrec.open(lab_dir) as opened:
        (row,) = opened.runs()
        found = again(row)
    (first, *rest) = found.lines
    folder = f"again-{row.run_id[:13]}"
    clone = f"git clone {shlex.quote(remote)} {folder} && cd {folder}"
    assert (first == clone) == is_safe
    assert ("Begin in a clone" in found.lacks[0]) != is_safe
    assert found.lacks[-1].startswith("The folder that it ran in is not known")
    assert rest[-1].endswith(f"--reproduces {row.run_id} -- a")


@pytest.mark.parametrize("word", ["a\nb", "\x1b[31m", "a\u202eb", "x" * 2000])
def test_what_cannot_be_pasted_is_not_offered(lab_dir, word):
    GitLab(lab_dir).add(run_doc(command={"minor": 0, "argv": ["python", word], "cwd": "."}))
    with labrec.open(lab_dir) as opened:
        (row,) = opened.runs()
        found = again(row)
    assert found.lines == ()
    assert "cannot be pasted" in found.lacks[0]


def _here():
    return Path(sys.executable).parent


def test_a_parent_says_how_it_was_found(run, call):
    with labrec.run(project="p", name="2_from_1_lr") as child:
        pass
    assert "(by its name)" in call("show", child.run_id).out


NEWER = {"schema": "labrec.run/2.0", "identity": {"number": 1}}
ODD = {"schema": "labrec.run/1.0", "identity": {"status": 3}}


@pytest.mark.parametrize(("document", "name"), [(NEWER, "newer-schema"), (ODD, "invalid"),
                                                ([], "invalid")])  # fmt: skip
def test_a_record_of_another_version_is_refused_and_not_shown_as_a_run(
    lab_dir, call, document, name
):
    from tests.store.labs import Doc, GitLab, run_doc

    from labrec.record import codec, layout
    from labrec.record.digest import Digest
    from labrec.record.ids import new_run_id

    run_id = new_run_id()
    data = codec.encode(document)
    lab = GitLab(lab_dir)
    lab.add(Doc(layout.run_path("p", run_id, Digest.of(data)), data), run_doc("p", "good"))
    for _ in range(2):
        rows = {row["status"]: row for row in call("log", "--json").json}
        assert set(rows) == {"complete", "unreadable"}
        assert rows["unreadable"]["problem"].startswith(name + ": ")
        assert (rows["unreadable"]["name"], rows["complete"]["problem"]) == ("", None)
    assert f" unreadable {name}: " in " ".join(call("log").out.split())
    for argv in (["show", run_id], ["get", run_id], ["get", run_id, "x"], ["diff", run_id, "good"]):
        answer = call(*argv, "--json")
        assert (answer.code, answer.out) == (12, "")
        assert json.loads(answer.err)["name"] == name
        assert "--raw" in json.loads(answer.err)["hint"]
    assert call("show", run_id, "--raw").out.encode() == data


def test_a_record_that_breaks_what_is_shown_is_invalid_and_no_bug(lab_dir, call):
    from tests.store.labs import GitLab, run_doc

    odd = run_doc("p", "odd", artifacts={"items": [{}]}, metrics={"values": {"loss": {}}})
    GitLab(lab_dir).add(odd, run_doc("p", "good"))
    for argv in (["show", "odd"], ["get", "odd"], ["get", "odd", "x"]):
        answer = call(*argv)
        assert answer.code == 12
        assert "not a valid run" in answer.err
