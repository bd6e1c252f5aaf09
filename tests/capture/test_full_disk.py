"""A full or failing disk never reaches the observed program, and its end says what was lost (I4)."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil

import pytest

from labrec.capture.assembly.assemble import assemble
from labrec.capture.plan import Ending
from labrec.capture.session import Session
from labrec.capture.spool import journal as journals
from labrec.capture.spool.reader import SpoolReader
from labrec.capture.spool.writer import Spool
from labrec.errors import StorageError

from .conftest import make_plan

# Fills the disk below a spool, logs on, frees the disk or not, ends. A SIGBUS would end it.
_FILLER = """
import os, sys
from pathlib import Path
from labrec.capture.plan import Ending, RunPlan
from labrec.capture.session import Session
from labrec.errors import StorageError
disk, points, free = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "free"
run = Session.start(disk / "spool", RunPlan("run", "p", "n"))
for step in range(100):
    run.log_metric("loss", step, step)
fill = os.open(disk / "fill", os.O_WRONLY | os.O_CREAT)
try:
    while True:
        os.write(fill, bytes(4096))
except OSError:
    pass
for step in range(100, points):
    run.log_metric("loss", step, step)
run.log_artifact(bytes(300_000), "big.bin")
run.remark("skipped", "a thing", "a reason")
if free:
    os.unlink(disk / "fill"); os.close(fill)
try:
    run.finish(Ending("complete"))
except StorageError as error:
    print("storage", flush=True)
