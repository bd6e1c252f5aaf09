"""Reading refs: loose over packed, symbolic refs followed (gitrepository-layout(5))."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from labrec.errors import IntegrityError
from labrec.gitio.objects import is_object_id

if TYPE_CHECKING:
    from pathlib import Path

_SYMREF_DEPTH = 5
_BAD_NAME = re.compile(r"(^|/)\.|\.\.|[\x00-\x20\x7f~^:?*\[\\]|@\{|//|/$|^/|\.lock(/|$)|\.$")


def check_ref_name(name: str) -> bool:
    """Whether ``name`` is a full ref name that git accepts (git-check-ref-format(1))."""
    return name.startswith("refs/") and not _BAD_NAME.search(name)


class Refs:
    """The refs of one repository, read from disk at every call.

    Args:
        git_dir: The worktree's own git directory (``HEAD`` lives there).
        common_dir: The directory all worktrees share (``refs/`` lives there).
    """

    def __init__(self, git_dir: Path, common_dir: Path) -> None:
        self.git_dir = git_dir
        self.common_dir = common_dir
        self._packed_stamp: tuple[int, int, int] | None = None
        self._packed: dict[str, str] = {}

    def read(self, name: str) -> str | None:
        """Return the object a ref names, following symbolic refs, or None.

        Raises:
            IntegrityError: The ref holds no object name, or points at itself.
        """
        for _ in range(_SYMREF_DEPTH):
            value = self.read_raw(name)
            if value is None or not value.startswith("ref:"):
                return value
            name = value[4:].strip()
        raise IntegrityError(f"{name} points at itself", paths=[name])

    def read_raw(self, name: str) -> str | None:
        """Return what a ref holds: an object name, ``ref: <name>``, or None.

        Raises:
            IntegrityError: The ref holds something else.
        """
        if name != "HEAD" and not check_ref_name(name):
            return None
        for _ in range(3):
            text = self._loose(name)
            if text is not None:
                break
            # git pack-refs writes packed-refs before it removes the loose ref: a ref seen in
            # neither may have moved in between, so look once more.
            packed = self._read_packed().get(name)
            if packed is not None:
                return packed
        else:
            return None
        if text.startswith("ref:"):
            return "ref: " + text[4:].strip()
        sha = text[:40]
        if not is_object_id(sha) or text[40:41].strip():
            raise IntegrityError(
                f"{name} does not hold an object name",
                hint="git fsck names it too; git update-ref writes it anew.",
                paths=[self.path(name)],
            )
        return sha

    def path(self, name: str) -> Path:
        """Return the path of a ref's loose file."""
        return self._folder(name) / name

    def _folder(self, name: str) -> Path:
        shared = name.startswith("refs/") and not name.startswith(
            ("refs/bisect/", "refs/worktree/", "refs/rewritten/")
        )
        return self.common_dir if shared else self.git_dir

    def list(self, prefix: str) -> dict[str, str]:
        """Return every ref whose name begins with ``prefix`` (ending in ``/``), by name."""
        found = {k: v for k, v in self._read_packed().items() if k.startswith(prefix)}
        root = str(self.common_dir)
        for folder, _, files in os.walk(os.path.join(root, prefix)):
            for file in files:
                name = os.path.relpath(os.path.join(folder, file), root)
                if check_ref_name(name):
                    value = self.read(name)
                    if value is not None:
                        found[name] = value
        return dict(sorted(found.items()))

    def head_branch(self) -> str | None:
        """Return the full name of the branch HEAD is on, or None when it is detached."""
        value = self.read_raw("HEAD")
        return value[5:] if value is not None and value.startswith("ref: ") else None

    def _loose(self, name: str) -> str | None:
        # A run reads a dozen refs: text and a descriptor cost a third of a Path and a file object.
        try:
            fd = os.open(f"{self._folder(name)}/{name}", os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            return os.read(fd, 4096).decode("utf-8", "replace")
        except IsADirectoryError:
            return None
        finally:
            os.close(fd)

    def _read_packed(self) -> dict[str, str]:
        path = self.common_dir / "packed-refs"
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
                if stamp == self._packed_stamp:
                    return self._packed
                text = file.read().decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            self._packed_stamp, self._packed = None, {}
            return self._packed
        packed = {}
        for line in text.splitlines():
            sha, _, name = line.partition(" ")
            if is_object_id(sha) and name:
                packed[name] = sha
        self._packed, self._packed_stamp = packed, stamp
        return packed
