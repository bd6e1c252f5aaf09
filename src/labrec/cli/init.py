"""``labrec init``: make a lab."""

from __future__ import annotations

from pathlib import Path

import click

from labrec.cli.console import safe
from labrec.cli.world import World, json_option, pass_world


@click.command(
    epilog="\b\nExamples:\n  labrec init           make the current repository a lab\n"
    "  labrec init ../lab    make a lab beside it"
)
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path())
@json_option
@pass_world
def command(world: World, folder: Path) -> None:
    """Make a lab in a folder, with a git repository if there is none.

    Writes labrec.toml, records/.gitattributes, site/ and mkdocs.yml and commits them. Where there
    is a lab already nothing is changed.
    """
    from labrec.store.init import init

    report = init(folder)

    def text() -> None:
        what = "is a lab already" if report.existed else "is a lab now"
        world.console.say(f"{safe(report.root)} {what} (id {report.lab_id}).")
        if report.created:
            world.console.say("Committed: " + ", ".join(map(safe, report.created)))
        for note in report.notes:
            world.console.note(safe(note))

    world.answer(
        {
            "root": str(report.root),
            "lab_id": report.lab_id,
            "commit": report.commit,
            "created": list(report.created),
            "made_repository": report.made_repository,
            "existed": report.existed,
            "notes": list(report.notes),
        },
        text,
    )
