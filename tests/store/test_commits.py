"""Committing records: I1, I2, I3, and what happens when it cannot be done."""

from __future__ import annotations

import errno
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.store.labs import object_doc
from tests.store.writing import (
    assert_holds,
    file_addition,
    git,
    leftovers,
    make_lab,
    object_addition,
    record,
    run_addition,
)

from labrec.errors import (
    BusyError,
    IntegrityError,
    NotFoundError,
    StorageError,
    UnsafeError,
    UsageError,
)
from labrec.gitio import repository as git_repository
from labrec.gitio.ref_writer import compare_and_swap
from labrec.store import commits
from labrec.store.commits import Addition
from labrec.store.lab import Lab


@pytest.fixture
def path(tmp_path):
    return make_lab(tmp_path / "lab")


@pytest.fixture
def lab(path):
    with Lab.open(path) as lab:
        yield lab


def ref_of(lab):
    return f"refs/labrec/records/{lab.clone_id}"


def test_a_commit_holds_what_was_added_and_git_agrees(path, lab, tmp_path):
    additions = [
        run_addition(),
        object_addition(b"an object"),
        file_addition(tmp_path / "small", b"small file"),
        file_addition(tmp_path / "large", os.urandom(3 << 20)),
    ]
    receipt = lab.commit(
        additions, "run(mnist): base complete", {"Run-Id": "x", "Record-Digest": "y"}
    )
    assert receipt.added == 4
    assert receipt.bytes > 3 << 20
    assert receipt.commit == git(path, "rev-parse", ref_of(lab))
    assert_holds(path, ref_of(lab), additions)
    assert git(path, "log", "-1", "--format=%an <%ae> %cn %ad|%B", ref_of(lab)).startswith(
        f"labrec <{lab.clone_id}@labrec.invalid> labrec "
    )
    message = git(path, "log", "-1", "--format=%ad|%B", "--date=format:%z", ref_of(lab))
    assert message == "+0000|run(mnist): base complete\n\nRun-Id: x\nRecord-Digest: y"
    assert leftovers(path / ".git") == []


def test_recording_touches_nothing_of_the_users(path, lab):
    """I3: worktree, index, HEAD, configuration, hooks and other refs stay as they are."""
    (path / "own.txt").write_text("edited\n")
    (path / "new.txt").write_text("staged\n")
    git(path, "add", "new.txt")
    hook = path / ".git/hooks/reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)

    def world():
        ours = ("objects", "labrec")
        rest = [p for p in path.rglob("*") if p.is_file() and not set(ours) & set(p.parts)]
        return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in rest if "labrec" not in p.parts}

    before = world()
    record(lab, 3)
    assert world() == before


def test_the_same_again_changes_nothing_and_names_the_commit(path, lab):
    additions = [run_addition(), object_addition(b"x")]
    first = lab.commit(additions, "one")
    again = lab.commit(additions, "two")
    assert again == (first.commit, 0, 0)
    more = lab.commit([*additions, run_addition("other")], "three")
    assert more.added == 1
    assert git(path, "rev-list", "--count", ref_of(lab)) == "3"


def test_bytes_that_their_name_does_not_prove_are_refused(lab, tmp_path):
    good = run_addition()
    for bad in (
        Addition(good.path, b"{}"),
        Addition(object_doc(b"x").path, b"y"),
        Addition(object_doc(b"x").path, file_addition(tmp_path / "f", b"z").source),
        Addition(object_doc(b"x").path, file_addition(tmp_path / "g", bytes(2 << 20)).source),
    ):
        with pytest.raises(IntegrityError):
            lab.commit([bad], "x")
    assert lab.git.read_ref(ref_of(lab)) is None
    assert leftovers(lab.git.git_dir) == []
    assert list((lab.git.git_dir / "objects/pack").iterdir()) == []


def test_a_path_that_holds_other_bytes_is_never_rewritten(path, lab):
    doc = run_addition()
    blob = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"], input=b"forged", cwd=path, capture_output=True, check=True
    ).stdout.decode().strip()  # fmt: skip
    git(path, "update-index", "--add", "--cacheinfo", f"100644,{blob},{doc.path}")
    git(path, "commit", "-q", "-m", "forge")
    with pytest.raises(IntegrityError, match="other bytes"):
        lab.commit([doc], "x")
    assert lab.git.read_ref(ref_of(lab)) is None


