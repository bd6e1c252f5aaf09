"""Commands on a lab: options, refusals, JSON shapes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import labrec
from labrec.record import schema


@pytest.fixture
def recorded(lab_dir):
    """A lab with one run that is hostile in every text it may choose."""
    (lab_dir / "x").write_text("data")
    with labrec.run(
        project="p",
        name="1 [bold]<b>\u202eevil",
        features={"\x1b[31m": "\x07", "lr": 0.1},
        tags=["\u202e"],
        intent="\x1b[2J gone",
    ) as run:
        run.log_metric("loss", 0.25, 1)
        run.log_metric("loss", 0.125, 2)
        run.log_artifact("x", "deep/er/x")
        run.log_text("-rf", "odd")
        run.log_text("../../escape", "no")
    assert run.recorded is not None
    return run


def test_no_text_of_a_record_reaches_the_terminal_as_it_is(recorded, call):
    """I5: nothing in a record steers a terminal."""
    for argv in (("log",), ("show", recorded.run_id), ("diff", recorded.run_id, recorded.run_id),
                 ("get", recorded.run_id), ("verify",), ("show", recorded.run_id, "--json")):  # fmt: skip
        answer = call(*argv)
        assert answer.code == 0
        assert not set(answer.out + answer.err) & set("\x1b\x07\u202e"), argv
    assert "\\u202e" in call("log").out


def test_show_raw_prints_the_stored_bytes(recorded, lab_dir):
    argv = [sys.executable, "-m", "labrec", "show", recorded.run_id, "--raw"]
    out = subprocess.run(argv, cwd=lab_dir, capture_output=True, check=True).stdout
    with labrec.open() as lab:
        assert out == lab.run(recorded.run_id).data


def test_get_writes_what_was_recorded_and_overwrites_nothing(recorded, call, lab_dir):
    (lab_dir / "sub").mkdir()
    files = {row["name"]: row for row in call("get", recorded.run_id, "--json").json}
    assert files["deep/er/x"]["size"] == 4
    assert "@series.csv.gz" in files
    assert not any(".." in name for name in files)
    (lab_dir / "x").unlink()
    answer = call("get", recorded.run_id, "deep/er/x", "--json").json
    assert answer["path"] == "x"
    assert (lab_dir / "x").read_text() == "data"
    again = call("get", recorded.run_id, "deep/er/x")
    assert again.code == 2
    assert "there already" in again.err
    (lab_dir / "link").symlink_to("/nowhere/at/all")
    assert call("get", recorded.run_id, "deep/er/x", "-o", "link").code == 2
    assert call("get", recorded.run_id, "deep/er/x", "-o", "sub/y").code == 0
    assert call("get", recorded.run_id, "deep/er/x", "-o", "no/such/y").code == 13
    assert call("get", recorded.run_id, "-rf", "-o", "ok").code == 2  # looks like an option
    assert call("get", recorded.run_id, "--", "-rf").code == 17
    assert call("get", recorded.run_id, "nothing").code == 10
    assert not list(lab_dir.rglob("*.part"))


def test_series_and_metric_columns(recorded, call):
    with labrec.open() as lab:
        points = lab.series(recorded.run_id, "loss")
        assert [(p.step, p.value) for p in points] == [(1, 0.25), (2, 0.125)]
        with pytest.raises(labrec.errors.NotFoundError, match="nothing"):
            lab.series(recorded.run_id, "nothing")
    assert call("log", "--where", "metrics.loss<0.2", "--json").json[0]["run_id"] == recorded.run_id
    assert call("log", "--where", "metrics.loss.max<0.2", "--json").json == []
    assert "0.125" in call("log", "--metric", "loss").out


def test_damaged_bytes_are_refused(recorded, call, lab_dir):
    (pack, *_) = sorted((lab_dir / ".git/objects/pack").glob("*.pack"))
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(data)
    assert call("verify").code == 14


def test_schema(call, lab_dir):
    names = call("schema", "--json").json
    assert names == sorted(schema.schemas())
    assert json.loads(call("schema", "note_v1").out)["$schema"]
    assert call("schema", "nothing").code == 2
    assert call("schema", "--check").code == 12
    assert call("schema", "--write", "--json").json["written"]
    assert call("schema", "--check").code == 0
    (lab_dir / "schemas/note_v1.json").write_text("{}")
    answer = call("schema", "--check")
    assert answer.code == 12
    assert "note_v1.json" in answer.err


def test_doctor(call, lab_dir, tmp_path, monkeypatch):
    diagnosis = call("doctor", "--json").json
    checks = {check["name"]: check for check in diagnosis["checks"]}
    assert diagnosis["ok"] is True
    assert checks["live runs"]["state"] == "ok"
    assert checks["git"]["state"] == "ok"
    assert checks["probe cpu"]["state"] == "ok"
    assert {"flock", "reflink", "file system", "probe nvidia", "probe amdgpu"} <= set(checks)
    for check in diagnosis["checks"]:
        assert check["state"] == "ok" or check["means"] or check["state"] == "note", check
    assert call("-C", str(tmp_path), "doctor").code == 0
    monkeypatch.setenv("PATH", "/nowhere")
    without = {check["name"]: check for check in call("doctor", "--json").json["checks"]}
    assert without["git"]["state"] == "missing"


def test_doctor_says_when_nothing_can_be_recorded(call, lab_dir, monkeypatch):
    from labrec.sdk import doctor

    def refuse(descriptor):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(doctor, "_lock", refuse)
    answer = call("doctor")
    assert answer.code == 13
    assert "No run can be recorded" in answer.out


def test_init_twice_changes_nothing(call, lab_dir):
    first = call("init", "--json").json
    assert first["existed"] is True
    assert first["created"] == []
    assert call("init").out.startswith(str(lab_dir))


def test_land_says_what_happened(recorded, call):
    assert call("land", "--json").json["landed"] > 1
    assert "already" in call("land").out


def test_recover_wants_a_name_for_foreign_runs(call, lab_dir):
    assert call("recover", "--foreign").code == 2
    assert call("recover", "abc").code == 10


@pytest.fixture
def nobody(monkeypatch):
    """A user who has no home: in no list of users, and the environment names none."""
    import pwd

    def refuse(uid):
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", refuse)
    for name in ("HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name)


def test_a_user_without_a_home_records_and_reads(call, lab_dir, nobody):
    done = call("run", "-v", "--name", "a", "--", "true")
    assert (done.code, done.err.split()[1]) == (0, "recorded"), done.err
    assert [row["name"] for row in call("log", "--json").json] == ["a"]
    assert call("recover").out == "No run waits.\n"
    assert call("doctor").code == 0


def test_a_bug_is_told_also_to_a_user_without_a_home(call, lab_dir, nobody, monkeypatch):
    from labrec.store import lab

    monkeypatch.setattr(lab.Lab, "view", lambda *_: 1 / 0)
    done = call("log")
    assert done.code == 1
    assert "no report could be written" in done.err


@pytest.mark.parametrize("argv", [("log",), ("init",), ("run", "--", "true"), ("verify",)])
def test_a_current_folder_that_was_removed_is_told(call, lab_dir, argv, monkeypatch, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    with monkeypatch.context() as patch:
        patch.chdir(gone)
        gone.rmdir()
        done = subprocess.run(
            [sys.executable, "-m", "labrec", *argv], check=False, capture_output=True, text=True
        )
    assert done.returncode == (125 if argv[0] == "run" else 10)
    assert "the current folder is not there any more" in done.stderr


def test_a_lab_of_a_user_that_there_is_not_is_not_found(call, lab_dir, monkeypatch):
    monkeypatch.setenv("LABREC_LAB", "~no-such-user/lab")
    assert call("log").code == 10


def test_doctor_names_the_folder_that_keeps_records_out(call, lab_dir, monkeypatch):
    from labrec.store import lab

    monkeypatch.setattr(lab, "is_writable", lambda folder: folder.name != "objects")
    done = call("doctor")
    assert done.code == 13
    assert "objects of user " in done.out
