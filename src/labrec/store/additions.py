"""What is added to a lab in one commit, checked before anything is written."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import IntegrityError, NotFoundError, UnsafeError, UsageError
from labrec.record import layout
from labrec.record.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from labrec.gitio.repository import GitRepository
    from labrec.settings import Settings

MOST = 1000  # documents in one commit
SUBJECT = 100  # characters
IMMUTABLE = frozenset(
    {"run", "note", "registration", "metric", "dataset", "report", "object", "lfs"}
)
_BRACKETS = {ord("<"): None, ord(">"): None}


class AbsentError(NotFoundError):
    """Objects that an addition counts on are not in the tree it is added to; ``paths`` has them."""


class Addition(NamedTuple):
    """One file to add to the lab.

    Attributes:
        path: Where it goes, below ``records/``; its name proves its bytes.
        source: Its bytes, or a file that holds them.
    """

    path: str
    source: bytes | Path


class Receipt(NamedTuple):
    """What a commit did. Having one means: durable, and read back.

    Attributes:
        commit: The commit that holds the additions.
        added: How many files were new; 0 when all of them were there already.
        bytes: How many bytes were written to the repository.
    """

    commit: str
    added: int
    bytes: int


def check_additions(additions: Sequence[Addition]) -> None:
    """Refuse what a record commit may not hold.

    Raises:
        UsageError: There are no additions, or more than 1,000 documents.
        UnsafeError: A path is none that records may be written to.
        IntegrityError: One path is given twice with different bytes.
    """
    seen: dict[str, bytes | Path] = {}
    documents = 0
    for addition in additions:
        parsed = layout.parse_path(addition.path)
        if parsed.kind not in IMMUTABLE:
            raise UnsafeError(
                f"{addition.path} is not a place for records",
                hint="Editable files are committed to the base branch with git.",
                paths=[addition.path],
            )
        documents += parsed.kind not in ("object", "lfs")
        if seen.setdefault(addition.path, addition.source) != addition.source:
            raise IntegrityError(f"{addition.path} is given twice", paths=[addition.path])
    if not additions or documents > MOST:
        raise UsageError(f"a commit holds 1 to {MOST} documents, not {documents}")


def check_bytes(path: str, sha256: str) -> None:
    """Refuse bytes that are not the ones their name promises.

    Args:
        path: Where they go.
        sha256: 64 hex digits of the bytes' sha256.

    Raises:
        IntegrityError: The name promises other bytes.
    """
    parsed = layout.parse_path(path)
    if parsed.kind == "lfs":
        return  # a pointer: its name is the digest of what it points at
    if not parsed.digest or not sha256.startswith(parsed.digest):
        raise IntegrityError(
            f"{path} would hold bytes with the sha256 {sha256}",
            hint="The file changed after it was recorded; record it again.",
            paths=[path],
        )


def signature(git: GitRepository, settings: Settings, clone_id: str) -> str:
    """Return who commits, and when: the clone's pseudonym, or git's user where it is asked for."""
    name, mail = "labrec", f"{clone_id}@labrec.invalid"
    if settings.identity == "git":
        name = git.setting("user.name") or name
        mail = git.setting("user.email") or mail
    name, mail = (one_line(text.translate(_BRACKETS)) for text in (name, mail))
    return f"{name} <{mail}> {int(time.time())} +0000"


def message(subject: str, trailers: Mapping[str, str]) -> str:
    """Write a commit message: one line of at most 100 characters, then the trailers."""
    lines = [one_line(subject, SUBJECT)]
    if trailers:
        lines += ["", *(f"{one_line(key)}: {one_line(text)}" for key, text in trailers.items())]
    return "\n".join(lines) + "\n"
