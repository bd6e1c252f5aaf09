from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.store.writing import assert_holds, leftovers, make_lab, record, run_addition

from labrec.errors import BusyError
from labrec.store.lab import Lab
from labrec.store.locks import Intent, Leftovers, store_lock


@pytest.fixture
def path(tmp_path):
    return make_lab(tmp_path / "lab")


@pytest.fixture
def lab(path):
    with Lab.open(path) as lab:
        yield lab


def dead_intent(state, commit=""):
    """Leave the mark of a writer that died, as a kill leaves it, and return its token."""
    code = (
        "import sys; from pathlib import Path; from labrec.store.locks import Intent\n"
        "import os; intent = Intent.begin(Path(sys.argv[1]))\n"
        "intent.moving(sys.argv[2]) if sys.argv[2] else None\n"
        "print(intent.token, flush=True); os._exit(9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(state), commit], capture_output=True, check=False
    )
    assert done.returncode == 9, done.stderr.decode()
    return done.stdout.decode().strip()


def test_one_writer_at_a_time(tmp_path):
    inside, most = [], []

    def work():
        for _ in range(20):
            with store_lock(tmp_path, 30):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.0005)
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1


def test_who_waits_in_vain_is_told_who_holds_the_lock(path, lab):
    with Lab.open(path, settings=lab.settings._replace(lock_wait=0.1)) as hasty:
        with store_lock(lab.state_dir, 1), pytest.raises(BusyError) as caught:
            record(hasty)
        assert f"process {os.getpid()}" in caught.value.message
        assert str(lab.state_dir / "store.lock") in caught.value.paths
        record(hasty)
    assert leftovers(path / ".git") == []


def test_a_foreign_ref_lock_is_named_and_left_alone(path, lab):
    record(lab)
    lock = path / f".git/refs/labrec/records/{lab.clone_id}.lock"
    lock.write_text("")
    hasty = Lab.open(path, settings=lab.settings._replace(lock_wait=0.1))
    with hasty, pytest.raises(BusyError) as caught:
        record(hasty)
    assert str(lock) in caught.value.paths
    assert lock.exists()
    lock.unlink()
    assert leftovers(path / ".git") == []


def test_a_foreign_lock_that_holds_another_commit_is_not_taken_for_ours(path, lab):
    record(lab)
    dead_intent(lab.state_dir, "1" * 40)
    lock = path / f".git/refs/labrec/records/{lab.clone_id}.lock"
    lock.write_text("2" * 40 + "\n")
    with (
        Lab.open(path, settings=lab.settings._replace(lock_wait=0.1)) as hasty,
        pytest.raises(BusyError),
    ):
        record(hasty)
    assert lock.exists()


def test_what_dead_writers_left_is_cleared_by_the_next_one(path, lab):
    record(lab)
    token = dead_intent(lab.state_dir, "1" * 40)
    packs = path / ".git/objects/pack"
    refs = path / ".git/refs/labrec/records"
    planted = {
        packs / f"labrec_tmp_{token}_00": b"half a pack",
        packs / f"labrec_tmp_{token}_00_index": b"",
        packs / f"pack-{'0' * 40}.keep": f"labrec {token}\n".encode(),
        refs / f"{lab.clone_id}.lock": b"1" * 40 + b"\n",
        refs / f".{lab.clone_id}.lock.1-00.lock": b"",
    }
    foreign = {packs / "tmp_pack_XyZ": b"git's", packs / "pack-1.keep": b"the user's"}
    for file, data in (planted | foreign).items():
        file.write_bytes(data)
    done = record(lab)
    assert [file for file in planted if file.exists()] == []
    assert [file.read_bytes() for file in foreign] == list(foreign.values())
    for file in foreign:
        file.unlink()
    assert leftovers(path / ".git") == []
    assert_holds(path, f"refs/labrec/records/{lab.clone_id}", done)


def test_what_was_being_replaced_long_ago_is_cleared(path, lab):
    record(lab)
    (lab.state_dir / "cache").mkdir(exist_ok=True)
    dead = [lab.state_dir / "packs.7-00.tmp", lab.state_dir / "cache/machine.json.7-00.tmp"]
    for file in dead:
        file.write_bytes(b"half")
        os.utime(file, (1, 1))
    young = lab.state_dir / "heads.json.8-00.tmp"
    young.write_bytes(b"being written")
    assert sorted(lab.clear_leftovers()) == sorted(file.name for file in dead)
    assert not any(file.exists() for file in dead)
    assert young.exists()


def test_what_a_living_writer_has_under_way_is_left_alone(path, lab):
    record(lab)
    other = Intent.begin(lab.state_dir)
    dead_intent(lab.state_dir)
    packs = path / ".git/objects/pack"
    half = packs / f"labrec_tmp_{other.token}_00"
    keep = packs / f"pack-{'0' * 40}.keep"
    half.write_bytes(b"half a pack")
    keep.write_text(f"labrec {other.token}\n")
    record(lab)
    assert half.exists()
    assert keep.exists()
    other.end()
    assert sorted(lab.clear_leftovers()) == sorted([half.name, keep.name])
    assert leftovers(path / ".git") == []


def test_a_forked_child_does_not_keep_the_lock(tmp_path):
    with store_lock(tmp_path, 1):
        child = os.fork()
        if child == 0:
            time.sleep(3)
            os._exit(0)
    started = time.monotonic()
    with store_lock(tmp_path, 2):
        waited = time.monotonic() - started
    os.kill(child, 9)
    os.waitpid(child, 0)
    assert waited < 1


def test_marks_come_and_go(tmp_path):
    intent = Intent.begin(tmp_path)
    assert not Leftovers(tmp_path)
    intent.moving("1" * 40)
    assert not Leftovers(tmp_path)
    intent.end()
    assert list((tmp_path / "intents").iterdir()) == []
    dead_intent(tmp_path, "2" * 40)
    left = Leftovers(tmp_path)
    assert left
    assert left.commits == {"2" * 40}
    left.clear(tmp_path / "none", tmp_path / "ref")
    assert not Leftovers(tmp_path)


def test_a_record_that_a_killed_writer_moved_is_settled_by_the_next_commit(path, lab):
    """The ref moved, then the process died before the folder was synced: the retry must sync."""
    addition = run_addition()
    lab.commit([addition], "x")
    dead_intent(lab.state_dir, lab.git.read_ref(f"refs/labrec/records/{lab.clone_id}"))
    synced = []
    real = os.fsync
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            os,
            "fsync",
            lambda fd: (synced.append(str(Path(f"/proc/self/fd/{fd}").readlink())), real(fd)),
        )
        assert lab.commit([addition], "x").added == 0
    names = [name.rsplit("/", 1)[1] for name in synced]
    assert names == ["pack", "records"]
