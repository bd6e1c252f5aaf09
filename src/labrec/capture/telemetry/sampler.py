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
from labrec.capture.facts import cause

if TYPE_CHECKING:
    from pathlib import Path

STOP_DEADLINE_S = 0.0015
_KILL_DEADLINE_S = 0.0005


class Sampler:
    """A sampler that was started, or the reason why there is none.

    Attributes:
        helper: The sampler's process; None where there is none.
        reason: Why there is no sampler; None while there is one.
    """

    __slots__ = ("_owner", "helper", "reason")

    def __init__(self, helper: detached.Helper | None, reason: str | None = None) -> None:
        self.helper = helper
        self.reason = reason
        self._owner = os.getpid()

    def stop(self, deadline_s: float = STOP_DEADLINE_S) -> str | None:
        """Let the sampler take its last sample, and make sure that it writes no more.

        A sampler that does not answer in time is killed; the samples it wrote are kept. Calling
        this again, or in a forked child, does nothing.

        Args:
            deadline_s: Longest wait for the answer, seconds.

        Returns:
            What was not as it should be, for the record's ``capture`` section, or None.
        """
        helper, self.helper = self.helper, None
        if helper is None or os.getpid() != self._owner:
            return None
        try:
            if _answered(helper.answer, 0):
                return "had ended before the run"
            detached.let_go(helper.lifeline)
            # The lifeline alone would do, but another process may have been handed a copy of it.
            _signal(helper.pid, signal.SIGTERM)
            if _answered(helper.answer, deadline_s):
                return None
            _signal(helper.pid, signal.SIGKILL)
            ended = _answered(helper.answer, _KILL_DEADLINE_S)
            return "did not answer and was ended" if ended else "did not answer nor end"
        finally:
            detached.let_go(helper.lifeline)
            detached.let_go(helper.answer)


def start_sampler(
    spool_path: str | Path, pid: int, interval_s: float, *, started: float | None = None
) -> Sampler:
    """Start a sampler that watches a process tree and writes into a spool.

    It also makes the journals of the spool durable about once a second, whatever the interval.

    Args:
        spool_path: Folder of the live spool; the sampler opens its own journal there.
        pid: Root of the process tree to watch: this process, or the command it started.
        interval_s: Seconds between two samples, > 0; 0 takes none and only keeps journals durable.
        started: ``time.monotonic()`` at the run's start, s; now when left out.

    Returns:
        The handle; its ``reason`` says why no sampler runs. This never raises.
    """
    if os.getpid() == 1 and pid == 1:
        # Orphans are given to process 1: the sampler would become a child of the observed program.
        return Sampler(None, "the observed process is process 1 and would inherit the sampler")
    given = {
        "spool": os.fspath(spool_path),
        "owner": os.getpid(),
        "tree": pid,
        "interval": interval_s,
        "started": time.monotonic() if started is None else started,
    }
    try:
        return Sampler(detached.start("labrec.capture.telemetry.watch", given))
    except Exception as error:  # noqa: BLE001 - a recorder fault never reaches the program
        return Sampler(None, f"the sampler could not be started: {cause(error)}")


def _answered(answer: int, deadline_s: float) -> bool:
    """Wait until the helper said something or ended."""
    poll = select.poll()
    poll.register(answer, select.POLLIN)
    return bool(poll.poll(deadline_s * 1000))


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
