"""Committing additions to the clone's record ref: durable, read back, then acknowledged.

The order is the promise (I1, I2): pack and index durable under a ``.keep``, then the ref moved by
compare-and-swap, then everything read back through a fresh reader, then the ``.keep`` released.
The worktree, the index, HEAD, branches, configuration and hooks are not touched (I3).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import (
    BusyError,
    LabrecError,
    NotFoundError,
    StorageError,
)
from labrec.gitio import pack_writer
from labrec.gitio.durable import make_folder, sync_folder
from labrec.gitio.hashing import PIECE, HashThread, Ring
from labrec.gitio.objects import Commit, TreeEntry, format_commit, object_id
from labrec.gitio.ref_writer import compare_and_swap
from labrec.gitio.tree_writer import Grown, add_files
from labrec.record import layout
from labrec.store.additions import (
    IMMUTABLE,
    AbsentError,
    Addition,
    Receipt,
    check_additions,
    check_bytes,
    message,
    signature,
)
from labrec.store.base import find_base
from labrec.store.locks import Intent, Leftovers, clear_temporaries, store_lock
from labrec.store.packs import consolidate, register
from labrec.store.storage import storage_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from labrec.gitio.repository import GitRepository
    from labrec.settings import Settings

__all__ = ["Addition", "Receipt", "RecordRef", "is_contained", "start_commit"]

RECORD_REFS = "refs/labrec/records/"

_STREAMED = 1 << 20  # bytes; a file longer than this never enters memory
_HELD = 32 << 20  # bytes of shorter files held at once; what exceeds them is streamed too
_TRIES = 64
_PAUSE = 0.05  # seconds between two tries, at most
_START = "record-start"
_BARE = "It is bare: clone it, run labrec init in the clone, git push"


class _Blob(NamedTuple):
    """One addition with git's name for it; ``data`` is None where a streamed pack holds it."""

    sha: str
    data: bytes | None


class Tip(NamedTuple):
    """Where the next record goes.

    Attributes:
        parent: The commit to build on.
        tree: Its root tree.
        ref: What the record ref must still be at when it is moved; None = it must not exist.
    """

    parent: str
    tree: str
    ref: str | None


