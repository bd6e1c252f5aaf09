"""The observed program's side of telemetry: start a sampler beside it, and stop it again.

The sampler is never a thread and never a child of the observed process, so that ``os.wait()`` in
the user's program cannot see it: a shell is spawned, starts the sampler in the background and
ends. A pipe ties the two together: the sampler leaves when the pipe's other end closes, whichever
way that happens. Nothing is ever written to the sampler: a program that restored the default
``SIGPIPE`` would be killed by a write to a dead one.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from labrec.capture.facts import cause

if TYPE_CHECKING:
    from pathlib import Path

STOP_DEADLINE_S = 0.0015
_KILL_DEADLINE_S = 0.0005
_SHELLS = ("/bin/sh", "/system/bin/sh")
_SCRIPT = '"$@" </dev/null >/dev/null & echo $!'
_BOOT = (
    "import sys, json; given = json.loads(sys.argv[1]); sys.path[:] += given['path'];"
    "from labrec.capture.telemetry.watch import main; main(given)"
)
# Left out of the sampler's environment: what would change Python, or put foreign code into it.
_DROPPED = ("PYTHON", "LD_PRELOAD", "LABREC_", "COV_CORE_", "COVERAGE_")

# Pipe ends held for live samplers. A forked child must not keep a sampler alive.
_held: set[int] = set()


def _close_held() -> None:
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_held)


class Sampler:
    """A sampler that was started, or the reason why there is none.

    Attributes:
        pid: Process id of the sampler; 0 where there is none.
        reason: Why there is no sampler; None while there is one.
    """

    __slots__ = ("_answer", "_lifeline", "_owner", "pid", "reason")

    def __init__(self, pid: int, lifeline: int, answer: int, reason: str | None = None) -> None:
        self.pid = pid
        self.reason = reason
        self._lifeline = lifeline
        self._answer = answer
        self._owner = os.getpid()
        if reason is None:
            _held.update((lifeline, answer))

    def stop(self, deadline_s: float = STOP_DEADLINE_S) -> str | None:
        """Let the sampler take its last sample, and make sure that it writes no more.

        A sampler that does not answer in time is killed; the samples it wrote are kept. Calling
        this again, or in a forked child, does nothing.

        Args:
            deadline_s: Longest wait for the answer, seconds.

        Returns:
            What was not as it should be, for the record's ``capture`` section, or None.
        """
        if self.reason is not None or self._lifeline < 0 or os.getpid() != self._owner:
            return None
        lifeline, answer = self._lifeline, self._answer
        self._lifeline = self._answer = -1
        _held.difference_update((lifeline, answer))
        try:
            os.close(lifeline)
            if _answered(answer, 0):
                return self._early(answer)
            _signal(self.pid, signal.SIGTERM)
            if _answered(answer, deadline_s):
                return None
            _signal(self.pid, signal.SIGKILL)
            ended = _answered(answer, _KILL_DEADLINE_S)
            return "did not answer and was ended" if ended else "did not answer nor end"
        finally:
            os.close(answer)

    @staticmethod
    def _early(answer: int) -> str | None:
        # A byte is the answer to the closed lifeline; end of file means it was gone already.
        return None if os.read(answer, 1) else "had ended before the run"


def start_sampler(
    spool_path: str | Path, pid: int, interval_s: float, *, started: float | None = None
) -> Sampler:
    """Start a sampler that watches a process tree and writes into a spool.

    It also makes the journals of the spool durable once a second, whatever the interval.

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
        return Sampler(0, -1, -1, "the observed process is process 1 and would inherit the sampler")
    given = {
        "spool": os.fspath(spool_path),
        "owner": os.getpid(),
        "tree": pid,
        "interval": interval_s,
        "started": time.monotonic() if started is None else started,
        "path": _import_path(),
    }
    try:
        return _launch(given)
    except Exception as error:  # noqa: BLE001 - a recorder fault never reaches the program
        return Sampler(0, -1, -1, f"the sampler could not be started: {cause(error)}")


def _import_path() -> list[str]:
    """Return where the sampler imports from: labrec and site-packages, never the user's folder."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
    sites = [
        entry
        for entry in sys.path
        if os.path.basename(entry) in ("site-packages", "dist-packages") and entry != package
    ]
    return [package, *sites]


def _launch(given: dict[str, Any]) -> Sampler:
    shell = next((path for path in _shells() if os.access(path, os.X_OK)), None)
    if shell is None or not sys.executable:
        missing = "no shell" if shell is None else "no Python executable"
        return Sampler(0, -1, -1, f"{missing} to start the sampler with")
    ends: list[int] = []
    try:
        for _ in range(3):
            ends.extend(_high_pipe())
        watched, lifeline, answer, answering, reading, writing = ends
        spawned = _spawn(shell, given, (watched, answering, writing))
        for end in (watched, answering, writing):
            os.close(end)
            ends.remove(end)
        text = os.read(reading, 32)
        try:
            os.waitpid(spawned, 0)
        except ChildProcessError:
            pass  # another thread of the program waits for everything, or SIGCHLD is ignored
        if not text.strip():
            return Sampler(0, -1, -1, "the shell did not start the sampler")
        ends.remove(lifeline)
        ends.remove(answer)
        return Sampler(int(text), lifeline, answer)
    finally:
        for end in ends:
            os.close(end)


def _spawn(shell: str, given: dict[str, Any], passed: tuple[int, int, int]) -> int:
    watched, answering, writing = passed
    command = [sys.executable, "-I", "-S", "-c", _BOOT, json.dumps(given)]
    actions: list[tuple[int, ...] | tuple[int, int, str, int, int]] = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, writing, 1),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, watched, 3),
        (os.POSIX_SPAWN_DUP2, answering, 4),
        *((os.POSIX_SPAWN_CLOSE, end) for end in _inheritable() if end > 4),  # noqa: PLR2004
    ]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(_DROPPED)}
    argv = [shell, "-c", _SCRIPT, "sh", *command]
    defaults = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE]
    try:
        # A session of its own: Ctrl-C on the terminal is for the program, not for the sampler.
        return os.posix_spawn(
            shell, argv, environment,
            file_actions=actions, setsid=True, setsigmask=[], setsigdef=defaults,
        )  # fmt: skip
    except NotImplementedError:
        return os.posix_spawn(
            shell, argv, environment, file_actions=actions, setsigmask=[], setsigdef=defaults
        )


def _shells() -> list[str]:
    prefix = os.environ.get("PREFIX")  # Termux has its shell there
    return [*_SHELLS, f"{prefix}/bin/sh"] if prefix else list(_SHELLS)


def _high_pipe() -> tuple[int, int]:
    # Above the standard descriptors, which the program may have closed on purpose.
    ends = os.pipe()
    try:
        first = fcntl.fcntl(ends[0], fcntl.F_DUPFD_CLOEXEC, 16)
        try:
            return first, fcntl.fcntl(ends[1], fcntl.F_DUPFD_CLOEXEC, 16)
        except OSError:
            os.close(first)
            raise
    finally:
        os.close(ends[0])
        os.close(ends[1])


def _inheritable() -> list[int]:
    """Return the descriptors a child would inherit: a pipe kept open hangs its reader."""
    try:
        descriptors = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        descriptors = list(range(3, 256))
    kept = []
    for descriptor in descriptors:
        try:
            if os.get_inheritable(descriptor):
                kept.append(descriptor)
        except OSError:
            continue
    return kept


def _answered(answer: int, deadline_s: float) -> bool:
    poll = select.poll()
    poll.register(answer, select.POLLIN | select.POLLHUP)
    return bool(poll.poll(deadline_s * 1000))


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass
