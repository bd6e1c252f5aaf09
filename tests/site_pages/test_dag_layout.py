"""A layout keeps its laws: edges go down, nothing overlaps, equal graphs look equal."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.site import dag_order
from labrec.site.dag_layout import Layout, Sizes, layout
from labrec.site.dag_order import Layers, crossings, order
from labrec.site.families import DRAWN, around, collapse

if TYPE_CHECKING:
    from labrec.site.dag_layout import Box

Edges = set[tuple[str, str]]


@st.composite
def lineages(draw: st.DrawFn, *, most: int = 40) -> tuple[list[str], Edges]:
    """Experiments that derive from earlier ones, and sometimes from later ones."""
    count = draw(st.integers(1, most))
    nodes = [f"n{at:02}" for at in range(count)]
    edges: Edges = set()
    for at in range(1, count):
        for parent in draw(st.lists(st.integers(0, at - 1), max_size=2)):
            edges.add((nodes[at], nodes[parent]))
    for child, parent in draw(st.lists(st.tuples(*[st.integers(0, count - 1)] * 2), max_size=2)):
        edges.add((nodes[child], nodes[parent]))
    return nodes, edges


def apart(one: Box, other: Box) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.bottom <= other.y
        or other.bottom <= one.y
    )


def check(found: Layout, nodes: list[str], edges: Edges) -> None:
    assert set(found.boxes) == set(nodes)
    for child, parent in edges - set(found.back):
        assert found.boxes[child].y >= found.boxes[parent].bottom
    boxes = list(found.boxes.values())
    for at, box in enumerate(boxes):
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= found.width
        assert box.bottom <= found.height
        assert all(apart(box, other) for other in boxes[at + 1 :])
    for block in found.blocks:
        inside = [box for box in boxes if not apart(box, block)]
        assert len(inside) > 1
        for box in inside:
            assert block.x <= box.x
            assert box.x + box.width <= block.x + block.width
            assert block.y <= box.y
            assert box.bottom <= block.bottom
    drawn = [(child, route.parent) for route in found.routes for child in route.children]
    assert sorted(drawn) == sorted(edges - set(found.back))
    everything = [*boxes, *found.blocks]
    for route in found.routes:
        heights = [y for _, y in route.points]
        assert heights == sorted(heights)
        for (x, y), (end_x, end_y) in itertools.pairwise(route.points):
            left, right = min(x, end_x), max(x, end_x)  # a curve may be anywhere between
            assert not [
                box for box in everything
                if box.y < end_y and y < box.bottom and box.x < right and left < box.x + box.width
            ]  # fmt: skip


@given(lineages())
def test_every_layout_keeps_the_laws(lineage: tuple[list[str], Edges]) -> None:
    nodes, edges = lineage
    check(layout(nodes, edges), nodes, edges)


@given(lineages())
def test_the_laws_hold_without_the_package(lineage: tuple[list[str], Edges]) -> None:
    nodes, edges = lineage
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dag_order, "_from_package", lambda _: None)
        check(layout(nodes, edges), nodes, edges)


@given(lineages(), st.randoms())
def test_a_layout_depends_on_the_graph_alone(
    lineage: tuple[list[str], Edges], random: st.DrawFn
) -> None:
    nodes, edges = lineage
    shuffled = list(edges)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert layout(nodes, shuffled) == layout(nodes, edges)


def test_a_layout_is_the_same_in_every_process() -> None:
    code = """
