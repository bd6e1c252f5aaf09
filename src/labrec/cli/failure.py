"""The one place where failures become messages and exit codes."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labrec.errors import LabrecError, LimitError, StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labrec.cli.world import World

INTERRUPTED = 130
BROKEN_PIPE = 141  # 128 + SIGPIPE, what a shell says of a program that SIGPIPE ended
_INTERNAL = 1
_WORD, _TEXT, _PATH = 200, 3000, 1024  # characters of a word, a sentence and a path that are shown
_LONG_WORD = re.compile(rf"\S{{{_WORD},}}")


def report(error: BaseException, world: World) -> int:
    """Say what failed on stderr and return the exit code.

    Args:
        error: What a command raised; only exits of the interpreter itself go through.
        world: Says whether the message is to be JSON and where reports go.
    """
    if isinstance(error, BrokenPipeError):
        return BROKEN_PIPE
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else _INTERNAL
    document = told(error, world)
    show(document, world)
    return int(document["code"])


def told(error: BaseException, world: World) -> dict[str, Any]:
    """Return the failure object of an error; that of a bug names the report that was written."""
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return _document(INTERRUPTED, "interrupted", "interrupted")
    document = _known(error)
    if document is None:
        return _bug(error, world)
    if world.environ.get("LABREC_DEBUG") == "1":
        _trace(error)
    short = {key: _shortened(str(document[key])) for key in ("message", "hint", "kept")}
    return document | short | {"paths": [_cut(path, _PATH) for path in document["paths"]]}


def _shortened(text: str) -> str:
    """Return a text with what is too long to be read cut: an argument echoed, a name."""
    return _cut(_LONG_WORD.sub(lambda word: _cut(word[0], _WORD), text), _TEXT)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _known(error: BaseException) -> dict[str, Any] | None:
    """Return the failure object of an error that is no bug, or None."""
    if isinstance(error, LabrecError):
        return error.to_json()
    if isinstance(error, click.UsageError):
        hint = f"`{error.ctx.command_path} --help` shows how." if error.ctx else ""
        message = " ".join(error.format_message().split())  # click lists choices on lines
        failure = UsageError(message, hint=hint).to_json()
        return failure | {"code": error.exit_code}
    if isinstance(error, click.ClickException):
        return _document(error.exit_code, "usage", error.format_message())
    if isinstance(error, OSError):
        paths = [str(error.filename)] if error.filename is not None else []
        cause = error.strerror or str(error) or type(error).__name__
        hint = "Check the path, its permissions and the free space."
        return StorageError(f"{cause}", paths=paths, hint=hint).to_json()
    if isinstance(error, MemoryError):
        return LimitError("there is not enough memory", hint="Free memory, then retry.").to_json()
    return None


def _document(code: int, name: str, message: str, hint: str = "") -> dict[str, Any]:
    return {"code": code, "name": name, "message": message, "paths": [], "kept": "", "hint": hint}


def show(document: Mapping[str, Any], world: World) -> None:
    """Print a failure object on stderr, as JSON or for people."""
    if world.json:
        text = json.dumps(document)
    else:
        from labrec.record.text import printable  # messages quote record text

        lines = [f"  at: {path}" for path in document["paths"]]
        lines += [f"  {key}: {document[key]}" for key in ("kept", "hint") if document[key]]
        label = world.console.styled("labrec:", "red", sys.stderr)
        text = "\n".join([f"{label} {printable(str(document['message']))}", *map(printable, lines)])
    try:
        sys.stdout.flush()
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        return  # nobody listens


def _bug(error: BaseException, world: World) -> dict[str, Any]:
    """Write the report of an unexpected error and return what is said about it."""
    if world.environ.get("LABREC_DEBUG") == "1":
        _trace(error)
    path = _write_report(error, world.environ)
    where = f"a report was written to {path}" if path else "no report could be written"
    return _document(
        _INTERNAL,
        "internal",
        f"internal error ({type(error).__name__}): {where}",
        "This is a bug in labrec: please send the report. LABREC_DEBUG=1 shows it here.",
    ) | {"paths": [str(path)] if path else []}


def _trace(error: BaseException) -> None:
    import traceback  # never on the way to a good end

    try:
        traceback.print_exception(error, file=sys.stderr)
    except (OSError, ValueError):
        return


def _write_report(error: BaseException, environ: Mapping[str, str]) -> Path | None:
    import os
    import platform
    import tempfile
    import traceback

    from labrec._version import __version__
    from labrec.settings import state_home

    home = state_home(environ)
    if home is None:
        return None
    trace = "".join(traceback.format_exception(error))
    head = f"labrec {__version__}, Python {platform.python_version()}, {platform.platform()}\n\n"
    try:
        folder = home / "reports"
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix="report-", suffix=".txt", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(head + _redacted(trace))
    except Exception:  # noqa: BLE001 - a second bug must not hide the first
        return None
    return Path(name)


def _redacted(text: str) -> str:
    """Return a trace without secrets; without its messages where that cannot be made sure."""
    try:
        from labrec.capture.secrets.guard import redact

        return redact(text)[0]
    except Exception:  # noqa: BLE001 - the report of a bug must survive a second bug
        return "\n".join(line for line in text.splitlines() if line.startswith("  File "))
