"""The runs of the kept days of a view, as their records have them and as notes leave them."""

from __future__ import annotations

import json
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import accumulate, chain, groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labrec.analytics.keyed import values
from labrec.analytics.run import Link, Measured, Run
from labrec.analytics.runs import Runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from labrec.analytics.shard import Shard

_OWN = ("run_id", "digest", "started", "duration_s", "output", "path")
# What a shard calls the fields of a `Run` that differ in name.
_CALLED = {
    "digest": "record_digest", "machine": "machine_id", "output": "series_digest",
}  # fmt: skip
# No columns of a shard's runs.
_LATER = ("project", "standing", "metrics", "renamed_from", "recorded_parents", "place")
# Columns that several ask for: each is made once.
_OFTEN = frozenset({"project", "run_id", "digest", "experiment", "standing"})
# Columns of a shard's runs that hold what a record says as it is.
_PLAIN = frozenset(
    {"run_id", "digest", "name", "parents", "continues", "fulfils", "reproduces", "tree"}
)
_ALONE = 256  # runs that are asked for one by one before all are made
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = np.iinfo(np.int64).max
_MANY = 0.25  # of all runs: to make all of them then costs less


class Kept(NamedTuple):
    """What stays in memory of one day.

    Attributes:
        project: The project.
        day: ``YYYY/MM/DD``.
        tree: Git tree id of the day's folder.
        runs: The shard's runs.
        metrics: The shard's metrics.
        files: Place, name, role and sha256 of the shard's artifacts; empty ones are left out, which
            are all alike.
    """

    project: str
    day: str
    tree: str
    runs: pa.Table
    metrics: pa.Table
    files: pa.Table


def kept_of(shard: Shard) -> Kept:
    """Return what stays in memory of a day's shard."""
    files = shard.rows["artifacts"]
    if files.num_rows:
        files = files.filter(pc.greater(files["size"], 0))
    files = files.select(["place", "name", "role", "sha256"])
    return Kept(*shard[:3], shard.rows["runs"], shard.rows["metrics"], files)


class KeptRuns(Runs):
    """All runs of some days.

    Args:
        kept: The days, ordered by project and day.
    """

    def __init__(self, kept: Sequence[Kept]) -> None:
        super().__init__()
        self._kept = kept
        self._ends = list(accumulate(one.runs.num_rows for one in kept))
        self._changed: dict[int, Run] = {}
        self._made: dict[int, Run] = {}
        self._columns: dict[str, list[Any]] = {}
        self._asked = 0
        self._all: list[Run] | None = None

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[Run]:
        return iter(self._every())

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice) or self._all is not None:
            return self._every()[at]
        at = range(len(self))[at]
        found = self._changed.get(at) or self._made.get(at)
        if found is None:
            self._asked += 1
            self.expect([at] if self._asked <= _ALONE else range(len(self)))
            return self[at]
        return found

    def expect(self, places: Sequence[int]) -> None:
        """Say that the runs at some places will be asked for: many are made sooner together."""
        missing = sorted(set(places).difference(self._made, self._changed))
        if self._all is not None or not missing:
            return
        if len(missing) > len(self) * _MANY:
            self._every()
            return
        for day, there in groupby(missing, key=partial(bisect_right, self._ends)):
            start = self._ends[day - 1] if day else 0
            at = list(there)
            chosen = _chosen(self._kept[day], [place - start for place in at])
            values = zip(*(_column([chosen], name) for name in Run._fields), strict=True)
            for place, one in zip(at, map(Run._make, values), strict=True):
                self._made[place] = one._replace(place=place)

    def change(self, run: Run) -> None:
        """Put a run into the place of the one that was there; no other one may have its place."""
        self._changed[run.place] = run
        self._columns.clear()
        if self._all is not None:
            self._all[run.place] = run

    def column(self, name: str, places: Sequence[int] | None = None) -> list[Any]:
        """Return a field of every run, or of those at some places; nobody changes the list."""
        if name == "recorded_name" and not self._changed:
            name = "name"
        if places is not None and name in _PLAIN and not self._changed:
            stored = together([_stored(one, name) for one in self._kept])
            return _values(name, stored.take(pa.array(places, pa.int64())))
        if name not in self._columns:
            found = _column(self._kept, name)
            for at, run in self._changed.items():
                found[at] = getattr(run, name)
            if name not in _OFTEN:
                return found if places is None else [found[at] for at in places]
            self._columns[name] = found
        found = self._columns[name]
        return found if places is None else [found[at] for at in places]

    def differ(self, name: str) -> bool:
        """Say whether every run has another value of a field that no note changes."""
        stored = together([_stored(one, name) for one in self._kept])
        return bool(pc.count_distinct(stored, mode="all").as_py() == len(self))

    def saying(self) -> list[int]:
        """Return the places of the runs that name any other run, ascending."""
        says = pc.not_equal(together([one.runs["parents"] for one in self._kept]), "[]")
        for name in ("continues", "fulfils", "reproduces"):
            other = pc.is_valid(together([one.runs[name] for one in self._kept]))
            says = pc.or_(says, other)
        found = says.to_numpy().astype(bool)
        for at, run in self._changed.items():
            others = (run.continues, run.fulfils, run.reproduces)
            found[at] = run.parents != "[]" or others != (None,) * 3
        places: list[int] = np.flatnonzero(found).tolist()
        return places

    def alike(self, names: Sequence[str]) -> list[int]:
        """Return the places of the first runs of all that are equal in some fields, ascending."""
        if self._changed:
            return super().alike(names)
        codes = np.zeros(len(self), np.int64)
        for name in names:
            column = together([_stored(one, name) for one in self._kept])
            found = pc.dictionary_encode(column, null_encoding="encode").combine_chunks()
            codes = codes * len(found.dictionary) + found.indices.to_numpy()
            codes = np.unique(codes, return_inverse=True)[1]  # small again: no product overflows
        return sorted(np.unique(codes, return_index=True)[1].tolist())

    def earliest(self, groups: Sequence[Sequence[int]]) -> list[datetime | None]:
        """Return when the first of each group of runs started, by their places."""
        if not groups:
            return []
        started = together([one.runs["started"] for one in self._kept])
        sizes = np.array([len(places) for places in groups])
        at = np.fromiter(chain.from_iterable(groups), np.int64, sizes.sum())
        ticks = started.cast(pa.int64()).fill_null(_NEVER).to_numpy()[at]
        first = np.minimum.reduceat(ticks, np.cumsum(sizes) - sizes).tolist()
        # by hand: Arrow takes several times as long to make as many
        return [_EPOCH + timedelta(microseconds=tick) if tick != _NEVER else None for tick in first]

    def measured(self) -> set[tuple[str, str, str | None]]:
        """Return project, name and unit of every metric that any run has."""
        found = set()
        for project, days in groupby(self._kept, key=attrgetter("project")):
            rows = pa.concat_tables([one.metrics.select(["metric", "unit"]) for one in days])
            alike = rows.group_by(["metric", "unit"], use_threads=False).aggregate([])
            columns = alike["metric"].to_pylist(), alike["unit"].to_pylist()
            found |= {(project, *one) for one in zip(*columns, strict=True)}
        return found

    def _every(self) -> list[Run]:
        if self._all is None:
            # By position, in the order of the fields: by name would take longer than all the rest.
            columns = (_column(self._kept, name) for name in Run._fields)
            self._all = list(map(Run._make, zip(*columns, strict=True)))
            for at, run in self._changed.items():
                self._all[at] = run
        return self._all


