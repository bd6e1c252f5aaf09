"""What a user meets on a bad day: secrets, full disks, tampering, scratch runs, no lab."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"[:36]


def secret_run(lab):
    (lab.folder / "s.py").write_text(
        "import labrec\nwith labrec.run(name='leaky') as run:\n"
        f"    run.log_text('log.txt', 'token = {TOKEN[:4]}' + '{TOKEN[4:]}')\n"
    )


def test_a_secret_is_refused_then_redacted(lab):
    secret_run(lab)
    done = lab.labrec("run", "--name", "leaky", "--", sys.executable, "s.py")
    assert "was not recorded" in done.err
    assert TOKEN not in done.err + done.out
    assert lab.runs() == []
    (spool,) = lab.spools
    assert f"labrec recover {spool.name} --redact" in done.err
    refused = lab.labrec("recover", spool.name, code=19)
    assert "log.txt" in refused.err + refused.out
    assert lab.runs() == []
    lab.labrec("recover", spool.name, "--redact")
    (row,) = lab.runs()
    assert "[redacted" in lab.labrec("get", row["run_id"], "log.txt", "-o", "-").out
    assert lab.spools == []
    everything = lab.git("rev-list", "--objects", "--all").out
    for line in everything.splitlines():
        argv = ["git", "cat-file", "-p", line.split()[0]]
        data = subprocess.run(argv, cwd=lab.folder, capture_output=True, check=True).stdout
        assert TOKEN.encode() not in (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)


def test_a_secret_is_refused_then_discarded(lab):
    secret_run(lab)
    lab.labrec("run", "--strict-record", "--name", "leaky", "--", sys.executable, "s.py", code=75)
    (spool,) = lab.spools
    lab.labrec("discard", spool.name[:13])
    assert lab.spools == []
    assert lab.labrec("recover").out == "No run waits.\n"
    lab.labrec("discard", spool.name, code=10)


def test_a_run_that_failed_keeps_its_code_under_strict_recording(lab):
    (lab.folder / "s.py").write_text(
        "import labrec, sys\nrun = labrec.run()\n"
        f"run.log_text('l', '{TOKEN[:4]}' + '{TOKEN[4:]}')\nrun.close()\nsys.exit(9)\n"
    )
    lab.labrec("run", "--strict-record", "--", sys.executable, "s.py", code=9)


def test_scratch_is_watched_and_never_committed(lab):
    lab.labrec("run", "--scratch", "--name", "try", "--", "echo", "hi")
    lab.labrec("run", "--name", "next", "--", "true")
    assert [row["name"] for row in lab.runs()] == ["next"]
    (spool,) = lab.spools
    assert lab.labrec("recover").out == "No run waits.\n"
    lab.labrec("recover", spool.name, code=2)
    (row,) = lab.labrec("recover", "--list", "--json").json
    assert (row["name"], row["scratch"]) == ("try", True)
    lab.labrec("discard", "try")
    assert lab.spools == []


def test_a_recorded_run_is_discarded_until_it_is_published(lab):
    lab.labrec("run", "--name", "keep", "--", "true")
    lab.labrec("run", "--name", "wrong", "--", "echo", "private")
    lab.labrec("verify")
    assert "Give --yes" in lab.labrec("discard", "wrong", code=2).err
    assert len(lab.runs()) == 2
    done = lab.labrec("discard", "wrong", "--yes", "--reason", "private")
    assert "git gc --prune=now" in done.err
    (row,) = lab.runs()
    assert row["name"] == "keep"
    assert "discarded" in lab.labrec("verify").out
    lab.labrec("verify", "--history")
    lab.labrec("get", row["run_id"], "@manifest.json", "-o", "-")
    lab.labrec("land")
    refused = lab.labrec("discard", "keep", "--yes", "--json", code=2)
    failure = json.loads(refused.err)
    assert "stays" in failure["message"]
    assert failure["hint"]
    assert [row["name"] for row in lab.runs()] == ["keep"]


def test_discarding_asks_at_a_terminal(lab):
    lab.labrec("run", "--name", "wrong", "--", "true")
    for answer, left in (("n", 1), ("y", 0)):
        controller, terminal = os.openpty()
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("labrec")), "discard", "wrong"],
            cwd=lab.folder,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
        )
        os.close(terminal)
        os.write(controller, f"{answer}\n".encode())
        assert process.wait(timeout=60) == (2 if left else 0)
        os.close(controller)
        assert len(lab.runs()) == left


def test_a_live_run_is_not_discarded_or_recovered(lab):
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("labrec")), "run", "--name", "l", "--", "cat"],
        cwd=lab.folder,
        stdin=subprocess.PIPE,
    )
    try:
        deadline = time.monotonic() + 20
        while not lab.spools and time.monotonic() < deadline:
            time.sleep(0.02)
        (spool,) = lab.spools
        lab.labrec("discard", spool.name, code=11)
        lab.labrec("recover", spool.name, code=11)
        assert lab.labrec("log").err == "labrec: no run is recorded yet\n"
    finally:
        process.communicate()
    assert process.returncode == 0
    assert [row["name"] for row in lab.runs()] == ["l"]


def test_tampering_is_found(lab):
    """I6: verification re-hashes; a commit that looks like any other does not fool it."""
    lab.labrec("run", "--name", "a", "--", "true")
    lab.labrec("land")
    (row,) = lab.runs()
    path = lab.folder / row["path"]
    path.write_bytes(path.read_bytes().replace(b'"complete"', b'"failed"'))
    lab.git("commit", "-qam", "improve the results")
    done = lab.labrec("verify", "--json", code=14)
    report = json.loads(done.out)
    assert row["path"] in {finding["path"] for finding in report["findings"]}
    assert report["ok"] is False


def test_a_removed_record_is_found_by_history(lab):
    lab.labrec("run", "--name", "a", "--", "true")
    lab.labrec("land")
    lab.labrec("verify")
    (row,) = lab.runs()
    ref = lab.git("for-each-ref", "--format=%(refname)", "refs/labrec/").out.split()[0]
    lab.git("update-ref", "-d", ref)
    lab.git("rm", "-q", row["path"])
    lab.git("commit", "-qm", "tidy up")
    assert "left" in lab.labrec("verify", code=16).out


@pytest.mark.parametrize("argv", [("log",), ("run", "--", "true"), ("verify",), ("recover",)])
def test_without_a_lab_commands_say_what_to_do(shell, argv):
    code = 125 if argv[0] == "run" else 10
    assert "labrec init" in shell.labrec(*argv, code=code).err


def test_a_program_that_cannot_start_leaves_nothing(lab):
    lab.labrec("run", "--", "no-such-program", code=127)
    (lab.folder / "text").write_text("not a program")
    lab.labrec("run", "--", "./text", code=126)
    assert lab.spools == []
    assert lab.runs() == []


def test_missing_metrics_and_artifacts_warn_and_change_nothing(lab):
    (lab.folder / "old.json").write_text('{"loss": 1}')
    done = lab.labrec(
        "run", "--metrics", "old.json", "--artifact", "nothing/*.bin", "--", "sh", "-c", "exit 4",
        code=4,
    )  # fmt: skip
    assert "old.json was not written by this run" in done.err
    assert "nothing/*.bin" in done.err
    record = lab.last()
    assert record["metrics"]["values"] == {}
    whats = {event["what"] for event in record["capture"]["events"]}
    assert {"metrics file old.json", "artifact nothing/*.bin"} <= whats


def test_a_read_only_lab_is_read_and_its_runs_are_kept_elsewhere(lab, home, require_root):
    lab.labrec("run", "--name", "a", "--", "true")
    mount = lab.folder.parent / "ro"
    mount.mkdir()
    script = (
        f"mount --bind {lab.folder} {mount} && mount -o remount,ro,bind {mount} && cd {mount} && "
        f"{Path(sys.executable).with_name('labrec')} "
    )
    unshare = ["unshare", "--mount", "sh", "-c"]
    assert '"a"' in lab(*unshare, script + "log --json").out
    lab(*unshare, script + "verify")
    done = lab(*unshare, script + "run --name b -- true")
    assert "run was not recorded" in re.sub(r"run \S+ was", "run was", done.err)
    assert "kept" in done.err
    (kept,) = (home / ".local/state/labrec/spool").glob("*/[0-9a-f]*")
    assert "1 run waits" in lab.labrec("log").err
    assert "1 wait" in lab.labrec("doctor").out
    # The same lab, writable again: the run that waited is recorded.
    lab.labrec("run", "--name", "c", "--", "true")
    assert not kept.exists()
    assert sorted(row["name"] for row in lab.runs()) == ["a", "b", "c"]


@pytest.mark.parametrize("size", [200, 600, 1200, 2600])
def test_a_full_disk_never_reaches_the_program(shell, size, require_root):
    """Whatever room is left, the program ends as it would and the lab stays whole."""
    shell.labrec("init", "lab")
    small = shell.folder / "small"
    small.mkdir()
    labrec = Path(sys.executable).with_name("labrec")
    script = f"""
