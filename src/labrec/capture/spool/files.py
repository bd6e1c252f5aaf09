"""Artifacts: copied into the spool at the call, hashed on the way, in bounded memory."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from labrec.capture.captured import NewObject
from labrec.capture.spool.durability import FILES
from labrec.capture.spool.writer import INLINE
from labrec.errors import UnsafeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from labrec.capture.spool.writer import Spool

ROLES = ("output", "input", "log", "model", "figure", "other")
MAX_FOLDER_FILES = 10_000
MAX_UNSIZED = 64 << 20  # bytes read of a file that tells no size, as those of /proc
MAX_NAME = 1_000  # characters
_CHUNK = 1 << 20
_FICLONE = 0x40049409  # ioctl: share the blocks of another file (btrfs, XFS, bcachefs)
_serial = count()


class Kept(NamedTuple):
    """A file as it was read.

    Attributes:
        sha256: Digest of the bytes that were read.
        size: How many they were.
        stored: Whether the spool holds a copy.
    """

    sha256: str
    size: int
    stored: bool


class NotRegularError(OSError):
    """What was named is no regular file: a pipe, a device, a socket."""


class Artifacts:
    """Keeps the artifacts of one process in its spool; never raises.

    Args:
        spool: Where they go.
        max_artifact: Larger files keep their digest only, in bytes.
    """

    def __init__(self, spool: Spool, max_artifact: int) -> None:
        self._spool = spool
        self._max = max_artifact

    def keep(
        self,
        source: str | os.PathLike[str] | bytes | bytearray | memoryview,
        name: str | None = None,
        *,
        role: str = "output",
        media_type: str | None = None,
    ) -> str | None:
        """Keep content as it is now.

        Args:
            source: A path, of a file or a folder, or the content itself as bytes.
            name: Name in the record, ``a/b.txt``; the file's own name when left out. A later
                artifact of the same name takes its place.
            role: output, input, log, model, figure or other.
            media_type: Such as ``image/png``.

        Returns:
            The content's sha256 in hex; None for a folder, or where it could not be kept.
        """
        label = name if isinstance(name, str) else "artifact"
        try:
            if role not in ROLES:
                self._spool.remark("unmappable", f"role {role} of an artifact", "unknown role")
                role = "other"
            if isinstance(source, bytes | bytearray | memoryview):
                return self._content(bytes(source), label, role, media_type)
            path = os.fspath(source)
            label = label if name is not None else os.path.basename(os.path.abspath(path))
            if os.path.isdir(path):
                self._folder(path, label, role)
                return None
            return self._file(path, label, role, media_type)
        except Exception as error:  # noqa: BLE001 - capture never raises into the program
            self._skip(label, _cause(error))
            return None

    def _content(self, data: bytes, name: str, role: str, media_type: str | None) -> str | None:
        new = NewObject.of(data)
        stored = new.size <= self._max
        if stored:
            store_object(self._spool, new)
        return self._item(name, Kept(new.sha256, new.size, stored), role, media_type)

    def _file(
        self, path: str, name: str, role: str, media_type: str | None, *, follow: bool = True
    ) -> str | None:
        kept = copy_in(self._spool.folder(FILES), path, self._max, follow=follow)
        return self._item(name, kept, role, media_type)

    def _folder(self, top: str, label: str, role: str) -> None:
        for number, (path, name) in enumerate(_walk(top, label), 1):
            if number > MAX_FOLDER_FILES:
                why = f"the folder holds more than {MAX_FOLDER_FILES} files"
                self._spool.remark("skipped", f"rest of artifact {label}", why)
                return
            try:
                self._file(path, name, role, None, follow=False)
            except OSError as error:
                self._skip(name, _cause(error))

    def _item(self, name: str, kept: Kept, role: str, media_type: str | None) -> str | None:
        plain = plain_name(name)
        if plain is None:
            self._skip(name, "its name is no relative path without '..' and controls")
            return None
        if not kept.stored:
            why = f"larger than the limit of {self._max} bytes: only its digest is kept"
            self._spool.remark("skipped", f"content of artifact {plain}", why)
        self._spool.artifact(
            {
                "name": plain,
                "role": role,
                "sha256": kept.sha256,
                "size": kept.size,
                "media_type": media_type,
                "where": "git" if kept.stored else "digest-only",
            }
        )
        return kept.sha256

    def _skip(self, name: str, why: str) -> None:
        self._spool.remark("skipped", f"artifact {name}", why)


def store_object(spool: Spool, new: NewObject) -> None:
    """Put an object's bytes into the spool: small ones into the journal, others as a file.

    Raises:
        OSError: The file cannot be read or written, or it changed since it was hashed.
    """
    if isinstance(new.source, bytes) and new.size <= INLINE:
        spool.object(new.sha256, new.source)
        return
    folder = spool.folder(FILES)
    if (folder / new.sha256).exists():
        return
    if isinstance(new.source, bytes):
        part = _part(folder)
        part.write_bytes(new.source)
        part.rename(folder / new.sha256)
    elif copy_in(folder, os.fspath(new.source), new.size).sha256 != new.sha256:
        raise OSError(errno.ESTALE, "the file changed while the run started")


def copy_in(folder: Path, path: str, limit: int, *, follow: bool = True) -> Kept:
    """Copy a regular file to ``folder/<sha256>``, or only hash it when it is over the limit.

    What is kept is what was read: a file that grows meanwhile is kept up to the size it had.

    Args:
        folder: Where the copy goes.
        path: The file.
        limit: Largest size that is copied, bytes.
        follow: Whether a symbolic link at ``path`` itself is followed.

    Raises:
        OSError: It is no regular file, or reading or writing it fails; no part of it is left.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
    fd = os.open(path, flags if follow else flags | os.O_NOFOLLOW)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise NotRegularError(errno.EINVAL, "not a regular file")
        most = status.st_size or MAX_UNSIZED
        if status.st_size > limit:
            return Kept(*_pump(fd, None, most), stored=False)
        return _copy(fd, folder, most)
    finally:
        os.close(fd)


def plain_name(name: str) -> str | None:
    """Return an artifact's name in the form records use, or None where it has none."""
    from labrec.record.paths import stored_path  # loaded when there is an artifact

    if len(name) > MAX_NAME:
        return None
    try:
        return stored_path(name)["path"]
    except (UnsafeError, ValueError):
        return None


def _copy(fd: int, folder: Path, most: int) -> Kept:
    part = _part(folder)
    out = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if _reflink(out, fd):
            size = os.fstat(out).st_size
            sha256, size = _pump(out, None, size)
        else:
            sha256, size = _pump(fd, out, most)
        part.rename(folder / sha256)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    finally:
        os.close(out)
    return Kept(sha256, size, stored=True)


def _pump(source: int, target: int | None, most: int) -> tuple[str, int]:
    digest = hashlib.sha256()
    size = 0
    view = memoryview(bytearray(min(_CHUNK, max(most, 1))))
    while size < most:
        read = os.readv(source, [view[: most - size]])
        if not read:
            break
        digest.update(view[:read])
        size += read
        rest = view[:read]
        while target is not None and rest:
            rest = rest[os.write(target, rest) :]
    return digest.hexdigest(), size


def _reflink(target: int, source: int) -> bool:
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:
        return False
    return True


def _part(folder: Path) -> Path:
    return folder / f".{os.getpid()}-{next(_serial)}.part"


def _walk(top: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield what is below a folder, in order of name; a link to a folder is not entered."""
    for entry in sorted(os.scandir(top), key=lambda found: found.name):
        below = f"{name}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, below)
        else:
            yield entry.path, below


def _cause(error: BaseException) -> str:
    if isinstance(error, NotRegularError):
        return "not a regular file"
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "a symbolic link inside a folder"
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno)
    return type(error).__name__
