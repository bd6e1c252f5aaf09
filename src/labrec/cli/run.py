"""``labrec run``: run a program and record it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labrec.cli.console import safe
from labrec.cli.failure import show, told
from labrec.cli.world import World, json_option, pass_world

if TYPE_CHECKING:
    from labrec.sdk.command import CommandOptions, CommandOutcome
    from labrec.sdk.commit import Recorded

_NOT_RECORDED = 75  # EX_TEMPFAIL of sysexits.h: try again later
_OWN_ERROR = 125
_NOT_STARTED = {126, 127}

_OPTIONS: tuple[Any, ...] = (
    click.option("--project", metavar="P", help="Project; the code's folder when left out."),
    click.option("--name", metavar="N", help="Name of the run; the program's when left out."),
    click.option(
        "--features",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="What was varied: a YAML, JSON or TOML file.",
    ),
    click.option("--set", "sets", metavar="PATH=VALUE", multiple=True, help="Set one feature."),
    click.option(
        "--metrics",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="JSON file of numbers that the program leaves.",
    ),
    click.option(
        "--artifact",
        "artifacts",
        metavar="PATH|GLOB",
        multiple=True,
        help="File that the program leaves; may be given again.",
    ),
    click.option("--parent", metavar="RUN", help="Run id or name this one derives from."),
    click.option(
        "--seed", "seeds", metavar="[NAME=]N", multiple=True, help="Seed; may be given again."
    ),
    click.option(
        "--dataset",
        "datasets",
        metavar="[ROLE=]NAME@V",
        multiple=True,
        help="Dataset version of the lab that it uses; may be given again.",
    ),
    click.option("--hypothesis", metavar="H", help="Slug or digest of a registration."),
    click.option("--tag", "tags", metavar="WORD", multiple=True, help="Free word."),
    click.option("--intent", metavar="TEXT", help="Why the run is made."),
    click.option("--outcome", metavar="TEXT", help="What it found."),
    click.option("--level", type=click.Choice(["basic", "standard"]), help="How much is captured."),
    click.option(
        "--log",
        type=click.Choice(["auto", "tee", "none"]),
        help="Which output is kept: auto leaves pipes alone, tee keeps all, none keeps nothing.",
    ),
    click.option("--resume", metavar="RUN", help="Run that this one continues."),
    click.option("--fulfils", metavar="RUN", help="Planned run that this one carries out."),
    click.option("--reproduces", metavar="RUN", help="Run that this one repeats."),
    click.option("--scratch", is_flag=True, help="Watch the run and never commit it."),
    click.option(
        "--strict-record",
        is_flag=True,
        help="Exit with 75 where the program succeeded and the recording did not.",
    ),
    click.option("-v", "--verbose", is_flag=True, help="Say what was recorded, always."),
)


def _with_options(function: Any) -> Any:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


class _WrongCall(click.UsageError):
    exit_code = _OWN_ERROR


class _LikeEnv(click.Command):
    """A command whose own usage errors end in 125, so that 2 is always the program's."""

    def make_context(self, *given: Any, **more: Any) -> click.Context:
        try:
            return super().make_context(*given, **more)
        except click.UsageError as error:
            raise _WrongCall(error.format_message(), error.ctx) from error


@click.command(
    cls=_LikeEnv,
    context_settings={"allow_interspersed_args": False},
    epilog="\b\nExamples:\n  labrec run -- python train.py\n"
    "  labrec run --project lm --name 12_from_8_lr --features lr.yaml --seed 7 \\\n"
    "      --metrics results.json --artifact 'models/*.bin' -- python train.py",
)
@_with_options
@json_option
@click.argument("argv", metavar="-- CMD [ARG]...", nargs=-1, type=click.UNPROCESSED, required=True)
@pass_world
def command(
    world: World, /, argv: tuple[str, ...], strict_record: bool, verbose: bool, **given: Any
) -> int:
    """Run a program as if nobody watched, and record it.

    Returns the program's exit code (128+N when signal N ended it) whatever happens to the
    recording; 125, 126 or 127 where the program could not be started. A line on stderr says what
    was recorded when stderr is a terminal; that recording failed is always said.

    A name such as 12_from_8_lr says that the run derives from the experiment 8 or 8_….
    """
    from labrec.capture.command.streams import hold_standard

    hold_standard()
    try:
        outcome = _record(world, argv, given)
    except Exception as error:  # noqa: BLE001 - also a bug of ours must not look like its code
        # Nothing ran: the codes that env(1) would give.
        failure = told(error, world)
        code = int(failure["code"])
        code = code if code in _NOT_STARTED else _OWN_ERROR
        show(failure | {"code": code}, world)
        return code
    _tell(world, outcome, verbose=verbose)
    if strict_record and not outcome and outcome.exit_code == 0:
        return _NOT_RECORDED
    return outcome.exit_code


def _record(world: World, argv: tuple[str, ...], given: dict[str, Any]) -> CommandOutcome:
    from labrec.sdk.command import record_command

    return record_command(world.lab, _options(argv, given))


def _options(argv: tuple[str, ...], given: dict[str, Any]) -> CommandOptions:
    from labrec.sdk.command import CommandOptions
    from labrec.sdk.inputs import assign, named_seeds, read_features
    from labrec.sdk.start import RunOptions

    file = read_features(given["features"]) if given["features"] else None
    tree = dict(file.tree) if file else {}
    assign(tree, given["sets"])
    same = ("project", "name", "parent", "hypothesis", "tags", "intent", "level")
    run = RunOptions(
        **{key: given[key] for key in same},
        features=tree,
        features_file=file,
        seeds=named_seeds(given["seeds"]),
        resume=given["resume"],
        fulfils=given["fulfils"],
        reproduces=given["reproduces"],
        datasets=given["datasets"],
        scratch=given["scratch"],
    )
    return CommandOptions(
        argv, run, given["log"], given["metrics"], given["artifacts"], given["outcome"]
    )


def _tell(world: World, outcome: CommandOutcome, *, verbose: bool) -> None:
    """Say on stderr how the recording went; never in the way of a program whose stderr is piped."""
    console = world.console
    if outcome.error is not None:
        document = told(outcome.error, world) | {"run_id": outcome.run_id}
        if world.json:
            console.json_note(document)
        else:
            console.note(f"run {outcome.run_id} was not recorded: {safe(document['message'])}")
            for key in ("kept", "hint"):
                if document[key]:
                    console.note(f"{key}: {safe(document[key])}")
    elif world.json:
        recorded = outcome.recorded.to_json() if outcome.recorded else None
        console.json_note(
            {"run_id": outcome.run_id, "recorded": recorded, "warnings": outcome.warnings}
        )
        return
    for warning in outcome.warnings:
        console.note(safe(warning))
    if outcome.error is None and (verbose or sys.stderr.isatty()):
        if outcome.recorded is not None:
            console.note(summary(outcome.recorded))
        else:
            console.note(f"scratch run {outcome.run_id} is kept until `labrec discard`")


def summary(recorded: Recorded) -> str:
    """Say in one line what was recorded."""
    parts = [
        f"{count} {what}{'' if count == 1 else 's'}"
        for count, what in (
            (recorded.metrics, "metric"),
            (recorded.artifacts, "artifact"),
            (recorded.redacted, "redaction"),
        )
        if count
    ]
    # The whole id: two runs may start within the millisecond that its first 13 characters say.
    what = f"{recorded.project}/{recorded.run_id} {safe(recorded.name)} {recorded.status}"
    return "recorded " + ", ".join([what, *parts])
