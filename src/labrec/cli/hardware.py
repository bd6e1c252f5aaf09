"""``labrec hardware``: does the hardware, or another condition, change what was measured?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from labrec.cli.analyze import out_option
from labrec.cli.console import safe
from labrec.cli.query import made_tables, plain_row
from labrec.cli.world import World, at_option, json_option, pass_world

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.cli.console import Console


@click.command(
    epilog="\b\nExamples:\n  labrec hardware\n"
    "  labrec hardware lm --condition quantization --pairs\n"
    "  labrec hardware --metric accuracy --json"
)
@click.argument("project", required=False)
@click.option("--condition", metavar="C", help="Only this condition, such as cpu_model.")
@click.option("--metric", metavar="M", help="Only this metric.")
@click.option("--pairs", is_flag=True, help="Each pair of levels, too, where there are several.")
@out_option
@at_option
@json_option
@pass_world
def command(world: World, /, pairs: bool, **asked: Any) -> None:
    """Say of every condition and metric whether one changes the other.

    Conditions are the processor model, GPU, hardware id, memory and tier of the machine, whether it
    was throttled, its power source and memory pressure, and the features that project.yaml names
    (quantization and threads by default). The verdicts are those of the table hardware_quality,
    which `labrec analyze` makes; the tables are made first where the lab has changed.
    """
    wanted = {name: asked.pop(name) for name in ("project", "condition", "metric")}
    folder = made_tables(world, **asked)
    from labrec.analytics.query import Tables  # brings polars in

    named = {column: text for column, text in wanted.items() if text is not None}
    found = Tables(folder).rows("hardware_quality", named)
    rows = [row for row in found if pairs or row["scope"] == "all"]

    def text() -> None:
        if not rows:
            world.console.note(
                "nothing to compare: no two levels of a condition among the runs asked for"
            )
            _known(world.console, Tables(folder).rows("hardware_quality", {}))
        _text(world.console, rows)

    world.answer([plain_row(row) for row in rows], text)


def _known(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    """Say what could have been asked for."""
    for column in ("project", "condition", "metric"):
        names = sorted({safe(row[column]) for row in rows if row[column]})
        if names:
            console.note(f"{column}s that are compared: {', '.join(names)}")


def _text(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    """Print the sentences, by project and condition."""
    place = None
    for row in rows:
        here = row["project"], row["condition"]
        if here != place:
            if place is not None:
                console.say()
            console.say(console.styled(safe(f"{here[0]}: {here[1]}"), "bold"))
            place = here
        console.say(("  " if row["scope"] == "all" else "    ") + safe(row["sentence"]))
