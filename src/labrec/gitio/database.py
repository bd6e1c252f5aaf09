"""The object database of one repository: loose objects, packs and, where allowed, alternates.

Every object handed out was re-hashed and is the one its name says. Replace refs, grafts and the
commit graph are never looked at.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import zlib
from collections import OrderedDict
from typing import TYPE_CHECKING, BinaryIO, TypeVar, cast

from labrec.errors import IntegrityError, LimitError, NotFoundError
from labrec.gitio.objects import KINDS, object_id
from labrec.gitio.pack import (
    DELTA_LIMIT,
    EntryHeader,
    Pack,
    PackGoneError,
    apply_delta,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")

_CACHE_BYTES = 16 << 20
_CACHE_OBJECT = 1 << 20
_MAX_CHAIN = 10_000
_KIND_OF_TYPE = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_LOOSE_LIMIT = DELTA_LIMIT
_CHUNK = 1 << 16
_RETRIES = 8


class ObjectDatabase:
    """Objects by name.

    Args:
        objects: The ``objects`` folder of the common git directory.
        alternates: Whether objects borrowed from other repositories may be read; verification
            says no.
    """

    def __init__(self, objects: Path, *, alternates: bool = True) -> None:
        self.objects = objects
        self._follow = alternates
        self._folders: list[str] = []
        self._packs: list[Pack] = []
        self._search: list[Pack] = []  # the same, in the order in which they are looked through
        self._listed = False
        self._bases: OrderedDict[tuple[str, int], tuple[str, bytes]] = OrderedDict()
        self._base_bytes = 0

    def close(self) -> None:
        """Release every file; the next read opens them again."""
        for pack in self._packs:
            pack.close()
        self._packs = []
        self._listed = False
        self._bases.clear()
        self._base_bytes = 0

    def rest(self) -> None:
        """Release every file, but remember the packs: the next read opens what it needs.

        A pack that has gone or come meanwhile is noticed as it is between two reads.
        """
        for pack in self._packs:
            pack.rest()

    # -- reading

    def read(self, sha: str) -> tuple[str, bytes]:
        """Return ``(kind, bytes)`` of an object.

        Raises:
            NotFoundError: There is no such object.
            IntegrityError: The stored bytes are not the object of that name.
            LimitError: The object is too large for memory (:meth:`open` streams it).
        """
        found = self._attempt(self._read, sha)
        if found is None:
            raise _missing(sha)
        kind, data = found
        if object_id(kind, data) != sha:
            raise IntegrityError(
                f"object {sha} holds other bytes than its name says",
                hint="Fetch the repository again from another copy; git fsck --full lists them.",
                paths=[sha],
            )
        return kind, data

    def header(self, sha: str) -> tuple[str, int]:
        """Return ``(kind, size in bytes)`` without reading the data where that is possible.

        Raises:
            NotFoundError: There is no such object.
        """
        found = self._attempt(self._header, sha)
        if found is None:
            raise _missing(sha)
        return found

    def has(self, sha: str) -> bool:
        """Whether the object is stored; its bytes are not looked at."""
        return self._attempt(self._locate, sha) is not None

    def open(self, sha: str) -> BinaryIO:
        """Return a stream over an object's bytes; reading to its end checks its name.

        Raises:
            NotFoundError: There is no such object.
            LimitError: A delta of more than 512 MiB; only the git command line reads those.
        """
        found = self._attempt(self._open, sha)
        if found is None:
            raise _missing(sha)
        return found

    # -- listing

    def packs(self) -> list[Pack]:
        """Return the packs, newest first."""
        if not self._listed:
            self.refresh()
        return self._packs

    def loose(self) -> Iterator[tuple[str, Path]]:
        """Yield ``(sha, path)`` of every loose object of this repository (not its alternates)."""
        for folder in sorted(_listdir(str(self.objects))):
            if len(folder) == 2 and not folder.strip("0123456789abcdef"):  # noqa: PLR2004
                for name in sorted(_listdir(str(self.objects / folder))):
                    if len(name) == 38 and not name.strip("0123456789abcdef"):  # noqa: PLR2004
                        yield folder + name, self.objects / folder / name

    def with_prefix(self, prefix: str) -> list[str]:
        """Return the names that begin with ``prefix`` (4 to 40 hex digits), sorted."""
        found: set[str] = set()
        for pack in self.packs():
            found.update(pack.names_with_prefix(prefix))
        for folder in self._folders:
            for name in _listdir(f"{folder}/{prefix[:2]}"):
                if (prefix[:2] + name).startswith(prefix) and len(name) == 38:  # noqa: PLR2004
                    found.add(prefix[:2] + name)
        return sorted(found)

    def refresh(self) -> None:
        """Look again which packs there are, keeping open those that still exist."""
        known = {pack.path: pack for pack in self._packs}
        self._folders = self._object_folders()
        rows: list[tuple[int, str]] = []
        for folder in self._folders:
            try:
                with os.scandir(f"{folder}/pack") as listing:
                    names = {entry.name: entry for entry in listing}
            except (FileNotFoundError, NotADirectoryError):
                continue
            for name, entry in names.items():
                if name.endswith(".pack") and name[:-5] + ".idx" in names:
                    try:
                        rows.append((-entry.stat().st_mtime_ns, entry.path))
                    except FileNotFoundError:
                        continue
        rows.sort()
        self._packs = [known.pop(path) if path in known else Pack(path) for _, path in rows]
        self._search = self._packs
        for pack in known.values():
            pack.close()
        if known:
            self._bases.clear()
            self._base_bytes = 0
        self._listed = True

    # -- inside

    def _object_folders(self) -> list[str]:
        folders = [str(self.objects)]
        if self._follow:
            for folder in folders:  # grows while it is walked: alternates have alternates
                listing = _read_or_none(f"{folder}/info/alternates") or b""
                for line in listing.splitlines():
                    path = os.fsdecode(line)
                    if not line or line.startswith((b"#", b'"')):
                        continue
                    path = os.path.normpath(os.path.join(folder, path))
                    if path not in folders and len(folders) < 32:  # noqa: PLR2004
                        folders.append(path)
        return folders

    def _attempt(self, look: Callable[[str], T | None], sha: str) -> T | None:
        """Look for an object; when it is not there or its pack went away, list the packs anew."""
        fresh = not self._listed
        for _ in range(_RETRIES):
            if not self._listed:
                self.refresh()
            try:
                found = look(sha)
            except PackGoneError:
                self.refresh()
                continue
            if found is not None or fresh:
                return found
            self.refresh()
            fresh = True
        raise IntegrityError(
            f"the packs of {self.objects} changed faster than they could be read",
            hint="Try again when git gc or git repack has finished.",
            paths=[self.objects],
        )

    def _locate(self, sha: str) -> tuple[Pack, int] | str | None:
        """Return the pack and offset, or the path of a loose object."""
        name = bytes.fromhex(sha)
        for place, pack in enumerate(search := self._search):
            offset = pack.find(name)
            if offset >= 0:
                if place:  # what is asked for next is often in the same one
                    self._search = [pack, *search[:place], *search[place + 1 :]]
                return pack, offset
        for folder in self._folders:
            path = f"{folder}/{sha[:2]}/{sha[2:]}"
            if os.path.exists(path):
                return path
        return None

    def _read(self, sha: str) -> tuple[str, bytes] | None:
        place = self._locate(sha)
        if place is None:
            return None
        if isinstance(place, str):
            return self._read_loose(place, sha)
        return self._read_packed(*place)

    def _read_packed(self, pack: Pack, offset: int) -> tuple[str, bytes]:
        chain: list[tuple[int, bytes]] = []
        at = offset
        while True:
            cached = self._bases.get((pack.path, at))
            if cached is not None:
                self._bases.move_to_end((pack.path, at))
                kind, data = cached
                break
            header, ahead = pack.entry(at)
            stored = pack.inflate(header, ahead)
            if header.type in _KIND_OF_TYPE:
                kind, data = _KIND_OF_TYPE[header.type], stored
                if chain:
                    self._keep_base(pack, at, kind, data)
                break
            chain.append((at, stored))
            if len(chain) > _MAX_CHAIN:
                raise IntegrityError(f"{pack.path}: a delta chain has no end", paths=[pack.path])
            at = self._base_offset(pack, header)
        while chain:
            at, delta = chain.pop()
            data = apply_delta(data, delta, pack.path)
            self._keep_base(pack, at, kind, data)
        return kind, data

    def _base_offset(self, pack: Pack, header: EntryHeader) -> int:
        if header.base_offset:
            return header.base_offset
        at = pack.find(bytes.fromhex(header.base_sha))
        if at < 0:
            raise IntegrityError(
                f"{pack.path}: the base {header.base_sha} of a delta is not in the pack",
                paths=[pack.path],
            )
        return at

    def _keep_base(self, pack: Pack, offset: int, kind: str, data: bytes) -> None:
        key = (pack.path, offset)
        if len(data) > _CACHE_OBJECT or key in self._bases:
            return
        self._bases[key] = (kind, data)
        self._base_bytes += len(data)
        while self._base_bytes > _CACHE_BYTES:
            _, (_, dropped) = self._bases.popitem(last=False)
            self._base_bytes -= len(dropped)

    def _read_loose(self, path: str, sha: str) -> tuple[str, bytes] | None:
        stored = _read_or_none(path)
        if stored is None:
            return None
        inflater = zlib.decompressobj()
        try:
            whole = inflater.decompress(stored, _LOOSE_LIMIT)
        except zlib.error as error:
            raise _damaged(path, sha) from error
        if inflater.unconsumed_tail:
            raise LimitError(f"object {sha} does not fit in memory", paths=[path])
        head, null, data = whole.partition(b"\0")
        kind, size = _loose_head(head, path, sha)
        if not null or not inflater.eof or inflater.unused_data or len(data) != size:
            raise _damaged(path, sha)
        return kind, data

    def _header(self, sha: str) -> tuple[str, int] | None:
        place = self._locate(sha)
        if place is None:
            return None
        if isinstance(place, str):
            try:
                with open(place, "rb") as file:
                    start = zlib.decompressobj().decompress(file.read(512), 64)
            except FileNotFoundError:
                return None
            except zlib.error as error:
                raise _damaged(place, sha) from error
            return _loose_head(start.partition(b"\0")[0], place, sha)
        pack, offset = place
        header = pack.header(offset)
        if header.type not in _KIND_OF_TYPE:
            kind, data = self._read_packed(pack, offset)
            return kind, len(data)
        return _KIND_OF_TYPE[header.type], header.size

    def _open(self, sha: str) -> BinaryIO | None:
        place = self._locate(sha)
        if place is None:
            return None
        if isinstance(place, str):
            return _open_loose(place, sha)
        pack, offset = place
        header, ahead = pack.entry(offset)
        if header.type in _KIND_OF_TYPE:
            if header.size <= _CHUNK:
                with contextlib.suppress(IntegrityError):  # told to whoever reads it to its end
                    data = pack.inflate(header, ahead)
                    if object_id(_KIND_OF_TYPE[header.type], data) == sha:
                        return io.BytesIO(data)
            return cast("BinaryIO", io.BufferedReader(pack.stream(header, sha), _CHUNK))
        kind, data = self._read_packed(pack, offset)
        if object_id(kind, data) != sha:
            raise _damaged(pack.path, sha)
        return io.BytesIO(data)


class _LooseStream(io.RawIOBase):
    """A loose object inflated in bounded memory; the last read checks its name."""

    def __init__(self, path: str, sha: str) -> None:
        super().__init__()
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 - closed with the stream
        self._path, self._sha = path, sha
        self._inflater = zlib.decompressobj()
        self._pending = b""
        self._digest = hashlib.sha1(usedforsecurity=False)
        self._rest = b""
        head = b""
        while b"\0" not in head and len(head) < 64:  # noqa: PLR2004 - "commit <20 digits>" and more
            part = self._inflate(64)
            if not part:
                break
            head += part
        text, _, self._rest = head.partition(b"\0")
        _, self._left = _loose_head(text, path, sha)
        self._digest.update(text + b"\0")

    def _inflate(self, want: int) -> bytes:
        data = b""
        try:
            while not data and not self._inflater.eof:
                self._pending = self._pending or self._file.read(_CHUNK)
                if not self._pending:
                    break
                data = self._inflater.decompress(self._pending, want)
                self._pending = self._inflater.unconsumed_tail
        except zlib.error as error:
            raise _damaged(self._path, self._sha) from error
        return data

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        want = len(buffer)
        if self._rest:
            data, self._rest = self._rest[:want], self._rest[want:]
        else:
            data = self._inflate(want) if want else b""
        self._digest.update(data)
        self._left -= len(data)
        ended = want > 0 and (not data or self._left <= 0)
        if ended and (self._left or self._digest.hexdigest() != self._sha):
            raise _damaged(self._path, self._sha)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def _open_loose(path: str, sha: str) -> BinaryIO | None:
    try:
        return cast("BinaryIO", io.BufferedReader(_LooseStream(path, sha), _CHUNK))
    except FileNotFoundError:
        return None


def _loose_head(head: bytes, path: str, sha: str) -> tuple[str, int]:
    kind, _, size = head.partition(b" ")
    if kind.decode("ascii", "replace") not in KINDS or not size.isdigit():
        raise _damaged(path, sha)
    return kind.decode(), int(size)


def _read_or_none(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _listdir(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _damaged(path: str, sha: str) -> IntegrityError:
    return IntegrityError(
        f"object {sha} is damaged",
        hint="Fetch the repository again from another copy, or run git fsck.",
        paths=[path],
    )


def _missing(sha: str) -> NotFoundError:
    return NotFoundError(
        f"object {sha} is not in the repository",
        hint="In a partial or shallow clone: git fetch it first.",
        paths=[sha],
    )
