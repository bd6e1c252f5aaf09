"""Files and texts that a run is given: features, assignments, seeds, and metrics it left."""

from __future__ import annotations

import json
import math
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.errors import InvalidError, UsageError
from labrec.lineage.features import set_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LARGEST = 4 << 20
"""Largest features or metrics file that is read, in bytes."""

_READERS = "yaml, json or toml"


class FeaturesFile(NamedTuple):
    """Features as they were read from a file.

    Attributes:
        tree: The features.
        data: The file's bytes.
        path: The file.
    """

    tree: dict[str, Any]
    data: bytes
    path: Path


def read_features(path: Path) -> FeaturesFile:
    """Read a features file; its suffix says how.

    Args:
        path: A ``.yaml``, ``.yml``, ``.json`` or ``.toml`` file.

    Raises:
        UsageError: It cannot be read, or its suffix is another.
        InvalidError: It does not hold a mapping in its format.
    """
    data = _read(path, "features")
    try:
        tree = _parsed(data, path)
    except InvalidError as error:
        raise InvalidError(f"{path}: {error.message}", hint=error.hint, paths=[path]) from error
    if tree is None:
        tree = {}
    if not isinstance(tree, dict):
        raise InvalidError(f"{path} must hold a mapping of features", paths=[path])
    return FeaturesFile(tree, data, path)


def _parsed(data: bytes, path: Path) -> Any:
    suffix = path.suffix.lower()
    if suffix in {".yaml", ".yml"}:
        from labrec.record import yaml12  # brings PyYAML in

        return yaml12.load(data)
    if suffix == ".json":
        from labrec.record.codec import decode  # most runs have no features file

        return decode(data, limit=None)
    if suffix == ".toml":
        return _toml(data)
    raise UsageError(f"{path} is not a features file: its name should end in {_READERS}")


def assign(tree: dict[str, Any], assignments: Iterable[str]) -> None:
    """Set features from ``path=value`` texts; values are read as YAML 1.2 does.

    Raises:
        UsageError: A text is no assignment.
    """
    for text in assignments:
        set_path(tree, *assigned(text))


def assigned(text: str) -> tuple[str, Any]:
    """Return path and value of a ``path=value`` text; values are read as YAML 1.2 does.

    Raises:
        UsageError: It is no assignment.
    """
    path, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"{text!r} is no assignment", hint="Write it as optimizer.lr=1e-4.")
    return path.strip(), _value(value)


def named_seeds(texts: Iterable[str]) -> dict[str, str]:
    """Return seeds by name from ``7`` (called ``seed``) and ``data=7`` texts.

    Raises:
        UsageError: A seed is no integer, or two have one name.
    """
    seeds: dict[str, str] = {}
    for text in texts:
        name, equals, number = text.rpartition("=")
        name = name if equals else "seed"
        digits = number.removeprefix("-")
        if not name or not (digits.isascii() and digits.isdigit()):
            raise UsageError(f"{text!r} is no seed", hint="Write --seed 7, or --seed data=7.")
        if name in seeds:
            raise UsageError(f"the seed {name!r} is given twice")
        seeds[name] = number
    return seeds


class Stamp(NamedTuple):
    """What tells one state of a file from another; None for each where there is no file."""

    inode: int | None
    size: int | None
    changed_ns: int | None


def stamp(path: Path) -> Stamp:
    """Look at a file before a run, to know afterwards whether the run wrote it."""
    try:
        found = os.stat(path)  # noqa: PTH116 - follows links, as reading will
    except OSError:
        return Stamp(None, None, None)
    return Stamp(found.st_ino, found.st_size, found.st_mtime_ns)


class LeftMetrics(NamedTuple):
    """Numbers a program left in a JSON file.

    Attributes:
        values: Numbers by dotted name, in the file's order.
        ignored: Names of values that are no numbers.
    """

    values: dict[str, float]
    ignored: list[str]


def read_metrics(path: Path, before: Stamp) -> LeftMetrics:
    """Read the numbers of a JSON file, flat or nested, that a run should have written.

    ``NaN`` and infinities, which many programs write, are taken.

    Args:
        path: The file.
        before: Its `stamp` before the run.

    Raises:
        UsageError: It is not there or was not written by this run.
        InvalidError: It holds no JSON object.
    """
    data = _read(path, "metrics")
    if stamp(path) == before:
        raise UsageError(f"{path} was not written by this run")
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidError(f"{path} is not JSON: {error}") from error
    if not isinstance(tree, dict):
        raise InvalidError(f"{path} must hold a JSON object of numbers")
    found = LeftMetrics({}, [])
    for name, value in _numbers(tree, ""):
        if isinstance(value, bool) or not isinstance(value, int | float):
            found.ignored.append(name)
        else:
            found.values[name] = _float(value)
    return found


def _numbers(tree: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    stack = [(prefix, tree)]
    while stack:
        place, branch = stack.pop()
        for key, value in branch.items():
            if isinstance(value, dict):
                stack.append((f"{place}{key}.", value))
            else:
                yield f"{place}{key}", value


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _value(text: str) -> Any:
    from labrec.record import yaml12  # brings PyYAML in

    try:
        return yaml12.load(text)
    except InvalidError:
        return text


def _toml(data: bytes) -> dict[str, Any]:
    import tomllib  # only where there is such a file

    try:
        return tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidError(f"not TOML: {error}") from error


def _read(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(
            f"the {what} file cannot be read: {error.strerror or error}", paths=[path]
        ) from error
    if len(data) > LARGEST:
        raise UsageError(f"the {what} file is larger than {LARGEST} bytes", paths=[path])
    return data