@pytest.mark.parametrize(
    "where",
    [
        "labrec.toml",
        "../x",
        "records/mnist/project.yaml",
        ".git/config",
        "records/.gitattributes",
        "records/x",
    ],
)
def test_places_that_are_not_for_records_are_refused(lab, where):
    with pytest.raises(UnsafeError):
        lab.commit([Addition(where, b"x")], "x")


def test_a_commit_holds_one_to_a_thousand_documents(path, lab):
    with pytest.raises(UsageError):
        lab.commit([], "x")
    many = [run_addition() for _ in range(1001)]
    with pytest.raises(UsageError, match="1001"):
        lab.commit(many, "x")
    assert lab.commit(many[:1000], "import").added == 1000
    assert_holds(path, ref_of(lab), many[:1000])
    twice = [many[1000], Addition(many[1000].path, b"other")]
    with pytest.raises(IntegrityError, match="twice"):
        lab.commit(twice, "x")


def test_subjects_and_trailers_are_single_lines_without_controls(path, lab):
    lab.commit([run_addition()], "a\nRun-Id: forged\x1b[31m" + "x" * 200, {"Run-Id": "1\n\nmore"})
    text = git(path, "cat-file", "commit", ref_of(lab)).split("\n\n", 1)[1]
    subject, empty, trailer = text.split("\n")
    assert (len(subject), empty, trailer) == (100, "", "Run-Id: 1 more")
    assert "\x1b" not in text


def test_git_identity_is_used_where_it_is_asked_for(path):
    settings = Lab.open(path).settings._replace(identity="git")
    with Lab.open(path, settings=settings) as lab:
        record(lab)
        assert (
            git(path, "log", "-1", "--format=%an <%ae>", ref_of(lab))
            == "Test Author <author@example.org>"
        )


def test_one_run_costs_five_fsyncs_and_goes_down_in_order(path, lab, monkeypatch):
    """Goes red when the fsync of pack, index, pack folder, ref or ref folder is left out."""
    record(lab, 2)  # the first makes the folders, the second notes where the ref started
    calls = []
    real = {name: getattr(os, name) for name in ("fsync", "rename", "link")}

    def kind(name):
        name = os.fspath(name)
        if "labrec_tmp_" in name:
            return {"_index": ".idx", "_keep": ".keep"}.get(name[name.rindex("_") :], ".pack")
        if ".lock" in name:
            return "prepared" if ".lock." in name else ".lock"
        return "refs" if "refs/labrec/records" in name else Path(name).name

    def fsync(fd):
        calls.append("fsync " + kind(Path(f"/proc/self/fd/{fd}").readlink()))
        real["fsync"](fd)

    def rename(a, b):
        if "/intents/" not in str(a):
            calls.append("rename " + kind(a))
        real["rename"](a, b)

    def link(a, b):
        calls.append("link " + kind(a))
        real["link"](a, b)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr(os, "link", link)
    lab.commit([run_addition(), object_addition(b"new")], "x")
    assert calls == [
        "fsync .pack", "fsync .idx", "rename .keep", "rename .pack", "rename .idx", "fsync pack",
        "fsync prepared", "link prepared", "rename .lock", "fsync refs",
    ]  # fmt: skip


def test_a_move_by_somebody_else_is_built_upon(path, lab, monkeypatch):
    """Goes red when the compare-and-swap retry is dropped, or the comparison."""
    record(lab)
    other = git(path, "commit-tree", "-p", ref_of(lab), "-m", "foreign", f"{ref_of(lab)}^{{tree}}")
    moved = []

    def interfere(*args, **kwargs):
        if not moved:
            moved.append(1)
            git(path, "update-ref", ref_of(lab), other)
        return compare_and_swap(*args, **kwargs)

    monkeypatch.setattr(commits, "compare_and_swap", interfere)
    addition = run_addition("late")
    lab.commit([addition], "late")
    assert moved
    assert other in git(path, "rev-list", ref_of(lab)).split()
    assert_holds(path, ref_of(lab), [addition])
    assert leftovers(path / ".git") == []


