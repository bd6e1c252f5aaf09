"""Reading git's configuration files, as far as labrec needs them (git-config(1)).

A small reader, because starting a run must neither load dulwich nor start a process. Conditional
includes are left to the git command line (:mod:`labrec.gitio.command`).
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from labrec.errors import InvalidError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECTION = re.compile(r'^\[\s*([-.\w]+)(?:\s+"((?:[^"\\\n]|\\.)*)")?\s*\]')
_KEY = re.compile(r"^([A-Za-z][-\w]*)\s*(=?)\s*")
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b", '"': '"', "\\": "\\"}
_MAX_INCLUDES = 16


class Config:
    """Values by ``section.subsection.key``; the last one read wins.

    Attributes:
        conditional: Whether an ``includeIf`` was seen and not followed.
    """

    def __init__(self) -> None:
        self._values: dict[str, list[str]] = {}
        self.conditional = False

    def get(self, key: str) -> str | None:
        """Return the last value of ``key`` (section and key lower case), or None."""
        values = self._values.get(key)
        return values[-1] if values else None

    def all(self, key: str) -> list[str]:
        """Return every value of ``key`` in the order read."""
        return list(self._values.get(key, ()))

    def flag(self, key: str) -> bool | None:
        """Return a boolean value, or None where it is not set."""
        value = self.get(key)
        return None if value is None else value.lower() in ("true", "yes", "on", "1")

    def names(self, prefix: str) -> list[str]:
        """Return the keys that begin with ``prefix``."""
        return [key for key in self._values if key.startswith(prefix)]

    def read(self, path: Path, depth: int = 0) -> Config:
        """Add the values of one file and of what it includes; a missing file adds nothing.

        Raises:
            InvalidError: The file does not follow git's configuration format.
        """
        try:
            text = path.read_text("utf-8", "surrogateescape")
        except (FileNotFoundError, NotADirectoryError, PermissionError, IsADirectoryError):
            return self
        for key, value in _parsed(text, path):
            self._values.setdefault(key, []).append(value)
            if key == "include.path" and depth < _MAX_INCLUDES:
                self.read(path.parent / os.path.expanduser(value), depth + 1)
            elif key.startswith("includeif."):
                self.conditional = True
        return self


def read_user_config() -> Config:
    """Read the user's own files: ``$XDG_CONFIG_HOME/git/config``, then ``~/.gitconfig``."""
    config = Config()
    only = os.environ.get("GIT_CONFIG_GLOBAL")
    if only is not None:
        return config.read(Path(only)) if only else config
    home = Path(os.environ.get("HOME") or "/nonexistent")
    folder = os.environ.get("XDG_CONFIG_HOME")
    config.read((Path(folder) if folder else home / ".config") / "git" / "config")
    return config.read(home / ".gitconfig")


@lru_cache(maxsize=16)
def _parsed(text: str, path: Path) -> tuple[tuple[str, str], ...]:
    """Return what a file says; a process that opens a repository again and again reads the same."""
    return tuple(_parse(text, path))


def _parse(text: str, path: Path) -> Iterator[tuple[str, str]]:
    section = ""
    lines = iter(text.removeprefix("\ufeff").splitlines())
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        header = _SECTION.match(line)
        if header:
            section = header[1].lower()
            if header[2] is not None:
                section += "." + re.sub(r"\\(.)", r"\1", header[2])
            line = line[header.end() :].strip()
        if not line or line[0] in "#;":
            continue
        key = _KEY.match(line)
        if key is None or not section:
            raise InvalidError(
                f"{path}, line {number}: not git configuration",
                hint="git config --list names the same line.",
                paths=[path],
            )
        name = f"{section}.{key[1].lower()}"
        yield name, _value(line[key.end() :], lines) if key[2] else "true"


def _value(text: str, lines: Iterator[str]) -> str:
    out: list[str] = []
    quoted, kept, at = False, 0, 0  # kept: length up to the last character that is no outer space
    while at < len(text):
        char = text[at]
        at += 1
        if char == "\\":
            if at == len(text):  # the line goes on
                text, at = next(lines, ""), 0
                continue
            out.append(_ESCAPES.get(text[at], text[at]))
            at += 1
        elif char == '"':
            quoted = not quoted
        elif char in "#;" and not quoted:
            break
        else:
            out.append(char)
            if char in " \t" and not quoted:
                continue
        kept = len(out)
    return "".join(out[:kept])
