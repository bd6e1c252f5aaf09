"""``labrec check``: would merging a commit only add honest records?"""

from __future__ import annotations

import click

from labrec.cli.console import safe
from labrec.cli.world import World, json_option, pass_world

_FEW = 20


@click.command(
    epilog="\b\nExamples:\n  labrec check labrec/0123456789abcdef\n"
    "  git fetch origin refs/pull/7/merge && labrec check FETCH_HEAD --base origin/main"
)
@click.argument("revision", metavar="REV")
@click.option("--base", metavar="REV", help="What it would be merged into; the lab's base.")
@json_option
@pass_world
def command(world: World, revision: str, base: str | None) -> int:
    """Check that merging a commit would only add honest records.

    REV is what the base would become: the merge commit a forge offers, or a branch that stands on
    the base. It is read as git objects and never checked out: nothing that it brings is run.

    Ends with 0, or with the worst of 14 (integrity), 17 (unsafe name), 19 (secret), 16 (a record
    would leave or change), 12 (invalid) and 3 (something is missing).
    """
    from labrec.collab.check import check

    report = check(world.lab, revision, base)
    console = world.console

    def text() -> None:
        console.findings(report.findings)
        for path in report.edited[:_FEW]:
            console.say(f"edited {safe(path)}: read it before you merge")
        if len(report.edited) > _FEW:
            console.say(f"edited {len(report.edited) - _FEW} more")
        if report.outside_count:
            names = ", ".join(map(safe, report.outside[:3]))
            more = ", …" if report.outside_count > len(report.outside[:3]) else ""
            console.say(
                f"outside records/: {report.outside_count} files ({names}{more}), not looked at"
            )
        if report.known:
            console.say(f"the base has {report.known} findings of its own: see labrec verify")
        console.say(safe(report))

    world.answer(report.to_json(), text)
    return report.exit_code
