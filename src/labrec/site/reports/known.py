"""What a report can name, looked up as its author wrote it: one thing, or a mistake that says why.

Everything that is looked up is remembered: a report says which documents its values come from.
"""

from __future__ import annotations

from collections import namedtuple
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from labrec.analytics import tables
from labrec.record.records_csv import Used
from labrec.record.text import one_line, printable
from labrec.site.reports.parser import Mistake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from labrec.catalog.datasets import DatasetVersion
    from labrec.site.collect import KeyMetric, Project, Site
    from labrec.site.experiments import Experiment, Experiments
    from labrec.site.reports.library import Library
    from labrec.site.rows import Hypothesis, Metric, Run

_LEAST = 4  # hex digits that can name a run, and 8 that can name anything with a digest
_LEAST_OF_DIGEST = 8
_LISTED = 8
_One = TypeVar("_One")


@cache
def _model(table: tables.Table) -> type[Any]:
    """Return a class of rows that has every column of a table."""
    columns: list[str] = [column.name for column in table.columns]
    model = namedtuple("model", columns)  # type: ignore[misc]  # noqa: PYI024 - the contract says which
    model.TABLE = table  # type: ignore[attr-defined]
    return model


def said(text: str) -> str:
    """Return what an author wrote, as a message repeats it."""
    return f"'{one_line(printable(text), 80)}'"


class Known:
    """What a report of a project can name.

    Args:
        site: What the site is made from.
        project: The report's project.
        library: What the lab holds beside its tables.

    Attributes:
        used: The documents whose values were shown so far.
    """

    def __init__(self, site: Site, project: Project, library: Library) -> None:
        self.site = site
        self.project = project
        self.library = library
        self.used: set[Used] = set()

    def rows(self, table: tables.Table) -> tuple[Any, ...]:
        """Return the rows of a table about the project, every column."""
        return self.site.rows_of(_model(table), self.project.name)

    @cached_property
    def experiments(self) -> Experiments:
        """The experiments of the project."""
        return self.project.known

    # -- one thing by what it is called ---------------------------------------------------

    def run(self, text: str) -> Run:
        """Return the run of an id, at least four digits of its beginning, or a name."""
        digits = text.lower().replace("-", "")
        runs = self.project.runs
        found = [
            run for run in runs
            if len(digits) >= _LEAST and run.run_id.replace("-", "").startswith(digits)
        ] or [run for run in runs if run.name == text]  # fmt: skip
        found = _counted(found)
        run = only(
            found,
            lambda run: f"{run.run_id} ({one_line(printable(run.name), 40)})",
            f"run {said(text)} in project {self.project.name}",
        )
        self.use_runs([run])
        return run

    def metric(self, run: Run, name: str) -> Metric:
        """Return what a run measured."""
        rows = self.project.metrics_of.get(run.record_digest, ())
        for row in rows:
            if row.metric == name:
                return row
        raise Mistake(
            f"run {said(run.name)} has no metric {said(name)}{_there(row.metric for row in rows)}"
        )

    def experiment(self, text: str) -> Experiment:
        """Return the experiment of a name, or of the beginning of its config digest."""
        digits = text.removeprefix("sha256:").lower()
        every = self.experiments.all
        found = [one for one in every if one.name == text] or [
            one for one in every
            if len(digits) >= _LEAST_OF_DIGEST
            and one.key.removeprefix("sha256:").startswith(digits)
        ]  # fmt: skip
        one = only(
            found,
            lambda one: f"{one_line(printable(one.name), 40)} ({one.key})",
            f"experiment {said(text)} in project {self.project.name}",
            (one.name for one in every),
        )
        self.use_runs(one.runs)
        return one

    def hypothesis(self, text: str) -> Hypothesis:
        """Return the registration of a hypothesis that none amends."""
        rows = [row for row in self.project.hypotheses if row.hypothesis == text]
        current = [row for row in rows if row.current]
        if not rows:
            slugs = (row.hypothesis for row in self.project.hypotheses)
            raise Mistake(
                f"no hypothesis {said(text)} is registered in project {self.project.name}"
                f"{_there(slugs)}"
            )
        row = only(
            current,
            lambda row: row.registration,
            f"registration of {said(text)} that counts",
        )
        self.use_hypothesis(row)
        return row

    def design(self, text: str) -> str:
        """Return the digest of a design, by its beginning or its name."""
        rows = self.rows(tables.TABLES["designs"])
        digits = text.removeprefix("sha256:").lower()
        found = [row for row in rows if text == row.name] or [
            row for row in rows
            if len(digits) >= _LEAST_OF_DIGEST
            and row.design.removeprefix("sha256:").startswith(digits)
        ]  # fmt: skip
        row = only(
            found,
            lambda row: f"{row.name} ({row.design})",
            f"design {said(text)} in project {self.project.name}",
            (row.name for row in rows),
        )
        return str(row.design)

    def dataset(self, text: str) -> DatasetVersion:
        """Return the dataset version of ``name@version``, or of a name that has one version."""
        every = self.library.datasets(self.project.name)
        one = only(
            [one for one in every if text in {one.called, one.name}],
            lambda one: f"{one.called} ({one.digest})",
            f"dataset version {said(text)} in project {self.project.name}",
            (one.called for one in every),
        )
        self.used.add(Used("dataset", one.project, one.called, one.digest, "current"))
        return one

    def key_metric(self, text: str | None) -> KeyMetric:
        """Return a key metric by its name, without one the first that there is."""
        there = self.experiments.key_metrics
        found = [metric for metric in there if text in {None, metric.name}]
        if text is None and found:
            return found[0]
        if len(found) != 1:
            names = ", ".join(said(metric.name) for metric in there) or "none"
            what = (
                f"{said(text)} is no key metric" if text is not None else "there is no key metric"
            )
            raise Mistake(f"{what} of project {self.project.name}; there are {names}")
        return found[0]

    # -- what was used --------------------------------------------------------------------

    def use_runs(self, runs: Iterable[Run]) -> None:
        """Remember runs whose values are shown."""
        self.used |= {
            Used("run", run.project, run.run_id, run.record_digest, run.standing) for run in runs
        }

    def use_hypothesis(self, row: Any) -> None:
        """Remember a registration, and the runs that are evidence for or against it."""
        standing = "current" if row.current else "amended"
        self.used.add(
            Used("registration", self.project.name, row.hypothesis, row.registration, standing)
        )
        evidence = self.rows(tables.TABLES["evidence_runs"])
        self.use_records(
            one.record_digest for one in evidence if one.registration == row.registration
        )

    def use_records(self, digests: Iterable[str]) -> None:
        """Remember runs by the digests of their records."""
        wanted = set(digests)
        if wanted:
            self.use_runs(self._by_record[one] for one in wanted if one in self._by_record)

    def use_rows(self, rows: Sequence[Any]) -> None:
        """Remember what rows of any table were made from, as far as their columns tell."""
        if not rows:
            return
        fields = set(rows[0]._fields)
        if "record_digest" in fields:
            self.use_records(row.record_digest for row in rows)
        elif "record_digests" in fields:
            self.use_records(one for row in rows for one in row.record_digests or ())
        elif "registration" in fields:
            wanted = {row.registration for row in rows} - {None}
            for one in self.project.hypotheses:
                if one.registration in wanted:
                    self.use_hypothesis(one)
        elif "design" in fields and "experiment" not in fields:
            designs = {row.design for row in rows}
            cells = [c for c in self.rows(tables.TABLES["cells"]) if c.design in designs]
            self.use_records(one for cell in cells for one in cell.record_digests or ())
            if not cells:
                self.use_runs(self.project.runs)
        elif "experiment" in fields:
            keys = {key for row in rows for key in _experiments_of(row)}
            self.use_runs(run for run in self.project.runs if run.experiment in keys)
        else:
            self.use_runs(self.project.runs)

    @cached_property
    def _by_record(self) -> Mapping[str, Run]:
        return {run.record_digest: run for run in self.project.runs}


