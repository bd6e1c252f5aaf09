"""``labrec completion``: the completion script of a shell."""

from __future__ import annotations

import click

from labrec.cli.world import World, json_option, pass_world


@click.command(epilog='\b\nExample:\n  eval "$(labrec completion bash)"')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@json_option
@pass_world
def command(world: World, shell: str) -> None:
    """Print the completion script of a shell.

    Put its output where the shell looks for completions, or source it.
    """
    from click.shell_completion import get_completion_class

    from labrec.cli import root

    found = get_completion_class(shell)
    if found is None:  # pragma: no cover - click knows the three above
        raise click.UsageError(f"no completion for {shell}")
    script = found(root, {}, "labrec", "_LABREC_COMPLETE").source()
    world.answer({"shell": shell, "script": script}, lambda: world.console.say(script))
