"""The graph of parents: laws for any edges, and what a reader of a lab would expect."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.lineage.graph import Edge, graph

NODES = st.sampled_from("abcdefghij")
EDGES = st.lists(st.tuples(NODES, st.sampled_from("abcdefghijXY")), max_size=30)


def reach(edges: list[Edge], start: str) -> set[str]:
    """Everything above a node, by repeating until nothing comes."""
    found: set[str] = set()
    while True:
        new = {p for c, p in edges if (c == start or c in found) and p in "abcdefghij"} - found
        if not new:
            return found
        found |= new


@given(EDGES)
def test_laws_of_any_graph(edges: list[Edge]) -> None:
    found = graph("abcdefghij", edges)
    above = {node: reach(edges, node) for node in "abcdefghij"}
    on_cycle = {node for node in above if node in above[node]}
    # Cycles: exactly the nodes that reach themselves, grouped by reaching one another.
    assert {node for group in found.cycles for node in group} == on_cycle
    for group in found.cycles:
        assert all(set(group) <= above[node] for node in group)
    assert len({node for group in found.cycles for node in group}) == sum(map(len, found.cycles))
    # Depth and order: for all that is on no cycle and derives from none.
    fine = {node for node in above if not (above[node] | {node}) & on_cycle}
    assert set(found.depth) == set(found.order) == set(found.root) == fine
    place = {node: number for number, node in enumerate(found.order)}
    for node in fine:
        parents = found.parents[node]
        assert all(place[parent] < place[node] for parent in parents)
        assert found.depth[node] == max((found.depth[p] + 1 for p in parents), default=0)
        assert found.root[node] == (found.root[parents[0]] if parents else node)
    # Every edge is kept once: between nodes, or dangling.
    kept = {
        (c, p) for side in (found.parents, found.dangling) for c, ps in side.items() for p in ps
    }
    assert kept == set(edges)
    assert found.cyclic == {(c, p) for c, p in edges if p in above and c in above[p] | {p} & {c}}
    for node, below in found.children.items():
        assert set(below) == {c for c, p in edges if p == node}
        assert found.ancestors(node) == above[node]
        assert found.descendants(node) == {c for c in above if node in above[c]}


@given(EDGES, st.randoms(use_true_random=False))
def test_the_order_in_which_nodes_come_does_not_matter(edges: list[Edge], random: object) -> None:
    nodes = list("abcdefghij")
    random.shuffle(nodes)  # type: ignore[attr-defined]
    assert graph(nodes, edges) == graph("abcdefghij", edges)


def test_a_diamond_with_two_parents() -> None:
    found = graph("abcd", [("b", "a"), ("c", "a"), ("d", "c"), ("d", "b"), ("c", "b")])
    assert found.order == ("a", "b", "c", "d")
    assert found.depth == {"a": 0, "b": 1, "c": 2, "d": 3}
    assert set(found.root.values()) == {"a"}
    assert found.roots == ["a"]
    assert not found.cycles


def test_the_root_is_that_of_the_first_parent() -> None:
    found = graph(["x", "y", "child"], [("child", "y"), ("child", "x")])
    assert found.root["child"] == "y"


def test_a_dangling_parent_is_kept_and_makes_an_orphan() -> None:
    found = graph("ab", [("a", "gone"), ("b", "a"), ("b", "lost")])
    assert found.dangling == {"a": ("gone",), "b": ("lost",)}
    assert found.orphans == ["a"]
    assert found.depth == {"a": 0, "b": 1}
    assert found.root == {"a": "a", "b": "a"}


def test_cycles_are_named_and_poison_only_what_derives_from_them() -> None:
    edges = [("a", "b"), ("b", "a"), ("c", "a"), ("s", "s"), ("e", "d"), ("t", "s")]
    found = graph("abcdest", edges)
    assert found.cycles == (("a", "b"), ("s",))
    assert found.cyclic == {("a", "b"), ("b", "a"), ("s", "s")}
    assert found.depth == {"d": 0, "e": 1}


def test_a_child_that_is_no_node_is_an_error() -> None:
    with pytest.raises(KeyError):
        graph("a", [("b", "a")])


def test_a_chain_of_a_hundred_thousand_needs_no_recursion() -> None:
    nodes = [f"{number:06}" for number in range(100_000)]
    chain = list(zip(nodes[1:], nodes, strict=False))
    assert graph(nodes, chain).depth[nodes[-1]] == 99_999
    ring = graph(nodes, [*chain, (nodes[0], nodes[-1])])
    assert len(ring.cycles[0]) == 100_000
    assert not ring.depth
