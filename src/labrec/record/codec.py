"""The one place that knows the bytes of JSON: a strict reader, our writer, and RFC 8785.

The reader takes I-JSON (RFC 7493) and refuses, clearly: duplicate keys, NaN and Infinity tokens,
numbers beyond what every reader can hold, lone surrogates, noncharacters, NUL, a byte order mark,
trailing bytes, nesting over 64 and documents over 256 KiB. Nesting is counted *before* parsing:
100,000 brackets are an `InvalidError`, never a ``RecursionError``. The writer refuses what the
reader would refuse.
"""

from __future__ import annotations

import json
import re
from json.encoder import encode_basestring
from sys import float_info
from typing import Any, Final

from labrec.errors import InvalidError

MAX_BYTES: Final = 262_144  # of one document
MAX_DEPTH: Final = 64  # arrays and objects inside one another
MAX_INT: Final = 2**53 - 1  # the last integer that every reader holds exactly

# NUL, lone surrogates and the 66 noncharacters: what a stored string never holds.
REFUSED_CHARACTERS: Final = re.compile(
    "[\x00\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)

_NOTHING: Final = object()
_NUMBERS: Final[dict[type, float]] = {int: MAX_INT, float: float_info.max}  # NaN is in no range
_FEW = 10_000  # brackets: as deep as that no reader of Python goes
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_ROUND = bytes.maketrans(b"{}", b"[]")
_OPEN = ord("[")
_SHOWN = 60  # characters of a refused value that a message quotes
_MAX_INT_DIGITS = len(str(MAX_INT)) + 1  # and a sign


# --- reading ----------------------------------------------------------------------------------


def decode(data: bytes, *, limit: int | None = MAX_BYTES) -> Any:
    """Read one strict JSON text.

    Args:
        data: The bytes of the whole document.
        limit: Largest length in bytes; None lifts the size and nothing else.

    Raises:
        InvalidError: The bytes break a rule; the message says which and where.
    """
    if limit is not None and len(data) > limit:
        raise InvalidError(f"document too large: {len(data)} bytes, at most {limit}")
    if data.startswith(b"\xef\xbb\xbf"):
        raise InvalidError("byte order mark at the start of the document")
    if data.isascii() and b"\\u" not in data:  # as most records are
        plain = _plain(data)
        if plain is not _NOTHING:
            return plain
    _check_depth(data)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InvalidError(f"not UTF-8 at byte {error.start}: {error.reason}") from error
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise InvalidError(
            f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
    # Only a raw noncharacter or an escape can bring a refused character this far.
    if "\\u" in text or (not text.isascii() and REFUSED_CHARACTERS.search(text)):
        _check_strings(value, "")
    return value


def _plain(data: bytes) -> Any:
    """Read a text of ASCII, also escaped, fast; `_NOTHING` where a rule may be broken.

    The strict reader calls back for each object and number. Here the fast one reads, which forgives
    much, and one look over what it read finds what it forgave: too large integers, numbers that are
    none, and nesting. Of two equal keys in one object it kept one, and then fewer strings are left
    than there are pairs of quotes that no string holds.
    """
    if data.count(b"[") + data.count(b"{") > _FEW:
        return _NOTHING
    try:
        value = json.loads(data.decode("ascii"))  # of bytes it would guess the encoding
    except (ValueError, RecursionError):
        return _NOTHING
    strings = _count(value)
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    return value if 2 * strings == data.count(b'"') else _NOTHING


def _count(value: Any) -> int:
    """Count the strings of a value, keys among them; -1 where it holds what no document may."""
    strings, level = 0, [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for found in level:
            kind = type(found)
            if kind is dict:
                strings += len(found)
                below += found.values()
            elif kind is list:
                below += found
            elif kind is str:
                strings += 1
            elif kind in _NUMBERS and not -_NUMBERS[kind] <= found <= _NUMBERS[kind]:
                return -1
        if not below:
            return strings
        level = below
    return -1  # or nearly so: the strict reader counts


def _check_depth(data: bytes) -> None:
    """Refuse nesting over the limit without parsing, in time linear in the document."""
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return
    # Without escapes every second piece between quotes lies outside strings. A backslash outside
    # a string misleads this, but there the parser stops, at a depth that was counted.
    plain = data.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in data else data
    brackets = b"".join(plain.split(b'"')[::2]).translate(_ROUND, _NO_BRACKETS)
    rest = brackets
    for _ in range(MAX_DEPTH):  # each round removes the innermost level of all of them
        rest = rest.replace(b"[]", b"")
        if not rest:
            return
    depth = 0  # too deep, or not balanced: then the parser says where, if it is shallow
    for bracket in brackets:
        depth += 1 if bracket == _OPEN else -1
        if depth > MAX_DEPTH:
            raise InvalidError(f"nested deeper than {MAX_DEPTH} levels")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise InvalidError(f"key {_shown(twice)} twice in one object")
    return found


def _integer(text: str) -> int:
    # the length first: int() of a million digits would take its time before it is refused
    if len(text) > _MAX_INT_DIGITS or not -MAX_INT <= (number := int(text)) <= MAX_INT:
        raise InvalidError(f"integer beyond ±(2^53-1): {_shown(text)}")
    return number


def _float(text: str) -> float:
    number = float(text)
    if number - number != 0.0:
        raise InvalidError(f"number beyond the range of a double: {_shown(text)}")
    return number


def _constant(text: str) -> Any:
    raise InvalidError(f"{text} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
)


def _check_strings(value: Any, where: str) -> None:
    if isinstance(value, str):
        _check_string(value, where)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_string(key, where)
            _check_strings(inner, f"{where}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check_strings(inner, f"{where}/{index}")


def _check_string(text: str, where: str) -> None:
    if not text.isascii() or "\x00" in text:
        found = REFUSED_CHARACTERS.search(text)
        if found:
            raise InvalidError(f"{_name(found[0])} in a string at {_place(where)}")


def _name(character: str) -> str:
    if character == "\x00":
        return "NUL"
    kind = "lone surrogate" if "\ud800" <= character <= "\udfff" else "noncharacter"
    return f"{kind} U+{ord(character):04X}"


def _place(where: str) -> str:
    return _shown(where) if where else "the top"


def _shown(text: str) -> str:
    return ascii(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


# --- our writer -------------------------------------------------------------------------------


def encode(value: Any, *, limit: int | None = MAX_BYTES) -> bytes:
    """Write a JSON value as our writer does; equal values give equal bytes.

    UTF-8, keys in code point order, two-space indent, LF, one final newline, shortest round-trip
    floats, no escapes but the ones that JSON needs.

    Args:
        value: dict with str keys, list or tuple, str, int, float, bool or None.
        limit: Largest length in bytes; None lifts the size and nothing else.

    Raises:
        InvalidError: The strict reader would refuse it; the message says why and where.
    """
    out: list[str] = []
    try:
        _write(value, out, "\n", 0)
    except _RefusedError as error:
        place = _place("".join(f"/{part}" for part in reversed(error.path)))
        raise InvalidError(f"{error.why} at {place}") from None
    out.append("\n")
    data = "".join(out).encode()
    if limit is not None and len(data) > limit:
        raise InvalidError(f"document too large: {len(data)} bytes, at most {limit}")
    return data


class _RefusedError(Exception):
    """Why a value cannot be written; each level adds its key on the way up."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        self.path: list[str | int] = []


def _write(value: Any, out: list[str], newline: str, depth: int) -> None:
    if isinstance(value, str):
        out.append(_text(value))
    elif isinstance(value, dict):
        _write_object(value, out, newline, depth + 1)
    elif isinstance(value, (list, tuple)):
        _write_array(value, out, newline, depth + 1)
    else:
        out.append(_scalar(value))


def _write_object(value: dict[str, Any], out: list[str], newline: str, depth: int) -> None:
    _check_level(depth)
    if not value:
        out.append("{}")
        return
    inner = newline + "  "
    opening = "{" + inner
    try:
        keys = sorted(value)
    except TypeError:
        keys = list(value)  # _text says which key is no string
    for key in keys:
        try:
            out.append(opening + _text(key) + ": ")
            _write(value[key], out, inner, depth)
        except _RefusedError as error:
            error.path.append(key)
            raise
        opening = "," + inner
    out.append(newline + "}")


def _write_array(
    value: list[Any] | tuple[Any, ...], out: list[str], newline: str, depth: int
) -> None:
    _check_level(depth)
    if not value:
        out.append("[]")
        return
    inner = newline + "  "
    opening = "[" + inner
    for index, item in enumerate(value):
        out.append(opening)
        try:
            _write(item, out, inner, depth)
        except _RefusedError as error:
            error.path.append(index)
            raise
        opening = "," + inner
    out.append(newline + "]")


def _check_level(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _RefusedError(f"nested deeper than {MAX_DEPTH} levels")


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if not -MAX_INT <= value <= MAX_INT:
            raise _RefusedError("integer beyond ±(2^53-1)")
        return int.__repr__(value)
    if isinstance(value, float):
        if value - value != 0.0:
            raise _RefusedError("NaN or Infinity")
        return float.__repr__(value)  # of a subclass too, whose own repr may say its type
    raise _RefusedError(f"{type(value).__name__} is not JSON")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _RefusedError(f"key of type {type(value).__name__}, not str")
    if not value.isascii() or "\x00" in value:
        found = REFUSED_CHARACTERS.search(value)
        if found:
            raise _RefusedError(f"{_name(found[0])} in a string")
    return encode_basestring(value)


# --- digests of values ------------------------------------------------------------------------


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 form of a JSON value, over which digests of values are taken.

    Raises:
        InvalidError: The value is none that the strict reader would return.
    """
    import rfc8785  # recording at the basic level may end without a digest of a value

    # The writer's own rules first: rfc8785 lets some of it pass and fails on the rest in its way.
    encode(value, limit=None)
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise InvalidError(f"no RFC 8785 form: {error}") from error
