"""Two feature trees that go back to one become one tree again: a three-way merge. ○ No IO.

Trees are JSON values as a record stores them; a tagged value and a list are one value each. What
one side changed and the other left alone is taken; what both changed alike is taken once; what both
changed differently is a conflict, and nothing is guessed.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from labrec.errors import UsageError
from labrec.lineage.diff import kind, same
from labrec.record.config import join_path, split_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Path = tuple[str, ...]
Side = Literal["A", "B"]


class Nothing(NamedTuple):
    """That a tree holds nothing at a place, or that nobody can say what it held there.

    Attributes:
        why: ``absent``, or ``unclear`` where several ancestors hold different things.
    """

    why: str


ABSENT: Final = Nothing("absent")
UNCLEAR: Final = Nothing("unclear")


class Conflict(NamedTuple):
    """A place that both sides changed, and not alike.

    Attributes:
        path: Keys from the root.
        ancestor: What stood there before; `ABSENT`, or `UNCLEAR` where ancestors differ.
        a: What side A has there, or `ABSENT`.
        b: What side B has there, or `ABSENT`.
    """

    path: Path
    ancestor: Any
    a: Any
    b: Any

    def to_json(self) -> dict[str, Any]:
        """Return the conflict with stable keys; a side that has nothing there has no key."""
        document: dict[str, Any] = {"path": join_path(self.path)}
        for name in ("ancestor", "a", "b"):
            value = getattr(self, name)
            if not isinstance(value, Nothing):
                document[name] = value
        if self.ancestor is UNCLEAR:
            document["ancestors_differ"] = True
        return document


class Merged(NamedTuple):
    """What two trees come to; true when no conflict is left.

    Attributes:
        tree: The tree, without the places of conflicts.
        conflicts: In code point order of their paths.
        taken: Which side each place was taken from that only one of them changed, by path.
    """

    tree: dict[str, Any]
    conflicts: tuple[Conflict, ...]
    taken: Mapping[Path, Side]

    def __bool__(self) -> bool:
        return not self.conflicts


def merge(ancestors: Sequence[Mapping[str, Any]], a: Any, b: Any) -> Merged:
    """Merge two trees.

    Args:
        ancestors: The trees of their nearest common ancestors. With several, what these do not
            agree on counts as unknown, so that a difference there is a conflict; without any,
            every difference is one, but for what only one side has.
        a: One tree.
        b: The other.
    """
    conflicts: list[Conflict] = []
    taken: dict[Path, Side] = {}
    base = common(ancestors) if ancestors else {}
    tree = _merged(base, a, b, (), _Found(conflicts, taken))
    return Merged({} if isinstance(tree, Nothing) else tree, tuple(conflicts), taken)


def common(trees: Sequence[Mapping[str, Any]]) -> Any:
    """Return what several trees agree on; where they do not stands `UNCLEAR`.

    Args:
        trees: One or more.
    """
    first, *others = trees
    return _agreed(first, others)


def resolve(
    merged: Merged,
    takes: Iterable[tuple[Side, str]],
    sets: Iterable[tuple[str, Any]],
) -> Merged:
    r"""Return a merge with conflicts resolved.

    Args:
        merged: The merge.
        takes: Side and path: every conflict at the path, or below it, is resolved as that side has
            it. Keys are joined by dots; a dot or backslash inside a key is written ``\.`` or
            ``\\``.
        sets: Path and value: the feature gets this value, whether it was in conflict or not, and
            conflicts at the path, below or above it are resolved.

    Raises:
        UsageError: No conflict is at or below a path that is to be taken, a path is none, or a
            value stands where a tree is needed.
    """
    tree = deepcopy(merged.tree)
    left = list(merged.conflicts)
    for side, text in takes:
        keys = _keys(text)
        meant = [one for one in left if one.path[: len(keys)] == keys]
        if not meant:
            known = ", ".join(join_path(one.path) for one in left[:10]) or "none"
            raise UsageError(f"no conflict is at {text!a:.80}", hint=f"Left: {known}.")
        for one in meant:
            value = one.a if side == "A" else one.b
            if not isinstance(value, Nothing):
                _put(tree, one.path, value)
        left = [one for one in left if one not in meant]
    for text, value in sets:
        keys = _keys(text)
        _put(tree, keys, value)
        left = [
            one
            for one in left
            if one.path[: len(keys)] != keys and keys[: len(one.path)] != one.path
        ]
    return merged._replace(tree=tree, conflicts=tuple(left))


class _Found(NamedTuple):
    conflicts: list[Conflict]
    taken: dict[Path, Side]


def _merged(base: Any, a: Any, b: Any, path: Path, found: _Found) -> Any:
    """Return what stands at a place after the merge; `ABSENT` for nothing, and for a conflict."""
    if _same(a, b):
        return a
    if _same(base, a):
        found.taken[path] = "B"
        return b
    if _same(base, b):
        found.taken[path] = "A"
        return a
    if _is_tree(a) and _is_tree(b) and (_is_tree(base) or isinstance(base, Nothing)):
        below = base if _is_tree(base) else {}
        unknown = UNCLEAR if base is UNCLEAR else ABSENT
        tree = {}
        for key in sorted(a.keys() | b.keys() | below.keys()):
            sides = (below.get(key, unknown), a.get(key, ABSENT), b.get(key, ABSENT))
            value = _merged(*sides, (*path, key), found)
            if not isinstance(value, Nothing):
                tree[key] = value
        return tree
    found.conflicts.append(Conflict(path, base, a, b))
    return ABSENT


def _agreed(first: Any, others: Sequence[Any]) -> Any:
    if all(_same(first, other) for other in others):
        return first
    if not all(map(_is_tree, (first, *others))):
        return UNCLEAR
    keys = sorted({key for tree in (first, *others) for key in tree})
    return {
        key: _agreed(first.get(key, ABSENT), [other.get(key, ABSENT) for other in others])
        for key in keys
    }


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Nothing) or isinstance(other, Nothing):
        return one is other and one is ABSENT
    return _known(one) and _known(other) and same(one, other)


def _known(value: Any) -> bool:
    """Say whether nothing unclear lies in a value; only what `common` returns can hold such."""
    if value is UNCLEAR:
        return False
    return all(map(_known, value.values())) if type(value) is dict else True


def _is_tree(value: Any) -> bool:
    return not isinstance(value, Nothing) and kind(value) == "tree"


def _keys(text: str) -> Path:
    keys = tuple(split_path(text))
    if not keys or not all(keys) or join_path(keys) != text:
        raise UsageError(
            f"{text!a:.80} is no path of a feature",
            hint="Keys joined by dots; a dot inside a key is written \\.",
        )
    return keys


def _put(tree: dict[str, Any], path: Path, value: Any) -> None:
    place = tree
    for index, key in enumerate(path[:-1]):
        below = place.setdefault(key, {})
        if not _is_tree(below):
            raise UsageError(
                f"cannot set {join_path(path)!a:.80}: {join_path(path[: index + 1])!a:.80} is a "
                "value, not a tree",
                hint="Set that feature itself.",
            )
        place = below
    place[path[-1]] = deepcopy(value)
