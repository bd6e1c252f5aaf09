"""Landing: the record ref's files merged into the base branch, because the user asked for it.

The merge is built from objects and can never conflict: every path of a record is unique and holds
one content. A branch that nobody has checked out is moved by compare-and-swap; one that is
checked out is fast-forwarded by git itself in that worktree, which leaves staged and unstaged
work as it is or refuses, and then nothing has changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import BusyError, NotFoundError, UsageError
from labrec.gitio import command
from labrec.gitio.changes import without_filters
from labrec.gitio.durable import sync_file_system
from labrec.gitio.objects import Commit, TreeEntry
from labrec.gitio.repository import GitRepository
from labrec.gitio.tree_writer import add_files
from labrec.record import layout
from labrec.store.branches import add_commit, user_signature
from labrec.store.storage import storage_error
from labrec.store.trees import changes, parse_tree

if TYPE_CHECKING:
    from pathlib import Path

    from labrec.store.lab import Lab
    from labrec.store.trees import Tree

_MERGE_OPTIONS = ("-c", "merge.autoStash=false", "-c", "merge.verifySignatures=false")


class LandReport(NamedTuple):
    """What landing did; truthy when the base branch holds the records now.

    Attributes:
        branch: The base branch.
        commit: Where it is now.
        landed: How many files it gained.
        worktree: The folder that was updated with it, or None where nobody has it checked out.
        notes: What the user should know, one sentence each.
    """

    branch: str
    commit: str
    landed: int
    worktree: Path | None
    notes: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.commit)

    def to_json(self) -> dict[str, object]:
        """Return the report as ``--json`` prints it."""
        worktree = str(self.worktree) if self.worktree is not None else None
        return self._asdict() | {"worktree": worktree}


def land(lab: Lab) -> LandReport:
    """Merge this clone's record ref into the base branch; landing twice changes nothing.

    Raises:
        NotFoundError: There is no base branch.
        UsageError: HEAD is detached and no base branch is set, or git is needed and missing.
        BusyError: The worktree cannot take the merge now; git's own words say why.
        IntegrityError: The base holds other bytes at a path of a record.
        StorageError: The disk is full, read-only or failing.
    """
    try:
        return _land(lab)
    except OSError as error:
        raise storage_error(
            error,
            lab.git.common_dir,
            retry="run labrec land again",
            kept="nothing recorded before was changed",
        ) from error


def _land(lab: Lab) -> LandReport:
    git = lab.git
    branch = f"refs/heads/{lab.settings.base}" if lab.settings.base else git.head_branch
    if branch is None:
        raise UsageError(
            "HEAD is detached: which branch to land on is unknown",
            hint="Run git switch BRANCH, or set base in labrec.toml.",
            paths=[git.git_dir],
        )
    base = git.read_ref(branch)
    if base is None:
        raise NotFoundError(
            f"the base branch {branch} does not exist here",
            hint="Run labrec init, or create the branch with git branch.",
            paths=[branch],
        )
    name = branch.removeprefix("refs/heads/")
    tip = git.read_ref(lab.record_ref.name)
    new = new_files(git, base, tip) if tip is not None else {}
    if not new or tip is None:
        return LandReport(name, base, 0, None, ("Everything recorded here has landed already.",))
    holder = git.checked_out().get(branch)
    if holder is not None and not command.available():
        raise UsageError(
            f"{name} is checked out, and updating a worktree needs the git command line",
            hint=f"Install git, or run git merge {lab.record_ref.name} elsewhere.",
            paths=[branch],
        )
    merge = _merge(lab, branch if holder is None else None, base, tip, new)
    worktree = None if holder is None else _fast_forward(git, holder, merge)
    notes = ("Records go on from the new base once everything recorded here is in it.",)
    return LandReport(name, merge, len(new), worktree, notes)


def new_files(git: GitRepository, base: str, tip: str) -> dict[str, TreeEntry]:
    """Return the immutable files of the record ref that the base does not hold."""

    def load(sha: str) -> Tree:
        return parse_tree(git.read_object(sha)[1], sha)

    sides = [git.entry_at(git.read_commit(commit).tree, layout.RECORDS) for commit in (base, tip)]
    before, after = (entry.sha if entry is not None else None for entry in sides)
    new: dict[str, TreeEntry] = {}
    for change in changes(load, before, after, layout.RECORDS):
        kind = layout.parse_path(change.path).kind
        editable = kind in ("other", "project", "draft") or (
            kind == "attributes" and change.before is not None
        )
        if change.after is not None and not editable:
            new[change.path] = change.after
    return new


def _merge(lab: Lab, branch: str | None, base: str, tip: str, new: dict[str, TreeEntry]) -> str:
    """Write the merge commit and return it; ``branch`` is moved to it where it is given."""
    git = lab.git
    grown = add_files(git.tree, git.read_commit(base).tree, new)
    objects = {sha: ("tree", data) for sha, data in grown.trees.items()}
    who = user_signature(git)
    files = "1 file" if len(new) == 1 else f"{len(new)} files"
    text = f"Land {files} recorded by {lab.clone_id}\n"
    return add_commit(git, branch, base, Commit(grown.sha, (base, tip), who, who, text), objects)


def _fast_forward(git: GitRepository, holder: Path, merge: str) -> Path:
    """Let git update the branch, index and files of the worktree that has it checked out."""
    # A separate git directory does not know its worktree; whoever stands in it does.
    with git.reopen() if holder == git.git_dir else GitRepository.open(holder) as there:
        if there.worktree is None or not there.worktree.is_dir():
            raise BusyError(
                f"the worktree of {holder} is not there",
                hint="Run git worktree prune if it is gone for good.",
                paths=[holder],
            )
        try:
            command.run_git(
                there,
                ["merge", "--ff-only", "--no-stat", "--quiet", "--no-verify", merge],
                options=[*_MERGE_OPTIONS, *without_filters(there)],
                deadline=600.0,
            )
        except command.GitFailedError as error:
            said = " ".join(error.stderr.split())
            raise BusyError(
                f"{there.worktree} cannot take the records now: {said}",
                hint="Commit or move what git names, then run labrec land again.",
                paths=[there.worktree],
                kept="nothing was changed",
            ) from error
        # Git makes objects and the branch durable, but no folder, no index and no file.
        sync_file_system(there.worktree)
        sync_file_system(there.common_dir)
        return there.worktree
