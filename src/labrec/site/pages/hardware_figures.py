"""Figures of the hardware page: differences held against δ, ratios, observations, speeds."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from labrec.record.wording import (
    arrow,
    better,
    counted,
    estimate,
    number,
    p_value,
    percent,
)
from labrec.site.charts import Figure, Level, Rung, Told, levels, rungs
from labrec.site.charts.rungs import CLEAR, OPEN, PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labrec.site.rows_hardware import Comparison, Observation, Speed

_LINKED = frozenset({"block", "pair of runs"})
_LOOKS: Final = {
    "effect": CLEAR, "effect (below δ)": CLEAR, "no effect larger than δ": PLAIN, "constant": PLAIN,
}  # fmt: skip
_WORDS = 2  # values that the sentence of a figure names


def beside(row: Comparison, pairs: Sequence[Comparison], name: str) -> Figure:
    """Return the figure of one metric under a condition: its pairs of levels, or itself.

    Args:
        row: The comparison of all levels.
        pairs: Those of each pair, where there are more than two levels.
        name: Id of the figure.
    """
    rows = list(pairs) or [row]
    is_ratio = row.scale == "ratio" and all(one.ratio is not None for one in rows)
    made = [_ratio(one) if is_ratio else _difference(one) for one in rows]
    unit = f" ({row.unit})" if row.unit else ""
    if row.scale is None:
        what, axis = "rank correlation", "Spearman's rank correlation, −1 to 1"
    elif is_ratio:
        what, axis = "multiple", f"{row.metric}, as a multiple{_way(row)}"
    else:
        what, axis = "difference", f"difference of {row.metric}{unit}{_way(row)}"
    said = Told(name, row.metric, _sentence(row, rows, made, what), axis)
    return rungs("ratios" if is_ratio else "forest", made, said)


def _sentence(row: Comparison, rows: Sequence[Comparison], made: Sequence[Rung], what: str) -> str:
    levels_ = sorted({percent(one.level) for one in rows if one.level is not None})
    interval = f" with its {levels_[0]} interval" if len(levels_) == 1 else " with its interval"
    said = f"Each {what}{interval if levels_ else ', no interval known'}."
    if row.margin is not None and what == "difference":
        unit = f" {row.unit}" if row.unit else ""
        origin = f", from the {row.margin_from}" if row.margin_from else ""
        said += (
            f" The band is ± δ = {number(row.margin)}{unit}{origin}: differences inside of it do "
            "not matter."
        )
    elif what == "difference" and row.role == "quality":
        said += " No δ is registered or defined, so that none can be shown to be absent."
    told = "; ".join(f"{one.name}: {one.told}" for one in made[:_WORDS])
    more = len(made) - _WORDS
    return f"{said} {told}{f'; {more} more in the listing' if more > 0 else ''}."


def _difference(row: Comparison) -> Rung:
    return Rung(
        _pair(row),
        row.estimate,
        row.low,
        row.high,
        (-row.margin, row.margin) if row.margin is not None and row.scale is not None else None,
        _told(row.estimate, row.low, row.high),
        _LOOKS.get(row.verdict, OPEN),
        _note(row),
    )


def _ratio(row: Comparison) -> Rung:
    return Rung(
        _pair(row),
        row.ratio,
        row.ratio_low,
        row.ratio_high,
        None,
        f"× {_told(row.ratio, row.ratio_low, row.ratio_high, signed=False)}",
        _LOOKS.get(row.verdict, OPEN),
        _note(row),
    )


def _pair(row: Comparison) -> str:
    if not row.first and not row.last:
        return row.condition
    return f"{row.last} against {row.first}"


def _told(
    value: float | None, low: float | None, high: float | None, *, signed: bool = True
) -> str:
    if value is None:
        return "no value"
    text, from_, to = estimate(value, low, high)
    sign = "+" if signed and value > 0 else ""
    return f"{sign}{text} ({from_} to {to})" if low is not None else f"{sign}{text}"


def _note(row: Comparison) -> str:
    adjusted = f", adjusted {p_value(row.p_adjusted)}" if row.p_adjusted is not None else ""
    return f"{row.verdict}{adjusted}"


def _way(row: Comparison | Speed) -> str:
    direction = better(row.direction)
    return f", {direction} {arrow(row.direction)}" if direction else ""


# --- observations -----------------------------------------------------------------------------


def observed(row: Comparison, rows: Sequence[Observation], name: str) -> Figure:
    """Return the figure of what each block, machine or run had under each level.

    Args:
        row: The comparison of all levels.
        rows: Its observations, by level.
        name: Id of the figure.
    """
    grouped = itertools.groupby(rows, key=lambda one: (one.place, one.level))
    made = [
        Level(level, [(one.observation, one.value) for one in those])
        for (_, level), those in grouped
    ]
    counts = [len(one.observed) for one in made]
    counted_ = rows[0].counted
    linked = counted_ in _LINKED
    ratio = row.scale == "ratio" and all(one.value > 0 for one in rows)
    what = counted(max(counts), counted_, "pairs of runs" if counted_ == "pair of runs" else "")
    sentence = f"{what} under {counted(len(made), 'level')}, each a dot"
    sentence += "; a line joins the same one under every level." if linked else "."
    if rows[0].n > max(counts):
        sentence += f" The first {max(counts)} of {rows[0].n:,} are drawn."
    unit = f" ({row.unit})" if row.unit else ""
    title = f"{row.metric}, {'block by block' if linked else f'each {counted_}'}"
    return levels(
        made, Told(name, title, sentence, f"{row.metric}{unit}{_way(row)}"), linked=linked,
        log=ratio,
    )  # fmt: skip


# --- speeds -----------------------------------------------------------------------------------


def speeds(rows: Sequence[Speed]) -> list[tuple[Figure, list[str]]]:
    """Return a figure for each speed or energy metric, by model of machine, and its sentences."""
    by_metric: dict[tuple[str, str | None], list[Speed]] = {}
    for row in rows:
        by_metric.setdefault((row.metric, row.unit), []).append(row)
    return [
        (_speed(those, f"speed-{number}"), [row.sentence for row in those])
        for number, those in enumerate(by_metric.values(), start=1)
    ]


def _speed(rows: Sequence[Speed], name: str) -> Figure:
    first = rows[0]
    made = [
        Rung(
            _model(row), row.median, row.min, row.max, (row.q1, row.q3),
            f"median {number(row.median)} ({number(row.q1)} to {number(row.q3)})", PLAIN,
            f"{counted(row.n, 'run')}, {counted(row.n_experiments, 'experiment')}",
        )
        for row in rows
    ]  # fmt: skip
    unit = f" ({first.unit})" if first.unit else ""
    told = "; ".join(_words(made))
    sentence = (
        f"{told}. The stroke is the median, the box the middle half, the line all runs, whatever "
        "they ran."
    )
    axis = f"{first.metric}{unit}{_way(first)}"
    return rungs("boxes", made, Told(name, f"{first.metric} by model of machine", sentence, axis))


def _words(made: Sequence[Rung]) -> Iterator[str]:
    for one in made[:_WORDS]:
        yield f"{one.name}: {one.told}"
    if len(made) > _WORDS:
        yield f"and {len(made) - _WORDS} more"


def _model(row: Speed) -> str:
    cpu = row.cpu_model or "processors that are not known"
    return f"{cpu}, {row.gpu_model}" if row.gpu_model else cpu
