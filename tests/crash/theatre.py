"""Plays stories in forked children of a process that has labrec imported: 30 ms instead of 500.

The stage (this file as a program) reads one JSON object a line, forks, plays, and answers with
what happened. A strike is one of: nothing, SIGKILL before a call, an error number at a call or
from a call on, or a pause around calls (the director decides when it goes on).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple, Self

ROOT = Path(__file__).resolve().parents[2]


class Played(NamedTuple):
    """How a story ended.

    Attributes:
        code: Exit code; negative for a signal, as subprocess has it.
        board: What labrec had promised, a line each.
        calls: The calls that were met, ``name path`` each.
        said: What was printed.
    """

    code: int
    board: list[str]
    calls: list[str]
    said: str

    def told(self, word: str) -> list[str]:
        """Return what follows a word on the board."""
        return [line.split(" ", 1)[1] for line in self.board if line.startswith(f"{word} ")]


class Stage:
    """A warm process; a context manager.

    Args:
        place: A folder for the boards, outside of what is struck.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        path = os.pathsep.join((str(ROOT), str(ROOT / "src")))  # this tree, whatever is installed
        environ = {**os.environ, "PYTHONPATH": path, "LABREC_TELEMETRY_INTERVAL": "0"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.theatre"],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=20)

    def begin(self, story: str, folder: Path, **strike: Any) -> None:
        """Start a story; `end` or `pause` follow."""
        given = {"story": story, "folder": str(folder), "place": str(self._place), **strike}
        print(json.dumps(given), file=self._process.stdin, flush=True)

    def pause(self) -> str | None:
        """Wait for the next pause and return the call, or None when the story has ended."""
        line = json.loads(self._process.stdout.readline())
        if "pause" in line:
            return str(line["pause"])
        self._ended = line
        return None

    def go_on(self) -> None:
        """Let a story go on after a pause."""
        print("go", file=self._process.stdin, flush=True)

    def board(self) -> list[str]:
        """Return what has been promised up to now."""
        return (self._place / "board").read_text().splitlines()

    def end(self) -> Played:
        """Wait for the end of a story."""
        while self.pause() is not None:
            self.go_on()
        lines = self.board()
        said = (self._place / "said").read_text(errors="replace")
        calls = (self._place / "calls").read_text(errors="replace").splitlines()
        return Played(self._ended["code"], lines, calls, said)

    def play(self, story: str, folder: Path, **strike: Any) -> Played:
        """Play a story to its end.

        Args:
            story: Its name in ``stories``.
            folder: The lab, its current folder.
            strike: ``kill=N``: SIGKILL before call N. ``error=E, at=N, lasting=B``: call N fails
                with errno E, and with ``lasting`` all from there on. ``pause=[names]``: stop
                before and after these calls. ``without=[what]``: ``file`` or ``folder`` fsyncs
                do nothing.
        """
        self.begin(story, folder, **strike)
        return self.end()


# --- the stage itself -------------------------------------------------------------------------


def _perform(given: dict[str, Any]) -> None:
    """Be the child: play the story and leave."""
    from tests.crash import calls, stories

    place = Path(given["place"])
    board = os.open(place / "board", os.O_WRONLY | os.O_APPEND)
    met = os.open(place / "calls", os.O_WRONLY | os.O_APPEND)
    said = os.open(place / "said", os.O_WRONLY | os.O_APPEND)
    stage_out, stage_in = os.dup(1), os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.chdir(given["folder"])
    os.environ["PWD"] = given["folder"]
    write, read = os.write, os.read

    def strike(call: calls.Call) -> None:
        if not call.done:
            write(met, f"{call.number} {call.name} {call.where}\n".encode(errors="replace"))
            _maybe_kill(given, call)
            _maybe_fail(given, call)
        if call.name in given.get("pause", ()):
            when = "after" if call.done else "before"
            told = json.dumps({"pause": f"{when} {call.name} {call.where}"})
            write(stage_out, told.encode() + b"\n")
            read(stage_in, 3)

    _lame(given.get("without", ()))
    calls.watch(calls.only_below(given.get("below", given["folder"]), strike))
    code = 70
    try:
        code = stories.tell_story(given["story"], lambda line: write(board, f"{line}\n".encode()))
    except BaseException:  # noqa: BLE001 - the test reads it
        import traceback

        write(said, traceback.format_exc().encode())
    finally:
        sys.stdout.flush()
        os._exit(code)


def _maybe_kill(given: dict[str, Any], call: Any) -> None:
    if call.number == given.get("kill"):
        os.kill(os.getpid(), signal.SIGKILL)


def _maybe_fail(given: dict[str, Any], call: Any) -> None:
    number = given.get("error")
    if number is None or call.number < given["at"]:
        return
    if given.get("all") is not True and not call.takes_room:
        return
    if given.get("lasting") or call.number == given["at"]:
        raise OSError(number, os.strerror(number), call.where)


def _lame(without: tuple[str, ...]) -> None:
    """Make fsync of files or of folders do nothing: what a careless program would do."""
    for name in ("fsync", "fdatasync"):
        real = getattr(os, name)

        def lame(fd: int, real: Any = real) -> None:
            kind = "folder" if Path(f"/proc/self/fd/{fd}").is_dir() else "file"
            if kind not in without:
                real(fd)

        if without:
            setattr(os, name, lame)


def _main() -> None:
    # What a story imports is imported before the first fork.
    from tests.crash import calls, stories  # noqa: F401

    import labrec.capture.command.run
    import labrec.capture.hardware.capture
    import labrec.capture.secrets.guard
    import labrec.capture.software.code
    import labrec.capture.software.environment
    import labrec.cli.run
    import labrec.notebook
    import labrec.sdk.commit
    import labrec.sdk.live
    import labrec.sdk.recovery
    import labrec.store.init
    import labrec.store.land  # noqa: F401

    while line := _line():
        given = json.loads(line)
        place = Path(given["place"])
        for name in ("board", "calls", "said"):
            (place / name).write_bytes(b"")
        child = os.fork()
        if child == 0:
            _perform(given)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps({"code": code}), flush=True)


def _line() -> bytes:
    """Read a line without reading on: the child shares the descriptor."""
    line = b""
    while byte := os.read(0, 1):
        line += byte
        if byte == b"\n":
            break
    return line


if __name__ == "__main__":
    _main()
