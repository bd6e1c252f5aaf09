"""All runs of a view: a column where one thing is asked of all, a `Run` where all is asked of one.

○ No IO.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from labrec.analytics.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime


class Runs(Sequence[Run]):
    """Runs, ordered by project, run id and record digest.

    Args:
        runs: The runs.
    """

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self._runs = list(runs)

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs)

    @overload
    def __getitem__(self, at: int) -> Run: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Run]: ...

    def __getitem__(self, at: int | slice) -> Run | Sequence[Run]:
        return self._runs[at]

    def column(self, name: str, places: Sequence[int] | None = None) -> list[Any]:
        """Return a field of every run, or of those at some places; nobody changes the list."""
        found = [getattr(run, name) for run in self]
        return found if places is None else [found[at] for at in places]

    def saying(self) -> list[int]:
        """Return the places of the runs that name any other run, ascending."""
        columns = map(self.column, ("parents", "continues", "fulfils", "reproduces"))
        return [
            at for at, (parents, *others) in enumerate(zip(*columns, strict=True))
            if parents != "[]" or any(other is not None for other in others)
        ]  # fmt: skip

    def alike(self, names: Sequence[str]) -> list[int]:
        """Return the places of the first runs of all that are equal in some fields, ascending."""
        first: dict[tuple[Any, ...], int] = {}
        for at, key in enumerate(zip(*map(self.column, names), strict=True)):
            first.setdefault(key, at)
        return list(first.values())

    def earliest(self, groups: Sequence[Sequence[int]]) -> list[datetime | None]:
        """Return when the first of each group of runs started, by their places."""
        started = self.column("started")
        return [
            min((started[at] for at in places if started[at] is not None), default=None)
            for places in groups
        ]

    def measured(self) -> set[tuple[str, str, str | None]]:
        """Return project, name and unit of every metric that any run has."""
        return {(run.project, name, one.unit) for run in self for name, one in run.metrics.items()}

    def expect(self, places: Sequence[int]) -> None:
        """Say that the runs at some places will be asked for: many are made sooner together."""

    def some(self, places: Sequence[int]) -> Sequence[Run]:
        """Return the runs at some places, each made once it is asked for."""
        return _Some(self, places)


def expect(parts: Iterable[Sequence[Run]]) -> None:
    """Say that all runs of some parts of a view (`Runs.some`) will be asked for."""
    wanted: dict[int, tuple[Runs, list[int]]] = {}
    for part in parts:
        if isinstance(part, _Some):
            wanted.setdefault(id(part.all), (part.all, []))[1].extend(part.places)
    for runs, places in wanted.values():
        runs.expect(places)


class _Some(Sequence[Run]):
    """Some of the runs."""

    def __init__(self, runs: Runs, places: Sequence[int]) -> None:
        self.all = runs
        self.places = places

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, at: int) -> Run: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Run]: ...

    def __getitem__(self, at: int | slice) -> Run | Sequence[Run]:
        if isinstance(at, slice):
            return _Some(self.all, self.places[at])
        return self.all[self.places[at]]
