"""``labrec metric``: say what a metric means, and look at what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from labrec.cli.console import safe
from labrec.cli.world import World, at_option, json_option, pass_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.catalog.definition import MetricDefinition
    from labrec.catalog.metrics import DefinedMetric

project_option = click.option("--project", metavar="P", help="Its project.")

_DEFINE: tuple[Any, ...] = (
    project_option,
    click.option("--unit", metavar="UNIT", help="Its unit; 1 for a number without one."),
    click.option(
        "--direction", type=click.Choice(["maximize", "minimize"]), help="Which way is better."
    ),
    click.option(
        "--resolution",
        metavar="X",
        type=float,
        help="Smallest difference that means anything, in its unit.",
    ),
    click.option(
        "--margin",
        metavar="X",
        type=float,
        help="Largest difference that does not matter: what equivalence is judged by.",
    ),
    click.option(
        "--aggregation",
        metavar="HOW",
        default="last",
        show_default=True,
        help="Which point is the value: last, best, min, max, mean, or tail:N, the mean of the "
        "last N percent.",
    ),
    click.option("--description", metavar="TEXT", help="What it measures, in words."),
    click.option("--expression", metavar="EXPR", help="Computed from other metrics of the run."),
    click.option(
        "--entry-point",
        metavar="PACKAGE.MODULE:FUNCTION",
        help="Found by this function, which labrec never calls.",
    ),
    click.option("--package", metavar="NAME==VERSION", help="The entry point's package."),
    click.option("--digest", metavar="SHA256", help="Digest of that package or of its source."),
    click.option(
        "--weighted-sum", "form", flag_value="weighted_sum", help="The sum of weighted --part."
    ),
    click.option(
        "--geometric-mean", "form", flag_value="geometric_mean", help="Their weighted mean."
    ),
    click.option(
        "--part",
        "parts",
        metavar="[WEIGHT][:DIRECTION]=METRIC",
        multiple=True,
        help="A metric of a composite; may be given again.",
    ),
    click.option(
        "--author", metavar="NAME", help="Who defines it; else author of labrec.toml, if any."
    ),
    click.option("--amend", is_flag=True, help="Take the place of what is defined."),
)


def _with_options(function: Any) -> Any:
    for option in reversed(_DEFINE):
        function = option(function)
    return function


@click.group(
    epilog="\b\nExamples:\n  labrec metric define val_loss --unit nat --direction minimize "
    "--margin 0.01\n"
    "  labrec metric define perplexity --unit 1 --direction minimize "
    "--expression 'exp(val_loss)'\n  labrec metric list"
)
def command() -> None:
    """Define what a metric means: unit, direction, resolution, margin, which point counts."""


@command.command(
    "define",
    short_help="Say what a metric means.",
    epilog="\b\nExamples:\n"
    "  labrec metric define 'Val. loss (nat)' --unit nat --direction minimize \\\n"
    "      --resolution 0.001 --margin 0.01 --aggregation tail:10\n"
    "  labrec metric define perplexity --unit 1 --direction minimize \\\n"
    "      --expression \"exp('Val. loss (nat)')\"\n"
    "  labrec metric define quality --unit 1 --direction maximize --geometric-mean \\\n"
    "      --part 2:maximize=accuracy --part 1:minimize=perplexity",
)
@click.argument("name")
@_with_options
@json_option
@pass_world
def define(world: World, /, **given: Any) -> None:
    """Define the metric NAME: any text that runs report a number under.

    What is defined wins over what runs say, and never changes: a changed definition needs --amend,
    and what it amends stays. An expression takes numbers, metrics (in quotes where they are no
    plain word), + - * / **, parentheses, min, max, abs, log, exp, sqrt and clip(x, low, high).
    """
    from labrec.sdk.metrics import Request
    from labrec.sdk.metrics import define as define_metric

    found = define_metric(world.lab, Request(**given))

    def text() -> None:
        how = "was defined already" if found.known else "defined"
        one = found.definition
        world.console.say(f"{how}: {safe(one.project)}/{safe(one.name)} {one.digest}")
        if one.origin.kind == "entry_point" and not found.known:
            world.console.note("labrec never calls the function; see `labrec metric evaluate`")

    world.answer(found.to_json(), text)


@command.command("list", epilog="\b\nExample:\n  labrec metric list --project lm")
@click.option("--project", metavar="P", help="Only this project's.")
@at_option
@json_option
@pass_world
def list_(world: World, project: str | None, at: str | None) -> int:
    """List the defined metrics.

    Ends with 3 where a definition cannot be read, or where one metric is defined several times side
    by side, so that none of the definitions counts.
    """
    from labrec.catalog.metrics import metrics
    from labrec.record.layout import check_project

    view = world.lab.view(at)
    names = [check_project(project)] if project is not None else view.projects()
    problems: list[tuple[str, str]] = []
    found = [
        one
        for name in names
        for one in metrics(view, name, lambda path, why: problems.append((path, why))).values()
    ]
    problems += [(one.current[0].path, one.quarrel) for one in found if one.quarrel is not None]

    def text() -> None:
        if not found:
            world.console.note("no metric is defined yet")
            return
        titles = ["metric", "project", "version", "unit", "direction", "resolution", "margin",
                  "value", "source"]  # fmt: skip
        world.console.table(titles, [list(_cells(one)) for one in found])

    world.answer([_json(one) for one in found], text)
    for path, why in problems:
        world.console.note(f"{safe(path)}: {safe(why)}")
    return 3 if problems else 0


@command.command(
    "show",
    short_help="Show what a metric means.",
    epilog="\b\nExample:\n  labrec metric show perplexity",
)
@click.argument("name")
@project_option
@at_option
@json_option
@pass_world
def show(world: World, name: str, project: str | None, at: str | None) -> None:
    """Show the definition of a metric, and the versions that it amended.

    NAME is its name, or the folder of its documents. Nothing is computed and nothing is called.
    """
    from labrec.catalog.metrics import find_metric

    found = find_metric(world.lab.view(at), name, project)
    answer = _json(found)
    world.answer(answer, lambda: _text(world, found))


@command.command(
    "evaluate",
    short_help="Say what a metric's function gave a run.",
    epilog="\b\nExample:\n  labrec metric evaluate 0199a4 BLEU=31.5 --method 'test split, greedy'",
)
@click.argument("run")
@click.argument("values", metavar="NAME=VALUE...", nargs=-1, required=True)
@click.option("--method", metavar="TEXT", help="How the values were found, in words.")
@click.option("--reason", metavar="TEXT", default="", help="Why it is said.")
@click.option("--author", metavar="NAME", help="Who says so; else author of labrec.toml.")
@json_option
@pass_world
def evaluate(world: World, /, **given: Any) -> None:
    """Say by a note on RUN what the function of a metric gave.

    For metrics that are defined with --entry-point. labrec calls no function: you do, and each
    value that you write down names the definition by which it was found. Values that disagree
    leave the metric without one, until one of the notes is retracted.
    """
    from labrec.sdk.evaluation import Request
    from labrec.sdk.evaluation import evaluate as say_values

    found = say_values(world.lab, Request(**given))

    def text() -> None:
        how = "was said already" if found.known else "said"
        world.console.say(f"{how}: note {found.note_id} on run {found.subject.id}")

    world.answer(found.to_json(), text)


# --- what is shown ----------------------------------------------------------------------------


def _json(found: DefinedMetric) -> dict[str, Any]:
    return {
        "project": found.project,
        "name": found.name,
        "counts": found.definition.digest if found.definition is not None else None,
        "quarrel": found.quarrel,
        "versions": [_definition(one) for one in found.versions],
    }


def _definition(one: MetricDefinition) -> dict[str, Any]:
    origin = one.origin._asdict() | {"parts": [part._asdict() for part in one.origin.parts]}
    if not one.origin.parts:
        del origin["form"]  # of composites alone
    return one._asdict() | {
        "amends": list(one.amends),
        "aggregation": one.aggregation._asdict(),
        "origin": {key: value for key, value in origin.items() if value},
    }


def _cells(found: DefinedMetric) -> Iterator[object]:
    one = found.definition
    yield from (found.name, found.project)
    if one is None:
        yield from ("several", *[""] * 6)
        return
    yield from (one.number, one.unit or "", one.direction or "", _number(one.resolution),
                _number(one.margin), one.aggregation, one.origin.kind)  # fmt: skip


def _text(world: World, found: DefinedMetric) -> None:
    console = world.console
    title = safe(f"{found.project}/{found.name}")
    console.say(console.styled(title, "bold"))
    if found.quarrel is not None:
        console.note(safe(found.quarrel))
        console.note("`labrec metric define --amend` takes the place of all of them")
    for one in found.current:
        console.say()
        for key, value in _lines(one):
            console.say(f"  {key:<12}  {safe(value)}")
    earlier = [one for one in found.versions if one not in found.current]
    if earlier:
        console.say("\n" + console.styled("amended, and kept", "bold"))
        for one in earlier:
            console.say(f"  {one.number}  {one.digest}")


def _lines(one: MetricDefinition) -> Iterator[tuple[str, object]]:
    if one.description:
        yield "measures", one.description
    yield "unit", one.unit or "as the runs say"
    yield "direction", one.direction or "as the runs say"
    yield "resolution", _number(one.resolution) or "not said"
    yield "margin", _number(one.margin) or "not said: nothing is ever equivalent"
    yield "value", _value(one)
    yield from _source(one)
    yield "version", one.number
    yield "digest", one.digest
    for digest in one.amends:
        yield "amends", digest


def _value(one: MetricDefinition) -> str:
    if one.origin.kind == "scalar":
        return f"{one.aggregation} of the points that runs log"
    if one.origin.kind == "entry_point":
        return f"{one.aggregation} of what names this definition: logged points, evaluations"
    return "computed from other metrics of the run"


def _source(one: MetricDefinition) -> Iterator[tuple[str, object]]:
    origin = one.origin
    if origin.kind == "expression":
        yield "expression", origin.expression
    elif origin.kind == "composite":
        yield "composite", origin.form.replace("_", " ")
        for part in origin.parts:
            yield "part", f"{part.weight:g} × {part.metric}, {part.direction}"
    elif origin.kind == "entry_point":
        yield "function", f"{origin.entry_point}: recorded; labrec never calls it"
        yield "package", f"{origin.package} {origin.version}"
        yield "of digest", origin.digest


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
