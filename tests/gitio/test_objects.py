from __future__ import annotations

import pytest

from labrec.errors import IntegrityError
from labrec.gitio import objects
from labrec.gitio.objects import TreeEntry
from labrec.gitio.repository import GitRepository


def test_trees_and_commits_are_written_as_git_writes_them(repo):
    with GitRepository.open(repo.path) as git:
        kinds = set()
        for sha, (kind, _) in repo.objects.items():
            data = git.read_object(sha)[1]
            assert objects.object_id(kind, data) == sha
            kinds.add(kind)
            if kind == "tree":
                assert objects.format_tree(reversed(objects.parse_tree(data))) == data
            if kind == "commit":
                assert objects.format_commit(objects.parse_commit(data)) == data
        assert kinds == {"tree", "commit", "blob"}


def test_a_folder_sorts_as_if_its_name_ended_in_a_slash():
    sha = "1" * 40
    names = [
        TreeEntry("a", objects.MODE_TREE, sha),
        TreeEntry("a.b", objects.MODE_FILE, sha),
        TreeEntry("a0", objects.MODE_FILE, sha),
    ]
    written = objects.format_tree(names)
    assert [entry.name for entry in objects.parse_tree(written)] == ["a.b", "a", "a0"]


def test_names_that_are_not_utf8_come_back_as_they_were():
    data = b"100644 \xff\xfe\0" + bytes(20)
    assert objects.format_tree(objects.parse_tree(data)) == data


@pytest.mark.parametrize(
    "data", [b"x", b"100644 a", b"100644 a\0short", b"1z0644 a\0" + bytes(20), b"\0" * 40]
)
def test_malformed_trees_are_refused(data):
    with pytest.raises(IntegrityError, match="malformed"):
        objects.parse_tree(data)


@pytest.mark.parametrize("data", [b"", b"tree 12\n\nx", b"parent " + b"1" * 40 + b"\n\nx"])
def test_malformed_commits_are_refused(data):
    with pytest.raises(IntegrityError, match="malformed"):
        objects.parse_commit(data)


@pytest.mark.parametrize("data", [b"object xyz\n", b"tree " + b"1" * 40])
def test_malformed_tags_are_refused(data):
    with pytest.raises(IntegrityError, match="malformed"):
        objects.parse_tag_target(data)
