"""The page of a run: what it was, how it ended, what it measured, and the record behind it.

What only the record says comes from the record; what other runs can change (lineage, what it is
compared with) comes from the tables. Differences are raw: whether one is more than chance is said
on the project's page, where all runs are.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from labrec.errors import LabrecError
from labrec.site import citing, urls
from labrec.site.charts import Curve, panels
from labrec.site.code_diff import CodeDiff, Codes
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.pages import matrix, methodology, over_time, record
from labrec.site.pages.kin import Compared, Kin, compare, family_of
from labrec.site.pages.notes import said
from labrec.site.pages.propose import about_run
from labrec.states import again

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from labrec.reader import RunReader
    from labrec.site.collect import Project, Site
    from labrec.site.rows import Point, Run

_HEADLINE = 4  # metrics on the first screen
_CURVE = 2  # points that make a curve
_PARENTS = 64  # records of parents that are kept: children of one parent follow one another


def pages(site: Site) -> Iterator[Draft]:
    """Yield the page of every run; of a run with several records one page."""
    shared = Shared(site)
    for project in site.projects:
        family = family_of(site, project)
        keys = {metric.name for metric in project.key_metrics}
        forks: dict[str, list[str]] = {}
        for run in project.runs:
            forks.setdefault(run.run_id, []).append(run.record_digest)
        for run in family.runs:
            kin = family.kin(run)
            sheet = _Sheet(shared, project, run, kin, forks[run.run_id], keys)
            yield _draft(sheet, family.url(run))


def _draft(sheet: _Sheet, url: str) -> Draft:
    return Draft(url, "run", inputs_of(*sheet.inputs), sheet.page)


def _machine(machine_id: str) -> str:
    return urls.machine(machine_id) if urls.is_machine(machine_id) else ""


class Shared:
    """What pages of runs share: records of parents, and differences of code.

    Args:
        site: The site.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.codes = Codes()
        self.parent = lru_cache(_PARENTS)(self._parent)

    def _parent(self, run: Run) -> RunReader | None:
        try:
            return self.site.records.reader(run)
        except LabrecError:
            return None  # its own page says why


class _Sheet:
    """Everything about one run that its page is made from."""

    def __init__(
        self,
        shared: Shared,
        project: Project,
        run: Run,
        kin: Kin,
        fork: list[str],
        keys: set[str],
    ) -> None:
        self.shared = shared
        self.site = shared.site
        self.project = project
        self.run = run
        self.kin = kin
        self.fork = fork
        self.metrics = project.metrics_of.get(run.record_digest, ())
        self.changes = project.changes_of.get(run.record_digest, ())
        self.keys = keys

    @property
    def inputs(self) -> tuple[Any, ...]:
        """What the page depends on: the rows about its record by their mark, and its relations."""
        kin = self.kin
        return (
            self.project.run_marks.get(self.run.record_digest),
            self.fork,
            kin.relations,
            kin.baseline,
            kin.reproduced_by,
            kin.beside.record_digest if kin.beside is not None else None,
            sorted(self.registered.intersection(self.run.hypotheses)),
            [tuple(one) if one else None for one in (kin.before, kin.after)],
            sorted(self.keys),
        )

    @property
    def registered(self) -> frozenset[str]:
        """The hypotheses of the project that have a page."""
        return self.project.registered

    @cached_property
    def compared(self) -> list[Compared]:
        """The metrics of the run beside those of what it is compared with."""
        return compare(self.metrics, self.kin.baseline, self.keys)

    def page(self) -> Page:
        """Make the page."""
        run = self.run
        try:
            reader = self.site.records.reader(run)
            context = self._context() | self._of_record(reader)
            files = context.pop("copies") | {"record.json": reader.data}
        except LabrecError as error:
            context = self._context() | {"problem": error.message}
            files = {}
        except (AttributeError, KeyError, TypeError, ValueError):
            # it breaks its schema in a way that only showing it reveals; labrec verify says how
            context = self._context() | {"problem": "it does not follow its schema"}
            files = {}
        return Page(
            url=urls.run(run.project, run.run_id),
            kind="run",
            title=run.name,
            crumbs=(
                Crumb("Home", urls.HOME),
                Crumb(run.project, urls.project(run.project)),
                Crumb(run.name, ""),
            ),
            context=context,
            files=files,
            digests=tuple(self.fork),
            work=citing.run(self.site.lab, run),
        )

    def _context(self) -> dict[str, Any]:
        run = self.run
        notes = self.project.notes_of.get(run.record_digest, ())
        return {
            "problem": "",
            "run": run,
            "notes": said(notes),
            "about": about_run(run, notes, fork=len(self.fork) > 1),
            "fork": self.fork if len(self.fork) > 1 else [],
            "headline": self._headline(),
            "metrics": self.compared,
            "baseline": self.kin.baseline,
            "relations": self.kin.relations,
            "before": self.kin.before,
            "after": self.kin.after,
            "pair": urls.pair(run.project, run.run_id) if self.kin.beside is not None else "",
            "beside": self.kin.beside,
            "compare": urls.COMPARE,
            "machine": _machine(run.machine_id or ""),
            "citations": citing.forms(citing.run(self.site.lab, run)),
        }

    def _headline(self) -> list[Compared]:
        keys = [one for one in self.compared if one.key]
        return (keys or self.compared)[:_HEADLINE]

    def _of_record(self, reader: RunReader) -> dict[str, Any]:
        files = record.Files(reader)
        calls = matrix.calls(reader)
        series = self.site.series(self.run)
        timeline = over_time.over_time(reader, self.compared, series, calls)
        copies = files.copies | ({over_time.COPY: timeline.copy} if timeline.copy else {})
        facts, absent = record.hardware(reader)
        channels, silent = record.telemetry(reader)
        return {
            "states": self.site.records.states(reader, self.kin.reproduced_by),
            "figures": self._figures(series),
            "timeline": timeline.figure,
            "timeline_data": over_time.COPY if timeline.copy else "",
            "changed_code": self._changed_code(reader),
            "calls": calls,
            "methodology": methodology.methodology(reader),
            "further": methodology.further(reader),
            "claims": methodology.hypotheses(reader, self.registered),
            "features": record.features(reader, self.changes),
            "identity": record.identity(reader),
            "datasets": record.datasets(reader),
            "code": record.code(reader),
            "environment": record.environment(reader),
            "hardware": facts,
            "absent": absent,
            "channels": channels,
            "silent": silent,
            "events": record.events(reader),
            "files": files.files,
            "logs": files.logs,
            "copies": copies,
            "again": again(reader),
        }

    def _changed_code(self, reader: RunReader) -> CodeDiff | None:
        beside = self.kin.beside
        parent = self.shared.parent(beside) if beside is not None else None
        return self.shared.codes.between(parent, reader) if parent is not None else None

    def _figures(self, series: Mapping[str, Sequence[Point]]) -> list[Any]:
        curves = [
            Curve(one.row.metric, points, one.row.unit, one.row.direction)
            for one in self.compared
            if len(points := [(p.step, p.value) for p in series.get(one.row.metric, ())]) >= _CURVE
        ]
        return panels(curves)
