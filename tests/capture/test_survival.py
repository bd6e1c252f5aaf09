"""I4 and the spool's promise: a point whose call returned survives, whoever logged it."""

from __future__ import annotations

import mmap
import os
import random
import signal
import struct
import subprocess
import threading
import time

import pytest

from labrec.capture.assembly.assemble import assemble
from labrec.capture.plan import Ending
from labrec.capture.session import Session
from labrec.capture.spool.reader import SpoolReader, SpoolState, describe
from labrec.capture.spool.writer import Spool
from labrec.errors import NotFoundError

# Logs numbered points and says after each call, in shared memory, how far it got.
_LOGGER = """
import mmap, os, sys
from pathlib import Path
from labrec.capture.spool.writer import Spool
root, told, start = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
board = mmap.mmap(os.open(told, os.O_RDWR), 4096)
spool = Spool.create(root, "run", {"plan": {"project": "p", "name": "n"}})
log = spool.metrics.log
number = 0
while True:
    log("loss", number * 0.5, number)
    number += 1
    board[0:8] = number.to_bytes(8, "little")
"""


def points_of(path, torn=0):
    """Return (name, step) -> values as a reader sees them; a kill may tear the one under way."""
    from labrec.capture.spool.frames import REGION, Frame, Kind

    found = {}
    with SpoolReader(path) as reader:
        for journal in reader.journals:
            names = {told["number"]: told["name"] for told in journal.documents(Kind.METRIC)}
            for frame in journal.frames():
                if isinstance(frame, Frame) and frame.flags & REGION:
                    points = list(journal.points(frame))
                    for step, _, value, number in points:
                        found.setdefault((names[number], step), []).append(value)
                    torn -= journal.spoiled(frame, len(points))
    assert torn >= 0
    return found


@pytest.mark.parametrize("seed", range(6))
def test_every_acknowledged_point_survives_sigkill(program, root, tmp_path, seed):
    board = tmp_path / "board"
    board.write_bytes(bytes(4096))
    process = program(_LOGGER, root, board, 0)
    deadline = time.monotonic() + 30
    while struct.unpack("<Q", board.read_bytes()[:8])[0] < 1 and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(random.Random(seed).uniform(0.0, 0.4))
    process.send_signal(signal.SIGKILL)
    process.wait()
    with board.open("r+b") as file, mmap.mmap(file.fileno(), 4096) as shared:
        acknowledged = struct.unpack("<Q", shared[:8])[0]
    found = points_of(root / "run", torn=1)
    assert acknowledged > 0
    assert describe(root / "run").state is SpoolState.DEAD
    missing = [n for n in range(acknowledged) if found.get(("loss", n)) != [n * 0.5]]
    assert missing == []
    assert len(found) <= acknowledged + 1