def test_a_ref_that_never_stands_still_ends_in_busy(path, lab, monkeypatch):
    monkeypatch.setattr(commits, "_TRIES", 3)
    monkeypatch.setattr(commits, "compare_and_swap", lambda *_, **__: False)
    with pytest.raises(BusyError, match="moved by somebody else"):
        record(lab)
    assert list((path / ".git/objects/pack").iterdir()) == []


def test_what_a_repack_swept_away_is_written_again_before_it_is_acknowledged(
    path, lab, monkeypatch
):
    """I1: goes red when the read-back is left out."""
    packs = path / ".git/objects/pack"
    real = commits.register
    swept = []

    def register(state, names):
        real(state, names)
        if not swept:
            swept.append(1)
            for file in packs.iterdir():
                file.unlink()

    monkeypatch.setattr(commits, "register", register)
    addition = run_addition()
    lab.commit([addition], "x")
    assert swept
    assert_holds(path, ref_of(lab), [addition])


def test_bytes_that_come_back_otherwise_are_an_error(lab, monkeypatch):
    real = git_repository.GitRepository.read_object
    monkeypatch.setattr(
        git_repository.GitRepository,
        "read_object",
        lambda self, sha: (
            (real(self, sha)[0], b"other")
            if sys._getframe(1).f_code.co_name == "_read_back"
            else real(self, sha)
        ),
    )
    with pytest.raises(StorageError, match="read back"):
        record(lab)


def failure_of(lab, additions):
    try:
        lab.commit(additions, "late")
    except StorageError as error:
        return error
    return None


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize("call", ["write", "fsync", "rename", "link", "open", "mkdir", "chmod"])
def test_a_failing_disk_leaves_nothing_behind_and_says_what_to_do(
    path, lab, monkeypatch, call, number, tmp_path
):
    record(lab)
    large = file_addition(tmp_path / "large", os.urandom(2 << 20))
    addition = run_addition("late")
    real = getattr(os, call)
    seen = 0
    for step in range(1, 40):
        seen = 0

        def fail(*args, step=step, **kwargs):
            nonlocal seen
            if call == "open" and not args[1] & os.O_CREAT:
                return real(*args, **kwargs)
            seen += 1
            if seen == step:
                raise OSError(number, os.strerror(number))
            return real(*args, **kwargs)

        before = lab.git.read_ref(ref_of(lab))
        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail)
            failure = failure_of(lab, [addition, large])
        if failure is None and seen < step:
            break
        assert failure is None or (failure.hint and failure.kept)
        after = lab.git.read_ref(ref_of(lab))
        assert leftovers(path / ".git") == []
        if after != before:  # only the ref folder's fsync was left: recorded, not acknowledged
            assert_holds(path, ref_of(lab), [addition, large])
            git(path, "update-ref", ref_of(lab), before)
    lab.commit([addition, large], "late")
    assert_holds(path, ref_of(lab), [addition, large])


@pytest.mark.usefixtures("require_root")
def test_a_full_disk_at_every_size_then_room_again(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", disk], check=False
    ).returncode:
        pytest.skip("no tmpfs mounts: this container forbids them")
    try:
        path = make_lab(disk / "lab")
        with Lab.open(path) as lab:
            done = record(lab, 2)
            filler = disk / "filler"
            refused = 0
            for spare in range(0, 40_960, 4096):
                filler.unlink(missing_ok=True)
                free = os.statvfs(disk)
                filler.write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - spare)))
                addition = run_addition(f"{spare}")
                failure = failure_of(lab, [addition, object_addition(os.urandom(2000))])
                if failure is None:
                    done.append(addition)
                else:
                    refused += 1
                    assert "full" in failure.message
                assert leftovers(path / ".git") == []
            filler.unlink()
            done += record(lab)
            assert refused
            assert_holds(path, ref_of(lab), done)
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.usefixtures("require_root")
def test_a_read_only_file_system_says_so(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "none", disk], check=False).returncode:
        pytest.skip("no tmpfs mounts: this container forbids them")
    try:
        path = make_lab(disk / "lab")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with Lab.open(path) as lab:
            assert str(lab.spool_root).startswith(os.environ["XDG_STATE_HOME"])
            assert lab.spool_root.name == lab.lab_id
            with pytest.raises(StorageError, match=r"[Rr]ead-only") as caught:
                record(lab)
            assert caught.value.exit_code == 13
    finally:
        subprocess.run(["umount", disk], check=True)


