"""The folder that a site is written to: a reader sees each file whole, old or new.

A first build is written aside and renamed into place. Later ones replace single files by rename,
pages before the pages that link to them, and remove what is no longer wanted at the end.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from labrec.errors import StorageError, UsageError

if TYPE_CHECKING:
    from types import TracebackType

MARK: Final = ".labrec-site"
"""Stands in the root of a folder that labrec wrote: only such a folder is cleared."""

_PIECE: Final = 1 << 20

_MARK_TEXT: Final = b"Written by `labrec site build`; whatever else lies here is removed.\n"


class Output:
    """A folder being written. Use it as a context manager: leaving it well makes it visible.

    Args:
        folder: Where the site goes.

    Attributes:
        folder: As given.
        present: Every file that was there before, by its place from the root.
        sizes: Length of every file that is there now, in bytes.
        written: How many files were written.
        removed: How many were removed.

    Raises:
        UsageError: Something else than a site lies there.
        StorageError: It cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written = 0
        self.removed = 0
        self.sizes: dict[str, int] = {}
        self._folders: set[str] = set()
        try:
            self.present, links = _listing(folder)
            is_new = not self.present and not links
            if not is_new and MARK not in self.present:
                raise UsageError(
                    f"{folder} holds files that are no site of labrec",
                    hint="Name an empty folder with --out, or remove what lies there.",
                    paths=[folder],
                    kept="that folder, untouched",
                )
            for path in links:
                (folder / path).unlink()  # what is written below it would land elsewhere
            self._place = folder
            if is_new:
                folder.parent.mkdir(parents=True, exist_ok=True)
                self._place = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
                self._place.mkdir()
        except OSError as error:
            raise _storage_error(error, folder) from error
        if MARK in self.present:
            self.keep(MARK, len(_MARK_TEXT))
        else:
            self.put(MARK, _MARK_TEXT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._place == self.folder:
            return
        if error is None:
            try:
                with contextlib.suppress(OSError):  # an empty folder may stand in the way
                    self.folder.rmdir()
                self._place.rename(self.folder)
            except OSError as failure:
                shutil.rmtree(self._place, ignore_errors=True)
                raise _storage_error(failure, self.folder) from failure
        else:
            shutil.rmtree(self._place, ignore_errors=True)

    def put(self, path: str, data: bytes | Path) -> int:
        """Make one file what it should be, and return its length in bytes.

        One that is so already is left untouched.

        Args:
            path: Its place from the root of the site.
            data: Its bytes, or a file to copy.

        Raises:
            StorageError: It cannot be written.
        """
        target = self._place / path
        try:
            if path in self.present and _holds(target, data):
                self.keep(path, target.stat().st_size)
                return self.sizes[path]
            folder = path.rpartition("/")[0]
            if folder not in self._folders:
                target.parent.mkdir(parents=True, exist_ok=True)
                self._folders.add(folder)
            if self._place != self.folder:
                self.sizes[path] = _write(target, data)
            else:
                part = target.with_name(f".{target.name[:200]}.part")
                self.sizes[path] = _write(part, data)
                part.replace(target)
        except OSError as error:
            raise _storage_error(error, self.folder) from error
        self.written += 1
        return self.sizes[path]

    def keep(self, path: str, size: int) -> None:
        """Leave a file of the last build as it is.

        Args:
            path: Its place from the root of the site.
            size: Its length when it was written, in bytes.
        """
        self.sizes[path] = size

    def has(self, path: str, size: int) -> bool:
        """Tell whether a file was there before, and of this length."""
        return path in self.present and (self.folder / path).stat().st_size == size

    def clear(self) -> None:
        """Remove what was there before and was neither written nor kept.

        Raises:
            StorageError: Something cannot be removed.
        """
        folders: set[Path] = set()
        try:
            for path in self.present - self.sizes.keys():
                (self.folder / path).unlink(missing_ok=True)
                folders.update((self.folder / path).parents)
                self.removed += 1
        except OSError as error:
            raise _storage_error(error, self.folder) from error
        inside = [folder for folder in folders if folder.is_relative_to(self.folder)]
        for folder in sorted(inside, reverse=True):
            if folder != self.folder:
                with contextlib.suppress(OSError):  # not empty
                    folder.rmdir()


def _listing(folder: Path) -> tuple[set[str], list[str]]:
    """Return every file below a folder, and every link; links are not followed."""
    found: set[str] = set()
    links: list[str] = []
    stack = [""]
    root = f"{folder}/"  # text: of ten thousand folders, making paths takes longer than reading
    while stack:
        prefix = stack.pop()
        try:
            with os.scandir(root + prefix) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(f"{prefix}{entry.name}/")
                    elif entry.is_symlink():
                        links.append(prefix + entry.name)
                    else:
                        found.add(prefix + entry.name)
        except FileNotFoundError:
            if prefix:
                raise
    return found, links


def _holds(target: Path, data: bytes | Path) -> bool:
    """Tell whether a file holds these bytes, or those of another file, already."""
    size = data.stat().st_size if isinstance(data, Path) else len(data)
    try:
        if target.stat().st_size != size:
            return False
    except FileNotFoundError:
        return False
    if not isinstance(data, Path):
        return target.read_bytes() == data
    with target.open("rb") as ours, data.open("rb") as theirs:
        while piece := ours.read(_PIECE):
            if piece != theirs.read(_PIECE):
                return False
    return True


def _write(path: Path, data: bytes | Path) -> int:
    if isinstance(data, Path):
        shutil.copyfile(data, path)
        return path.stat().st_size
    path.write_bytes(data)
    return len(data)


def _storage_error(error: OSError, folder: Path) -> StorageError:
    return StorageError(
        f"the site cannot be written to {folder}: {error.strerror or error}",
        hint="Check permissions and free space, then build again.",
        paths=[error.filename or folder],
        kept="every page that was there, whole",
    )
