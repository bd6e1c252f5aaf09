"""Lay out a graph of experiments in layers, parents above their children. ○ No IO.

After K. Sugiyama, S. Tagawa and M. Toda, "Methods for visual understanding of hierarchical system
structures", IEEE Trans. SMC 11 (1981): layers by the longest chain of parents, an order in each
layer that crosses few edges, then places. The order comes from the package fast-sugiyama where it
is installed, else from our own sweeps; everything that is promised is made sure of here:

- every edge that lies on no cycle goes down: its child begins below the end of its parent,
- no two nodes overlap, and no such edge passes behind one: where it passes a layer it goes straight
  down beside what stands there, and it turns between layers alone,
- equal graphs have equal layouts.

Lineage has many leaves: variants that were tried and went nowhere. The leaves of one parent stand
together in a block, in columns, so that a hundred of them are no hundred columns.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.lineage.graph import graph
from labrec.site.dag_order import Layers, order

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

Edge = tuple[str, str]
"""(child, parent), as in `labrec.lineage.graph`."""

GAP_X: Final = 20.0
GAP_Y: Final = 46.0
"""Least room between two nodes beside and below one another, in pixels."""

_TIGHT = 6.0  # between the leaves of a block
_INSIDE = 8.0  # between a block and its leaves
_THREAD = 10.0  # width that an edge takes where it passes a layer
_APART = 56.0  # between parts of the graph that hang together by nothing
_WIDE = 1500.0  # parts stand in rows of about this width
_SWEEPS = 8
_STRAIGHT = 1e6  # how much more a straight edge pulls than another: it bends by no tenth of a pixel


class Box(NamedTuple):
    """Where something stands, in pixels from the top left.

    Attributes:
        x: Its left side.
        y: Its upper side.
        width: > 0.
        height: > 0.
    """

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """Half way between its sides."""
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        """Its lower side."""
        return self.y + self.height


class Route(NamedTuple):
    """How an edge is drawn: from a parent down to a child, or to the block of several.

    Attributes:
        parent: Where it begins.
        children: Where it leads: one node, or all leaves of a block.
        points: Places it goes through, the first at the parent, the last at the child or block.
            Between two of them it is a straight line down, or turns where no node stands.
    """

    parent: str
    children: tuple[str, ...]
    points: tuple[tuple[float, float], ...]


class Layout(NamedTuple):
    """Where everything is.

    Attributes:
        boxes: Of each node.
        blocks: Frames around the leaves of one parent.
        routes: Of every edge that lies on no cycle.
        back: Edges (child, parent) on a cycle: they have no way down.
        width: Of the whole, in pixels.
        height: Likewise.
    """

    boxes: Mapping[str, Box]
    blocks: tuple[Box, ...]
    routes: tuple[Route, ...]
    back: tuple[Edge, ...]
    width: float
    height: float


class Sizes(NamedTuple):
    """How large nodes are, in pixels.

    Attributes:
        width: Of every node.
        height: Of a node with children, or alone.
        leaf_height: Of a leaf in a block.
    """

    width: float = 190.0
    height: float = 58.0
    leaf_height: float = 42.0


def layout(
    nodes: Iterable[str],
    edges: Iterable[Edge],
    *,
    sizes: Sizes | None = None,
    straight: Collection[Edge] = (),
) -> Layout:
    """Lay out a graph.

    Args:
        nodes: Its nodes, in the order in which siblings shall stand where nothing else decides.
        edges: (child, parent) between nodes.
        sizes: How large nodes are.
        straight: Edges that shall be straight where that can be, such as the kept chain's.

    Raises:
        KeyError: An edge leads to or from something that is no node.
    """
    sizes = sizes or Sizes()
    rank = {node: at for at, node in enumerate(nodes)}
    edges = sorted(set(edges), key=lambda edge: (rank[edge[0]], rank[edge[1]]))
    back = graph(rank, edges).cyclic
    downward = [edge for edge in edges if edge not in back]
    parts = _parts(rank, downward)
    lone = [part[0] for part in parts if len(part) == 1]
    drawn = [
        _Part(part, downward, sizes, frozenset(straight)).lay_out()
        for part in parts
        if len(part) > 1
    ]
    if lone:
        beside = sum(part.width + _APART for part in drawn)
        drawn.append(_grid(lone, sizes, _WIDE - beside if beside < _WIDE / 2 else _WIDE))
    return _packed(drawn, tuple(sorted(back)))


def _parts(rank: Mapping[str, int], edges: Sequence[Edge]) -> list[list[str]]:
    """Return the nodes that hang together, the largest part first, then by its first node."""
    above = {node: node for node in rank}

    def top(node: str) -> str:
        while above[node] != node:
            above[node] = node = above[above[node]]
        return node

    for child, parent in edges:
        a, b = top(child), top(parent)
        above[max(a, b, key=rank.__getitem__)] = min(a, b, key=rank.__getitem__)
    parts: dict[str, list[str]] = {}
    for node in rank:
        parts.setdefault(top(node), []).append(node)
    return sorted(parts.values(), key=lambda part: (-len(part), rank[part[0]]))


def _grid(nodes: Sequence[str], sizes: Sizes, room: float) -> Layout:
    """Place nodes without relatives in rows of about so many pixels."""
    columns = max(1, min(len(nodes), int((room + GAP_X) // (sizes.width + GAP_X))))
    boxes = {
        node: Box(
            at % columns * (sizes.width + GAP_X),
            at // columns * (sizes.height + GAP_X),
            sizes.width,
            sizes.height,
        )
        for at, node in enumerate(nodes)
    }
    return _sized(boxes, (), (), ())


def _sized(
    boxes: Mapping[str, Box],
    blocks: Sequence[Box],
    routes: Sequence[Route],
    back: Sequence[Edge],
) -> Layout:
    everything = [*boxes.values(), *blocks]
    width = max((box.x + box.width for box in everything), default=0.0)
    height = max((box.bottom for box in everything), default=0.0)
    return Layout(boxes, tuple(blocks), tuple(routes), tuple(back), width, height)


def _packed(parts: Sequence[Layout], back: tuple[Edge, ...]) -> Layout:
    """Put parts side by side, in rows of about `_WIDE` pixels."""
    boxes: dict[str, Box] = {}
    blocks: list[Box] = []
    routes: list[Route] = []
    x = y = row = 0.0
    for part in parts:
        if x and x + part.width > _WIDE:
            x, y, row = 0.0, y + row + _APART, 0.0
        boxes |= {node: _moved(box, x, y) for node, box in part.boxes.items()}
        blocks += [_moved(box, x, y) for box in part.blocks]
        routes += [
            route._replace(points=tuple((a + x, b + y) for a, b in route.points))
            for route in part.routes
        ]
        x, row = x + part.width + _APART, max(row, part.height)
    return _sized(boxes, blocks, routes, back)


def _moved(box: Box, x: float, y: float) -> Box:
    return box._replace(x=box.x + x, y=box.y + y)


class _Part:
    """Lays out nodes that hang together. A *unit* is a node, a block of leaves or a thread."""

    def __init__(
        self,
        nodes: Sequence[str],
        edges: Sequence[Edge],
        sizes: Sizes,
        straight: frozenset[Edge],
    ) -> None:
        self.sizes = sizes
        inside = set(nodes)
        edges = [edge for edge in edges if edge[0] in inside]
        found = graph(nodes, edges)
        self.blocks = _leaf_blocks(nodes, found.parents, found.children, straight)
        within = {leaf: block for block, leaves in self.blocks.items() for leaf in leaves}
        units = dict.fromkeys(within.get(node, node) for node in nodes)
        self.edges = list(
            dict.fromkeys((within.get(child, child), parent) for child, parent in edges)
        )
        self.straight = {edge for edge in self.edges if edge in straight}
        self.layers = Layers.of(units, self.edges)
        order(self.layers, self.straight)

    def lay_out(self) -> Layout:
        """Return where everything stands."""
        widths = {unit: self._size(unit)[0] for unit in self.layers.place}
        middles = _placed(self.layers, widths, self.straight)
        boxes: dict[str, Box] = {}
        blocks: list[Box] = []
        frames: dict[str, Box] = {}
        ends: dict[str, float] = {}
        y = 0.0
        for layer in self.layers.rows:
            tallest = max(self._size(unit)[1] for unit in layer)
            for unit in layer:
                width, height = self._size(unit)
                height = height or tallest  # a thread passes the whole layer
                box = frames[unit] = Box(middles[unit] - width / 2, y, width, height)
                ends[unit] = y + tallest
                if unit in self.blocks:
                    blocks.append(box)
                    boxes |= self._leaves(unit, box)
                elif unit not in self.layers.threads:
                    boxes[unit] = box
            y += tallest + GAP_Y
        return _sized(boxes, blocks, self._routes(frames, ends), ())

    def _size(self, unit: str) -> tuple[float, float]:
        if unit in self.layers.threads:
            return _THREAD, 0.0
        leaves = self.blocks.get(unit)
        if leaves is None:
            return self.sizes.width, self.sizes.height
        columns = _columns(len(leaves))
        rows = math.ceil(len(leaves) / columns)
        return (
            columns * (self.sizes.width + _TIGHT) - _TIGHT + 2 * _INSIDE,
            rows * (self.sizes.leaf_height + _TIGHT) - _TIGHT + 2 * _INSIDE,
        )

    def _leaves(self, block: str, frame: Box) -> dict[str, Box]:
        leaves = self.blocks[block]
        rows = math.ceil(len(leaves) / _columns(len(leaves)))
        return {
            leaf: Box(
                frame.x + _INSIDE + at // rows * (self.sizes.width + _TIGHT),
                frame.y + _INSIDE + at % rows * (self.sizes.leaf_height + _TIGHT),
                self.sizes.width,
                self.sizes.leaf_height,
            )
            for at, leaf in enumerate(leaves)
        }

    def _routes(self, frames: Mapping[str, Box], ends: Mapping[str, float]) -> list[Route]:
        """Return the ways of the edges.

        Args:
            frames: Where units stand.
            ends: Where the layer of each ends. A unit may be less tall than one beside it.
        """
        routes = []
        for child, parent in self.edges:
            start, end = frames[parent], frames[child]
            points = [(start.middle, start.bottom)]
            if ends[parent] > start.bottom:
                points.append((start.middle, ends[parent]))
            for thread in self.layers.ways.get((child, parent), ()):
                box = frames[thread]
                points += [(box.middle, box.y), (box.middle, box.bottom)]
            points.append((end.middle, end.y))
            routes.append(Route(parent, self.blocks.get(child, (child,)), tuple(points)))
        return routes


def _columns(leaves: int) -> int:
    return max(1, math.ceil(math.sqrt(leaves / 4)))


def _leaf_blocks(
    nodes: Sequence[str],
    parents: Mapping[str, Sequence[str]],
    children: Mapping[str, Sequence[str]],
    straight: frozenset[Edge],
) -> dict[str, tuple[str, ...]]:
    """Return the leaves of each parent that has several, by the name of their block.

    A leaf has one parent and no children. The end of a kept chain stands on its own.
    """
    of: dict[str, list[str]] = {}
    for node in nodes:
        above = parents[node]
        if len(above) == 1 and not children[node] and (node, above[0]) not in straight:
            of.setdefault(above[0], []).append(node)
    return {
        f"leaves of {parent}": tuple(leaves) for parent, leaves in of.items() if len(leaves) > 1
    }


# --- places in a layer ------------------------------------------------------------------------


def _placed(
    layers: Layers, widths: Mapping[str, float], straight: Collection[Edge]
) -> dict[str, float]:
    """Return the middle of each unit: near its relatives, in order, without overlap."""
    weight = {edge: _STRAIGHT if edge in straight else 1.0 for edge in layers.links}
    up: dict[str, list[tuple[str, float]]] = {unit: [] for unit in layers.place}
    down: dict[str, list[tuple[str, float]]] = {unit: [] for unit in layers.place}
    for child, parent in layers.links:
        heavy = weight[child, parent]
        if child in layers.threads and parent in layers.threads:
            heavy = 4.0  # a long edge bends as little as can be
        up[child].append((parent, heavy))
        down[parent].append((child, heavy))
    middles: dict[str, float] = {}
    for row in layers.rows:
        _spread(row, widths, middles, {})
    for sweep in range(_SWEEPS):
        upwards = sweep % 2 == 1
        near = down if upwards else up
        for row in reversed(layers.rows) if upwards else layers.rows:
            _spread(row, widths, middles, near)
    left = min(middles[unit] - widths[unit] / 2 for unit in middles)
    return {unit: round(middle - left, 1) for unit, middle in middles.items()}


def _spread(
    row: Sequence[str],
    widths: Mapping[str, float],
    middles: dict[str, float],
    near: Mapping[str, Sequence[tuple[str, float]]],
) -> None:
    """Move the units of a layer as near to their relatives as their order and widths allow.

    Least squares under "each stands right of the one before" is isotonic regression, solved by
    pooling adjacent violators (R. E. Barlow et al., Statistical Inference under Order Restrictions,
    1972).
    """
    offsets = [0.0]
    for one, other in itertools.pairwise(row):
        offsets.append(offsets[-1] + (widths[one] + widths[other]) / 2 + GAP_X)
    pools: list[tuple[float, float, int]] = []  # mean, weight, count
    for unit, offset in zip(row, offsets, strict=True):
        relatives = near.get(unit, ())
        total = sum(heavy for _, heavy in relatives)
        if total:
            wish = sum(middles[other] * heavy for other, heavy in relatives) / total
        else:
            wish, total = middles.get(unit, offset), 0.1
        pool = (wish - offset, total, 1)
        while pools and pools[-1][0] > pool[0]:
            mean, weight, count = pools.pop()
            together = weight + pool[1]
            pool = (
                (mean * weight + pool[0] * pool[1]) / together,
                together,
                count + pool[2],
            )
        pools.append(pool)
    places = [mean for mean, _, count in pools for _ in range(count)]
    for unit, offset, place in zip(row, offsets, places, strict=True):
        middles[unit] = place + offset
