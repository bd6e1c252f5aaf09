"""Settings of a lab: ``labrec.toml`` and the ``LABREC_*`` environment, as one frozen value.

``labrec.toml`` is read from the base commit when a lab is analysed and from the worktree only to
find the lab itself; this module takes bytes and a mapping and never looks for files.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from labrec.errors import InvalidError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Level = Literal["basic", "standard"]
LogMode = Literal["auto", "tee", "none"]
SecretPolicy = Literal["refuse", "redact"]
Identity = Literal["labrec", "git"]

FILE_NAME = "labrec.toml"

_MAX_SECONDS = 1e9  # thirty years: what is longer is a mistake

_SIZE = re.compile(r"^(\d+)\s*(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?$")
_FACTORS = {
    "": 1, "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip


class Settings(NamedTuple):
    """What a lab is set to. Every field has a default except ``lab_id`` (``""`` = not a lab).

    Attributes:
        lab_id: 32 hex digits, drawn at random by ``labrec init``; ``""`` where there is no lab.
        lab: Path from a code repository to its lab; ``""`` = the lab is this repository.
        base: Branch that holds the lab's accepted records; ``""`` = HEAD's branch.
        project: Default project of ``labrec run``; ``""`` = the folder's name.
        identity: Who record commits are by: the clone's pseudonym, or git's ``user.name``.
        author: Whom records name as their author; ``""`` = nobody, or git's ``user.name`` where
            ``identity`` is ``git``.
        level: How much environment a run captures.
        log: Which output streams of a command are kept (``labrec run --log``).
        telemetry_interval: Seconds between two samples, > 0; 0 switches telemetry off.
        untracked: Glob patterns of untracked files that belong to the code manifest.
        environment_variables: Further variable names whose values may be stored.
        max_artifact: Largest artifact stored in git, in bytes; larger ones keep their digest only.
        secrets: What happens when something to be stored holds a secret.
        secrets_allow: sha256 digests (64 hex) of strings that look like secrets and are none.
        lock_wait: Seconds a writer waits for a lock before it gives up, >= 0.
    """

    lab_id: str = ""
    lab: str = ""
    base: str = ""
    project: str = ""
    identity: Identity = "labrec"
    author: str = ""
    level: Level = "standard"
    log: LogMode = "auto"
    telemetry_interval: float = 1.0
    untracked: tuple[str, ...] = ()
    environment_variables: tuple[str, ...] = ()
    max_artifact: int = 2 * 10**9
    secrets: SecretPolicy = "refuse"
    secrets_allow: tuple[str, ...] = ()
    lock_wait: float = 30.0


def state_home(environ: Mapping[str, str]) -> Path | None:
    """Return labrec's folder for state of this user, by the XDG base directories.

    Args:
        environ: The process environment.

    Returns:
        The folder, which need not exist; None for a user without a home, as in some containers.
    """
    base = environ.get("XDG_STATE_HOME", "")
    if base.startswith("/"):  # the specification says to ignore a relative one
        return Path(base) / "labrec"
    home = environ.get("HOME", "")
    if not home.startswith("/"):
        import pwd  # nearly every user has a home in the environment

        try:
            home = pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:  # the user is in no list of users either
            return None
    return Path(home) / ".local" / "state" / "labrec" if home.startswith("/") else None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a string")
    return value


def _lab_id(value: object) -> str:
    if not (isinstance(value, str) and re.fullmatch(r"[0-9a-f]{32}", value)):
        raise TypeError("32 lower-case hex digits")
    return value


def _choice(*choices: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in choices:
            raise TypeError("one of " + ", ".join(choices))
        return value

    return read


def _seconds(value: object) -> float:
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value):
        value = float(value)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 <= value < _MAX_SECONDS
    ):
        raise TypeError("a number of seconds, 0 or more")
    return float(value)


def _size(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = _SIZE.match(value) if isinstance(value, str) else None
    if match is None:
        raise TypeError('a size such as 500000, "200MB" or "2GiB"')
    return int(match[1]) * _FACTORS[match[2] or ""]


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):  # from the environment: comma-separated
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not (isinstance(value, list) and all(isinstance(part, str) for part in value)):
        raise TypeError("a list of strings")
    return tuple(value)


# One row a setting: (field, place in labrec.toml, environment variable, reader).
_ROWS: tuple[tuple[str, str, str, Callable[[object], Any]], ...] = (
    ("lab_id", "lab_id", "", _lab_id),
    ("lab", "lab", "LABREC_LAB", _text),
    ("base", "base", "LABREC_BASE", _text),
    ("project", "project", "LABREC_PROJECT", _text),
    ("identity", "identity", "LABREC_IDENTITY", _choice("labrec", "git")),
    ("author", "author", "LABREC_AUTHOR", _text),
    ("level", "capture.level", "LABREC_LEVEL", _choice("basic", "standard")),
    ("log", "capture.log", "LABREC_LOG", _choice("auto", "tee", "none")),
    (
        "telemetry_interval",
        "capture.telemetry_interval",
        "LABREC_TELEMETRY_INTERVAL",
        _seconds,
    ),
    ("untracked", "capture.untracked", "", _texts),
    ("environment_variables", "capture.environment_variables", "", _texts),
    ("max_artifact", "capture.max_artifact", "LABREC_MAX_ARTIFACT", _size),
    ("secrets", "secrets.policy", "LABREC_SECRETS", _choice("refuse", "redact")),
    ("secrets_allow", "secrets.allow", "", _texts),
    ("lock_wait", "store.lock_wait", "LABREC_LOCK_WAIT", _seconds),
)


def load(toml: bytes | None, environ: Mapping[str, str], *, origin: str = FILE_NAME) -> Settings:
    """Read settings from the bytes of a ``labrec.toml`` and the environment, which wins.

    All mistakes are reported at once.

    Args:
        toml: The file's bytes, or None where there is no file.
        environ: The process environment; only ``LABREC_*`` names are looked at.
        origin: Where the bytes came from, for the message.

    Raises:
        InvalidError: A key is unknown or a value is not what its setting takes.
    """
    flat = _flatten(_parse(toml, origin)) if toml is not None else {}
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    for field, key, variable, read in _ROWS:
        for place, value in ((key, flat.pop(key, None)), (variable, environ.get(variable))):
            if value is None or (place == variable and value == ""):
                continue
            try:
                values[field] = read(value)
            except TypeError as wanted:
                mistakes.append(f"{place} must be {wanted}, not {value!r}")
    known = {key for _, key, _, _ in _ROWS}
    mistakes += [f"unknown setting {key}" for key in flat if key not in known]
    if mistakes:
        raise InvalidError(
            f"{origin}: " + "; ".join(mistakes),
            hint="docs/settings.md lists every setting with its values.",
            paths=[origin],
        )
    return Settings(**values)


@lru_cache(maxsize=8)
def _parse(toml: bytes, origin: str) -> dict[str, Any]:
    """Return what a file says, not to be changed: a process that records often reads the same."""
    import tomllib  # only where there is a file to read

    try:
        return tomllib.loads(toml.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidError(
            f"{origin} is not TOML: {error}", hint="Correct the line it names.", paths=[origin]
        ) from error


def _flatten(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat
