"""The graph page of a project: how its experiments derive from one another, drawn and listed."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.record.wording import arrow, counted, estimate, number
from labrec.site import dag_drawing, urls
from labrec.site.charts.figure import as_csv
from labrec.site.dag_drawing import Node
from labrec.site.dag_layout import Sizes, layout
from labrec.site.dag_overlays import Evidence, badges, overlays
from labrec.site.families import Collapsed, collapse
from labrec.site.listing import Cell, Column, Lines, Listing, amount, listing, words
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.pages.sections import sections

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from labrec.site.charts.drawing import Markup
    from labrec.site.collect import KeyMetric, Project, Site
    from labrec.site.dag_overlays import Badges
    from labrec.site.experiments import Experiment, Experiments
    from labrec.site.rows import FeatureChange

_ROOMY = 250  # experiments up to which a node shows its value and what changed
_MISSING = 20  # parents that are not here and are drawn
_SMALL = Sizes(120.0, 28.0, 26.0)
_LONG_VALUE = 24  # characters of a feature's value in a node


class Drawing(NamedTuple):
    """A graph, drawn.

    Attributes:
        svg: The drawing.
        sentence: What it shows.
    """

    svg: Markup
    sentence: str


def pages(site: Site) -> Iterator[Draft]:
    """Yield the graph page of every project."""
    for project in site.projects:
        evidence = site.rows_of(Evidence, project.name)
        inputs = inputs_of(project.digest, evidence)
        yield Draft(urls.graph(project.name), "graph", inputs, partial(page, project, evidence))


def page(project: Project, evidence: Iterable[Evidence] = ()) -> Page:
    """Return the graph page of a project.

    Args:
        project: The project.
        evidence: What its experiments say of its hypotheses.
    """
    experiments = project.known
    url = urls.graph(project.name)
    metric = next(iter(experiments.key_metrics), None)
    kept = experiments.kept_chain(metric) if metric is not None else ()
    keys = [one.key for one in experiments.all]
    collapsed = collapse(keys, experiments.graph.parents, kept)
    found, machines = badges(experiments, evidence)
    drawing = draw(experiments, collapsed, metric, root="../" * url.count("/"), marks=found)
    rows = _listing(experiments, metric)
    return Page(
        url=url,
        kind="graph",
        title=f"Graph of {project.name}",
        crumbs=(
            Crumb("Home", urls.HOME),
            Crumb(project.name, urls.project(project.name)),
            Crumb("Graph", ""),
        ),
        context={
            "sections": sections(project.name),
            "project": project.name,
            "drawing": drawing,
            "overlays": overlays(metric, found, machines),
            "metric": metric.name if metric is not None else "",
            "cycles": [
                [experiments.by_key[key].name for key in group]
                for group in experiments.graph.cycles
            ],
            "outside": _outside(experiments),
            "outside_count": sum(len(one.outside) for one in experiments.all),
            "listing": rows,
        },
        files={"graph.csv": _csv(experiments), **rows.files},
    )


# --- the drawing ------------------------------------------------------------------------------


def draw(
    experiments: Experiments,
    collapsed: Collapsed,
    metric: KeyMetric | None,
    *,
    root: str,
    marks: Mapping[str, Badges] | None = None,
) -> Drawing:
    """Return a drawing of experiments and collapsed families.

    Args:
        experiments: The project's.
        collapsed: What of them is drawn, and how.
        metric: What nodes are valued by; None = nothing.
        root: Relative way from the page to the root of the site.
        marks: What overlays say of each experiment; None = nothing.
    """
    chain = experiments.kept_chain(metric) if metric is not None else ()
    kept = collapsed.drawn((child, parent) for parent, child in itertools.pairwise(chain))
    nodes = _nodes(experiments, collapsed, metric, chain)
    outside = _missing(experiments, collapsed)
    missing = [
        (key, f"outside {called}")
        for key in collapsed.nodes
        for called, _ in experiments.by_key[key].outside
        if called in outside
    ]
    nodes += outside.values()
    if marks:
        nodes = [_marked(node, marks.get(node.key)) for node in nodes]
    sizes = Sizes() if len(nodes) <= _ROOMY else _SMALL
    placed = layout(
        [node.key for node in nodes],
        [*collapsed.edges, *missing],
        sizes=sizes,
        straight=kept,
    )
    sentence = _sentence(experiments, collapsed, metric, chain)
    return Drawing(dag_drawing.draw(placed, nodes, root=root, told=sentence, kept=kept), sentence)


def _marked(node: Node, badges_: Badges | None) -> Node:
    return node._replace(**badges_._asdict()) if badges_ is not None else node


def _nodes(
    experiments: Experiments,
    collapsed: Collapsed,
    metric: KeyMetric | None,
    chain: tuple[str, ...],
) -> list[Node]:
    values = {
        one.key: mean
        for one in experiments.all
        if metric is not None and (mean := one.mean(metric.name)) is not None
    }
    shades = dag_drawing.shades(values, metric.direction if metric else None)
    best = experiments.best(metric) if metric is not None else None
    on_chain = set(chain)
    nodes = [
        _node(experiments.by_key[key], metric)._replace(
            shade=shades.get(key),
            kept=key in on_chain,
            best=best is not None and key == best.key and len(values) > 1,
        )
        for key in collapsed.nodes
    ]
    for name, members in collapsed.families.items():
        nodes.append(_family(name, [experiments.by_key[key] for key in members], metric))
    return nodes


def _node(one: Experiment, metric: KeyMetric | None) -> Node:
    value = value_of(one, metric.name if metric is not None else "")
    contrast = one.contrast(metric.name) if metric is not None else None
    look = contrast.finding if contrast is not None else ""
    told = [one.name or "(no name)", counted(len(one.runs), "run"), value]
    if len(one.statuses) > 1:
        told.append(", ".join(f"{count} {name}" for name, count in one.statuses.items()))
    if contrast is not None:
        told.append(f"{look} against {contrast.parent_name}")
    changed = "; ".join(change_of(change) for change in one.changes)
    told += [part for part in (changed, one.intent) if part]
    orphan = one.outside[0][0] if one.outside and not one.parents else ""
    return Node(
        one.key,
        one.name or "(no name)",
        value=value,
        change=changed or (f"from ? {orphan}" if orphan else one.intent),
        label=_short(one.changes),
        told=". ".join(told),
        href=one.href,
        status="" if one.status == "complete" else one.status,
        look=look,  # type: ignore[arg-type]  # the contract's four words
        orphan=bool(orphan),
    )


def _family(name: str, members: list[Experiment], metric: KeyMetric | None) -> Node:
    means = [
        mean
        for one in members
        if metric is not None and (mean := one.mean(metric.name)) is not None
    ]
    value = ""
    if means and metric is not None and metric.direction is not None:
        best = min(means) if metric.direction == "minimize" else max(means)
        value = f"best {number(best)}"
    title = counted(len(members), "experiment")
    project = members[0].project
    return Node(
        name,
        f"+ {title}",
        "family",
        value=value,
        told=f"{title}, the first {members[0].name}. {value}",
        href=urls.project(project) + "#experiments",
    )


def _missing(experiments: Experiments, collapsed: Collapsed) -> dict[str, Node]:
    """Return a node for each parent that is not here; none where there are very many.

    Then their children, which all say so themselves, would drown in them.
    """
    found: dict[str, Node] = {}
    for key in collapsed.nodes:
        for called, elsewhere in experiments.by_key[key].outside:
            where = "in another project" if elsewhere else "not in this lab"
            found[called] = Node(
                f"outside {called}", f"? {called}", "outside", where, told=f"{called}: {where}"
            )
    return found if len(found) <= _MISSING else {}


def value_of(one: Experiment, metric: str) -> str:
    """Return an experiment's mean with its unit and runs, or what takes its place."""
    row = one.measures.get(metric)
    if row is None or row.mean is None:
        return {"complete": "no value", "mixed": "no value"}.get(one.status, one.status)
    value, _, _ = estimate(row.mean, row.low, row.high)
    unit = f" {row.unit}" if row.unit else ""
    return f"{value}{unit}" + (f" · {row.n} runs" if row.n > 1 else "")


