"""``labrec recover``: record runs that were cut off."""

from __future__ import annotations

import click

from labrec.cli.console import safe
from labrec.cli.run import summary
from labrec.cli.world import World, json_option, pass_world


@click.command(
    epilog="\b\nExamples:\n  labrec recover              record every run that waits\n"
    "  labrec recover 0199a --redact\n  labrec recover 0199a --foreign"
)
@click.argument("run", metavar="[RUN]", required=False)
@click.option("--foreign", is_flag=True, help="Also take a run of another host or boot; needs RUN.")
@click.option("--redact", is_flag=True, help="Take secrets out, where they were refused.")
@click.option("--list", "only_list", is_flag=True, help="Only say what waits.")
@json_option
@pass_world
def command(world: World, run: str | None, foreign: bool, redact: bool, only_list: bool) -> int:
    """Record runs whose program was killed, or whose record could not be committed.

    Without RUN, all that this machine left since it was started. A run of another machine, or of
    before the last restart, is taken only by name with --foreign: its program may still live.
    """
    from labrec.sdk import recovery

    console = world.console
    if only_list:
        return _list(world)
    report = recovery.recover(world.lab, run, foreign=foreign, redact=redact)
    if run is None:
        world.lab.clear_leftovers()

    def text() -> None:
        for one in report.recorded:
            console.say(summary(one))
        for info in report.foreign:
            console.note(
                f"run {info.run_id} is of another host or boot: `labrec recover {info.run_id} "
                "--foreign` once its program has surely ended"
            )
        for left in report.left:
            console.note(f"run {left.info.run_id} is kept: {safe(left.error.message)}")
            for place in left.error.paths:
                console.note(f"  at {safe(place)}")
            if left.error.hint:
                console.note(f"  {safe(left.error.hint)}")
        if not (report.recorded or report.left or report.foreign):
            console.say("No run waits.")

    world.answer(report.to_json(), text)
    return report.exit_code


def _list(world: World) -> int:
    from labrec.sdk.recovery import spools

    infos = spools(world.lab)
    rows = [
        {
            "run_id": info.run_id,
            "state": info.state.value,
            "scratch": info.scratch,
            "project": info.project,
            "name": info.name,
            "started": info.started,
            "why": info.why,
        }
        for info in infos
    ]

    def text() -> None:
        if not rows:
            world.console.say("There is no spool.")
            return
        keys = ("run_id", "state", "project", "name", "started", "why")
        cells = [[row[key] for key in keys] for row in rows]
        world.console.table(["=run", "state", "project", "name", "started", "why"], cells)

    world.answer(rows, text)
    return 0
