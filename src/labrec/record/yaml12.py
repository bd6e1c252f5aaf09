"""YAML by the 1.2 core schema: one document, plain values, nothing that could surprise or act.

PyYAML is used for its parser alone; values are built here, from its events and without recursion.
``1e-4`` is a float; ``on``, ``no``, dates, ``1:30`` and ``012`` are strings. Duplicate keys, keys
that are no strings, unknown tags, nesting over 64 and aliases that multiply are refused.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml

from labrec.errors import InvalidError
from labrec.record.codec import MAX_BYTES, MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_NODES: Final = 100_000  # values of one document, each alias counted with all it stands for

_CORE = "tag:yaml.org,2002:"
_NULL = re.compile(r"(?:~|null|Null|NULL|)")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)")
# Leading zeros are refused as numbers, unlike the core schema: 012 is an identifier more often
# than a count, and YAML 1.1 read it as ten.
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)", re.ASCII)
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII
)
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MAX_DIGITS = 4000  # what Python turns into an integer without a limit raised


def load(data: bytes | str) -> Any:
    """Return the value of one YAML document; None for an empty one.

    Raises:
        InvalidError: It is no such document; the message says what and where.
    """
    text = _text(data)
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            builder.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
        raise _invalid(str(why), mark) from error
    except (ValueError, OverflowError, RecursionError) as error:
        raise InvalidError(f"not YAML: {error}") from error
    return builder.value


def _text(data: bytes | str) -> str:
    if len(data) > MAX_BYTES:
        raise InvalidError(f"YAML too large: {len(data)}, at most {MAX_BYTES}")
    if isinstance(data, str):
        return data
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidError(f"not UTF-8 at byte {error.start}") from error


def _invalid(why: str, mark: Any) -> InvalidError:
    where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return InvalidError(f"YAML: {why}{where}")


class _Open(NamedTuple):
    """A collection that is being read: what it will be, and the key that waits for its value."""

    value: Any
    anchor: str | None
    key: list[str]
    start: int  # how many values there were before


class _Builder:
    """Builds the value of one document from the events of the parser."""

    def __init__(self) -> None:
        self.value: Any = None
        self.documents = 0
        self.nodes = 0
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Any, int]] = {}

    def take(self, event: Any) -> None:
        """Take the next event of the parser."""
        if isinstance(event, yaml.ScalarEvent):
            self._count(1, event)
            value = _scalar(event)
            self._anchor(event.anchor, value, 1)
            self._place(value, event, is_plain_text=isinstance(value, str))
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._open(event)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            done = self.stack.pop()
            self._anchor(done.anchor, done.value, self.nodes - done.start)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise _invalid("more than one document", event.start_mark)

    def _open(self, event: Any) -> None:
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        tag = _CORE + ("map" if is_mapping else "seq")
        if event.tag not in {None, "!", tag}:
            raise _invalid(f"unknown tag {event.tag!a:.60}", event.start_mark)
        if len(self.stack) >= MAX_DEPTH:
            raise _invalid(f"nested deeper than {MAX_DEPTH} levels", event.start_mark)
        start = self.nodes
        self._count(1, event)
        value: Any = {} if is_mapping else []
        self._place(value, event)
        self.stack.append(_Open(value, event.anchor, [], start))
        self.anchors.pop(event.anchor, None)  # inside itself it has no value yet

    def _alias(self, event: Any) -> None:
        if event.anchor not in self.anchors:
            raise _invalid(f"alias without an anchor: {event.anchor!a:.60}", event.start_mark)
        value, nodes = self.anchors[event.anchor]
        self._count(nodes, event)
        self._place(_copy(value), event, is_plain_text=isinstance(value, str))

    def _anchor(self, anchor: str | None, value: Any, nodes: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = (value, nodes)

    def _count(self, nodes: int, event: Any) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise _invalid(f"more than {MAX_NODES} values", event.start_mark)

    def _place(self, value: Any, event: Any, *, is_plain_text: bool = False) -> None:
        if not self.stack:
            self.value = value
            return
        owner = self.stack[-1]
        if isinstance(owner.value, list):
            owner.value.append(value)
        elif owner.key:
            owner.value[owner.key.pop()] = value
        elif not is_plain_text:
            raise _invalid("a key that is no string", event.start_mark)
        elif value in owner.value:
            raise _invalid(f"key {value!a:.60} twice", event.start_mark)
        else:
            owner.key.append(value)


def _copy(value: Any) -> Any:
    """Return a value of its own, so that a change at one alias is none at another."""
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value


def _scalar(event: Any) -> Any:
    text: str = event.value
    if event.tag is None and event.implicit[0]:
        return _plain(text)
    if event.tag in {None, "!", _CORE + "str"}:
        return text
    read = _TAGGED.get(event.tag)
    if read is None:
        raise _invalid(f"unknown tag {event.tag!a:.60}", event.start_mark)
    value, is_right = read(text)
    if not is_right:
        raise _invalid(f"{text!a:.60} is not {event.tag.removeprefix(_CORE)}", event.start_mark)
    return value


def _plain(text: str) -> Any:
    """Return what a plain scalar is in the core schema."""
    for read in _TAGGED.values():
        value, is_right = read(text)
        if is_right:
            return value
    return text


def _null(text: str) -> tuple[Any, bool]:
    return None, _NULL.fullmatch(text) is not None


def _bool(text: str) -> tuple[Any, bool]:
    return text.lower() == "true", _BOOL.fullmatch(text) is not None


def _int(text: str) -> tuple[Any, bool]:
    if _BASED.fullmatch(text):
        return int(text[2:], 8 if text[1] == "o" else 16), True
    if _INT.fullmatch(text) is None:
        return 0, False
    if len(text) > _MAX_DIGITS:
        raise InvalidError(f"YAML: integer of {len(text)} digits")
    return int(text), True


def _float(text: str) -> tuple[Any, bool]:
    if _SPECIAL.fullmatch(text):
        if text[-1] in "nN":
            return math.nan, True
        return -math.inf if text[0] == "-" else math.inf, True
    if _FLOAT.fullmatch(text) is None:
        return 0.0, False
    value = float(text)
    if math.isinf(value):
        raise InvalidError(f"YAML: number beyond the range of a double: {text!a:.60}")
    return value, True


# In the order in which plain text is tried: what is an integer is not a float.
_TAGGED: dict[str, Callable[[str], tuple[Any, bool]]] = {
    _CORE + "null": _null,
    _CORE + "bool": _bool,
    _CORE + "int": _int,
    _CORE + "float": _float,
}
