"""A spool as its readers see it: whatever prefix of it is there, of any journal."""

from __future__ import annotations

import contextlib
import mmap
import os
import shutil
import time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from labrec.capture.spool import host
from labrec.capture.spool.durability import FILES, JOURNAL_SUFFIX, LOGS, open_regular
from labrec.capture.spool.frames import OPTIONAL, Damage, Frame, Kind, from_json, scan, slots
from labrec.capture.spool.ownership import LOCK, alive
from labrec.capture.spool.writer import OWNER
from labrec.errors import InvalidError, LabrecError, NewerSchemaError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_STALE = 3600.0  # seconds after which a spool that never began is swept away
_KINDS = frozenset(Kind)


class SpoolState(Enum):
    """What may be done with a spool."""

    LIVE = "live"
    SEALED = "sealed"
    DEAD = "dead"
    FOREIGN = "foreign"
    DAMAGED = "damaged"

    @property
    def recoverable(self) -> bool:
        """Whether any recording command of this machine may turn it into a record."""
        return self in {SpoolState.SEALED, SpoolState.DEAD}


class SpoolInfo(NamedTuple):
    """One spool in a list.

    Attributes:
        path: Its folder.
        run_id: The run, as the folder is called.
        state: What may be done with it.
        sealed: Whether the run said how it ended.
        scratch: Whether it is never to be committed.
        project: ``""`` where it cannot be read.
        name: The run's name, likewise.
        started: RFC 3339 time, likewise.
        why: What is wrong with a damaged one, or why a record of it was refused.
    """

    path: Path
    run_id: str
    state: SpoolState
    sealed: bool = False
    scratch: bool = False
    project: str = ""
    name: str = ""
    started: str = ""
    why: str = ""


