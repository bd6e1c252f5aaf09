"""What every command is given: where it works, the environment, how it answers."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labrec.cli.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from labrec.store.lab import Lab


class World:
    """The surroundings of one call of ``labrec``.

    Args:
        environ: The process environment.

    Attributes:
        environ: The process environment.
        directory: Folder the command works in (``-C``).
        json: Whether the answer, or the failure, is to be JSON.
        console: Where it prints.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.directory = Path()
        self.json = False
        self.console = Console(environ)

    @cached_property
    def lab(self) -> Lab:
        """The lab of the working folder.

        Raises:
            NotFoundError: There is none.
        """
        from labrec.store.lab import Lab  # brings git in: only where a lab is needed

        return Lab.open(self.directory)

    def answer(self, value: Any, text: Callable[[], None]) -> None:
        """Print a result: as JSON when asked for, otherwise by ``text``."""
        if self.json:
            self.console.json(value)
        else:
            text()

    def tell_waiting(self) -> None:
        """Say on stderr how many interrupted runs wait to be recorded."""
        if not self.lab.has_spools:
            return  # nearly always: and then none of what follows is imported
        from labrec.sdk.recovery import waiting  # looks at spools: reading commands only

        count = len(waiting(self.lab))
        if count:
            runs = "1 run waits" if count == 1 else f"{count} runs wait"
            self.console.note(f"{runs} to be recorded; see `labrec recover`.")


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--json``; the answer is then `World.json`'s."""

    def remember(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
        if value:
            ctx.find_object(World).json = True  # type: ignore[union-attr]

    return click.option(
        "--json",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=remember,
        help="Answer in JSON; a failure is one JSON object on stderr.",
    )(command)


at_option = click.option(
    "--at",
    metavar="REV",
    help="Read this branch, tag or commit alone, without record refs.",
)

pass_world = click.make_pass_decorator(World)