class RecordRef:
    """The record ref of this clone.

    Args:
        git: The repository.
        state: The clone's ``labrec`` folder in the common git directory.
        clone_id: 16 hex digits.
        settings: ``base``, ``identity`` and ``lock_wait`` count here.
    """

    def __init__(self, git: GitRepository, state: Path, clone_id: str, settings: Settings) -> None:
        self.git = git
        self.state = state
        self.clone_id = clone_id
        self.settings = settings
        self.name = RECORD_REFS + clone_id
        self.packs = git.common_dir / "objects" / "pack"

    def commit(
        self,
        additions: Sequence[Addition],
        subject: str,
        trailers: Mapping[str, str],
        needs: Sequence[str] = (),
    ) -> Receipt:
        """Add files to the lab in one commit; committing the same again changes nothing.

        Args:
            additions: 1 to 1,000 documents, and the objects they refer to.
            subject: One line; longer ones are cut at 100 characters.
            trailers: Lines for people after the subject, such as ``Run-Id``.
            needs: Paths of objects that the additions refer to and the ref must hold already.

        Raises:
            AbsentError: It does not hold one of ``needs``; nothing was changed.
            BusyError: A lock was held all the time.
            IntegrityError: Bytes do not match their name, or a path holds other bytes already.
            NotFoundError: The repository has no commit yet.
            StorageError: The disk is full, read-only or failing; nothing was changed.
            UnsafeError: A path is none that records may be written to.
        """
        check_additions(additions)
        if self.git.read_ref(self.name) is None:
            self.tip()  # no base: say so before anything is written
        try:
            make_folder(self.state)
            intent = Intent.begin(self.state)
            try:
                commit = _Commit(self, intent, additions, message(subject, trailers))
                commit.needs = needs
                receipt = commit.run()
            finally:
                intent.end()
        except OSError as error:
            raise storage_error(error, self.git.common_dir) from error
        if receipt.added:
            self.consolidate()
        return receipt

    def consolidate(self) -> bool:
        """Unite our small packs where there are many; a failure changes nothing and is silent.

        The record is durable by now, so that a full disk here must not look like a lost record;
        ``labrec verify`` reports a damaged pack.
        """
        with contextlib.suppress(OSError, LabrecError):
            return consolidate(self.state, self.packs, self.settings.lock_wait)
        return False

    def clear_leftovers(self) -> list[str]:
        """Remove what writers that died left behind; return the names of the files.

        Raises:
            BusyError: A writer held the lock all the time.
            StorageError: The files cannot be removed.
        """
        try:
            with store_lock(self.state, self.settings.lock_wait):
                return self.clear(Leftovers(self.state)) + clear_temporaries(self.state)
        except OSError as error:
            raise storage_error(error, self.git.common_dir) from error

    def clear(self, leftovers: Leftovers) -> list[str]:
        """Remove leftovers while the store lock is held; return the names of the files.

        A pack whose writer died before it was noted is noted now: whether or not a ref reaches
        it, it counts among ours and is united with them.
        """
        gone = leftovers.clear(self.packs, self.git.common_dir / "refs")
        register(self.state, [name[: -len(".keep")] for name in gone if name.endswith(".keep")])
        return gone

    def tip(self) -> Tip:
        """Find the commit to build on: the record ref's, else where it starts.

        Raises:
            NotFoundError: The repository has no commit yet.
        """
        old = self.git.read_ref(self.name)
        start = start_commit(self.git, self.settings)
        if old is None and start is None:
            raise NotFoundError(
                f"{self.git.worktree or self.git.git_dir} has no commit to add records to",
                hint=("Run labrec init there" if self.git.worktree else _BARE)
                + "; sealed spools are committed by labrec recover.",
                paths=[self.git.git_dir],
                kept="the run stays a sealed spool",
            )
        if old is not None:
            tree = self.git.read_commit(old).tree
            if start is None or not self._landed(tree, start):
                return Tip(old, tree, old)
        parent = start or ""
        return Tip(parent, self.git.read_commit(parent).tree, old)

    def _landed(self, tree: str, start: str) -> bool:
        """Whether everything the ref holds is in the commit where it would start again."""
        memo = self.state / _START
        with contextlib.suppress(OSError):
            if memo.read_text("ascii", "replace") == start:
                return False  # looked before: the ref has only grown since
        base = self.git.read_commit(start).tree
        if is_contained(self.git.tree, tree, base):
            return True
        with contextlib.suppress(OSError):
            memo.write_bytes(start.encode())  # half of it says nothing, and is written again
        return False


