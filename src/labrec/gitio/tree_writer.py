"""Adding files to a nested tree, reading and writing only the trees on their paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import IntegrityError
from labrec.gitio.objects import (
    EMPTY_TREE,
    MODE_FILE,
    MODE_TREE,
    TreeEntry,
    format_tree,
    object_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Nested = dict[str, "Nested | TreeEntry"]


class Grown(NamedTuple):
    """What adding files made.

    Attributes:
        sha: The new root tree.
        trees: The bytes of the trees that are new, by name, children before parents.
        added: The paths that were not there before.
    """

    sha: str
    trees: dict[str, bytes]
    added: tuple[str, ...]


def add_files(
    read: Callable[[str], Iterable[TreeEntry]],
    root: str,
    files: Mapping[str, str | TreeEntry],
    *,
    replace: bool = False,
) -> Grown:
    """Add files to a tree.

    Args:
        read: Gives the entries of a stored tree.
        root: The tree to add to; the empty tree need not be stored.
        files: Blob (or entry, for another mode than a plain file) by path ``a/b/c``.
        replace: Whether a file may take the place of another: for editable files only.

    Raises:
        IntegrityError: A path is taken by other bytes, or a file stands where a folder should.
    """
    wanted: Nested = {}
    for path, entry in files.items():
        *folders, name = path.split("/")
        place = wanted
        for folder in folders:
            below = place.setdefault(folder, {})
            if not isinstance(below, dict):
                raise _taken(path)
            place = below
        if isinstance(place.get(name), dict):
            raise _taken(path)
        place[name] = entry if isinstance(entry, TreeEntry) else TreeEntry(name, MODE_FILE, entry)
    grower = _Grower(read, replace=replace)
    sha = grower.grow(root, wanted, "")
    return Grown(sha, grower.trees, tuple(grower.added))


class _Grower:
    def __init__(self, read: Callable[[str], Iterable[TreeEntry]], *, replace: bool) -> None:
        self.read = read
        self.replace = replace
        self.trees: dict[str, bytes] = {}
        self.added: list[str] = []

    def grow(self, sha: str, wanted: Nested, prefix: str) -> str:
        entries = {} if sha == EMPTY_TREE else {each.name: each for each in self.read(sha)}
        changed = False
        for name, new in wanted.items():
            path, here = prefix + name, entries.get(name)
            if isinstance(new, dict):
                if here is not None and not here.is_tree:
                    raise _taken(path)
                below = self.grow(here.sha if here else EMPTY_TREE, new, path + "/")
                if here is None or below != here.sha:
                    entries[name] = TreeEntry(name, MODE_TREE, below)
                    changed = True
            elif here is None or (self.replace and here.is_file and here.sha != new.sha):
                entries[name] = new
                self.added.append(path)
                changed = True
            elif here.sha != new.sha or here.is_tree:
                raise _taken(path)
        if not changed:
            return sha
        data = format_tree(entries.values())
        name = object_id("tree", data)
        self.trees[name] = data
        return name


def _taken(path: str) -> IntegrityError:
    return IntegrityError(
        f"{path} already holds other bytes",
        hint="A stored file is never rewritten; labrec verify says what is wrong with it.",
        paths=[path],
    )
