"""How the tracked files differ from HEAD, for the code section of a record.

Git's own rules make the patch where its command line is there; no filter, text conversion or
external diff runs. Without it dulwich writes the patch.
"""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import NotFoundError
from labrec.gitio import command
from labrec.gitio.config import Config, read_user_config
from labrec.gitio.index import IndexEntry, read_index
from labrec.gitio.objects import MODE_EXECUTABLE, MODE_FILE, MODE_LINK, MODE_SUBMODULE
from labrec.gitio.worktree import tracked_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.gitio.repository import GitRepository

_SYSTEM_CONFIG = Path("/etc/gitconfig")
_DIFF = (
    "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--binary",
    "--full-index", "--ignore-submodules=dirty", "--src-prefix=a/", "--dst-prefix=b/",
    "--diff-algorithm=myers", "--no-relative", "-O/dev/null",
)  # fmt: skip
_DIFF_OPTIONS = ("-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false")


class Changes(NamedTuple):
    """How the tracked files differ from HEAD.

    Attributes:
        dirty: Whether they do.
        patch: A patch that ``git apply`` takes; empty when they do not.
        left_out: Paths whose change is not in the patch, because a filter (such as LFS) would
            have to run to tell it.
    """

    dirty: bool
    patch: bytes
    left_out: tuple[str, ...]


def changes(repository: GitRepository, base: str | None = None) -> Changes:
    """Return how the tracked files differ from a commit, staged or not.

    Args:
        repository: Whose worktree is compared.
        base: Id of the commit; HEAD's when left out.

    Raises:
        NotFoundError: Nothing is checked out, or there is no commit to compare with.
        LimitError: Git did not answer in time.
        UnsafeError: Git says that the repository belongs to somebody else.
    """
    head = repository.head_commit
    if repository.worktree is None or head is None:
        raise NotFoundError(
            f"{repository.git_dir} has no commit checked out", paths=[repository.git_dir]
        )
    base = base or head
    if base == head and _looks_clean(repository, head):
        return Changes(dirty=False, patch=b"", left_out=())
    if not command.available():
        return _changes_by_dulwich(repository, base)
    filters = without_filters(repository)
    options = [*_DIFF_OPTIONS, *filters]
    left_out = _filtered(repository, base, options) if filters else ()
    rest = ["--", ".", *(f":(exclude,top,literal){path}" for path in left_out)] if left_out else []
    patch = command.run_git(repository, [*_DIFF, base, *rest], options=options)
    return Changes(bool(patch or left_out), patch, left_out)


