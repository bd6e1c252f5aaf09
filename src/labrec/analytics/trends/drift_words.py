"""The sentence about a series over time: what changed, when, how sure. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec.analytics.plain import cut, machines, unit
from labrec.record.wording import better, counted, estimate, number, p_value, percent

if TYPE_CHECKING:
    from labrec.analytics.trends.drift import Drift


def sentence(row: Drift) -> str:
    """Return what is to be said of a series or of one of its changes, as plain text.

    Args:
        row: The row of the table `drift`.
    """
    what = f"{cut(row.metric)} of {cut(row.name)}"
    on = f" on {cut(row.datasets)}" if row.datasets else ""
    if row.shift is None or row.before is None or row.after is None:
        said = (
            f"{cut(row.project)}: no change of {what}{on} can be told in {counted(row.n, 'run')} "
            f"{machines(row.n_machines)} of one model (largest stretch "
            f"{number(row.statistic, 2)} standard deviations"
        )
    else:
        shift, low, high = estimate(row.shift, row.low, row.high)
        way = "rose" if row.shift > 0 else "fell"
        said = (
            f"{cut(row.project)}: {what}{on} {way} from {number(row.before)} to "
            f"{number(row.after)}{unit(row.unit)}{_better(row)} with run {row.run_id}"
            f"{_when(row)}: by {shift}, {percent(row.level)} interval {low} to {high} for a change "
            f"at that place ({row.n_after} runs against {row.n_before}, "
            f"{machines(row.n_machines)} of one model; change {row.change} of {row.changes}"
        )
    test = f"test of the largest stretch in {row.permutations:,} shuffles, Holm-adjusted "
    if not row.permutations:
        test = "no cut saves its penalty, Holm-adjusted "
    return (
        f"{said}; {test}{p_value(row.p_holm)} over {counted(row.family, 'series', 'series')}). "
        f"Post hoc; not known: {_unknown(row)}."
    )


def _better(row: Drift) -> str:
    if row.became not in {"better", "worse"}:
        return ""
    return f", which is {row.became} ({better(row.direction)}),"


def _when(row: Drift) -> str:
    return f" of {row.started:%Y-%m-%d}" if row.started is not None else ""


def _unknown(row: Drift) -> str:
    if row.verdict == "drift":
        return "what else changed then, outside of code, data and features"
    return "changes smaller than the noise, and slow ones"
