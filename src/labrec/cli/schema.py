"""``labrec schema``: the published JSON Schemas."""

from __future__ import annotations

from pathlib import Path

import click

from labrec.cli.world import World, json_option, pass_world
from labrec.errors import InvalidError, UsageError


@click.command(
    epilog="\b\nExamples:\n  labrec schema                      list them\n"
    "  labrec schema research_record_v1   print one\n  labrec schema --check"
)
@click.argument("name", required=False)
@click.option("--write", is_flag=True, help="Write them into the folder schemas/.")
@click.option("--check", is_flag=True, help="Fail where a file in schemas/ is out of date.")
@json_option
@pass_world
def command(world: World, name: str | None, write: bool, check: bool) -> None:
    """List, print, write or check the JSON Schemas of records, notes and registrations."""
    from labrec.record import schema  # brings pydantic in

    if write and check:
        raise UsageError("--write and --check exclude one another")
    folder = Path("schemas")
    if write:
        changed = schema.write(folder)
        said = [f"wrote {folder / one}" for one in changed] or ["Every schema is as it should be."]
        world.answer({"written": changed}, lambda: world.console.say("\n".join(said)))
    elif check:
        stale = schema.check(folder)
        if stale:
            raise InvalidError(
                "out of date: " + ", ".join(stale),
                hint="`labrec schema --write` writes them.",
                paths=[folder / one for one in stale],
            )
        world.answer({"stale": []}, lambda: None)
    else:
        _print(world, schema.schemas(), name)


def _print(world: World, schemas: dict[str, bytes], name: str | None) -> None:
    if name is None:
        world.answer(sorted(schemas), lambda: world.console.say("\n".join(sorted(schemas))))
        return
    data = schemas.get(name if name.endswith(".json") else f"{name}.json")
    if data is None:
        hint = f"There are: {', '.join(sorted(schemas))}."
        raise UsageError(f"no schema {name!r}", hint=hint)
    world.console.say(data.decode().rstrip("\n"))
