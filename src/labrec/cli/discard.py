"""``labrec discard``: throw away a run that was not recorded."""

from __future__ import annotations

import click

from labrec.cli.console import safe
from labrec.cli.world import World, json_option, pass_world


@click.command(epilog="\b\nExample:\n  labrec discard 0199a4c2")
@click.argument("run")
@json_option
@pass_world
def command(world: World, run: str) -> None:
    """Throw away the spool of a run for good: scratch, cut off, or refused for a secret.

    A run that is alive is refused, and so is one that was recorded: a record stays for ever.
    """
    from labrec.sdk.recovery import discard

    info = discard(world.lab, run)
    world.answer(
        {"discarded": info.run_id, "project": info.project, "name": info.name},
        lambda: world.console.say(f"discarded {info.run_id} {safe(info.name)}".rstrip()),
    )
