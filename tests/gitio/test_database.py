from __future__ import annotations

import hashlib
import os
import zlib
from pathlib import Path

import pytest
from tests.gitio.conftest import new_repository

from labrec.errors import IntegrityError, NotFoundError
from labrec.gitio import database
from labrec.gitio.objects import EMPTY_TREE
from labrec.gitio.repository import GitRepository


def loose_path(git, sha):
    return git.path / ".git/objects" / sha[:2] / sha[2:]


def forge(git, sha, data, kind=b"blob"):
    path = loose_path(git, sha)
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(zlib.compress(b"%s %d\0%s" % (kind, len(data), data)))


def test_loose_objects_read_as_git_reads_them(repo):
    with GitRepository.open(repo.path) as git:
        assert dict(git.database.loose()).keys() == repo.objects.keys()
        for sha, (kind, size) in repo.objects.items():
            assert git.object_header(sha) == (kind, size)
            with git.open_blob(sha) as stream:
                assert git.read_object(sha) == (kind, stream.read())


def test_a_forged_loose_object_is_refused_though_git_prints_it(repo):
    sha = repo("rev-parse", "HEAD:run.sh")
    forge(repo, sha, b"#!/bin/sh\nrm -rf ~\n")
    with GitRepository.open(repo.path) as git:
        with pytest.raises(IntegrityError, match="other bytes"):
            git.read_object(sha)
        with git.open_blob(sha) as stream, pytest.raises(IntegrityError):
            stream.read()


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"junk",
        zlib.compress(b"blob 3\0abcd"),
        zlib.compress(b"blub 1\0a"),
        zlib.compress(b"blob"),
    ],
)
def test_damaged_loose_objects_are_refused(empty, stored):
    sha = hashlib.sha1(b"blob 1\0a").hexdigest()
    forge(empty, sha, b"")
    loose_path(empty, sha).write_bytes(stored)
    with GitRepository.open(empty.path) as git, pytest.raises(IntegrityError):
        git.read_object(sha)


def test_replace_refs_and_grafts_change_nothing(repo):
    old, new = repo("rev-parse", "HEAD:run.sh"), repo("rev-parse", "HEAD:notes.txt")
    head = repo("rev-parse", "HEAD")
    repo("replace", old, new)
    (repo.path / ".git/info/grafts").write_text(f"{head}\n")
    with GitRepository.open(repo.path) as git:
        assert git.read_blob(old) == b"#!/bin/sh\n"
        assert git.read_commit(head).parents


def test_what_another_repository_lends_is_read_but_not_by_the_strict_reader(repo, tmp_path):
    borrower = new_repository(tmp_path / "borrower")
    (borrower.path / ".git/objects/info/alternates").write_text(f"{repo.path}/.git/objects\n")
    head = repo("rev-parse", "HEAD")
    with GitRepository.open(borrower.path) as git:
        assert git.read_commit(head).parents
        with git.strict() as strict, pytest.raises(NotFoundError):
            strict.read_commit(head)


def test_a_missing_object_says_so(empty):
    with GitRepository.open(empty.path) as git:
        assert not git.has_object("1" * 40)
        for read in (git.read_object, git.object_header, git.open_blob):
            with pytest.raises(NotFoundError, match="1111"):
                read("1" * 40)
        assert git.tree(EMPTY_TREE) == ()


def test_a_reader_follows_when_git_repacks_under_it(repo):
    with GitRepository.open(repo.path) as git:
        first, last = min(repo.objects), max(repo.objects)
        git.read_object(first)
        repo("repack", "-adfq")
        repo("prune-packed")
        git.read_object(last)
        repo.commit({"more": b"more"})
        repo("repack", "-adfq", "--depth=2")
        for sha in repo.objects:
            git.read_object(sha)


def test_a_pack_that_goes_away_between_index_and_data_is_looked_for_again(repo, monkeypatch):
    repo("repack", "-adfq")
    repo("prune-packed")
    sha = repo("rev-parse", "HEAD")
    real, done = database.Pack.find, []

    def find(pack, name):
        offset = real(pack, name)
        if not done:
            done.append(1)
            (repo.path / "more").write_bytes(os.urandom(9))
            repo("add", "-A")
            repo("commit", "-qm", "more")
            repo("repack", "-adq")  # another pack: the one found just now is gone
        return offset

    monkeypatch.setattr(database.Pack, "find", find)
    with GitRepository.open(repo.path) as git:
        assert git.read_object(sha)[0] == "commit"
    assert done


def test_short_names_are_looked_up_in_packs_and_loose_objects(repo):
    head = repo("rev-parse", "HEAD")
    with GitRepository.open(repo.path) as git:
        assert git.database.with_prefix(head[:12]) == [head]
        repo("repack", "-adq")
        git.database.refresh()
        assert git.database.with_prefix(head[:12]) == [head]


def test_the_cache_of_delta_bases_stays_small(repo, monkeypatch):
    monkeypatch.setattr(database, "_CACHE_BYTES", 40_000)
    repo("repack", "-adfq")
    with GitRepository.open(repo.path) as git:
        for sha in repo.objects:
            git.read_object(sha)
        assert 0 < git.database._base_bytes <= 40_000


def open_files(folder):
    links = (link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    return [link for link in links if link.is_relative_to(folder)]


def test_a_repository_at_rest_holds_no_file_and_reads_on(repo):
    repo("repack", "-adq")
    with GitRepository.open(repo.path) as git:
        before = {sha: git.read_object(sha) for sha in repo.objects}
        assert open_files(repo.path)
        git.rest()
        assert open_files(repo.path) == []
        assert {sha: git.read_object(sha) for sha in repo.objects} == before
        git.rest()
        (repo.path / "more").write_text("more")  # packs come and go while it rests
        repo("add", "more")
        repo("commit", "-qm", "more")
        repo("repack", "-adq", "--window=0")
        sha = repo("rev-parse", "HEAD:more")
        assert git.read_blob(sha) == b"more"
        assert {sha: git.read_object(sha) for sha in before} == before
    assert open_files(repo.path) == []


def test_what_was_read_before_is_proven_anew_by_a_fresh_reader(repo):
    commit = repo("rev-parse", "HEAD")
    with GitRepository.open(repo.path) as git:
        tree = git.read_commit(commit).tree
        git.tree(tree)
        forge(repo, tree, b"", b"tree")
        with git.reopen() as fresh, pytest.raises(IntegrityError):
            fresh.tree(tree)
        with git.strict() as strict, pytest.raises(IntegrityError):
            strict.tree(tree)
