from __future__ import annotations

import pytest
from tests.gitio.conftest import Git, new_repository

from labrec.errors import IntegrityError
from labrec.gitio import command, worktree
from labrec.gitio.index import read_index
from labrec.gitio.repository import GitRepository


def as_git_lists(git):
    rows = [row for row in git("ls-files", "-s", "-z").split("\0") if row]
    return [
        (path, int(facts.split()[0], 8), facts.split()[1])
        for facts, path in (r.split("\t") for r in rows)
    ]


def without_cli(monkeypatch):
    monkeypatch.setattr(command, "available", lambda: False)


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_tracked_files_are_those_of_the_index(repo, version):
    repo.write({"added.txt": b"a", "not added.txt": b"n"})
    repo("add", "added.txt")
    repo("add", "-N", "not added.txt") if version == "3" else None
    repo("update-index", f"--index-version={version}")
    with GitRepository.open(repo.path) as git:
        assert [tuple(each) for each in worktree.tracked_files(git)] == as_git_lists(repo)


@pytest.mark.parametrize("cli", [True, False])
def test_a_split_index_is_put_together_by_git_or_dulwich(repo, monkeypatch, cli):
    expected = as_git_lists(repo)
    repo("update-index", "--split-index")
    repo.write({"late.txt": b"l"})
    assert read_index(repo.path / ".git/index") is None
    if not cli:
        repo("update-index", "--no-split-index")
        monkeypatch.setattr(worktree, "read_index", lambda _: None)
        without_cli(monkeypatch)
    with GitRepository.open(repo.path) as git:
        assert [tuple(each) for each in worktree.tracked_files(git)] == expected


@pytest.mark.parametrize("option", [[], ["--sparse-index"]])
def test_a_sparse_checkout_lists_what_is_checked_out(repo, option):
    repo("sparse-checkout", "set", "--cone", *option, "nothing")
    with GitRepository.open(repo.path) as git:
        paths = {each.path for each in worktree.tracked_files(git)}
    assert "run.sh" in paths
    assert "dir/inner.txt" not in paths


def test_an_unfinished_merge_lists_each_path_once(repo):
    repo("checkout", "-q", "-b", "other", "HEAD~1")
    repo.commit({"notes.txt": b"other\n"})
    repo("checkout", "-q", "main")
    repo.commit({"notes.txt": b"main\n"})
    repo("merge", "-q", "other", check=False)
    with GitRepository.open(repo.path) as git:
        paths = [each.path for each in worktree.tracked_files(git)]
    assert paths.count("notes.txt") == 1


def test_no_index_and_a_bare_repository_track_nothing(empty, tmp_path):
    bare = Git(tmp_path)
    bare("init", "-q", "--bare", "bare.git")
    for path in (empty.path, tmp_path / "bare.git"):
        with GitRepository.open(path) as git:
            assert worktree.tracked_files(git) == []
            assert worktree.untracked_files(git, ["**"]) == []


@pytest.mark.parametrize("data", [b"", b"DIRC", b"DIRC\0\0\0\2\0\0\1\0" + bytes(50)])
def test_a_damaged_index_is_refused(repo, data):
    (repo.path / ".git/index").write_bytes(data)
    with GitRepository.open(repo.path) as git, pytest.raises(IntegrityError):
        worktree.tracked_files(git)


def test_untracked_files_are_those_asked_for_by_pattern(repo):
    repo.write({
        "conf/a.yaml": b"", "conf/deep/b.yaml": b"", "conf/c.txt": b"", "top.yaml": b"",
        "data/x.bin": b"", ".gitignore": b"*.yaml\n", "nested/.git/HEAD": b"", "nested/in.yaml": b"",
    })  # fmt: skip
    (repo.path / "away").symlink_to("/etc")
    (repo.path / "alias.yaml").symlink_to("top.yaml")
    cases = {
        "*.yaml": ["alias.yaml", "top.yaml"],
        "**/*.yaml": ["alias.yaml", "conf/a.yaml", "conf/deep/b.yaml", "top.yaml"],
        "conf/*": ["conf/a.yaml", "conf/c.txt"],
        "conf/": ["conf/a.yaml", "conf/c.txt", "conf/deep/b.yaml"],
        "./conf/?.txt": ["conf/c.txt"],
        "data/x.bin": ["data/x.bin"],
        "run.sh": [],
        "away/passwd": [],
        "../*": [],
        ".git/HEAD": [],
    }
    with GitRepository.open(repo.path) as git:
        for pattern, expected in cases.items():
            assert worktree.untracked_files(git, [pattern]) == expected, pattern


def test_the_newest_published_commit_is_gits_merge_base(repo, tmp_path):
    with GitRepository.open(repo.path) as git:
        assert worktree.newest_published(git) is None
    clone = Git(tmp_path / "clone")
    repo("clone", "-q", repo.path.as_uri(), str(clone.path))
    with GitRepository.open(clone.path) as git:
        assert worktree.newest_published(git) == clone("rev-parse", "HEAD")
    clone("checkout", "-q", "-b", "mine", "HEAD~2")
    clone.commit({"mine": b"1"})
    clone.commit({"mine": b"2"})
    with GitRepository.open(clone.path) as git:
        assert worktree.newest_published(git) == clone("merge-base", "HEAD", "origin/main")


def test_remote_and_author_are_what_git_is_set_to(repo, monkeypatch, tmp_path):
    with GitRepository.open(repo.path) as git:
        assert worktree.remote_url(git) is None
        assert worktree.author_name(git) == "Test Author"
    repo("remote", "add", "origin", "https://u:p@example.org/x.git")
    repo("remote", "add", "fork", "/fork")
    repo("config", "user.name", "Local One")
    with GitRepository.open(repo.path) as git:
        assert worktree.remote_url(git) == "https://u:p@example.org/x.git"
        assert worktree.author_name(git) == "Local One"
    repo("config", "branch.main.remote", "fork")
    repo("config", "--unset", "user.name")
    (tmp_path / "extra").write_text("[user]\n\tname = Conditional\n")
    (tmp_path / "global").write_text(
        f'[includeIf "gitdir:{repo.path}/"]\n\tpath = {tmp_path}/extra\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "global"))
    with GitRepository.open(repo.path) as git:
        assert worktree.remote_url(git) == "/fork"
        assert worktree.author_name(git) == "Conditional"


def test_submodules_are_tracked_as_commits(repo, tmp_path):
    outer = new_repository(tmp_path / "outer")
    outer("submodule", "--quiet", "add", repo.path.as_uri(), "sub")
    with GitRepository.open(outer.path) as git:
        modes = {each.path: each.mode for each in worktree.tracked_files(git)}
    assert modes["sub"] == 0o160000
