"""A spool as its writers see it: created by the owner, joined by children, sealed at the end.

Nothing here raises into the observed program after ``create`` or ``join`` returned, except
``seal``, whose whole purpose is to say that the run is safe.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import shutil
import struct
import threading
import time
import weakref
from itertools import count
from typing import TYPE_CHECKING, Any

from labrec._version import __version__
from labrec.capture import descriptors
from labrec.capture.spool import host
from labrec.capture.spool.durability import (
    JOURNAL_SUFFIX,
    SyncThread,
    open_regular,
    sampler_alive,
    sync_file,
    sync_spool,
)
from labrec.capture.spool.frames import (
    GRID,
    HEADER,
    MAX_PAYLOAD,
    OPTIONAL,
    Frame,
    Kind,
    extent,
    from_json,
    scan,
    to_json,
)
from labrec.capture.spool.journal import MEMORY_BLOCK, Block, Journal
from labrec.capture.spool.ownership import LOCK, alive, hold
from labrec.capture.spool.points import MetricLog
from labrec.errors import InvalidError, NotFoundError, StorageError

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from pathlib import Path

    from labrec.capture.captured import NewObject

OWNER = "owner"
INLINE = 64 << 10  # bytes; larger objects become files of the spool
_SAMPLER_S = 5.0  # seconds that a sampler has to be at work, on a busy machine
MAX_REMARKS = 1_000  # different lines one process may leave for the capture section

_live: weakref.WeakSet[Spool] = weakref.WeakSet()


class Spool:
    """One process's hand on a live spool.

    Attributes:
        path: The spool's folder.
        run_id: The run it belongs to.
        metrics: Takes the run's points.
        started: Monotonic clock at the start of the run, seconds.
        lost: Points of this process that found no room.
        plan: What the owner announced of the run; empty for the owner itself.

    Args:
        path: The spool's folder, which exists.
        run_id: The run.
        lock: Descriptor of the held owner lock; -1 for a process that joined.
    """

    def __init__(self, path: Path, run_id: str, lock: int = -1) -> None:
        self.path = path
        self.run_id = run_id
        self.started = time.monotonic()  # of the run; a joined process knows it from the owner
        self.plan: dict[str, Any] = {}
        self.metrics = MetricLog(self)
        self._lock_fd = lock
        self._lock_identity = descriptors.identity(lock) if lock >= 0 else (0, 0)
        self._owner_pid = os.getpid() if lock >= 0 else -1
        self._journal: Journal | None = None
        self._guard = threading.RLock()
        self._told: dict[tuple[str, str, str], int] = {}
        self._sync: SyncThread | None = None
        self._sampler_due = 0.0  # monotonic clock from which a sampler should be at work
        self._closed = False
        _live.add(self)

    @classmethod
    def create(cls, root: Path, run_id: str, start: Mapping[str, Any]) -> Spool:
        """Create the spool of a new run and become its owner; durable when this returns.

        Args:
            root: Folder of all spools; made when it is not there.
            run_id: The run.
            start: What is known before the run starts; the first frame.

        Raises:
            StorageError: It cannot be written, or there is a spool of this run already.
        """
        making = root / f".{run_id}.new"
        spool: Spool | None = None
        try:
            root.mkdir(parents=True, exist_ok=True)
            making.mkdir(mode=0o700)
            spool = cls(root / run_id, run_id, hold(making / LOCK))
            spool._begin(making, start)
        except OSError as error:
            shutil.rmtree(making, ignore_errors=True)
            if spool is not None:
                spool._undo()
            raise StorageError(
                f"the spool of a run cannot be created: {error.strerror or error}",
                hint="Free space or make the folder writable, then start again.",
                paths=[root],
            ) from error
        return spool

    def _begin(self, making: Path, start: Mapping[str, Any]) -> None:
        """Write the first frame and let the spool appear under its name.

        It appears only when it can be recovered: no reader ever meets a folder without a first
        frame, or takes one that is being made for a dead one.
        """
        journal = self._journal = Journal(making / (OWNER + JOURNAL_SUFFIX))
        introduction = _introduction(self.run_id)
        self.started = introduction["monotonic"]
        self._append(Kind.START, introduction | dict(start))
        journal.flush()
        journal.sync()
        sync_file(making)
        making.rename(self.path)
        journal.path = self.path / journal.path.name
        sync_file(self.path.parent)

    def _undo(self) -> None:
        """Take back a start that failed after the spool had got its name."""
        if self._journal is not None and self._journal.path.parent == self.path:
            shutil.rmtree(self.path, ignore_errors=True)
        self._closed = True
        self.close()

    @classmethod
    def join(cls, path: Path, writer: str | None = None) -> Spool:
        """Take part in a live run as another process, with a journal of its own.

        Args:
            path: Folder of the live spool.
            writer: Name of the journal; made of the process id when not given.

        Raises:
            NotFoundError: There is no such spool, or its owner has ended.
            StorageError: The journal cannot be created.
        """
        if not alive(path):
            raise NotFoundError(
                "the run to join is not alive",
                hint="Start it with `labrec run` or `labrec.run()` and let it live.",
                paths=[path],
            )
        spool = cls(path, path.name)
        try:
            start = _start_of(path)
            spool.started = float(start.get("monotonic", spool.started))
            plan = start.get("plan")
            spool.plan = plan if isinstance(plan, dict) else {}
            spool._sampler_due = spool.started + _SAMPLER_S
            spool._open_journal(writer or f"p{os.getpid()}")
        except OSError as error:
            raise StorageError(
                f"the run cannot be joined: {error.strerror or error}", paths=[path]
            ) from error
        return spool

    @property
    def is_owner(self) -> bool:
        """Whether this process created the spool; a forked child of the owner has not."""
        return self._owner_pid == os.getpid()

    @property
    def lost(self) -> int:
        """Points of this process that found no room so far."""
        return self._journal.lost if self._journal else 0

    def block(self) -> Block:
        """Return room for points (``PointSink``)."""
        with self._guard:
            journal = self._writing()
            if journal is None:
                return _discarding()
            if time.monotonic() > self._sampler_due and not sampler_alive(self.path):
                self.keep_durable()
            return journal.block()

    def expect_sampler(self) -> None:
        """Take note that a sampler was started, which makes the spool durable every second."""
        self._sampler_due = time.monotonic() + _SAMPLER_S

    def keep_durable(self) -> None:
        """Make the spool durable every second from this process, where no sampler does it.

        It takes a thread, and a program with threads is warned when it forks: the last resort.
        """
        with self._guard:
            if self._sync is None and not self._closed:
                self._sync = _thread(self.path)

    def metric(self, number: int, name: str, unit: str | None, direction: str | None) -> None:
        """Say what a metric number means in this journal (``PointSink``)."""
        told = {"number": number, "name": name, "unit": unit, "direction": direction}
        self._append(Kind.METRIC, told)

    def section(
        self,
        name: str,
        document: Mapping[str, Any],
        objects: Sequence[NewObject] = (),
        known: Container[str] = (),
    ) -> None:
        """Keep a section of the record; a later one of the same name replaces it.

        Args:
            name: Such as ``environment``.
            document: The section in the record's form.
            objects: What it refers to, directly or through another object; kept before it.
            known: sha256 of those that the lab holds already, so that the spool does not.
        """
        refs = [{**new.ref, "known": new.sha256 in known} for new in objects]
        self._append(Kind.SECTION, {"name": name, "document": document, "objects": refs})

    def object(self, sha256: str, data: bytes) -> None:
        """Keep the bytes of an object in the journal.

        ``labrec.capture.spool.files.store_object`` decides what is small enough for that.

        Args:
            sha256: 64 hex digits of the bytes.
            data: The bytes.
        """
        self._append_bytes(Kind.OBJECT, bytes.fromhex(sha256) + data)

    def artifact(self, item: Mapping[str, Any]) -> None:
        """Keep one line of the artifacts section: name, role, sha256, size, media_type, where."""
        self._append(Kind.ARTIFACT, {"at": time.monotonic(), **item})

    def call(self, number: int, document: Mapping[str, Any]) -> None:
        """Say what is asked counterfactually; said again, at its end, what is new of it.

        Args:
            number: Of the call, in this journal.
            document: One entry of the counterfactuals section without its cells, or a part of it.
        """
        self._append(Kind.CALL, {"call": number, "monotonic": time.monotonic(), **document})

    def cell(self, number: int, document: Mapping[str, Any]) -> None:
        """Keep one measured cell of a call.

        Args:
            number: Of the call, in this journal.
            document: As the counterfactuals section has it.
        """
        self._append(Kind.CELL, {"call": number, **document})

    def remark(self, kind: str, what: str, why: str, count: int = 1) -> None:
        """Leave a line for the capture section; equal lines are counted, not repeated.

        Args:
            kind: skipped, redacted, truncated, unmappable, lost, unavailable or recovered.
            what: What is not in the record as it was.
            why: The cause, one clause.
            count: How many things it stands for, >= 1.
        """
        key = (kind, what, why)
        with self._guard:
            told = self._told.get(key)
            if told is None and len(self._told) >= MAX_REMARKS:
                key, told = (kind, "more of the same kind", "too many lines"), None
                told = self._told.get(key)
            total = self._told[key] = (told or 0) + count
            # Written at 1, 2, 4, 8 …: the last frame before a crash is within a factor of two.
            if told is None or total.bit_length() != told.bit_length():
                self._tell(key, total)

    def channels(self, facts: Sequence[Mapping[str, Any]]) -> None:
        """Declare the telemetry channels whose values ``sample`` writes, in that order.

        Args:
            facts: ``{"name", "unit", "sensor", "method", "interval_s"}`` each.
        """
        self._append(Kind.CHANNELS, {"channels": list(facts)})

    def sample(self, at: float, values: Sequence[float]) -> None:
        """Keep one telemetry sample.

        Args:
            at: ``time.monotonic()`` when it was taken, seconds.
            values: One number for each declared channel; NaN = not measured this time.
        """
        payload = struct.pack(f"<{len(values) + 1}d", at, *values)
        self._append_bytes(Kind.SAMPLE, payload, OPTIONAL)

    def folder(self, name: str) -> Path:
        """Return a folder of the spool (``FILES``, ``LOGS``), made when it is not there.

        Raises:
            OSError: It cannot be made.
        """
        folder = self.path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def end(self, document: Mapping[str, Any]) -> None:
        """Say how the run ended; what other processes write later is outside the run.

        Args:
            document: status, reason, exit_code, signal, outcome.
        """
        self.metrics.close()
        self._settle()
        when = {"ended": _now(), "monotonic": time.monotonic(), "journals": self._extents()}
        self._append(Kind.END, when | dict(document), last=True)

    def _extents(self) -> dict[str, dict[str, int]]:
        """Return how far the other processes' journals belong to the run: as they are now."""
        extents: dict[str, dict[str, int]] = {}
        for path in sorted(self.path.glob("*" + JOURNAL_SUFFIX)):
            if path.name != OWNER + JOURNAL_SUFFIX:
                with contextlib.suppress(OSError, ValueError, InvalidError):
                    extents[path.name] = _extent_of(path)
        return extents

    def seal(self, *, durable: bool = True) -> None:
        """Finish writing.

        Args:
            durable: Also make it survive a power cut; left out where a commit follows at once.

        Raises:
            StorageError: Something that was recorded could not be written.
        """
        try:
            if self._journal is not None:
                self._journal.flush(last=True)
                if durable:
                    sync_spool(self.path)
        except OSError as error:
            raise StorageError(
                f"the end of the run cannot be written: {error.strerror or error}",
                hint="Free space, then `labrec recover` records what the spool holds.",
                paths=[self.path],
                kept="everything recorded before the disk was full",
            ) from error

    def close(self) -> None:
        """Let go of the spool. The owner's lock is given up: the run is no longer alive."""
        self.metrics.close()
        with self._guard:
            self._settle()
            self._closed = True
            if self._sync is not None:
                self._sync.stop()
            if self._journal is not None:
                self._journal.close()
            self._release()
        _live.discard(self)

    def _writing(self) -> Journal | None:
        self._keep_alive()
        if self._journal is None and not self._closed:
            try:
                self._open_journal(f"p{os.getpid()}")
            except OSError:
                self._closed = True  # a forked child that may not write: its points are lost
        return self._journal

    def _open_journal(self, writer: str) -> None:
        for attempt in range(1000):
            name = f"{writer}.{attempt}" if attempt else writer
            try:
                self._journal = Journal(self.path / (name + JOURNAL_SUFFIX))
                break
            except FileExistsError:
                continue
        else:
            raise FileExistsError(f"a thousand journals are called {writer}")
        self._append(Kind.JOIN, _introduction(self.run_id) | {"writer": name})

    def _append(self, kind: Kind, document: Mapping[str, Any], *, last: bool = False) -> None:
        try:
            payload = to_json(dict(document))
        except (TypeError, ValueError, RecursionError):
            self.remark("unmappable", kind.name.lower(), "its document cannot be written as JSON")
            return
        self._append_bytes(kind, payload, last=last)

    def _append_bytes(
        self, kind: Kind, payload: bytes, flags: int = 0, *, last: bool = False
    ) -> None:
        with self._guard:
            journal = self._writing()
            if journal is not None and not self._closed:
                journal.append(kind, payload, flags, last=last)

    def _tell(self, key: tuple[str, str, str], total: int, *, last: bool = False) -> None:
        kind, what, why = key
        told = {"kind": kind, "what": what, "why": why, "count": total, "at": time.monotonic()}
        self._append(Kind.REMARK, told, last=last)

    def _settle(self) -> None:
        """Write down the counts that have moved since they were told, and what was lost."""
        with self._guard:
            journal = self._journal
            if journal is None or self._closed:
                return
            try:
                journal.flush()
            except OSError:
                journal.give_up()
            for key, total in self._told.items():
                if total & (total - 1):
                    self._tell(key, total)
            self._told.clear()
            for lost, what in ((journal.lost, "metric points"), (journal.dropped, "frames")):
                if lost:
                    key = ("lost", what, "there was no room on the disk")
                    self._tell(key, lost, last=True)
            journal.lost = journal.dropped = 0

    def _release(self) -> None:
        descriptors.close_still(self._lock_fd, self._lock_identity)
        self._lock_fd = -1

    def _keep_alive(self) -> None:
        """Take the owner's lock again where the program has closed every descriptor."""
        if self._lock_fd < 0 or descriptors.is_still(self._lock_fd, self._lock_identity):
            return
        with contextlib.suppress(OSError):
            fd = open_regular(self.path / LOCK, os.O_RDWR)
            if descriptors.is_still(fd, self._lock_identity):
                self._lock_fd = fd
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            else:
                os.close(fd)

    def _forked(self) -> None:
        """Continue in a forked child: another process, so another journal, and not the owner."""
        self._guard = threading.RLock()
        self._sync = None
        self._told = {}
        if self._journal is not None:
            self._journal.abandon()
            self._journal = None
        self.metrics.restart()
        self._release()  # the parent's descriptor still holds the lock


