"""The digest: a sha256 as a type of its own, written ``sha256:<64 hex>``."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

from labrec.errors import InvalidError, StorageError

if TYPE_CHECKING:
    import os

PREFIX: Final = "sha256:"
SHORT: Final = 32  # hex digits of a digest that stand in a file name
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Digest:
    """The sha256 of some bytes. Immutable; equal and hashable by value.

    Args:
        hex: 64 lower-case hex digits.

    Raises:
        InvalidError: It is not 64 lower-case hex digits.
    """

    __slots__ = ("hex",)
    hex: str

    def __init__(self, hex: object) -> None:  # noqa: A002 - the field's name, as in hashlib
        if not isinstance(hex, str) or _HEX.fullmatch(hex) is None:
            raise InvalidError(
                f"not a digest: {hex!r:.80}", hint="a digest is 64 lower-case hex digits"
            )
        object.__setattr__(self, "hex", hex)

    @classmethod
    def of(cls, data: bytes | bytearray | memoryview) -> Digest:
        """Return the digest of these bytes."""
        return cls(hashlib.sha256(data).hexdigest())

    @classmethod
    def of_file(cls, path: str | os.PathLike[str]) -> tuple[Digest, int]:
        """Return the digest and the length in bytes of a file, read once in pieces.

        Raises:
            StorageError: The file cannot be read.
        """
        try:
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - pathlib is not needed
                found = hashlib.file_digest(file, "sha256")
                # where reading stopped is the length of exactly what was hashed
                return cls(found.hexdigest()), file.tell()
        except OSError as error:
            raise StorageError(
                f"cannot read a file to take its digest: {error.strerror or error}", paths=[path]
            ) from error

    @classmethod
    def of_value(cls, value: Any) -> Digest:
        """Return the digest of a JSON value: sha256 over its RFC 8785 form.

        Raises:
            InvalidError: The value has no RFC 8785 form.
        """
        from labrec.record.codec import canonical  # it knows this module's error only

        return cls.of(canonical(value))

    @classmethod
    def parse(cls, text: object) -> Digest:
        """Read ``sha256:<64 hex>`` or the bare hex digits.

        Raises:
            InvalidError: It is another algorithm or no digest.
        """
        return cls(text.removeprefix(PREFIX) if isinstance(text, str) else text)

    @property
    def short(self) -> str:
        """The first 32 hex digits, which stand in file names."""
        return self.hex[:SHORT]

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a digest is immutable: cannot set {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a digest is immutable: cannot delete {name}")

    def __reduce__(self) -> tuple[type[Digest], tuple[str]]:
        return Digest, (self.hex,)

    def __str__(self) -> str:
        return PREFIX + self.hex

    def __repr__(self) -> str:
        return f"Digest({self.hex!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and other.hex == self.hex

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Digest):
            return NotImplemented
        return self.hex < other.hex

    def __hash__(self) -> int:
        return hash(self.hex)
