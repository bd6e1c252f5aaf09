"""Labs in every shape: bare, shallow, linked worktree, without a commit; spools of another boot."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from labrec.capture.spool import host
from labrec.capture.spool.writer import Spool

LABREC = str(Path(sys.executable).with_name("labrec"))


def test_a_bare_clone_is_read(lab):
    lab.labrec("run", "--name", "a", "--", "echo", "hi")
    lab.labrec("land")
    bare = lab.folder.parent / "bare.git"
    lab.git("clone", "-q", "--bare", str(lab.folder), str(bare))
    (row,) = lab.labrec("log", "--json", cwd=bare).json
    assert row["name"] == "a"
    assert "intact" in lab.labrec("show", row["run_id"], cwd=bare).out
    lab.labrec("verify", cwd=bare)
    lab.labrec("run", "--name", "b", "--", "true", cwd=bare)
    assert len(lab.labrec("log", "--json", cwd=bare).json) == 2


def test_a_shallow_clone_is_read_and_recorded_into(lab):
    for name in ("a", "b"):
        lab.labrec("run", "--name", name, "--", "true")
        lab.labrec("land")
    shallow = lab.folder.parent / "shallow"
    lab.git("clone", "-q", "--depth", "1", f"file://{lab.folder}", str(shallow))
    assert len(lab.labrec("log", "--json", cwd=shallow).json) == 2
    assert "shallow" in lab.labrec("verify", cwd=shallow, code=3).out
    lab.labrec("verify", "--content-only", cwd=shallow)
    lab.labrec("run", "--name", "c", "--", "true", cwd=shallow)
    assert len(lab.labrec("log", "--json", cwd=shallow).json) == 3
    lab.labrec("discard", "c", "--yes", cwd=shallow)
    lab.labrec("discard", "b", "--yes", cwd=shallow, code=2)


def test_a_linked_worktree_shares_the_record_ref(lab):
    linked = lab.folder.parent / "linked"
    lab.git("worktree", "add", "-q", "-b", "side", str(linked))
    lab.labrec("run", "--name", "a", "--", "true")
    lab.labrec("run", "--name", "b", "--", "true", cwd=linked)
    for place in (lab.folder, linked):
        assert {row["name"] for row in lab.labrec("log", "--json", cwd=place).json} == {"a", "b"}
    refs = lab.git("for-each-ref", "--format=%(refname)", "refs/labrec").out.split()
    assert len(refs) == 1
    lab.labrec("verify", cwd=linked)


def test_without_a_commit_a_run_waits_for_init(shell):
    shell.git("init", "-q", ".")
    done = shell.labrec("run", "--name", "early", "--", "sh", "-c", "exit 3", code=3)
    assert "kept" in done.err
    assert "labrec init" in done.err
    (spool,) = shell.spools
    assert "wait" in shell.labrec("doctor").out
    shell.labrec("init")
    assert "1 run waits" in shell.labrec("log").err
    shell.labrec("recover")
    (row,) = shell.runs()
    assert (row["name"], row["status"], row["run_id"]) == ("early", "failed", spool.name)
    assert shell.spools == []
    shell.labrec("verify")


@pytest.mark.parametrize("git", [False, True])
def test_outside_a_lab_a_run_says_what_to_do(shell, git):
    if git:
        shell.git("init", "-q", ".")
        shell.git("commit", "-q", "--allow-empty", "-m", "code")
    done = shell.labrec("run", "--", "true", code=125)
    assert "labrec init" in done.err
    assert str(shell.folder) in done.err


def test_a_spool_of_another_boot_is_taken_by_name_only(lab, monkeypatch):
    lab.labrec("run", "--name", "now", "--", "true")
    plan = {"run_id": "0199a4c2-0000-7000-8000-000000000001", "project": "lab", "name": "before"}
    monkeypatch.setattr(host, "boot_id", lambda: "11111111-2222-3333-4444-555555555555")
    root = lab.folder / ".git/labrec/spool"
    make_spool(root, plan)
    monkeypatch.undo()
    lab.labrec("run", "--name", "next", "--", "true")
    assert lab.labrec("recover").err.count("--foreign") == 1
    assert {row["name"] for row in lab.runs()} == {"now", "next"}
    (listed,) = lab.labrec("recover", "--list", "--json").json
    assert listed["state"] == "foreign"
    lab.labrec("recover", plan["run_id"], "--foreign")
    rows = {row["name"]: row for row in lab.runs()}
    assert rows["before"]["status"] == "interrupted"
    assert lab.spools == []
    lab.labrec("verify")


def make_spool(root, plan):
    """Leave the spool of a process that is gone; the boot is whatever `host.boot_id` says."""
    from labrec.capture.plan import RunPlan

    child = os.fork()
    if child == 0:
        Spool.create(root, plan["run_id"], {"plan": RunPlan(**plan)._asdict()})
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("columns", [60, 120])
def test_log_and_show_fit_a_terminal(lab, columns):
    name = "a_name_too_long_for_a_table_of_sixty_columns"
    lab.labrec("run", "--name", name, "--set", "lr=1e-4", "--", "true")
    (row,) = lab.runs()
    text = on_terminal(lab.folder, columns, "log")
    head, body = text.splitlines()
    assert head.split()[:2] == ["run", "name"]
    assert max(map(len, (head, body))) <= columns
    assert ("…" in body) == (columns == 60)
    assert row["run_id"][:6] in body
    shown = on_terminal(lab.folder, columns, "show", row["run_id"])
    titles = [line for line in shown.splitlines() if line and not line.startswith(" ")]
    assert [title.split()[0] for title in titles[1:]] == [
        "run", "command", "features", "files", "code", "environment", "hardware", "telemetry",
        "not", "again,", "state", "cite",
    ]  # fmt: skip


def on_terminal(folder, columns, *argv):
    """Run labrec on a terminal of so many columns and return what it printed, without colour."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(
        [LABREC, *argv], cwd=folder, stdin=terminal, stdout=terminal, stderr=terminal,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    os.close(terminal)
    data = b""
    while True:
        try:
            piece = os.read(controller, 65536)
        except OSError:
            break
        if not piece:
            break
        data += piece
    os.close(controller)
    assert process.wait(timeout=60) == 0
    return data.decode().replace("\r\n", "\n")
