"""Making a lab: a git repository if there is none, its first files, and one commit of just those.

What the user has staged or changed stays as it is: the commit is built from objects, and the
index gains exactly the files that are new.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from labrec import settings as lab_settings
from labrec.errors import InvalidError, LabrecError, NotFoundError, UsageError
from labrec.gitio import command
from labrec.gitio.durable import sync_file_system
from labrec.gitio.index_writer import stage
from labrec.gitio.objects import EMPTY_TREE, Commit, object_id
from labrec.gitio.repository import GitRepository
from labrec.gitio.tree_writer import add_files
from labrec.gitio.worktree import tracked_files
from labrec.record import layout
from labrec.settings import FILE_NAME, Settings
from labrec.store.branches import add_commit, user_signature
from labrec.store.lab import absolute
from labrec.store.storage import storage_error

if TYPE_CHECKING:
    from collections.abc import Mapping

ATTRIBUTES_PATH = layout.ATTRIBUTES
ATTRIBUTES = b"** -text -filter -ident\nlfs/** filter=lfs diff=lfs merge=lfs -text\n"
_IGNORE = ".gitignore"
_BUILD = "build/"
_MESSAGE = "Start a lab\n"

_TOML = """\
# Settings of this lab; docs/settings.md explains them. The lab is known by its lab_id: keep it.
lab_id = "{lab_id}"

# base = "main"            # the branch that holds the accepted records; default: HEAD's
# project = ""             # the project of runs that name none; default: the folder's name
# identity = "labrec"      # who record commits are by: "labrec" (a pseudonym) or "git"
# author = ""              # whom records name; default: nobody, or git's user.name with "git" above

[capture]
# level = "standard"       # how much environment a run captures: "basic" or "standard"
# log = "auto"             # which output is kept: "auto", "tee" or "none"
# telemetry_interval = 1.0 # seconds between two samples; 0 switches telemetry off
# untracked = []           # patterns of untracked files that belong to the code of a run
# environment_variables = []  # further variables whose values may be stored
# max_artifact = "2GB"     # larger artifacts keep their digest only

[secrets]
# policy = "refuse"        # or "redact"
# allow = []               # sha256 of strings that look like secrets and are none

[store]
# lock_wait = 30           # seconds to wait for another writer
"""

_INDEX = """\
# {title}

