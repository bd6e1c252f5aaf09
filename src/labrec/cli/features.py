"""``labrec features``: what was varied in a run, and which ancestor set it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from labrec.cli.console import safe
from labrec.cli.world import World, at_option, json_option, pass_world

if TYPE_CHECKING:
    from labrec.sdk.features import Features, SetBy

_SIGNS = {"add": "+", "delete": "-", "update": "~", "retype": "!"}
_OPS = {
    "add": ", new there",
    "root": ", a root",
    "unknown": ", or above: its parent is not in this lab",
}
_WIDE = 80  # characters of a value that is shown


@click.command(
    epilog="\b\nExamples:\n  labrec features 12_from_8_lr\n"
    "  labrec features 12_from_8_lr optimizer '**.dropout'\n"
    "  labrec features 12_from_8_lr --against 8_base --json"
)
@click.argument("run")
@click.argument("selectors", metavar="[SELECTOR]...", nargs=-1)
@click.option("--against", metavar="RUN", help="Tell only what differs from this run.")
@at_option
@json_option
@pass_world
def command(
    world: World, run: str, selectors: tuple[str, ...], against: str | None, at: str | None
) -> None:
    """Show the features of RUN, each with the ancestor that set it.

    A SELECTOR is keys joined by dots; * stands for any one key or for a part of one, ** for any
    number of keys. It means what it names and all below: optimizer means optimizer.lr too, **.lr
    every lr. A dot, backslash or * inside a key is written with a backslash before it. A name that
    fits all runs of one experiment means the first of them: they share their features.
    """
    from labrec.sdk.features import features_of_run

    found = features_of_run(world.lab.view(at), run, selectors, against)
    world.answer(found.to_json(), lambda: _text(world, found))


def _text(world: World, found: Features) -> None:
    console = world.console
    if found.replicates > 1:
        differ = f"; they differ in {', '.join(map(safe, found.varying))}" if found.varying else ""
        console.note(f"{found.replicates} runs of one experiment: the first is shown{differ}")
    if found.against is not None:
        for one in found.differences:
            old, new = _value(one.old), _value(one.new)
            values = {"add": new, "delete": old}.get(one.op, f"{old} → {new}")
            console.say(f"{_SIGNS[one.op]} {safe(one.path)}: {values}")
            for side, set_by in (("old", one.old_set_by), ("new", one.new_set_by)):
                if set_by is not None:
                    console.say(f"    {side}: {_set_by(set_by)}")
        if not found.differences:
            console.note("no difference that is meant")
        return
    if not found.features:
        console.note("no feature is meant")
        return
    cells = [[one.path, _value(one.value), _set_by(one.set_by)] for one in found.features]
    console.table(["feature", "value", "set by"], cells)


def _set_by(found: SetBy) -> str:
    """Say which ancestor set a value, and how far up it is."""
    where = "itself" if not found.steps else f"{safe(found.name)}, {found.steps} up"
    if found.op in {"update", "retype"}:
        return f"{where}, before: {_value(found.old)}"
    return where + _OPS[found.op]


def _value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return safe(text if len(text) <= _WIDE else text[: _WIDE - 1] + "…")
