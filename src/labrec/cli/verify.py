"""``labrec verify``: prove that the lab's bytes are what their names say."""

from __future__ import annotations

import click

from labrec.cli.console import safe
from labrec.cli.world import World, at_option, json_option, pass_world


@click.command(
    epilog="\b\nExamples:\n  labrec verify\n  labrec verify --history\n"
    "  labrec verify --at origin/main --json"
)
@at_option
@click.option("--history", is_flag=True, help="Walk all of history, not only what is new.")
@click.option("--content-only", is_flag=True, help="Leave history out, as in a shallow clone.")
@click.option("--incremental", is_flag=True, help="Only what is new since the last clean one.")
@json_option
@pass_world
def command(
    world: World, at: str | None, history: bool, content_only: bool, incremental: bool
) -> int:
    """Re-hash everything and check schemas, names, references, forks and history.

    Ends with 14 (integrity), 17 (unsafe name), 16 (history or fork), 12 (invalid) or 3 (something
    could not be checked); the worst decides.
    """
    from labrec.store.verify import verify

    report = verify(
        world.lab, at=at, history=history, content_only=content_only, incremental=incremental
    )
    console = world.console

    def text() -> None:
        console.findings(report.findings)
        console.say(safe(report))

    world.answer(report.to_json(), text)
    if not world.json:
        world.tell_waiting()
    return report.exit_code
