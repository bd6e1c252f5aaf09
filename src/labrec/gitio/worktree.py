"""What is checked out, for the code section of a record: files, changes, what was published.

Nothing here writes, takes a lock or runs what a repository configures. The git command line is
asked where git's own rules count (a patch); without it dulwich answers.
"""

from __future__ import annotations

import heapq
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import NotFoundError
from labrec.gitio import command
from labrec.gitio.config import read_user_config
from labrec.gitio.index import read_index

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from labrec.gitio.repository import GitRepository

_WALK = 5000  # commits looked at for the newest published one


class TrackedFile(NamedTuple):
    """One tracked path.

    Attributes:
        path: Relative to the worktree, ``/`` between parts, other bytes as surrogate escapes.
        mode: ``MODE_FILE``, ``MODE_EXECUTABLE``, ``MODE_LINK`` or ``MODE_SUBMODULE``.
        sha: The blob staged for it; of a submodule its commit.
    """

    path: str
    mode: int
    sha: str


def tracked_files(repository: GitRepository) -> list[TrackedFile]:
    """Return the tracked files that should be checked out, in path order, each path once.

    Raises:
        IntegrityError: The index is damaged.
    """
    if repository.worktree is None:
        return []
    index = read_index(repository.git_dir / "index")
    if index is None:
        return _listed_by_git(repository)
    seen: dict[str, TrackedFile] = {}
    for entry in index.entries:
        if entry.is_checked_out:
            seen.setdefault(entry.path, TrackedFile(entry.path, entry.mode, entry.sha))
    return list(seen.values())


def untracked_files(
    repository: GitRepository, patterns: Iterable[str], tracked: Iterable[TrackedFile] | None = None
) -> list[str]:
    """Return the regular files and links that match a pattern and are not tracked, sorted.

    A pattern is relative to the worktree: ``*`` and ``?`` stay within one part, ``**`` spans
    parts, one that ends in ``/`` means everything below. Ignored files count, for they were asked
    for by name; ``.git`` never does.

    Args:
        repository: Whose worktree is looked through.
        patterns: Which paths.
        tracked: The tracked files, where they are known already.
    """
    if repository.worktree is None:
        return []
    rules = [pattern.removeprefix("./") for pattern in patterns if pattern]
    if not rules:
        return []
    known = {each.path for each in (tracked_files(repository) if tracked is None else tracked)}
    wanted = re.compile("|".join(f"(?:{_regex(rule)})" for rule in rules))
    roots = {_fixed_part(rule) for rule in rules}
    worktree = os.fspath(repository.worktree)
    found: set[str] = set()
    for root in sorted(roots):
        for path in _walk(worktree, root) if _is_inside(worktree, root) else ():
            if path not in known and wanted.fullmatch(path):
                found.add(path)
    return sorted(found)


def newest_published(repository: GitRepository) -> str | None:
    """Return the newest commit that HEAD and a remote-tracking branch share, or None.

    At most 5,000 commits are looked at, newest first by their own dates.
    """
    head = repository.head_commit
    tips = set(repository.refs("refs/remotes/").values())
    if head is None or not tips:
        return None
    if head in tips:
        return head
    cut_off = repository.shallow_commits
    marks: dict[str, int] = {head: 1}
    marks |= dict.fromkeys(tips, 2)
    queue: list[tuple[int, str, tuple[str, ...]]] = []
    for sha in marks:
        _queue_commit(repository, queue, sha)
    for _ in range(_WALK):
        if not queue:
            break
        _, sha, parents = heapq.heappop(queue)
        if marks[sha] == 3:  # noqa: PLR2004 - both marks
            return sha
        for parent in () if sha in cut_off else parents:
            before = marks.get(parent, 0)
            marks[parent] = before | marks[sha]
            if marks[parent] != before:
                _queue_commit(repository, queue, parent)
    return None