def _start_of(path: Path) -> dict[str, Any]:
    """Return the owner's first frame; empty where that is not readable.

    Raises:
        OSError: The journal cannot be read.
    """
    with os.fdopen(open_regular(path / (OWNER + JOURNAL_SUFFIX)), "rb") as file:
        beginning = file.read(GRID)
        size = HEADER.unpack(beginning)[5] if len(beginning) == GRID else 0
        beginning += file.read(min(size + GRID, MAX_PAYLOAD))
    for frame in scan(beginning):
        if isinstance(frame, Frame) and frame.kind == Kind.START:
            return from_json(beginning[frame.start : frame.start + frame.length])
    return {}


def _extent_of(path: Path) -> dict[str, int]:
    fd = open_regular(path)
    try:
        with mmap.mmap(fd, 0, access=mmap.ACCESS_READ) as data:
            return extent(data)
    finally:
        os.close(fd)


def _thread(path: Path) -> SyncThread | None:
    try:
        return SyncThread(path)
    except RuntimeError:  # no more threads allowed, or the interpreter is ending
        return None


def _discarding() -> Block:
    """Return a block that nobody will read: for a forked child that cannot write."""
    return Block(memoryview(bytearray(MEMORY_BLOCK)), count(0, GRID).__next__)


def _introduction(run_id: str) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "boot_id": host.boot_id(),
        "host": host.host_id(),
        "pid": os.getpid(),
        "started": _now(),
        "monotonic": time.monotonic(),
        "tool": __version__,
    }


def _now() -> str:
    """Return the wall clock as RFC 3339 UTC with milliseconds."""
    seconds = time.time()
    millis = int(seconds * 1000) % 1000
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{millis:03d}Z"


def _after_fork() -> None:
    for spool in list(_live):
        spool._forked()  # noqa: SLF001 - this module's own hook


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