class JournalReader:
    """The readable part of one journal.

    Attributes:
        writer: Name of the journal: ``owner``, ``sampler``, or made of a process id.
        first: The document of its first frame; empty where that is not readable.

    Args:
        path: The file.
        limit: How far the journal counts (``frames.extent``); None = all of it.
    """

    def __init__(self, path: Path, limit: dict[str, int] | None = None) -> None:
        self.writer = path.name.removesuffix(JOURNAL_SUFFIX)
        self._limit = limit
        self._data = _map(path)
        self._walked: list[Frame | Damage] | None = None
        self.first: dict[str, Any] = {}
        for frame in self._walk():
            if isinstance(frame, Frame) and frame.kind in {Kind.START, Kind.JOIN}:
                self.first = from_json(self.payload(frame))
            break

    def frames(self) -> list[Frame | Damage]:
        """Return the frames, without those after the last word of the owner.

        The journal is mapped as long as it was when it was opened, so one walk is enough.

        Raises:
            InvalidError: A frame is of a newer version.
            NewerSchemaError: A frame of an unknown type that must not be passed over.
        """
        if self._walked is None:
            self._walked = list(self._walk())
        return self._walked

    def _walk(self) -> Iterator[Frame | Damage]:
        limit = self._limit
        for frame in scan(self._data, limit["end"] if limit else None):
            if isinstance(frame, Frame) and limit and frame.start == limit["region"]:
                yield frame._replace(length=min(frame.length, limit["used"]))
                continue
            if isinstance(frame, Frame) and frame.kind not in _KINDS:
                if frame.flags & OPTIONAL:
                    continue
                raise NewerSchemaError(
                    f"the spool has frames of type {frame.kind}, which this labrec does not know",
                    hint="Recover it with the labrec that wrote it, or a newer one.",
                )
            yield frame
            if isinstance(frame, Frame) and frame.kind == Kind.END:
                return

    def payload(self, frame: Frame) -> bytes:
        """Return a frame's bytes."""
        return self._data[frame.start : frame.start + frame.length]

    def documents(self, kind: Kind) -> Iterator[dict[str, Any]]:
        """Yield the documents of one kind of frame, in order."""
        for frame in self.frames():
            if isinstance(frame, Frame) and frame.kind == kind:
                yield from_json(self.payload(frame))

    def points(self, frame: Frame) -> Iterator[tuple[int, float, float, int]]:
        """Yield the intact points of a region: step, monotonic seconds, value, metric number."""
        yield from slots(self._data, frame)
        self._let_go()

    def spoiled(self, frame: Frame, intact: int) -> int:
        """Count the points of a region that were written and are not among the intact."""
        from labrec.capture.spool.frames import spoiled  # the name is this method's

        return spoiled(self._data, frame, intact)

    def _let_go(self) -> None:
        """Give pages back that were read: a long run's journal is larger than its reader."""
        if isinstance(self._data, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            self._data.madvise(mmap.MADV_DONTNEED)

    def close(self) -> None:
        """Let go of the file."""
        if isinstance(self._data, mmap.mmap):
            self._data.close()


class SpoolReader:
    """Reads a spool; a context manager. What is damaged is left out, and said so.

    Attributes:
        path: The spool's folder.
        run_id: The run.
        start: The owner's first frame.
        end: How the run ended; None while it lives or when it was killed.
        journals: The owner's first, then by name.
        unreadable: Journals that could not be read, and why.

    Args:
        path: The spool's folder.

    Raises:
        InvalidError: There is no readable first frame, so nothing that says what run it is.
        StorageError: It cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run_id = path.name
        self.journals: list[JournalReader] = []
        self.unreadable: dict[str, str] = {}
        try:
            owner = JournalReader(path / (OWNER + JOURNAL_SUFFIX))
        except OSError as error:
            raise _unreadable(path, error) from error
        self.journals.append(owner)
        self.start = owner.first
        if not self.start:
            raise InvalidError(
                f"the spool of run {path.name} has no readable first frame",
                hint="`labrec discard` removes it.",
                paths=[path],
            )
        self.end = next(owner.documents(Kind.END), None)
        self._read_others(self.end.get("journals") if self.end else None)

    def _read_others(self, limits: dict[str, dict[str, int]] | None) -> None:
        for path in sorted(self.path.glob("*" + JOURNAL_SUFFIX)):
            if path.name == OWNER + JOURNAL_SUFFIX:
                continue
            limit = None
            if limits is not None:
                limit = limits.get(path.name)
                if limit is None:  # begun after the run had ended
                    continue
            try:
                self.journals.append(JournalReader(path, limit))
            except (OSError, InvalidError) as error:
                self.unreadable[path.name] = str(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def plan(self) -> dict[str, Any]:
        """What was decided about the run before it started."""
        plan = self.start.get("plan", {})
        return plan if isinstance(plan, dict) else {}

    @property
    def sealed(self) -> bool:
        """Whether the run said how it ended."""
        return self.end is not None

    @property
    def same_host(self) -> bool:
        """Whether it was written on this machine."""
        return bool(self.start.get("host") == host.host_id())

    @property
    def same_boot(self) -> bool:
        """Whether it was written since this machine was started."""
        return self.same_host and self.start.get("boot_id") == host.boot_id()

    @property
    def state(self) -> SpoolState:
        """What may be done with it, now."""
        if not self.same_boot:  # its lock says nothing here
            return SpoolState.FOREIGN
        if alive(self.path):
            return SpoolState.LIVE
        return SpoolState.SEALED if self.sealed else SpoolState.DEAD

    def documents(self, kind: Kind) -> Iterator[dict[str, Any]]:
        """Yield the documents of one kind of frame from all journals."""
        for journal in self.journals:
            yield from journal.documents(kind)

    def files(self) -> dict[str, Path]:
        """Return the files that artifacts were copied to, by their sha256."""
        return {path.name: path for path in self._folder(FILES)}

    def logs(self) -> list[Path]:
        """Return the raw logs, in order of name."""
        return self._folder(LOGS)

    def _folder(self, name: str) -> list[Path]:
        with contextlib.suppress(OSError), os.scandir(self.path / name) as entries:
            return sorted(
                Path(entry.path)
                for entry in entries
                if entry.is_file(follow_symlinks=False) and not entry.name.startswith(".")
            )
        return []

    def close(self) -> None:
        """Let go of the files."""
        for journal in self.journals:
            journal.close()


def _unreadable(path: Path, error: OSError) -> StorageError:
    what = f"the spool of run {path.name}"
    if not path.exists():
        return StorageError(f"{what} is gone", hint="Somebody removed it.", paths=[path])
    return StorageError(
        f"{what} cannot be read: {error.strerror or error}",
        hint="`labrec discard` removes it.",
        paths=[path],
    )


def list_spools(root: Path) -> list[SpoolInfo]:
    """Return every spool below a folder, oldest first; one that is unreadable hides no other."""
    try:
        with os.scandir(root) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            )
    except OSError:
        return []
    return [describe(root / name) for name in names]


def describe(path: Path) -> SpoolInfo:
    """Say what a spool is, whatever its condition."""
    try:
        with SpoolReader(path) as reader:
            plan = reader.plan
            return SpoolInfo(
                path,
                path.name,
                reader.state,
                reader.sealed,
                bool(plan.get("scratch")),
                str(plan.get("project", "")),
                str(plan.get("name", "")),
                str(reader.start.get("started", "")),
            )
    except LabrecError as error:
        return SpoolInfo(path, path.name, SpoolState.DAMAGED, why=error.message)


def sweep(root: Path) -> int:
    """Remove what unfinished starts and removals of spools left; return how many."""
    count = 0
    for path in [*root.glob(".*.gone"), *root.glob(".*.new")]:
        with contextlib.suppress(OSError):
            age = time.time() - path.stat().st_mtime
            if path.name.endswith(".gone") or (age > _STALE and not alive(path)):
                shutil.rmtree(path)
                count += 1
    return count


def _map(path: Path) -> bytes | mmap.mmap:
    fd = open_regular(path)
    try:
        size = os.fstat(fd).st_size
        return mmap.mmap(fd, size, access=mmap.ACCESS_READ) if size else b""
    finally:
        os.close(fd)


__all__ = [
    "LOCK",
    "JournalReader",
    "SpoolInfo",
    "SpoolReader",
    "SpoolState",
    "describe",
    "list_spools",
    "sweep",
]