def _chosen(one: Kept, places: Sequence[int]) -> Kept:
    """Return a day with its runs at some places alone, ascending."""
    wanted = pa.array(places, pa.int64())
    at = pc.index_in(one.metrics["place"], value_set=wanted).cast(pa.int64())
    metrics = one.metrics.set_column(0, "place", at).filter(pc.is_valid(at))
    return one._replace(runs=one.runs.take(wanted), metrics=metrics)


def _stored(one: Kept, name: str) -> pa.ChunkedArray:
    if name in {"project", "standing"}:
        text = one.project if name == "project" else Run._field_defaults[name]
        return pa.chunked_array([pa.repeat(pa.scalar(text), one.runs.num_rows)])
    return one.runs[_CALLED.get(name, name)]


def _column(kept: Sequence[Kept], name: str) -> list[Any]:
    """Return a field of every run as its record alone has it."""
    if name == "project":
        return [one.project for one in kept for _ in range(one.runs.num_rows)]
    if name == "metrics":
        return _metrics(kept)
    count = sum(one.runs.num_rows for one in kept)
    if name == "place":
        return list(range(count))
    if name == "recorded_name":
        return _column(kept, "name")
    if name in {"counts", "reparented"}:  # only what changes a run says otherwise
        return [name == "counts"] * count
    if name in _LATER:
        return [Run._field_defaults.get(name)] * count
    found = _values(name, together([_stored(one, name) for one in kept]))
    if name != "output":
        return found
    # A series without points is no output that two runs could have in common.
    having = chain.from_iterable(map(_having, kept))
    return [output if has else None for output, has in zip(found, having, strict=True)]


def together(parts: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Return columns of several days as one."""
    chunks = [chunk for part in parts for chunk in part.chunks]
    return pa.chunked_array(chunks) if chunks else pa.chunked_array([], pa.string())


def _having(one: Kept) -> list[bool]:
    """Return of each run of a day whether it has any metric."""
    found = np.zeros(one.runs.num_rows, bool)
    found[one.metrics["place"].to_numpy()] = True
    having: list[bool] = found.tolist()
    return having


def _values(name: str, column: pa.ChunkedArray) -> list[Any]:
    """Return the values of a field of `Run`; those that many runs share are held once."""
    if name in _OWN:
        return values(column)
    if name in {"tags", "datasets"}:
        found = list(map(tuple, values(column)))
        made = {value: value for value in found}
        return list(map(made.__getitem__, found))
    return _shared(column, _links if name == "links" else None)


def _shared(column: pa.ChunkedArray, make: Callable[[Any], Any] | None = None) -> list[Any]:
    """Return the values of a column, or what is made of them, equal ones as one object."""
    found = pc.dictionary_encode(column, null_encoding="encode").combine_chunks()
    once = found.dictionary.to_pylist()
    if make is not None:
        once = list(map(make, once))
    return list(map(once.__getitem__, found.indices.to_numpy().tolist()))


def _links(text: str) -> tuple[Link, ...]:
    return tuple(Link(*link) for link in json.loads(text))


def _metrics(kept: Sequence[Kept]) -> list[dict[str, Measured]]:
    """Return the metrics of each run."""
    found: list[dict[str, Measured]] = [{} for one in kept for _ in range(one.runs.num_rows)]
    texts = (
        _shared(together([one.metrics[name] for one in kept]))
        for name in ("metric", "unit", "direction")
    )
    last = chain.from_iterable(one.metrics["last"].to_pylist() for one in kept)
    for place, *measured in zip(_places(kept), *texts, last, strict=True):
        metric, unit, direction, value = measured
        found[place][metric] = Measured(value, unit, direction)
    return found


def _places(kept: Sequence[Kept]) -> Iterator[int]:
    """Yield, of each row of the metrics, the place of its run."""
    before = 0
    for one in kept:
        yield from (one.metrics["place"].to_numpy() + before).tolist()
        before += one.runs.num_rows