mount -t tmpfs -o size=8M none small && cp -a lab small/ && cd small/lab
{labrec} run --name before -- true || exit 90
room=$(df -k --output=avail . | tail -1)
dd if=/dev/zero of=../filler bs=1k count=$((room - {size})) status=none
{labrec} run --name full --artifact big -- sh -c 'head -c 2000000 /dev/zero > big; exit 7'
code=$?
case $code in 7|125) ;; *) exit 91 ;; esac
rm ../filler
{labrec} recover --json || exit 92
{labrec} run --name after -- true || exit 93
{labrec} verify || exit 94
{labrec} log --json > {shell.folder}/log.json
exit $code
"""
    done = shell("unshare", "--mount", "sh", "-c", script, code=None)
    assert done.code in {7, 125}, done
    rows = json.loads((shell.folder / "log.json").read_text())
    names = [row["name"] for row in rows]
    assert {"before", "after"} <= set(names)
    if done.code == 7:
        assert "full" in names  # what was watched is never lost


@pytest.mark.parametrize("delay_ms", [0, 40, 80, 120, 160, 200, 250, 300, 400])
def test_a_recorder_killed_at_any_moment_blocks_nobody(lab, delay_ms):
    labrec = str(Path(sys.executable).with_name("labrec"))
    process = subprocess.Popen(
        [labrec, "run", "--name", "victim", "--log", "none", "--", "true"],
        cwd=lab.folder,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(delay_ms / 1000)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    lab.labrec("recover")
    lab.labrec("run", "--name", "after", "--", "true")
    names = [row["name"] for row in lab.runs()]
    assert names.count("after") == 1
    assert names.count("victim") <= 1
    assert lab.spools == []
    lab.labrec("verify")


def test_recording_reaches_no_network(lab, require_tool):
    """I10: no command of everyday opens a socket to anywhere."""
    trace = lab.folder.parent / "trace"
    labrec = str(Path(sys.executable).with_name("labrec"))
    for argv in (("run", "--name", "a", "--", "true"), ("verify",), ("log",), ("land",)):
        lab(
            require_tool("strace"),
            "-f",
            "-e",
            "trace=socket,connect",
            "-o",
            str(trace),
            labrec,
            *argv,
        )
        assert "+++ exited with 0 +++" in trace.read_text()
        assert not re.search(r"AF_INET|PF_INET", trace.read_text()), argv


def test_a_separate_lab_records_the_code_of_another_repository(shell):
    shell.labrec("init", "lab")
    code = shell.folder / "code"
    code.mkdir()
    shell.git("init", "-q", ".", cwd=code)
    (code / "labrec.toml").write_text('lab = "../lab"\n')
    (code / "main.py").write_text("print(1)\n")
    shell.git("add", ".", cwd=code)
    shell.git("commit", "-qm", "code", cwd=code)
    head = shell.git("rev-parse", "HEAD", cwd=code).out.strip()
    shell.labrec("run", "--", sys.executable, "main.py", cwd=code)
    before = shell.git("for-each-ref", cwd=code).out
    (row,) = json.loads(shell.labrec("log", "--json", cwd=code).out)
    assert (row["project"], row["name"]) == ("code", "main")
    (same,) = json.loads(shell.labrec("log", "--json", cwd=shell.folder / "lab").out)
    assert same == row
    record = json.loads(shell.labrec("show", row["run_id"], "--json", cwd=code).out)["record"]
    assert record["code"]["commit"] == head
    assert record["command"]["entry"] == "main.py"
    assert shell.git("for-each-ref", cwd=code).out == before
    shutil.rmtree(code)
    shell.labrec("verify", cwd=shell.folder / "lab")
    other = shell.folder / "other"
    other.mkdir()
    shell.labrec("run", "--", "true", cwd=other, LABREC_LAB=str(shell.folder / "lab"))


@pytest.mark.parametrize("argv", [(), ("--nonsense", "--", "true"), ("--level", "x", "--", "true")])
def test_a_wrong_call_of_run_ends_as_that_of_env(lab, argv):
    failure = json.loads(lab.labrec("run", "--json", *argv, code=125).err)
    assert (failure["code"], failure["name"]) == (125, "usage")
    assert lab.labrec("run", "--", "sh", "-c", "exit 2", code=2).err == ""


def test_a_folder_that_is_gone_is_said(lab):
    labrec = str(Path(sys.executable).with_name("labrec"))
    lab("sh", "-c", f"mkdir gone && cd gone && rmdir ../gone && {labrec} run -- true", code=125)