WRITER = """
import os, sys
from pathlib import Path
from labrec.store.lab import Lab
from tests.store.writing import run_addition, object_addition
path, count, log = Path(sys.argv[1]), int(sys.argv[2]), open(sys.argv[3], "a", buffering=1)
with Lab.open(path) as lab:
    for n in range(count):
        run = run_addition(f"{os.getpid()} {n}")
        lab.commit([run, object_addition(os.urandom(200))], "run")
        print(run.path, file=log)
"""


def start_writer(path, count, log):
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(count), str(log)],
        cwd=root,
        stderr=subprocess.PIPE,
    )


def acknowledged(logs):
    return [line for log in logs if log.exists() for line in log.read_text().splitlines()]


def finish(writers):
    for writer in writers:
        _, said = writer.communicate(timeout=240)
        assert writer.returncode == 0, said.decode()


def paths_in(path, ref):
    return set(git(path, "ls-tree", "-r", "--name-only", ref).splitlines())


@pytest.mark.parametrize(("writers", "each"), [(4, 25)])
def test_processes_that_write_at_once_lose_nothing(path, lab, tmp_path, writers, each):
    logs = [tmp_path / f"log{n}" for n in range(writers)]
    finish([start_writer(path, each, log) for log in logs])
    done = acknowledged(logs)
    assert len(done) == writers * each
    assert set(done) <= paths_in(path, ref_of(lab))
    assert git(path, "rev-list", "--count", ref_of(lab)) == str(writers * each + 1)
    git(path, "fsck", "--strict", "--full")
    assert leftovers(path / ".git") == []
    assert len(list((path / ".git/objects/pack").glob("*.pack"))) < 50


def test_gits_own_housekeeping_beside_writers_loses_nothing(path, lab, tmp_path):
    """The user's commits, gc --prune=now, repack -ad and pack-refs run while records are written."""
    logs = [tmp_path / "a", tmp_path / "b"]
    writers = [start_writer(path, 60, log) for log in logs]
    turn = 0
    while any(writer.poll() is None for writer in writers):
        turn += 1
        for command in (["gc", "-q", "--prune=now"], ["repack", "-adq"], ["pack-refs", "--all"]):
            git(path, *command, check=False)
        (path / "own.txt").write_text(f"{turn}\n")
        git(path, "commit", "-qam", f"turn {turn}")
    finish(writers)
    done = acknowledged(logs)
    assert turn > 1
    assert len(done) == 120
    assert set(done) <= paths_in(path, ref_of(lab))
    git(path, "fsck", "--strict", "--full")
    assert git(path, "status", "--porcelain") == ""


def test_writers_killed_anywhere_lose_nothing_acknowledged_and_block_nobody(path, lab, tmp_path):
    done, logs = [], []
    for turn in range(12):
        log = tmp_path / f"log{turn}"
        logs.append(log)
        writer = start_writer(path, 1000, log)
        while not acknowledged([log]):
            assert writer.poll() is None, writer.stderr.read()
            time.sleep(0.01)
        time.sleep(0.001 * turn * 3)
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        done += record(lab)
    assert set(acknowledged(logs)) <= paths_in(path, ref_of(lab))
    assert_holds(path, ref_of(lab), done)
    assert leftovers(path / ".git") == []


def test_small_packs_are_united_as_records_come_in(path, lab):
    done = record(lab, 70)
    assert len(list((path / ".git/objects/pack").glob("*.pack"))) < 40
    assert_holds(path, ref_of(lab), done)
    register = (path / ".git/labrec/packs").read_text().split()
    assert len(register) == len(set(register)) < 40


