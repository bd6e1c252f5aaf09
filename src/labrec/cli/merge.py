"""``labrec merge``: plan a run that has what two lines of work found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from labrec.cli.console import safe
from labrec.cli.world import World, json_option, pass_world

if TYPE_CHECKING:
    from labrec.lineage.merge import Conflict
    from labrec.sdk.merging import MergeReport

_WIDE = 60  # characters of a value that is shown


@click.command(
    epilog="\b\nExamples:\n  labrec merge 12_wide 14_long --as 15_wide_and_long\n"
    "  labrec merge 12_wide 14_long --as 15_both --take A optimizer --set steps=4000\n\n"
    "Ends with 3 where conflicts are left: then nothing is recorded."
)
@click.argument("a")
@click.argument("b")
@click.option("--as", "name", metavar="NAME", required=True, help="Name of the planned run.")
@click.option("--project", metavar="P", help="Their project.")
@click.option(
    "--take",
    "takes",
    metavar="A|B PATH",
    nargs=2,
    type=(click.Choice(["A", "B"]), str),
    multiple=True,
    help="Resolve the conflicts at or below PATH as that side has them.",
)
@click.option(
    "--set",
    "sets",
    metavar="PATH=VALUE",
    multiple=True,
    help="Set one feature, in conflict or not.",
)
@click.option("--intent", metavar="TEXT", help="Why the planned run is to be made.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be merged.")
@json_option
@pass_world
def command(world: World, /, sets: tuple[str, ...], **given: Any) -> int:
    """Merge the features of A and B into a planned run that derives from both.

    A and B are runs, or names of experiments. Their features are compared with those of the nearest
    experiment that both derive from: what one side changed is taken, what both changed differently
    is a conflict, and has to be resolved with --take or --set.
    """
    from labrec.sdk.merging import Request, merge_runs

    found = merge_runs(world.lab, Request(sets=_assignments(sets), **given))
    world.answer(found.to_json(), lambda: _text(world, found))
    return found.exit_code


def _assignments(texts: tuple[str, ...]) -> list[tuple[str, Any]]:
    from labrec.record.values import to_json
    from labrec.sdk.inputs import assigned

    return [(path, to_json(value)) for path, value in map(assigned, texts)]


def _text(world: World, found: MergeReport) -> None:
    console = world.console
    console.say(f"A: {safe(found.a)}")
    console.say(f"B: {safe(found.b)}")
    if found.ancestors:
        names = ", ".join(map(safe, found.ancestors))
        what = "common ancestor" if len(found.ancestors) == 1 else "common ancestors"
        console.say(f"{what}: {names}")
    else:
        console.say("no common ancestor: every difference is a conflict")
    _taken(world, found)
    for conflict in found.merged.conflicts:
        _conflict(world, conflict)
    if not found:
        left = len(found.merged.conflicts)
        console.note(
            f"{left} conflict{'s are' if left > 1 else ' is'} left, so nothing was recorded; "
            "resolve with --take A PATH, --take B PATH or --set PATH=VALUE"
        )
    elif found.planned is not None:
        how = "was planned already" if found.planned.known else "planned"
        console.say(f"\n{how}: {found.project}/{found.planned.run_id} {safe(found.name)}")
        console.note(f"carry it out with `labrec run --fulfils {found.planned.run_id} -- CMD`")
    else:
        console.note("no conflict is left; nothing was recorded, as asked")


def _taken(world: World, found: MergeReport) -> None:
    from labrec.lineage.provenance import find
    from labrec.record.config import join_path

    if found.merged.taken:
        world.console.say(world.console.styled("\ntaken from one side", "bold"))
    for path, side in sorted(found.merged.taken.items()):
        value = find(found.merged.tree, path)
        shown = "(deleted)" if value is None else _value(*value)
        world.console.say(f"  {side}  {safe(join_path(path))}: {shown}")


def _conflict(world: World, conflict: Conflict) -> None:
    found = conflict.to_json()
    world.console.say(world.console.styled(f"\nconflict  {safe(found['path'])}", "red"))
    before = "nothing" if "ancestor" not in found else _value(found["ancestor"])
    if found.get("ancestors_differ"):
        before = "the ancestors differ"
    world.console.say(f"  before: {before}")
    for name in ("a", "b"):
        value = _value(found[name]) if name in found else "(deleted)"
        world.console.say(f"  {name.upper()}:      {value}")


def _value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return safe(text if len(text) <= _WIDE else text[: _WIDE - 1] + "…")
