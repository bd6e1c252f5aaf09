"""The listings of a project's page, and the same as CSV."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from labrec.record.wording import MISSING, duration, estimate, number
from labrec.site import urls
from labrec.site.charts.figure import columns_csv
from labrec.site.experiments import place, seeds_of
from labrec.site.listing import Cell, Column, Lines, Listing, amount, listing, moment, words
from labrec.site.pages.graph import note_of

if TYPE_CHECKING:
    from labrec.site.collect import KeyMetric
    from labrec.site.experiments import Experiment, Experiments
    from labrec.site.listing import Mark
    from labrec.site.rows import Contrast, Run

_METRICS = 4  # key metrics with a column of their own


# --- experiments ------------------------------------------------------------------------------


def experiments_of(known: Experiments) -> Listing:
    """Return the listing of the experiments of a project."""
    metrics = known.key_metrics[:_METRICS]
    columns = [
        Column("Experiment"),
        Column("Derives from"),
        Column("Runs", "number"),
        Column("Ended", "choice"),
        *(Column(metric.name, "number", _interval_note(known, metric)) for metric in metrics),
        *([Column(f"{metrics[0].name} against parent", "number", "difference of means")]
          if metrics else []),
        *([Column("Finding", "choice")] if metrics else []),
        *([Column("Intent")] if any(one.intent for one in known.all) else []),
    ]  # fmt: skip
    with_intent = columns[-1].title == "Intent"

    def cells(one: Experiment) -> list[Cell]:
        return [*_experiment(known, one, metrics), *([words(one.intent)] if with_intent else [])]

    rows = Lines(known.all, cells, partial(_of_experiment, known, metrics), (metrics, with_intent))
    caption = "Experiments, parents before their children"
    return listing("experiments", caption, columns, rows, table="experiments")


def _of_experiment(
    known: Experiments, metrics: tuple[KeyMetric, ...], one: Experiment
) -> tuple[Any, ...]:
    """Return what the row of an experiment is made from."""
    contrast = one.contrast(metrics[0].name) if metrics else None
    return (
        one.key,
        known.mark_of(one),
        [known.by_key[key].name for key in one.parents],
        one.outside,
        contrast and (contrast.estimate, contrast.low, contrast.high, contrast.finding),
    )


def _interval_note(known: Experiments, metric: KeyMetric) -> str:
    levels = {row.level for row in known.project.experiments if row.metric == metric.name}
    level = f"mean, {max(levels) * 100:.0f} % interval" if levels else "mean"
    return ", ".join(filter(None, (level, note_of(metric))))


def _experiment(known: Experiments, one: Experiment, metrics: tuple[KeyMetric, ...]) -> list[Cell]:
    name = one.name or "(no name)"
    above = [known.by_key[key].name for key in one.parents]
    above += [f"? {called}" for called, _ in one.outside]
    first = known.by_key[one.parents[0]] if one.parents else None
    row = [
        Cell(name, name.casefold(), urls.run(one.project, one.runs[0].run_id), "", one.anchor),
        words(", ".join(above), f"#{first.anchor}" if first is not None else ""),
        amount(len(one.runs), _runs_text(one)),
        words(one.status, mark=ended(one.status)),
        *(_mean(one, metric.name) for metric in metrics),
    ]  # fmt: skip
    if metrics:
        contrast = one.contrast(metrics[0].name)
        row += [_difference(contrast), _finding(contrast)]
    return row


def _runs_text(one: Experiment) -> str:
    short = f", {one.n_failed} not complete" if one.n_failed else ""
    return f"{len(one.runs)}{short}"


def ended(status: str) -> Mark:
    """Return how a status looks."""
    return status if status != "mixed" else ""  # type: ignore[return-value]  # the statuses are marks


def _mean(one: Experiment, metric: str) -> Cell:
    row = one.measures.get(metric)
    if row is None or row.mean is None:
        count = row.n_not_finite if row is not None else 0
        return Cell(f"NaN or ∞ in {count}", None, "", "odd") if count else amount(None)
    value, low, high = estimate(row.mean, row.low, row.high)
    text = value if row.low is None else f"{value} [{low}, {high}]"
    return amount(row.mean, f"{text} n={row.n}")


def _difference(contrast: Contrast | None) -> Cell:
    if contrast is None:
        return amount(None)
    value, low, high = estimate(contrast.estimate, contrast.low, contrast.high)
    sign = "+" if contrast.estimate > 0 else ""
    text = f"{sign}{value}" if contrast.low is None else f"{sign}{value} [{low}, {high}]"
    return amount(contrast.estimate, text)


def _finding(contrast: Contrast | None) -> Cell:
    if contrast is None:
        return words("")
    return words(contrast.finding, mark=contrast.finding)  # type: ignore[arg-type]  # the contract's words


# --- contrasts --------------------------------------------------------------------------------


def contrasts(known: Experiments) -> Listing:
    """Return the listing of the contrasts of a project, the surest first."""
    found = [row for row in known.project.contrasts if row.experiment in known.by_key]
    found.sort(key=_surest)
    columns = [
        Column("Experiment"),
        Column("Against"),
        Column("Metric", "choice"),
        Column("Difference", "number", "with its interval"),
        Column("Finding", "choice"),
        Column("p", "number", "Holm-adjusted"),
        Column("Design", "choice"),
        Column("n", "number", "runs or pairs"),
    ]
    rows = Lines(found, partial(_contrast, known), partial(_of_contrast, known))
    return listing(
        "contrasts", "Each experiment against its parents", columns, rows, table="contrasts"
    )


def _surest(row: Contrast) -> tuple[float, str, str]:
    missing = row.p_holm is None or math.isnan(row.p_holm)
    return (2.0 if missing else row.p_holm or 0.0, row.metric, row.experiment)


def _of_contrast(known: Experiments, row: Contrast) -> tuple[Any, ...]:
    """Return what the row of a contrast is made from."""
    return f"{row.experiment} {row.parent} {row.metric}", row.parent in known.by_key, *row


def _contrast(known: Experiments, row: Contrast) -> list[Cell]:
    one, other = known.by_key[row.experiment], known.by_key.get(row.parent)
    return [
        words(row.name, f"#{one.anchor}"),
        words(row.parent_name, f"#{other.anchor}" if other is not None else ""),
        words(row.metric),
        _difference(row),
        _finding(row),
        amount(row.p_holm, "" if row.p_holm is None else _p(row.p_holm)),
        words(row.design),
        amount(row.n, f"{row.n}" if row.design == "paired" else f"{row.n} and {row.n_parent}"),
    ]


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else number(value, 2)  # noqa: PLR2004 - as in wording


# --- runs -------------------------------------------------------------------------------------


def runs(known: Experiments) -> Listing:
    """Return the listing of every run of a project, newest first."""
    metrics = known.key_metrics[:_METRICS]
    every = sorted(known.project.runs, key=place, reverse=True)
    aside = any(not run.counts for run in every)
    columns = [
        Column("Run"),
        Column("Status", "choice"),
        *([Column("Standing", "choice")] if aside else []),
        Column("Started", "time", "UTC"),
        Column("Duration", "number", measure="s"),
        Column("Seed"),
        *(Column(metric.name, "number", note_of(metric)) for metric in metrics),
        *([Column(f"{metrics[0].name} against parent", "number", "raw difference")]
          if metrics else []),
        Column("Machine", "choice"),
        Column("Tags"),
    ]  # fmt: skip
    cells = partial(_run, known, metrics, aside=aside)
    rows = Lines(every, cells, partial(of_run, known), (metrics, aside))
    return listing("runs", "Runs, newest first", columns, rows, "runs.csv")


def of_run(known: Experiments, run: Run) -> tuple[Any, ...]:
    """Return what the row of a run is made from: all about its record, and the mean of its parent.

    Args:
        known: The experiments of its project.
        run: The run.
    """
    metric = next(iter(known.key_metrics), None)
    mean = _mean_of_parent(known, run, metric) if metric is not None else None
    return run.record_digest, known.project.run_marks.get(run.record_digest), mean


def _run(
    known: Experiments, metrics: tuple[KeyMetric, ...], run: Run, *, aside: bool
) -> list[Cell]:
    values = {row.metric: row.last for row in known.project.metrics_of.get(run.record_digest, ())}
    row = [
        Cell(run.name or "(no name)", run.name.casefold(), urls.run(run.project, run.run_id)),
        words(run.status, mark=ended(run.status)),
        *([words(run.standing, mark="" if run.counts else "aside")] if aside else []),
        moment(run.started),
        amount(run.duration_s, duration(run.duration_s)),
        words(seeds_of(run.seeds)),
        *(amount(values.get(metric.name)) for metric in metrics),
    ]
    if metrics:
        row.append(against_parent(known, run, metrics[0], values.get(metrics[0].name)))
    return [*row, words(run.gpu_model or run.cpu_model or ""), words(", ".join(run.tags))]


def against_parent(known: Experiments, run: Run, metric: KeyMetric, value: float | None) -> Cell:
    """Return how far a run is from the mean of its first parent, and which way that is."""
    mean = _mean_of_parent(known, run, metric)
    if value is None or mean is None or not math.isfinite(value):
        return amount(None, MISSING)
    difference = value - mean
    text = f"{'+' if difference > 0 else ''}{number(difference)}"
    if metric.direction is None or difference == 0:
        return amount(difference, text)
    side: Mark = "better" if (difference < 0) == (metric.direction == "minimize") else "worse"
    return amount(difference, f"{text} {side}", side)


def _mean_of_parent(known: Experiments, run: Run, metric: KeyMetric) -> float | None:
    parents = known.by_key[run.experiment].parents
    return known.by_key[parents[0]].mean(metric.name) if parents else None


# --- as CSV -----------------------------------------------------------------------------------


def runs_csv(known: Experiments) -> bytes:
    """Return the runs of a project with the last value of each metric: exact values, all rows."""
    metrics = sorted({row.metric for row in known.project.metrics})
    fields = (
        "run_id", "name", "status", "standing", "experiment", "started", "duration_s", "seeds",
        "tags", "author", "machine_id", "cpu_model", "gpu_model", "tool", "record_digest",
    )  # fmt: skip

    every = known.project.runs
    own = {name: [getattr(run, name) for run in every] for name in fields}
    for name in ("started", "tags"):
        own[name] = [plain(value) for value in own[name]]
    values: dict[str, dict[str, float]] = {metric: {} for metric in metrics}
    for row in known.project.metrics:
        values[row.metric][row.record_digest] = row.last
    return columns_csv(
        (*fields, *metrics),
        [*own.values(), *([of.get(run.record_digest) for run in every] for of in values.values())],
    )


def plain(value: Any) -> Any:
    """Return a value of a table as a cell of CSV: a list in a line, a moment as ISO 8601."""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return value.isoformat() if hasattr(value, "isoformat") else value
