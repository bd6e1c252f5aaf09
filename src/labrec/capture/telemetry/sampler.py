"""The observed program's side of telemetry: start a sampler beside it, and stop it again.

The sampler is a helper process (``labrec.capture.detached``), never a thread and never a child of
the observed program. What it does is in ``labrec.capture.telemetry.watch``.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from typing import TYPE_CHECKING

from labrec.capture import detached
from labrec.capture.hardware.facts import cause
from labrec.capture.spool.durability import JOURNAL_SUFFIX, SAMPLER

if TYPE_CHECKING:
    from pathlib import Path

STOP_DEADLINE_S = 0.0015
BRIEF_S = 1.0  # a shorter run has no telemetry over time: starting the sampler takes part of it
_PAUSE = 0.25  # of that time, before the sampler is started: many runs have ended by then
_KILL_DEADLINE_S = 0.0005
_GRACE_S = 1.0  # a sampler that wrote this lately, beyond two intervals, was at work


class Sampler:
    """A sampler that was started, or the reason why there is none.

    Attributes:
        helper: The sampler's process; None where there is none.
        reason: Why there is no sampler; None while there is one.
    """

    __slots__ = ("_asked", "_interval", "_journal", "_owner", "helper", "reason")

    def __init__(
        self,
        helper: detached.Helper | None,
        reason: str | None = None,
        *,
        journal: str = "",
        interval_s: float = 0.0,
    ) -> None:
        self.helper = helper
        self.reason = reason
        self._journal = journal
        self._interval = interval_s
        self._owner = os.getpid()
        self._asked = False

    def ask(self) -> None:
        """Ask the sampler for its last sample, without waiting.

        Calling this some work before ``stop`` gives a busy machine time to answer.
        """
        if self.helper is not None and os.getpid() == self._owner and not self._asked:
            self._asked = True
            detached.let_go(self.helper.lifeline)
            # The lifeline alone would do, but another process may have been handed a copy of it.
            _signal(self.helper.pid, signal.SIGTERM)

    def stop(self, deadline_s: float = STOP_DEADLINE_S) -> str | None:
        """Let the sampler take its last sample, and make sure that it writes no more.

        A sampler that does not answer in time is killed; the samples it wrote are kept. On a busy
        machine that is no news and costs the last sample; it is said of one that had been silent
        before. Calling this again, or in a forked child, does nothing.

        Args:
            deadline_s: Longest wait for the answer, seconds.

        Returns:
            What was not as it should be, for the record's ``capture`` section, or None.
        """
        helper = self.helper
        if helper is None or os.getpid() != self._owner:
            return None
        try:
            if not detached.is_held(helper.answer):
                return "was let go of when the program closed every descriptor"
            if not self._asked and _answered(helper.answer, 0):
                return "had ended before the run"
            self.ask()
            if _answered(helper.answer, deadline_s):
                # The end of file without an answer: it was not ready for the signal yet.
                return None if os.read(helper.answer, 1) else self._silence()
            _signal(helper.pid, signal.SIGKILL)
            _answered(helper.answer, _KILL_DEADLINE_S)  # its end of file: nothing more is written
            return self._silence()
        finally:
            self.helper = None
            detached.let_go(helper.lifeline)
            detached.let_go(helper.answer)

    def _silence(self) -> str | None:
        """Say whether the sampler that was killed had been writing until then."""
        if not self._interval:
            return None
        try:
            quiet = time.time() - os.stat(self._journal).st_mtime
        except OSError:
            return "had not started when the run ended"
        return "had stopped answering" if quiet > 2 * self._interval + _GRACE_S else None


def start_sampler(spool_path: str | Path, pid: int, interval_s: float) -> Sampler:
    """Start a sampler that watches a process tree and writes into a spool.

    It also makes the journals of the spool durable about once a second, whatever the interval.

    Args:
        spool_path: Folder of the live spool; the sampler opens its own journal there.
        pid: Root of the process tree to watch: this process, or the command it started.
        interval_s: Seconds between two samples, > 0; 0 takes none and only keeps journals durable.

    Returns:
        The handle; its ``reason`` says why no sampler runs. This never raises.
    """
    if os.getpid() == 1 and pid == 1:
        # Orphans are given to process 1: the sampler would become a child of the observed program.
        return Sampler(None, "the observed process is process 1 and would inherit the sampler")
    path = os.fspath(spool_path)
    given = {"spool": path, "owner": os.getpid(), "tree": pid, "interval": interval_s}
    try:
        pause = min(interval_s or BRIEF_S, BRIEF_S) * _PAUSE
        helper = detached.start("labrec.capture.telemetry.watch", given, pause_s=pause)
    except Exception as error:  # noqa: BLE001 - a recorder fault never reaches the program
        return Sampler(None, f"the sampler could not be started: {cause(error)}")
    journal = f"{path}/{SAMPLER}{JOURNAL_SUFFIX}"
    return Sampler(helper, journal=journal, interval_s=interval_s)


def _answered(answer: int, deadline_s: float) -> bool:
    """Wait until the helper said something or ended."""
    poll = select.poll()
    poll.register(answer, select.POLLIN)
    return bool(poll.poll(deadline_s * 1000))


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