def test_threads_lose_nothing_and_mix_nothing(live_run):
    each, threads = 20_000, 6

    def work(name):
        for step in range(each):
            live_run.log_metric(name, step * 2, step)

    workers = [threading.Thread(target=work, args=(f"m{n}",)) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    found = points_of(live_run.path)
    assert len(found) == each * threads
    assert all(values == [step * 2.0] for (_, step), values in found.items())


def test_automatic_steps_count_without_a_gap(live_run):
    for _ in range(9_000):  # several blocks
        live_run.log_metric("a", 1.0)
        live_run.log_metric("b", 1.0)
    found = points_of(live_run.path)
    assert sorted(step for name, step in found if name == "a") == list(range(9_000))
    assert sorted(step for name, step in found if name == "b") == list(range(9_000))


def test_a_forked_worker_writes_its_own_journal_and_ends_nothing(live_run):
    live_run.log_metric("parent", 1.0, 0)
    pid = os.fork()
    if pid == 0:
        try:
            for step in range(5_000):
                live_run.log_metric("child", step, step)
            live_run.log_metric("parent", 2.0, 1)
            live_run.finish(Ending("failed"))  # what `with run:` does in a child that leaves it
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    live_run.log_metric("parent", 3.0, 2)
    assert describe(live_run.path).state is SpoolState.LIVE
    live_run.finish(Ending("complete"))
    live_run.close()
    found = points_of(live_run.path)
    assert sum(name == "child" for name, _ in found) == 5_000
    assert [found["parent", step] for step in range(3)] == [[1.0], [2.0], [3.0]]
    assert len(list(live_run.path.glob("*.frames"))) == 2
    with SpoolReader(live_run.path) as reader:
        assert assemble(reader).record["identity"]["status"] == "complete"


def test_fork_while_other_threads_log_does_not_deadlock(live_run):
    stop = threading.Event()

    def work():
        step = 0
        while not stop.is_set():
            live_run.log_metric(f"m{step % 50}", step, step)
            live_run.remark("skipped", f"thing {step % 40}", "why")
            step += 1

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    try:
        for _ in range(20):
            pid = os.fork()
            if pid == 0:
                signal.alarm(10)
                live_run.log_metric("child", 1.0)
                os._exit(0)
            assert os.waitpid(pid, 0)[1] == 0
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    with SpoolReader(live_run.path) as reader:
        values = assemble(reader).record["metrics"]["values"]
    assert values["child"]["count"] == 20


_JOINER = """
import sys
from pathlib import Path
from labrec.capture.session import Session
session = Session.join(Path(sys.argv[1]))
for step in range(3000):
    session.log_metric("joined", step, step)
session.log_artifact(b"from the child", "child.txt")
session.log_series("shifted", [1.0, 2.0], times=[0.25, 0.5])
assert session.finish(None) is None
"""


def test_a_spawned_process_joins_by_the_path(live_run, program):
    assert program(_JOINER, live_run.path).wait() == 0
    live_run.finish(Ending("complete"))
    live_run.close()
    with SpoolReader(live_run.path) as reader:
        got = assemble(reader)
    assert got.record["metrics"]["values"]["joined"]["count"] == 3000
    assert [item["name"] for item in got.record["artifacts"]["items"]] == ["child.txt"]
    series = next(n for n in got.objects if n.sha256 == got.record["metrics"]["series"]["sha256"])
    import gzip

    rows = gzip.decompress(series.source).decode()
    assert "shifted,0,0.250000,1.0\nshifted,1,0.500000,2.0\n" in rows


def test_a_run_that_ended_cannot_be_joined(sealed_run):
    with pytest.raises(NotFoundError):
        Spool.join(sealed_run)


def test_what_others_write_after_the_end_is_outside_the_run(live_run):
    other = Session.join(live_run.path)
    other.log_metric("m", 1.0, 1)
    live_run.finish(Ending("complete"))
    with SpoolReader(live_run.path) as reader:
        before = assemble(reader)
    other.log_metric("m", 2.0, 2)
    other.log_artifact(b"late", "late.txt")
    other.remark("skipped", "late", "late")
    with SpoolReader(live_run.path) as reader:
        after = assemble(reader)
    other.close()
    assert after.record == before.record
    assert after.record["metrics"]["values"]["m"]["count"] == 1


def test_a_program_that_closes_every_descriptor_goes_on_and_keeps_its_own_files(live_run, tmp_path):
    live_run.log_metric("m", 1.0, 0)
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    journal = live_run.spool._journal
    number = journal._fd
    os.close(number)
    mine = os.open(tmp_path / "mine", os.O_RDWR | os.O_CREAT)
    if mine != number:
        os.dup2(mine, number)
        os.close(mine)
    live_run.remark("skipped", "x", "y")
    for step in range(5000):
        live_run.log_metric("m", 1.0, step + 1)
    assert (tmp_path / "mine").read_bytes() == b""
    assert len(points_of(live_run.path)) == 5001
    live_run.close()
    os.fstat(number)  # still the program's
    os.close(number)


def test_values_of_every_kind(live_run):
    from decimal import Decimal
    from fractions import Fraction

    class Tensor:
        def __float__(self):
            return 2.5

    class Broken:
        def __float__(self):
            raise RuntimeError("on the wrong device")

    good = [1, True, 2.5, Decimal("0.5"), Fraction(1, 4), Tensor(), float("nan"), float("inf"), "7"]
    for step, value in enumerate(good):
        live_run.log_metric("good", value, step)
    for value in ("abc", None, 1j, [1], Broken(), 10**400):
        live_run.log_metric("bad", value, 1)
    live_run.log_metric("step", 1.0, 2.0)
    live_run.log_metric("step", 1.0, "x")
    live_run.log_metric("step", 1.0, 2**70)
    live_run.log_metric(["unhashable"], 1.0)
    live_run.log_metric("", 1.0)
    found = points_of(live_run.path)
    assert [found["good", n] for n in (0, 1, 2, 3, 4, 5, 7, 8)] == [
        [1.0], [1.0], [2.5], [0.5], [0.25], [2.5], [float("inf")], [7.0],
    ]  # fmt: skip
    assert not [key for key in found if key[0] == "bad"]
    assert sorted(step for name, step in found if name == "step") == [0, 1, 2]
    with SpoolReader(live_run.path) as reader:
        events = assemble(reader).record["capture"]["events"]
    assert sum(line["count"] for line in events if line["what"] == "metric bad") == 6


_ORPHAN = """
import os, sys, time
from pathlib import Path
from labrec.capture.spool.writer import Spool
spool = Spool.create(Path(sys.argv[1]), "run", {"plan": {}})
spool.metrics.log("m", 1.0)
child = os.fork()
if child == 0:
    time.sleep(60)
    os._exit(0)
print(child, flush=True)
time.sleep(60)
"""


def test_a_surviving_child_does_not_keep_a_dead_run_alive(program, root):
    process = program(_ORPHAN, root, stdout=subprocess.PIPE, text=True)
    child = int(process.stdout.readline())
    try:
        assert describe(root / "run").state is SpoolState.LIVE
        process.kill()
        process.wait()
        os.kill(child, 0)  # it lives
        end = time.monotonic() + 30  # on a busy machine the child lets go of the lock late
        while describe(root / "run").state is SpoolState.LIVE and time.monotonic() < end:
            time.sleep(0.01)
        assert describe(root / "run").state is SpoolState.DEAD
    finally:
        os.kill(child, signal.SIGKILL)
