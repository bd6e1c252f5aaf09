from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from labrec.errors import BusyError, IntegrityError, StorageError, UnsafeError
from labrec.gitio import ref_writer
from labrec.gitio.refs import check_ref_name
from labrec.gitio.repository import GitRepository

REF = "refs/labrec/records/0123456789abcdef"


def test_refs_read_as_git_reads_them(repo, tmp_path):
    repo("tag", "light")
    repo("tag", "-a", "-m", "x", "heavy")
    repo("branch", "feature/one")
    repo("pack-refs", "--all")
    repo("update-ref", "refs/heads/feature/one", "HEAD~2")  # loose over packed
    repo("symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/main")
    repo("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    expected = dict(
        reversed(line.split(" "))
        for line in repo("for-each-ref", "--format=%(objectname) %(refname)").splitlines()
    )
    for path in (repo.path, tmp_path / "side"):
        with GitRepository.open(path) as git:
            assert git.refs("refs/") == expected
            assert {name: git.read_ref(name) for name in expected} == expected
    with GitRepository.open(tmp_path / "side") as git:
        assert git.head_branch == "refs/heads/side"
        checked_out = {name: path.name for name, path in git.checked_out().items()}
        assert checked_out == {"refs/heads/main": ".git", "refs/heads/side": "side"}


@pytest.mark.parametrize("content", ["", "nonsense\n", "1234\n", "g" * 40 + "\n", "1" * 40 + "x\n"])
def test_a_ref_that_holds_no_object_name_is_refused(repo, content):
    (repo.path / ".git/refs/heads/odd").write_text(content)
    with GitRepository.open(repo.path) as git, pytest.raises(IntegrityError):
        git.read_ref("refs/heads/odd")


def test_a_ref_that_points_at_itself_is_refused(repo):
    (repo.path / ".git/refs/heads/odd").write_text("ref: refs/heads/odd\n")
    with GitRepository.open(repo.path) as git, pytest.raises(IntegrityError, match="itself"):
        git.read_ref("refs/heads/odd")


@pytest.mark.parametrize(
    "name",
    [
        "refs/../HEAD",
        "refs/heads/a..b",
        "refs/heads/x.lock",
        "refs/heads/.x",
        "refs//x",
        "/etc/passwd",
        "refs/heads/a b",
        "refs/heads/",
    ],
)
def test_names_that_git_refuses_name_nothing(repo, name):
    assert not check_ref_name(name)
    with GitRepository.open(repo.path) as git:
        assert git.read_ref(name) is None
        with pytest.raises(UnsafeError):
            git.compare_and_swap(name, None, repo("rev-parse", "HEAD"))


def test_a_ref_moves_only_from_where_it_was_expected(repo):
    first, second = repo("rev-parse", "HEAD~1"), repo("rev-parse", "HEAD")
    with GitRepository.open(repo.path) as git:
        assert not git.compare_and_swap(REF, first, second)
        assert git.compare_and_swap(REF, None, first)
        assert not git.compare_and_swap(REF, None, second)
        assert repo("rev-parse", REF) == first
        repo("pack-refs", "--all")
        assert git.compare_and_swap(REF, first, second)
        assert repo("rev-parse", REF) == second
    assert [path.name for path in (repo.path / ".git/refs/labrec/records").iterdir()] == [REF[-16:]]


def test_every_step_of_moving_a_ref_is_durable_in_order(repo, monkeypatch):
    """Goes red when an fsync is left out: of the lock's bytes, of the folder, of a new parent."""
    calls = trace(monkeypatch, repo.path / ".git")
    head = repo("rev-parse", "HEAD")
    with GitRepository.open(repo.path) as git:
        git.compare_and_swap(REF, None, head)
    folder = "refs/labrec/records"
    expected = [
        "mkdir refs/labrec", "fsync refs",
        "mkdir refs/labrec/records", "fsync refs/labrec",
        "fsync prepared", f"link prepared {REF}.lock",
        f"rename {REF}.lock {REF}", f"fsync {folder}",
    ]  # fmt: skip
    assert [call for call in calls if not call.startswith("unlink")] == expected


