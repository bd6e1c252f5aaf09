"""What the search of the site finds: one entry a run, experiment, claim, metric, feature, dataset.

Made from the tables alone. An entry leads to a page by its address; record text in it is only text.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, get_args

import polars as pl

from labrec.analytics import tables
from labrec.record.text import one_line
from labrec.record.wording import better, counted
from labrec.site import catalogue, urls
from labrec.site.collect import reading
from labrec.site.experiments import seeds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from labrec.site.collect import Project, Site
    from labrec.site.experiments import Experiment
    from labrec.site.page import Kind
    from labrec.site.rows import Run

What = Literal[
    "project", "hypothesis", "report", "metric", "dataset", "machine", "feature", "experiment",
    "run",
]  # fmt: skip
WHAT: Final[tuple[What, ...]] = get_args(What)
"""Kinds of entries, in the order in which they stand in the index; runs are last."""

_VALUES = 4  # of a feature, in its line
_CHANGES = 12  # of an experiment, that it is found by
_REASON, _TOLD = 120, 50  # characters of why a run failed: that it is found by, and in its line
_COUNT = re.compile(r"(?<!\w)\d\S*")


class Entry(NamedTuple):
    """Something that can be found.

    Attributes:
        what: Its kind.
        title: What it is called; record text.
        note: A line about it; record text.
        url: Where it leads, an address of `labrec.site.urls`.
        text: Further text that it is found by; record text.
        digest: Digest that a prefix of finds it, ``sha256:…`` or hex digits; empty = none.
    """

    what: What
    title: str
    note: str
    url: str
    text: str = ""
    digest: str = ""


def entries(site: Site, made: Collection[Kind]) -> list[Entry]:
    """Return everything that can be found: by kind, runs by their id, otherwise as listed.

    Args:
        site: The site.
        made: Kinds of pages that it has: an entry leads to its own page where there is one.
    """
    found = [entry for source in SOURCES for entry in source(site, made)]
    order = {what: at for at, what in enumerate(WHAT)}
    return sorted(found, key=lambda one: (order[one.what], _run_id(one)))


def _run_id(entry: Entry) -> str:
    return entry.url.split("/")[3] if entry.what == "run" else ""


def _projects(site: Site, made: Collection[Kind]) -> Iterator[Entry]:
    del made
    for project in site.projects:
        counts = (
            f"{counted(len(project.runs_of), 'experiment')}, {counted(len(project.run), 'run')}"
        )
        yield Entry("project", project.name, counts, urls.project(project.name))


def _hypotheses(site: Site, made: Collection[Kind]) -> Iterator[Entry]:
    for project in site.projects:
        for row in project.hypotheses:
            if not row.current:
                continue
            url = (
                urls.hypothesis(project.name, row.hypothesis)
                if "hypothesis" in made
                else f"{urls.project(project.name)}#hypotheses"
            )
            note = f"{row.shown}: {row.claim}"
            text = f"{row.claim} {row.verdict} {project.name}"
            yield Entry("hypothesis", row.hypothesis, note, url, text, row.registration)


def reports(site: Site, made: Collection[Kind]) -> Iterator[Entry]:
    """Yield the reports, each with its newest version."""
    if "report" not in made:
        return
    from labrec.site.pages.report import rendered  # the pages name this module

    titles = {article.slug: article.title for article in rendered(site)}
    for slug in site.library.slugs:
        versions = [one.frozen for one in site.library.versions_of(slug)]
        title = titles.get(slug) or str(versions[-1].document["title"])
        live = "live" if slug in titles else "no longer written"
        note = f"{live}, {counted(len(versions), 'frozen version')}"
        names = " ".join(str(one.document["title"]) for one in versions)
        digest = versions[-1].digest if versions else ""
        yield Entry("report", title, note, urls.report(slug), f"{slug} {names}", digest)


def _metrics(site: Site, made: Collection[Kind]) -> Iterator[Entry]:
    del made
    for one in catalogue.metrics(site):
        definition = one.definition
        facts = [one.unit, better(one.direction), f"of {counted(one.n, 'run')}"]
        note = ", ".join([part for part in facts if part])
        text = " ".join([one.project, *(row.description or "" for row in one.versions)])
        yield Entry(
            "metric",
            one.name,
            f"{note} in {one.project}{', defined' if definition is not None else ''}",
            urls.metric(one.project, one.name),
            text,
            definition.digest if definition is not None else "",
        )


def _datasets(site: Site, made: Collection[Kind]) -> Iterator[Entry]:
    del made
    found = catalogue.data(site)
    for row in found.held:
        facts = (row.project, row.version, row.licence, row.source, row.description)
        yield Entry(
            "dataset",
            f"{row.dataset}@{row.version}",
            f"{counted(row.samples, 'sample')}, used by {counted(row.n_runs, 'run')}, of "
            f"{row.project}",
            urls.dataset(row.digest),
            " ".join([fact for fact in facts if fact]),
            row.digest,
        )
    for use in found.lacking:
        yield Entry(
            "dataset",
            f"{use.dataset}@{use.version}" if use.version else use.dataset,
            f"not in the lab, named by {counted(use.n_runs, 'run')} of {use.project}",
            urls.unheld(use.project, use.dataset, use.version, use.digest),
            use.project,
        )


def _machines(site: Site, made: Collection[Kind]) -> Iterator[Entry]:
    if "machine" not in made:
        return
    found: dict[str, list[Run]] = {}
    for run in itertools.chain.from_iterable(project.run.values() for project in site.projects):
        if run.machine_id is not None and urls.is_machine(run.machine_id):
            found.setdefault(run.machine_id, []).append(run)
    for machine_id, runs in sorted(found.items()):
        model = " ".join(filter(None, (runs[-1].cpu_model, runs[-1].gpu_model)))
        note = f"{machine_id}, {counted(len(runs), 'run')}"
        yield Entry(
            "machine", model or machine_id, note, urls.machine(machine_id), digest=machine_id
        )


def _features(site: Site, made: Collection[Kind]) -> Iterator[Entry]:
    del made
    names = {project.name for project in site.projects}
    for project, path, runs, newest, count, values in _feature_rows(site):
        if project not in names:
            continue
        shown = ", ".join(sorted(values)) + (" …" if count > len(values) else "")
        note = f"{counted(count, 'value')} in {counted(runs, 'run')} of {project}: {shown}"
        text = f"{project} {' '.join(values)}"
        yield Entry("feature", path, note, f"{urls.run(project, newest)}#features", text)


def _feature_rows(site: Site) -> list[tuple[Any, ...]]:
    """Return project, path, number of runs, newest run, number of values and some of them."""
    path = site.folder / f"{tables.FEATURES.name}.parquet"
    if not path.is_file():
        return []
    with reading(path):
        return (
            pl.scan_parquet(path)
            .group_by("project", "path")
            .agg(
                pl.col("run_id").n_unique().alias("runs"),
                pl.col("run_id").max().alias("newest"),
                pl.col("value").n_unique().alias("count"),
                pl.col("value").unique().sort().head(_VALUES),
            )
            .sort("project", "path")
            .collect()
            .rows()
        )


def _runs(site: Site, made: Collection[Kind]) -> Iterator[Entry]:
    del made
    for project in site.projects:
        for one in project.known.all:
            if len(one.runs) > 1:
                yield _experiment(project, one)
            for run in one.runs:
                if project.run.get(run.run_id) is run:
                    yield _run(project, one, run)


def _experiment(project: Project, one: Experiment) -> Entry:
    return Entry(
        "experiment",
        one.name,
        f"{counted(len(one.runs), 'run')} in {project.name}",
        urls.experiment(project.name, one.key),
        f"{project.name} {_changes(one)} {one.intent}",
        one.key,
    )


def _run(project: Project, one: Experiment, run: Run) -> Entry:
    day = f", {run.started:%Y-%m-%d}" if run.started is not None else ""
    said = (note.text for note in project.notes_of.get(run.record_digest, ()) if note.heard)
    # numbers in it tell one failure from all others: nobody looks for them, and they fill an index
    reason = one_line(run.reason or "")
    facts = (
        *run.tags, _COUNT.sub("", reason[:_REASON]), run.intent, run.outcome, *said,
        _changes(one) if len(one.runs) == 1 else "", run.renamed_from, run.author, *run.datasets,
        *run.hypotheses, run.cpu_model, run.gpu_model, run.status,
        "" if run.counts else run.standing, project.name,
    )  # fmt: skip
    standing = "" if run.counts else f", {run.standing}"
    seed = seeds_of(run.seeds) if len(one.runs) > 1 else ""
    which = f", seed {seed}" if seed else ""  # tells it from its replicates
    why = f": {one_line(reason, _TOLD)}" if reason else ""
    return Entry(
        "run",
        run.name,
        f"{run.status}{standing} in {project.name}{which}{day}{why}",
        urls.run(project.name, run.run_id),
        " ".join([fact for fact in facts if fact]),
        run.record_digest,
    )


def _changes(one: Experiment) -> str:
    return " ".join([f"{row.path} {row.new or ''}" for row in one.changes[:_CHANGES]])


SOURCES: Final[tuple[Callable[[Site, Collection[Kind]], Iterator[Entry]], ...]] = (
    _projects, _hypotheses, reports, _metrics, _datasets, _machines, _features, _runs,
)  # fmt: skip
"""What brings entries in."""
