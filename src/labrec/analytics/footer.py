"""Footers of Parquet files, as far as groups of rows are taken from one file into another one.

A footer is a Thrift structure in the compact protocol. It is read and written as a tree of fields,
whatever their names: only where bytes lie and which group is which is ever looked at. Field numbers
are those of `parquet.thrift` (Apache Parquet format 2.12), binary layout that of Thrift's
`compact protocol <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>`_.
○ No IO.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

MAGIC: Final = b"PAR1"
"""What every Parquet file begins and ends with."""

_TAIL = 8  # bytes: length of the footer, and `MAGIC`
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_NUMBERS = (4, 5, 6)  # of 16, 32 and 64 bits: held alike
_DEPTH = 16  # structures within one another: those of Parquet are half as deep
_MORE = 128  # of a byte: that another one follows
_LONG = 15  # a list of so many has its length apart; so far apart a field has its number apart

_ROWS, _GROUPS = 3, 4  # of FileMetaData
_COLUMNS, _GROUP_ROWS, _GROUP_START, _ORDINAL = 1, 3, 5, 7  # of RowGroup
_COLUMN_START, _META, _OFFSET_INDEX, _COLUMN_INDEX = 2, 3, 4, 6  # of ColumnChunk
_PAGES = (9, 10, 11, 14)  # of ColumnMetaData: data, index, dictionary and Bloom filter


class Field(NamedTuple):
    """One field of a structure.

    Attributes:
        kind: Its type in the compact protocol.
        value: A number, bytes, another structure, or a pair of kind and list of such.
    """

    kind: int
    value: Any


Struct = dict[int, Field]
"""Fields of a structure by number, ascending."""


def footer_of(data: bytes) -> tuple[Struct, int]:
    """Return the footer of a file, and where it begins.

    Args:
        data: The file, or its end.

    Raises:
        ValueError: It is no Parquet file, or its footer is longer than what was given.
    """
    length = int.from_bytes(data[-_TAIL:-4], "little")
    start = len(data) - _TAIL - length
    if data[-4:] != MAGIC or start < 0:
        raise ValueError("no footer")
    reader = _Reader(data[start:-_TAIL])
    return reader.struct(0), start


def groups_of(footer: Struct) -> list[Struct]:
    """Return the groups of rows of a footer.

    Raises:
        ValueError: It is none of a Parquet file.
    """
    _, groups = _told(footer, _GROUPS, _LIST)
    return list(groups)


def rows_of(group: Struct) -> int:
    """Return how many rows a group has.

    Raises:
        ValueError: It is no group of rows.
    """
    return int(_told(group, _GROUP_ROWS, _NUMBERS[-1]))


def moved(group: Struct, by: int, ordinal: int) -> Struct:
    """Return a group of rows as it is in another file.

    Args:
        group: The group.
        by: How many bytes later its pages begin there.
        ordinal: Its number among the groups there, from 0.

    Raises:
        ValueError: It is no group of rows.
    """
    kind, columns = _told(group, _COLUMNS, _LIST)
    found = _shifted(group, (_GROUP_START,), by)
    found[_COLUMNS] = Field(_LIST, (kind, [_moved_column(column, by) for column in columns]))
    if _ORDINAL in found:
        found[_ORDINAL] = found[_ORDINAL]._replace(value=ordinal)
    return found


def _moved_column(column: Struct, by: int) -> Struct:
    pages = _shifted(_told(column, _META, _STRUCT), _PAGES, by)
    found = _shifted(column, (_COLUMN_START, _OFFSET_INDEX, _COLUMN_INDEX), by)
    found[_META] = Field(_STRUCT, pages)
    return found


def _shifted(struct: Struct, places: tuple[int, ...], by: int) -> Struct:
    """Return a structure with some places moved; 0 stands for none."""
    return {
        number: field._replace(value=field.value + by)
        if number in places and field.value
        else field
        for number, field in struct.items()
    }


def whole(footer: Struct, groups: list[Struct]) -> bytes:
    """Return the end of a file: its footer with other groups of rows, length and `MAGIC`.

    Args:
        footer: Of a file with the same columns.
        groups: Where they lie in the file that ends.
    """
    kind, _ = _told(footer, _GROUPS, _LIST)
    rows = footer[_ROWS]._replace(value=sum(map(rows_of, groups)))
    changed = {_ROWS: rows, _GROUPS: Field(_LIST, (kind, groups))}
    data = encoded(footer | changed)
    return data + len(data).to_bytes(4, "little") + MAGIC


def _told(struct: Any, number: int, kind: int) -> Any:
    """Return the value of a field.

    Raises:
        ValueError: It is missing, or of another kind.
    """
    field = struct.get(number) if isinstance(struct, dict) else None
    if field is None or field.kind != kind:
        raise ValueError("no such field")
    return field.value


# -- the compact protocol ----------------------------------------------------------------------


class _Reader:
    """Reads values one behind the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def struct(self, depth: int) -> Struct:
        """Read a structure.

        Raises:
            ValueError: It is none.
        """
        if depth > _DEPTH:
            raise ValueError("too deep")
        found: Struct = {}
        number = 0
        while head := self._byte():
            kind, step = head & 15, head >> 4
            number = number + step if step else _signed(self._number())
            value = kind if kind in {_TRUE, _FALSE} else self._value(kind, depth)
            found[number] = Field(kind, value)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if kind in _NUMBERS:
            return _signed(self._number())
        if kind == _BINARY:
            return self._bytes(self._number())
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in {_LIST, _SET}:
            head = self._byte()
            size = self._number() if head >> 4 == _LONG else head >> 4
            if size > len(self._data):
                raise ValueError("too long")
            within = head & 15
            return within, [self._value(within, depth + 1) for _ in range(size)]
        if kind in {_TRUE, _FALSE, _BYTE}:
            return self._byte()
        if kind == _DOUBLE:
            return self._bytes(8)
        raise ValueError("a kind that Parquet does not use")

    def _byte(self) -> int:
        return self._bytes(1)[0]

    def _bytes(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        if len(found) != count:
            raise ValueError("too short")
        self._at += count
        return found

    def _number(self) -> int:
        found = shift = 0
        while True:
            byte = self._byte()
            found |= (byte % _MORE) << shift
            shift += 7
            if byte < _MORE:
                return found


def encoded(struct: Struct) -> bytes:
    """Return a structure as bytes."""
    out = bytearray()
    _put_struct(out, struct)
    return bytes(out)


def _put_struct(out: bytearray, struct: Struct) -> None:
    before = 0
    for number, (kind, value) in struct.items():
        step = number - before
        before = number
        if 0 < step <= _LONG:
            out.append(step << 4 | kind)
        else:
            out.append(kind)
            _put_number(out, _unsigned(number))
        if kind not in {_TRUE, _FALSE}:
            _put(out, kind, value)
    out.append(0)


def _put(out: bytearray, kind: int, value: Any) -> None:
    if kind in _NUMBERS:
        _put_number(out, _unsigned(value))
    elif kind == _BINARY:
        _put_number(out, len(value))
        out += value
    elif kind == _STRUCT:
        _put_struct(out, value)
    elif kind in {_LIST, _SET}:
        within, values = value
        out.append(min(len(values), _LONG) << 4 | within)
        if len(values) >= _LONG:
            _put_number(out, len(values))
        for one in values:
            _put(out, within, one)
    elif kind == _DOUBLE:
        out += value
    else:
        out.append(value)


def _put_number(out: bytearray, number: int) -> None:
    while number >= _MORE:
        out.append(number % _MORE | _MORE)
        number >>= 7
    out.append(number)


def _signed(number: int) -> int:
    return number >> 1 if not number & 1 else -(number + 1 >> 1)


def _unsigned(number: int) -> int:
    return number << 1 if number >= 0 else -number * 2 - 1
