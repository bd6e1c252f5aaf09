"""The observed process and its descendants: ``/proc/<pid>/stat``, ``io`` and ``children``.

Processor time of children that have ended is in their parent's account once they were waited for,
so the sum over the tree loses nothing but what daemons do that were never seen alive. Memory is the
sum of resident sets: pages that processes share count once in each.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from labrec.capture.telemetry.probe import NAN, Channel, Rates

if TYPE_CHECKING:
    from labrec.capture.hardware.facts import Tree
    from labrec.capture.telemetry.probe import World

EXPECTED = (
    "process.cpu", "process.memory", "process.count", "process.threads",
    "process.read", "process.written",
)  # fmt: skip
DEADLINE_S = 0.0

_MAX = 4096  # processes; a fork bomb must not become ours
_IO = re.compile(rb"^(?:read|write)_bytes: (\d+)", re.MULTILINE)


class Status(NamedTuple):
    """One process, from proc_pid_stat(5).

    Attributes:
        state: One letter; ``Z`` has ended and waits to be waited for.
        started: Clock ticks since the boot: with the pid, the identity of a process.
        ticks: Processor time of itself and of children waited for, clock ticks.
        threads: How many.
        pages: Resident set, pages.
    """

    state: str
    started: int
    ticks: int
    threads: int
    pages: int


def status_of(tree: Tree, pid: int) -> Status:
    """Read one process.

    Raises:
        OSError: There is no such process.
        ValueError: It is in a form that is not understood.
    """
    data = _bytes(tree, f"/proc/{pid}/stat")
    fields = data[data.rindex(b")") + 2 :].split()
    return Status(
        fields[0].decode(),
        int(fields[19]),
        sum(int(field) for field in fields[11:15]),
        int(fields[17]),
        int(fields[21]),
    )


class ProcessTree:
    """Everything that descends from one process.

    A process that was seen once stays in, also when its parent ends and it becomes a daemon.
    """

    def __init__(self, world: World) -> None:
        self._tree = world.tree
        self._root = world.pid
        self._known: dict[int, int] = {}  # started, by pid
        self._rates = Rates()
        self._gone = 0  # ticks of processes that ended without a parent in the tree
        self._last: dict[int, int] = {}
        self._tick = os.sysconf("SC_CLK_TCK")
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._children = world.tree.exists(f"/proc/{world.pid}/task/{world.pid}/children")
        self._io: dict[int, tuple[int, int]] = {}  # bytes read and written, by pid
        self._ended = (0, 0)  # the same, of processes that have ended
        status_of(world.tree, world.pid)
        self.channels = (
            Channel("process.cpu", "%", "/proc/<pid>/stat", "100 is one processor; whole tree"),
            Channel("process.memory", "B", "/proc/<pid>/stat", "sum of resident sets"),
            Channel("process.count", "1", "/proc/<pid>/task/*/children", "processes of the tree"),
            Channel("process.threads", "1", "/proc/<pid>/stat", "threads of the tree"),
            Channel("process.read", "B/s", "/proc/<pid>/io", "read_bytes of processes alive"),
            Channel("process.written", "B/s", "/proc/<pid>/io", "write_bytes of processes alive"),
        )

    def read(self, now: float) -> list[float]:
        """Take one sample."""
        alive = self._walk()
        pages = threads = 0
        ticks: dict[int, int] = {}
        for pid, status in alive.items():
            pages += status.pages
            threads += status.threads
            ticks[pid] = status.ticks
        # Ended since the last look: its time is in its parent's account, or with nobody.
        total = sum(ticks.values())
        before = sum(self._last.values())
        self._gone += max(0, before - total)
        self._last = ticks
        io_read, io_written = self._transfers(alive)
        rates = self._rates(now, (total + self._gone, io_read, io_written))
        return [
            100 * rates[0] / self._tick,
            pages * self._page if alive else NAN,
            len(alive) if alive else NAN,
            threads if alive else NAN,
            rates[1],
            rates[2],
        ]

    def _walk(self) -> dict[int, Status]:
        """Return the processes alive, by pid."""
        alive: dict[int, Status] = {}
        waiting = [self._root, *self._known]
        while waiting and len(alive) < _MAX:
            pid = waiting.pop()
            if pid in alive:
                continue
            try:
                status = status_of(self._tree, pid)
            except (OSError, ValueError):
                self._known.pop(pid, None)
                continue
            if self._known.setdefault(pid, status.started) != status.started:
                del self._known[pid]  # the number was given to another process
                continue
            alive[pid] = status
            if status.state != "Z":
                waiting += self._children_of(pid)
        return alive

    def _children_of(self, pid: int) -> list[int]:
        if not self._children:
            return []
        found: list[int] = []
        for thread in self._tree.names(f"/proc/{pid}/task"):
            try:
                found += map(int, _bytes(self._tree, f"/proc/{pid}/task/{thread}/children").split())
            except (OSError, ValueError):
                continue
        return found

    def _transfers(self, alive: dict[int, Status]) -> tuple[float, float]:
        """Return bytes read and written by all processes ever seen; NaN where that is hidden."""
        for pid in alive:
            try:
                found = _IO.findall(_bytes(self._tree, f"/proc/{pid}/io"))
                self._io[pid] = (int(found[0]), int(found[1]))
            except (OSError, ValueError, IndexError):
                continue
        for pid in [pid for pid in self._io if pid not in alive]:
            read, written = self._io.pop(pid)
            self._ended = (self._ended[0] + read, self._ended[1] + written)
        if not (self._io or any(self._ended)):
            return NAN, NAN
        reads, writes = zip(self._ended, *self._io.values(), strict=True)
        return float(sum(reads)), float(sum(writes))


def _bytes(tree: Tree, name: str) -> bytes:
    descriptor = os.open(tree.root + name, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 65536)
    finally:
        os.close(descriptor)


def open_probe(world: World) -> ProcessTree:
    """Open the probe."""
    return ProcessTree(world)
