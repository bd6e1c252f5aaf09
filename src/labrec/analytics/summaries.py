"""What the runs of each experiment say of each metric, as columns over all experiments. ○ No IO.

What an experiment says depends on its runs and on the documents that say how to read them, and is
named by a digest of these (`Experiment.key`): with one new record one experiment is summed up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from labrec.analytics.keyed import KEY, keyed
from labrec.analytics.replicates import Replicates, Sum, distinct, rounded, sum_up
from labrec.analytics.runs import expect
from labrec.analytics.tried import datasets_of, is_placed, place_of, tried

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labrec.analytics.experiments import Experiment
    from labrec.analytics.keyed import Keyed

STATISTICS: Final = ("mean", "sd", "low", "high", "min", "max")
"""Fields of `Replicates` that are rounded where they are written."""

_statistics: Callable[[Replicates], tuple[float | None, ...]] = attrgetter(*STATISTICS)
_COUNTS = Replicates._fields[:7]
_ALONE = 64  # experiments that are asked for one by one before all are taken apart

SCHEMA: Final = pa.schema(
    [
        (KEY, pa.string()),
        ("metric", pa.string()),  # empty where the experiment has none
        ("counts", pa.bool_()),  # whether a run that counts has it
        ("directed", pa.bool_()),  # whether a run says which way is better; none without any run
        *((name, pa.int64()) for name in _COUNTS),
        *((name, pa.float64()) for name in STATISTICS),
        ("unit", pa.string()),
        ("direction", pa.string()),
        *((f"written_{name}", pa.float64()) for name in STATISTICS),
        ("seeds", pa.list_(pa.string())),
        ("values", pa.list_(pa.float64())),
        # of the experiment as one of many tries (`labrec.analytics.trends.tries`)
        ("tried", pa.int64()),
        ("machines", pa.list_(pa.string())),
        ("said_unit", pa.string()),
        ("said_direction", pa.string()),
        ("datasets", pa.string()),
        ("placed", pa.bool_()),
        ("start", pa.float64()),
        ("order", pa.float64()),
        ("first", pa.string()),
    ]
)
"""A row is a metric of an experiment."""


class Summaries(Mapping[tuple[str, str], Mapping[str, Sum]]):
    """Of every experiment, by project and config digest, its metrics; "" where it has none.

    Args:
        experiments: Ordered by project and config digest.
        known: What an earlier analysis found, see `SCHEMA`; trusted.

    Attributes:
        experiments: As given.
        keyed: All of it as columns; also metrics that only runs have which do not count.
    """

    def __init__(self, experiments: Sequence[Experiment], known: pa.Table | None = None) -> None:
        self.experiments = experiments
        self.keyed: Keyed = keyed(
            [one.key for one in experiments], known, SCHEMA, lambda at: _rows(experiments[at]),
            lambda places: expect(experiments[at].runs for at in places),
        )  # fmt: skip
        self._asked = 0

    def __getitem__(self, place: tuple[str, str]) -> Mapping[str, Sum]:
        at = self._places[place]
        if "_sums" not in self.__dict__:
            self._asked += 1
            if self._asked <= _ALONE:
                start, end = self.keyed.starts[at : at + 2].tolist()
                return dict(_sums(self.keyed.rows.slice(start, end - start)))
        return self._sums[at]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    @cached_property
    def digests(self) -> Any:
        """The config digests of the experiments."""
        return np.array([one.experiment for one in self.experiments], object)

    @cached_property
    def _places(self) -> dict[tuple[str, str], int]:
        return {(one.project, one.experiment): at for at, one in enumerate(self.experiments)}

    @cached_property
    def _sums(self) -> list[dict[str, Sum]]:
        found: list[dict[str, Sum]] = [{} for _ in self.experiments]
        counting = np.flatnonzero(self.keyed.numbers("counts")).tolist()
        owners = self.keyed.owners[counting].tolist()
        for at, (metric, one) in zip(owners, _sums(self.keyed.rows), strict=True):
            found[at][metric] = one
        return found


def _sums(rows: pa.Table) -> Iterator[tuple[str, Sum]]:
    rows = rows.filter(rows["counts"])
    metrics, seeds, values = (rows[name].to_pylist() for name in ("metric", "seeds", "values"))
    fields = zip(*(rows[name].to_pylist() for name in Replicates._fields), strict=True)
    for metric, field, seed, value in zip(metrics, fields, seeds, values, strict=True):
        yield metric, Sum(Replicates._make(field), list(zip(seed, value, strict=True)))


def _rows(experiment: Experiment) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of an experiment without their key."""
    runs = list(experiment.runs)
    complete = [run for run in runs if run.status == "complete"]
    logged = [run.metrics for run in runs]
    counting = {name for run in runs if run.counts for name in run.metrics} or {""}
    found = sum_up(runs, sorted(counting.union(*logged)))
    once = distinct(complete)
    apart = len(once) == len(complete) == len({run.run_id for run in complete})
    start, order, first = min(map(place_of, complete), default=(None, None, None))
    whole = datasets_of(runs), all(map(is_placed, complete)), start, order, first
    for metric, (replicates, values) in found.items():
        having = [metrics[metric] for metrics in logged if metric in metrics]
        yield (
            metric,
            metric in counting,
            any(one.direction is not None for one in having) if having else None,
            *replicates,
            *map(rounded, _statistics(replicates)),
            [seed for seed, _ in values],
            [value for _, value in values],
            replicates.n if apart else tried(complete, metric),
            sorted({run.machine for run in once if metric in run.metrics and run.machine}),
            having[0].unit if having else None,
            having[0].direction if having else None,
            *whole,
        )
