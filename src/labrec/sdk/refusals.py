"""Spools that were refused for what they hold: told once, and not tried again on every run."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from labrec._version import __version__
from labrec.capture.spool.durability import open_regular
from labrec.errors import InvalidError, SecretError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from labrec.capture.spool.reader import SpoolInfo
    from labrec.errors import LabrecError
    from labrec.store.lab import Lab

MARKER = "refused"
"""File of a spool: why its record was refused, and by which version and settings."""

_MAX = 64 << 10  # bytes read of a marker


def remember(lab: Lab, path: Path, error: LabrecError) -> None:
    """Note that a spool was refused, where the cause is what it holds and not the disk's."""
    if not isinstance(error, SecretError | InvalidError):
        return
    told = {"exit_code": error.exit_code, "message": error.message[:4_096]} | _judge(lab)
    data = json.dumps(told).encode()
    with contextlib.suppress(OSError):  # then it is tried again, which costs time only
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with os.fdopen(open_regular(path / MARKER, flags), "wb") as file:
            file.write(data)


def refused(lab: Lab, path: Path) -> bool:
    """Say whether a spool was refused before and would be refused again."""
    told = _read(path)
    return told is not None and {key: told.get(key) for key in _judge(lab)} == _judge(lab)


def untried(lab: Lab, infos: Iterable[SpoolInfo]) -> list[SpoolInfo]:
    """Return the spools that were not refused before."""
    return [info for info in infos if not refused(lab, info.path)]


def why(path: Path) -> str:
    """Return why a spool was refused; empty where it was not."""
    told = _read(path)
    message = told.get("message") if told else None
    return f"refused: {message}" if isinstance(message, str) else ""


def _judge(lab: Lab) -> dict[str, str]:
    settings = hashlib.sha256(repr(lab.settings).encode()).hexdigest()
    return {"tool": __version__, "settings": settings}


def _read(path: Path) -> dict[str, Any] | None:
    try:
        with os.fdopen(open_regular(path / MARKER), "rb") as file:
            told = json.loads(file.read(_MAX))
    except (OSError, ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None
