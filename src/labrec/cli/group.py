"""The ``labrec`` command itself: knows every command's name, imports the one that is called."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

import click

from labrec.cli.table import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return every name, in the order of the overview."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command by its name; None when there is no such name."""
        row = COMMANDS.get(cmd_name)
        if row is None:
            return None
        module = importlib.import_module(f"labrec.cli.{row.module}")
        return cast("click.Command", module.command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was asked for; a typing error is answered with what is near."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = list(_near(args[0]))
            did_you_mean = f" Did you mean {' or '.join(near)}?" if near else ""
            ctx.fail(f"No command {click.format_filename(args[0])!r}.{did_you_mean}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the overview from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, row.summary) for name, row in COMMANDS.items()])


def _near(name: str) -> Iterator[str]:
    import difflib  # only to answer a typing error

    yield from difflib.get_close_matches(name, COMMANDS, n=2, cutoff=0.5)
