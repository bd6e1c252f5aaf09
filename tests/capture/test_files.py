"""Artifacts: what was there at the call is kept, odd files are refused with a reason."""

from __future__ import annotations

import hashlib
import os
import resource
import socket
import threading

import pytest

from labrec.capture.assembly.assemble import assemble
from labrec.capture.plan import Ending
from labrec.capture.session import Session
from labrec.capture.spool import files
from labrec.capture.spool.reader import SpoolReader

from .conftest import make_plan


def finished(run):
    run.finish(Ending("complete"))
    run.close()
    with SpoolReader(run.path) as reader:
        return assemble(reader)


def items(got):
    return {item["name"]: item for item in got.record["artifacts"]["items"]}


def reasons(got):
    return {line["what"]: line["why"] for line in got.record["capture"]["events"]}


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 3_000_001])
def test_a_file_is_kept_as_it_was_at_the_call(live_run, tmp_path, size):
    content = os.urandom(size)
    path = tmp_path / "data.bin"
    path.write_bytes(content)
    sha256 = live_run.log_artifact(path, role="input", media_type="application/x-data")
    path.write_bytes(b"changed afterwards")
    got = finished(live_run)
    assert sha256 == hashlib.sha256(content).hexdigest()
    assert items(got)["data.bin"] == {
        "name": "data.bin", "role": "input", "sha256": sha256, "size": size,
        "media_type": "application/x-data", "where": "git",
    }  # fmt: skip
    (held,) = [new for new in got.objects if new.sha256 == sha256]
    assert (held.source if isinstance(held.source, bytes) else held.source.read_bytes()) == content


def test_bytes_are_content_and_text_is_a_path(live_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.txt").write_text("text")
    live_run.log_artifact(b"content", "a.bin")
    live_run.log_artifact("here.txt")
    live_run.log_artifact(bytearray(b"x" * 100_000), "b.bin")
    assert {name: item["size"] for name, item in items(finished(live_run)).items()} == {
        "a.bin": 7, "here.txt": 4, "b.bin": 100_000,
    }  # fmt: skip


def test_a_large_file_keeps_its_digest_only(root, tmp_path):
    run = Session.start(root, make_plan(), max_artifact=1000)
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(1001))
    sha256 = run.log_artifact(path)
    run.log_artifact(bytes(1001), "bytes.bin")
    run.log_artifact(bytes(1000), "fits.bin")
    got = finished(run)
    assert sha256 == hashlib.sha256(bytes(1001)).hexdigest()
    assert [items(got)[n]["where"] for n in ("large.bin", "bytes.bin", "fits.bin")] == [
        "digest-only", "digest-only", "git",
    ]  # fmt: skip
    assert "1000 bytes" in reasons(got)["content of artifact large.bin"]
    assert not list((run.path / "files").iterdir())


def test_copying_needs_little_memory(live_run, tmp_path):
    path = tmp_path / "sparse.bin"
    with path.open("wb") as file:
        file.truncate(300 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    live_run.log_artifact(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB


def test_a_folder_is_its_regular_files(live_run, tmp_path):
    top = tmp_path / "out"
    (top / "deep").mkdir(parents=True)
    (top / "a.txt").write_text("a")
    (top / "deep" / "b.txt").write_text("b")
    (top / "link.txt").symlink_to("/etc/passwd")
    (top / "linked").symlink_to("/etc")
    os.mkfifo(top / "pipe")
    live_run.log_artifact(top, "results")
    got = finished(live_run)
    assert sorted(items(got)) == ["results/a.txt", "results/deep/b.txt"]
    why = reasons(got)
    assert why["artifact results/link.txt"] == "a symbolic link inside a folder"
    assert why["artifact results/linked"] == "a symbolic link inside a folder"
    assert why["artifact results/pipe"] == "not a regular file"


def test_a_folder_of_too_many_files_is_bounded(live_run, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_FOLDER_FILES", 3)
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text(str(number))
    live_run.log_artifact(tmp_path, "many")
    got = finished(live_run)
    assert len(items(got)) == 3
    assert "rest of artifact many" in reasons(got)


def test_what_is_no_file_is_refused_without_waiting(live_run, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "sock"))
        done = threading.Thread(
            target=lambda: [
                live_run.log_artifact(tmp_path / "pipe"),
                live_run.log_artifact(tmp_path / "sock"),
                live_run.log_artifact("/dev/zero"),
                live_run.log_artifact(tmp_path / "absent"),
                live_run.log_artifact(12),
            ],
            daemon=True,
        )
        done.start()
        done.join(10)
        assert not done.is_alive()
    got = finished(live_run)
    assert items(got) == {}
    assert reasons(got)["artifact pipe"] == "not a regular file"
    assert reasons(got)["artifact zero"] == "not a regular file"
    assert reasons(got)["artifact absent"] == "No such file or directory"


def test_a_named_link_is_followed(live_run, tmp_path):
    (tmp_path / "real.txt").write_text("real")
    (tmp_path / "link.txt").symlink_to("real.txt")
    live_run.log_artifact(tmp_path / "link.txt")
    assert items(finished(live_run))["link.txt"]["size"] == 4


def test_a_growing_file_ends_where_it_ended_at_the_call(live_run, tmp_path, monkeypatch):
    path = tmp_path / "log.txt"
    path.write_bytes(b"x" * 200_000)
    real = os.readv

    def growing(fd, buffers):
        with path.open("ab") as file:
            file.write(b"y" * 100_000)
        return real(fd, buffers)

    monkeypatch.setattr(os, "readv", growing)
    monkeypatch.setattr(files, "_reflink", lambda *_: False)
    sha256 = live_run.log_artifact(path)
    monkeypatch.undo()
    assert sha256 == hashlib.sha256(b"x" * 200_000).hexdigest()


@pytest.mark.parametrize("name", ["../up", "/absolute", "", "a/../b", "x" * 5000, "nul\0"])
def test_names_that_lead_elsewhere_are_refused(live_run, name):
    live_run.log_artifact(b"x", name)
    got = finished(live_run)
    assert items(got) == {}
    assert [line["kind"] for line in got.record["capture"]["events"]] == ["skipped"]


def test_the_later_of_one_name_wins_and_it_is_told(live_run):
    live_run.log_artifact(b"one", "model.bin")
    live_run.log_artifact(b"two", "model.bin")
    live_run.log_artifact(b"two", "model.bin")
    got = finished(live_run)
    assert items(got)["model.bin"]["sha256"] == hashlib.sha256(b"two").hexdigest()
    assert reasons(got)["artifact model.bin"] == "a later artifact has the same name"
    assert hashlib.sha256(b"one").hexdigest() not in {new.sha256 for new in got.objects}


def test_a_full_disk_leaves_no_half_copy(live_run, tmp_path, monkeypatch):
    path = tmp_path / "data.bin"
    path.write_bytes(bytes(100_000))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "_reflink", lambda *_: False)
    monkeypatch.setattr(os, "write", full)
    assert live_run.log_artifact(path) is None
    monkeypatch.undo()
    assert list((live_run.path / "files").iterdir()) == []
    assert reasons(finished(live_run))["artifact data.bin"] == "No space left on device"


def test_an_unknown_role_is_other(live_run):
    live_run.log_artifact(b"x", "x.bin", role="weights")
    assert items(finished(live_run))["x.bin"]["role"] == "other"
