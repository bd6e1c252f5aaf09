"""What an import did, or would do."""

from __future__ import annotations

from typing import Any, NamedTuple

from labrec.exchange.mistakes import Mistake, count, listed

FIRST = 5
"""Runs that a report shows."""


class FirstRun(NamedTuple):
    """One of the first runs of an import.

    Attributes:
        line: Line of its row.
        project: Its project.
        name: Its name.
        status: Its status.
        started: Its start, or None.
        parents: What it calls its parents.
        metrics: Its metrics: last values; NaN and infinities as text.
    """

    line: int
    project: str
    name: str
    status: str
    started: str | None
    parents: list[str]
    metrics: dict[str, float | str]


class Counts(NamedTuple):
    """How many of each.

    Attributes:
        rows: Rows of the table.
        runs: Runs they make.
        new: Those that the lab did not have.
        known: Those that it had.
        superseded: Older records whose place new ones take.
        experiments: Different configurations: runs of one are replicates.
        failed: Runs with the status failed.
        undated: Runs without a start.
        dangling: Parents that no row is.
        failure_values: Cells that are declared to stand for a failure, left out of the metrics.
        redacted: Secrets that were taken out.
    """

    rows: int = 0
    runs: int = 0
    new: int = 0
    known: int = 0
    superseded: int = 0
    experiments: int = 0
    failed: int = 0
    undated: int = 0
    dangling: int = 0
    failure_values: int = 0
    redacted: int = 0


class ImportReport(NamedTuple):
    """What an import did. True when every row was imported.

    Attributes:
        file: Name of the table.
        source: What the map calls it.
        projects: Projects of the runs.
        dry: Whether nothing was recorded.
        counts: How many of each.
        skipped: Rows that were left out, with the reason.
        first: The first runs.
        commits: Commits that hold what is new.
    """

    file: str
    source: str
    projects: list[str]
    dry: bool
    counts: Counts
    skipped: list[Mistake]
    first: list[FirstRun]
    commits: list[str]

    def __bool__(self) -> bool:
        return not self.skipped

    @property
    def exit_code(self) -> int:
        """3 when rows were skipped, else 0."""
        return 3 if self.skipped else 0

    def lines(self) -> list[str]:
        """Return it in words, one thing a line."""
        found = self.counts
        runs = f"{count(found.runs, 'run')} of {count(found.experiments, 'experiment')}"
        where = f" in {', '.join(self.projects)}" if self.projects else ""
        verb = "would be recorded" if self.dry else "recorded"
        lines = [f"{runs}{where}: {found.new} {verb}, {found.known} known already"]
        for number, what in (
            (found.superseded, "superseded: older records of the same rows"),
            (found.failed, "failed"),
            (found.failure_values, "left out of the metrics: cells that stand for a failure"),
            (found.dangling, "dangling: parents that are no row"),
            (found.undated, "undated"),
            (found.redacted, "redacted: secrets taken out of texts"),
        ):
            if number:
                lines.append(f"  {number} {what}")
        if found.experiments == 1 < found.runs:
            lines.append(
                "  all agree in their features: they count as replicates of one experiment"
            )
        if self.skipped:
            lines.append(f"  {len({one.line for one in self.skipped})} skipped: wrong rows")
        return lines

    def to_json(self) -> dict[str, Any]:
        """Return the report with stable keys."""
        return {
            "file": self.file,
            "source": self.source,
            "projects": self.projects,
            "dry_run": self.dry,
            **self.counts._asdict(),
            "skipped": [one._asdict() for one in self.skipped],
            "first": [one._asdict() for one in self.first],
            "commits": self.commits,
        }

    def skipped_lines(self) -> list[str]:
        """Return a line for each row that was skipped, the first of them."""
        return listed(self.file, self.skipped)
