"""The shell door: the only package that knows click, prints, exits or reads the environment.

A command opens the lab, calls one library function and shows the result. Commands are imported
when they are called (``labrec.cli.table``); failures become exit codes in ``labrec.cli.failure``.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labrec._version import __version__
from labrec.cli.failure import report
from labrec.cli.group import LazyGroup
from labrec.cli.world import World, pass_world

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMPLETE = "_LABREC_COMPLETE"


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="`labrec COMMAND --help` shows a command with an example.",
)
@click.version_option(__version__, message="labrec %(version)s")
@click.option(
    "-C",
    "directory",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Work as if started in DIR.",
)
@pass_world
def root(world: World, directory: Path | None) -> None:
    """Keep a lab notebook made of git: immutable records of research runs."""
    if directory is not None:
        try:
            os.chdir(directory)
        except OSError as error:
            raise click.UsageError(f"-C {directory}: {error.strerror}") from error
    world.directory = Path()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code.

    Args:
        argv: Arguments without the program's name; the process's own when None.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    _calm_streams()
    world = World(os.environ)
    if _COMPLETE in os.environ:
        from click.shell_completion import shell_complete

        return shell_complete(root, {}, "labrec", _COMPLETE, os.environ[_COMPLETE])
    try:
        with root.make_context("labrec", arguments, obj=world) as context:
            code = root.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as leaving:
        code = leaving.exit_code
    except click.exceptions.NoArgsIsHelpError as leaving:
        click.echo(leaving.ctx.get_help(), err=True)
        code = 2
    except BaseException as error:  # noqa: BLE001 - the one place that maps errors to codes
        world.json = world.json or _asks_for_json(arguments, error)
        code = report(error, world)
    return _settle(code if isinstance(code, int) else 0)


def _asks_for_json(arguments: list[str], error: BaseException) -> bool:
    """Say whether a command line that could not be parsed asked for JSON."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return isinstance(error, click.ClickException) and "--json" in arguments[:end]


def _calm_streams() -> None:
    """Let no character of an answer fail on a terminal that has no way to show it."""
    if sys.stdout is None or sys.stderr is None:  # started with a closed descriptor
        from labrec.capture.command.streams import hold_standard

        hold_standard()
        # An answer that nobody can get is told (13); what goes to stderr is lost without harm.
        if sys.stdout is None:
            sys.stdout = open(os.open(os.devnull, os.O_RDONLY), "w")  # noqa: SIM115, PTH123
        sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _settle(code: int) -> int:
    """Write out what is buffered; a reader that has gone is told by the exit code alone."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_stdout()
        return 141
    except (OSError, ValueError):
        _drop_stdout()
        return code or 13
    return code


def _drop_stdout() -> None:
    """Point stdout at nothing, or the interpreter complains about it when it leaves."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    with contextlib.suppress(OSError, ValueError):  # a stream may have no descriptor
        os.dup2(nothing, sys.stdout.fileno())  # another one where descriptor 1 was closed
    os.close(nothing)
