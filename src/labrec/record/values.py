"""Python values in free-form trees: what JSON cannot hold is tagged, nothing is lost silently.

Recording never loses a run for a value. ``docs/format.md`` ("Values") is the manual's table of
what becomes what; `to_json` and `from_json` are its two directions.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.errors import InvalidError
from labrec.record.codec import MAX_INT, REFUSED_CHARACTERS, encode
from labrec.record.text import storable

if TYPE_CHECKING:
    from datetime import date, datetime

MAX_TREE_DEPTH: Final = 48  # a record nests the tree a few levels deep, and ends at 64
MAX_REPR: Final = 200  # characters
TAGS: Final = ("$int", "$float", "$date", "$bytes", "$repr")
FLOATS: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

INT: Final = re.compile(r"-?[1-9][0-9]{15,3999}", re.ASCII)  # below any limit that Python has
DATE: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{6})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?)?",
    re.ASCII,
)
BASE64: Final = re.compile(
    r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", re.ASCII
)
_MAX_INT_BITS = 13_287  # 10**4000 has one more
# The place of an object in memory differs from run to run and says nothing about the value.
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")

Path = tuple[str | int, ...]
Unmappable = list[tuple[Path, str]]


class Repr(NamedTuple):
    """What is left of a value that JSON cannot hold and no tag covers.

    Attributes:
        text: Its ``repr``, at most 200 characters.
        type: Its type as ``module.name``.
    """

    text: str
    type: str


# --- Python to JSON ---------------------------------------------------------------------------


def to_json(value: Any, unmappable: Unmappable | None = None, path: Path = ()) -> Any:
    """Return the tagged JSON value that stands for any Python value. Never raises for a value.

    Args:
        value: Anything.
        unmappable: Receives ``(path, type name)`` of each value that became ``$repr`` and of each
            mapping whose keys were no strings.
        path: Where the value stands, for the lines in ``unmappable``.
    """
    return _Mapper([] if unmappable is None else unmappable).map(value, path)


class _Mapper:
    """One walk over one tree: what could not be mapped, and the containers being walked."""

    def __init__(self, unmappable: Unmappable) -> None:
        self.unmappable = unmappable
        self.above: set[int] = set()

    def map(self, value: Any, path: Path) -> Any:
        if value is None or value is True or value is False:
            return value
        if isinstance(value, str):
            return self._text(value, path)
        if isinstance(value, int):
            return self._integer(value, path)
        if isinstance(value, float):
            return _number(float(value))  # numpy.float64 is one too
        if isinstance(value, (Mapping, list, tuple, set, frozenset)):
            return self._container(value, path)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return {"$bytes": base64.b64encode(value).decode()}
        try:
            return self._other(value, path)
        except Exception:  # noqa: BLE001 - a foreign object's own code may fail in any way
            return self._repr(value, path)

    def _text(self, value: str, path: Path) -> Any:
        text = str.__str__(value)  # of a subclass (StrEnum, numpy.str_) the text alone
        if REFUSED_CHARACTERS.search(text):
            return self._repr(text, path)
        return text

    def _integer(self, value: int, path: Path) -> Any:
        if -MAX_INT <= value <= MAX_INT:
            return int(value)
        if value.bit_length() <= _MAX_INT_BITS:
            return {"$int": int.__repr__(value)}
        return self._repr(f"an integer of {value.bit_length()} bits", path, "int")

    def _container(self, value: Any, path: Path) -> Any:
        if len(path) >= MAX_TREE_DEPTH or id(value) in self.above:
            return self._repr(value, path)
        self.above.add(id(value))
        try:
            if isinstance(value, Mapping):
                return self._mapping(value, path)
            items = [self.map(item, (*path, index)) for index, item in enumerate(value)]
            return _sorted(items) if isinstance(value, (set, frozenset)) else items
        except Exception:  # noqa: BLE001 - a foreign container's own code may fail in any way
            return self._repr(value, path)
        finally:
            self.above.discard(id(value))

    def _mapping(self, value: Mapping[Any, Any], path: Path) -> Any:
        found: dict[str, Any] = {}
        for key, inner in value.items():
            text, kept = _key(key)
            if text in found:  # 1 and "1": no mapping of strings can hold both
                return self._repr(value, path)
            if not kept:
                self.unmappable.append(((*path, text), f"key of type {_type_name(key)}"))
            found[text] = self.map(inner, (*path, text))
        return {f"${key}" if key.startswith("$") else key: inner for key, inner in found.items()}

    def _other(self, value: Any, path: Path) -> Any:
        kind = type(value)
        if hasattr(kind, "__fspath__"):
            return self._text(_posix(value), path)
        if hasattr(kind, "_member_map_"):  # an Enum; its value where that is plain, else its name
            plain = isinstance(value.value, (str, int, float, type(None)))
            return self.map(value.value if plain else value.name, path)
        if hasattr(kind, "__dataclass_fields__"):
            names = [name for name in kind.__dataclass_fields__ if hasattr(value, name)]
            return self._container({name: getattr(value, name) for name in names}, path)
        if kind.__module__ + "." + kind.__qualname__ in _NAMESPACES:
            return self._container(vars(value), path)
        if _is_date(value) and DATE.fullmatch(text := _date_text(value)):  # not nanoseconds
            return {"$date": text}
        if getattr(value, "shape", None) == () and hasattr(value, "item"):  # numpy, torch, jax
            plain = value.item()
            return self._repr(value, path) if type(plain) is kind else self.map(plain, path)
        return self._repr(value, path)

    def _repr(self, value: Any, path: Path, name: str = "") -> dict[str, str]:
        name = name or _type_name(value)
        self.unmappable.append((path, name))
        if isinstance(value, str) and name == "int":
            text = value
        else:
            try:
                text = repr(value)
            except Exception:  # noqa: BLE001 - a foreign repr may fail in any way
                text = f"<{name}>"
        text = storable(_ADDRESS.sub(" at 0x…", text))[0]
        short = text if len(text) <= MAX_REPR else text[: MAX_REPR - 1] + "…"
        return {"$repr": short, "type": name}


_NAMESPACES = frozenset({"argparse.Namespace", "types.SimpleNamespace"})


def _type_name(value: Any) -> str:
    kind = type(value)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return storable(f"{module}{kind.__qualname__}")[0][:MAX_REPR]


def _number(value: float) -> Any:
    if math.isfinite(value):
        return value
    return {"$float": "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"}  # noqa: PLR0124


def _key(key: Any) -> tuple[str, bool]:
    """Return a mapping's key as text, and whether it is the key as it was."""
    if isinstance(key, str):
        text, changed = storable(str.__str__(key))
        return text, not changed
    if isinstance(key, bool) or key is None:
        return {True: "true", False: "false", None: "null"}[key], False
    if isinstance(key, (int, float)):
        return repr(int(key) if isinstance(key, int) else float(key)), False
    if hasattr(type(key), "_member_map_"):
        return _key(key.name)[0], False
    return storable(_ADDRESS.sub(" at 0x…", repr(key)))[0][:MAX_REPR], False


