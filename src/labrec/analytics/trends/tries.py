"""The variants that were tried of one thing, in the order in which they were. ○ No IO.

*Of one thing* means: in one project, on the same datasets, judged by the same metric in the same
unit. Nothing else can be the best of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labrec.analytics.keyed import grouped
from labrec.analytics.stats.spread import PooledSd, pooled_sd

if TYPE_CHECKING:
    from labrec.analytics.seen import Seen
    from labrec.analytics.summaries import Summaries
    from labrec.analytics.tried import Place

_OF_VARIANT = ("start", "order", "first", "mean", "sd", "n", "tried", "machines")
_SMALLEST, _LARGEST = 1e-300, 1e300  # noises that arithmetic can be done with


class Variant(NamedTuple):
    """An experiment as one of many tries.

    Attributes:
        experiment: Its config digest.
        name: Its name.
        place: Where it stands: that of its first run.
        value: Mean over its runs that count; None where none of them has one.
        sd: Their standard deviation; None below two.
        n: How many they are.
        tried: Runs that gave a value, retracted ones among them.
        machines: Machines that the n runs were on, those that are known.
        root: The experiment at the top of its first parents, or None.
    """

    experiment: str
    name: str
    place: Place
    value: float | None
    sd: float | None
    n: int
    tried: int
    machines: frozenset[str]
    root: str | None


class Variants(NamedTuple):
    """Variants as columns, in order.

    Attributes:
        experiment: Their config digests.
        value: Their means; NaN where none of the runs has a value.
        sd: Their standard deviations; NaN below two values.
        n: Runs that the mean is of.
        tried: Runs that gave a value.
    """

    experiment: list[str]
    value: Any
    sd: Any
    n: Any
    tried: Any

    @property
    def valued(self) -> Any:
        """Whether each of them has a value."""
        return ~np.isnan(self.value)


@dataclass(frozen=True)
class Tries:
    """All variants of one thing.

    Attributes:
        project: The project.
        metric: The metric.
        datasets: What they used, joined by commas; empty for none.
        unit: Unit of the metric, or None.
        direction: maximize or minimize; None where nobody says.
        ordered: Whether it is known of all of them when they were run.
        variants: In order. There may be very many: `columns` has them all at once.
    """

    project: str
    metric: str
    datasets: str
    unit: str | None
    direction: str | None
    ordered: bool
    variants: Sequence[Variant]

    @cached_property
    def noise(self) -> PooledSd | None:
        """Standard deviation within experiments, pooled; None where none was repeated."""
        repeated = ~np.isnan(self.columns.sd)
        ns, sds = self.columns.n[repeated].tolist(), self.columns.sd[repeated].tolist()
        found = pooled_sd(zip(ns, sds, strict=True))
        if found is None or not (found.sd == 0 or _SMALLEST < found.sd < _LARGEST):
            return None  # beyond them nothing can be computed with it
        return found

    @property
    def sign(self) -> int:
        """1 where more is better, else -1."""
        return 1 if self.direction == "maximize" else -1

    @cached_property
    def columns(self) -> Variants:
        """The variants as columns."""
        if isinstance(self.variants, _Summarised):
            return self.variants.columns
        columns = list(zip(*self.variants, strict=True)) or [()] * len(Variant._fields)
        experiment, _, _, value, sd, n, tried = columns[:7]
        return Variants(
            list(experiment), np.array(value, float), np.array(sd, float), np.array(n, int),
            np.array(tried, int),
        )  # fmt: skip

    @property
    def repeated(self) -> list[list[float]]:
        """The values of each variant that has two or more; empty where nobody knows them."""
        if not isinstance(self.variants, _Summarised):
            return []
        return self.variants.values(~np.isnan(self.columns.sd))

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each experiment stands among the variants."""
        return {experiment: at for at, experiment in enumerate(self.columns.experiment)}


