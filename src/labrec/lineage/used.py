"""What runs were made with: dataset versions, and artifacts that other runs made. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labrec.lineage.relations import Related, Relation
from labrec.record.digest import PREFIX, SHORT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Version(NamedTuple):
    """A dataset version that the lab holds.

    Attributes:
        project: Its project.
        name: The dataset.
        version: The version.
        short: Short digest of its document.
    """

    project: str
    name: str
    version: str
    short: str


class DatasetUse(NamedTuple):
    """That a run used a dataset.

    Attributes:
        place: The run's place among all runs.
        name: The dataset.
        version: The version, where one is named.
        digest: ``sha256:…`` of the dataset version, where one is named.
        source: ``record`` or ``note``: what says so.
    """

    place: int
    name: str
    version: str | None
    digest: str | None
    source: str = "record"


class File(NamedTuple):
    """An artifact of a run.

    Attributes:
        place: The run's place among all runs.
        name: What the run calls it.
        given: Whether the run was given it; otherwise it made it.
        sha256: 64 hex digits of its bytes.
    """

    place: int
    name: str
    given: bool
    sha256: str


def of_datasets(
    runs: Sequence[Related], uses: Iterable[DatasetUse], versions: Iterable[Version]
) -> Iterator[Relation]:
    """Yield which dataset versions runs used, each once.

    A version is found by its digest in the whole lab, else by name and version in the project of
    the run. What the lab does not hold dangles.

    Args:
        runs: Every run.
        uses: What they used; where record and note say the same, the first is taken.
        versions: What the lab holds.
    """
    known: dict[str, str] = {}
    named: set[tuple[str, str, str | None]] = set()
    for one in versions:
        known[one.short] = f"{one.name}@{one.version}"
        named.add((one.project, one.name, one.version))
    told = set()
    for use in uses:
        run = runs[use.place]
        if use.digest is not None:
            called = known.get(use.digest.removeprefix(PREFIX)[:SHORT])
            dangling = called is None
        else:
            called, dangling = None, (run.project, use.name, use.version) not in named
        if called is None:
            called = f"{use.name}@{use.version}" if use.version else use.name
        if (use.place, called, use.digest) not in told:
            told.add((use.place, called, use.digest))
            yield Relation(
                *_child(run), "dataset", use.source, called, None, None, dangling, use.digest
            )


def of_artifacts(runs: Sequence[Related], files: Iterable[File]) -> Iterator[Relation]:
    """Yield which runs were given what another run made, known by its bytes.

    Where several runs made the same bytes, the first by run id is named: of those that count, and
    of the run's own project, before others. What was made first by a later run, or by the run
    itself, came from elsewhere. In time linear in the files.

    Args:
        runs: Every run, ordered by project, id and digest.
        files: The artifacts of any of them.
    """
    given: list[File] = []
    made: dict[tuple[str, str, bool], int] = {}
    for file in files:
        if file.given:
            given.append(file)
            continue
        run = runs[file.place]
        for project in (run.project, ""):  # "" is any
            key = file.sha256, project, run.counts
            if key not in made or run.run_id < runs[made[key]].run_id:
                made[key] = file.place
    for file in given:
        run = runs[file.place]
        for project, counts in ((run.project, True), ("", True), (run.project, False), ("", False)):
            place = made.get((file.sha256, project, counts))
            if place is not None and runs[place].run_id < run.run_id:
                maker = runs[place]
                yield Relation(
                    *_child(run), "artifact", "record", file.name, maker.run_id, maker.experiment,
                    dangling=False, target=f"{PREFIX}{file.sha256}",
                )  # fmt: skip
                break


def _child(run: Related) -> tuple[str, str, str, str]:
    """Return the columns that say whose relation it is."""
    return run.project, run.run_id, run.digest, run.experiment
