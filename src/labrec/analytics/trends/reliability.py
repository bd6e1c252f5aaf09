"""Reliability: whether a metric tells experiments apart, or only its own noise. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labrec.analytics.plain import cut, unit
from labrec.analytics.replicates import LEVEL, rounded
from labrec.analytics.stats.spread import icc
from labrec.analytics.trends.tries import tries
from labrec.record.wording import counted, number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.analytics.seen import Seen
    from labrec.analytics.stats.spread import PooledSd, Reliability
    from labrec.analytics.trends.tries import Tries

_FEWEST = 2  # experiments with replicates


def rows(seen: Seen) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the table `reliability`: of metrics with two repeated experiments."""
    for one in seen.once(tries):
        groups = one.repeated
        noise = one.noise
        if len(groups) < _FEWEST or noise is None:
            continue
        found = icc(groups, level=LEVEL)
        n = sum(map(len, groups))
        yield (
            one.project, one.metric, one.datasets, len(groups), n,
            rounded(found.per_group if found is not None else n / len(groups)),
            rounded(found.icc if found is not None else None),
            rounded(found.low if found is not None else None),
            rounded(found.high if found is not None else None),
            LEVEL, rounded(noise.sd), noise.df, one.unit, one.direction,
            sentence(one, found, noise),
        )  # fmt: skip


def sentence(one: Tries, found: Reliability | None, noise: PooledSd) -> str:
    """Return what is to be said of a metric's reliability, as plain text.

    Args:
        one: What was tried, by that metric.
        found: Its reliability; None where nothing varies within experiments.
        noise: Its standard deviation within experiments.
    """
    on = f" on {cut(one.datasets)}" if one.datasets else ""
    what = f"{cut(one.project)}: {cut(one.metric)}{on}"
    if found is None:
        return (
            f"{what} gave equal values whenever one of {counted(noise.groups, 'experiment')} was "
            "repeated: as far as they show, one run is enough."
        )
    spread = f"{number(noise.sd, 2)}{unit(one.unit)}"
    return (
        f"{what}: of what single runs differ by, {percent(max(found.icc, 0.0))} lies between "
        f"experiments and not between replicates (ICC(1,1) {number(found.icc, 2)}, "
        f"{percent(found.level)} interval {number(found.low, 2)} to {number(found.high, 2)}; "
        f"{counted(found.groups, 'experiment')}, noise {spread} from "
        f"{counted(noise.df, 'degree')} of freedom). Not known: how it is among experiments that "
        "differ less or more."
    )
