"""The tables about dataset versions, and about the runs that used them. ○ No IO."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.analytics.tables import DATASET_USES, DATASETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from labrec.analytics.seen import Seen
    from labrec.analytics.tables import Table
    from labrec.catalog.datasets import DatasetVersion
    from labrec.lineage.used import DatasetUse

Row = tuple[Any, ...]

TABLES: Final[tuple[Table, ...]] = (DATASETS, DATASET_USES)


class Used(NamedTuple):
    """What runs of a project name.

    Attributes:
        project: The project of the runs.
        dataset: Name of the dataset.
        version: The version; empty = none is named.
        digest: Digest of the version; empty = not known.
        owner: Project of the version, where the lab holds it; else empty.
        held: Whether the lab holds it.
    """

    project: str
    dataset: str
    version: str
    digest: str
    owner: str
    held: bool


@dataclass
class Users:
    """The runs that used something.

    Attributes:
        runs: Places of those that count.
        experiments: Experiments of these.
        projects: Projects of these.
        last: Id of the latest run, counting or not.
    """

    runs: set[int] = field(default_factory=set)
    experiments: set[str] = field(default_factory=set)
    projects: set[str] = field(default_factory=set)
    last: str = ""


def rows(seen: Seen) -> Iterator[tuple[Table, Iterable[Row]]]:
    """Yield the tables of dataset versions and of their use."""
    uses = seen.dataset_uses
    if not uses and not seen.datasets:
        return
    used = _used(seen, uses)
    yield DATASETS, _dataset_rows(seen.datasets, used)
    yield DATASET_USES, _use_rows(used)


def depths(held: Iterable[DatasetVersion]) -> dict[str, int]:
    """Return how many versions stand above each, by digest.

    A digest covers the parent that a document names, so that no chain closes; where one seems to,
    it ends there.

    Args:
        held: The dataset versions of a lab.
    """
    parents = {one.digest: one.parent for one in held}
    found: dict[str, int] = {}
    for digest in parents:
        chain: dict[str, None] = {}
        at: str | None = digest
        while at is not None and at in parents and at not in found and at not in chain:
            chain[at] = None
            at = parents[at]
        above = found[at] + 1 if at in found else 0
        for one in reversed(chain):
            found[one] = above
            above += 1
    return found


def _used(seen: Seen, uses: Sequence[DatasetUse]) -> dict[Used, Users]:
    """Return who used what. A version is found as `lineage.used.of_datasets` finds it."""
    by_digest = {one.digest: one for one in seen.datasets}
    by_name: dict[tuple[str, str, str | None], list[DatasetVersion]] = {}
    for one in seen.datasets:
        by_name.setdefault((one.project, one.name, one.version), []).append(one)
    columns = [seen.runs.column(name) for name in ("project", "run_id", "experiment", "counts")]
    found: dict[Used, Users] = {}
    for use in uses:
        project, run_id, experiment, counts = (column[use.place] for column in columns)
        users = found.setdefault(_named(project, use, by_digest, by_name), Users())
        users.last = max(users.last, run_id)
        if counts:
            users.runs.add(use.place)
            users.experiments.add(experiment)
            users.projects.add(project)
    return found


def _named(
    project: str,
    use: DatasetUse,
    by_digest: Mapping[str, DatasetVersion],
    by_name: Mapping[tuple[str, str, str | None], Sequence[DatasetVersion]],
) -> Used:
    if use.digest is not None:
        held = by_digest.get(use.digest)
        if held is None:
            return Used(project, use.name, use.version or "", use.digest, "", held=False)
    else:
        called = by_name.get((project, use.name, use.version), ())
        if len(called) != 1:
            owner = project if called else ""
            return Used(project, use.name, use.version or "", "", owner, held=bool(called))
        held = called[0]
    return Used(project, held.name, held.version, held.digest, held.project, held=True)


def _dataset_rows(held: Sequence[DatasetVersion], used: Mapping[Used, Users]) -> Iterator[Row]:
    users: dict[str, Users] = {}
    for use, by in used.items():
        whole = users.setdefault(use.digest, Users())
        whole.runs |= by.runs
        whole.experiments |= by.experiments
        whole.projects |= by.projects
    called = {one.digest: one.called for one in held}
    depth = depths(held)
    for one in held:  # in the order of the key
        said, by = one.document, users.get(one.digest, Users())
        yield (
            one.project,
            one.name,
            one.version,
            one.digest,
            one.parent,
            called.get(one.parent or ""),
            depth[one.digest],
            one.unit,
            one.files,
            one.samples,
            one.distinct,
            one.bytes,
            one.content,
            said.get("licence"),
            said.get("source"),
            said.get("description"),
            (said.get("author") or {}).get("name"),
            datetime.fromisoformat(said["time"]),
            len(by.projects),
            len(by.runs),
            len(by.experiments),
            one.path,
        )


def _use_rows(used: Mapping[Used, Users]) -> Iterator[Row]:
    for use, by in sorted(used.items(), key=lambda item: item[0]):
        yield (
            use.project,
            use.dataset,
            use.version or None,
            use.digest or None,
            use.owner or None,
            use.held,
            len(by.runs),
            len(by.experiments),
            by.last,
        )
