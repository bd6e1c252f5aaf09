"""Collapse a large graph: a family that nobody asked about becomes one node. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

MOST: Final = 2000
"""Nodes up to which all of a graph is drawn."""

DRAWN: Final = 500
"""Nodes that are drawn at most of a larger one."""


class Collapsed(NamedTuple):
    """A graph with some of its families collapsed.

    Attributes:
        nodes: Nodes that are drawn as they are, in order.
        families: Members of each collapsed family, by the name of its node: ``family of <key>``.
        edges: (child, parent) between nodes and families.
        left_out: How many nodes are in none of these.
    """

    nodes: tuple[str, ...]
    families: Mapping[str, tuple[str, ...]]
    edges: tuple[tuple[str, str], ...]
    left_out: int = 0

    def drawn(self, edges: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return edges between nodes as they are drawn: to and from the families of their ends."""
        inside = {node: name for name, found in self.families.items() for node in found}
        return {(inside.get(a, a), inside.get(b, b)) for a, b in edges}


def collapse(
    nodes: Sequence[str],
    parents: Mapping[str, Sequence[str]],
    kept: Collection[str] = (),
    most: int = MOST,
) -> Collapsed:
    """Collapse families where a graph is large, until few enough nodes are left.

    First the leaves of each parent go together; where that is not enough, every family that hangs
    from the kept nodes, and what hangs together with none of them, becomes one node. Of families
    that are still too many the largest stay. Of kept nodes that alone would be many the first and
    the last stay on their own, and what lies between them is a family.

    Args:
        nodes: All nodes, parents before children where there is no cycle.
        parents: Of each node its parents.
        kept: Nodes that stay on their own, parents before their children.
        most: Nodes up to which nothing is collapsed, >= 1; of more, as many are left, or `DRAWN`.
    """
    if len(nodes) <= most:
        return _collapsed(nodes, parents, {})
    most = min(most, DRAWN)
    chosen = set(_ends(list(kept), most // 2))
    heads = _leaf_heads(nodes, parents, chosen)
    found = _collapsed(nodes, parents, heads)
    if len(found.nodes) + len(found.families) <= most:
        return found
    return _largest(_collapsed(nodes, parents, _family_heads(nodes, parents, chosen)), most)


def around(
    nodes: Sequence[str], parents: Mapping[str, Sequence[str]], kept: Collection[str]
) -> Collapsed:
    """Return the kept nodes alone, with each family that hangs from them as one node."""
    chosen = set(kept)
    found = _collapsed(nodes, parents, _family_heads(nodes, parents, chosen))
    tied = {child for child, parent in found.edges if parent in chosen}
    families = {name: members for name, members in found.families.items() if name in tied}
    drawn = {*families, *found.nodes}
    edges = tuple(edge for edge in found.edges if drawn.issuperset(edge))
    shown = len(found.nodes) + sum(map(len, families.values()))
    return Collapsed(found.nodes, families, edges, len(nodes) - shown)


def _ends(kept: Sequence[str], room: int) -> Sequence[str]:
    """Return what has room: of too many a fifth from the beginning and the rest from the end."""
    if len(kept) <= room:
        return kept
    first = room // 5
    return [*kept[:first], *kept[len(kept) - room + first :]]


def _leaf_heads(
    nodes: Sequence[str], parents: Mapping[str, Sequence[str]], kept: set[str]
) -> dict[str, str]:
    """Return for each leaf that goes into a family what that is called after: its parent."""
    with_children = {parent for node in nodes for parent in parents.get(node, ())}
    return {
        node: (parents.get(node) or [""])[0]
        for node in nodes
        if node not in with_children and node not in kept and len(parents.get(node, ())) <= 1
    }


def _family_heads(
    nodes: Sequence[str], parents: Mapping[str, Sequence[str]], kept: set[str]
) -> dict[str, str]:
    """Return for each node that is not kept the kept node, or root, that its family hangs from."""
    heads: dict[str, str] = {}
    for node in nodes:
        if node in kept:
            continue
        above = next(iter(parents.get(node, ())), "")
        heads[node] = above if above in kept or not above else heads.get(above, "")
    return heads


def _collapsed(
    nodes: Sequence[str], parents: Mapping[str, Sequence[str]], heads: Mapping[str, str]
) -> Collapsed:
    members: dict[str, list[str]] = {}
    for node, head in heads.items():
        members.setdefault(head, []).append(node)
    families = {
        f"family of {head}": tuple(found) for head, found in members.items() if len(found) > 1
    }
    inside = {node: name for name, found in families.items() for node in found}
    edges = dict.fromkeys(
        (inside.get(node, node), inside.get(parent, parent))
        for node in nodes
        for parent in parents.get(node, ())
    )
    return Collapsed(
        tuple(node for node in nodes if node not in inside),
        families,
        tuple(edge for edge in edges if edge[0] != edge[1] and "" not in edge),
    )


def _largest(found: Collapsed, most: int) -> Collapsed:
    """Leave out the smallest families, then the last nodes, where there are still too many."""
    nodes = found.nodes[:most]
    ranked = sorted(found.families.items(), key=lambda item: (-len(item[1]), item[0]))
    families = dict(ranked[: most - len(nodes)])
    drawn = {*nodes, *families}
    gone = len(found.nodes) - len(nodes)
    gone += sum(len(members) for name, members in ranked if name not in families)
    edges = tuple(edge for edge in found.edges if drawn.issuperset(edge))
    return Collapsed(nodes, families, edges, gone)
