"""A git repository: where it is, what it holds, read without changing anything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

from labrec.errors import (
    IntegrityError,
    InvalidError,
    LimitError,
    NotFoundError,
    UnsafeError,
    UsageError,
)
from labrec.gitio import objects as git_objects
from labrec.gitio.config import Config, read_user_config
from labrec.gitio.database import ObjectDatabase
from labrec.gitio.objects import Commit, TreeEntry, is_object_id
from labrec.gitio.refs import Refs, check_ref_name

if TYPE_CHECKING:
    from types import TracebackType

    from labrec.gitio.pack import Pack

_MIN_PREFIX = 4
_PART_MAX, _REVISION_MAX = 255, 2000  # bytes; a longer one is the name of no file, so of no ref
_COMMITS_KEPT = 16
_TREES_KEPT, _TREE_KEPT = 256, 256  # trees that are kept in memory, and entries of one of them
_KNOWN_EXTENSIONS = frozenset(
    {
        "noop", "noop-v1", "partialclone", "preciousobjects", "worktreeconfig",
        "objectformat", "refstorage", "compatobjectformat", "relativeworktrees",
    }
)  # fmt: skip


class GitRepository:
    """One repository, opened for reading.

    Every object read is re-hashed; replace refs and grafts are never looked at. Close it, or use
    it as a context manager.

    Args:
        git_dir: The worktree's git directory (``.git``, ``.git/worktrees/x``, a bare repository).
        worktree: The folder that is checked out, or None for a bare repository.
        alternates: Whether objects borrowed from other repositories may be read.
        config: The repository's configuration, where it was read and found supported before.

    Attributes:
        git_dir: As given, absolute.
        common_dir: The directory that all worktrees share: objects, refs, ``labrec/``.
        worktree: As given, absolute, or None.
    """

    def __init__(
        self,
        git_dir: Path,
        worktree: Path | None,
        *,
        alternates: bool = True,
        config: Config | None = None,
    ) -> None:
        self.git_dir = git_dir
        self.common_dir = _common_dir(git_dir)
        self.worktree = worktree
        self._config = config
        self._user: Config | None = None
        self._alternates = alternates
        self._commits: dict[str, Commit] = {}  # read and re-hashed before
        self._trees: dict[str, tuple[TreeEntry, ...]] = {}  # likewise
        if config is None:
            _check_supported(self.common_dir, self.config)
        self.database = ObjectDatabase(self.common_dir / "objects", alternates=alternates)
        self._refs = Refs(git_dir, self.common_dir)

    # -- finding

    @classmethod
    def discover(cls, start: Path | None = None) -> GitRepository:
        """Find the repository that contains a folder.

        Args:
            start: Where to begin; None = the current folder, where ``GIT_DIR`` is honoured too.

        Raises:
            NotFoundError: No folder up to the root is inside a repository.
            InvalidError: The repository has a format that labrec does not read (SHA-256, reftable).
            UnsafeError: The repository belongs to another user and is not a safe directory.
        """
        named = os.environ.get("GIT_DIR") if start is None else None
        if named:
            git_dir = Path(named).absolute()
            tree = os.environ.get("GIT_WORK_TREE")
            worktree = Path(tree).absolute() if tree else None
            return cls._opened(git_dir, worktree or _configured_worktree(git_dir, Path.cwd()))
        folder = Path(start or Path.cwd()).absolute()
        ceilings = os.environ.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep)
        for place in (folder, *folder.parents):
            if place != folder and str(place) in ceilings:
                break
            found = _git_dir_at(place)
            if found is not None:
                return cls._opened(found, _configured_worktree(found, place))
            if _is_git_dir(place):
                return cls._opened(place, _configured_worktree(place, None))
        raise NotFoundError(
            f"{folder} is not inside a git repository",
            hint="Run labrec init there to make one.",
            paths=[folder],
        )

    @classmethod
    def open(cls, path: Path, *, alternates: bool = True) -> GitRepository:
        """Open the repository at exactly ``path``: a worktree's folder or a git directory.

        Raises:
            NotFoundError: There is no repository.
            InvalidError: The repository has a format that labrec does not read.
            UnsafeError: The repository belongs to another user and is not a safe directory.
        """
        path = Path(path).absolute()
        found = _git_dir_at(path)
        if found is not None:
            worktree = _configured_worktree(found, path)
            return cls._opened(found, worktree, alternates=alternates)
        if _is_git_dir(path):
            worktree = _configured_worktree(path, path.parent if path.name == ".git" else None)
            return cls._opened(path, worktree, alternates=alternates)
        raise NotFoundError(
            f"{path} is not a git repository",
            hint="Run labrec init there to make one.",
            paths=[path],
        )

    @classmethod
    def _opened(
        cls, git_dir: Path, worktree: Path | None, *, alternates: bool = True
    ) -> GitRepository:
        if not _is_git_dir(git_dir):
            raise NotFoundError(f"{git_dir} is not a git repository", paths=[git_dir])
        repository = cls(git_dir, worktree, alternates=alternates)
        repository._check_owner()
        return repository

    def strict(self) -> GitRepository:
        """Open the same repository once more, reading nothing borrowed from other repositories."""
        return GitRepository(self.git_dir, self.worktree, alternates=False)

    def reopen(self) -> GitRepository:
        """Open the same repository once more with no object and no ref cached."""
        return GitRepository(
            self.git_dir, self.worktree, alternates=self._alternates, config=self.config
        )

    def rest(self) -> None:
        """Release every file until the next read."""
        self.database.rest()

    def close(self) -> None:
        """Release every file."""
        self.database.close()
        self._trees.clear()
        self._commits.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- facts

    @property
    def is_bare(self) -> bool:
        """Whether nothing is checked out here."""
        return self.worktree is None

    @property
    def is_shallow(self) -> bool:
        """Whether history was cut off by a shallow clone."""
        return (self.common_dir / "shallow").exists()

    @property
    def shallow_commits(self) -> frozenset[str]:
        """The commits whose parents a shallow clone left out."""
        try:
            text = (self.common_dir / "shallow").read_text("ascii", "replace")
        except FileNotFoundError:
            return frozenset()
        return frozenset(text.split())

    @property
    def head_branch(self) -> str | None:
        """The full name of HEAD's branch (it may be unborn), or None when HEAD is detached."""
        return self._refs.head_branch()

    @property
    def head_commit(self) -> str | None:
        """The commit HEAD is on, or None on an unborn branch."""
        return self._refs.read("HEAD")

    @property
    def config(self) -> Config:
        """The repository's own configuration, read once."""
        if self._config is None:
            config = Config().read(self.common_dir / "config")
            if config.flag("extensions.worktreeconfig"):
                config.read(self.git_dir / "config.worktree")
            self._config = config
        return self._config

    def setting(self, key: str) -> str | None:
        """Return a git setting of the repository, else of the user, else None."""
        value = self.config.get(key)
        if value is None:
            if self._user is None:
                self._user = read_user_config()
            value = self._user.get(key)
        return value

    def checked_out(self) -> dict[str, Path]:
        """Return the branches that worktrees have checked out, with the worktree's git dir."""
        found: dict[str, Path] = {}
        folders = [self.common_dir]
        listing = self.common_dir / "worktrees"
        if listing.is_dir():
            folders += sorted(folder for folder in listing.iterdir() if folder.is_dir())
        for folder in folders:
            branch = Refs(folder, self.common_dir).head_branch()
            if branch is not None and not (folder == self.common_dir and self._main_is_bare()):
                found.setdefault(branch, folder)
        return found

    def _main_is_bare(self) -> bool:
        return self.config.flag("core.bare") is True

    # -- refs

    def read_ref(self, name: str) -> str | None:
        """Return the object that ``name`` (``HEAD`` or a full ref name) leads to, or None."""
        return self._refs.read(name)

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Return the refs whose full name begins with ``prefix`` (ending in ``/``), by name."""
        return self._refs.list(prefix)

    def ref_path(self, name: str) -> Path:
        """Return where a ref's loose file is or would be."""
        return self._refs.path(name)

    def resolve(self, revision: str) -> str:
        """Return the commit that a revision names: an object name, a short one, a ref, ``HEAD``.

        Raises:
            NotFoundError: Nothing has that name.
            UsageError: A short name fits several objects.
        """
        from labrec.gitio.command import rev_parse  # only for git's own revision language

        sha = None
        parts = [len(os.fsencode(part)) for part in revision.split("/")]
        if max(parts) <= _PART_MAX and sum(parts) <= _REVISION_MAX:
            sha = self._lookup(revision) or rev_parse(self, revision)
        if sha is None:
            raise NotFoundError(
                f"{revision} names no commit here",
                hint="Give a branch, tag or commit id that git log shows.",
                paths=[revision],
            )
        return self.peel(sha)

    def _lookup(self, revision: str) -> str | None:
        if revision == "HEAD":
            return self.head_commit
        for prefix in ("", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"):
            if check_ref_name(prefix + revision):
                sha = self.read_ref(prefix + revision)
                if sha is not None:
                    return sha
        if is_object_id(revision):
            return revision
        text = revision.lower()
        if _MIN_PREFIX <= len(text) < 40 and not text.strip("0123456789abcdef"):  # noqa: PLR2004
            fits = [sha for sha in self.database.with_prefix(text) if self._is_commitish(sha)]
            if len(fits) > 1:
                raise UsageError(f"{revision} fits several commits: " + ", ".join(fits))
            return fits[0] if fits else None
        return None

    def _is_commitish(self, sha: str) -> bool:
        return self.database.header(sha)[0] in ("commit", "tag")

    def peel(self, sha: str) -> str:
        """Follow annotated tags from ``sha`` to the commit.

        Raises:
            NotFoundError: The object is no commit.
        """
        for _ in range(8):
            kind, data = self.read_object(sha)
            if kind == "commit":
                return sha
            if kind != "tag":
                break
            sha = git_objects.parse_tag_target(data, sha)
        raise NotFoundError(f"{sha} is no commit", hint="Name a commit.", paths=[sha])

    def compare_and_swap(self, ref: str, old: str | None, new: str, *, wait: float = 30.0) -> bool:
        """Set a ref to ``new`` if it is at ``old`` (None = absent), durable when this returns.

        Returns:
            Whether the ref was at ``old``; if not, nothing was changed.

        Raises:
            BusyError: Somebody held the ref's lock for ``wait`` seconds.
            UnsafeError: The ref is a branch that a worktree has checked out.
            StorageError: A folder stands where the ref's file should be.
            OSError: The disk is full or failing.
        """
        from labrec.gitio.ref_writer import compare_and_swap, refuse_checked_out  # to write only

        refuse_checked_out(self, ref)
        return compare_and_swap(self, ref, old, new, wait=wait)

    # -- objects

    def read_object(self, sha: str) -> tuple[str, bytes]:
        """Return ``(kind, bytes)`` of an object, re-hashed.

        Raises:
            NotFoundError: There is no such object.
            IntegrityError: Its bytes are not what its name says.
            LimitError: It is too large for memory; :meth:`open_blob` streams it.
        """
        return self.database.read(sha)

    def object_header(self, sha: str) -> tuple[str, int]:
        """Return ``(kind, size in bytes)`` of an object without reading it.

        Raises:
            NotFoundError: There is no such object.
        """
        return self.database.header(sha)

    def has_object(self, sha: str) -> bool:
        """Whether an object is stored; its bytes are not looked at."""
        return self.database.has(sha)

    def read_commit(self, sha: str) -> Commit:
        """Return a commit.

        Raises:
            NotFoundError: There is no such object.
            IntegrityError: It is no commit, or damaged.
        """
        commit = self._commits.get(sha)
        if commit is None:
            kind, data = self.read_object(sha)
            _expect(kind, "commit", sha)
            commit = git_objects.parse_commit(data, sha)
            if len(self._commits) >= _COMMITS_KEPT:
                self._commits.clear()
            self._commits[sha] = commit
        return commit

    def tree(self, sha: str) -> tuple[TreeEntry, ...]:
        """Return the entries of a tree; the empty tree need not be stored.

        Raises:
            NotFoundError: There is no such object.
            IntegrityError: It is no tree, or damaged.
        """
        if sha == git_objects.EMPTY_TREE:
            return ()
        known = self._trees.get(sha)
        if known is not None:
            return known
        kind, data = self.read_object(sha)
        _expect(kind, "tree", sha)
        entries = git_objects.parse_tree(data, sha)
        if len(entries) <= _TREE_KEPT:
            if len(self._trees) >= _TREES_KEPT:
                self._trees.clear()
            self._trees[sha] = entries
        return entries

    def read_blob(self, sha: str) -> bytes:
        """Return a blob's bytes.

        Raises:
            NotFoundError: There is no such object.
            IntegrityError: It is no blob, or damaged.
            LimitError: It is too large for memory.
        """
        kind, data = self.read_object(sha)
        _expect(kind, "blob", sha)
        return data

    def open_blob(self, sha: str) -> BinaryIO:
        """Return a stream over a blob in bounded memory; reading to the end checks its name.

        Raises:
            NotFoundError: There is no such object.
            LimitError: It is a delta of more than 512 MiB and there is no git command line.
        """
        try:
            return self.database.open(sha)
        except LimitError:
            from labrec.gitio.command import open_blob  # the rare way: git itself streams it

            return open_blob(self, sha)

    def entry_at(self, tree: str, path: str) -> TreeEntry | None:
        """Return the entry at ``path`` (``a/b/c``) below a tree, or None.

        Raises:
            NotFoundError: A tree on the way is not stored.
        """
        entry: TreeEntry | None = None
        for part in path.split("/"):
            if entry is not None:
                if not entry.is_tree:
                    return None
                tree = entry.sha
            for each in self.tree(tree):
                if each.name == part:
                    entry = each
                    break
            else:
                return None
        return entry

    def read_path(self, commit: str, path: str) -> bytes | None:
        """Return the bytes of a regular file in a commit, or None where there is none."""
        entry = self.entry_at(self.read_commit(commit).tree, path)
        return self.read_blob(entry.sha) if entry is not None and entry.is_file else None

    def packs(self) -> list[Pack]:
        """Return the repository's packs, newest first."""
        return self.database.packs()

    # -- ownership

    def _check_owner(self) -> None:
        """Refuse what git itself refuses: a repository of another user (safe.directory)."""
        if not hasattr(os, "geteuid"):
            return
        mine = {os.geteuid()}
        sudo = os.environ.get("SUDO_UID", "")
        if 0 in mine and sudo.isdigit():
            mine.add(int(sudo))
        place = self.worktree or self.git_dir
        strange = [p for p in (self.git_dir, place) if p.stat().st_uid not in mine]
        if not strange:
            return
        user = read_user_config().read(Path("/etc/gitconfig"))
        safe = user.all("safe.directory")
        if "" in safe:  # an empty value forgets those before it
            safe = safe[len(safe) - safe[::-1].index("") :]
        if "*" in safe or {str(place), str(place.resolve())} & set(safe):
            return
        raise UnsafeError(
            f"{place} belongs to another user",
            hint=f"If you trust it: git config --global --add safe.directory {place}",
            paths=strange,
        )


def _expect(kind: str, wanted: str, sha: str) -> None:
    if kind != wanted:
        raise IntegrityError(f"{sha} is a {kind}, not a {wanted}", paths=[sha])


def _git_dir_at(folder: Path) -> Path | None:
    """Return the git directory of the worktree at ``folder``: a folder, or a ``gitdir:`` file."""
    place = folder / ".git"
    try:
        if place.is_dir():
            return place if _is_git_dir(place) else None
        if not place.is_file():  # nor anything that opening would wait for
            return None
        text = place.read_bytes()[:4096]
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    if not text.startswith(b"gitdir: "):
        return None
    target = folder / os.fsdecode(text[8:].rstrip(b"\r\n"))
    return Path(os.path.normpath(target))


def _is_git_dir(path: Path) -> bool:
    # Asked of every folder upwards and several times a run: text is cheaper than a Path.
    common = _common_dir(path)
    return (
        os.path.isfile(f"{path}/HEAD")
        and os.path.isdir(f"{common}/objects")
        and os.path.isdir(f"{common}/refs")
    )


def _common_dir(git_dir: Path) -> Path:
    try:
        with open(f"{git_dir}/commondir", encoding="utf-8", errors="surrogateescape") as file:
            text = file.read().rstrip("\n")
    except (FileNotFoundError, NotADirectoryError):
        return git_dir
    return Path(os.path.normpath(git_dir / text))


def _configured_worktree(git_dir: Path, found: Path | None) -> Path | None:
    """Return the worktree: ``core.worktree`` where it is set, none when bare, else ``found``."""
    common = _common_dir(git_dir)
    if common != git_dir:  # a linked worktree says itself where it is
        try:
            back = (git_dir / "gitdir").read_text("utf-8", "surrogateescape").rstrip("\n")
        except FileNotFoundError:
            return found
        return Path(os.path.normpath(git_dir / back)).parent if found is None else found
    config = Config().read(git_dir / "config")
    if config.flag("core.bare"):
        return None
    named = config.get("core.worktree")
    return Path(os.path.normpath(git_dir / named)) if named else found


def _check_supported(common_dir: Path, config: Config) -> None:
    names = {
        "a SHA-256 repository": config.get("extensions.objectformat") not in (None, "sha1"),
        "a reftable repository": config.get("extensions.refstorage") not in (None, "files"),
    }
    for what, found in names.items():
        if found:
            raise InvalidError(
                f"{common_dir} is {what}, which labrec does not write yet",
                hint='Use a lab of its own: labrec init ../lab, and lab = "../lab" here.',
                paths=[common_dir],
            )
    for name in config.names("extensions."):
        if name.split(".", 1)[1] not in _KNOWN_EXTENSIONS:
            raise InvalidError(
                f"{common_dir} uses the git extension {name}, which labrec does not know",
                hint="Use a lab of its own: labrec init ../lab.",
                paths=[common_dir / "config"],
            )
