"""Committing to a branch on request: what ``init`` and ``land`` share. Recording never does it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from labrec.errors import BusyError, IntegrityError
from labrec.gitio import pack_writer
from labrec.gitio.durable import make_folder
from labrec.gitio.objects import Commit, format_commit, object_id
from labrec.gitio.ref_writer import compare_and_swap
from labrec.record.text import one_line
from labrec.store.locks import Intent, Leftovers, store_lock
from labrec.store.packs import register

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labrec.gitio.repository import GitRepository

_WAIT = 30.0  # seconds


def add_commit(
    git: GitRepository,
    ref: str | None,
    old: str | None,
    commit: Commit,
    objects: Mapping[str, tuple[str, bytes]],
) -> str:
    """Write a commit with its new objects, durable, and move a ref to it.

    Args:
        git: The repository.
        ref: The branch's full name; None = no ref: whoever asked makes one reach it.
        old: What the ref must be at; None = it must not exist.
        commit: The commit.
        objects: ``(kind, bytes)`` of the objects that are new, by name.

    Returns:
        The commit's name.

    Raises:
        BusyError: The ref was moved meanwhile, or a lock was held all the time.
        IntegrityError: An object does not read back.
        OSError: The disk is full or failing.
    """
    state, packs = git.common_dir / "labrec", git.common_dir / "objects" / "pack"
    data = format_commit(commit)
    sha = object_id("commit", data)
    everything = {**objects, sha: ("commit", data)}
    make_folder(state)
    intent = Intent.begin(state)
    try:
        with store_lock(state, _WAIT):
            pack = _write(git, intent.token, everything)
            leftovers = Leftovers(state)
            intent.moving(sha)
            if ref is not None and not compare_and_swap(
                git, ref, old, sha, wait=_WAIT, is_dead=leftovers.is_dead_lock
            ):
                pack_writer.drop(packs, pack)
                raise BusyError(
                    f"{ref} was moved meanwhile", hint="Run the command again.", paths=[ref]
                )
            register(state, [pack])
            with git.reopen() as fresh:
                for name, expected in everything.items():
                    if fresh.read_object(name) != expected:
                        raise IntegrityError(f"{name} does not read back", paths=[name])
            pack_writer.release(packs, pack, intent.token)
    finally:
        intent.end()
    return sha


def _write(git: GitRepository, token: str, objects: Mapping[str, tuple[str, bytes]]) -> str:
    folder = git.common_dir / "objects" / "pack"
    writer = pack_writer.PackWriter(folder, token, len(objects))
    try:
        for sha, (kind, data) in objects.items():
            writer.add(kind, data, sha)
        return writer.finish()
    finally:
        writer.abort()


def user_signature(git: GitRepository) -> str:
    """Return the user as author and committer, as git has it; labrec where it has nobody."""
    name = git.setting("user.name") or "labrec"
    mail = git.setting("user.email") or "labrec@labrec.invalid"
    name, mail = (one_line(text.translate({60: None, 62: None})) for text in (name, mail))
    return f"{name} <{mail}> {int(time.time())} +0000"
