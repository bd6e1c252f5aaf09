"""Drafts of hypotheses: written into the worktree for people to edit, read from the base commit."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.errors import NotFoundError, UnsafeError, UsageError
from labrec.record.layout import RECORDS, check_slug, draft_path
from labrec.store.definitions import LIMIT, read_definition
from labrec.store.storage import storage_error

if TYPE_CHECKING:
    from pathlib import Path

    from labrec.store.lab import Lab
    from labrec.store.view import View

_TEMPLATE = """\
# The draft of a hypothesis: edit it, commit it, then
#
#     labrec hypothesis register {slug}
#
# What is registered never changes. The draft counts as it is committed on the base branch.

# What is claimed, in words: something that can turn out to be wrong.
claim: ""

# What would refute it, in words; null for nothing beyond the rule below.
falsification: null

# The metrics that decide. direction is minimize or maximize; delta is the smallest effect of
# interest, 0 or more, in the metric's unit.
primary_metrics:
  - name: ""
    direction: minimize
    delta: 0

# Whether all of these metrics must decide, or any of them is enough.
decision: all

# What the runs are compared with: parent, root, best, or named (then add name: EXPERIMENT).
baseline:
  kind: parent

# Runs per arm, and those at which you will look before all are there: [2, 4] with planned_n 4.
planned_n: 3
looks: []

# The test by its name (welch; paired where arms share their seeds), and its error rate, which
# all hypotheses of one family share.
test: welch
alpha: 0.05
family: null

# Which runs count, as a tree of your own, such as {{optimizer.name: adam}}.
selector: {{}}
"""


class Draft(NamedTuple):
    """A draft that can be registered.

    Attributes:
        tree: What it says.
        origin: Where it was read, for people.
    """

    tree: dict[str, Any]
    origin: str


class Uncommitted(NamedTuple):
    """A draft that only the lab's worktree holds.

    Attributes:
        project: Its project.
        path: Its path in the lab.
        tree: What it says.
    """

    project: str
    path: str
    tree: dict[str, Any]


def new_draft(lab: Lab, project: str, slug: str) -> Path:
    """Write an empty draft into the lab's worktree and return its path.

    Raises:
        InvalidError: The slug is not valid.
        UsageError: The lab is bare, or the file is there already.
        UnsafeError: A link stands where a folder of the lab should be.
        StorageError: It cannot be written.
    """
    name = draft_path(project, slug)
    path = _worktree(lab) / name
    try:
        _refuse_links(path, lab.root)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(_TEMPLATE.format(slug=slug))
    except FileExistsError as error:
        raise UsageError(
            f"{name} is there already",
            hint=f"Edit it, or choose another slug than {slug}.",
            paths=[path],
            kept="the file as it is",
        ) from error
    except OSError as error:
        raise storage_error(error, path, retry="try again", kept="nothing was written") from error
    return path


def read_file(path: Path) -> Draft:
    """Read the draft of a file, wherever it lies.

    Raises:
        UsageError: It cannot be read.
        InvalidError: It is no mapping in the YAML 1.2 core schema.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
    except OSError as error:
        raise UsageError(
            f"the draft cannot be read: {error.strerror or error}", paths=[path]
        ) from error
    return Draft(read_definition(data, str(path)), str(path))


def read_committed(lab: Lab, view: View, project: str, slug: str) -> Draft:
    """Read the draft of the base commit, which is the one that counts.

    Args:
        lab: Whose worktree is looked at, so that an edit that was not committed is not passed over.
        view: The lab's view.
        project: The project.
        slug: The hypothesis.

    Raises:
        NotFoundError: The base commit has none.
        UsageError: The worktree holds another one: it has to be committed, or given as a file.
        InvalidError: It is no mapping in the YAML 1.2 core schema.
    """
    name = draft_path(project, slug)
    there = _worktree_bytes(lab, name)
    if view.entry(name) is None:
        commit = f"Commit {name} on the base branch, or give it with --file."
        write = f"`labrec hypothesis new {slug}` writes one; --project names another project."
        raise NotFoundError(
            f"there is no draft of {slug} in {view.base}",
            hint=commit if there is not None else write,
            paths=[name],
        )
    data = view.read(name)
    if there is not None and there != data:
        raise UsageError(
            f"the draft of {slug} differs from the one in {view.base}",
            hint="Commit it on the base branch, or say with --file which file counts.",
            paths=[name],
        )
    return Draft(read_definition(data, name), f"{name} in {view.base}")


def uncommitted(lab: Lab, slug: str, project: str | None = None) -> Uncommitted | None:
    """Return the draft that the lab's worktree holds of a hypothesis; None where it holds none.

    Args:
        lab: The lab.
        slug: The hypothesis.
        project: Its project; None = whichever folder has one.

    Raises:
        InvalidError: A name is not valid, or the draft is no mapping in the YAML 1.2 core schema.
        UsageError: Several projects have one.
    """
    if lab.git.worktree is None:
        return None
    records = lab.git.worktree / RECORDS
    names = [project] if project is not None else [path.parents[1].name for path in sorted(
        records.glob(f"*/hypotheses/{check_slug(slug)}.yaml"))]  # fmt: skip
    found = [name for name in names if _worktree_bytes(lab, draft_path(name, slug)) is not None]
    if len(found) > 1:
        raise UsageError(
            f"hypothesis {slug} is in several projects: {', '.join(found)}", hint="Give --project."
        )
    for name in found:
        path = draft_path(name, slug)
        tree = read_definition(_worktree_bytes(lab, path) or b"", path)
        return Uncommitted(name, path, tree)
    return None


def _worktree(lab: Lab) -> Path:
    if lab.git.worktree is None:
        raise UsageError(
            f"{lab.root} is bare: there is no folder to write a draft to",
            hint="Write it in a clone and push it.",
            paths=[lab.root],
        )
    return lab.git.worktree


def _worktree_bytes(lab: Lab, name: str) -> bytes | None:
    """Return what the worktree holds of a draft; None where it holds nothing readable."""
    if lab.git.worktree is None:
        return None
    try:
        with (lab.git.worktree / name).open("rb") as file:
            return file.read(LIMIT + 1)
    except OSError:
        return None


def _refuse_links(path: Path, root: Path) -> None:
    for place in (path, *path.parents):
        if place == root:
            return
        if os.path.islink(place):  # noqa: PTH114 - also a dangling one
            raise UnsafeError(
                f"{place} is a link",
                hint="The folders and files of a lab are plain ones.",
                paths=[place],
            )
