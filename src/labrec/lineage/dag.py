"""The experiments of a lab drawn in text: for a terminal, for Graphviz, for Mermaid. ○ No IO.

Names are text of whoever recorded them. In each format they are escaped so that they can only ever
be a label: no name makes a node, an edge, an attribute, a link or markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.lineage.graph import Graph, graph
from labrec.record.text import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LONGEST: Final = 60
"""Characters of a name in a drawing."""

_SIGNS = {"complete": "●", "failed": "✗", "interrupted": "◼", "planned": "○"}
_MIXED = "◐"
_STATUSES = tuple(_SIGNS)


class Node(NamedTuple):
    """An experiment.

    Attributes:
        key: Its config digest.
        project: Its project.
        name: Name of its first run.
        runs: Ids of its runs, in order.
        statuses: How many of them ended how.
        uncounted: How many of them do not count, by standing.
    """

    key: str
    project: str
    name: str
    runs: tuple[str, ...]
    statuses: Mapping[str, int]
    uncounted: Mapping[str, int] = {}

    @property
    def sign(self) -> str:
        """One sign for how its runs ended."""
        return _SIGNS.get(next(iter(self.statuses), ""), "?") if len(self.statuses) == 1 else _MIXED

    @property
    def label(self) -> str:
        """Its name and what is remarkable about its runs, as plain text of one line."""
        ended = [
            f"{self.statuses[status]} {status}"
            for status in _STATUSES
            if status in self.statuses and (status != "complete" or len(self.statuses) > 1)
        ]
        count = [f"{len(self.runs)} runs"] if len(self.runs) > 1 and not ended else ended
        for standing, number in self.uncounted.items():
            count.append(standing if number == len(self.runs) else f"{number} {standing}")
        return _name(self.name) + (f" ({', '.join(count)})" if count else "")


class Dag(NamedTuple):
    """Experiments and how they derive from one another.

    Attributes:
        nodes: By key, in the order of their first runs.
        graph: Their parents; a parent outside dangles.
        dangling: Of each key the names of parents that are not in the lab.
    """

    nodes: Mapping[str, Node]
    graph: Graph
    dangling: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(
        cls,
        nodes: Iterable[Node],
        edges: Iterable[tuple[str, str]],
        dangling: Iterable[tuple[str, str]],
    ) -> Dag:
        """Relate experiments.

        Args:
            nodes: The experiments.
            edges: (child, parent), by their keys; what leads to no node is left out.
            dangling: (key of the child, what the missing parent is called).
        """
        known = {node.key: node for node in sorted(nodes, key=lambda node: (node.runs, node.key))}
        inside = [(a, b) for a, b in edges if a in known and b in known]
        missing: dict[str, dict[str, None]] = {}
        for child, called in dangling:
            if child in known:
                missing.setdefault(child, {})[called] = None
        named = {key: tuple(missing[key]) for key in known if key in missing}
        return cls(known, graph(known, inside), named)

    @property
    def orphans(self) -> list[str]:
        """Keys of experiments all of whose parents are missing."""
        return [key for key in self.dangling if not self.graph.parents[key]]

    def to_json(self) -> dict[str, Any]:
        """Return the whole with stable keys."""
        found = self.graph
        return {
            "experiments": [
                {
                    "experiment": key,
                    "project": node.project,
                    "name": node.name,
                    "runs": list(node.runs),
                    "statuses": dict(node.statuses),
                    "uncounted": dict(node.uncounted),
                    "parents": list(found.parents[key]),
                    "dangling": list(self.dangling.get(key, ())),
                    "depth": found.depth.get(key),
                    "root": found.root.get(key),
                }
                for key, node in self.nodes.items()
            ],
            "cycles": [list(group) for group in found.cycles],
            "orphans": self.orphans,
        }

    def remarks(self) -> list[str]:
        """Return what is wrong with the lineage, one sentence each; empty when nothing is."""
        said = [
            "a cycle of parents: " + ", ".join(_name(self.nodes[key].name) for key in group)
            for group in self.graph.cycles
        ]
        if self.dangling:
            count = sum(map(len, self.dangling.values()))
            names = {_name(called): None for found in self.dangling.values() for called in found}
            some = ", ".join(list(names)[:5]) + (" and others" if len(names) > 5 else "")  # noqa: PLR2004 - a line
            said.append(f"{count} parent{'s are' if count > 1 else ' is'} not in this lab: {some}")
        return said


# --- for a terminal ---------------------------------------------------------------------------


def text(dag: Dag) -> Iterator[str]:
    """Yield a drawing of lines: a child below its first parent, the largest family straight down.

    Side branches are indented; what follows in the same column derives from what stands above it.
    A further parent is named in brackets, and so is a parent that is not in the lab.
    """
    first: dict[str, list[str]] = {}
    tops = []
    cyclic = dag.graph.cyclic
    for key in dag.nodes:
        parents = [other for other in dag.graph.parents[key] if (key, other) not in cyclic]
        if parents:
            first.setdefault(parents[0], []).append(key)
        else:
            tops.append(key)
    sizes = _family_sizes(first, dag)
    rest = [(top, 0, False) for top in reversed(tops)]
    roots = set(tops)
    alone = True  # whether the family before was one experiment: these stand line by line
    while rest:
        key, depth, hangs = rest.pop()
        if key in roots:
            if key != tops[0] and not (alone and sizes[key] == 1):
                yield ""
            alone = sizes[key] == 1
        rails = "│ " * (depth - 1) + ("├─" if hangs else "│ ") if depth else ""
        yield f"{rails}{dag.nodes[key].sign} {_line(dag, key)}"
        children = first.get(key, [])
        if children:
            main = max(children, key=lambda child: sizes[child])
            rest.append((main, depth, False))
            # drawn before the main line goes on, each hanging from it
            rest += [(child, depth + 1, True) for child in reversed(children) if child != main]


def _family_sizes(children: Mapping[str, list[str]], dag: Dag) -> dict[str, int]:
    """Return how many experiments derive from each by first parents, itself included."""
    sizes = dict.fromkeys(dag.nodes, 1)
    seen: list[str] = []
    below = {child for found in children.values() for child in found}
    rest = [key for key in dag.nodes if key not in below]
    while rest:
        key = rest.pop()
        seen.append(key)
        rest.extend(children.get(key, []))
    for key in reversed(seen):
        sizes[key] += sum(sizes[child] for child in children.get(key, []))
    return sizes


def _line(dag: Dag, key: str) -> str:
    notes = []
    cyclic = dag.graph.cyclic
    above = dag.graph.parents[key]
    drawn = next((other for other in above if (key, other) not in cyclic), None)
    for other in above:
        if (key, other) in cyclic:
            notes.append(f"derives from {_name(dag.nodes[other].name)}: a cycle")
        elif other != drawn:
            notes.append(f"also from {_name(dag.nodes[other].name)}")
    notes += [f"from {_name(called)}, not in this lab" for called in dag.dangling.get(key, ())]
    return dag.nodes[key].label + (f"  [{'; '.join(notes)}]" if notes else "")


# --- for other programs -----------------------------------------------------------------------


def dot(dag: Dag) -> str:
    """Return the graph in the language of Graphviz."""
    number = {key: f"n{at}" for at, key in enumerate(dag.nodes)}
    lines = ["digraph lineage {", '  node [shape=box, style=rounded, fontname="sans-serif"];']
    for key, node in dag.nodes.items():
        look = {"✗": ", color=red", "◼": ", color=orange", "○": ", style=dashed"}.get(node.sign, "")
        lines.append(f"  {number[key]} [label={_dot(f'{node.sign} {node.label}')}{look}];")
    missing = _missing(dag)
    for called, at in missing.items():
        label = _dot(f"? {_name(called)} (not in this lab)")
        lines.append(f"  {at} [label={label}, style=dashed, color=gray];")
    cyclic = dag.graph.cyclic
    for child, parents in dag.graph.parents.items():
        for parent in parents:
            look = " [color=red, constraint=false]" if (child, parent) in cyclic else ""
            lines.append(f"  {number[parent]} -> {number[child]}{look};")
    for child, names in dag.dangling.items():
        lines += [f"  {missing[called]} -> {number[child]} [style=dashed];" for called in names]
    return "\n".join([*lines, "}"])


def mermaid(dag: Dag) -> str:
    """Return the graph as a Mermaid flow chart."""
    number = {key: f"n{at}" for at, key in enumerate(dag.nodes)}
    lines = ["flowchart TD"]
    for key, node in dag.nodes.items():
        lines.append(f'  {number[key]}["{_mermaid(f"{node.sign} {node.label}")}"]')
    missing = _missing(dag)
    for called, at in missing.items():
        lines.append(f'  {at}["{_mermaid(f"? {_name(called)} (not in this lab)")}"]')
    for child, parents in dag.graph.parents.items():
        lines += [f"  {number[parent]} --> {number[child]}" for parent in parents]
    for child, names in dag.dangling.items():
        lines += [f"  {missing[called]} -.-> {number[child]}" for called in names]
    return "\n".join(lines)


def _missing(dag: Dag) -> dict[str, str]:
    """Return a number for each name of a missing parent."""
    names = dict.fromkeys(called for found in dag.dangling.values() for called in found)
    return {called: f"d{at}" for at, called in enumerate(names)}


def _name(name: str) -> str:
    return printable(one_line(name, LONGEST)) or "(no name)"


def _dot(label: str) -> str:
    """Return a quoted string: in one only quotes, backslashes and entities mean anything."""
    quoted = label.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def _mermaid(label: str) -> str:
    """Return a label in which everything but letters, digits and a few signs is a number.

    Mermaid knows no quoting inside a label, only entities: ``#34;`` is a quote.
    """
    return "".join(
        char if char.isalnum() or char in " _.,:()" else f"#{ord(char)};" for char in label
    )
