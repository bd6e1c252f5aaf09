"""Run a program, bare or through a wrapper, in a prepared world and note all that is observable."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from programs import Program

HERE = Path(__file__).resolve().parent
SRC = HERE.parent.parent / "src"
DEADLINE_S = 60.0
BEFORE = b"there before\n"
FILES = ("file", "append", "merged-file", "merged-append")


class Seen(NamedTuple):
    """What a shell, a user or the file system can tell about a run."""

    code: int
    out: bytes
    err: bytes
    files: dict[str, bytes]
    input_left: bytes = b""


def wrapper(mode: str, log_dir: Path) -> tuple[str, ...]:
    """Return the command that wraps another in a log mode."""
    return (sys.executable, "-I", str(HERE / "driver.py"), str(SRC), mode, str(log_dir), "--")


def observe(program: Program, kind: str, work: Path, wrap: tuple[str, ...]) -> Seen:
    """Run ``program`` in the fresh directory ``work`` with standard streams of ``kind``."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    if program.setup:
        subprocess.run(["sh", "-c", program.setup], cwd=work, check=True)
    argv = [a.replace("{dir}", str(work)) for a in (*program.prefix, *wrap, *program.argv)]
    if kind in ("pty", "tty-out", "tty-err"):
        code, out, err = _on_terminal(argv, kind, work)
        left = b""
    else:
        code, out, err, left = _plainly(argv, kind, work, program.stdin)
    if kind in FILES:
        _wait_for_writers(work)
    hidden = {"stdin"}
    files = {p.name: p.read_bytes() for p in work.iterdir() if p.is_file() and p.name not in hidden}
    return Seen(shell_code(code), out, err, files, left)


def _wait_for_writers(work: Path) -> None:
    """Wait until nobody holds a file of ``work``: a daemon may write after its program has ended."""
    end = time.monotonic() + DEADLINE_S
    while any(_holds(process, work) for process in Path("/proc").glob("[0-9]*")):
        assert time.monotonic() < end, "something the program left behind does not end"
        time.sleep(0.02)


def _holds(process: Path, work: Path) -> bool:
    with contextlib.suppress(OSError):  # it has ended meanwhile, or is another user's
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                if descriptor.readlink().is_relative_to(work):
                    return True
    return False


def shell_code(code: int) -> int:
    return 128 - code if code < 0 else code


def environment() -> dict[str, str]:
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTEST", "PYTHON"))
    }
    return kept | {"TERM": "xterm"}


def _plainly(
    argv: list[str], kind: str, work: Path, stdin: bytes
) -> tuple[int, bytes, bytes, bytes]:
    (work / "stdin").write_bytes(stdin)
    with (work / "stdin").open("rb") as given, contextlib.ExitStack() as stack:
        streams = _streams(kind, work, stack)
        close = {"closed-in": (0,), "closed-out": (1,), "closed-err": (2,), "closed-all": (0, 1, 2)}
        if kind in close:
            script = " ".join(f"{fd}>&-" if fd else "0<&-" for fd in close[kind])
            argv = ["sh", "-c", f'exec "$@" {script}', "sh", *argv]
        process = subprocess.Popen(argv, stdin=given, cwd=work, env=environment(), **streams)
        try:
            out, err = process.communicate(timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        # What the program did not read stays for whoever reads next.
        left = os.read(given.fileno(), 16)
    return process.returncode, out or b"", err or b"", left


def _streams(kind: str, work: Path, stack: contextlib.ExitStack) -> dict[str, object]:
    if kind in FILES:
        flags = os.O_APPEND if "append" in kind else os.O_TRUNC
        names = ("out",) if kind.startswith("merged") else ("out", "err")
        opened = []
        for name in names:
            (work / name).write_bytes(BEFORE)
            descriptor = os.open(work / name, os.O_WRONLY | flags)
            stack.callback(os.close, descriptor)
            opened.append(descriptor)
        return {"stdout": opened[0], "stderr": opened[-1]}
    if kind == "null":
        return {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    merged = kind == "merged-pipe"
    return {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT if merged else subprocess.PIPE}


class Screen:
    """A terminal with a program on it that the test reads and types on."""

    def __init__(self, argv: list[str], work: Path, kind: str = "pty") -> None:
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 31, 97, 0, 0))
        other = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                for number in (signal.SIGPIPE, signal.SIGXFSZ):
                    signal.signal(number, signal.SIG_DFL)
                os.setsid()
                fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
                for fd in (0, 1, 2):
                    os.dup2(slave, fd)
                if kind != "pty":  # the other streams are no terminal
                    devnull = os.open(os.devnull, os.O_RDONLY)
                    os.dup2(devnull, 0)
                    os.dup2(other[1], 2 if kind == "tty-out" else 1)
                os.closerange(3, 256)
                os.chdir(work)
                os.execvpe(argv[0], argv, environment())
            finally:
                os._exit(99)
        os.close(slave)
        os.close(other[1])
        self.other = other[0]
        self.seen = b""

    def read_until(self, wanted: bytes, seconds: float = 20.0) -> bytes:
        """Read until ``wanted`` was shown after what earlier calls returned, and return up to it."""
        end = time.monotonic() + seconds
        while (found := self.seen.find(wanted, self._taken)) < 0:
            if time.monotonic() > end or (not self._read(0.2) and not self._open):
                raise AssertionError(f"{wanted!r} never came: {self.seen[self._taken :]!r}")
        start, self._taken = self._taken, found + len(wanted)
        return self.seen[start : self._taken]

    _open = True
    _taken = 0

    def _read(self, timeout: float) -> bool:
        if not select.select([self.master], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # EIO: nobody holds the terminal any more
            data = b""
        self._open = bool(data)
        self.seen += data
        return bool(data)

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def attributes(self) -> list:
        return termios.tcgetattr(self.master)

    def close(self, seconds: float = DEADLINE_S) -> int:
        """Read to the end and return the wait code."""
        end = time.monotonic() + seconds
        try:
            while self._open and time.monotonic() < end:
                self._read(0.1)
            if self._open:
                raise AssertionError(f"the terminal is still in use: {self.seen[-300:]!r}")
            _, status = os.waitpid(self.pid, 0)
            return os.waitstatus_to_exitcode(status)
        except AssertionError:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            raise
        finally:
            os.close(self.master)


def _on_terminal(argv: list[str], kind: str, work: Path) -> tuple[int, bytes, bytes]:
    screen = Screen(argv, work, kind)
    code = screen.close()
    other = b""
    while data := os.read(screen.other, 65536):
        other += data
    os.close(screen.other)
    return code, screen.seen, other
