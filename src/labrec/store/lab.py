"""A lab: the repository that holds records, found from where one stands.

The lab is the repository around the current folder whose base commit holds ``labrec.toml``, or
another one that a ``lab = "…"`` line or ``LABREC_LAB`` points at.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

from labrec import settings as lab_settings
from labrec.errors import InvalidError, LabrecError, NotFoundError, StorageError
from labrec.gitio.durable import make_folder, remove, sync_folder, write_new
from labrec.gitio.repository import GitRepository
from labrec.record.digest import Digest
from labrec.record.layout import object_path
from labrec.settings import FILE_NAME, Settings
from labrec.store.base import find_base

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from labrec.store.commits import Addition, Receipt, RecordRef
    from labrec.store.view import View

STATE = "labrec"
BARE = "This repository is bare: clone it, run labrec init in the clone, then git push."
_CLONE_ID = "clone_id"
_CLONE_ID_LENGTH = 16
# File systems whose locks and renames other hosts share, so that "alive" cannot be told.
_NETWORK = frozenset(
    {
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs",
        "glusterfs", "orangefs", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph-fuse", "fuse.s3fs",
        "fuse.rclone", "ncpfs", "coda",
    }
)  # fmt: skip


class Lab:
    """One lab, open. Close it, or use it as a context manager.

    Args:
        git: The lab's repository.
        settings: From ``labrec.toml`` of the base commit and the environment; ``lab_id`` is ``""``
            where the repository has no commit yet.

    Attributes:
        git: As given.
        settings: As given.
        lab_id: 32 hex digits, or ``""``.
        root: The worktree's folder; the git directory of a bare repository.
        state_dir: The clone's own folder, ``labrec`` in the common git directory.
    """

    def __init__(self, git: GitRepository, settings: Settings) -> None:
        self.git = git
        self.settings = settings
        self.lab_id = settings.lab_id
        self.root = git.worktree or git.git_dir
        self.state_dir = git.common_dir / STATE
        self._clone_id = ""
        self._spool_root: Path | None = None

    @classmethod
    def open(
        cls,
        start: Path | None = None,
        *,
        settings: Settings | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Lab:
        """Find and open the lab of a folder.

        A repository without any commit opens as a lab that cannot be committed to yet.

        Args:
            start: Where to begin; None = the current folder.
            settings: Used as they are, instead of those of the lab and the environment; only an
                empty ``lab_id`` is filled in from ``labrec.toml``.
            environ: The environment whose ``LABREC_*`` names count; None = the process's.

        Raises:
            NotFoundError: No lab is there.
            InvalidError: ``labrec.toml`` is invalid, or the repository's format is not supported.
            UnsafeError: The repository belongs to another user and is not a safe directory.
        """
        environ = os.environ if environ is None else environ
        named = settings.lab if settings is not None else environ.get("LABREC_LAB", "")
        if named:
            git, toml = _pointed(absolute(start), named)
        else:
            git, toml = _walk(start)
        try:
            if settings is None:
                settings = _settings(git, toml, environ)
            elif toml is not None and not settings.lab_id:
                settings = settings._replace(lab_id=lab_settings.load(toml, {}).lab_id)
            return cls(git, settings)
        except BaseException:
            git.close()
            raise

    def close(self) -> None:
        """Release the repository's files."""
        self.git.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def has_base(self) -> bool:
        """Whether there is a commit that records can be added to."""
        return find_base(self.git, self.settings).commit is not None

    @property
    def clone_id(self) -> str:
        """The 64 random bits (16 hex digits) that name this clone, drawn on first use.

        Raises:
            StorageError: They cannot be kept.
        """
        if not self._clone_id:
            self._clone_id = _keep_clone_id(self.state_dir)
        return self._clone_id

    @property
    def spool_root(self) -> Path:
        """Where live runs write: in the common git directory, else in the user's state folder."""
        if self._spool_root is None:
            self._spool_root = _find_spool_root(self)
        return self._spool_root

    @property
    def spool_roots(self) -> list[Path]:
        """Every folder that may hold spools: the one new runs go to, and the others.

        Runs that were kept in the user's state folder while the git directory could not be written
        are found there also when it can be written again.
        """
        roots = [self.spool_root, self.state_dir / "spool", *_state_folders(self)]
        return list(dict.fromkeys(roots))

    @property
    def has_spools(self) -> bool:
        """Whether any of these folders holds anything: a cheap question before a dear one."""
        for root in self.spool_roots:
            with contextlib.suppress(OSError), os.scandir(root) as entries:
                if any(True for _ in entries):
                    return True
        return False

    @property
    def record_ref(self) -> RecordRef:
        """The ref that this clone's records are committed to."""
        from labrec.store.commits import RecordRef  # only when a run ends

        return RecordRef(self.git, self.state_dir, self.clone_id, self.settings)

    def commit(
        self,
        additions: Sequence[Addition],
        subject: str,
        trailers: Mapping[str, str] | None = None,
        *,
        needs: Sequence[str] = (),
    ) -> Receipt:
        """Add files to the lab; when this returns they are durable and were read back.

        Args:
            additions: 1 to 1,000 documents, and the objects they refer to.
            subject: One line for people.
            trailers: Further lines for people, such as ``Run-Id``.
            needs: Paths of objects that the additions refer to and the lab must hold already.

        Raises:
            AbsentError: It does not hold one of ``needs``; nothing was changed.
            BusyError: A lock was held longer than ``store.lock_wait``.
            IntegrityError: Bytes do not match their name, or a path holds other bytes.
            NotFoundError: There is no lab to commit to yet; ``labrec init`` makes it.
            StorageError: The disk is full, read-only or failing.
            UnsafeError: A path is no place for records.
        """
        return self.record_ref.commit(additions, subject, trailers or {}, needs)

    def holds(self) -> Callable[[str], bool]:
        """Return a test of whether the record ref holds an object now, by its sha256 (64 hex).

        A commit that counts on the answer says so by ``needs``: the ref may move meanwhile.

        Raises:
            NotFoundError: There is no commit yet.
            StorageError: The clone's id cannot be kept.
        """
        tree = self.record_ref.tip().tree

        def held(name: str) -> bool:
            try:
                return self.git.entry_at(tree, object_path(Digest(name))) is not None
            except LabrecError:
                return False  # damaged: what is kept once more does no harm

        return held

    def view(self, at: str | None = None) -> View:
        """Read the lab: the base commit united with the record refs.

        Args:
            at: A revision to read alone, without record refs.

        Raises:
            NotFoundError: ``at`` names nothing.
            IntegrityError: A commit or tree cannot be read.
        """
        from labrec.store.view import open_view  # recording needs no view

        return open_view(self, at)

    def clear_leftovers(self) -> list[str]:
        """Remove locks and temporary files of labrec processes that died; return their names.

        Raises:
            BusyError: A writer held the lock all the time.
            StorageError: They cannot be removed.
        """
        return self.record_ref.clear_leftovers() if self.state_dir.is_dir() else []


