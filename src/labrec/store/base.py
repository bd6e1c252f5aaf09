"""Which commit a lab is read from: ``--at``, else the configured branch, its remote, else HEAD."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from labrec.errors import NotFoundError

if TYPE_CHECKING:
    from labrec.settings import Settings

_FULL_ID = 40


class RefReader(Protocol):
    """What finding a base asks of a git repository."""

    @property
    def head_branch(self) -> str | None:
        """Full name of the branch HEAD points at, or None when HEAD is detached."""

    def read_ref(self, ref: str) -> str | None:
        """Return the commit id a ref points at, or None."""

    def refs(self, prefix: str) -> dict[str, str]:
        """Return the refs below a prefix and the ids they point at."""


class Base(NamedTuple):
    """The commit that editable files are read from.

    Attributes:
        commit: 40 hex digits, or None where the repository has no commit yet.
        how: ``at``, ``configured branch``, ``remote branch``, ``HEAD`` or ``none``.
        ref: The ref or revision that named it; ``""`` for none.
    """

    commit: str | None
    how: str
    ref: str

    def __str__(self) -> str:
        """Say which commit this is and how it was found."""
        if self.commit is None:
            return "no commit yet"
        return f"{self.commit[:12]} ({self.how} {self.ref})"


def find_base(git: RefReader, settings: Settings, at: str | None = None) -> Base:
    """Find the base commit of a lab.

    Args:
        git: The repository.
        settings: ``base`` names the configured branch; empty means HEAD.
        at: A branch, tag, ref or full commit id that replaces the search.

    Raises:
        NotFoundError: ``at`` names nothing.
    """
    if at is not None:
        return _find_revision(git, at)
    if settings.base:
        branch = settings.base
        commit = git.read_ref(f"refs/heads/{branch}")
        if commit is not None:
            return Base(commit, "configured branch", branch)
        for ref, commit in sorted(git.refs("refs/remotes/").items()):
            if ref.split("/", 3)[3:] == [branch]:
                return Base(commit, "remote branch", ref.removeprefix("refs/remotes/"))
    commit = git.read_ref("HEAD")
    if commit is not None:
        return Base(commit, "HEAD", (git.head_branch or "detached").removeprefix("refs/heads/"))
    return Base(None, "none", "")


def _find_revision(git: RefReader, at: str) -> Base:
    for ref in (at, f"refs/{at}", f"refs/tags/{at}", f"refs/heads/{at}", f"refs/remotes/{at}"):
        if ref == "HEAD" or ref.startswith("refs/"):
            commit = git.read_ref(ref)
            if commit is not None:
                return Base(commit, "at", at)
    if len(at) == _FULL_ID and not set(at) - set("0123456789abcdef"):
        return Base(at, "at", at)
    raise NotFoundError(
        f"no branch, tag or full commit id {at!r} in this repository",
        hint="Give a branch, a tag or all 40 digits of a commit id.",
        paths=[at],
    )