import json
from labrec.site.dag_layout import layout
nodes = [f"sha256:{at * 7919 % 1000}" for at in range(200)]
edges = [(nodes[at], nodes[at * at % at]) for at in range(1, 200)]
edges += [(nodes[at], nodes[at // 3]) for at in range(3, 200, 2)]
print(json.dumps(layout(nodes, edges)))
"""
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True,
            text=True, check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(said) == 1
    assert len(json.loads(said.pop())[0]) == 200


def test_a_cycle_is_told_and_the_rest_goes_down() -> None:
    edges = {("b", "a"), ("c", "b"), ("b", "c"), ("d", "c"), ("e", "e")}
    found = layout("abcde", edges)
    assert found.back == (("b", "c"), ("c", "b"), ("e", "e"))
    check(found, list("abcde"), edges)


def test_leaves_of_one_parent_stand_in_a_block() -> None:
    nodes = ["root", *(f"leaf{at:02}" for at in range(40)), "kept"]
    edges = {(node, "root") for node in nodes[1:]}
    found = layout(nodes, edges, straight=[("kept", "root")])
    check(found, nodes, edges)
    assert len(found.blocks) == 1
    assert found.width < 6 * Sizes().width
    block = found.blocks[0]
    assert apart(found.boxes["kept"], block)
    assert len([box for box in found.boxes.values() if not apart(box, block)]) == 40


def test_a_chain_is_straight() -> None:
    nodes = [f"{at:03}" for at in range(120)]
    edges = set(zip(nodes[1:], nodes, strict=False))
    found = layout(nodes, edges)
    assert {box.x for box in found.boxes.values()} == {0}


def test_an_order_crosses_less() -> None:
    units = [*"abcdef", *"uvwxyz"]
    edges = [(child, parent) for child, parent in zip("zyxwvu", "abcdef", strict=True)]
    for found in (Layers.of(units, edges), Layers.of(units, [*edges, ("u", "a"), ("z", "f")])):
        before = crossings(found)
        order(found)
        assert crossings(found) < before
    found = Layers.of(units, edges)
    order(found)
    assert crossings(found) == 0


def test_a_long_edge_passes_between_nodes() -> None:
    edges = {("b", "a"), ("c", "b"), ("d", "c"), ("d", "a")}
    found = layout("abcd", edges)
    check(found, list("abcd"), edges)
    (long,) = [route for route in found.routes if (route.parent, route.children) == ("a", ("d",))]
    assert len(long.points) == 6


def test_an_edge_passes_a_taller_block_beside_its_parent() -> None:
    leaves = [f"leaf{at}" for at in range(6)]
    nodes = ["root", "kept", *leaves, "end", "other"]
    edges = {
        ("kept", "root"),
        ("end", "kept"),
        ("other", "kept"),
        *((leaf, "root") for leaf in leaves),
    }
    found = layout(nodes, edges, straight=[("kept", "root"), ("end", "kept")])
    check(found, nodes, edges)
    (block,) = found.blocks
    assert block.bottom > found.boxes["kept"].bottom  # it would stand in the way
    (edge,) = [route for route in found.routes if route.children == ("other",)]
    assert edge.points[1] == (found.boxes["kept"].middle, block.bottom)
    assert len({found.boxes[node].x for node in ("root", "kept", "end")}) == 1


@pytest.mark.parametrize("shape", ["tree", "chain", "star", "alone"])
def test_two_thousand_experiments_are_laid_out(shape: str) -> None:
    nodes = [f"{at:04}" for at in range(2000)]
    above = {"tree": lambda at: at // 3, "chain": lambda at: at - 1, "star": lambda _: 0}
    edges = (
        {(nodes[at], nodes[above[shape](at)]) for at in range(1, 2000)} if shape in above else set()
    )
    found = layout(nodes, edges)
    assert len(found.boxes) == 2000


# --- families ---------------------------------------------------------------------------------


@given(lineages(), st.integers(1, 30))
def test_a_collapsed_graph_is_small_and_counts_everything(
    lineage: tuple[list[str], Edges], most: int
) -> None:
    nodes, edges = lineage
    parents = {node: sorted(p for c, p in edges if c == node) for node in nodes}
    kept = nodes[:2]
    found = collapse(nodes, parents, kept, most)
    assert len(found.nodes) + len(found.families) <= max(most, 1)
    members = [node for family in found.families.values() for node in family]
    assert len(set(members) | set(found.nodes)) == len(members) + len(found.nodes)
    assert len(members) + len(found.nodes) + found.left_out == len(nodes)
    drawn = {*found.nodes, *found.families}
    assert all(drawn.issuperset(edge) for edge in found.edges)
    if len(nodes) <= most:
        assert set(found.edges) == {edge for edge in edges if edge[0] != edge[1]}


def test_leaves_go_first_and_families_next() -> None:
    nodes = ["root", "a", "a1", "a2", "b", "b1", "b2", "c"]
    parents = {"a": ["root"], "a1": ["a"], "a2": ["a"], "b": ["root"], "b1": ["b"], "b2": ["b"],
               "c": ["b1"]}  # fmt: skip
    by_leaves = collapse(nodes, parents, ["root"], 7)
    assert by_leaves.nodes == ("root", "a", "b", "b1", "b2", "c")
    assert by_leaves.families == {"family of a": ("a1", "a2")}
    by_families = collapse(nodes, parents, ["root", "b"], 4)
    assert by_families.nodes == ("root", "b")
    assert by_families.families == {
        "family of root": ("a", "a1", "a2"),
        "family of b": ("b1", "b2", "c"),
    }
    assert set(by_families.edges) == {
        ("b", "root"), ("family of root", "root"), ("family of b", "b"),
    }  # fmt: skip


def test_a_long_kept_chain_keeps_its_ends() -> None:
    nodes = [f"n{at:04}" for at in range(3000)]
    parents = {child: [parent] for parent, child in itertools.pairwise(nodes)}
    found = collapse(nodes, parents, nodes)
    assert len(found.nodes) == DRAWN // 2
    assert found.nodes[:1] + found.nodes[-1:] == ("n0000", "n2999")
    ((name, members),) = found.families.items()
    assert set(members) == {*nodes} - {*found.nodes}
    kept = found.drawn((child, parent) for parent, child in itertools.pairwise(nodes))
    assert {(name, "n0049"), ("n2800", name)} <= kept
    assert set(found.edges) <= kept


def test_around_shows_the_kept_and_what_hangs_from_them() -> None:
    nodes = ["root", "a", "x", "b", "y", "z", "far"]
    parents = {"a": ["root"], "x": ["root"], "b": ["a"], "y": ["b"], "z": ["b"]}
    found = around(nodes, parents, ["a", "b"])
    assert found.nodes == ("a", "b")
    assert found.families == {"family of b": ("y", "z")}
    assert found.left_out == 3