def test_a_union_that_fails_does_not_make_a_record_look_lost(path, lab, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(commits, "consolidate", fail)
    done = record(lab, 2)
    assert_holds(path, ref_of(lab), done)


def test_the_cost_of_a_record_does_not_grow_with_their_number(path, lab):
    """Bytes: at most the record, 4 kB of trees and 2 kB an object, however many there are.

    In the median: a thousand runs of one day do not fall evenly into its sixteen folders.
    """
    lab.commit([run_addition() for _ in range(1000)], "import")
    beyond = []
    for _ in range(9):
        run, thing = run_addition(), object_addition(os.urandom(500))
        receipt = lab.commit([run, thing], "x")
        beyond.append(receipt.bytes - len(run.source) - len(thing.source))
    assert statistics.median(beyond) <= 4096 + 2048


def test_the_record_ref_starts_at_the_remote_tracking_commit(path, tmp_path):
    git(tmp_path, "clone", "-q", path.as_uri(), "clone")
    clone = tmp_path / "clone"
    published = git(clone, "rev-parse", "HEAD")
    (clone / "own.txt").write_text("not pushed\n")
    git(clone, "commit", "-qam", "local")
    with Lab.open(clone) as lab:
        record(lab)
        assert git(clone, "rev-parse", f"{ref_of(lab)}^") == published


def test_the_ref_starts_again_once_its_records_are_in_the_base(path, lab):
    done = record(lab, 2)
    base = git(path, "rev-parse", "HEAD")
    git(path, "merge", "-q", "--squash", ref_of(lab))
    git(path, "commit", "-q", "-m", "squashed")
    (path / "records/mnist/project.yaml").write_text("key_metrics: [acc]\n")
    git(path, "add", "-A")
    git(path, "commit", "-q", "-m", "the user edits")
    squashed = git(path, "rev-parse", "HEAD")
    assert git(path, "merge-base", squashed, ref_of(lab)) == base
    view = lab.view().id
    assert lab.commit(done, "again") == (squashed, 0, 0)
    assert lab.view().id == view
    more = record(lab)
    assert git(path, "rev-parse", f"{ref_of(lab)}^") == squashed
    assert_holds(path, ref_of(lab), done + more)


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_landing_by_any_means_leaves_the_view_as_it_is(path, lab, how):
    record(lab, 3)
    view = lab.view().id
    (path / "own.txt").write_text("more\n")
    git(path, "commit", "-qam", "meanwhile")
    if how == "merge":
        git(path, "merge", "-q", "--no-edit", ref_of(lab))
    elif how == "squash":
        git(path, "merge", "-q", "--squash", ref_of(lab))
        git(path, "commit", "-q", "-m", "squash")
    else:
        git(path, "checkout", "-q", "-b", "land", ref_of(lab))
        git(path, "rebase", "-q", "main")
        git(path, "checkout", "-q", "main")
        git(path, "merge", "-q", "--ff-only", "land")
    assert lab.view().id == view
    git(path, "update-ref", "-d", ref_of(lab))
    assert lab.view().id == view


def test_a_record_that_is_only_partly_landed_keeps_the_ref(path, lab):
    record(lab)
    first = git(path, "rev-parse", ref_of(lab))
    record(lab)
    git(path, "merge", "-q", "--no-edit", first)
    tip = git(path, "rev-parse", ref_of(lab))
    record(lab)
    assert git(path, "rev-parse", f"{ref_of(lab)}^") == tip


def test_threads_of_one_process_write_at_once(path, lab):
    failures = []

    def work():
        try:
            with Lab.open(path) as mine:
                record(mine, 5)
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert git(path, "rev-list", "--count", ref_of(lab)) == "21"


def test_without_a_base_commit_a_run_stays_in_its_spool(tmp_path):
    git(tmp_path, "init", "-q", "unborn")
    with Lab.open(tmp_path / "unborn") as lab:
        assert not lab.has_base
        assert lab.spool_root == tmp_path / "unborn/.git/labrec/spool"
        with pytest.raises(NotFoundError) as caught:
            record(lab)
        assert "labrec init" in caught.value.hint
        assert "spool" in caught.value.kept