class _Summarised(Sequence[Variant]):
    """Variants that are rows of the summaries; each is made when it is asked for.

    Args:
        summed: Every metric of every experiment.
        rows: Which of its rows, in the order of the variants.
        owners: Of each of these the place of its experiment.
        roots: The experiment at the top of the first parents of each.
    """

    def __init__(self, summed: Summaries, rows: Any, owners: Any, roots: Mapping[str, str]) -> None:
        self._summed, self._rows, self._owners = summed, rows, owners
        self._roots = roots
        self._made: dict[int, Variant] = {}

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> Variant: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Variant]: ...

    def __getitem__(self, at: int | slice) -> Variant | Sequence[Variant]:
        if isinstance(at, slice):
            return _Summarised(self._summed, self._rows[at], self._owners[at], self._roots)
        if at not in self._made:
            self._made[at] = self._variant(self._rows[at], self._owners[at])
        return self._made[at]

    def _variant(self, row: Any, owner: Any) -> Variant:
        experiment = self._summed.experiments[owner]
        told = (self._summed.keyed.rows[name][int(row)].as_py() for name in _OF_VARIANT)
        start, order, first, mean, sd, n, tried, machines = told
        return Variant(
            experiment.experiment, experiment.name, (start, order, first), mean, sd, n, tried,
            frozenset(machines), self._roots.get(experiment.experiment),
        )  # fmt: skip

    def values(self, chosen: Any) -> list[list[float]]:
        """Return the values of some of the variants.

        Args:
            chosen: Whether, of each variant.
        """
        found: list[list[float]] = (
            self._summed.keyed.rows["values"].take(pa.array(self._rows[chosen])).to_pylist()
        )
        return found

    @cached_property
    def columns(self) -> Variants:
        numbers = self._summed.keyed.numbers
        return Variants(
            self._summed.digests[self._owners].tolist(),
            *(numbers(name)[self._rows] for name in ("mean", "sd", "n", "tried")),
        )


def tries(seen: Seen) -> list[Tries]:
    """Return what was tried, ordered by project, metric, datasets and unit; key metrics alone."""
    summed = seen.summed
    keyed, owners = summed.keyed, summed.keyed.owners
    given: dict[tuple[str, str], str | None] = {
        (project, metric): direction
        for project, metrics in seen.keys.items()
        for metric, direction in metrics.items()
    }
    tried = np.flatnonzero(keyed.numbers("tried"))
    projects = pa.array([one.project for one in summed.experiments], pa.string())
    columns = [keyed.rows[name].take(tried) for name in ("metric", "datasets", "said_unit")]
    columns[2] = pc.fill_null(columns[2], "")
    columns.insert(0, projects.take(pa.array(owners[tried])))
    ranks, placed = _ranks(summed), keyed.numbers("placed")
    roots, directions = seen.lineage.graph.root, keyed.rows["said_direction"]
    made = []
    for places in grouped(columns):
        project, metric, datasets, unit = (column[places[0]].as_py() for column in columns)
        if (project, metric) not in given:
            continue
        rows = tried[places]
        rows = rows[np.argsort(ranks[owners[rows]], kind="stable")]
        logged = pc.unique(directions.take(rows)).to_pylist()
        said = {given[project, metric] or one for one in logged}
        direction = said.pop() if len(said) == 1 else None
        variants = _Summarised(summed, rows, owners[rows], roots)
        ordered = bool(placed[rows].all())
        made.append(Tries(project, metric, datasets, unit or None, direction, ordered, variants))
    return made


def _ranks(summed: Summaries) -> Any:
    """Return of each experiment its place in the order in which they were tried."""
    starts = pa.array(summed.keyed.starts[:-1])
    start, order, first = (
        summed.keyed.rows[name].take(starts) for name in ("start", "order", "first")
    )
    # what has no complete run was never tried, wherever it stands
    keys = [start, order, first, pa.array([one.experiment for one in summed.experiments])]
    named = pa.table(keys, names=["start", "order", "first", "experiment"])
    told = [(name, "ascending") for name in named.column_names]
    ranks = np.empty(named.num_rows, int)
    ranks[pc.sort_indices(named, sort_keys=told).to_numpy()] = np.arange(len(ranks))
    return ranks
