"""Run one command as if nobody watched, and keep what it printed (invariant I4).

``run_command`` starts the program, passes signals and job control through, waits, and says how it
ended. What it changes for the program is listed in ``docs/transparency.md``; everything else is
compared bare against wrapped by ``tests/capture_command``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from labrec.errors import LabrecError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

LogMode = Literal["auto", "tee", "none"]

LOG_LIMIT = 64 * 2**20


class NotStartedError(LabrecError):
    """The command could not be started because of labrec itself; exits as env(1) does."""

    exit_code = 125
    name = "not-started"


class NotExecutableError(NotStartedError):
    """The command was found but the system refuses to execute it."""

    exit_code = 126
    name = "not-executable"


class CommandNotFoundError(NotStartedError):
    """There is no such command."""

    exit_code = 127
    name = "command-not-found"


class Log(NamedTuple):
    """What was kept of one output stream.

    Attributes:
        stream: ``stdout``, ``stderr``, or ``output`` where both went to the same place.
        path: The file in the log directory.
        bytes: How many bytes the program wrote to the stream, as far as was seen.
        truncated: Whether the file holds less than that (limit, full disk, truncated by others).
        reason: Why it is truncated; empty when it is not.
    """

    stream: str
    path: Path
    bytes: int
    truncated: bool
    reason: str


class CommandResult(NamedTuple):
    """How a command ended.

    Attributes:
        exit_code: 0–255, or None when a signal ended it.
        signal: Name such as ``SIGKILL``, or None when it exited.
        started: Unix time in seconds when the program was started.
        ended: Unix time in seconds when its end was noticed.
        duration_s: Seconds between the two on the monotonic clock.
        logs: What was kept of the output.
        problems: What went wrong with the recording, for the capture section; the command never
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
        """Return what a shell calls the exit status: the code, or 128+N for signal N."""
        raise NotImplementedError


def run_command(
    argv: Sequence[str],
    *,
    log: LogMode = "auto",
    log_dir: Path | None = None,
    log_limit: int = LOG_LIMIT,
    environ: Mapping[str, str] | None = None,
    on_started: Callable[[int], None] | None = None,
) -> CommandResult:
    """Run ``argv`` and return how it ended.

    Call ``labrec.capture.streams.hold_standard()`` before the process opens its first file, so
    that none of ours lands on a descriptor 0–2 that was closed.

    Args:
        argv: Program and arguments; the program is searched for in ``PATH`` as execvp(3) does.
        log: ``none``: everything is inherited. ``auto``: a terminal is logged through a pty, the
            new range of a regular file is read afterwards, pipes and the rest are left alone.
            ``tee``: as ``auto``, and the rest goes through a pipe of ours.
        log_dir: Existing directory for the logs; without it nothing is logged.
        log_limit: Bytes kept of each stream: its first and its last half.
        environ: Variables to add to the program's environment.
        on_started: Called with the program's pid once it runs.

    Raises:
        NotStartedError: The program does not run (exit codes 125, 126, 127).
    """
    raise NotImplementedError
