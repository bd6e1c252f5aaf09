"""Start the command as its shell would have: same environment, signals and descriptors."""

from __future__ import annotations

import errno
import os
import signal
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from labrec.capture.command.streams import above_standard
from labrec.errors import LabrecError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_SHELL = b"/bin/sh"
_DEFAULT_PATH = b"/bin:/usr/bin"
# As execvp(3): a directory of PATH that fails for these reasons is passed over.
_PASSED_OVER = {errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ESTALE, errno.ENODEV}
# Programs that hand an ignored SIGPIPE on on purpose (trap '' PIPE, IgnoreSIGPIPE=yes).
_HANDING_ON = ("sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "busybox", "fish", "systemd")


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


class Launch(NamedTuple):
    """All that is decided before the fork.

    Attributes:
        argv: Program and arguments as bytes.
        environ: The environment, in order.
        search: Files to try, in order.
        mask: Signals that were blocked when run_command was called.
        default: Signals to set back to their default action.
        ignored: Signals to ignore, which we ourselves may not.
    """

    argv: list[bytes]
    environ: dict[bytes, bytes]
    search: list[bytes]
    mask: set[int]
    default: tuple[int, ...]
    ignored: tuple[int, ...]


def prepare(argv: Sequence[str], additions: Mapping[str, str] | None, mask: set[int]) -> Launch:
    """Decide everything that can be decided before the fork.

    Raises:
        NotStartedError: There is no command, or it holds a NUL.
    """
    arguments = [os.fsencode(argument) for argument in argv]
    if not arguments or any(b"\0" in argument for argument in arguments):
        raise NotStartedError(
            "there is no command to run" if not arguments else "an argument holds a NUL byte",
            hint="Write the command after --, as in: labrec run -- python train.py",
        )
    if not arguments[0]:  # execve(2) says ENOENT; Python refuses to ask it
        raise CommandNotFoundError(f"'': {os.strerror(errno.ENOENT)}", hint="Check the command.")
    environ = command_environ()
    for name, value in (additions or {}).items():
        environ[os.fsencode(name)] = os.fsencode(value)
    default, ignored = _dispositions()
    return Launch(arguments, environ, _search(arguments[0], environ), mask, default, ignored)


def command_environ() -> dict[bytes, bytes]:
    """Return the environment as it was before Python's start changed it (PEP 538)."""
    environ = dict(os.environb)
    if environ.get(b"LC_CTYPE") in (b"C.UTF-8", b"C.utf8", b"UTF-8"):
        try:
            with open("/proc/self/environ", "rb") as file:
                given = file.read().split(b"\0")
        except OSError:
            return environ
        before = [entry[9:] for entry in given if entry.startswith(b"LC_CTYPE=")]
        if before:
            environ[b"LC_CTYPE"] = before[0]
        else:
            del environ[b"LC_CTYPE"]
    return environ


def _search(program: bytes, environ: Mapping[bytes, bytes]) -> list[bytes]:
    if b"/" in program or not program:
        return [program]
    directories = environ.get(b"PATH", _DEFAULT_PATH).split(b":")
    return [directory + b"/" + program if directory else program for directory in directories]


def _dispositions() -> tuple[tuple[int, ...], tuple[int, ...]]:
    handled = [number for number in signal.valid_signals() if callable(signal.getsignal(number))]
    default = [*handled]
    if not _pipe_was_ignored():
        default += [signal.SIGPIPE, signal.SIGXFSZ]
    # An ignored SIGCHLD would take the exit status from us; the command still gets it ignored.
    children = signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN
    return tuple(default), (signal.SIGCHLD,) if children else ()


def _pipe_was_ignored() -> bool:
    """Guess whether SIGPIPE was ignored before Python ignored it, which leaves no trace.

    A shell or service manager that ignores it hands that on. A Python that ignores SIGPIPE (and
    SIGXFSZ, which nothing else does) restores both in its children.
    """
    try:
        with open(f"/proc/{os.getppid()}/status", "rb") as file:
            status = dict(line.split(b":\t", 1) for line in file if b":\t" in line)
        name = status[b"Name"].strip().decode("ascii", "replace")
        ignored = int(status[b"SigIgn"], 16)
    except (OSError, KeyError, ValueError):
        return False
    return name in _HANDING_ON and bool(ignored & 1 << (signal.SIGPIPE - 1))


def start(launch: Launch, arrange: Callable[[], None]) -> tuple[int, int]:
    """Fork and execute the command.

    Args:
        launch: What ``prepare`` returned. All signals must be blocked by now.
        arrange: Called in the child, sets up descriptors, session and terminal. It may fork again
            and keep the middle process to itself: it returns in the process that executes.

    Returns:
        The pid of our child and the pid of the command, which differ where ``arrange`` forked.

    Raises:
        NotStartedError: The command does not run (exit codes 125, 126, 127).
    """
    reading, writing = (above_standard(end) for end in os.pipe())
    try:
        pid = os.fork()
    except OSError as error:
        os.close(reading)
        os.close(writing)
        raise NotStartedError(f"no process for the command: {error.strerror}") from error
    if pid == 0:
        _become(launch, arrange, writing)
    os.close(writing)
    with open(reading, "rb", buffering=0) as answer:
        text = answer.read() or b""
    command, *_, failure = text.split(b"\n") if text else (b"", b"")
    if failure or not command:
        os.waitpid(pid, 0)
        raise _failed(launch, failure)
    return pid, int(command)


def _become(launch: Launch, arrange: Callable[[], None], writing: int) -> NoReturn:
    failure = b"\nown 0"
    try:
        arrange()
        os.write(writing, b"%d\n" % os.getpid())
        for number in launch.default:
            signal.signal(number, signal.SIG_DFL)
        for number in launch.ignored:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, launch.mask)
        failure = b"\nexec %d" % _execute(launch)
    except OSError as error:
        failure = b"\nown %d" % (error.errno or 0)
    finally:
        # Nothing of the parent's clean-up may run here a second time.
        os.write(writing, failure)
        os._exit(125)


def _execute(launch: Launch) -> int:
    """Execute the first file that works and return the error number when none does."""
    denied = 0
    code = errno.ENOENT
    for file in launch.search:
        try:
            os.execve(file, launch.argv, launch.environ)
        except OSError as error:
            code = error.errno or errno.ENOENT
        if code == errno.ENOEXEC:  # a script without #! is one for the shell, says execvp(3)
            return _execute_script(launch, file)
        if code == errno.EACCES:
            denied = code
        if code not in _PASSED_OVER:
            return code
    return denied or code


def _execute_script(launch: Launch, file: bytes) -> int:
    try:
        os.execve(_SHELL, [_SHELL, file, *launch.argv[1:]], launch.environ)
    except OSError as error:
        return error.errno or errno.ENOEXEC


def _failed(launch: Launch, failure: bytes) -> NotStartedError:
    program = os.fsdecode(launch.argv[0])
    kind, _, number = failure.partition(b" ")
    code = int(number or b"0")
    reason = os.strerror(code) if code else "the process ended before it could start the command"
    message = f"{program!r}: {reason}"
    if kind != b"exec":
        return NotStartedError(message, hint="Run it without labrec to see whether it starts.")
    if code == errno.ENOENT:
        return CommandNotFoundError(message, hint="Check its spelling and PATH.", paths=[program])
    return NotExecutableError(
        message, hint="Check that it is a program and has execute permission.", paths=[program]
    )
