"""``labrec analyze``: make the tables of the lab."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from labrec.cli.console import safe
from labrec.cli.world import World, at_option, json_option, pass_world
from labrec.store.base import Base

if TYPE_CHECKING:
    from labrec.analytics.pipeline import Analysis

_SHOWN = 20  # problems that are printed


out_option = click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the tables are; build/labrec/tables of the lab when left out.",
)


@click.command(
    epilog="\b\nExamples:\n  labrec analyze\n  labrec analyze --at origin/main --out tables"
)
@out_option
@at_option
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    help="At most so many processes; one a processor when left out, at most eight.",
)
@json_option
@pass_world
def command(world: World, out: Path | None, at: str | None, jobs: int | None) -> int:
    """Make Parquet tables of every run, and the statistics on them.

    Where nothing in the lab has changed nothing is written. Ends with 3 when a document could not
    be used; the table "problems" says which and why.
    """
    from labrec.analytics.pipeline import analyze

    found = analyze(world.lab, out, at, jobs=jobs)
    world.answer(found.to_json(), lambda: _tell(world, found))
    if not world.json:
        world.tell_waiting()
    return found.exit_code


def _tell(world: World, found: Analysis) -> None:
    console, rows = world.console, found.report["rows"]
    console.table(["table", ">rows"], [[name, count] for name, count in rows.items()])
    for problem in found.report["problems"][:_SHOWN]:
        label = console.styled("left out", "red")
        console.say(f"{label} {safe(problem['path'])}: {safe(problem['problem'])}")
    more = found.report["problem_count"] - _SHOWN
    if more > 0:
        console.say(f"and {more} more, in the table problems")
    made = "written to" if found.made else "up to date in"
    base = Base(**found.report["base"])
    console.say(f"{made} {safe(found.folder)}, from {safe(base)}")
