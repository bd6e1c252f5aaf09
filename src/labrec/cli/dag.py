"""``labrec dag``: how experiments derive from one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from labrec.cli.world import World, at_option, json_option, pass_world

if TYPE_CHECKING:
    from labrec.lineage.dag import Dag
    from labrec.noted import Noted
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
    from labrec.errors import NotFoundError
    from labrec.lineage.dag import Dag, Node
    from labrec.noted import lineage_of, noted_runs  # one rule for tables and terminal

    if project is not None and project not in view.projects():
        names = ", ".join(view.projects()[:20]) or "none"
        raise NotFoundError(f"no project {project!r} in this lab", hint=f"It has: {names}.")
    every = noted_runs(view, project).runs
    found = [one for one in lineage_of(view, every).relations if one.kind == "parent"]
    edges = [(one.experiment, str(one.parent)) for one in found if not one.dangling]
    dangling = [
        (one.experiment, one.called or one.parent_run or str(one.parent))
        for one in found
        if one.dangling
    ]
    groups: dict[str, list[Noted]] = {}
    for one in every:
        if one.row.status != "unreadable":
            groups.setdefault(one.experiment, []).append(one)
    nodes = [
        Node(
            key,
            group[0].row.project,
            group[0].row.name,
            tuple(one.row.run_id for one in group),
            _counted(one.row.status for one in group),
            _counted(one.standing for one in group if one.standing != "counts"),
        )
        for key, group in groups.items()
    ]
    unreadable = [one.row.path for one in every if one.row.status == "unreadable"]
    return Dag.of(nodes, edges, dangling), unreadable


def _counted(statuses: Any) -> dict[str, int]:
    counts: dict[str, int] = {}
    for status in statuses:
        counts[status] = counts.get(status, 0) + 1
    return dict(sorted(counts.items()))


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
