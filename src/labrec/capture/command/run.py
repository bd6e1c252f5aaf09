"""Run one command as if nobody watched, and keep what it printed (invariant I4).

``run_command`` starts the program, passes signals and job control through, waits, and says how it
ended. What it changes for the program is listed in ``docs/transparency.md``; everything else is
compared bare against wrapped by ``tests/capture_command``.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING, NamedTuple

from labrec.capture.command import launch, supervise
from labrec.capture.command.launch import CommandNotFoundError, NotExecutableError, NotStartedError
from labrec.capture.command.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from labrec.capture.command.output import Log
    from labrec.capture.command.wiring import LogMode

__all__ = [
    "LOG_LIMIT",
    "CommandNotFoundError",
    "CommandResult",
    "NotExecutableError",
    "NotStartedError",
    "run_command",
]

LOG_LIMIT = 64 * 2**20
_SIGNALLED = 128


class CommandResult(NamedTuple):
    """How a command ended.

    Attributes:
        exit_code: 0–255, or None when a signal ended it.
        signal: Name such as ``SIGKILL``, or None when it exited.
        started: Unix time in seconds when the program was started.
        ended: Unix time in seconds when its end was noticed.
        duration_s: Seconds between the two on the monotonic clock.
        logs: What was kept of the output.
        problems: What went wrong with the logs, for the capture section; the command never
            notices.
    """

    exit_code: int | None
    signal: str | None
    started: float
    ended: float
    duration_s: float
    logs: tuple[Log, ...]
    problems: tuple[str, ...]

    @property
    def shell_code(self) -> int:
        """The exit status as a shell says it: the code, or 128+N for signal N."""
        if self.exit_code is not None:
            return self.exit_code
        return _SIGNALLED + _number(self.signal or "")


def run_command(
    argv: Sequence[str],
    *,
    log: LogMode = "auto",
    log_dir: Path | None = None,
    log_limit: int = LOG_LIMIT,
    environ: Mapping[str, str] | None = None,
    on_started: Callable[[int], object] | None = None,
) -> CommandResult:
    """Run ``argv`` and return how it ended.

    Call ``streams.hold_standard()`` before the process opens its first file, so
    that none of ours lands on a descriptor 0–2 that was closed. Call it in the main thread.

    Args:
        argv: Program and arguments; the program is searched for in ``PATH`` as execvp(3) does.
        log: ``none``: everything is inherited. ``auto``: a terminal is logged through a pty, the
            new range of a regular file is read afterwards, pipes and the rest are left alone.
            ``tee``: as ``auto``, and the rest goes through a pipe of ours.
        log_dir: Existing directory for the logs; without it nothing is logged.
        log_limit: Bytes kept of each stream, >= 2: its first and its last half.
        environ: Variables to add to the program's environment.
        on_started: Called with the program's pid once it runs.

    Raises:
        NotStartedError: The program does not run (exit codes 125, 126, 127).
    """
    with _signals_blocked() as mask:
        prepared = launch.prepare(argv, environ, mask)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            wiring = Wiring(log, log_dir, log_limit)
        except OSError as error:
            raise NotStartedError(
                f"no pipe or terminal for the command: {error.strerror}",
                hint="Run it with --log=none, which needs neither.",
            ) from error
        started, clock = time.time(), time.monotonic()
        try:
            child, command = launch.start(prepared, wiring.arrange)
        except NotStartedError:
            wiring.discard()
            raise
        problems: list[str] = []
        try:
            wiring.started()
            if on_started is not None:
                _tell(on_started, command, problems)
            status = supervise.supervise(child, command, wiring)
            ended, duration = time.time(), time.monotonic() - clock
            logs, lost = wiring.finish(supervise.impatient())
        finally:
            wiring.restore()
    code, name = _outcome(status)
    return CommandResult(code, name, started, ended, duration, tuple(logs), tuple(problems + lost))


@contextlib.contextmanager
def _signals_blocked() -> Iterator[set[int]]:
    """Block what is taken by hand, and let SIGCHLD reach us even where it was ignored."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, supervise.watched_signals())
    children = signal.getsignal(signal.SIGCHLD)
    try:
        yield {int(number) for number in mask}
    finally:
        # What arrived after the command's end was for the command.
        while signal.sigtimedwait(supervise.watched_signals(), 0) is not None:
            pass
        signal.signal(signal.SIGCHLD, children)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _tell(on_started: Callable[[int], object], command: int, problems: list[str]) -> None:
    try:
        on_started(command)
    except Exception as error:  # noqa: BLE001 - a fault of the recorder never reaches the command
        problems.append(f"after the start: {type(error).__name__}: {error}")


def _outcome(status: int) -> tuple[int | None, str | None]:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        with contextlib.suppress(ValueError):
            return None, signal.Signals(number).name
        return None, f"SIG{number}"
    return os.WEXITSTATUS(status), None


def _number(name: str) -> int:
    with contextlib.suppress(KeyError):
        return signal.Signals[name].value
    return int(name.removeprefix("SIG") or 0)
