"""``labrec doctor``: what works on this machine."""

from __future__ import annotations

import click

from labrec.cli.console import safe
from labrec.cli.world import World, json_option, pass_world
from labrec.errors import NotFoundError

_STYLES = {"ok": "green", "missing": "yellow", "broken": "red", "note": "cyan"}


@click.command(epilog="\b\nExample:\n  labrec doctor --json")
@json_option
@pass_world
def command(world: World) -> int:
    """Say what works here, and what will be missing from the records of this machine.

    Ends with 0 when runs can be recorded and with 13 when they cannot.
    """
    from labrec.sdk.doctor import examine

    try:
        diagnosis = examine(world.lab)
    except NotFoundError as error:
        diagnosis = examine(None, error.message)

    def text() -> None:
        console = world.console
        for check in diagnosis.checks:
            state = console.styled(f"{check.state:<8}", _STYLES[check.state])
            console.say(f"{state}{safe(check.name)}: {safe(check.detail)}")
            if check.means:
                console.say(f"{'':8}{safe(check.means)}")

    world.answer(diagnosis.to_json(), text)
    return diagnosis.exit_code