def change_of(change: FeatureChange) -> str:
    """Return a changed feature in a line: ``lr: 1 → 2``, ``+ cache: true``, ``− cache``."""
    old, new = _value(change.old), _value(change.new)
    if change.op == "add":
        return f"+ {change.path}: {new}"
    if change.op == "delete":
        return f"− {change.path}"
    return f"{change.path}: {old} → {new}"


def _short(changes: Sequence[FeatureChange]) -> str:
    """Return changed features for an edge: the first by the end of its path, and how many more."""
    if not changes:
        return ""
    first = changes[0]
    more = f" +{len(changes) - 1}" if len(changes) > 1 else ""
    return change_of(first._replace(path=first.path.rpartition(".")[2])) + more


def _value(text: str | None) -> str:
    plain = (text or "").strip('"') if (text or "").count('"') == 2 else text or ""  # noqa: PLR2004 - a quoted text
    return plain if len(plain) <= _LONG_VALUE else plain[: _LONG_VALUE - 1] + "…"


def _sentence(
    experiments: Experiments,
    collapsed: Collapsed,
    metric: KeyMetric | None,
    chain: tuple[str, ...],
) -> str:
    found = experiments.graph
    edges = sum(map(len, found.parents.values()))
    count = counted(len(experiments.all), "experiment")
    said = [
        f"{count} of {experiments.project.name}, {counted(edges, 'derivation')}: parents above."
    ]
    if len(chain) > 1 and metric is not None:
        best = experiments.by_key[chain[-1]]
        said.append(
            f"The thick line is the kept chain, {len(chain):,} experiments down to {best.name}, "
            f"which has the best {metric.name}, {value_of(best, metric.name)}."
        )
    if collapsed.families:
        inside = sum(map(len, collapsed.families.values()))
        said.append(f"{inside:,} experiments are drawn together as families.")
    if collapsed.left_out:
        said.append(f"{collapsed.left_out:,} are left out of the drawing.")
    if found.cycles:
        said.append(f"{counted(len(found.cycles), 'cycle')} of parents is not drawn downwards.")
    return " ".join(said)


