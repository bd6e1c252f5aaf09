"""Stand between the world and the command: signals, stops and the end.

All signals are blocked and taken one by one with their origin. A signal that the terminal or a
group-wide kill already gave to the command is not given twice; ``kill WRAPPER`` is passed on.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

# Raised by a fault of the running process itself: blocking them would be undefined.
_FAULTS = {
    signal.SIGSEGV,
    signal.SIGBUS,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGTRAP,
    signal.SIGSYS,
}
_JOB_STOPS = {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
_ENDING = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT}
_MAX_ANCESTORS = 64
_PATIENCE = 1.0  # seconds after which the child is looked at without being told to


def watched_signals() -> set[int]:
    """Return every signal that is taken here instead of acting on this process."""
    return {int(number) for number in signal.valid_signals()} - _FAULTS


class Watch(Protocol):
    """What changes with the terminal; the plain implementation does nothing."""

    session: bool
    """Whether the command lives in a session of its own."""

    def suspend(self) -> None:
        """Prepare for this process to stop."""

    def resume(self) -> None:
        """Take up again after a stop."""

    def resize(self) -> bool:
        """Follow the outer window; True when the command must be told by a signal."""

    def take_stop(self) -> int:
        """Return the signal that stopped the command of a monitor, or 0."""


def supervise(child: int, command: int, watch: Watch) -> int:
    """Serve signals until the child has ended and return its wait status.

    Args:
        child: Our own child process.
        command: The command's process; another one when a monitor stands between.
        watch: The terminal, if any.
    """
    signals = watched_signals()
    while True:
        status = _reap(child, command, watch)
        if status is not None:
            return status
        # A process that has other threads may lose a SIGCHLD to one of them just before it waits.
        info = signal.sigtimedwait(signals, _PATIENCE)
        if info is None or info.si_signo == signal.SIGCHLD:
            continue
        _serve(info, command, watch)


def _reap(child: int, command: int, watch: Watch) -> int | None:
    while True:
        stopped = watch.take_stop()
        if stopped:
            _stop_with(command, stopped, watch)
        pid, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
        if pid == 0:
            return None
        if not os.WIFSTOPPED(status):
            return status
        if child == command:
            _stop_with(command, os.WSTOPSIG(status), watch)


def _serve(info: signal.struct_siginfo, command: int, watch: Watch) -> None:
    number = info.si_signo
    if number == signal.SIGWINCH and watch.resize():
        _send(command, number)
        return
    if number == signal.SIGCONT:
        watch.resume()
        if _is_stopped(command):
            _send(command, number)
        return
    if info.si_code > 0:
        # The kernel's own: the terminal gave it to the whole group, and so to the command, unless
        # that lives in another session.
        if watch.session and number == signal.SIGHUP:
            _send(command, number)
        return
    if number in _JOB_STOPS and watch.session:
        number = signal.SIGSTOP  # the inner terminal's group may not be stopped by others
    if not _descends(info.si_pid, command):
        _send(command, number)


def _stop_with(command: int, number: int, watch: Watch) -> None:
    """Stop as the command did, so that the shell sees its job stopped."""
    if number not in _JOB_STOPS and not (number == signal.SIGSTOP and _in_foreground()):
        return  # nobody may be there to continue us
    watch.suspend()
    if signal.getsignal(number) is signal.SIG_DFL:
        os.kill(os.getpid(), number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    else:
        os.kill(os.getpid(), signal.SIGSTOP)
    watch.resume()
    if _is_stopped(command):
        _send(command, signal.SIGCONT)


def _in_foreground() -> bool:
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _send(command: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(command, number)


def _stat(pid: int) -> tuple[str, int]:
    """Return state and parent of a process; ("", 0) when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return fields[0].decode(), int(fields[1])
    except (OSError, IndexError, ValueError):
        return "", 0


def _is_stopped(pid: int) -> bool:
    return _stat(pid)[0] == "T"


def _descends(pid: int, ancestor: int) -> bool:
    """Whether a process is the command or was started by it.

    Such a process that signals its group meant the command to get the signal once (as sudo does).
    """
    for _ in range(_MAX_ANCESTORS):
        if pid == ancestor:
            return True
        if pid <= 1:
            return False
        pid = _stat(pid)[1]
    return False


def impatient() -> Callable[[], bool]:
    """Return a question whether somebody asked this process to end meanwhile."""

    def asked() -> bool:
        return signal.sigtimedwait(_ENDING, 0) is not None

    return asked
