"""Where a feature comes from: which ancestor set it. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from labrec.lineage.diff import diff, kind, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Path = tuple[str, ...]

_MISSING = object()


class Kin(Protocol):
    """What is known of how things derive from one another."""

    def tree(self, node: str) -> Any:
        """Return the feature tree of a node."""

    def parents(self, node: str) -> Sequence[str]:
        """Return the nodes that a node derives from, the first one first."""

    def dangles(self, node: str) -> bool:
        """Say whether a node names a parent that is not known."""


class Origin(NamedTuple):
    """Which ancestor set a feature.

    Attributes:
        node: The one that set it: itself, or the first of its line that has this value.
        op: What it did there: ``add``, ``update`` or ``retype`` against its first parent, or
            ``root`` where it derives from nothing, or ``unknown`` where a parent is not there.
        old: The first parent's value, where it had another one; else None.
        steps: How many parents lie between.
    """

    node: str
    op: str
    old: Any
    steps: int


def leaves(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every value of a tree with its path, in the order of keys.

    Tagged values, lists and empty trees are values.
    """
    if kind(tree) == "tree" and (tree or not path):
        for key in sorted(tree):
            yield from leaves(tree[key], (*path, key))
    else:
        yield path, tree


def at(tree: Any, path: Path) -> Any:
    """Return what stands at a path, or raise.

    Raises:
        KeyError: Nothing stands there.
    """
    found = _at(tree, path)
    if found is _MISSING:
        raise KeyError(path)
    return found


def find(tree: Any, path: Path) -> tuple[Any] | None:
    """Return what stands at a path, alone in a tuple, or None for nothing."""
    found = _at(tree, path)
    return None if found is _MISSING else (found,)


def origin(node: str, path: Path, kin: Kin) -> Origin:
    """Return where a node has the value at a path from.

    The way leads to the first parent that has the same value there, and on from it. So of a merge
    each feature leads to the side it was taken from.

    Args:
        node: It has a value there.
        path: Keys from the root.
        kin: How nodes derive; circles end the way.
    """
    value = at(kin.tree(node), path)
    seen = {node}
    steps = 0
    while True:
        alike = (
            parent
            for parent in kin.parents(node)
            if parent not in seen and _alike(_at(kin.tree(parent), path), value)
        )
        parent = next(alike, None)
        if parent is None:
            return _set_by(node, path, value, kin, steps)
        seen.add(parent)
        node, steps = parent, steps + 1


def changed(old: Any, new: Any) -> Mapping[Path, tuple[str, Any, Any]]:
    """Return what differs between two trees, by path: op, old value, new value."""
    return {change.path: (change.op, change.old, change.new) for change in diff(old, new)}


def _set_by(node: str, path: Path, value: Any, kin: Kin, steps: int) -> Origin:
    parents = kin.parents(node)
    if not parents:
        return Origin(node, "unknown" if kin.dangles(node) else "root", None, steps)
    old = _at(kin.tree(parents[0]), path)
    if old is _MISSING:
        return Origin(node, "add", None, steps)
    op = "update" if kind(old) == kind(value) else "retype"
    return Origin(node, op, old, steps)


def _alike(found: Any, value: Any) -> bool:
    return found is not _MISSING and same(found, value)


def _at(tree: Any, path: Path) -> Any:
    for key in path:
        if kind(tree) != "tree" or key not in tree:
            return _MISSING
        tree = tree[key]
    return tree