def trace(monkeypatch, root):
    """Record mkdir, fsync, link and rename below ``root``, in order, with readable names."""
    calls: list[str] = []

    def name(path):
        path = os.path.realpath(os.fspath(path))
        text = os.path.relpath(path, root)
        return "prepared" if "/.0123456789abcdef.lock" in text else text

    def wrap(function, describe):
        real = getattr(os, function)

        def call(*args, **kwargs):
            result = real(*args, **kwargs)
            calls.append(f"{function} {describe(*args)}")
            return result

        monkeypatch.setattr(os, function, call)

    wrap("mkdir", name)
    wrap("unlink", name)
    wrap("fsync", lambda fd: name(Path(f"/proc/self/fd/{fd}")))
    wrap("link", lambda a, b: f"{name(a)} {name(b)}")
    wrap("rename", lambda a, b: f"{name(a)} {name(b)}")
    return calls


def test_a_foreign_lock_is_waited_for_and_named(repo):
    head = repo("rev-parse", "HEAD")
    lock = repo.path / ".git" / (REF + ".lock")
    lock.parent.mkdir(parents=True)
    lock.write_text("")
    with GitRepository.open(repo.path) as git:
        with pytest.raises(BusyError) as caught:
            git.compare_and_swap(REF, None, head, wait=0.1)
        assert str(lock) in caught.value.paths
        assert lock.exists()
        assert len(list(lock.parent.iterdir())) == 1  # nothing of ours is left behind
        threading.Timer(0.2, lock.unlink).start()
        assert git.compare_and_swap(REF, None, head, wait=10)
    assert repo("rev-parse", REF) == head


def test_a_file_system_without_hard_links_locks_all_the_same(repo, monkeypatch):
    def refuse(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    head = repo("rev-parse", "HEAD")
    with GitRepository.open(repo.path) as git:
        assert git.compare_and_swap(REF, None, head)
        (repo.path / ".git" / (REF + ".lock")).write_text("")
        with pytest.raises(BusyError):
            git.compare_and_swap(REF, head, head, wait=0.05)


def test_folders_that_git_left_empty_make_room_and_others_do_not(repo):
    head = repo("rev-parse", "HEAD")
    (repo.path / ".git" / REF / "a/b").mkdir(parents=True)
    with GitRepository.open(repo.path) as git:
        assert git.compare_and_swap(REF, None, head)
        repo("update-ref", f"{REF}2/x", head)
        with pytest.raises(StorageError, match="folder of other refs"):
            git.compare_and_swap(REF + "2", None, head)


def test_a_folder_that_pack_refs_removes_meanwhile_is_made_again(repo, monkeypatch):
    real, done = ref_writer.make_folder, []

    def make_folder(folder):
        real(folder)
        if len(done) < 3:
            done.append(folder.rmdir())

    monkeypatch.setattr(ref_writer, "make_folder", make_folder)
    head = repo("rev-parse", "HEAD")
    with GitRepository.open(repo.path) as git:
        assert git.compare_and_swap(REF, None, head)
    assert len(done) == 3
    assert repo("rev-parse", REF) == head


def test_a_branch_that_a_worktree_has_checked_out_is_never_moved(repo, tmp_path):
    repo("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    head, before = repo("rev-parse", "HEAD"), repo("rev-parse", "HEAD~1")
    with GitRepository.open(repo.path) as git:
        for branch in ("refs/heads/main", "refs/heads/side"):
            with pytest.raises(UnsafeError, match="checked out"):
                git.compare_and_swap(branch, head, before)
            assert repo("rev-parse", branch) == head


def test_of_many_movers_each_move_wins_once(repo):
    """Threads count a ref up through commits: a lost move would lose a step."""
    shas = repo("rev-list", "HEAD").split()[::-1]
    with GitRepository.open(repo.path) as git:
        git.compare_and_swap(REF, None, shas[0])
    wins: list[str] = []

    def work():
        with GitRepository.open(repo.path) as git:
            while True:
                now = git.read_ref(REF)
                at = shas.index(now)
                if at + 1 == len(shas):
                    return
                if ref_writer.compare_and_swap(git, REF, now, shas[at + 1]):
                    wins.append(shas[at + 1])
                time.sleep(0)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Two that win one after the other may note it in either order.
    assert sorted(wins) == sorted(shas[1:])