def absolute(start: Path | None) -> Path:
    """Return where a search begins; the current folder when nobody said.

    Raises:
        NotFoundError: The current folder was removed.
    """
    try:
        return (start or Path()).absolute()
    except FileNotFoundError as error:
        raise NotFoundError(
            "the current folder is not there any more",
            hint="Change to another one, or name the lab's with labrec -C DIR.",
        ) from error


def _pointed(start: Path, named: str) -> tuple[GitRepository, bytes | None]:
    """Open the repository that ``LABREC_LAB`` or ``lab = …`` names."""
    place = Path(os.path.normpath(start / os.path.expanduser(named)))  # ~nobody stays as it is
    try:
        git = GitRepository.open(place)
    except NotFoundError as error:
        raise NotFoundError(
            f"{place} is no lab",
            hint=f"Run labrec init {named}, or correct LABREC_LAB or lab = in {FILE_NAME}.",
            paths=[place],
        ) from error
    toml = _committed_toml(git)
    if toml is None and git.head_commit is not None:
        git.close()
        raise _no_lab(place)
    return git, toml


def _walk(start: Path | None) -> tuple[GitRepository, bytes | None]:
    """Return the innermost repository around a folder that is a lab or points at one."""
    unborn: GitRepository | None = None
    place = absolute(start)
    first, at = place, start
    while True:
        try:
            git = GitRepository.discover(at)
        except NotFoundError:
            break
        toml = _committed_toml(git)
        pointer = _pointer(git, toml)
        if pointer:
            root = git.worktree or git.git_dir
            git.close()
            return _pointed(root, pointer)
        if toml is not None:
            if unborn is not None:
                unborn.close()
            return git, toml
        if git.head_commit is None and unborn is None:
            unborn = git
        else:
            git.close()
        top = git.worktree or git.git_dir
        if top == top.parent or not place.is_relative_to(top):
            break
        place = at = top.parent
    if unborn is not None:
        return unborn, None
    raise _no_lab(first)