def _sorted(items: list[Any]) -> list[Any]:
    """Order what a set held: numbers by value, anything else by its text in our writer."""
    if all(isinstance(item, (int, float)) for item in items):
        return sorted(items)
    return sorted(items, key=lambda item: encode(item, limit=None))


def _posix(value: Any) -> str:
    as_posix = getattr(value, "as_posix", None)
    found = as_posix() if as_posix else value.__fspath__()
    return found.decode("utf-8", "surrogateescape") if isinstance(found, bytes) else str(found)


def _is_date(value: Any) -> bool:
    module = sys.modules.get("datetime")  # without it there is no such value
    return module is not None and isinstance(value, module.date)


def _date_text(value: Any) -> str:
    """Return RFC 3339, ``Z`` for UTC, without an offset when the value has none."""
    offset = value.utcoffset() if hasattr(value, "utcoffset") else None
    if offset is None:
        return str(value.isoformat())
    from datetime import UTC, timedelta  # imported already: the value is one of its own

    if not offset or offset % timedelta(minutes=1):  # no text has the seconds of an offset
        return str(value.astimezone(UTC).isoformat()).removesuffix("+00:00") + "Z"
    return str(value.isoformat())


# --- JSON to Python ---------------------------------------------------------------------------


def from_json(value: Any) -> Any:
    """Return the Python value that a tagged JSON value stands for.

    ``$int`` becomes int, ``$float`` float, ``$date`` date or datetime, ``$bytes`` bytes and
    ``$repr`` a `Repr`; a doubled ``$`` is taken off again.

    Raises:
        InvalidError: An unknown tag, or one whose text is not what the tag demands.
    """
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    tag = _tag(value)
    if tag is not None:
        return _untag(tag, value)
    return {key.removeprefix("$"): from_json(inner) for key, inner in value.items()}


