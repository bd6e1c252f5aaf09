"""Git objects as values: their names, trees and commits (gitformat-pack(5), git-commit-tree(1))."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS = ("commit", "tree", "blob", "tag")

MODE_TREE = 0o040000
MODE_FILE = 0o100644
MODE_EXECUTABLE = 0o100755
MODE_LINK = 0o120000
MODE_SUBMODULE = 0o160000

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


class TreeEntry(NamedTuple):
    """One name in a tree.

    Attributes:
        name: Its name; bytes that are not UTF-8 are kept as surrogate escapes.
        mode: Git's mode: one of the ``MODE_`` constants.
        sha: 40 hex digits of the object it names.
    """

    name: str
    mode: int
    sha: str

    @property
    def is_tree(self) -> bool:
        """Whether the entry is a folder."""
        return self.mode == MODE_TREE

    @property
    def is_file(self) -> bool:
        """Whether the entry is a regular file: neither link, folder nor submodule."""
        return self.mode in (MODE_FILE, MODE_EXECUTABLE, 0o100664)


class Commit(NamedTuple):
    """What a commit object says; ``message`` is for people and never parsed.

    Attributes:
        tree: 40 hex digits of its root tree.
        parents: Its parents, first parent first.
        author: The author line after ``author ``: ``Name <mail> seconds zone``.
        committer: The committer line, likewise.
        message: The text after the headers.
    """

    tree: str
    parents: tuple[str, ...]
    author: str
    committer: str
    message: str


def object_id(kind: str, data: bytes) -> str:
    """Return the 40 hex digits that name an object of ``kind`` with these bytes."""
    digest = hashlib.sha1(b"%s %d\x00" % (kind.encode(), len(data)), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()


def parse_tree(data: bytes, sha: str = "") -> tuple[TreeEntry, ...]:
    """Read a tree's entries in stored order.

    Args:
        data: The tree object's bytes.
        sha: Its name, for the message.

    Raises:
        IntegrityError: The bytes are no tree.
    """
    entries: list[TreeEntry] = []
    position, end = 0, len(data)
    while position < end:
        space = data.find(b" ", position, position + 8)
        null = data.find(b"\0", space + 1)
        if space < 0 or null < 0 or null + 21 > end:
            raise IntegrityError(f"tree {sha or '?'} is malformed", paths=[sha])
        try:
            mode = int(data[position:space], 8)
        except ValueError as error:
            raise IntegrityError(f"tree {sha or '?'} is malformed", paths=[sha]) from error
        name = data[space + 1 : null].decode("utf-8", "surrogateescape")
        position = null + 21
        entries.append(TreeEntry(name, mode, data[null + 1 : position].hex()))
    return tuple(entries)


def format_tree(entries: Iterable[TreeEntry]) -> bytes:
    """Write a tree: entries in git's order, where a folder sorts as if its name ended in ``/``."""
    rows = []
    for entry in entries:
        name = entry.name.encode("utf-8", "surrogateescape")
        key = name + b"/" if entry.mode == MODE_TREE else name
        rows.append((key, b"%o %s\x00%s" % (entry.mode, name, bytes.fromhex(entry.sha))))
    rows.sort()
    return b"".join(row for _, row in rows)


def parse_commit(data: bytes, sha: str = "") -> Commit:
    """Read a commit's headers and message.

    Raises:
        IntegrityError: The bytes are no commit.
    """
    head, _, message = data.partition(b"\n\n")
    tree, parents, author, committer = "", [], "", ""
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        if key == b"tree" and not tree:
            tree = value.decode("ascii", "replace")
        elif key == b"parent":
            parents.append(value.decode("ascii", "replace"))
        elif key == b"author" and not author:
            author = value.decode("utf-8", "replace")
        elif key == b"committer" and not committer:
            committer = value.decode("utf-8", "replace")
    if not all(is_object_id(name) for name in (tree, *parents)):
        raise IntegrityError(f"commit {sha or '?'} is malformed", paths=[sha])
    return Commit(tree, tuple(parents), author, committer, message.decode("utf-8", "replace"))


def format_commit(commit: Commit) -> bytes:
    """Write a commit object."""
    lines = [f"tree {commit.tree}", *(f"parent {parent}" for parent in commit.parents)]
    lines += [f"author {commit.author}", f"committer {commit.committer}", "", commit.message]
    return "\n".join(lines).encode("utf-8", "replace")


def parse_tag_target(data: bytes, sha: str = "") -> str:
    """Return the object an annotated tag points at.

    Raises:
        IntegrityError: The bytes are no tag.
    """
    first = data.split(b"\n", 1)[0]
    target = first[7:].decode("ascii", "replace")
    if not first.startswith(b"object ") or not is_object_id(target):
        raise IntegrityError(f"tag {sha or '?'} is malformed", paths=[sha])
    return target


def is_object_id(text: str) -> bool:
    """Whether ``text`` is 40 lower-case hex digits."""
    return len(text) == 40 and not text.strip("0123456789abcdef")  # noqa: PLR2004 - SHA-1
