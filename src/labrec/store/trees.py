"""Git trees as values: parse, encode, unite. ○ No IO: trees come from the caller's ``load``.

A git tree is a sorted list of (mode, name, id). Uniting several trees opens only the subtrees
that differ, so it costs what changed and not what a lab holds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import IntegrityError
from labrec.gitio.objects import EMPTY_TREE, MODE_TREE, TreeEntry, format_tree, object_id
from labrec.record.layout import parse_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_ENTRY = re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL)

Tree = dict[str, TreeEntry]
"""Names to entries. Bytes that are not UTF-8 are kept as surrogate escapes."""


def split_tree(data: bytes, sha: str = "") -> list[tuple[bytes, bytes, bytes]]:
    """Split the bytes of a git tree into (octal mode, name, 20-byte id), in stored order.

    Raises:
        IntegrityError: The bytes are not a tree.
    """
    rows = _ENTRY.findall(data)
    if sum([len(mode) + len(name) for mode, name, _ in rows]) + 22 * len(rows) != len(data):
        raise IntegrityError(
            f"git tree {sha or '?'} is malformed",
            hint="Compare with another clone; `git fsck` names what is damaged.",
            paths=[sha] if sha else [],
        )
    return rows


def parse_tree(data: bytes, sha: str = "") -> Tree:
    """Read the bytes of a git tree.

    Args:
        data: The object's content without its header.
        sha: Its id, for the message.

    Raises:
        IntegrityError: The bytes are not a tree, or a name stands in it twice.
    """
    rows = split_tree(data, sha)
    tree: Tree = {}
    for mode, raw, oid in rows:
        name = raw.decode("utf-8", "surrogateescape")
        tree[name] = TreeEntry(name, int(mode, 8), oid.hex())
    if len(tree) != len(rows):
        raise IntegrityError(
            f"git tree {sha or '?'} holds a name twice",
            hint="Git itself never writes such a tree: compare with another clone.",
            paths=[sha] if sha else [],
        )
    return tree


class Conflict(NamedTuple):
    """One path that holds different contents in the trees that were united."""

    path: str
    shas: tuple[str, ...]


class Union(NamedTuple):
    """What uniting gave.

    Attributes:
        sha: Id of the united tree.
        built: Trees that exist only in memory, by id.
        conflicts: Paths with more than one content; a directory where a file there has no meaning,
            else the base's, else the smallest id was taken.
    """

    sha: str
    built: dict[str, Tree]
    conflicts: tuple[Conflict, ...]


class _Uniter:
    """The recursion of `unite`, with what it builds on the way."""

    def __init__(self, load: Callable[[str], Tree], from_base_only: Callable[[str], bool]) -> None:
        self.load = load
        self.from_base_only = from_base_only
        self.built: dict[str, Tree] = {}
        self.conflicts: list[Conflict] = []

    def tree(self, base: str | None, others: Iterable[str], path: str) -> str | None:
        """Unite one directory; None when nothing is left in it."""
        rest = sorted({sha for sha in others if sha != base})
        if not rest:
            return base
        if base is None and len(rest) == 1 and not self.from_base_only(path + "/"):
            return rest[0]
        ours = self.load(base) if base is not None else {}
        offered: dict[str, set[TreeEntry]] = {}
        for sha in rest:
            for name, entry in self.load(sha).items():
                if ours.get(name) != entry:
                    offered.setdefault(name, set()).add(entry)
        merged = dict(ours)
        for name, entries in offered.items():
            chosen = self.entry(ours.get(name), entries, f"{path}/{name}")
            if chosen is not None:
                merged[name] = chosen
        if not merged and base is None:
            return None
        if merged == ours and base is not None:
            return base
        sha = object_id("tree", format_tree(merged.values()))
        self.built[sha] = merged
        return sha

    def entry(self, ours: TreeEntry | None, offered: set[TreeEntry], path: str) -> TreeEntry | None:
        """Unite one name that at least one tree holds otherwise than the base."""
        name = path.rpartition("/")[2]
        directories = [entry.sha for entry in offered if entry.is_tree]
        files = {entry for entry in offered if not entry.is_tree}
        if directories and not files and (ours is None or ours.is_tree):
            united = self.tree(ours.sha if ours else None, directories, path)
            return TreeEntry(name, MODE_TREE, united) if united is not None else None
        if not directories and self.from_base_only(path):
            return ours
        everyone = offered | ({ours} if ours else set())
        if len(everyone) > 1:
            shas = tuple(sorted(entry.sha for entry in everyone))
            self.conflicts.append(Conflict(path, shas))
        if directories and not (ours and ours.is_tree) and parse_path(path).kind == "other":
            # Records stand below it: a file without a meaning in a lab must not hide them.
            united = self.tree(None, directories, path)
            if united is not None:
                return TreeEntry(name, MODE_TREE, united)
        return ours or min(everyone, key=lambda entry: (entry.sha, entry.mode))


def unite(
    load: Callable[[str], Tree],
    base: str | None,
    others: Iterable[str],
    *,
    root: str,
    from_base_only: Callable[[str], bool],
) -> Union:
    """Unite trees: every path of every tree, opening only subtrees that differ.

    The result depends on the set of trees alone, not on their order.

    Args:
        load: Gives the tree of an id.
        base: Id of the base's tree, or None where the base has none.
        others: Ids of the other trees.
        root: Path of these trees, for the paths in conflicts (no ``/`` at its end).
        from_base_only: True for the path of a file that counts only where the base holds it, and
            for the path of a directory, ending in ``/``, that may hold such files.
    """
    uniter = _Uniter(load, from_base_only)
    sha = uniter.tree(base, others, root)
    if sha is None:
        sha = EMPTY_TREE
        uniter.built[sha] = {}
    return Union(sha, uniter.built, tuple(uniter.conflicts))


class Change(NamedTuple):
    """One file that stands in only one of two trees, or differs between them."""

    path: str
    before: TreeEntry | None
    after: TreeEntry | None


def changes(
    load: Callable[[str], Tree], before: str | None, after: str | None, root: str
) -> Iterable[Change]:
    """Yield the files that differ between two trees, opening only subtrees that differ.

    Args:
        load: Gives the tree of an id.
        before: Id of the earlier tree, or None for nothing.
        after: Id of the later tree, or None for nothing.
        root: Path of the trees, without ``/`` at its end.
    """
    if before == after:
        return
    old = load(before) if before is not None else {}
    new = load(after) if after is not None else {}
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        path = f"{root}/{name}"
        was_tree = was.sha if was is not None and was.is_tree else None
        now_tree = now.sha if now is not None and now.is_tree else None
        if was_tree is not None or now_tree is not None:
            yield from changes(load, was_tree, now_tree, path)
        was_file = was if was is not None and was_tree is None else None
        now_file = now if now is not None and now_tree is None else None
        if was_file is not None or now_file is not None:
            yield Change(path, was_file, now_file)
