"""Pareto: the experiments that no other one beats on every key metric, and how sure that is.

○ No IO.
"""

from __future__ import annotations

import math
from itertools import compress
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np

from labrec.analytics.plain import cut, machines, unit
from labrec.analytics.replicates import LEVEL, rounded
from labrec.analytics.stats.moments import t_quantile
from labrec.analytics.trends.tries import Tries, tries
from labrec.record.wording import better, counted, estimate, listed, number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labrec.analytics.seen import Seen
    from labrec.analytics.stats.spread import PooledSd
    from labrec.analytics.trends.tries import Variant

_FEWEST = 2  # metrics: of one alone the front is its best
_CHUNK = 1 << 18  # comparisons at a time: they stay in the processor's cache
_BLOCK = 1024  # points that are compared with the front at a time

MOST: Final = 1000
"""Experiments on a front beyond which none is given: then the metrics hardly order anything."""

UNDECIDED: Final = 100
"""Experiments beside a front that are given where it is open whether they belong to it."""

Verdict = Literal["on the front", "cannot be told"]


class Front(NamedTuple):
    """Experiments of one project on the same data, by the metrics that all of them have.

    Attributes:
        metrics: What was tried, a metric each, in order of name.
        members: Of each experiment its places among the variants of each metric.
        points: Their means, more is better.
        low: The worse ends of their intervals, more is better.
        high: The better ends.
        noises: Standard deviation within experiments of each metric.
    """

    metrics: list[Tries]
    members: Any
    points: Any
    low: Any
    high: Any
    noises: list[PooledSd | None]

    @property
    def sure(self) -> bool:
        """Whether every metric has a noise that is known."""
        return None not in self.noises

    def member(self, at: int) -> tuple[Variant, ...]:
        """Return the variants of an experiment, one for each metric."""
        places = self.members[at].tolist()
        return tuple(one.variants[p] for one, p in zip(self.metrics, places, strict=True))


class Place(NamedTuple):
    """Where an experiment stands to the front.

    Attributes:
        member: Its place among the members of the front.
        front: Whether no mean beats all of its means.
        verdict: Whether that is told.
        rivals: Experiments that leave it open.
        by: An experiment whose means dominate it, or None.
        undecided: Experiments that the means do not put on the front and that may belong to it.
    """

    member: int
    front: bool
    verdict: Verdict
    rivals: int
    by: int | None
    undecided: int


