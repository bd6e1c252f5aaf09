"""The listing of all comparisons of conditions of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec.record.wording import estimate, number
from labrec.site.listing import Cell, Column, Listing, amount, listing, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.site.rows_hardware import Comparison

_OPEN = frozenset({"inconclusive", "confounded", "not comparable"})


def comparisons(rows: Sequence[Comparison]) -> Listing:
    """Return the listing of all comparisons, all levels together and each pair of them."""
    columns = [
        Column("Condition", "choice"),
        Column("Metric", "choice"),
        Column("Levels"),
        Column("Verdict", "choice"),
        Column("Difference", "number", "with its interval"),
        Column("Multiple", "number", "with its interval"),
        Column("δ", "number", "that would matter"),
        Column("p", "number", "Holm-adjusted"),
        Column("Test", "choice"),
        Column("Blocks", "number"),
        Column("Runs", "number"),
        Column("Machines", "number"),
        Column("Goes with", "text", "strongest alignment"),
        Column("Not known"),
    ]
    ordered = sorted(rows, key=lambda row: (row.condition, row.metric, row.scope))
    return listing(
        "comparisons", "Comparisons of conditions", columns, [_row(row) for row in ordered],
        "comparisons.csv",
    )  # fmt: skip


def _row(row: Comparison) -> list[Cell]:
    names = f"{row.last} against {row.first}" if row.last or row.first else "an amount"
    if row.scope == "all" and len(row.levels) > 2:  # noqa: PLR2004 - else the pair is all there is
        names = f"all {len(row.levels)}, most: {names}"
    aligned = ""
    if row.aligned_with and row.alignment is not None:
        aligned = f"{row.aligned_with} ({row.alignment:.2f})"
    return [
        words(row.condition),
        words(row.metric or "share of complete runs"),
        words(names),
        words(row.verdict, mark="unclear" if row.verdict in _OPEN else ""),
        _interval(row.estimate, row.low, row.high, signed=True),
        _interval(row.ratio, row.ratio_low, row.ratio_high, signed=False),
        amount(row.margin),
        amount(row.p_adjusted, "" if row.p_adjusted is None else _p(row.p_adjusted)),
        words(row.test),
        amount(row.n_blocks),
        amount(row.n_runs),
        amount(row.n_machines),
        words(aligned),
        words(row.unknown or row.reason),
    ]


def _interval(value: float | None, low: float | None, high: float | None, *, signed: bool) -> Cell:
    if value is None:
        return amount(None)
    text, from_, to = estimate(value, low, high)
    sign = "+" if signed and value > 0 else ""
    return amount(value, f"{sign}{text} [{from_}, {to}]" if low is not None else f"{sign}{text}")


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else number(value, 2)  # noqa: PLR2004 - as in wording
