"""``labrec land``: merge this clone's records into the base branch."""

from __future__ import annotations

import click

from labrec.cli.console import safe
from labrec.cli.world import World, json_option, pass_world


@click.command(epilog="\b\nExample:\n  labrec land && git push")
@json_option
@pass_world
def command(world: World) -> None:
    """Merge this clone's records into the base branch.

    Only adds files below records/; what you have staged or changed is left alone. Landing twice
    changes nothing.
    """
    from labrec.sdk.recovery import recover_quietly
    from labrec.store.land import land

    recover_quietly(world.lab)
    report = land(world.lab)

    def text() -> None:
        files = "file" if report.landed == 1 else "files"
        branch = safe(report.branch.removeprefix("refs/heads/"))
        if report.landed:
            world.console.say(f"{branch} gained {report.landed} {files} ({report.commit[:12]}).")
        else:
            world.console.say(f"{branch} holds every record of this clone already.")
        for note in report.notes:
            world.console.note(safe(note))

    world.answer(report.to_json(), text)
