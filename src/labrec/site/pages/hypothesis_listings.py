"""The listings of a hypothesis: units with all that their confidence is made of, runs, families."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from labrec.record.wording import MISSING, estimate, number, percent
from labrec.site import urls
from labrec.site.charts.figure import rows_csv
from labrec.site.experiments import STATUSES
from labrec.site.listing import Cell, Column, Listing, amount, listing, moment, words
from labrec.site.rows_hypotheses import Bearing, Primary, Unit

if TYPE_CHECKING:
    from labrec.site.listing import Mark
    from labrec.site.pages.dossier import Dossier, Ran

_COMPONENTS: Final = {
    "c_status": "how its runs ended",
    "c_tail": "steady at the end",
    "c_replication": "n/(n + 1)",
    "c_reruns": "repeated alike",
    "c_capture": "what was recorded",
}
"""Columns of what confidence is the geometric mean of, with what each says."""

_LATE: Final = "exploratory"


def units(found: Dossier) -> Listing:
    """Return the units of a hypothesis with every number on the way to their part in E."""
    columns = [
        Column("Experiment"),
        Column("Metric", "choice"),
        Column("Kind", "choice"),
        Column("Runs", "number", "with a value, of all"),
        Column("Mean", "number"),
        Column("Baseline", "number", "its mean, n"),
        Column("Delta", "number", "as claimed is positive"),
        Column("Scale", "number", "sd within, df"),
        Column("Normalized", "number", "delta / scale"),
        Column("Weight", "number"),
        *(Column(name.removeprefix("c_"), "number", what) for name, what in _COMPONENTS.items()),
        Column("Confidence", "number", "their geometric mean"),
        Column("Adds to E", "number"),
        Column("Capture misses"),
    ]
    rows = [_unit(one) for one in found.units]
    caption = "Units: a primary metric of an experiment each"
    return listing("units", caption, columns, rows, "units.csv")


def _unit(one: Unit) -> list[Cell]:
    scale = number(one.scale) if one.scale is not None else "none"
    weak = ", weak" if one.weak and one.scale_df else ""
    normalized = number(one.normalized_delta)
    if one.normalized_delta is None and one.spread_ratio is not None:
        normalized = f"— (spread ratio {number(one.spread_ratio)})"
    again = f" ({one.n_agreeing} of {one.n_reruns})" if one.n_reruns else ""
    return [
        words(one.name or one.experiment[:19], urls.experiment(one.project, one.experiment)),
        words(one.metric),
        words(one.kind, mark="aside" if one.kind == _LATE else ""),
        amount(one.n, f"{one.n} of {one.n_runs}"),
        amount(one.mean),
        amount(one.mean_baseline, f"{number(one.mean_baseline)}, {one.n_baseline}"),
        amount(one.delta),
        amount(one.scale, "0, deterministic" if one.deterministic
               else f"{scale}, {one.scale_df}{weak}"),
        amount(one.normalized_delta, normalized),
        amount(one.weight),
        *(amount(getattr(one, name), number(getattr(one, name), 3) +
                 (again if name == "c_reruns" else "")) for name in _COMPONENTS),
        amount(one.confidence, number(one.confidence, 3)),
        amount(one.contribution if one.kind != _LATE else None,
               "not counted" if one.kind == _LATE else ""),
        words(", ".join(one.deductions)),
    ]  # fmt: skip


def runs(found: Dossier) -> Listing:
    """Return every run of a hypothesis with its place, or the reason why it has none."""
    columns = [
        Column("Run"),
        Column("Started", note="UTC"),
        Column("Part", "choice"),
        Column("Place", "number"),
        Column("Ended", "choice"),
        Column(found.row.metric, "number", found.row.unit or ""),
        Column("Kind", "choice"),
        Column("Why"),
    ]
    caption = "Runs that bear on it, in order of their start"
    rows = [_run(one, found.project) for one in found.runs]
    return listing("runs", caption, columns, rows, "runs.csv")


def _run(one: Ran, project: str) -> list[Cell]:
    row = one.row
    aside: Mark = "" if one.has_place else "aside"
    withdrawn = " Withdrawn by a note." if row.withdrawn else ""
    return [
        words(one.name or "(no name)", urls.run(project, row.run_id)),
        moment(one.started),
        words(row.part, mark=aside),
        amount(row.place),
        words(row.status, mark=_ended(row.status)),
        amount(one.value),
        words(row.kind),
        words(f"{row.why}{withdrawn}"),
    ]


def _ended(status: str) -> Mark:
    return status if status in STATUSES else ""  # type: ignore[return-value]  # they are marks


def family(found: Dossier) -> Listing:
    """Return the other claims that share the error rate of a hypothesis."""
    columns = [Column("Hypothesis"), Column("Verdict", "choice"), Column("p for", "number"),
               Column("p against", "number"), Column("Claim")]  # fmt: skip
    rows = [
        [
            words(one.hypothesis, urls.hypothesis(one.project, one.hypothesis)),
            words(one.shown),
            amount(one.p_support_adjusted),
            amount(one.p_refute_adjusted),
            words(one.claim),
        ]
        for one in found.family
    ]
    return listing("family", "Other claims of the family, with adjusted p", columns, rows)


# --- power, and what was missing ------------------------------------------------------------------


def power(found: Dossier) -> Listing:
    """Return power, size of effect and the runs it would take, for each primary metric."""
    columns = [
        Column("Metric"), Column("Test", "choice"), Column("p for", "number"),
        Column("p against", "number"), Column("Hedges’ g", "number", "95 % interval"),
        Column("Power", "number", "for what was seen"),
        Column("Power at the limit", "number", "for the lower end of its interval"),
        Column("It would take", "number", "runs in each arm"), Column("To find", "number"),
    ]  # fmt: skip
    rows = [_power(one) for one in found.primaries]
    return listing("power-of", "Power and size of effect, by primary metric", columns, rows)


def _power(one: Primary) -> list[Cell]:
    size = MISSING
    if one.g is not None:
        told, low, high = estimate(one.g, one.g_low, one.g_high)
        size = f"{told} ({low} to {high})" if one.g_low is not None else told
    needed = f"{number(one.needed_effect)} {one.unit or ''}".rstrip()
    return [
        words(one.metric),
        words(one.method),
        amount(one.p_support),
        amount(one.p_refute),
        amount(one.g, size),
        _share(one.power_seen),
        _share(one.power_low),
        amount(one.needed_n),
        amount(one.needed_effect, needed if one.needed_effect is not None else ""),
    ]


def missing(found: Dossier) -> Listing:
    """Return what is missing of each primary metric, and what that could lead to."""
    columns = [
        Column("Metric"), Column("Treatments", "number", "without a value"),
        Column("Baseline", "number", "without a value"),
        Column("p", "number", "of equal completion"),
        Column("Worst cases", "number", found.row.unit or ""),
        Column("Refuses a verdict", "choice"),
    ]  # fmt: skip
    rows = [_missing(one) for one in found.primaries]
    return listing("missing-of", "What is missing, by primary metric", columns, rows)


def _missing(one: Primary) -> list[Cell]:
    worst = MISSING
    if one.bound_low is not None and one.bound_high is not None:
        worst = f"{number(one.bound_low)} to {number(one.bound_high)}"
    return [
        words(one.metric),
        _share(one.missing_treatment, one.n_runs_treatment),
        _share(one.missing_baseline, one.n_runs_baseline),
        amount(one.p_missing),
        amount(one.bound_low, worst),
        words("yes" if one.missing_matters else "no", mark="odd" if one.missing_matters else ""),
    ]


def _share(share: float | None, of: int | None = None) -> Cell:
    if share is None:
        return amount(None)
    return amount(share, percent(share) + (f" of {of}" if of is not None else ""))


# --- the same as CSV ----------------------------------------------------------------------------


def tables(found: Dossier) -> dict[str, bytes]:
    """Return the units and runs of every registration, all columns, as CSV files."""
    return {
        "units.csv": rows_csv(Unit._fields, found.every_unit),
        "runs.csv": rows_csv(Bearing._fields, found.every_run),
    }