def _experiments_of(row: Any) -> Iterable[str]:
    names = ("experiment", "parent", "baseline", "host", "dominated_by")
    return {key for name in names if isinstance(key := getattr(row, name, None), str)}


def _counted(runs: list[Run]) -> list[Run]:
    """Return of two records of one run the one that counts, where one does."""
    if len({run.run_id for run in runs}) == 1:
        return [run for run in runs if run.counts] or runs
    return runs


def only(
    found: Sequence[_One],
    called: Callable[[_One], str],
    what: str,
    there: Iterable[str] = (),
) -> _One:
    """Return the only one of some things.

    Args:
        found: What fits what an author wrote.
        called: What each is called where there are several.
        what: What was looked for.
        there: What there is, for an author who wrote nothing of that.

    Raises:
        Mistake: There is none, or more than one.
    """
    if len(found) == 1:
        return found[0]
    if not found:
        raise Mistake(f"there is no {what}{_there(there)}")
    listed = ", ".join(sorted(map(called, found))[:_LISTED])
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    raise Mistake(f"there is more than one {what}: {listed}{more}")


def _there(names: Iterable[str]) -> str:
    known = sorted(set(names))
    if not known:
        return ""
    listed = ", ".join(said(name) for name in known[:_LISTED])
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    return f"; there {'is' if len(known) == 1 else 'are'} {listed}{more}"
