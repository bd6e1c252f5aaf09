"""Lineage drawn in text: what is said, and that a name is only ever a label."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.lineage.dag import Dag, Node, dot, mermaid, text

HOSTILE = [
    '"]; n0 -> n1; x [URL="javascript:alert(1)"',
    '"\\',
    '\\N\\G\\"',
    'a"]\n  n0 --> n9\n  click n0 "javascript:alert(1)"',
    "<b>bold</b> &lt;i&gt; &#60;",
    "`**md**` #quot; #35;",
    "end\nsubgraph x",
    "%%{init: {}}%%",
    "\x1b[31mred\u202e\u2028",
    "",
    "日本語",
]
DOT = re.compile(
    r"""
    (?P<node>[nd]\d+)\ \[label="(?P<label>(?:[^"\\\n]|\\["\\])*)"(?:,\ \w+=\w+)*\];
  | (?P<parent>[nd]\d+)\ ->\ (?P<child>n\d+)(?:\ \[\w+=\w+(?:,\ \w+=\w+)*\])?;
    """,
    re.VERBOSE,
)
MERMAID = re.compile(
    r'(?P<node>[nd]\d+)\["(?P<label>[^"\[\]{}<>|`\n]*)"\]'
    r"|(?P<parent>[nd]\d+) (?:-->|-\.->) (?P<child>n\d+)"
)


def node(key: str, name: str | None = None, *, runs: int = 1, **statuses: int) -> Node:
    ids = tuple(f"{key}-{number}" for number in range(runs))
    return Node(key, "p", key if name is None else name, ids, statuses or {"complete": runs})


def dag(
    *edges: tuple[str, str], nodes: str = "", dangling: list[tuple[str, str]] | None = None
) -> Dag:
    keys = sorted({key for edge in edges for key in edge} | set(nodes))
    return Dag.of([node(key) for key in keys], edges, dangling or [])


def read(pattern: re.Pattern[str], lines: list[str]) -> tuple[dict[str, str], set[tuple[str, str]]]:
    """Read a drawing back; every line must be a node or an edge and nothing else."""
    labels, edges = {}, set()
    for line in lines:
        found = pattern.fullmatch(line.strip())
        assert found, line
        if found["node"]:
            labels[found["node"]] = found["label"]
        else:
            edges.add((found["parent"], found["child"]))
    return labels, edges


def read_dot(drawing: str) -> tuple[dict[str, str], set[tuple[str, str]]]:
    first, _, *lines, last = drawing.split("\n")
    assert (first, last) == ("digraph lineage {", "}")
    labels, edges = read(DOT, lines)
    plain = {name: re.sub(r"\\(.)", r"\1", label) for name, label in labels.items()}
    return {name: html.unescape(label) for name, label in plain.items()}, edges


def read_mermaid(drawing: str) -> tuple[dict[str, str], set[tuple[str, str]]]:
    first, *lines = drawing.split("\n")
    assert first == "flowchart TD"
    labels, edges = read(MERMAID, lines)
    plain = {
        name: re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label)
        for name, label in labels.items()
    }
    return plain, edges


def test_the_largest_family_goes_straight_down() -> None:
    found = dag(("b", "a"), ("c", "a"), ("d", "c"), ("e", "c"), ("f", "b"), ("g", "f"), ("h", "g"),
                nodes="z")  # fmt: skip
    assert list(text(found)) == [
        "● a",
        "├─● c",
        "│ ├─● e",
        "│ ● d",
        "● b",
        "● f",
        "● g",
        "● h",
        "",
        "● z",
    ]


def test_experiments_without_relatives_stand_line_by_line() -> None:
    assert list(text(dag(nodes="abc"))) == ["● a", "● b", "● c"]


def test_how_the_runs_ended_is_said() -> None:
    nodes = [
        node("a", runs=3),
        node("b", failed=1),
        node("c", complete=2, failed=1, runs=3),
        node("d", planned=1),
        node("e", interrupted=2, runs=2),
        node("f"),
    ]
    assert list(text(Dag.of(nodes, [], []))) == [
        "● a (3 runs)",
        "✗ b (1 failed)",
        "◐ c (2 complete, 1 failed)",
        "○ d (1 planned)",
        "◼ e (2 interrupted)",
        "● f",
    ]


def test_a_further_parent_and_a_missing_one_are_named() -> None:
    found = dag(("c", "a"), ("c", "b"), dangling=[("a", "7"), ("a", "7"), ("a", "8")])
    assert list(text(found)) == [
        "● a  [from 7, not in this lab; from 8, not in this lab]",
        "● c  [also from b]",
        "",
        "● b",
    ]
    assert found.orphans == ["a"]
    assert found.remarks() == ["2 parents are not in this lab: 7, 8"]


def test_a_cycle_is_drawn_once_and_reported() -> None:
    found = dag(("a", "b"), ("b", "a"), ("c", "a"), ("d", "d"))
    assert list(text(found)) == [
        "● a  [derives from b: a cycle]",
        "● c",
        "",
        "● b  [derives from a: a cycle]",
        "● d  [derives from d: a cycle]",
    ]
    assert found.remarks() == ["a cycle of parents: a, b", "a cycle of parents: d"]
    assert found.to_json()["cycles"] == [["a", "b"], ["d"]]
    assert "constraint=false" in dot(found)


@given(st.sets(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")), max_size=20))
def test_every_experiment_is_drawn_once(edges: set[tuple[str, str]]) -> None:
    found = dag(*sorted(edges), nodes="abcdefgh")
    names = [re.sub(r"  \[.*", "", line)[-1] for line in text(found) if line]
    assert sorted(names) == list("abcdefgh")
    for drawn in (read_dot(dot(found))[1], read_mermaid(mermaid(found))[1]):
        assert len(drawn) == len(edges)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_only_a_label(name: str) -> None:
    nodes = [node("a", name), node("b", f"{name}2")]
    found = Dag.of(nodes, [("b", "a")], [("a", name)])
    for labels, edges in (read_dot(dot(found)), read_mermaid(mermaid(found))):
        assert set(labels) == {"n0", "n1", "d0"}
        assert edges == {("n0", "n1"), ("d0", "n0")}
        assert labels["n0"] == f"● {nodes[0].label}"
        assert labels["d0"].startswith("? ")
    for line in text(found):
        assert line.isprintable()


@given(st.text(max_size=90))
def test_any_name_reads_back(name: str) -> None:
    found = Dag.of([node("a", name)], [], [])
    label = f"● {found.nodes['a'].label}"
    assert read_dot(dot(found))[0] == {"n0": label}
    assert read_mermaid(mermaid(found))[0] == {"n0": label}
    assert len(label) <= 70


def test_a_long_chain_is_no_recursion() -> None:
    edges = [(f"{at + 1:05}", f"{at:05}") for at in range(20_000)]
    found = Dag.of([node(f"{at:05}") for at in range(20_001)], edges, [])
    assert sum(1 for _ in text(found)) == 20_001
