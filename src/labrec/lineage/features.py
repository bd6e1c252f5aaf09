"""Feature trees: places in them as dotted paths, and trees as flat tables. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labrec.errors import UsageError
from labrec.lineage.diff import kind

if TYPE_CHECKING:
    from collections.abc import Iterator


def set_path(tree: dict[str, Any], path: str, value: Any) -> None:
    """Set one feature in a tree, making the trees on the way.

    Args:
        tree: Changed in place.
        path: Keys joined by dots, ``optimizer.lr``.
        value: What to set.

    Raises:
        UsageError: A key is empty, or something on the way is a value and no tree.
    """
    *way, last = path.split(".")
    if not last or not all(way):
        raise UsageError(f"{path!r} is no path of a feature", hint="Write it as a.b=value.")
    place = tree
    for index, key in enumerate(way):
        below = place.setdefault(key, {})
        if not isinstance(below, dict):
            raise UsageError(
                f"cannot set {path}: {'.'.join(way[: index + 1])} is a value, not a tree",
                hint="Set that feature itself, or remove it from the features file.",
            )
        place = below
    place[last] = value


def get_path(tree: Any, path: str) -> Any:
    """Return what stands at a dotted path.

    Keys may hold dots themselves: the longest key that fits is taken first.

    Raises:
        KeyError: Nothing stands there.
    """
    if not path:
        return tree
    if isinstance(tree, dict):
        keys = path.split(".")
        for size in range(len(keys), 0, -1):
            key = ".".join(keys[:size])
            if key in tree:
                try:
                    return get_path(tree[key], ".".join(keys[size:]))
                except KeyError:
                    continue
    raise KeyError(path)


def flatten(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield every value of a tree with its dotted path, in the tree's order.

    Tagged values, lists and empty trees are values.
    """
    if kind(tree) == "tree" and (tree or not path):
        for key, value in tree.items():
            yield from flatten(value, (*path, key))
    else:
        yield ".".join(path), tree