class _Commit:
    """One commit under way."""

    def __init__(
        self, ref: RecordRef, intent: Intent, additions: Sequence[Addition], text: str
    ) -> None:
        self.ref = ref
        self.git = ref.git
        self.intent = intent
        self.additions = additions
        self.text = text
        self.needs: Sequence[str] = ()
        self.blobs: dict[str, _Blob] = {}
        self.packs: list[str] = []  # written, not yet reached by the ref
        self.bytes = 0

    def run(self) -> Receipt:
        try:
            self._prepare()
            for _ in range(_TRIES):
                with store_lock(self.ref.state, self.ref.settings.lock_wait):
                    receipt = self._try()
                if receipt is not None:
                    return receipt
                time.sleep(random.uniform(0, _PAUSE))  # noqa: S311 - jitter
        finally:
            self._drop(*self.packs)
        raise BusyError(
            f"{self.ref.name} was moved by somebody else {_TRIES} times in a row",
            hint="Try again when the other program has finished.",
            paths=[self.ref.name],
        )

    # -- before the lock: large files first, for they take long

    def _prepare(self) -> None:
        large: dict[str, Path] = {}
        held = 0
        for path, source in self.additions:
            if isinstance(source, Path):
                size = source.stat().st_size
                if size > _STREAMED or held + size > _HELD:
                    large[path] = source
                    continue
                held += size
            data = source.read_bytes() if isinstance(source, Path) else source
            check_bytes(path, hashlib.sha256(data).hexdigest())
            self.blobs[path] = _Blob(object_id("blob", data), data)
        tip = self.ref.tip().tree if large else ""
        for path in list(large):
            entry = self.git.entry_at(tip, path)
            if entry is not None:  # the name proves the bytes: there is nothing to compare
                self.blobs[path] = _Blob(entry.sha, None)
                del large[path]
        if large:
            self._stream(large)

    def _stream(self, large: Mapping[str, Path]) -> None:
        writer = pack_writer.PackWriter(self.ref.packs, self.intent.token, len(large))
        try:
            for path, source in large.items():
                with source.open("rb", buffering=0) as file:
                    sha = writer.add_stream(file, os.fstat(file.fileno()).st_size)
                self.blobs[path] = _Blob(sha, None)
            self._finish(writer)
        finally:
            writer.abort()
        # Read back here, outside the lock; its .keep holds the pack until the ref has moved. What
        # comes back, not what went in, must be what the name promises.
        ring = Ring(PIECE)
        with self.git.reopen() as fresh:
            for path in large:
                content = hashlib.sha256()
                with fresh.open_blob(self.blobs[path].sha) as stream, HashThread() as hashes:
                    while count := stream.readinto(buffer := ring.next()):  # type: ignore[attr-defined]
                        hashes.update(content, buffer[:count])
                check_bytes(path, content.hexdigest())

    def _finish(self, writer: pack_writer.PackWriter) -> str:
        name = writer.finish()
        self.packs.append(name)
        self.bytes += writer.size
        return name

    def _drop(self, *names: str) -> None:
        for name in names:
            pack_writer.drop(self.ref.packs, name)
        self.packs = [name for name in self.packs if name not in names]

    # -- under the lock

    def _try(self) -> Receipt | None:
        """Build on the tip and move the ref; None when somebody moved it meanwhile."""
        ref, leftovers = self.ref, Leftovers(self.ref.state)
        if leftovers:
            ref.clear(leftovers)
        tip = ref.tip()
        absent = [path for path in self.needs if self.git.entry_at(tip.tree, path) is None]
        if absent:
            raise AbsentError(f"{ref.name} no longer holds {len(absent)} objects", paths=absent)
        grown = add_files(self.git.tree, tip.tree, {p: b.sha for p, b in self.blobs.items()})
        if not grown.added:
            self._settle()
            return Receipt(tip.parent, 0, 0)
        who = signature(self.git, ref.settings, ref.clone_id)
        commit = format_commit(Commit(grown.sha, (tip.parent,), who, who, self.text))
        sha = object_id("commit", commit)
        objects = self._objects(grown)
        objects[sha] = ("commit", commit)
        pack = self._write(objects)
        reached = self._move(tip, sha, leftovers)
        if not reached:
            self._drop(pack)
            return None
        register(ref.state, reached)
        try:
            self._read_back(sha, objects)
        finally:
            for name in reached:
                pack_writer.release(ref.packs, name, self.intent.token)
        return Receipt(sha, len(grown.added), self.bytes)

    def _move(self, tip: Tip, sha: str, leftovers: Leftovers) -> list[str]:
        """Move the ref and return the packs that it reaches now; none when it was not moved.

        From before the move until it is known to have failed the packs are nobody's to drop.
        """
        ref = self.ref
        self.intent.moving(sha)
        written, self.packs = self.packs, []
        try:
            moved = compare_and_swap(
                self.git,
                ref.name,
                tip.ref,
                sha,
                wait=ref.settings.lock_wait,
                is_dead=leftovers.is_dead_lock,
            )
        except (OSError, LabrecError):
            if self.git.read_ref(ref.name) != sha:
                self.packs = written
            else:  # moved, but perhaps not durable: committing the same again settles it
                register(ref.state, written)
                for name in written:
                    pack_writer.release(ref.packs, name, self.intent.token)
            raise
        if not moved:
            self.packs = written
            return []
        return written

    def _objects(self, grown: Grown) -> dict[str, tuple[str, bytes]]:
        objects: dict[str, tuple[str, bytes]] = {}
        for path in grown.added:
            blob = self.blobs[path]
            if blob.data is not None:
                objects[blob.sha] = ("blob", blob.data)
        for sha, data in grown.trees.items():
            objects[sha] = ("tree", data)
        return objects

    def _write(self, objects: Mapping[str, tuple[str, bytes]]) -> str:
        writer = pack_writer.PackWriter(self.ref.packs, self.intent.token, len(objects))
        try:
            for sha, (kind, data) in objects.items():
                writer.add(kind, data, sha)
            return self._finish(writer)
        finally:
            writer.abort()

    def _read_back(self, commit: str, objects: Mapping[str, tuple[str, bytes]]) -> None:
        """Read everything through a fresh reader; write once more what a gc swept away."""
        large = {blob.sha for blob in self.blobs.values() if blob.data is None}
        for _ in range(_TRIES):
            with self.git.reopen() as fresh:
                try:
                    lost = [sha for sha in large if not fresh.has_object(sha)]
                    for sha, (kind, data) in objects.items():
                        if fresh.read_object(sha) != (kind, data):
                            lost.append(sha)
                    if not lost:
                        return
                except NotFoundError:
                    lost = []
                if lost:
                    raise StorageError(
                        f"objects of {commit} do not read back as they were written",
                        hint="Check the disk, then labrec verify.",
                        paths=lost,
                        kept=f"{self.ref.name} names the commit; commit the same again",
                    )
            again, self.packs = self._write(objects), []
            register(self.ref.state, [again])
            pack_writer.release(self.ref.packs, again, self.intent.token)
        raise BusyError(
            f"the objects of {commit} were removed again and again",
            hint="Stop the git gc or git repack that runs on this repository, then try again.",
            paths=[self.ref.packs],
        )

    def _settle(self) -> None:
        """Make durable what a writer that died here may have left only in memory."""
        sync_folder(self.ref.packs)
        try:
            sync_folder(self.git.ref_path(self.ref.name).parent)
        except FileNotFoundError:  # the ref is packed
            sync_folder(self.git.common_dir)