run.close()
print("ended", flush=True)
"""


def record_of(path):
    with SpoolReader(path) as reader:
        return assemble(reader).record


def lost(record):
    return {
        line["what"]: line["count"]
        for line in record["capture"]["events"]
        if line["kind"] == "lost"
    }


def test_what_waits_in_memory_is_written_when_there_is_room_again(program, small_disk):
    import subprocess

    disk = small_disk("2m")
    process = program(_FILLER, disk, 150_000, "free", stdout=subprocess.PIPE, text=True)
    assert process.communicate()[0] == "storage\nended\n" or process.returncode == 0
    assert process.returncode == 0
    # 150,000 points are 4.8 MB: they do not fit into this disk even when it is free.
    shutil.rmtree(disk / "spool" / "run", ignore_errors=True)
    disk = small_disk("32m")
    process = program(_FILLER, disk, 150_000, "free", stdout=subprocess.PIPE, text=True)
    assert process.communicate()[0] == "ended\n"
    assert process.returncode == 0
    record = record_of(disk / "spool" / "run")
    assert record["identity"]["status"] == "complete"
    assert record["metrics"]["values"]["loss"]["count"] == 150_000
    assert lost(record) == {}


def test_beyond_the_memory_points_are_counted_as_lost(program, small_disk):
    import subprocess

    disk = small_disk("16m")
    process = program(_FILLER, disk, 700_000, "free", stdout=subprocess.PIPE, text=True)
    assert process.communicate()[0] == "ended\n"
    assert process.returncode == 0
    record = record_of(disk / "spool" / "run")
    kept = record["metrics"]["values"]["loss"]["count"]
    assert kept < 700_000
    assert lost(record)["metric points"] == 700_000 - kept


def test_a_disk_that_stays_full_ends_the_run_with_what_was_there(program, small_disk):
    import subprocess

    disk = small_disk("4m")
    process = program(_FILLER, disk, 50_000, "stay", stdout=subprocess.PIPE, text=True)
    assert process.communicate()[0].endswith("ended\n")
    assert process.returncode == 0
    record = record_of(disk / "spool" / "run")
    assert record["metrics"]["values"]["loss"]["count"] >= 100
    assert record["identity"]["status"] in {"complete", "interrupted"}


def test_no_room_at_all_is_said_before_the_run_starts(small_disk, plan):
    disk = small_disk("32k")
    with pytest.raises(StorageError) as caught:
        Session.start(disk / "spool", plan)
    assert caught.value.hint
    assert list((disk / "spool").iterdir()) == []


def failing(number, after=0):
    calls = []

    def fail(*arguments, **_):
        calls.append(arguments)
        if len(calls) > after:
            raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("call", ["mkdir", "fsync", "fdatasync", "pwrite", "posix_fallocate"])
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EROFS])
def test_a_start_that_cannot_be_durable_fails_and_leaves_nothing(root, monkeypatch, call, number):
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(number))
        with pytest.raises(StorageError) as caught:
            Spool.create(root, "run", {})
    assert caught.value.exit_code == 13
    assert caught.value.paths
    assert not root.exists() or list(root.iterdir()) == []


@pytest.mark.parametrize("call", ["pwrite", "posix_fallocate", "open", "mkdir", "fdatasync"])
def test_a_fault_while_running_never_reaches_the_program(live_run, monkeypatch, call):
    live_run.log_metric("m", 1.0, 0)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(errno.EIO))
        for step in range(1, 10_000):
            live_run.log_metric("m", 1.0, step)
        live_run.log_metric("other", 1.0, 0)
        live_run.log_artifact(bytes(300_000), "x.bin")
        live_run.log_artifact(__file__, "y.py")
        live_run.remark("skipped", "a", "b")
        live_run.log_dataset("d")
    live_run.finish(Ending("complete"))
    live_run.close()
    record = record_of(live_run.path)
    assert record["metrics"]["values"]["m"]["count"] == 10_000
    assert record["metrics"]["values"]["other"]["count"] == 1
    assert record["datasets"]["items"][0]["name"] == "d"


def test_a_kernel_that_cannot_populate_says_so_without_sigbus(live_run, monkeypatch):
    class Refusing(journals.mmap.mmap):
        def madvise(self, *_):
            raise OSError(errno.EFAULT, "no room")

    monkeypatch.setattr(journals.mmap, "mmap", Refusing)
    for step in range(5000):
        live_run.log_metric("m", 1.0, step)
    monkeypatch.undo()
    live_run.finish(Ending("complete"))
    assert record_of(live_run.path)["metrics"]["values"]["m"]["count"] == 5000


def test_a_file_size_limit_is_a_full_disk_and_no_signal(program, root):
    import subprocess

    source = _FILLER.replace(
        'fill = os.open(disk / "fill"',
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        'fill = os.open(disk / "fill"',
    ).replace("while True", "while False")
    root.mkdir()
    process = program(source, root, 20_000, "stay", stdout=subprocess.PIPE, text=True)
    assert process.communicate()[0].endswith("ended\n")
    assert process.returncode == 0
    assert record_of(root / "spool" / "run")["metrics"]["values"]["loss"]["count"] >= 100


def test_every_failing_call_of_a_run_is_a_storage_error_or_a_whole_run(root, monkeypatch):
    """Fail the n-th mutating call, for every n: the spool is recoverable or was never there."""
    number = 0
    while True:
        number += 1
        counted = [0]
        with monkeypatch.context() as patch:
            for call in ("pwrite", "posix_fallocate", "fsync", "fdatasync", "mkdir", "rename"):
                patch.setattr(os, call, _nth(getattr(os, call), counted, number))
            plan = make_plan()
            try:
                run = Session.start(root, plan)
            except StorageError:
                run = None
            if run is not None:
                run.log_metric("m", 1.0, 0)
                run.log_artifact(bytes(100_000), "a.bin")
                with contextlib.suppress(StorageError):
                    run.finish(Ending("complete"))
                run.close()
        if run is not None:
            assert record_of(root / plan.run_id)["metrics"]["values"]["m"]["count"] == 1
        else:
            assert not (root / plan.run_id).exists()
        if counted[0] < number:
            assert number > 10
            return


def _nth(real, counted, number):
    def call(*arguments, **options):
        counted[0] += 1
        if counted[0] == number:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments, **options)

    return call


def test_the_closing_frame_has_room_when_nothing_else_has(tmp_path, monkeypatch):
    from labrec.capture.spool.frames import Frame, Kind, scan

    journal = journals.Journal(tmp_path / "owner.frames")
    journal.append(Kind.START, b"{}")
    monkeypatch.setattr(os, "posix_fallocate", failing(errno.ENOSPC))
    for _ in range(3000):
        journal.append(Kind.REMARK, bytes(100))
    with pytest.raises(OSError, match="space"):
        journal.flush()
    journal.give_up()
    assert journal.dropped > 0
    journal.append(Kind.REMARK, b"{}", last=True)
    journal.append(Kind.END, b"{}" * 2000, last=True)
    journal.close()
    data = (tmp_path / "owner.frames").read_bytes()
    assert [frame.kind for frame in scan(data) if isinstance(frame, Frame)][-2:] == [
        Kind.REMARK,
        Kind.END,
    ]
