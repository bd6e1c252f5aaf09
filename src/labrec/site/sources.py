"""The files that people wrote for the site: ``site/`` and ``mkdocs.yml``, read without following.

They come from the base commit, as every definition of a lab does, or from the working tree for a
preview. A symbolic link is refused wherever it points: a theme would publish its target. Only kinds
of files that a browser shows without running anything are taken.
"""

from __future__ import annotations

import itertools
import os
import re
import stat
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.errors import InvalidError, LabrecError, LimitError, StorageError, UnsafeError
from labrec.record.layout import check_slug
from labrec.record.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from labrec.gitio.repository import GitRepository

FOLDER: Final = "site"
CONFIG: Final = "mkdocs.yml"
REPORTS: Final = "reports"
"""Where reports lie under ``site/``: no ordinary pages."""

MANUAL: Final = "manual/"
"""Where the pages of a further folder are published."""

MAX_FILE: Final = 10_000_000
"""Largest file that is taken, in bytes."""

MAX_FILES: Final = 2000
"""Most files that are taken."""

KINDS: Final = frozenset(
    {".md", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".pdf", ".csv", ".txt", ".bib", ".json"}
)
"""Endings of the files that a site may be given. HTML, SVG and scripts are code: not taken."""

RESERVED: Final = frozenset(
    {
        "assets", "cite", "compare", "data", "datasets", "labrec-shell", "machines", "metrics", "p",
        "runs", "search",
    }
)  # fmt: skip
"""Top-level names that generated files use."""

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", re.ASCII)
_HINT = "See docs/site.md for what site/ may hold."


class Sources(NamedTuple):
    """What people wrote.

    Attributes:
        files: Path under ``site/`` to bytes; pages end in ``.md``. Reports are not among them.
        config: ``mkdocs.yml``, None where there is none.
        reports: Slug to the bytes of ``site/reports/<slug>.md``.
    """

    files: Mapping[str, bytes]
    config: bytes | None = None
    reports: Mapping[str, bytes] = {}

    @property
    def pages(self) -> list[str]:
        """The hand-written pages in path order."""
        return sorted(path for path in self.files if path.endswith(".md"))


class _Found(NamedTuple):
    """A file before it is read."""

    path: str
    kind: str  # file, link or other
    size: int
    read: Callable[[], bytes]


def from_commit(git: GitRepository, commit: str | None, manual: str = "") -> Sources:
    """Read what a commit holds.

    Args:
        git: The lab's repository.
        commit: The base; None where there is no commit yet.
        manual: A further folder whose pages go below `MANUAL`; empty = none.

    Raises:
        UnsafeError: Something is a symbolic link.
        InvalidError: A file is of no kind that is taken, or its name is reserved or odd.
        LimitError: There are too many, or one is too large.
        IntegrityError: An object cannot be read.
    """
    if commit is None:
        return Sources({})
    root = git.read_commit(git.peel(commit)).tree
    found = [one for place in (CONFIG, FOLDER) for one in _of_tree(git, root, place)]
    return _taken([*found, *_published(list(_of_tree(git, root, manual)), manual)])


def _of_tree(git: GitRepository, root: str, place: str) -> Iterator[_Found]:
    *above, name = place.split("/")
    for folder in above:
        trees = {entry.name: entry.sha for entry in git.tree(root) if stat.S_ISDIR(entry.mode)}
        if folder not in trees:
            return
        root = trees[folder]
    stack = [(place, entry.sha, entry.mode) for entry in git.tree(root) if entry.name == name]
    while stack:
        path, sha, mode = stack.pop()
        if stat.S_ISDIR(mode):
            below = [(f"{path}/{entry.name}", entry.sha, entry.mode) for entry in git.tree(sha)]
            stack.extend(below)
        elif stat.S_ISREG(mode):
            size = git.object_header(sha)[1]
            yield _Found(path, "file", size, partial(git.read_blob, sha))
        else:
            yield _Found(path, "link" if stat.S_ISLNK(mode) else "other", 0, bytes)


def from_folder(root: Path, manual: str = "") -> Sources:
    """Read what a working tree holds, for a preview of what is not committed yet.

    Args:
        root: The lab's worktree.
        manual: A further folder whose pages go below `MANUAL`; empty = none.

    Raises:
        UnsafeError: Something is a symbolic link.
        InvalidError: A file is of no kind that is taken, or its name is reserved or odd.
        LimitError: There are too many, or one is too large.
        StorageError: A file cannot be read.
    """
    try:
        found = [one for place in (CONFIG, FOLDER) for one in _of_folder(root, place)]
        further = list(_of_folder(root, manual)) if manual else []
        return _taken([*found, *_published(further, manual)])
    except OSError as error:
        raise StorageError(
            f"cannot read {error.filename}: {error.strerror}", paths=[str(error.filename)]
        ) from error


