"""``labrec discard``: throw a run away that nobody else has seen."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from labrec.cli.console import safe
from labrec.cli.world import World, json_option, pass_world
from labrec.errors import UsageError

if TYPE_CHECKING:
    from labrec.store.view import RunEntry

_STAYS = "git keeps the bytes until `git gc --prune=now`, which you may run now"


@click.command(
    epilog="\b\nExamples:\n  labrec discard 0199a4c2\n"
    "  labrec discard 0199a4c2 --yes --reason 'wrong data'"
)
@click.argument("run")
@click.option("--yes", is_flag=True, help="Do not ask before a recorded run is discarded.")
@click.option("--reason", metavar="TEXT", default="", help="Why; kept in this clone.")
@json_option
@pass_world
def command(world: World, run: str, yes: bool, reason: str) -> None:
    """Throw a run away for good: its spool, or a record that this clone alone holds.

    A record that landed, was submitted or fetched from elsewhere stays for ever, and so does one
    that another run names. A run that is alive is refused.
    """
    from labrec.capture.spool.reader import SpoolInfo
    from labrec.sdk import discard

    found = discard.find_discardable(world.lab, run)
    if isinstance(found, SpoolInfo):
        info = discard.discard_spool(found)
        world.answer(
            {"discarded": info.run_id, "project": info.project, "name": info.name},
            lambda: world.console.say(f"discarded {info.run_id} {safe(info.name)}".rstrip()),
        )
        return
    if not yes:
        _ask(world, found)
    report = discard.discard_record(world.lab, found, reason)

    def text() -> None:
        objects = "1 object" if report.objects == 1 else f"{report.objects} objects"
        world.console.say(f"discarded {report.run_id} and {objects} that only it used")
        world.console.note(_STAYS)

    world.answer({"discarded": report.run_id, **report.to_json(), "kept": _STAYS}, text)


def _ask(world: World, entry: RunEntry) -> None:
    """Let a person at a terminal confirm.

    Raises:
        UsageError: There is nobody to ask, or the answer is no.
    """
    if sys.stdin.isatty() and sys.stderr.isatty() and not world.json:
        question = f"Discard the recorded run {entry.project}/{entry.run_id} for good?"
        if click.confirm(question, err=True):
            return
        raise UsageError("nothing was discarded", kept="the record")
    raise UsageError(
        f"run {entry.run_id} is recorded: discarding it has to be confirmed",
        hint="Give --yes.",
        paths=[entry.path],
        kept="the record",
    )
