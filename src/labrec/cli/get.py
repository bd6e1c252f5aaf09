"""``labrec get``: a stored file of a run."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from labrec.cli.console import safe
from labrec.cli.world import World, at_option, json_option, pass_world
from labrec.errors import StorageError, UnsafeError, UsageError

if TYPE_CHECKING:
    from labrec.reader import RunReader

_CHUNK = 1 << 20


@click.command(
    epilog="\b\nExamples:\n  labrec get 0199a4                     list what there is\n"
    "  labrec get 0199a4 model.bin           write ./model.bin\n"
    "  labrec get 0199a4 @series.csv.gz -o - | zcat"
)
@click.argument("run")
@click.argument("name", required=False)
@click.option("-o", "output", metavar="FILE", help="Write to FILE; - is stdout.")
@at_option
@json_option
@pass_world
def command(world: World, run: str, name: str | None, output: str | None, at: str | None) -> None:
    """Get an artifact of a run, or one of labrec's own files, whose names begin with @.

    Without NAME, lists what there is. The bytes are proven by their digest; a file that is there
    already is never overwritten, and a folder is never left.
    """
    from labrec.noted import find_run
    from labrec.reader import RunReader
    from labrec.states import malformed

    view = world.lab.view(at)
    found = RunReader(view, find_run(view, run))
    if name is None:
        if output is not None:
            raise UsageError("-o needs the NAME of a file", hint="`labrec get RUN` lists them.")
        with malformed(found):
            _list(world, found)
        return
    with malformed(found):
        one = found.file(name)
    if output == "-":
        with found.open(name) as stream:
            sys.stdout.flush()
            _copy(stream, sys.stdout.buffer)
        return
    target = Path(output) if output is not None else _target(name)
    with found.open(name) as stream:
        _write(stream, target)
    world.answer(
        {"name": one.name, "path": str(target), "sha256": one.sha256, "size": one.size},
        lambda: world.console.say(f"{safe(target)}  {one.size} bytes  sha256:{one.sha256}"),
    )


def _list(world: World, run: RunReader) -> None:
    files = run.files()
    world.answer(
        [one._asdict() for one in files],
        lambda: world.console.table(
            ["name", "role", ">size", "sha256", "in lab"],
            [
                [one.name, one.role, one.size, one.sha256[:16], "yes" if one.in_lab else "no"]
                for one in files
            ],
        ),
    )


def _target(name: str) -> Path:
    """Return where a file goes when nobody said: its own last name, in the current folder.

    Raises:
        UnsafeError: Its name is none that a file here should have.
    """
    from labrec.record.paths import check_path

    plain = check_path(name.removeprefix("@")).rpartition("/")[2]
    if plain.startswith((".", "-")):
        raise UnsafeError(
            f"{plain!r} is a name that shells and programs read in their own way",
            hint="Say where it goes with -o FILE.",
        )
    return Path(plain)


def _write(stream: BinaryIO, target: Path) -> None:
    """Write beside the target and link it into place, so that no half file has its name."""
    if os.path.lexists(target):
        raise UsageError(
            f"{target} is there already",
            hint="Remove it, or say another place with -o FILE.",
            paths=[target],
            kept="that file, untouched",
        )
    part = target.with_name(f".{target.name[:200]}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            _copy(stream, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, target)  # unlike a rename it never replaces what came meanwhile
        except FileExistsError:
            raise
        except OSError:
            part.rename(target)  # a file system without hard links
    except OSError as error:
        raise StorageError(
            f"{target} cannot be written: {error.strerror or error}", paths=[target]
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _copy(stream: BinaryIO, target: BinaryIO) -> None:
    while data := stream.read(_CHUNK):
        target.write(data)
