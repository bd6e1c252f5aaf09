"""The graph of parents: order, depth, roots, cycles and what dangles. ○ No IO.

Nodes are whatever names them, experiments as a rule: text that can be compared. An edge leads from
a child to a parent. Lineage is meant to be without cycles; where it is not, the nodes on a cycle
and all that derives from them have neither depth nor root, and everything else has both.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Edge = tuple[str, str]
"""(child, parent)"""


class Graph(NamedTuple):
    """What the edges say about the nodes.

    Attributes:
        parents: Of each node its parents that are nodes, in the order given, each once.
        children: Of each node its children, in code point order.
        order: Nodes with their parents before them, otherwise in code point order; those without a
            depth are left out.
        depth: Longest chain of parents above a node, in edges: 0 for one without parents. Missing
            for nodes on a cycle and for all that derives from one.
        root: The node at the top of a node's first parents, itself where it has none. Missing where
            the way up ends in a cycle.
        cycles: Groups of nodes that derive from one another, each in code point order; a node that
            is its own parent is a group of one.
        dangling: Of each node its parents that are no nodes, in the order given, each once; nodes
            without any are left out.
    """

    parents: Mapping[str, tuple[str, ...]]
    children: Mapping[str, tuple[str, ...]]
    order: tuple[str, ...]
    depth: Mapping[str, int]
    root: Mapping[str, str]
    cycles: tuple[tuple[str, ...], ...]
    dangling: Mapping[str, tuple[str, ...]]

    @property
    def roots(self) -> list[str]:
        """The nodes without parents in the graph, in code point order."""
        return [node for node, above in sorted(self.parents.items()) if not above]

    @property
    def orphans(self) -> list[str]:
        """The nodes all of whose parents dangle, in code point order."""
        return [node for node in sorted(self.dangling) if not self.parents[node]]

    @property
    def cyclic(self) -> frozenset[Edge]:
        """The edges that lie on a cycle."""
        group = {node: number for number, nodes in enumerate(self.cycles) for node in nodes}
        return frozenset(
            (child, parent)
            for child, number in group.items()
            for parent in self.parents[child]
            if group.get(parent) == number
        )

    def ancestors(self, node: str) -> set[str]:
        """Return all that a node derives from; itself only where it lies on a cycle."""
        return _reached(self.parents, node)

    def descendants(self, node: str) -> set[str]:
        """Return all that derives from a node; itself only where it lies on a cycle."""
        return _reached(self.children, node)


def graph(nodes: Iterable[str], edges: Iterable[Edge]) -> Graph:
    """Look at nodes and the edges between them, in time linear in both.

    Args:
        nodes: The nodes; repeats count once.
        edges: (child, parent). A parent that is no node dangles.

    Raises:
        KeyError: A child is no node.
    """
    # most nodes of many have neither parents nor children: nothing is made for those
    parents: dict[str, tuple[str, ...]] = dict.fromkeys(sorted(set(nodes)), ())
    children: dict[str, tuple[str, ...]] = parents.copy()
    above: dict[str, dict[str, None]] = {}
    missing: dict[str, dict[str, None]] = {}
    for child, parent in edges:
        if child not in parents:
            raise KeyError(child)
        (above if parent in parents else missing).setdefault(child, {})[parent] = None
    below: dict[str, list[str]] = {}
    for node in sorted(above):
        parents[node] = tuple(above[node])
        for parent in parents[node]:
            below.setdefault(parent, []).append(node)
    for node, found in below.items():
        children[node] = tuple(found)
    order = _order(parents, children)
    depth = dict.fromkeys(order, 0)
    root = dict(zip(order, order, strict=True))
    for node in order:
        over = parents[node]
        if over:
            depth[node] = 1 + max(depth[parent] for parent in over)
            root[node] = root[over[0]]
    return Graph(
        parents,
        children,
        order,
        depth,
        root,
        tuple(_cycles(parents, set(depth))),
        {node: tuple(found) for node, found in sorted(missing.items())},
    )


def _order(
    parents: Mapping[str, Sequence[str]], children: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Order nodes after their parents (Kahn 1962); those behind a cycle never become ready."""
    waiting = {node: len(found) for node, found in parents.items() if found}
    first = iter(sorted(node for node in parents if node not in waiting))
    order: list[str] = []
    ready: list[str] = []  # what waited, as a heap
    free = next(first, None)
    while ready or free is not None:
        if free is not None and (not ready or free < ready[0]):
            node, free = free, next(first, None)
        else:
            node = heappop(ready)
        order.append(node)
        for child in children[node]:
            waiting[child] -= 1
            if not waiting[child]:
                heappush(ready, child)
    return tuple(order)


def _cycles(parents: Mapping[str, Sequence[str]], outside: set[str]) -> Iterator[tuple[str, ...]]:
    """Yield the strongly connected groups that hold a cycle (Tarjan 1972), without recursion.

    Args:
        parents: The whole graph.
        outside: Nodes that are known to lie on none.
    """
    # As where runs of one experiment go on from one another: there is nothing to search.
    found: list[tuple[str, ...]] = [(node,) for node, above in parents.items() if above == (node,)]
    index = dict.fromkeys((node for (node,) in found), -1)
    lowest: dict[str, int] = {}
    open_nodes: dict[str, None] = {}
    for start in parents:
        if start in outside or start in index:
            continue
        index[start] = lowest[start] = len(index)
        open_nodes[start] = None
        way = [(start, iter(parents[start]))]
        while way:
            node, rest = way[-1]
            parent = next(rest, None)
            if parent is None:
                way.pop()
                if way:
                    below = way[-1][0]
                    lowest[below] = min(lowest[below], lowest[node])
                if lowest[node] == index[node]:
                    group = _close(open_nodes, node)
                    if len(group) > 1 or node in parents[node]:
                        found.append(tuple(sorted(group)))
            elif parent in open_nodes:
                lowest[node] = min(lowest[node], index[parent])
            elif parent not in outside and parent not in index:
                index[parent] = lowest[parent] = len(index)
                open_nodes[parent] = None
                way.append((parent, iter(parents[parent])))
    yield from sorted(found)


def _close(open_nodes: dict[str, None], node: str) -> list[str]:
    """Take the nodes off the stack down to one, and return them."""
    group: list[str] = []
    while not group or group[-1] != node:
        group.append(open_nodes.popitem()[0])
    return group


def _reached(edges: Mapping[str, Sequence[str]], node: str) -> set[str]:
    found: set[str] = set()
    rest = list(edges[node])
    while rest:
        at = rest.pop()
        if at not in found:
            found.add(at)
            rest.extend(edges[at])
    return found