def remote_url(repository: GitRepository) -> str | None:
    """Return the address of the branch's remote, else of ``origin``, as configured.

    It may hold credentials: clean it before it is stored.
    """
    branch = (repository.head_branch or "").removeprefix("refs/heads/")
    remote = repository.config.get(f"branch.{branch}.remote") if branch else None
    for name in (remote, "origin"):
        url = repository.config.get(f"remote.{name}.url") if name and name != "." else None
        if url:
            return url
    return None


def author_name(repository: GitRepository) -> str | None:
    """Return the ``user.name`` that git would use here, or None."""
    conditional = repository.config.conditional or read_user_config().conditional
    if conditional and command.available():
        try:
            text = command.run_git(repository, ["config", "--get", "user.name"])
        except command.GitFailedError:
            return None
        return text.decode("utf-8", "replace").strip() or None
    return repository.setting("user.name") or None


def _listed_by_git(repository: GitRepository) -> list[TrackedFile]:
    if not command.available():
        from dulwich.index import ConflictedIndexEntry  # only for an index of a rare shape
        from dulwich.index import Index as DulwichIndex

        index = DulwichIndex(os.fspath(repository.git_dir / "index"))
        return [
            TrackedFile(path.decode("utf-8", "surrogateescape"), entry.mode, entry.sha.decode())
            for path, entry in sorted(index.items(), key=lambda item: item[0])
            if not isinstance(entry, ConflictedIndexEntry)
        ]
    out = command.run_git(repository, ["ls-files", "-s", "-t", "-z"])
    seen: dict[str, TrackedFile] = {}
    for row in out.decode("utf-8", "surrogateescape").split("\0"):
        facts, _, path = row.partition("\t")
        if path:
            tag, mode, sha, _ = facts.split(" ")
            if tag != "S":  # skip-worktree: a sparse checkout leaves it out
                seen.setdefault(path, TrackedFile(path, int(mode, 8), sha))
    return list(seen.values())


def _queue_commit(
    repository: GitRepository, queue: list[tuple[int, str, tuple[str, ...]]], sha: str
) -> None:
    try:
        commit = repository.read_commit(repository.peel(sha))
    except NotFoundError:
        return  # cut off by a shallow or partial clone
    seconds = commit.committer.rsplit(" ", 2)[-2:-1]
    when = int(seconds[0]) if seconds and seconds[0].isdigit() else 0
    heapq.heappush(queue, (-when, sha, commit.parents))


def _is_inside(root: str, below: str) -> bool:
    """Whether the way to a folder of the worktree passes neither a link nor ``.git``."""
    parts = below.split("/")
    ways = ("/".join([root, *parts[:n]]) for n in range(1, len(parts)))
    return ".git" not in parts and not any(os.path.islink(way) for way in ways)


def _walk(root: str, below: str) -> Iterator[str]:
    """Yield the files and links below a folder of the worktree, relative to its root."""
    stack = [below]
    while stack:
        folder = stack.pop()
        place = f"{root}/{folder}" if folder else root
        if os.path.islink(place) or not os.path.isdir(place):
            if folder and os.path.lexists(place):  # the pattern names a file
                yield folder
            continue
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name == ".git":
                continue
            if not entry.is_dir(follow_symlinks=False):
                if entry.is_file(follow_symlinks=False) or entry.is_symlink():
                    yield path
            elif not os.path.lexists(f"{entry.path}/.git"):  # else it is another repository's
                stack.append(path)


def _fixed_part(pattern: str) -> str:
    """Return the leading parts of a pattern without a wildcard: where the search begins."""
    parts = pattern.rstrip("/").split("/")
    fixed = []
    for part in parts:
        if re.search(r"[*?\[]", part):
            break
        fixed.append(part)
    return "" if ".." in fixed else "/".join(fixed)


def _regex(pattern: str) -> str:
    if pattern.endswith("/"):
        pattern += "**"
    out, at = "", 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            out += "(?:[^/]+/)*"
            at += 3
        elif pattern.startswith("**", at):
            out += ".*"
            at += 2
        else:
            char = pattern[at]
            out += {"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char))
            at += 1
    return out
