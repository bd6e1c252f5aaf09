"""Draw a laid-out graph of experiments as SVG. ○ No IO.

A node says three things, each without its colour too: how its runs ended (a sign before the name),
its value and whether that is better or worse than its parent's (a sign before the value), and
whether it lies on the kept chain (a thick border, and thick edges). What was changed stands at the
edge from its parent; among the leaves of a block, in the node.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from labrec.record.text import printable
from labrec.site import urls
from labrec.site.charts.drawing import Markup, place, tag, text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from labrec.site.dag_layout import Box, Layout, Route

Look = Literal["better", "worse", "unclear", "unreplicated", ""]

SIGNS: Final[dict[str, str]] = {
    "better": "▲", "worse": "▼", "unclear": "~", "unreplicated": "◇",
    "failed": "✗", "interrupted": "◼", "planned": "○", "mixed": "◐",
}  # fmt: skip
"""The sign of each look and status; a complete run has none."""

_MARGIN = 14.0
_NAME, _OTHER = 6.8, 6.0  # pixels of a column of text at the sizes of the site's style
_ARROW = 7.0
_APART = 250  # edges that are elements of their own: thousands take a browser a second
_LABELLED = 40.0  # height of nodes of a drawing that has room for labels, in pixels


class Node(NamedTuple):
    """What a node shows.

    Attributes:
        key: Which node of the layout it is.
        title: Its name; record text.
        kind: ``experiment``, ``family`` (several in one) or ``outside`` (a parent that is not
            here).
        value: Its mean, or what takes its place; record text.
        change: What was changed; record text, empty = nothing to say.
        label: The same, short, for the edge from its parent; empty = none stands there.
        told: All of it in a sentence, for a tooltip and a screen reader; record text.
        href: Where it leads, an address of `labrec.site.urls`; empty = nowhere.
        status: complete, failed, interrupted, planned or mixed; empty = none.
        look: How it compares with its parent.
        shade: 0 to 4 by its value, worst to best; None = without one.
        evidence: ``for``, ``against`` or ``both``, of registered claims; empty = of none.
        machine: Number of the model of its machine; None = not known.
        kept: Whether it lies on the kept chain.
        best: Whether it is the best.
        orphan: Whether it derives from what is not here alone.
    """

    key: str
    title: str
    kind: Literal["experiment", "family", "outside"] = "experiment"
    value: str = ""
    change: str = ""
    label: str = ""
    told: str = ""
    href: str = ""
    status: str = ""
    look: Look = ""
    shade: int | None = None
    evidence: str = ""
    machine: int | None = None
    kept: bool = False
    best: bool = False
    orphan: bool = False


def draw(
    layout: Layout,
    nodes: Sequence[Node],
    *,
    root: str,
    told: str,
    kept: Collection[tuple[str, str]] = (),
    name: str = "graph",
) -> Markup:
    """Return the drawing.

    Args:
        layout: Where everything stands.
        nodes: What every node of it shows.
        root: Relative way from the page to the root of the site.
        told: What the drawing shows, for those who do not see it.
        kept: Edges (child, parent) of the kept chain.
        name: Id of the drawing in its page.

    Raises:
        UnsafeError: A node leads where no page of the site is.
    """
    boxes = layout.boxes
    missing = {node.key for node in nodes if node.kind == "outside"}
    above = _above(layout, nodes)
    labels = _labels(layout, nodes)
    parts = [
        tag("title", text(told)),
        *(tag("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=10,
              class_="lr-block") for box in layout.blocks),
        *_edges(_kept_last(layout.routes, kept), missing),
        *(_back(boxes[parent], boxes[child]) for child, parent in layout.back),
        *(
            _node(
                node._replace(change="") if node.key in labels else node,
                boxes[node.key], root, above.get(node.key, ()),
            )
            for node in nodes
        ),
        *labels.values(),
    ]  # fmt: skip
    width, height = layout.width + 2 * _MARGIN, layout.height + 2 * _MARGIN
    return Markup(
        tag(
            "svg",
            tag("g", *parts, transform=f"translate({place(_MARGIN)} {place(_MARGIN)})"),
            id=name,
            class_="lr-dag lr-by-look",
            width=round(width),
            height=round(height),
            viewBox=f"0 0 {place(width)} {place(height)}",
            role="group",
            aria_label=told,
        )
    )


def _above(layout: Layout, nodes: Sequence[Node]) -> dict[str, list[int]]:
    """Return for each node which nodes, by their place in the drawing, its edges come from."""
    place_of = {node.key: at for at, node in enumerate(nodes)}
    found: dict[str, list[int]] = {}
    edges = [(child, route.parent) for route in layout.routes for child in route.children]
    for child, parent in [*edges, *layout.back]:
        found.setdefault(child, []).append(place_of[parent])
    return found


def _labels(layout: Layout, nodes: Sequence[Node]) -> dict[str, str]:
    """Return what was changed for each node that an edge of its own leads to, to stand above it.

    A label is as wide as its node at most, and nodes do not overlap: so labels do not either.
    """
    led = {route.children[0] for route in layout.routes if len(route.children) == 1}
    found = {}
    for node in nodes:
        box = layout.boxes[node.key]
        if node.key not in led or not node.label or box.height < _LABELLED:
            continue
        words = fit(node.label, int(box.width / _OTHER))
        found[node.key] = tag(
            "text", tag("title", text(node.change)), text(words),
            x=box.middle, y=box.y - _ARROW - 4, class_="lr-label",
        )  # fmt: skip
    return found


def _node(node: Node, box: Box, root: str, above: Sequence[int]) -> str:
    classes = ["lr-node", f"lr-{node.kind}"]
    classes += [f"lr-is-{node.look}"] if node.look else []
    classes += [f"lr-ended-{node.status}"] if node.status else []
    classes += [f"lr-shade-{node.shade}"] if node.shade is not None else []
    classes += [f"lr-evidence-{node.evidence}"] if node.evidence else []
    classes += [f"lr-machine-{node.machine}"] if node.machine is not None else []
    classes += ["lr-kept"] if node.kept else []
    classes += ["lr-orphan"] if node.orphan else []
    inside = [tag("title", text(node.told or node.title))]
    if node.kind == "family":
        inside.append(tag("rect", x=box.x + 4, y=box.y + 4, width=box.width, height=box.height,
                          rx=6, class_="lr-behind"))  # fmt: skip
    inside.append(tag("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=6,
                      class_="lr-frame"))  # fmt: skip
    inside += _lines(node, box)
    told = printable(node.told or node.title)
    if node.href:
        return tag("a", *inside, href=root + urls.check(node.href), class_=" ".join(classes),
                   aria_label=told, data_above=" ".join(map(str, above)) or None)  # fmt: skip
    return tag("g", *inside, class_=" ".join(classes), aria_label=told, role="img")


def _lines(node: Node, box: Box) -> list[str]:
    """Return the texts of a node: its name, its value and, where there is room, what changed."""
    room = int((box.width - 16) / _OTHER)
    sign = SIGNS.get(node.status, "")
    title = f"{sign} {node.title}" if sign else node.title
    name = fit(title, int((box.width - 16) / _NAME))
    value = " ".join(filter(None, ("★" if node.best else "", SIGNS.get(node.look), node.value)))
    lines = [
        (name, "lr-name"),
        (fit(value, room), "lr-value"),
        (fit(node.change, room), "lr-change"),
    ]
    lines = [(words, look) for words, look in lines if words]
    lines = lines[: max(1, int((box.height - 8) // 15))]
    step = 16.0
    first = box.y + (box.height - step * len(lines)) / 2 + 12
    return [
        tag("text", text(words), x=box.x + 8, y=first + at * step, class_=look)
        for at, (words, look) in enumerate(lines)
    ]


def fit(words: str, columns: int) -> str:
    """Return text cut to so many columns; a wide character takes two."""
    words = printable(words)
    used = 0
    for at, char in enumerate(words):
        used += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if used > columns:
            return words[: max(0, at - 1)].rstrip() + "…"
    return words


def _kept_last(
    routes: Sequence[Route], kept: Collection[tuple[str, str]]
) -> list[tuple[bool, Route]]:
    """Return the edges with whether they lie on the kept chain: those do so last, and so on top."""
    chain = set(kept)
    found = [(any((one, edge.parent) in chain for one in edge.children), edge) for edge in routes]
    return sorted(found, key=lambda one: one[0])


def _edges(routes: Sequence[tuple[bool, Route]], missing: Collection[str]) -> list[str]:
    """Return edges with their arrows; of very many, those that look alike are one path."""
    found: list[tuple[str, str, str]] = []
    for is_kept, route in routes:
        look = " lr-kept" if is_kept else ""
        look += " lr-missing" if route.parent in missing else ""
        found.append((look, *_edge(route)))
    if len(found) > _APART:
        together: dict[str, tuple[str, str]] = {}
        for look, data, arrow in found:
            lines, heads = together.get(look, ("", ""))
            together[look] = lines + data, heads + arrow
        found = [(look, *both) for look, both in together.items()]
    return [
        tag("path", d=data, class_=f"lr-edge{look}")
        + tag("path", d=arrow, class_=f"lr-arrow{look}")
        for look, data, arrow in found
    ]


def _edge(route: Route) -> tuple[str, str]:
    """Return the data of an edge and of its arrow."""
    (x, y), *rest = route.points
    data = f"M{place(x)},{place(y)}"
    for end_x, end_y in rest:
        half = (y + end_y) / 2
        data += (
            f"C{place(x)},{place(half)} {place(end_x)},{place(half)} {place(end_x)},{place(end_y)}"
            if end_x != x
            else f"V{place(end_y)}"
        )
        x, y = end_x, end_y
    half = _ARROW / 2
    return data, f"M{place(x)},{place(y)}l{place(-half)},{place(-_ARROW)}h{place(_ARROW)}Z"


def _back(parent: Box, child: Box) -> str:
    """Return an edge on a cycle: around the right side, dashed."""
    x, y = parent.x + parent.width, parent.y + parent.height / 2
    end_x, end_y = child.x + child.width, child.y + child.height / 2
    out = max(x, end_x) + 36
    data = (
        f"M{place(x)},{place(y)}C{place(out)},{place(y)} {place(out)},{place(end_y)} "
        f"{place(end_x)},{place(end_y)}"
    )
    return tag("path", d=data, class_="lr-edge lr-cycle")


def shades(values: Mapping[str, float], direction: str | None) -> dict[str, int]:
    """Return the shade of each value, 0 to 4 from worst to best, in five groups of equal size.

    Args:
        values: Finite numbers.
        direction: ``minimize``, ``maximize`` or None; without one larger is darker.
    """
    ordered = sorted(values, key=lambda key: (values[key], key), reverse=direction == "minimize")
    return {key: at * 5 // len(ordered) for at, key in enumerate(ordered)}