# --- the list ---------------------------------------------------------------------------------


def _outside(experiments: Experiments) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "href": one.href, "called": called, "elsewhere": elsewhere}
        for one in experiments.all
        for called, elsewhere in one.outside
    ][:50]


def _listing(experiments: Experiments, metric: KeyMetric | None) -> Listing:
    name = metric.name if metric is not None else ""
    columns = [
        Column("Experiment"),
        Column("Derives from"),
        Column("Depth", "number"),
        Column("Changed"),
        Column("Ended", "choice"),
        *([Column(name, "number", note_of(metric))] if metric is not None else []),
        *([Column("Against parent", "choice")] if metric is not None else []),
    ]
    return listing(
        "list",
        "The experiments of the graph, parents before their children",
        columns,
        Lines(
            experiments.all,
            partial(_row, experiments, metric),
            partial(_of_row, experiments, metric),
            (metric,),
        ),
        "graph.csv",
    )


def note_of(metric: KeyMetric) -> str:
    """Return unit and direction of a metric for the head of a column."""
    return " ".join(filter(None, (metric.unit, arrow(metric.direction))))


def _of_row(experiments: Experiments, metric: KeyMetric | None, one: Experiment) -> tuple[Any, ...]:
    """Return what the row of an experiment is made from."""
    contrast = one.contrast(metric.name) if metric is not None else None
    above = [experiments.by_key[key] for key in one.parents]
    return (
        one.key,
        experiments.mark_of(one),
        [each.name for each in above],
        above[0].href if above else "",
        one.outside,
        experiments.graph.depth.get(one.key),
        contrast.finding if contrast is not None else "",
    )


def _row(experiments: Experiments, metric: KeyMetric | None, one: Experiment) -> list[Cell]:
    above = [experiments.by_key[key].name for key in one.parents]
    above += [f"? {called}" for called, _ in one.outside]
    row = [
        words(one.name, one.href),
        words(", ".join(above), experiments.by_key[one.parents[0]].href if one.parents else ""),
        amount(experiments.graph.depth.get(one.key)),
        words("; ".join(change_of(change) for change in one.changes)),
        words(one.status, mark=one.status if one.status != "mixed" else ""),  # type: ignore[arg-type]
    ]
    if metric is not None:
        contrast = one.contrast(metric.name)
        finding = contrast.finding if contrast is not None else ""
        row += [amount(one.mean(metric.name)), words(finding, mark=finding)]  # type: ignore[arg-type]
    return row


def _csv(experiments: Experiments) -> bytes:
    return as_csv(
        ("experiment", "name", "parents", "outside", "depth", "runs"),
        (
            (
                one.key,
                one.name,
                " ".join(one.parents),
                "; ".join(called for called, _ in one.outside),
                experiments.graph.depth.get(one.key),
                len(one.runs),
            )
            for one in experiments.all
        ),
    )