def rows(seen: Seen) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the table `pareto`."""
    for front in fronts(seen.once(tries)):
        for place in places(front):
            yield from _rows(front, place)


def fronts(every: Sequence[Tries]) -> Iterator[Front]:
    """Yield the fronts: of each project and data, over the metrics that have a direction.

    Where a metric came in several units, the one that most experiments have is taken.

    An interval is mean ± t·s/√n (Student 1908), s pooled within experiments. Assumes normal noise
    of one size in all of them.

    Example:
        Two experiments of two runs each: with s = 0.1 on 2 degrees of freedom an interval is ±
        4.3027·0.1/√2 = 0.3042. Seconds count with their sign turned: less is better.

        >>> from labrec.analytics.trends.tries import Tries, Variant
        >>> def tried(metric, direction, *means):
        ...     variants = [
        ...         Variant(name, name, (0.0, 0.0, name), mean, 0.1, 2, 2, frozenset(), None)
        ...         for name, mean in zip("ab", means)
        ...     ]
        ...     return Tries("p", metric, "", None, direction, True, variants)
        >>> quality, cost = ("accuracy", "maximize", 0.5, 0.7), ("seconds", "minimize", 3.0, 4.0)
        >>> (front,) = fronts([tried(*quality), tried(*cost)])
        >>> front.points.tolist()
        [[0.5, -3.0], [0.7, -4.0]]
        >>> (front.high - front.points).round(4).tolist()
        [[0.3042, 0.3042], [0.3042, 0.3042]]
    """
    grouped: dict[tuple[str, str], dict[str, Tries]] = {}
    for one in every:
        if one.direction is not None:
            by_metric = grouped.setdefault((one.project, one.datasets), {})
            other = by_metric.get(one.metric)
            if other is None or len(other.variants) < len(one.variants):
                by_metric[one.metric] = one
    for by_metric in grouped.values():
        if len(by_metric) >= _FEWEST:
            front = _front([by_metric[name] for name in sorted(by_metric)])
            if front is not None:
                yield front


def _front(metrics: list[Tries]) -> Front | None:
    every = [one.columns for one in metrics]
    having = [set(compress(columns.experiment, columns.valued.tolist())) for columns in every]
    common = sorted(set.intersection(*having))
    if not common:
        return None
    members = np.column_stack([[*map(one.places.__getitem__, common)] for one in metrics])
    signs = np.array([one.sign for one in metrics])
    places = list(zip(every, members.T, strict=True))
    points = np.column_stack([columns.value[at] for columns, at in places]) * signs
    noises = [one.noise for one in metrics]
    counts = np.column_stack([columns.n[at] for columns, at in places]).astype(float)
    halves = np.array(list(map(_half, noises))) / np.sqrt(counts)
    with np.errstate(over="ignore"):  # an end that no double holds is infinite
        return Front(metrics, members, points, points - halves, points + halves, noises)


def _half(noise: PooledSd | None) -> float:
    """Return half the width of the interval of a single run; infinite where no noise is known."""
    return math.inf if noise is None else noise.sd * t_quantile(noise.df, LEVEL)


def places(front: Front) -> Iterator[Place]:
    """Yield where experiments stand, those left out that are surely dominated.

    On the front by its means: nothing is as good on every metric and better on one. That is *told*
    where every other experiment is surely worse on some metric: their intervals do not touch there.
    An experiment that another one's means dominate is left out where the intervals say the same on
    every metric, else it *cannot be told*; of those the `UNDECIDED` nearest to the front are given.
    Where a metric has no known noise nothing can be told, and only those that the means put on the
    front are given. Where the front would hold more than `MOST` there is none.

    The intervals are those of single means: what they tell is a description, not a test over all
    pairs.

    Nondominated points are those of Pareto (1906), found as Kung, Luccio & Preparata (1975) do.
    Assumes of an interval what its level says of a single mean.

    Example:
        Of (1, 3), (3, 1), (0.5, 0.5) and (2.9, 0.9), more is better and each known to ± 0.2: the
        third is surely dominated. The fourth has worse means than the second, but their intervals
        touch on both metrics.

        >>> import numpy as np
        >>> from labrec.analytics.stats.spread import PooledSd
        >>> points, noise = np.array([[1, 3], [3, 1], [0.5, 0.5], [2.9, 0.9]]), PooledSd(0.1, 8, 4)
        >>> front = Front([], [()] * 4, points, points - 0.2, points + 0.2, [noise, noise])
        >>> for place in places(front):
        ...     print(place.member, place.front, place.verdict, place.by)
        0 True on the front None
        1 True cannot be told None
        3 False cannot be told 1
    """
    asked = _nondominated(front.points)
    if len(asked) > MOST:
        return
    by = _dominated(front.points, front.points, asked)
    undecided = np.empty(0, int)
    if front.sure:
        surely = _dominated(front.high, front.low, _nondominated(front.low)[:MOST])
        undecided = np.flatnonzero((by >= 0) & (surely < 0))
    near = undecided
    if len(near) > UNDECIDED:
        behind = _behind(front, near, asked)
        near = near[np.argsort(behind, kind="stable")[:UNDECIDED]]
    for member in sorted((*asked.tolist(), *near.tolist())):
        rivals = _rivals(front, member) if front.sure else len(front.members) - 1
        on_front = bool(by[member] < 0)
        yield Place(
            member,
            on_front,
            "on the front" if on_front and rivals == 0 else "cannot be told",
            rivals,
            None if on_front else int(by[member]),
            len(undecided),
        )


def _dominated(points: Any, others: Any, asked: Any) -> Any:
    """Return, of each point, the place of one of the others that dominates it, or -1.

    Args:
        points: More is better.
        others: Likewise.
        asked: Places of the others that are asked. Those on their own front are enough: what
            anything dominates, one of them does.
    """
    found = np.full(len(points), -1)
    if not len(asked):
        return found
    for part in _parts(len(points), len(asked)):
        dominated = _dominate(others[asked], points[part])
        hit = dominated.any(axis=1)
        found[part][hit] = asked[dominated[hit].argmax(axis=1)]
    return found


def _dominate(others: Any, points: Any) -> Any:
    """Return, by point and other one, whether that one dominates the point.

    Metric by metric, as each comparison then is one of two long vectors.
    """
    shape = len(points), len(others)
    nowhere_worse, somewhere_better = np.ones(shape, bool), np.zeros(shape, bool)
    for mine, theirs in zip(points.T, others.T, strict=True):
        nowhere_worse &= theirs[None, :] >= mine[:, None]
        somewhere_better |= theirs[None, :] > mine[:, None]
    return nowhere_worse & somewhere_better


def _behind(front: Front, members: Any, asked: Any) -> Any:
    """Return how far experiments are behind the nearest of the front, on their worst metric.

    In half widths of their intervals; of a metric without any noise every step counts.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        half = np.nan_to_num(front.high - front.points, nan=np.inf)
    half = np.maximum(half, np.finfo(float).tiny)
    found = np.empty(len(members))
    for part in _parts(len(members), len(asked)):
        mine = members[part]
        worst = np.full((len(mine), len(asked)), -np.inf)
        for points, width in zip(front.points.T, half.T, strict=True):
            with np.errstate(over="ignore", invalid="ignore"):
                step = points[None, asked] - points[mine, None]
                step /= width[mine, None]
            np.copyto(step, 0.0, where=np.isnan(step))
            np.maximum(worst, step, out=worst)
        found[part] = worst.min(axis=1)
    return found