def is_contained(
    read: Callable[[str], Iterable[TreeEntry]], tip: str, base: str, prefix: str = ""
) -> bool:
    """Whether every immutable file below ``records/`` of one tree is in another, byte-identical.

    Opens only the trees that differ and stops at the first file that is missing.

    Args:
        read: Gives the entries of a tree.
        tip: The tree whose files are looked for.
        base: The tree they are looked for in.
        prefix: The path of both trees, ``""`` or ending in ``/``.
    """
    there = {entry.name: entry for entry in read(base)}
    for entry in read(tip):
        path = prefix + entry.name
        here = there.get(entry.name)
        if here == entry or (not prefix and entry.name != "records"):
            continue
        if entry.is_tree and here is not None and here.is_tree:
            if not is_contained(read, entry.sha, here.sha, path + "/"):
                return False
        elif entry.is_tree or layout.parse_path(path).kind in IMMUTABLE:
            return False
    return True


def start_commit(git: GitRepository, settings: Settings) -> str | None:
    """Return where a record ref starts: the base branch's remote-tracking commit, else the base.

    Args:
        git: The repository.
        settings: ``base`` names the base branch; empty means HEAD's.
    """
    branch = settings.base or (git.head_branch or "").removeprefix("refs/heads/")
    if branch:
        remote = git.config.get(f"branch.{branch}.remote") or "origin"
        merged = git.config.get(f"branch.{branch}.merge") or f"refs/heads/{branch}"
        tracking = f"refs/remotes/{remote}/{merged.removeprefix('refs/heads/')}"
        commit = git.read_ref(tracking) if remote != "." else None
        if commit is not None:
            return commit
    return find_base(git, settings).commit
