"""``labrec diff``: what differs between two runs."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

import click

from labrec.cli.console import safe
from labrec.cli.world import World, at_option, json_option, pass_world
from labrec.errors import LabrecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from labrec.lineage.compare import FileChange, RunDiff
    from labrec.lineage.diff import Change
    from labrec.reader import RunReader

_TEXT = 1 << 20  # bytes; larger files are only named
_SIGNS = {"add": "+", "delete": "-", "update": "~", "retype": "!", "mode": "m"}
_STYLES = {"add": "green", "delete": "red", "update": "yellow", "retype": "yellow", "mode": "dim"}


@click.command(
    epilog="\b\nExamples:\n  labrec diff 8_baseline 12_from_8_lr\n"
    "  labrec diff 0199a4 0199b7 --code"
)
@click.argument("a")
@click.argument("b")
@click.option("--code", is_flag=True, help="Show how the text of files changed, line by line.")
@at_option
@json_option
@pass_world
def command(world: World, a: str, b: str, code: bool, at: str | None) -> None:
    """Show what changed from run A to run B: features, metrics, command, code, environment."""
    from labrec.noted import find_run
    from labrec.reader import RunReader
    from labrec.states import malformed

    view = world.lab.view(at)
    one, other = (RunReader(view, find_run(view, text)) for text in (a, b))
    with malformed(one, other):
        found = compare_runs(one, other)

    def text() -> None:
        console = world.console
        for run, sign in ((one, "a"), (other, "b")):
            console.say(f"{sign}: {run.project}/{run.run_id} {safe(run.name)} ({safe(run.status)})")
        for title in ("features", "metrics", "command", "environment", "hardware"):
            _section(world, title, getattr(found, title))
        _code(world, found, one, other, lines=code)
        if not found:
            console.say("No difference." if found.code_known else "No difference that is known.")

    runs = {"a": one.citation, "b": other.citation}
    patch = {"patch": "".join(_patch(found.code, one, other))} if code else {}
    world.answer(runs | found.to_json() | patch, text)


def compare_runs(one: RunReader, other: RunReader) -> RunDiff:
    """Compare two runs of a view, with the objects that their records refer to."""
    from labrec.lineage.compare import compare

    documents = [
        tuple(_document(run, name) for run in (one, other))
        for name in ("@environment.json", "@manifest.json")
    ]
    return compare(one.record, other.record, *documents)


def _document(run: RunReader, name: str) -> Any:
    """Return a stored JSON file of a run, or None where it has none or it cannot be read."""
    from labrec.record.codec import decode

    try:
        return decode(run.artifact(name), limit=None)
    except LabrecError:
        return None


def _section(world: World, title: str, changes: list[Change]) -> None:
    if not changes:
        return
    console = world.console
    console.say(console.styled(f"\n{title}", "bold"))
    for change in changes:
        sign = console.styled(_SIGNS[change.op], _STYLES[change.op])
        values = [_value(change.old)] if change.op != "add" else []
        values += [_value(change.new)] if change.op != "delete" else []
        console.say(f"  {sign} {safe('.'.join(change.path))}: {' → '.join(values)}")


def _value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return safe(text if len(text) <= 120 else text[:119] + "…")  # noqa: PLR2004 - one line


def _code(world: World, found: RunDiff, one: RunReader, other: RunReader, *, lines: bool) -> None:
    console = world.console
    if not found.code_known:
        console.say("\ncode: not compared, a run has no manifest")
    elif found.code:
        console.say(console.styled("\ncode", "bold"))
        for change in found.code:
            sign = console.styled(_SIGNS[change.op], _STYLES[change.op])
            console.say(f"  {sign} {safe(change.path)}")
        if lines:
            for line in _patch(found.code, one, other):
                console.say(safe(line.rstrip("\n").replace("\t", "    ")))


def _patch(changes: Iterable[FileChange], one: RunReader, other: RunReader) -> Iterator[str]:
    """Yield the lines of a unified diff of the files that are text."""
    for change in changes:
        if change.op == "mode":
            continue
        before, after = _lines(one, change.old), _lines(other, change.new)
        if before is None or after is None:
            yield f"Binary, large or missing files a/{change.path} and b/{change.path} differ\n"
            continue
        yield from difflib.unified_diff(
            before, after, f"a/{change.path}", f"b/{change.path}", lineterm="\n"
        )


def _lines(run: RunReader, sha256: str | None) -> list[str] | None:
    if sha256 is None:
        return []
    try:
        data = run.read_object(sha256, limit=_TEXT)
        return data.decode().splitlines(keepends=True)
    except (LabrecError, UnicodeDecodeError):
        return None
