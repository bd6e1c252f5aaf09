"""``labrec dag``: how experiments derive from one another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from labrec.cli.world import World, at_option, json_option, pass_world

if TYPE_CHECKING:
    from labrec.lineage.dag import Dag
    from labrec.store.summaries import RunSummary
    from labrec.store.view import View

INCOMPLETE = 3
"""Exit code when an edge or a record had to be left out."""


@click.command(
    epilog="\b\nExamples:\n  labrec dag lm\n  labrec dag lm --format dot | dot -Tsvg > lm.svg\n"
    "  labrec dag --json\n\n"
    "Ends with 3 when parents form a cycle or a record cannot be read; a parent that is not in "
    "the lab is shown and no failure."
)
@click.argument("project", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "dot", "mermaid", "json")),
    default="text",
    show_default=True,
    help="A drawing in text, Graphviz, Mermaid, or JSON as --json.",
)
@at_option
@json_option
@pass_world
def command(world: World, project: str | None, form: str, at: str | None) -> int:
    """Show how the experiments of PROJECT, or of all, derive from one another.

    A line is an experiment: all runs of one configuration. What stands below it in the same column
    derives from it; side branches are indented.
    """
    from labrec.lineage import dag as drawing  # reads the lab: not needed for --help

    view = world.lab.view(at)
    dag, unreadable = collect(view, project)
    if form == "json":
        world.json = True
    if world.json:
        world.console.json(dag.to_json() | {"unreadable": unreadable})
    elif form == "text":
        for line in drawing.text(dag):
            world.console.say(line)
    else:
        world.console.say({"dot": drawing.dot, "mermaid": drawing.mermaid}[form](dag))
    if not world.json:
        _remark(world, dag, unreadable)
    return INCOMPLETE if dag.graph.cycles or unreadable else 0


def collect(view: View, project: str | None) -> tuple[Dag, list[str]]:
    """Return the experiments of a view, and the paths of records that cannot be read.

    Args:
        view: What is read.
        project: Only this project's; None = all.

    Raises:
        NotFoundError: There is no such project.
    """
    from labrec.analytics.relations import Related, relate  # one rule for tables and terminal
    from labrec.errors import NotFoundError
    from labrec.lineage.dag import Dag, Node
    from labrec.store.summaries import summaries

    if project is not None and project not in view.projects():
        names = ", ".join(view.projects()[:20]) or "none"
        raise NotFoundError(f"no project {project!r} in this lab", hint=f"It has: {names}.")
    every = summaries(view, project)
    rows = [row for row in every if row.status != "unreadable"]
    related = [
        Related(
            row.project, row.run_id, row.digest, row.name, _key(row), True,
            json.dumps(_parents(view, row)), None, None, None,
        )
        for row in sorted(rows, key=lambda row: (row.project, row.run_id, row.digest))
    ]  # fmt: skip
    found = [one for one in relate(related, ()).relations if one.kind == "parent"]
    edges = [(one.experiment, str(one.parent)) for one in found if not one.dangling]
    dangling = [
        (one.experiment, one.called or one.parent_run or str(one.parent))
        for one in found
        if one.dangling
    ]
    groups: dict[str, list[RunSummary]] = {}
    for row in rows:
        groups.setdefault(_key(row), []).append(row)
    nodes = [
        Node(key, group[0].project, group[0].name, tuple(row.run_id for row in group),
             _counted(row.status for row in group))
        for key, group in groups.items()
    ]  # fmt: skip
    return Dag.of(nodes, edges, dangling), [row.path for row in every if row not in rows]


def _key(row: RunSummary) -> str:
    return row.config_digest or row.run_id


def _counted(statuses: Any) -> dict[str, int]:
    counts: dict[str, int] = {}
    for status in statuses:
        counts[status] = counts.get(status, 0) + 1
    return dict(sorted(counts.items()))


def _parents(view: View, row: RunSummary) -> list[dict[str, Any]]:
    """Return a run's parents; how a mere name was found stands in the record alone."""
    if all(parent["run_id"] or parent["config_digest"] for parent in row.parents):
        return [parent | {"by": None} for parent in row.parents]
    from labrec.reader import RunReader

    parents = RunReader(view, row.entry()).section("lineage").get("parents", [])
    names = ("name", "run_id", "config_digest", "by")
    return [{name: parent.get(name) for name in names} for parent in parents]


def _remark(world: World, dag: Dag, unreadable: list[str]) -> None:
    if not dag.nodes:
        world.console.note("no run is recorded yet")
    for remark in dag.remarks():
        world.console.note(remark)
    if unreadable:
        world.console.note(
            f"{len(unreadable)} of the records cannot be read and are left out; "
            "see `labrec verify`."
        )
    world.tell_waiting()