This is the front page of the lab's site. Say here what the lab is about: the question, the
people, how to read the results. The pages of runs and hypotheses are made from the records.
"""

_MKDOCS = """\
site_name: {title}
docs_dir: site
site_dir: build/labrec/site
"""


class InitReport(NamedTuple):
    """What making a lab did; truthy when there is a lab now.

    Attributes:
        root: The lab's folder (the git directory of a bare repository).
        lab_id: 32 hex digits.
        commit: The commit that made it a lab, or the one found where it was one already.
        created: The files that were written and committed.
        made_repository: Whether a git repository was made too.
        existed: Whether it was a lab before.
        notes: What the user should know, one sentence each.
    """

    root: Path
    lab_id: str
    commit: str
    created: tuple[str, ...]
    made_repository: bool
    existed: bool
    notes: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.commit)

    def to_json(self) -> dict[str, object]:
        """Return the report as ``--json`` prints it."""
        return self._asdict() | {"root": str(self.root)}


def init(folder: Path) -> InitReport:
    """Make a folder a lab; a lab stays as it is.

    Args:
        folder: A worktree's top folder, or a folder that is in no repository (made if missing).

    Raises:
        UsageError: The folder is a file, inside another repository, bare, or its files are in
            the way.
        InvalidError: The repository's format is not supported, or ``labrec.toml`` is invalid.
        StorageError: Something cannot be written, or git is missing or refuses.
        UnsafeError: The repository belongs to another user.
    """
    folder = Path(os.path.normpath(absolute(folder)))
    made = False
    try:
        git = _repository_at(folder)
        if git is None:
            git, made = _make_repository(folder), True
        with git:
            try:
                return _init(git, made)
            except BaseException:
                if made and _is_at(git, git.head_branch, None):
                    shutil.rmtree(git.git_dir, ignore_errors=True)
                raise
    except OSError as error:
        raise storage_error(
            error, folder, retry="run labrec init again", kept="nothing was changed"
        ) from error


def _repository_at(folder: Path) -> GitRepository | None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file", hint="Name a folder.", paths=[folder])
    place = folder
    while not place.exists():
        place = place.parent
    try:
        git = GitRepository.discover(place)
    except NotFoundError:
        return None
    if git.worktree is None:
        raise UsageError(
            f"{git.git_dir} is a bare repository",
            hint="Clone it, run labrec init in the clone, then git push.",
            paths=[git.git_dir],
        )
    if git.worktree.resolve() != folder.resolve():
        if folder.is_dir() and any(folder.iterdir()):
            inside = "its files belong to that repository"
        else:
            inside = "a lab of its own goes outside"
        raise UsageError(
            f"{folder} is inside the repository {git.worktree}: {inside}",
            hint=f"Run labrec init {git.worktree} to make that repository the lab.",
            paths=[folder, git.worktree],
        )
    return git


def _make_repository(folder: Path) -> GitRepository:
    if folder.is_dir() and _looks_odd(folder):
        raise UsageError(
            f"{folder} is no place for a lab",
            hint="Name a folder of its own, such as labrec init lab.",
            paths=[folder],
        )
    folder.mkdir(parents=True, exist_ok=True)
    command.make_repository(folder)
    sync_file_system(folder)  # git does not: HEAD and config could come back empty
    return GitRepository.open(folder)


def _looks_odd(folder: Path) -> bool:
    """Whether a folder is a home or holds homes: a repository there would swallow everything."""
    home = Path(os.environ.get("HOME") or "/root").resolve()
    place = folder.resolve()
    return place in (home, Path("/"), Path("/tmp")) or home.is_relative_to(place)  # noqa: S108


def _init(git: GitRepository, made: bool) -> InitReport:
    root = git.worktree
    if root is None:  # _repository_at refuses bare repositories
        raise UsageError(f"{git.git_dir} is bare")
    head = git.head_commit
    committed = git.read_path(head, FILE_NAME) if head is not None else None
    if committed is not None and head is not None:
        settings = lab_settings.load(committed, {}, origin=f"HEAD:{FILE_NAME}")
        if settings.lab:
            raise UsageError(
                f"{root} keeps its records in another lab: {settings.lab}",
                hint=f"Remove lab = from {FILE_NAME} to make it a lab itself.",
                paths=[root / FILE_NAME],
            )
        if settings.lab_id:
            _stage_again(git, root, head)
            return InitReport(root, settings.lab_id, head, (), made, True, _notes(git, settings))
    branch = git.head_branch
    if branch is None:
        raise UsageError(
            "HEAD is detached: there is no branch to commit the lab's files on",
            hint="Run git switch BRANCH first.",
            paths=[git.git_dir],
        )
    files = _files(git, root)
    lab_id = lab_settings.load(files[FILE_NAME], {}, origin=str(root / FILE_NAME)).lab_id
    new = _missing(git, head, files)
    _check_places(root, new)
    before = {root / name: _read(root / name) for name in new}
    try:
        _write(root, new)
        commit = _commit(git, branch, head, new)
    except BaseException:
        if _is_at(git, branch, head):  # else it is a lab, whatever failed after that
            _take_back(root, before)
        raise
    for place in (root, git.common_dir):  # the files, and the index that git wrote
        sync_file_system(place)
    notes = _notes(git, Settings(lab_id=lab_id))
    return InitReport(root, lab_id, commit, tuple(new), made, False, notes)


def _files(git: GitRepository, root: Path) -> dict[str, bytes]:
    """Return the files of a lab, taking over what the user wrote already."""
    title = root.name or "Lab"
    files = {
        FILE_NAME: _TOML.format(lab_id=os.urandom(16).hex()).encode(),
        ATTRIBUTES_PATH: ATTRIBUTES,
        "site/index.md": _INDEX.format(title=title).encode(),
        "mkdocs.yml": _MKDOCS.format(title=_yaml_text(title)).encode(),
    }
    own = _read(root / FILE_NAME)
    if own is not None:
        settings = lab_settings.load(own, {}, origin=str(root / FILE_NAME))
        if settings.lab:
            raise UsageError(
                f"{root / FILE_NAME} points at another lab: {settings.lab}",
                hint="Remove that line to make this repository a lab itself.",
                paths=[root / FILE_NAME],
            )
        if settings.lab_id:
            files[FILE_NAME] = own
        else:  # settings without a lab: the id goes on top
            files[FILE_NAME] = f'lab_id = "{os.urandom(16).hex()}"\n'.encode() + own
    for name in ("site/index.md", "mkdocs.yml"):
        files[name] = _read(root / name) or files[name]
    attributes = _read(root / ATTRIBUTES_PATH)
    if attributes and attributes != ATTRIBUTES:  # empty: a power cut took its content
        raise InvalidError(
            f"{root / ATTRIBUTES_PATH} is not what a lab needs",
            hint="Move it away: records must be stored byte for byte.",
            paths=[root / ATTRIBUTES_PATH],
        )
    ignore = _read(root / _IGNORE) or b""
    head = git.head_commit
    ignore_there = (git.read_path(head, _IGNORE) if head is not None else None) or b""
    # Only our line is committed: what else the user changed in that file stays uncommitted.
    files[_IGNORE] = _with_line(ignore_there if head is not None else ignore)
    return files


def _missing(git: GitRepository, head: str | None, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files that the base commit does not hold yet (or holds without our line)."""
    if head is None:
        return dict(files)
    kept = {name: git.read_path(head, name) for name in files}
    replaced = (FILE_NAME, _IGNORE)
    return {
        name: data
        for name, data in files.items()
        if kept[name] is None or (name in replaced and kept[name] != data)
    }


