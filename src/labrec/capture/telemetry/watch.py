"""The sampler process: sample, write, keep the spool durable, leave when the owner does.

Started by ``labrec.capture.telemetry.sampler``; never imported by the observed program.
"""

from __future__ import annotations

import contextlib
import math
import os
import resource
import select
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labrec.capture.detached import ANSWER, LIFELINE
from labrec.capture.hardware.facts import Tree
from labrec.capture.spool.durability import INTERVAL, SAMPLER, Syncer
from labrec.capture.spool.writer import Spool
from labrec.capture.telemetry.probe import World
from labrec.capture.telemetry.probes import PROBES
from labrec.capture.telemetry.probes.process_tree import status_of
from labrec.capture.telemetry.roster import Roster
from labrec.errors import LabrecError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labrec.capture.telemetry.probe import ProbeModule

NICENESS = 10
_LEAST_INTERVAL_S = 0.02
_REPORT_S = 60.0  # between two reports of what the recorder itself used
_KIB = 1 if sys.platform == "darwin" else 1024  # unit of ru_maxrss


class Watch:
    """What the sampler does at each tick.

    Args:
        spool: The sampler's own hand on the spool.
        modules: The probes by name.
        world: What they look at.
        interval_s: Seconds between two samples.
    """

    def __init__(
        self, spool: Spool, modules: Mapping[str, ProbeModule], world: World, interval_s: float
    ) -> None:
        self._spool = spool
        self._roster = Roster(modules, world)
        self._interval = interval_s
        self._samples = 0
        self._report_at = 0.0
        self._unavailable: dict[str, dict[str, str]] = {}
        self._told: set[str] = set()

    def tick(self, *, last: bool = False) -> None:
        """Take one sample and write it.

        Args:
            last: The run has ended: wait for nothing, and report.
        """
        now = time.monotonic()
        roster = self._roster
        self._declare()
        row = roster.sample(now, last=last)
        row += [math.nan] * (len(roster.channels) - len(row))
        if self._declare():
            # A probe that was opened during this tick has no value in it.
            row += [math.nan] * (len(roster.channels) - len(row))
        if any(value == value for value in row):  # noqa: PLR0124 - something beside NaN
            self._spool.sample(now, row)
            self._samples += 1
        self._report(now, last=last)

    def _declare(self) -> bool:
        changed = self._roster.changed()
        if changed:
            self._spool.channels(
                [channel._asdict() | {"interval_s": self._interval}
                 for channel in self._roster.channels]
            )  # fmt: skip
        return changed

    def _report(self, now: float, *, last: bool) -> None:
        """Write what is unavailable, when that changed, and now and then what this costs."""
        unavailable = self._roster.unavailable()
        self._roster.given_up(
            self._told, lambda name, why: self._spool.remark("unavailable", f"probe {name}", why)
        )
        if not last and unavailable == self._unavailable and now < self._report_at:
            return
        self._unavailable = unavailable
        # 1 s, 2 s, 4 s … after the first report: a sampler that is killed has told most of it.
        waited = now - self._report_at + _REPORT_S if self._report_at else 0.0
        self._report_at = now + min(_REPORT_S, max(1.0, 2 * waited)) if waited else now + 1.0
        used = resource.getrusage(resource.RUSAGE_SELF)
        self._spool.section(
            "telemetry",
            {
                "channels": unavailable,
                "overhead": {
                    "cpu_s": round(used.ru_utime + used.ru_stime, 4),
                    "max_rss_bytes": used.ru_maxrss * _KIB,
                    "samples": self._samples,
                },
            },
        )


class Ending:
    """Tells when the sampler has to leave: its lifeline ends, a signal comes, the owner is gone."""

    def __init__(self, lifeline: int, owner: int) -> None:
        self._owner = owner
        self._started = _started(owner)
        self._poll = select.poll()
        self._poll.register(lifeline, select.POLLIN)
        awake, waking = os.pipe()
        os.set_blocking(waking, False)
        signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, lambda *_: None)
        self._poll.register(awake, select.POLLIN)

    def within(self, seconds: float) -> bool:
        """Wait, and say whether it is time to leave."""
        if self._poll.poll(max(0.0, seconds) * 1000):
            return True
        return self._started is not None and _started(self._owner) != self._started


def _started(pid: int) -> int | None:
    try:
        status = status_of(Tree(), pid)
    except (OSError, ValueError):
        return None
    return None if status.state == "Z" else status.started


def main(given: dict[str, Any]) -> None:
    """Be the sampler until the run ends.

    Args:
        given: ``spool``, ``owner`` and ``tree`` (process ids), ``interval`` (s, 0 = no samples).
    """
    status = 1
    try:
        _prepare()
        _run(given)
        status = 0
    except LabrecError:
        pass  # the run has ended before the sampler was there
    finally:
        # Not through the interpreter's end: a probe's thread may hang for ever.
        os._exit(status)


def _prepare() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    os.chdir("/")  # keep no file system busy


def _run(given: dict[str, Any]) -> None:
    ending = Ending(LIFELINE, given["owner"])
    path = Path(given["spool"])
    spool = Spool.join(path, SAMPLER)
    threading.Thread(target=_sync, args=(path,), name="sync", daemon=True).start()
    interval = float(given["interval"])
    try:
        if interval > 0:
            interval = max(interval, _LEAST_INTERVAL_S)
            watch = Watch(spool, PROBES, World(Tree(), given["tree"]), interval)
            _sample_until(ending, watch, interval)
        else:
            while not ending.within(INTERVAL):
                pass
    finally:
        spool.close()
    with contextlib.suppress(OSError):
        os.write(ANSWER, b".")


def _sample_until(ending: Ending, watch: Watch, interval: float) -> None:
    first = time.monotonic()
    count = 0
    while True:
        watch.tick()
        now = time.monotonic()
        # Ticks that were missed, asleep or held back, are not made up for: coverage tells.
        count = max(count + 1, math.ceil((now - first) / interval))
        if ending.within(first + count * interval - now):
            watch.tick(last=True)
            return


def _sync(path: Path) -> None:
    """Make the spool durable once a second; a slow disk holds up nobody else."""
    syncer = Syncer(path)
    while True:
        syncer.tick()  # at once: the run started a while ago
        time.sleep(INTERVAL)
