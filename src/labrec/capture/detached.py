"""Start a helper process that the observed program cannot see as a child.

A shell is spawned, starts the helper in the background and ends at once, so that ``os.wait()`` in
the user's program never meets the helper. Two pipes tie them together: the helper's *lifeline* is
readable (end of file) when its owner is gone or lets go, and the *answer* pipe carries what the
helper says and ends when the helper does. Nothing is ever written to a helper: a program that
restored the default ``SIGPIPE`` would be killed by a write to a dead one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import sys
from typing import Any, NamedTuple

from labrec.capture import descriptors

LIFELINE = 3
"""Descriptor of the lifeline in the helper."""
ANSWER = 4
"""Descriptor the helper answers on."""

_FOLDERS = ("/bin", "/usr/bin", "/system/bin")  # never PATH, which is the program's
_SCRIPT = '"$@" </dev/null >/dev/null & echo $!'
# The first two arguments are the pause, which holds neither pipe nor folder: whoever ends the shell
# meanwhile does not wait for it.
_LATER = '{ cd /; "$1" "$2" 3<&- 4<&-; shift 2; exec "$@"; } </dev/null >/dev/null & echo $!'
_BOOT = (
    "import sys, json; given = json.loads(sys.argv[1]); sys.path[:] += given['path'];"
    "from importlib import import_module; import_module(given['module']).main(given)"
)
# Left out of the helper's environment: what would change Python, or put foreign code into it.
_DROPPED = (b"PYTHON", b"LD_PRELOAD", b"LABREC_", b"COV_CORE_", b"COVERAGE_")

# Pipe ends held for live helpers, with what they lead to. A forked child must not keep a helper
# alive.
_held: dict[int, descriptors.Identity] = {}


def _close_held() -> None:
    for descriptor, expected in _held.items():
        descriptors.close_still(descriptor, expected)
    _held.clear()


os.register_at_fork(after_in_child=_close_held)


class Helper(NamedTuple):
    """A helper process.

    Attributes:
        pid: Its process id.
        lifeline: Descriptor whose closing tells the helper to leave.
        answer: Descriptor to read what the helper says from.
    """

    pid: int
    lifeline: int
    answer: int


def start(module: str, given: dict[str, Any], *, pause_s: float = 0.0) -> Helper:
    """Start ``module.main(given)`` in a process of its own.

    Args:
        module: Dotted name of a module of labrec with a ``main``.
        given: JSON object handed to it; ``path`` and ``module`` are added.
        pause_s: Seconds before Python is started there: a helper that is not needed by then has
            cost next to nothing.

    Raises:
        OSError: No shell, no Python executable, or no process could be had.
    """
    shell = _tool("sh")
    if shell is None or not sys.executable:
        raise FileNotFoundError("no shell" if shell is None else "no Python executable")
    ends: list[int] = []
    try:
        for _ in range(3):
            ends.extend(_high_pipe())
        watched, lifeline, answer, answering, reading, writing = ends
        told = given | {"module": module, "path": _import_path()}
        # -I: neither the user's PYTHON* variables nor folder. -S: no .pth file runs foreign code.
        command = [sys.executable, "-I", "-S", "-c", _BOOT, json.dumps(told)]
        sleep = _tool("sleep") if pause_s > 0 else None
        script = [_LATER, "sh", sleep, f"{pause_s:.3f}"] if sleep else [_SCRIPT, "sh"]
        spawned = _spawn([shell, "-c", *script, *command], (watched, answering, writing))
        for end in (watched, answering, writing):
            os.close(end)
            ends.remove(end)
        text = os.read(reading, 32).strip()
        # None: another thread of the program waits for everything, or SIGCHLD is ignored.
        with contextlib.suppress(ChildProcessError):
            os.waitpid(spawned, 0)
        pid = _pid(text)
        ends.remove(lifeline)
        ends.remove(answer)
        _held.update((end, descriptors.identity(end)) for end in (lifeline, answer))
        return Helper(pid, lifeline, answer)
    finally:
        for end in ends:
            os.close(end)


def _pid(text: bytes) -> int:
    if not text.isdigit():
        raise ProcessLookupError("the shell did not start the helper")
    return int(text)


def let_go(descriptor: int) -> None:
    """Close one end of a helper's pipes that this process held."""
    expected = _held.pop(descriptor, None)
    if expected is not None:
        descriptors.close_still(descriptor, expected)


def is_held(descriptor: int) -> bool:
    """Say whether one end of a helper's pipes is open, and not a file of the program by now."""
    expected = _held.get(descriptor)
    return expected is not None and descriptors.is_still(descriptor, expected)


def _import_path() -> list[str]:
    """Return where a helper imports from: labrec and site-packages, never the user's folder."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sites = [
        entry
        for entry in sys.path
        if os.path.basename(entry) in ("site-packages", "dist-packages") and entry != package
    ]
    return [package, *sites]


def _spawn(argv: list[str], passed: tuple[int, int, int]) -> int:
    watched, answering, writing = passed
    actions: list[Any] = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, writing, 1),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, watched, LIFELINE),
        (os.POSIX_SPAWN_DUP2, answering, ANSWER),
        *((os.POSIX_SPAWN_CLOSE, end) for end in _inheritable() if end > ANSWER),
    ]
    options: dict[str, Any] = {
        "file_actions": actions,
        "setsigmask": [],
        "setsigdef": [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE],
    }
    environment = {k: v for k, v in os.environb.items() if not k.startswith(_DROPPED)}
    try:
        # A session of its own: Ctrl-C on the terminal is for the program, not for the helper.
        return os.posix_spawn(argv[0], argv, environment, setsid=True, **options)
    except NotImplementedError:
        return os.posix_spawn(argv[0], argv, environment, **options)


def _tool(name: str) -> str | None:
    """Return the path of a program of the system, or None where it has none."""
    prefix = os.environ.get("PREFIX")  # Termux has its programs there
    folders = [*_FOLDERS, f"{prefix}/bin"] if prefix else _FOLDERS
    places = (f"{folder}/{name}" for folder in folders)
    return next((place for place in places if os.access(place, os.X_OK)), None)


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
