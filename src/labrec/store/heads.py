"""What the last clean verification saw: ``labrec/heads.json`` and ``labrec/known.bin``.

``heads.json`` names the base, the record refs and the view. ``known.bin`` holds eight bytes of
sha256 for every immutable path of that view, in the order they were first seen: where git has
since pruned the old commits (a squash merge, then ``git gc``) it still tells whether a path left.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import IntegrityError, StorageError
from labrec.gitio.objects import is_object_id

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HEADS_FILE = "heads.json"
KNOWN_FILE = "known.bin"
MARK = 8
"""Bytes kept of each path's sha256."""

_SCHEMA = "labrec.heads/1.0"


class Heads(NamedTuple):
    """Where the lab stood when it was last found clean.

    Attributes:
        base: The base commit, or None.
        refs: Record refs and their commits.
        view: Id of the view.
        known: How many marks of ``known.bin`` count.
        known_digest: sha256 (64 hex digits) of those marks.
    """

    base: str | None
    refs: dict[str, str]
    view: str
    known: int
    known_digest: str


def mark(path: str) -> bytes:
    """Return what is remembered of a path."""
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).digest()[:MARK]


def read_heads(state: Path) -> Heads | None:
    """Read what was remembered; None when nothing was verified yet.

    Args:
        state: The ``labrec`` folder of the common git directory.

    Raises:
        IntegrityError: The file is damaged.
        StorageError: It cannot be read.
    """
    path = state / HEADS_FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}", paths=[path]) from error
    check, _, body = data.partition(b"\n")
    try:
        if check.decode("ascii", "replace") == hashlib.sha256(body).hexdigest():
            value = json.loads(body)
            if value.pop("schema") == _SCHEMA:
                return _checked(Heads(**value))
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise IntegrityError(
        f"{path} is damaged: what earlier verifications saw is lost",
        hint=f"Run `labrec verify --history` on a second clone too, then remove {path}.",
        paths=[path],
    )


def _checked(heads: Heads) -> Heads:
    commits = [*heads.refs.values(), heads.view, *([heads.base] if heads.base else [])]
    if not all(is_object_id(commit) for commit in commits):
        raise ValueError("no object id")
    return heads


def read_known(state: Path, heads: Heads) -> frozenset[bytes] | None:
    """Return the marks of the paths that the last clean view held; None when they are lost."""
    try:
        with (state / KNOWN_FILE).open("rb") as file:
            data = file.read(heads.known * MARK)
    except OSError:
        return None
    if hashlib.sha256(data).hexdigest() != heads.known_digest:
        return None
    return frozenset(data[at : at + MARK] for at in range(0, len(data), MARK))


class NewHeads(NamedTuple):
    """What a clean verification wants remembered.

    Attributes:
        base: The base commit, or None.
        refs: Record refs and their commits.
        view: Id of the view.
        added: Immutable paths to remember; all of them when ``before`` is None.
        before: What was remembered so far and is still right; None to begin anew.
    """

    base: str | None
    refs: dict[str, str]
    view: str
    added: Iterable[str]
    before: Heads | None


def write_heads(state: Path, new: NewHeads) -> None:
    """Remember a clean state, durably; `heads.json` is replaced last and in one step.

    Raises:
        StorageError: The folder cannot be written.
    """
    try:
        state.mkdir(parents=True, exist_ok=True)
        kept = b""
        if new.before is not None:
            with (state / KNOWN_FILE).open("rb") as file:
                kept = file.read(new.before.known * MARK)
        known = kept + b"".join(map(mark, new.added))
        _replace(state / KNOWN_FILE, known)
        heads = Heads(
            new.base, new.refs, new.view, len(known) // MARK, hashlib.sha256(known).hexdigest()
        )
        body = json.dumps({"schema": _SCHEMA, **heads._asdict()}, indent=2).encode() + b"\n"
        _replace(state / HEADS_FILE, hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
    except OSError as error:
        raise StorageError(
            f"cannot remember what was verified in {state}: {error.strerror}",
            hint="The verification itself stands; the next one starts from the state before.",
            paths=[state],
        ) from error


def _replace(path: Path, data: bytes) -> None:
    """Replace a file durably: temporary name, fsync, rename, fsync of the folder."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