def check_tree(value: Any) -> None:
    """Refuse a tree with an unknown tag, or a tag whose text is not what the tag demands.

    Raises:
        InvalidError: The message names the tag.
    """
    if isinstance(value, dict):
        tag = _tag(value)
        if tag is not None:
            _untag(tag, value)
            return
        for inner in value.values():
            check_tree(inner)
    elif isinstance(value, list):
        for inner in value:
            check_tree(inner)


def check_plain(value: dict[str, Any]) -> None:
    """Refuse an object that is a tag itself.

    Raises:
        InvalidError: A key begins with a single ``$``.
    """
    if _tag(value) is not None:
        raise InvalidError("a tag in place of an object")


def _tag(value: dict[str, Any]) -> str | None:
    """Return the one tag of an object, or None for a plain one."""
    found = [key for key in value if key.startswith("$") and not key.startswith("$$")]
    if not found:
        return None
    keys = {"$repr", "type"} if found[0] == "$repr" else {found[0]}
    if found[0] not in TAGS or set(value) != keys:
        raise InvalidError(
            f"unknown tag: {{{', '.join(sorted(map(ascii, value)))[:80]}}}",
            hint=f"tags are {' '.join(TAGS)}; other keys double a leading '$'",
        )
    return found[0]


def _untag(tag: str, value: dict[str, Any]) -> Any:
    text = value[tag]
    if not isinstance(text, str) or not isinstance(value.get("type", ""), str):
        raise InvalidError(f"the text of {tag} is no string")
    try:
        return _READ[tag](text) if tag in _READ else Repr(text, value["type"])
    except (ValueError, KeyError, binascii.Error) as error:
        raise InvalidError(f"not the text of {tag}: {text[:60]!a}") from error


def _read_int(text: str) -> int:
    if INT.fullmatch(text) is None or -MAX_INT <= (number := int(text)) <= MAX_INT:
        raise ValueError(text)
    return number


def _read_date(text: str) -> date | datetime:
    from datetime import date, datetime  # seldom met

    if DATE.fullmatch(text) is None:
        raise ValueError(text)
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def _read_bytes(text: str) -> bytes:
    found = base64.b64decode(text, validate=True)
    if base64.b64encode(found).decode() != text:  # bits that no byte uses: a second spelling
        raise ValueError(text)
    return found


_READ = {"$int": _read_int, "$float": FLOATS.__getitem__, "$date": _read_date,
         "$bytes": _read_bytes}  # fmt: skip


def as_float(value: Any) -> float | None:
    """Return a stored number as a float; None for null, and for one that no float can hold.

    Raises:
        KeyError, TypeError, ValueError: It is no number.
    """
    if value is None or type(value) is float:
        return value
    if isinstance(value, dict):
        ((tag, text),) = value.items()
        if tag == "$float":
            return FLOATS[text]
        if tag != "$int":
            raise ValueError(f"not a number: {tag!a:.60}")
        value = int(text)
    if type(value) is not int:
        raise TypeError(f"not a number: {type(value).__name__}")
    try:
        return float(value)
    except OverflowError:
        return None