def _parts(count: int, width: int) -> Iterator[slice]:
    """Yield slices of so many things, so large that things times width stay within memory."""
    step = max(1, _CHUNK // width)
    for start in range(0, count, step):
        yield slice(start, start + step)


def _nondominated(points: Any) -> Any:
    """Return the places of points that no other one dominates, ascending; `MOST` + 1 at most."""
    front: list[int] = []
    # best first by the first metric, then the next: what comes later dominates nothing before it
    order = np.lexsort(points.T[::-1])[::-1]
    for start in range(0, len(order), _BLOCK):
        block = order[start : start + _BLOCK]
        block = block[~_dominate(points[front], points[block]).any(axis=1)]
        # those that are left can only be dominated by one another
        within = _dominate(points[block], points[block]).any(axis=1)
        front += block[~within].tolist()
        if len(front) > MOST:
            break
    return np.array(sorted(front[: MOST + 1]), int)


def _rivals(front: Front, member: int) -> int:
    """Count the experiments that are not surely worse on any metric."""
    open_ = front.high[:, 0] >= front.low[member, 0]
    for high, low in zip(front.high.T[1:], front.low[member, 1:], strict=True):
        open_ &= high >= low
    return int(open_.sum()) - 1


def _rows(front: Front, place: Place) -> Iterator[tuple[Any, ...]]:
    member = front.member(place.member)
    by = front.member(place.by)[0] if place.by is not None else None
    said: str | None = _sentence(front, place)
    for at, (one, variant) in enumerate(zip(front.metrics, member, strict=True)):
        low, high = sorted(
            (one.sign * front.low[place.member, at], one.sign * front.high[place.member, at])
        )
        yield (
            one.project, one.datasets, variant.experiment, variant.name, one.metric, place.front,
            place.verdict, place.rivals, place.undecided, by.experiment if by is not None else None,
            by.name if by is not None else None, len(front.members), variant.n,
            len(variant.machines), rounded(variant.value), rounded(low), rounded(high), LEVEL,
            one.unit, one.direction, said,
        )  # fmt: skip
        said = None


def _sentence(front: Front, place: Place) -> str:
    """Return what is to be said of an experiment and the front, as plain text."""
    member = front.member(place.member)
    project, datasets = front.metrics[0].project, front.metrics[0].datasets
    on = f" on {cut(datasets)}" if datasets else ""
    parts = []
    for at, (one, variant) in enumerate(zip(front.metrics, member, strict=True)):
        ends = [one.sign * float(front.low[place.member, at])]
        ends.append(one.sign * float(front.high[place.member, at]))
        low, high = sorted(ends) if math.isfinite(ends[0]) else (None, None)
        value, below, above = estimate(variant.value or 0.0, low, high)
        interval = f", {percent(LEVEL)} interval {below} to {above}" if low is not None else ""
        parts.append(
            f"{cut(one.metric)} ({better(one.direction)}) {value}{unit(one.unit)}{interval}"
        )
    found = frozenset[str]().union(*(variant.machines for variant in member))
    runs = counted(min(variant.n for variant in member), "run")
    return (
        f"{cut(project)}: {cut(member[0].name)}{on} has {listed(parts)} ({runs}, "
        f"{machines(len(found))}). {_told(front, place)} Post hoc, described by single intervals; "
        f"not known: {_unknown(front)}."
    )


def _told(front: Front, place: Place) -> str:
    others = counted(len(front.members) - 1, "other experiment")
    if place.verdict == "on the front":
        return f"Of {others} none is as good on all of these: each is surely worse on one."
    if place.by is not None:
        better_one = cut(front.member(place.by)[0].name)
        return f"{better_one} has better means, but whether it is better cannot be told."
    if not front.sure:
        return (
            f"Of {others} none has means as good on all of these; whether one is cannot be told: "
            "of some metric the noise is unknown."
        )
    return (
        f"Of {others} none has means as good on all of these, but of {place.rivals} it cannot be "
        "told whether they are."
    )


def _unknown(front: Front) -> str:
    if not front.sure:
        named = zip(front.metrics, front.noises, strict=True)
        without = [cut(one.metric) for one, noise in named if noise is None]
        return f"the noise of {listed(without)}, no experiment having been repeated"
    least = min(noise.df for noise in front.noises if noise is not None)
    if least < 4:  # noqa: PLR2004 - fewer degrees of freedom hardly tell a noise
        return f"the noise, beyond {number(least)} degrees of freedom"
    return "how it does on other data"
