"""Which commit a lab is read from: ``--at``, else the configured branch, its remote, else HEAD."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from labrec.settings import Settings


class RefReader(Protocol):
    """What finding a base asks of a git repository."""

    @property
    def head_branch(self) -> str | None:
        """Full name of the branch HEAD points at, or None when HEAD is detached."""

    def read_ref(self, ref: str) -> str | None:
        """Return the commit id a ref points at, or None."""

    def resolve(self, revision: str) -> str:
        """Return the commit that a revision names."""

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
        at: A revision that replaces the search.

    Raises:
        NotFoundError: ``at`` names nothing.
        UsageError: ``at`` is a short id that fits several commits.
    """
    if at is not None:
        return Base(git.resolve(at), "at", at)
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
