"""Many records read section by section: what several say in the same bytes is decoded once. ○ Pure.

Our writer begins each member of a document on a line of its own, so that a document can be cut
between them before it is understood. Each piece is then read by the strict reader (`codec.decode`),
as an object of its own. If all of these are valid, so is the document: JSON puts nothing but commas
between members, nesting and characters are counted inside them, and its size and that no key
stands in two of them are looked at here. On any doubt the strict reader reads the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from labrec.errors import InvalidError
from labrec.record import codec

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

_START, _BETWEEN, _END = b'{\n  "', b',\n  "', b"\n}\n"
_KEPT: Final = 2 << 20  # bytes of pieces, held twice at most; decoded they are some times as large


class Sections(dict[str, Any]):
    """A document whose members may be those of other documents too: nothing in it is changed.

    Args:
        members: Its members.
        made: What was made of each of them so far, which all documents share that have it.
    """

    def __init__(self, members: dict[str, Any], made: dict[str, Any] | None = None) -> None:
        super().__init__(members)
        self._made = made if made is not None else {}

    def once(self, name: str, make: Callable[[Any], _T]) -> _T:
        """Return what is made of a member, once for all documents that share it.

        Args:
            name: Its key; an empty object stands for one that is missing or null.
            make: A function that lasts; what it returns is shared, too.
        """
        made = self._made.get(name)
        if made is None or make not in made:
            value = self.get(name)
            result = make(value if value is not None else {})
            if made is None:
                return result
            made[make] = result
        found: _T = made[make]
        return found


class _Piece:
    """A member, and what was made of it."""

    __slots__ = ("made", "name", "value")

    def __init__(self, name: str, value: Any) -> None:
        self.name = name
        self.value = value
        self.made: dict[Any, Any] = {}


class SectionReader:
    """Reads documents and remembers the members that it met lately, in bounded memory."""

    def __init__(self) -> None:
        self._now: dict[bytes, _Piece] = {}
        self._before: dict[bytes, _Piece] = {}
        self._size = 0

    def decode(self, data: bytes) -> Any:
        """Read one strict JSON text; what it returns is not changed by anybody.

        Returns:
            The value that `codec.decode` returns; `Sections` where the document could be cut.

        Raises:
            InvalidError: As `codec.decode` does.
        """
        found = self._cut(data)
        return found if found is not None else codec.decode(data)

    def _cut(self, data: bytes) -> Sections | None:
        """Read a document piece by piece; None where that says too little of the whole."""
        if len(data) > codec.MAX_BYTES or not (data.startswith(_START) and data.endswith(_END)):
            return None
        cut = data[len(_START) : -len(_END)].split(_BETWEEN)
        try:
            pieces = [self._now.get(piece) or self._piece(piece) for piece in cut]
        except InvalidError:
            return None
        members = {piece.name: piece.value for piece in pieces}
        if len(members) != len(pieces):
            return None
        return Sections(members, {piece.name: piece.made for piece in pieces})

    def _piece(self, data: bytes) -> _Piece:
        """Return a piece that was not met lately, and remember it.

        Raises:
            InvalidError: It is not one member.
        """
        found = self._before.get(data)
        if found is None:
            members = codec.decode(b'{"%b}' % data)
            if len(members) != 1:
                raise InvalidError("not one member")
            found = _Piece(*members.popitem())
        if self._size > _KEPT:  # what is met all the time is carried over before it is forgotten
            self._before, self._now, self._size = self._now, {}, 0
        self._now[data] = found
        self._size += len(data)
        return found
