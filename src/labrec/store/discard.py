"""Discarding a record that nobody else has seen: the record ref is built anew without it.

One commit on the start commit holds what stays. What left is remembered first
(`labrec.store.discarded`), the ref moves last, by compare-and-swap: a writer that dies on the way
has changed nothing. Git keeps the bytes until its next ``git gc --prune=now``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import BusyError, LabrecError, NotFoundError, UsageError
from labrec.gitio.objects import Commit
from labrec.gitio.ref_writer import compare_and_swap
from labrec.gitio.tree_writer import add_files
from labrec.record import layout
from labrec.store.additions import signature
from labrec.store.branches import add_commit
from labrec.store.commits import start_commit
from labrec.store.discarded import Discarded, remember
from labrec.store.land import new_files
from labrec.store.locks import Leftovers, store_lock
from labrec.store.storage import storage_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from labrec.gitio.objects import TreeEntry
    from labrec.gitio.repository import GitRepository
    from labrec.store.lab import Lab
    from labrec.store.view import RunEntry

_NAME = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_LARGEST = 64 << 20  # bytes; no manifest is longer, and nothing else names objects
_TRIES = 8


class DiscardReport(NamedTuple):
    """A record that is in the lab no more. Always true.

    Attributes:
        project: The run's project.
        run_id: The run.
        path: Where its record was.
        objects: How many objects left with it.
        commit: Where the record ref is now.
    """

    project: str
    run_id: str
    path: str
    objects: int
    commit: str

    def __bool__(self) -> bool:
        return True

    def to_json(self) -> dict[str, object]:
        """Return the report with stable keys."""
        return self._asdict()


class Plan(NamedTuple):
    """What discarding one record would do.

    Attributes:
        tip: Commit of the record ref.
        start: Commit to build on.
        gone: Paths that leave: the record, then its objects.
        stays: Everything else that the ref adds to ``start``.
    """

    tip: str
    start: str
    gone: tuple[str, ...]
    stays: dict[str, TreeEntry]


def discard_record(
    lab: Lab, entry: RunEntry, *, reason: str = "", needed: Iterable[str] = ()
) -> DiscardReport:
    """Take a record that is in this clone's record ref alone out of the lab.

    Args:
        lab: The lab.
        entry: The record.
        reason: Why; kept in the clone's own list.
        needed: sha256 (64 hex digits) of objects that stay whatever the records say: live runs
            count on them.

    Raises:
        UsageError: The record is published, landed or another clone's, or another run needs it.
        BusyError: Other writers moved the ref again and again, or held a lock.
        StorageError: The disk is full, read-only or failing; nothing was changed.
    """
    keep = frozenset(needed)
    try:
        for _ in range(_TRIES):
            plan = plan_discard(lab, entry, keep)
            commit = _carry_out(lab, plan, f"Discard run {entry.run_id}", reason)
            if commit is not None:
                return DiscardReport(
                    entry.project, entry.run_id, entry.path, len(plan.gone) - 1, commit
                )
    except OSError as error:
        raise storage_error(
            error,
            lab.git.common_dir,
            retry="run the command again",
            kept="nothing recorded before was changed",
        ) from error
    raise BusyError(
        f"{lab.record_ref.name} was moved by somebody else {_TRIES} times in a row",
        hint="Try again when the other program has finished.",
        paths=[lab.record_ref.name],
        kept="the record",
    )


def plan_discard(lab: Lab, entry: RunEntry, needed: frozenset[str] = frozenset()) -> Plan:
    """Find out what would leave and what would stay.

    Raises:
        UsageError: The record is published, landed or another clone's, or another run needs it.
    """
    git, own = lab.git, lab.record_ref.name
    tip, start = git.read_ref(own), start_commit(git, lab.settings)
    _refuse_published(git, own, entry)
    if tip is None or start is None or not _holds(git, tip, entry.path):
        raise _refusal(entry, "it is not in this clone's record ref")
    new = new_files(git, start, tip)
    if entry.path not in new:
        raise _refusal(entry, "the base holds it")
    record = git.read_blob(new[entry.path].sha)
    stays = {path: found for path, found in new.items() if path != entry.path}
    documents = [(path, git.read_blob(found.sha)) for path, found in stays.items()
                 if layout.parse_path(path).kind not in ("object", "lfs")]  # fmt: skip
    for path, data in documents:
        if entry.run_id.encode() in data and not path.startswith(_fork(entry)):
            noted = layout.parse_path(path).kind == "note"
            raise UsageError(
                f"run {entry.run_id} is named by {path}",
                hint="What was said stays, and nothing may speak of a run that is not there: "
                "`labrec note retract` takes the run out of all statistics."
                if noted
                else "Discard that one first: nothing may speak of a run that is not there.",
                paths=[path],
                kept="the record",
            )
    objects = {path.rpartition("/")[2]: path for path in new
               if layout.parse_path(path).kind in ("object", "lfs")}  # fmt: skip
    wanted = set(_names(git, new, (data for _, data in documents), objects))
    wanted |= set(_named_by(git, new, needed, objects))
    left = set(_names(git, new, [record], objects)) - wanted
    gone = tuple(sorted(objects[name] for name in left))
    for path in gone:
        del stays[path]
    return Plan(tip, start, (entry.path, *gone), stays)


def _fork(entry: RunEntry) -> str:
    return entry.path.rpartition("/")[0] + f"/{entry.run_id}."


def _refuse_published(git: GitRepository, own: str, entry: RunEntry) -> None:
    refs = {**git.refs("refs/"), "HEAD": git.read_ref("HEAD")}
    holds: dict[str, bool] = {}
    for ref, sha in sorted(refs.items()):
        if ref == own or sha is None:
            continue
        if sha not in holds:
            holds[sha] = _holds(git, sha, entry.path)
        if holds[sha]:
            raise _refusal(entry, f"{ref} holds it", ref)


def _holds(git: GitRepository, sha: str, path: str) -> bool:
    try:
        return git.entry_at(git.read_commit(git.peel(sha)).tree, path) is not None
    except (NotFoundError, LabrecError):
        return False  # no commit: a tag of a file, or one that this clone lacks


def _refusal(entry: RunEntry, why: str, *paths: str) -> UsageError:
    return UsageError(
        f"run {entry.run_id} stays: {why}",
        hint="Only a record that this clone alone holds can be discarded; what others may have "
        "seen is corrected by a note, never removed.",
        paths=[entry.path, *paths],
        kept="the record",
    )


def _names(
    git: GitRepository,
    new: Mapping[str, TreeEntry],
    documents: Iterable[bytes],
    objects: Mapping[str, str],
) -> Iterator[str]:
    """Yield the objects that documents name, directly or through another object.

    Anything that looks like a name counts: a document of a newer version keeps what it needs.
    """
    named = {name.decode() for data in documents for name in _NAME.findall(data)}
    yield from _named_by(git, new, named, objects)


def _named_by(
    git: GitRepository,
    new: Mapping[str, TreeEntry],
    named: Iterable[str],
    objects: Mapping[str, str],
) -> Iterator[str]:
    todo = [name for name in named if name in objects]
    seen = set(todo)
    while todo:
        name = todo.pop()
        yield name
        for below in _inside(git, new[objects[name]].sha):
            if below in objects and below not in seen:
                seen.add(below)
                todo.append(below)


def _inside(git: GitRepository, sha: str) -> list[str]:
    """Return what a JSON object, such as a code manifest, names."""
    if git.object_header(sha)[1] > _LARGEST:
        return []
    data = git.read_blob(sha)
    return [name.decode() for name in _NAME.findall(data)] if data[:1] == b"{" else []


def _carry_out(lab: Lab, plan: Plan, subject: str, reason: str) -> str | None:
    """Move the record ref to what stays; None when somebody moved it meanwhile."""
    git, ref = lab.git, lab.record_ref
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    stays = git.read_commit(plan.tip).tree
    with store_lock(lab.state_dir, lab.settings.lock_wait):
        remember(
            lab.state_dir,
            [Discarded(path, now, reason) for path in plan.gone],
            lambda path: git.entry_at(stays, path) is not None,
        )
        if not plan.stays:
            leftovers = Leftovers(lab.state_dir)
            moved = compare_and_swap(
                git, ref.name, plan.tip, plan.start,
                wait=lab.settings.lock_wait, is_dead=leftovers.is_dead_lock,
            )  # fmt: skip
            return plan.start if moved else None
    grown = add_files(git.tree, git.read_commit(plan.start).tree, plan.stays)
    who = signature(git, lab.settings, lab.clone_id)
    commit = Commit(grown.sha, (plan.start,), who, who, f"{subject}\n")
    objects = {sha: ("tree", data) for sha, data in grown.trees.items()}
    try:
        return add_commit(git, ref.name, plan.tip, commit, objects)
    except BusyError:
        if git.read_ref(ref.name) != plan.tip:
            return None
        raise