def without_filters(repository: GitRepository) -> list[str]:
    """Return the ``-c`` options that keep every configured filter (such as LFS) from running."""
    options: list[str] = []
    for name in _filter_drivers(repository):
        for key, value in (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")):
            options += ["-c", f"filter.{name}.{key}={value}"]
    return options


def _looks_clean(repository: GitRepository, head: str) -> bool:
    """Whether index and HEAD are one tree and no file was touched since it was staged.

    False means only that git has to look closer.
    """
    index = read_index(repository.git_dir / "index")
    if index is None or not index.tree or index.tree != repository.read_commit(head).tree:
        return False
    root = os.fspath(repository.worktree or "")
    return all(_looks_unchanged(root, entry, index.mtime_ns) for entry in index.entries)


def _looks_unchanged(root: str, entry: IndexEntry, written_ns: int) -> bool:
    if not entry.is_checked_out:
        return True
    if entry.mode == MODE_SUBMODULE or entry.stage or entry.flags >> 16:
        return False
    try:
        found = os.lstat(f"{root}/{entry.path}".encode("utf-8", "surrogateescape"))
    except OSError:
        return False
    kind = {MODE_LINK: stat.S_ISLNK}.get(entry.mode, stat.S_ISREG)(found.st_mode)
    executable = entry.mode == MODE_LINK or (entry.mode == MODE_EXECUTABLE) == bool(
        found.st_mode & stat.S_IXUSR
    )
    seconds, nanoseconds, size, inode = entry.stat
    same = (
        seconds == int(found.st_mtime_ns // 10**9) & 0xFFFFFFFF
        and nanoseconds in (0, found.st_mtime_ns % 10**9)
        and size == found.st_size & 0xFFFFFFFF
        and inode in (0, found.st_ino & 0xFFFFFFFF)
    )
    # A file as young as the index may have changed after it was staged without showing it.
    return kind and executable and same and found.st_mtime_ns < written_ns


def _filter_drivers(repository: GitRepository) -> list[str]:
    user = read_user_config()
    config = [repository.config, user, Config().read(_SYSTEM_CONFIG)]
    names = {
        key.split(".", 1)[1].rpartition(".")[0] for each in config for key in each.names("filter.")
    }
    if repository.config.conditional or user.conditional:
        out = _ask(repository, ["config", "-z", "--name-only", "--get-regexp", r"^filter\."])
        keys = out.decode("utf-8", "surrogateescape").split("\0")
        names |= {key.split(".", 1)[1].rpartition(".")[0] for key in keys if "." in key}
    return sorted(names - {""})


def _filtered(repository: GitRepository, base: str, options: list[str]) -> tuple[str, ...]:
    """Return the changed paths that a filter driver would have to read."""
    names = command.run_git(
        repository,
        [*_DIFF, "--name-only", "-z", base],
        options=options,
    )
    if not names:
        return ()
    out = command.run_git(repository, ["check-attr", "-z", "--stdin", "filter"], data=names)
    fields = out.decode("utf-8", "surrogateescape").split("\0")
    rows = zip(fields[0::3], fields[2::3], strict=False)
    return tuple(path for path, value in rows if value not in ("unspecified", "unset", ""))


def _ask(repository: GitRepository, arguments: list[str]) -> bytes:
    try:
        return command.run_git(repository, arguments)
    except command.GitFailedError:
        return b""


def _changes_by_dulwich(repository: GitRepository, head: str) -> Changes:
    """Compare every tracked file with HEAD ourselves; dulwich writes the patch."""
    from dulwich.objects import Blob  # only where there is no git command line
    from dulwich.patch import write_blob_diff

    before = dict(_files(repository, repository.read_commit(head).tree, ""))
    root = os.fspath(repository.worktree or "")
    out = io.BytesIO()
    names = sorted(before.keys() | {each.path for each in tracked_files(repository)})
    for name in names:
        old, new = before.get(name), _on_disk(f"{root}/{name}")
        if old is not None and old[0] == MODE_SUBMODULE:
            continue
        old_data = repository.read_blob(old[1]) if old is not None else None
        if (old and old[0], old_data) == (new or (None, None)):
            continue
        sides = []
        for mode, data in ((old and old[0], old_data), new or (None, None)):
            path = name.encode("utf-8", "surrogateescape")
            blob = Blob.from_string(data) if data is not None else None
            sides.append((path if blob else None, mode, blob))
        part = io.BytesIO()
        write_blob_diff(part, sides[0], sides[1])
        header, index, body = part.getvalue().partition(b"\nindex ")
        if b"\nold file mode " in header:  # dulwich's spelling of what git calls old and new mode
            header = header.replace(b"\nold file mode ", b"\nold mode ")
            header = header.replace(b"\nnew file mode ", b"\nnew mode ")
        same = sides[0][2] == sides[1][2]  # then git apply takes no index line
        out.write(header + b"\n" if same else header + index + body)
    patch = out.getvalue()
    return Changes(bool(patch), patch, ())


def _files(
    repository: GitRepository, tree: str, prefix: str
) -> Iterator[tuple[str, tuple[int, str]]]:
    for entry in repository.tree(tree):
        if entry.is_tree:
            yield from _files(repository, entry.sha, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, (entry.mode, entry.sha)


def _on_disk(path: str) -> tuple[int, bytes] | None:
    name = path.encode("utf-8", "surrogateescape")
    try:
        found = os.lstat(name)
        if stat.S_ISLNK(found.st_mode):
            return MODE_LINK, os.readlink(name)
        if not stat.S_ISREG(found.st_mode):
            return None
        with open(name, "rb") as file:
            mode = MODE_EXECUTABLE if found.st_mode & stat.S_IXUSR else MODE_FILE
            return mode, file.read()
    except OSError:
        return None
