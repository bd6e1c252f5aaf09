"""``labrec import``: results that are recorded elsewhere become records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from labrec.cli.console import safe
from labrec.cli.log import number
from labrec.cli.world import World, json_option, pass_world
from labrec.errors import UsageError

if TYPE_CHECKING:
    from labrec.exchange.report import ImportReport

_FILE = click.Path(path_type=Path)


@click.group(
    epilog="\b\nExamples:\n  labrec import table results.csv --propose > map.yaml\n"
    "  labrec import table results.csv --map map.yaml"
)
def command() -> None:
    """Bring results that another tool recorded into the lab."""


@command.command(
    epilog="\b\nExamples:\n  labrec import table results.csv --propose > map.yaml\n"
    "  labrec import table results.csv --map map.yaml --dry-run\n"
    "  labrec import table results.csv --map map.yaml"
)
@click.argument("file", type=_FILE)
@click.option("--map", "map_file", metavar="MAP", type=_FILE, help="What the columns mean (YAML).")
@click.option("--propose", is_flag=True, help="Print a map to start from; record nothing.")
@click.option("--dry-run", is_flag=True, help="Say what would be recorded; record nothing.")
@click.option("--skip-bad", is_flag=True, help="Leave wrong rows out instead of importing none.")
@json_option
@pass_world
def table(
    world: World, file: Path, map_file: Path | None, propose: bool, dry_run: bool, skip_bad: bool
) -> int:
    """Import each row of FILE as a run: CSV, TSV, JSON lines or Parquet.

    The map says which column becomes what of a record. Mistakes of the map, or of rows, are told
    all at once (12), and then nothing is imported. With --skip-bad wrong rows are listed and left
    out (3). Importing a table again adds nothing; where the map or the row has changed, the new
    record takes the place of the old one.
    """
    if propose == (map_file is not None):
        raise UsageError(
            "say either --map MAP or --propose",
            hint="--propose prints a map to start from; docs/import.md explains it.",
        )
    if map_file is None:
        _propose(world, file)
        return 0
    from labrec.exchange.table_import import import_table  # brings git, YAML and the rest in

    report = import_table(world.lab, file, map_file, dry_run=dry_run, skip_bad=skip_bad)
    world.answer(report.to_json(), lambda: _text(world, report))
    return report.exit_code


def _propose(world: World, file: Path) -> None:
    from labrec.exchange.proposal import propose  # as above

    text = propose(file)
    world.answer({"map": text}, lambda: world.console.say(text.rstrip("\n")))


def _text(world: World, report: ImportReport) -> None:
    console = world.console
    for line in report.lines():
        console.say(safe(line))
    for line in report.skipped_lines():
        console.note(f"skipped {safe(line)}")
    if not (report.dry and report.first):
        return
    console.say()
    rows = [
        [
            one.line, one.name, one.status, (one.started or "undated")[:16].replace("T", " "),
            ", ".join(one.parents),
            " ".join(f"{name}={number(value)}" for name, value in list(one.metrics.items())[:4]),
        ]
        for one in report.first
    ]  # fmt: skip
    console.table([">line", "name", "status", "started", "parents", "metrics"], rows)
    if report.counts.runs > len(report.first):
        console.say(f"… and {report.counts.runs - len(report.first)} more")
