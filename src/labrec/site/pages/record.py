"""What a record itself says, as rows of text. Pure; nothing of it is markup, a path or a link."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.errors import LabrecError
from labrec.lineage.features import flatten
from labrec.record.values import from_json
from labrec.record.wording import counted, number, size
from labrec.site import previews

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labrec.reader import RunReader, StoredFile
    from labrec.site.rows import FeatureChange

MOST_ROWS: Final = 200
"""Rows of one section that a page shows; the record has the rest."""

MOST_PREVIEWS: Final = 6
"""Artifacts of a run that are shown beside their names."""

LOG_LINES: Final = 30
"""Lines at the end of a log that a page shows."""

_LONG = 300  # characters of a value

Fact = tuple[str, str]
"""What it is, and its value."""


class Feature(NamedTuple):
    """One feature of a run.

    Attributes:
        path: Keys joined by dots.
        value: Its value; empty where only the parent has it.
        op: add, update, delete or retype against the parent; empty = the same, or no parent.
        old: The parent's value where it differs.
    """

    path: str
    value: str
    op: str = ""
    old: str = ""


class Channel(NamedTuple):
    """One sampled channel.

    Attributes:
        name: Its name.
        mean: Mean of its samples, with the unit.
        top: Their largest.
        coverage: Share of the run that they cover; empty = unknown.
        sensor: What measured it.
    """

    name: str
    mean: str
    top: str
    coverage: str
    sensor: str


class Absent(NamedTuple):
    """Facts that could not be read, for one reason.

    Attributes:
        names: Which.
        why: The reason.
    """

    names: tuple[str, ...]
    why: str


class File(NamedTuple):
    """A file that a run left.

    Attributes:
        name: Its name.
        role: What it is to the run.
        size: Its length, in bytes.
        sha256: 64 hex digits of its bytes.
        note: Why there is no preview, where one would be expected.
        text: The beginning of it, where it is text; else empty.
        cut: Whether there is more of the text.
        picture: Name of its copy beside the page; empty = none.
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
    """

    name: str
    role: str
    size: int
    sha256: str
    note: str = ""
    text: str = ""
    cut: bool = False
    picture: str = ""
    width: int = 0
    height: int = 0


def value_text(value: Any) -> str:
    """Return a tagged JSON value for reading."""
    if isinstance(value, str):
        return value
    plain = from_json(value)
    if plain is None or isinstance(plain, bool | list | dict):
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = number(plain) if plain != plain else str(plain)  # noqa: PLR0124 - NaN alone
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"


def features(reader: RunReader, changes: Iterable[FeatureChange]) -> list[Feature]:
    """Return the features of a run with what its first parent had instead.

    Args:
        reader: The run.
        changes: Its rows of ``feature_changes``.
    """
    changed: dict[str, FeatureChange] = {}
    first = ""
    for change in changes:
        first = first or change.parent
        if change.parent == first:
            changed[change.path] = change
    rows = []
    for path, value in flatten(reader.section("features").get("tree", {})):
        if not path:
            continue  # a run without features
        if path in changed:
            change = changed.pop(path)
            rows.append(Feature(path, value_text(value), change.op, _stored(change.old)))
        else:
            rows.append(Feature(path, value_text(value)))
    # what is left was deleted, or came or went as a whole tree
    rows += [
        Feature(path, _stored(change.new), change.op, _stored(change.old))
        for path, change in changed.items()
        if change.op == "delete"
    ]
    return rows


def _stored(text: str | None) -> str:
    return "" if text is None else value_text(json.loads(text))


def identity(reader: RunReader) -> list[Fact]:
    """Return what a run was told: command, seeds, determinism."""
    command = reader.section("command")
    determinism = reader.section("determinism")
    facts: list[Fact] = []
    if command.get("argv"):
        import shlex  # as `labrec show` writes it

        facts.append(("Command", shlex.join(map(str, command["argv"]))))
    facts += [("In folder", command["cwd"])] if command.get("cwd") not in {None, "."} else []
    for key, name in (("exit_code", "Exit code"), ("signal", "Ended by signal")):
        if command.get(key) is not None:
            facts.append((name, str(command[key])))
    facts += [(f"Seed {name}", str(seed)) for name, seed in determinism.get("seeds", {}).items()]
    return facts


def code(reader: RunReader) -> list[Fact]:
    """Return which code ran."""
    section = reader.section("code")
    if not section:
        return []
    if section.get("kind") == "none":
        return [("Not captured", str(section.get("reason") or ""))]
    facts = [
        (name, str(section[key]))
        for key, name in _CODE.items()
        if section.get(key) is not None
    ]  # fmt: skip
    if section.get("dirty") is not None:
        dirty = "yes: files differed from the commit" if section["dirty"] else "no"
        facts.append(("Uncommitted changes", dirty))
    if section.get("files") is not None:
        facts.append(("Files", f"{number(section['files'])}, {size(section['bytes'])}"))
    return facts


_CODE: Final = {"commit": "Commit", "branch": "Branch", "remote": "Published at",
                "digest": "Digest", "reason": "Note"}  # fmt: skip


def environment(reader: RunReader) -> list[Fact]:
    """Return the software a run stood on."""
    section = reader.section("environment")
    facts: list[Fact] = []
    for key, name in (("interpreter", "Interpreter"), ("os", "Operating system")):
        if isinstance(section.get(key), dict):
            facts.append((name, " ".join(str(part) for part in section[key].values() if part)))
    packages = section.get("packages", {})
    if packages:
        listed = ", ".join(f"{name} {version}" for name, version in packages.items())
        facts.append(("Packages", listed))
    for key, name in (("level", "Captured"), ("digest", "Digest")):
        if section.get(key):
            facts.append((name, str(section[key])))
    return facts


def hardware(reader: RunReader) -> tuple[list[Fact], list[Absent]]:
    """Return the facts about the machine and its conditions, and those that could not be read."""
    section = reader.section("hardware")
    facts: list[Fact] = []
    absent: dict[str, list[str]] = {}
    for key, name in (("tier", "Tier"), ("machine_id", "Machine"), ("hardware_id", "Model")):
        if section.get(key):
            facts.append((name, str(section[key])))
    for part in ("fields", "conditions"):
        for name, fact in section.get(part, {}).items():
            if "unavailable" in fact:
                absent.setdefault(str(fact["unavailable"]), []).append(name)
            else:
                facts.append((name, _measured(fact.get("value"), fact.get("unit"))))
    return facts[:MOST_ROWS], [Absent(tuple(names), why) for why, names in absent.items()]


def telemetry(reader: RunReader) -> tuple[list[Channel], list[Absent]]:
    """Return the sampled channels, and those that could not be read."""
    channels: list[Channel] = []
    absent: dict[str, list[str]] = {}
    for name, channel in reader.telemetry().items():
        if "unavailable" in channel:
            absent.setdefault(str(channel["unavailable"]), []).append(name)
            continue
        mean, top = (_measured(channel.get(key), channel.get("unit")) for key in ("mean", "max"))
        share = channel.get("coverage")
        coverage = "" if share is None else f"{number(100 * share, 3)} %"
        sensor = str(channel.get("sensor") or "")
        channels.append(Channel(name, mean, top, coverage, sensor))
    return channels[:MOST_ROWS], [Absent(tuple(names), why) for why, names in absent.items()]


def _measured(value: Any, unit: str | None) -> str:
    """Return a value with its unit; bytes are told as people do."""
    found = from_json(value)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return value_text(value)  # none, unknown: a word has no unit
    if unit == "B" and math.isfinite(found):
        return size(int(found))
    return f"{number(found)} {unit or ''}".rstrip()


def events(reader: RunReader) -> list[Fact]:
    """Return what is not in the record as it was."""
    found = reader.section("capture").get("events", [])
    rows = []
    for event in found[:MOST_ROWS]:
        many = f" ({counted(event['count'], 'time')})" if event.get("count", 1) > 1 else ""
        rows.append((f"{event['kind']}: {event['what']}{many}", str(event["why"])))
    return rows


def datasets(reader: RunReader) -> list[Fact]:
    """Return the named data a run used."""
    rows = []
    for item in reader.section("datasets").get("items", [])[:MOST_ROWS]:
        version = item.get("version") or ""
        told = " ".join(filter(None, [version, item.get("digest") or ""]))
        rows.append((f"{item['name']} ({item['role']})", told))
    return rows


# --- files ------------------------------------------------------------------------------------


class Files:
    """The files of one run with their previews, and the copies that go beside its page.

    Args:
        reader: The run.

    Attributes:
        files: What the run left, in order.
        logs: Name and last lines of each log.
        copies: Name to bytes of the pictures that are shown.
    """

    def __init__(self, reader: RunReader) -> None:
        self._reader = reader
        self._room = MOST_PREVIEWS
        self.copies: dict[str, bytes] = {}
        self.logs: list[tuple[str, str]] = []
        self.files = [self._file(one) for one in reader.files()[:MOST_ROWS]]

    def _file(self, one: StoredFile) -> File:
        plain = File(one.name, one.role, one.size, one.sha256)
        if one.role == "record":
            return plain
        if not one.in_lab:
            return plain._replace(note="the lab holds only its digest")
        if previews.is_markup(one.name, one.media_type):
            return plain._replace(note="markup is not shown")
        if one.role == "log":
            return self._log(plain)
        if self._room and previews.may_be_picture(one.name, one.media_type, one.size):
            return self._picture(plain)
        if self._room and previews.may_be_text(one.name, one.media_type, one.size):
            return self._text(plain)
        return plain

    def _picture(self, plain: File) -> File:
        data = self._read(plain)
        picture = previews.picture(data) if data is not None else None
        if picture is None or data is None:
            return plain._replace(note="is no picture that can be shown")
        self._room -= 1
        name = f"{plain.sha256[:16]}.{picture.ending}"
        self.copies[name] = data
        return plain._replace(picture=name, width=picture.width, height=picture.height)

    def _text(self, plain: File) -> File:
        data = self._read(plain)
        text = previews.text(data) if data is not None else None
        if not text:
            return plain
        self._room -= 1
        return plain._replace(text=text, cut=plain.size > len(text.encode()))

    def _log(self, plain: File) -> File:
        if not 0 < plain.size <= previews.MAX_LOG:
            return plain._replace(note="too long to be shown" if plain.size else "")
        data = self._read(plain)
        tail = previews.tail(data, LOG_LINES) if data is not None else None
        if tail:
            self.logs.append((plain.name, tail))
        return plain

    def _read(self, plain: File) -> bytes | None:
        try:
            return self._reader.read_object(plain.sha256, limit=plain.size)
        except LabrecError:
            return None  # a preview that cannot be had is none
