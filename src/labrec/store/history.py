"""Did anything leave? Because names prove bytes, that is all history can get wrong.

Incrementally: the view of the last clean verification against the present one. In full: every
tree of every commit reachable from the base and the record refs.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from labrec.errors import IntegrityError
from labrec.gitio.objects import parse_commit, parse_tag_target
from labrec.record import layout
from labrec.store.base import Base
from labrec.store.heads import mark, read_known
from labrec.store.trees import changes, split_tree
from labrec.store.view import View, from_base_only, read_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from labrec.store.heads import Heads
    from labrec.store.trees import Change, Tree
    from labrec.store.view import ObjectReader

IMMUTABLE_NAME = re.compile(rb"(?:.*\.)?[0-9a-f]{32}\.json|[0-9a-f]{64}", re.DOTALL)
"""File names that carry a digest: every immutable kind has one (docs/format.md)."""

_RECORDS = layout.RECORDS.encode()
_DIRECTORY = (b"40000", b"040000")  # old tools wrote the second
_FOLDERS_KEPT = 4096


def is_immutable(path: str) -> bool:
    """Tell whether a path under ``records/`` may never leave or change."""
    name = path.rpartition("/")[2].encode("utf-8", "surrogateescape")
    return not from_base_only(path) and IMMUTABLE_NAME.fullmatch(name) is not None


class Since:
    """The difference between what was last verified and a view.

    Attributes:
        added: New or changed files, with the entry as it is now.
        left: Immutable paths that are gone; None with ``lost`` when only their number is known.
        changed: Immutable paths that hold something else now.
        lost: How many known paths are gone whose names cannot be told any more.
        complete: False when the old state could not be compared at all.
    """

    def __init__(self) -> None:
        self.added: list[Change] = []
        self.left: list[str] = []
        self.changed: list[str] = []
        self.lost = 0
        self.complete = True
        self.compared = True


def since(view: View, heads: Heads, state: Path, discarded: Iterable[str] = ()) -> Since:
    """Compare a view with the last clean one.

    Where git has pruned the old commits the remembered marks of their paths are compared instead;
    ``compared`` is then False and ``added`` empty.

    Args:
        view: The present view.
        heads: What was remembered.
        state: Folder of the remembered marks.
        discarded: Paths that left on purpose; their marks are not missed.
    """
    result = Since()
    try:
        before = View(view.objects, Base(heads.base, "heads.json", ""), heads.refs)
        for change in changes(_either(view, before), before.id, view.id, layout.RECORDS):
            _sort(change, result)
    except IntegrityError:
        return _by_marks(view, heads, state, discarded)
    return result


def _sort(change: Change, result: Since) -> None:
    if change.before is not None and is_immutable(change.path):
        if change.after is None:
            result.left.append(change.path)
        elif change.after.sha != change.before.sha:
            result.changed.append(change.path)
    if change.after is not None:
        result.added.append(change)


def _either(view: View, before: View) -> Callable[[str], Tree]:
    def load(sha: str) -> Tree:
        built = view.built.get(sha)
        return built if built is not None else before.tree(sha)

    return load


def _by_marks(view: View, heads: Heads, state: Path, discarded: Iterable[str]) -> Since:
    result = Since()
    result.compared = False
    known = read_known(state, heads)
    if known is None:
        result.complete = False
        return result
    present = {mark(path) for path, _ in view.files() if is_immutable(path)}
    result.lost = len(known - present - set(map(mark, discarded)))
    return result


class Walk:
    """Every commit and tree reachable from some heads, each read once.

    Args:
        objects: Where objects are read from, re-hashed.
        shallow: Commits whose parents are known to be absent.
    """

    def __init__(self, objects: ObjectReader, shallow: Iterable[str] = ()) -> None:
        self.objects = objects
        self.shallow = frozenset(shallow)
        self.missing: list[tuple[str, str]] = []
        self.commits = 0

    def roots(self, heads: Iterable[str], stop: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
        """Yield (commit, its root tree) of every reachable commit.

        Args:
            heads: Where to start; annotated tags are followed.
            stop: Commits to turn back at; they and what only they reach are left out.
        """
        seen = set(stop)
        stack = [head for head in heads if head not in seen]
        while stack:
            sha = stack.pop()
            if sha in seen:
                continue
            seen.add(sha)
            try:
                kind, data = read_object(self.objects, sha)
                if kind == "tag":
                    stack.append(parse_tag_target(data, sha))
                    continue
                commit = parse_commit(data, sha)
            except IntegrityError as error:
                self.missing.append((sha, error.message))
                continue
            self.commits += 1
            yield sha, commit.tree
            if sha not in self.shallow:
                stack.extend(parent for parent in commit.parents if parent not in seen)

    def trees(
        self, heads: Iterable[str], *, only_records: bool
    ) -> Iterator[tuple[str, list[tuple[bytes, bytes, bytes]], str]]:
        """Yield (path, rows, commit) of every distinct tree at every distinct path.

        Args:
            heads: Where to start.
            only_records: Open nothing outside ``records/``.
        """
        seen: set[bytes] = set()  # 28 bytes each: a tree's id and the mark of its path
        for commit, root in self.roots(heads):
            stack = [("", root)]
            while stack:
                path, sha = stack.pop()
                key = bytes.fromhex(sha) + mark(path)
                if key in seen:
                    continue
                seen.add(key)
                try:
                    _, data = read_object(self.objects, sha)
                    rows = split_tree(data, sha)
                except IntegrityError as error:
                    self.missing.append((f"{path or '/'} of commit {commit}", error.message))
                    continue
                yield path, rows, commit
                for mode, name, child in rows:
                    if mode in (b"40000", b"040000") and (
                        path or not only_records or name == _RECORDS
                    ):
                        below = name.decode("utf-8", "surrogateescape")
                        stack.append((f"{path}/{below}" if path else below, child.hex()))


def departures(walk: Walk, heads: Iterable[str], view: View) -> Iterator[tuple[str, str]]:
    """Yield (path, commit) of immutable files that a reachable commit holds and the view does not.

    Args:
        walk: How commits and trees are read.
        heads: The base and the record refs.
        view: The present view.
    """
    told: set[str] = set()

    @lru_cache(_FOLDERS_KEPT)
    def names(folder: str) -> frozenset[bytes]:
        here = view.directory(folder)
        return frozenset(name.encode("utf-8", "surrogateescape") for name in here)

    for path, rows, commit in walk.trees(heads, only_records=True):
        if not path:
            continue
        present = names(path)
        for mode, name, _ in rows:
            if mode == b"100644" and name not in present and IMMUTABLE_NAME.fullmatch(name):
                place = f"{path}/{name.decode('utf-8', 'surrogateescape')}"
                if place not in told:
                    told.add(place)
                    yield place, commit