def _no_lab(place: Path) -> NotFoundError:
    hint = "Run labrec init; if the file is there, commit it."
    try:
        with GitRepository.discover(place) as git:
            if git.worktree is None:
                hint = BARE
    except LabrecError:
        pass
    return NotFoundError(
        f"{place} is in no lab: no base commit there holds {FILE_NAME}",
        hint=hint,
        paths=[place],
    )


def _committed_toml(git: GitRepository) -> bytes | None:
    commit = git.head_commit
    return git.read_path(commit, FILE_NAME) if commit is not None else None


def _pointer(git: GitRepository, committed: bytes | None) -> str:
    """Return where the repository says its lab is; its worktree may say so uncommitted."""
    toml = committed
    if git.worktree is not None:
        try:
            toml = (git.worktree / FILE_NAME).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            toml = committed
        except OSError as error:
            raise StorageError(
                f"cannot read {git.worktree / FILE_NAME}: {error.strerror}",
                paths=[git.worktree / FILE_NAME],
            ) from error
    if toml is None or b"lab" not in toml.replace(b"lab_id", b""):
        return ""  # most labs: nothing to parse
    try:
        return lab_settings.load(toml, {}, origin=str(git.worktree or "") + "/" + FILE_NAME).lab
    except InvalidError:
        if toml is committed:
            raise
        return ""  # an edit in progress does not stop recording: the base commit counts


def _settings(git: GitRepository, toml: bytes | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings of the base commit: HEAD's file may name another branch as the base."""
    settings = lab_settings.load(toml, environ, origin=f"HEAD:{FILE_NAME}")
    if settings.base:
        base = find_base(git, settings)
        if base.commit is not None and base.commit != git.head_commit:
            there = git.read_path(base.commit, FILE_NAME)
            if there is not None and there != toml:
                settings = lab_settings.load(there, environ, origin=f"{base.ref}:{FILE_NAME}")
    return settings


def _keep_clone_id(state: Path) -> str:
    path = state / _CLONE_ID
    found = _read_clone_id(path)
    if found:
        return found
    try:
        make_folder(state)
        prepared = state / f"{_CLONE_ID}.{os.getpid()}-{os.urandom(4).hex()}.tmp"
        write_new(prepared, f"{os.urandom(_CLONE_ID_LENGTH // 2).hex()}\n".encode())
        try:
            os.link(prepared, path)
        except FileExistsError:
            if not _read_clone_id(path):  # damaged: a name is worth less than the next record
                os.rename(prepared, path)
        except OSError:  # a file system without hard links
            os.rename(prepared, path)
        finally:
            remove(prepared)
        sync_folder(state)
    except OSError as error:
        raise StorageError(
            f"cannot write to {state}: {error.strerror}",
            hint="Recording needs to write into the git directory of the lab.",
            paths=[state],
        ) from error
    return _read_clone_id(path)


def _read_clone_id(path: Path) -> str:
    try:
        text = path.read_text("ascii", "replace").strip()
    except OSError:
        return ""
    hexadecimal = len(text) == _CLONE_ID_LENGTH and not text.strip("0123456789abcdef")
    return text if hexadecimal else ""


def _find_spool_root(lab: Lab) -> Path:
    own = lab.state_dir / "spool"
    if is_writable(lab.state_dir) and file_system(lab.git.common_dir) not in _NETWORK:
        return own
    return next(iter(_state_folders(lab)), own)


def _state_folders(lab: Lab) -> list[Path]:
    """Return the lab's folders in the user's state: by its id, and by its place from before."""
    home = lab_settings.state_home(os.environ)
    if home is None:
        return []
    # One folder a lab, so that recovering one lab never commits another's runs.
    place = hashlib.sha256(os.fsencode(lab.git.common_dir)).hexdigest()[:32]
    names = [lab.lab_id, place] if lab.lab_id else [place]
    return [home / "spool" / name for name in names]


def is_writable(folder: Path) -> bool:
    """Whether files can be made in a folder, or the folder itself can be made."""
    while not folder.exists():
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK)


def file_system(folder: Path) -> str:
    """Return the type of file system a folder is on (``ext4``, ``nfs4`` …); ``""`` = unknown."""
    try:
        device = folder.stat().st_dev
        mounts = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
    except OSError:
        return ""
    wanted = f" {os.major(device)}:{os.minor(device)} "
    for line in mounts.splitlines():
        if wanted in line:
            kind = line.partition(" - ")[2].split(" ", 1)[0]
            if kind:
                return kind
    return ""
