"""Layers of a graph and the order inside them: which node stands left of which. ○ No IO."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.lineage.graph import graph

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

Edge = tuple[str, str]
"""(child, parent)."""

MOST: Final = 1500
"""Units and threads that fast-sugiyama is asked to order; it takes seconds for many more."""

_SWEEPS = 12


class Layers(NamedTuple):
    """A graph cut into layers.

    Attributes:
        rows: Each layer's units from left to right, the top layer first; put in order by `order`.
        place: Layer of each unit, 0 the top one.
        links: Edges between neighbouring layers: every edge, cut into pieces by its threads.
        ways: The threads of each edge that passes layers, from the parent down.
        threads: Units that stand for an edge in a layer that it passes.
    """

    rows: list[list[str]]
    place: Mapping[str, int]
    links: tuple[Edge, ...]
    ways: Mapping[Edge, tuple[str, ...]]
    threads: frozenset[str]

    @classmethod
    def of(cls, units: Iterable[str], edges: Sequence[Edge]) -> Layers:
        """Cut a graph without cycles into layers by its longest chains of parents.

        Args:
            units: Its nodes, in the order in which siblings shall stand where nothing decides.
            edges: (child, parent).
        """
        units = list(units)
        place = dict(graph(units, edges).depth)
        rows: list[list[str]] = [[] for _ in range(max(place.values()) + 1)]
        for unit in units:
            rows[place[unit]].append(unit)
        links: list[Edge] = []
        ways: dict[Edge, tuple[str, ...]] = {}
        for number, (child, parent) in enumerate(edges):
            passed = range(place[parent] + 1, place[child])
            way = tuple(f"thread {number} {layer}" for layer in passed)
            for thread, layer in zip(way, passed, strict=True):
                place[thread] = layer
                rows[layer].append(thread)
            if way:
                ways[child, parent] = way
            stops = (parent, *way, child)
            links += [(below, above) for above, below in itertools.pairwise(stops)]
        threads = frozenset(thread for way in ways.values() for thread in way)
        return cls(rows, place, tuple(links), ways, threads)


def order(layers: Layers, straight: Collection[Edge] = ()) -> None:
    """Put each layer in an order that crosses few edges.

    Args:
        layers: Put in order in place.
        straight: Edges that matter most; crossing one counts more.
    """
    by_package = _from_package(layers) if len(layers.place) <= MOST else None
    if by_package is not None:
        for row in layers.rows:
            row.sort(key=lambda unit: by_package[unit])
    _sweep(layers, set(straight))


def crossings(layers: Layers) -> int:
    """Return how many pairs of links cross."""
    at = {unit: index for row in layers.rows for index, unit in enumerate(row)}
    between: dict[int, list[tuple[int, int]]] = {}
    for child, parent in layers.links:
        between.setdefault(layers.place[child], []).append((at[parent], at[child]))
    return sum(_inversions([low for _, low in sorted(pairs)]) for pairs in between.values())


def _inversions(values: list[int]) -> int:
    """Count pairs out of order by merging (W. Barth, M. Jünger, P. Mutzel, JGAA 8, 2004)."""
    if len(values) < 2:  # noqa: PLR2004 - one is in order
        return 0
    half = len(values) // 2
    left, right = values[:half], values[half:]
    count = _inversions(left) + _inversions(right)
    left.sort()
    right.sort()
    at = 0
    for value in right:
        while at < len(left) and left[at] <= value:
            at += 1
        count += len(left) - at
    return count


def _sweep(layers: Layers, straight: set[Edge]) -> None:
    """Move units to the mean place of their neighbours, down and up, while that helps."""
    up: dict[str, list[str]] = {unit: [] for unit in layers.place}
    down: dict[str, list[str]] = {unit: [] for unit in layers.place}
    for child, parent in layers.links:
        times = 4 if (child, parent) in straight else 1
        up[child] += [parent] * times
        down[parent] += [child] * times
    best, fewest = [list(row) for row in layers.rows], crossings(layers)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        upwards = sweep % 2 == 1
        near = down if upwards else up
        at = {unit: index for row in layers.rows for index, unit in enumerate(row)}
        for row in reversed(layers.rows) if upwards else layers.rows:
            mean = {
                unit: sum(at[other] for other in near[unit]) / len(near[unit])
                if near[unit]
                else float(at[unit])
                for unit in row
            }
            row.sort(key=mean.__getitem__)
            at |= {unit: index for index, unit in enumerate(row)}
        count = crossings(layers)
        if count < fewest:
            best, fewest = [list(row) for row in layers.rows], count
    for row, kept in zip(layers.rows, best, strict=True):
        row[:] = kept


def _from_package(layers: Layers) -> dict[str, float] | None:
    """Return where fast-sugiyama puts each unit from left to right; None where it does not."""
    try:
        from fast_sugiyama import from_edges  # only where a graph is laid out
    except ImportError:
        return None
    units = sorted(layers.place, key=lambda unit: (layers.place[unit], unit))
    number = {unit: index for index, unit in enumerate(units)}
    # numbers in order: a set of them, which the package makes, has one order in every process
    links = sorted((number[parent], number[child]) for child, parent in layers.links)
    parts = from_edges(links, dummy_vertices=False)
    if len(parts) != 1:
        return None
    found = {units[index]: x for index, (x, _) in parts[0][0] if isinstance(index, int)}
    return found if len(found) == len(units) else None
