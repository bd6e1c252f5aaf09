"""What luck explains of the best so far of a metric, as the chart of progress draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec.record.text import printable
from labrec.site.charts.luck import Band, Stretch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.site.collect import KeyMetric
    from labrec.site.rows_trends import Luck


def explains(rows: Sequence[Luck], metric: KeyMetric) -> list[Luck]:
    """Return what luck explains of a metric, in the order of its best so far.

    Only what was measured on the same data in the same unit can be the best of one another: of
    several such groups the one with most tries is returned.

    Args:
        rows: Rows of ``luck`` of a project.
        metric: The metric.
    """
    groups: dict[tuple[str, str | None], list[Luck]] = {}
    for row in rows:
        if row.metric == metric.name:
            groups.setdefault((row.datasets, row.unit), []).append(row)
    most = max(groups.values(), key=lambda those: max(row.tries for row in those), default=[])
    return sorted(most, key=lambda row: row.step)


def band(rows: Sequence[Luck], keys: Sequence[str]) -> Band | None:
    """Return the luck band over experiments in their order; None where luck is not known.

    Args:
        rows: What luck explains of one metric, in order of its best so far.
        keys: The experiments.
    """
    places = {key: at for at, key in enumerate(keys)}
    stretches: list[Stretch] = []
    for row in rows:
        start = places.get(row.experiment)
        if row.luck is None or start is None or (stretches and start <= stretches[-1].start):
            continue
        sign = -1.0 if row.direction == "minimize" else 1.0
        far = row.luck if row.luck_high is None else row.luck_high
        value = row.baseline_value
        stretches.append(Stretch(start, value, value + sign * row.luck, value + sign * far))
    if not stretches or rows[-1].luck is None:
        return None
    last = rows[-1]
    return Band(
        tuple(stretches), last.tries, last.luck or 0.0, last.luck_low, last.luck_high,
        last.sd_level, printable(last.baseline_name) or "the baseline",
    )  # fmt: skip