def _of_folder(root: Path, top: str) -> Iterator[_Found]:
    stack = [root / top] if os.path.lexists(root / top) else []
    while stack:
        path = stack.pop()
        facts = path.lstat()
        place = path.relative_to(root).as_posix()
        if stat.S_ISDIR(facts.st_mode):
            stack.extend(path.iterdir())
        elif stat.S_ISREG(facts.st_mode):
            yield _Found(place, "file", facts.st_size, partial(_read, path))
        else:
            yield _Found(place, "link" if stat.S_ISLNK(facts.st_mode) else "other", 0, bytes)


def _read(path: Path) -> bytes:
    # what was a file a moment ago may be a link by now
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123
        return file.read(MAX_FILE + 1)


def _published(found: list[_Found], manual: str) -> Iterator[_Found]:
    """Yield the files of the manual by their place under ``site/``.

    That folder also serves those who read the repository: files of other kinds stay there, where
    under ``site/`` they are a mistake.
    """
    for one in found:
        moved = one._replace(path=f"{FOLDER}/{MANUAL}{one.path.removeprefix(f'{manual}/')}")
        if one.kind != "file" or os.path.splitext(one.path)[1] in KINDS:  # noqa: PTH122 - a name
            yield moved


def _taken(found: list[_Found]) -> Sources:
    """Return what may be taken, or tell every mistake at once."""
    found = sorted((one for one in found if not _is_hidden(one.path)), key=lambda one: one.path)
    if len(found) > MAX_FILES:
        raise LimitError(
            f"{FOLDER}/ holds {len(found)} files, more than {MAX_FILES}",
            hint="Keep what is not a page of the site elsewhere.",
            paths=[FOLDER],
        )
    links = [printable(one.path) for one in found if one.kind == "link"]
    if links:
        raise UnsafeError(
            f"symbolic links are not published: {', '.join(links[:10])}",
            hint="Put the file itself there.",
            paths=links,
        )
    mistakes = {one.path: mistake for one in found if (mistake := _mistake(one))}
    twice = [one.path for one, after in itertools.pairwise(found) if one.path == after.path]
    mistakes |= dict.fromkeys(twice, "the manual has a file of this name too")
    if mistakes:
        told = "; ".join(f"{printable(path)}: {mistake}" for path, mistake in mistakes.items())
        error: type[LabrecError] = InvalidError
        if all(one.size > MAX_FILE for one in found if one.path in mistakes):
            error = LimitError
        raise error(told, hint=_HINT, paths=map(printable, mistakes))
    files = {one.path: one.read() for one in found}
    config = files.pop(CONFIG, None)
    reports = {_slug_of(path): files.pop(path) for path in list(files) if _is_report(path)}
    others = {path.removeprefix(f"{FOLDER}/"): data for path, data in files.items()}
    return Sources(others, config, reports)


def _is_report(path: str) -> bool:
    return path.startswith(f"{FOLDER}/{REPORTS}/")


def _slug_of(path: str) -> str:
    return path.removeprefix(f"{FOLDER}/{REPORTS}/").removesuffix(".md")


def _no_report(path: str) -> str:
    """Say why a file among the reports is none; empty where it is one."""
    slug = _slug_of(path)
    if not path.endswith(".md") or slug == "index":
        return (
            f"{FOLDER}/{REPORTS}/ holds reports, <slug>.md; pictures lie elsewhere under {FOLDER}/"
        )
    try:
        check_slug(slug)
    except InvalidError as error:
        return f"{error.message}: {error.hint}"
    return ""


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def _mistake(one: _Found) -> str:
    if one.kind == "file" and one.size <= MAX_FILE and _is_report(one.path):
        return _no_report(one.path)
    return _no_page(one)


def _no_page(one: _Found) -> str:
    *folders, name = one.path.split("/")
    if one.kind != "file":
        return "no regular file"
    if one.size > MAX_FILE:
        return f"{one.size} bytes, at most {MAX_FILE} are taken"
    if one.path == CONFIG:
        return ""
    if not all(_NAME.fullmatch(part) for part in (*folders, name)):
        return "a name on the site is made of A-Z a-z 0-9 . _ -"
    if (folders[1:] or [name])[0] in RESERVED:
        return "the name is taken by generated pages"
    if name.lower() == "readme.md" and not one.path.startswith(f"{FOLDER}/{MANUAL}"):
        return "a theme takes it for index.md: choose another name"
    if os.path.splitext(name)[1] not in KINDS:  # noqa: PTH122 - a name, not a path
        return f"only {', '.join(sorted(KINDS))} are taken"
    return ""
