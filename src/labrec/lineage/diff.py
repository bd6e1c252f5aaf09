"""What changed between two feature trees: the fewest changes that turn one into the other. ○ No IO.

Trees are JSON values as a record stores them. A tagged value such as ``{"$float": "NaN"}`` is one
value, never a tree; numbers compare as numbers, so ``1`` and ``1.0`` are no difference, and
``true`` and ``1`` are.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Operation = Literal["add", "update", "delete", "retype"]

_KINDS = {bool: "boolean", int: "number", float: "number", str: "string", list: "list"}
_TAGGED_KINDS = {"$int": "number", "$float": "number"}


class Change(NamedTuple):
    """One difference between two trees.

    Attributes:
        op: ``add``, ``delete``, ``update`` (same kind of value) or ``retype`` (another kind).
        path: Keys from the root; the index, as decimal text, inside a list. Empty = the root.
        old: Value before; None for ``add``.
        new: Value after; None for ``delete``.
    """

    op: Operation
    path: tuple[str, ...]
    old: Any
    new: Any

    def to_json(self) -> dict[str, Any]:
        """Return the change as a record stores it: ``old`` and ``new`` only where there is one."""
        document: dict[str, Any] = {"op": self.op, "path": list(self.path)}
        if self.op != "add":
            document["old"] = self.old
        if self.op != "delete":
            document["new"] = self.new
        return document


def diff(old: Any, new: Any) -> list[Change]:
    """Return the changes that turn one tree into another.

    Whole subtrees are added and deleted by one change. Lists of one length are compared item by
    item, others as one value.

    Args:
        old: JSON value before.
        new: JSON value after.

    Returns:
        Changes in code point order of their paths, list items in their order.
    """
    return list(_walk(old, new, ()))


def apply(changes: Iterable[Change | dict[str, Any]], tree: Any) -> Any:
    """Return a copy of a tree with changes made to it: ``apply(diff(a, b), a) == b``.

    Args:
        changes: From `diff`, or as a record stores them.
        tree: JSON value that the changes start from; left as it is.

    Raises:
        KeyError: A path is not in the tree.
        IndexError: A list has no such item.
    """
    holder = [deepcopy(tree)]
    for change in changes:
        if isinstance(change, Change):
            op, path, new = change.op, change.path, change.new
        else:
            op, path, new = change["op"], tuple(change["path"]), change.get("new")
        place: Any = holder
        key: str | int = 0
        for name in path:
            place = place[key]
            key = int(name) if isinstance(place, list) else name
        if op == "delete":
            del place[key]
        else:
            place[key] = deepcopy(new)
    return holder[0]


def kind(value: Any) -> str:
    """Name the kind of a JSON value: null, boolean, number, string, list, tree, or its tag."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        tag = _tag(value)
        return "tree" if tag is None else _TAGGED_KINDS.get(tag, tag)
    return _KINDS.get(type(value), "string")


def same(one: Any, other: Any) -> bool:
    """Say whether two JSON values are equal, with ``true`` and ``1`` kept apart."""
    if kind(one) != kind(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def _tag(value: dict[str, Any]) -> str | None:
    """Return the tag of a tagged value; a doubled ``$`` is a key of the user's."""
    for key in value:
        if key.startswith("$") and not key.startswith("$$"):
            return key
    return None


def _walk(old: Any, new: Any, path: tuple[str, ...]) -> Iterator[Change]:
    before, after = kind(old), kind(new)
    if before != after:
        yield Change("retype", path, old, new)
    elif before == "tree":
        for key in sorted(old.keys() | new.keys()):
            here = (*path, key)
            if key not in new:
                yield Change("delete", here, old[key], None)
            elif key not in old:
                yield Change("add", here, None, new[key])
            else:
                yield from _walk(old[key], new[key], here)
    elif before == "list" and len(old) == len(new):
        for index, (was, now) in enumerate(zip(old, new, strict=True)):
            yield from _walk(was, now, (*path, str(index)))
    elif not same(old, new):
        yield Change("update", path, old, new)
