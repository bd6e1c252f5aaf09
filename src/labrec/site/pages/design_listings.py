"""The listings of designs, and the same as CSV."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from labrec.record.wording import estimate, number
from labrec.site import urls
from labrec.site.charts.figure import rows_csv
from labrec.site.listing import Cell as Shown
from labrec.site.listing import Column, Listing, amount, listing, words
from labrec.site.pages.designs import KINDS, MOST_DESIGNS, title
from labrec.site.rows_attribution import Cell, Effect, Efficiency

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.site.listing import Mark
    from labrec.site.pages.designs import Study
    from labrec.site.rows_attribution import Growth

_MARKS = frozenset({"better", "worse", "unclear", "unreplicated"})
_VALUES = 8  # values of a cell that its row shows


def designs(found: Sequence[Study]) -> Listing:
    """Return the designs of a project."""
    columns = [
        Column("Design"), Column("Metric", "choice"), Column("From", "choice"),
        Column("Factors", "number"), Column("Cells", "number"), Column("Shape", "choice"),
        Column("Values", "number"), Column("Lacks", "number", "cells"), Column("Called"),
    ]  # fmt: skip
    rows = [_design(one, at) for at, one in enumerate(found)]
    return listing("designs", "Designs: factors that were switched, and a metric", columns, rows)


def _design(one: Study, at: int) -> list[Shown]:
    row = one.row
    return [
        words(title(row), one.url if at < MOST_DESIGNS else ""),
        words(row.metric),
        words({"run": "one run"}.get(row.source, row.source)),
        amount(len(row.factors)),
        amount(row.n_cells, f"{row.n_cells:,} of {1 << len(row.factors):,}"),
        words(row.shape),
        amount(row.n_values),
        amount(row.n_needed),
        words(row.name),
    ]


def cells(found: Study) -> Listing:
    """Return the factorial table: each measured cell with its runs."""
    row = found.row
    columns = [
        Column("Cell", note="a digit a factor"),
        *(Column(name, "choice") for name in row.factors),
        Column("n", "number"),
        Column("Mean", "number", row.unit or ""),
        Column("sd", "number"),
        *([Column("Adjusted", "number", "for seeds it lacks")] if _adjusts(found) else ()),
        Column("Values"),
        Column("Runs"),
    ]
    rows = [_cell(found, one) for one in found.cells]
    return listing("cells", "Measured cells", columns, rows, "cells.csv")


def _adjusts(found: Study) -> bool:
    return any(one.adjusted != one.mean for one in found.cells)


def _cell(found: Study, one: Cell) -> list[Shown]:
    runs = [found.runs[digest] for digest in dict.fromkeys(one.record_digests)
            if digest in found.runs]  # fmt: skip
    names = ", ".join(dict.fromkeys(name or "(no name)" for _, name in runs))
    first = urls.run(found.row.project, runs[0][0]) if runs else ""
    count = f" ({len(runs)} runs)" if len(runs) > 1 else ""
    switches = [words("on" if digit == "1" else "off") for digit in one.cell]
    switches += [words("")] * (len(found.row.factors) - len(switches))
    return [
        words(one.cell),
        *switches[: len(found.row.factors)],
        amount(one.n),
        amount(one.mean),
        amount(one.sd),
        *([amount(one.adjusted)] if _adjusts(found) else ()),
        words(_values(one.values)),
        words(f"{names}{count}" if names else "", first),
    ]


def _values(text: str) -> str:
    try:
        found = json.loads(text)
    except ValueError:
        return text
    if not isinstance(found, list):
        return text
    told = [number(one) if isinstance(one, int | float) else str(one) for one in found[:_VALUES]]
    return ", ".join(told) + (" …" if len(found) > _VALUES else "")


def effects(found: Study) -> Listing:
    """Return every effect with what it rests on and what is not known of it."""
    columns = [
        Column("Effect", "choice"), Column("Of"),
        Column("Estimate", "number", found.row.unit or ""),
        Column("Interval", "number"), Column("p", "number", "Holm-adjusted"),
        Column("Finding", "choice"), Column("From", "choice"), Column("Assumes", "choice"),
        Column("Aliases"), Column("Not known"),
    ]  # fmt: skip
    order = {kind: at for at, kind in enumerate(KINDS)}
    ordered = sorted(
        found.effects,
        key=lambda one: (order.get(one.kind, len(order)), one.on.count("1"), one.on[::-1]),
    )
    rows = [_effect(one) for one in ordered]
    return listing("effects", "Effects of every kind", columns, rows, "effects.csv")


def _effect(one: Effect) -> list[Shown]:
    told, low, high = ("—", "", "") if one.estimate is None else estimate(
        one.estimate, one.low, one.high
    )  # fmt: skip
    interval = f"{low} to {high}" if one.low is not None else "—"
    finding = one.finding if one.identifiable else "not determined"
    mark: Mark = finding if finding in _MARKS else "missing"  # type: ignore[assignment]  # they are marks
    return [
        words(one.kind),
        words(one.effect),
        amount(one.estimate, told),
        amount(one.low, interval),
        amount(one.p_holm),
        words(finding, mark=mark),
        words(one.method),
        words(one.model),
        words(", ".join(one.aliases)),
        words(one.unknown),
    ]


def efficiencies(found: Study) -> Listing | None:
    """Return what effects cost; None where nothing is known of costs."""
    shown = [one for one in found.efficiencies if one.kind in {"shapley", "main"}]
    if not shown:
        return None
    columns = [
        Column("Cost", "choice"), Column("Effect", "choice"), Column("Of"),
        Column("Gain", "number", found.row.unit or ""), Column("Price", "number", "unit of cost"),
        Column("Gain for each unit", "number", "Fieller interval"), Column("Why not"),
    ]  # fmt: skip
    rows = [_efficiency(one) for one in shown]
    caption = "What an effect costs, and what it gains for each unit of the cost"
    return listing("costs", caption, columns, rows, "costs.csv")


def _efficiency(one: Efficiency) -> list[Shown]:
    unit = f" {one.cost_unit}" if one.cost_unit and one.cost_unit != "1" else ""
    price, low, high = estimate(one.cost_estimate, one.cost_low, one.cost_high)
    interval = f" ({low} to {high})" if one.cost_low is not None else ""
    return [
        words(one.cost),
        words(one.kind),
        words(one.effect),
        amount(one.estimate),
        amount(one.cost_estimate, f"{price}{unit}{interval}"),
        _ratio(one.ratio, one.low, one.high),
        words(one.note),
    ]


def _ratio(value: float | None, low: float | None, high: float | None) -> Shown:
    if value is None:
        return amount(None)
    told, from_, to = estimate(value, low, high)
    return amount(value, f"{told} ({from_} to {to})" if low is not None else told)


def growth(rows: Sequence[Growth]) -> Listing | None:
    """Return models that grew out of a host, against it; None where there are none."""
    if not rows:
        return None
    columns = [
        Column("Model"), Column("Host"), Column("Metric", "choice"), Column("Change", "number"),
        Column("Finding", "choice"), Column("Parameters", "number", "of the host's"),
        Column("Efficiency ratio", "number", "quality a parameter, over the host's"),
        Column("Above chance", "number"),
        Column("Equivalent parameters", "number", "of a host-only model as good"),
        Column("In words"),
    ]  # fmt: skip
    caption = "Grown models against their hosts"
    return listing("growth", caption, columns, [_grown(one) for one in rows], "growth.csv")


def _grown(one: Growth) -> list[Shown]:
    mark: Mark = one.finding if one.finding in _MARKS else ""  # type: ignore[assignment]  # they are marks
    equivalent = "—"
    if one.equivalent is not None:
        equivalent = f"{one.equivalent_bound} {number(one.equivalent)}".strip()
        if one.equivalent_low is not None and one.equivalent_high is not None:
            low = f"{one.equivalent_low_bound} {number(one.equivalent_low)}".strip()
            high = f"{one.equivalent_high_bound} {number(one.equivalent_high)}".strip()
            equivalent += f" ({low} to {high})"
    return [
        words(one.name or one.experiment[:19], urls.experiment(one.project, one.experiment)),
        words(one.host_name or one.host[:19], urls.experiment(one.project, one.host)),
        words(one.metric),
        _ratio(one.delta, one.low, one.high),
        words(one.finding, mark=mark),
        amount(one.parameters, f"{number(one.parameters)} of {number(one.host_parameters)}"),
        _ratio(one.ratio, one.ratio_low, one.ratio_high),
        _ratio(one.ratio_above_chance, one.ratio_above_chance_low, one.ratio_above_chance_high),
        amount(one.equivalent, equivalent),
        words(one.sentence),
    ]


# --- the same as CSV ------------------------------------------------------------------------------


def tables(found: Study) -> dict[str, bytes]:
    """Return cells, effects and costs of a design, all columns that pages show, as CSV files."""
    files = {
        "cells.csv": rows_csv(Cell._fields, found.cells),
        "effects.csv": rows_csv(Effect._fields, found.effects),
    }
    if efficiencies(found) is not None:
        files["costs.csv"] = rows_csv(Efficiency._fields, found.efficiencies)
    return files