def _check_places(root: Path, files: Mapping[str, bytes]) -> None:
    """Find what is in the way of the lab's files before the first of them is written."""
    for name in files:
        for place in (root / name, *(root / name).parents):
            if place == root:
                break
            if place.is_symlink():
                raise UsageError(
                    f"{root / name} is a link", hint="Lab files are plain files.", paths=[place]
                )
            if place.exists() and place.is_dir() != (place != root / name):
                raise UsageError(f"{place} is in the way", hint="Move it away.", paths=[place])


def _is_at(git: GitRepository, branch: str | None, head: str | None) -> bool:
    try:
        with git.reopen() as fresh:
            return branch is not None and fresh.read_ref(branch) == head
    except (OSError, LabrecError):
        return False  # not known: files too many harm less than files too few


def _take_back(root: Path, before: Mapping[Path, bytes | None]) -> None:
    """Make the lab's files what they were, after they could not be committed."""
    gone = [path for path, data in before.items() if data is None]
    for path in gone:  # first: the room may be needed
        with suppress(OSError):
            path.unlink(missing_ok=True)
            if path.parent != root:
                path.parent.rmdir()  # only where it is empty
    for path, data in before.items():
        if data is not None and _read(path) != data:
            with suppress(OSError):
                path.write_bytes(data)


def _write(root: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        path = root / name
        content = _with_line(_read(path) or b"") if name == _IGNORE else data
        if _read(path) == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _commit(git: GitRepository, branch: str, head: str | None, files: Mapping[str, bytes]) -> str:
    """Commit exactly these files on HEAD's branch; the index gains them and nothing else."""
    blobs = {name: object_id("blob", data) for name, data in files.items()}
    tree = git.read_commit(head).tree if head is not None else EMPTY_TREE
    grown = add_files(git.tree, tree, blobs, replace=True)
    objects = {blobs[name]: ("blob", data) for name, data in files.items()}
    objects |= {sha: ("tree", data) for sha, data in grown.trees.items()}
    staged = _staged_ignore(git, head) if _IGNORE in files else None
    if staged is not None:
        blobs[_IGNORE] = object_id("blob", staged)
        objects[blobs[_IGNORE]] = ("blob", staged)
    who = user_signature(git)
    parents = (head,) if head is not None else ()
    commit = Commit(grown.sha, parents, who, who, _MESSAGE)
    sha = add_commit(git, branch, head, commit, objects)
    stage(git, blobs)
    return sha


def _stage_again(git: GitRepository, root: Path, head: str) -> None:
    """Stage what an init that was killed between its commit and this had not staged.

    Without that the user's next commit would take the files of the lab away again.
    """
    commit = git.read_commit(head)
    if commit.message != _MESSAGE:
        return
    listed = {each.path for each in tracked_files(git)}
    names = (FILE_NAME, ATTRIBUTES_PATH, "site/index.md", "mkdocs.yml", _IGNORE)
    entries = {name: git.entry_at(commit.tree, name) for name in names if name not in listed}
    lost = {name: e.sha for name, e in entries.items() if e is not None and (root / name).exists()}
    if lost:
        stage(git, lost)


def _staged_ignore(git: GitRepository, head: str | None) -> bytes | None:
    """Return what ``.gitignore`` shall be staged as where the user staged a change to it."""
    entries = [each for each in tracked_files(git) if each.path == _IGNORE]
    if not entries:
        return None
    committed = git.read_path(head, _IGNORE) if head is not None else None
    staged = git.read_blob(entries[0].sha)
    return None if staged == committed else _with_line(staged)


def _with_line(ignore: bytes) -> bytes:
    if _BUILD.encode() in ignore.split():
        return ignore
    return ignore + (b"\n" if ignore and not ignore.endswith(b"\n") else b"") + b"build/\n"


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _yaml_text(text: str) -> str:
    return "'" + "".join(c for c in text if c.isprintable()).replace("'", "''") + "'"


def _notes(git: GitRepository, settings: Settings) -> tuple[str, ...]:
    notes = []
    if not command.available():
        notes.append("The git command line is missing: landing on a checked-out branch needs it.")
    if git.is_shallow:
        notes.append("This is a shallow clone: verify checks content, not history.")
    if settings.identity == "labrec":
        notes.append("Records are committed under a pseudonym, not under your git identity.")
    return tuple(notes)
