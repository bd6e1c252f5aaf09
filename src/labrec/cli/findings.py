"""``labrec findings``: everything that the tables let one say, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from labrec.cli.analyze import out_option
from labrec.cli.console import safe
from labrec.cli.query import made_tables
from labrec.cli.world import World, at_option, json_option, pass_world
from labrec.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from labrec.analytics.query import Tables


class Source(NamedTuple):
    """A table whose rows say something.

    Attributes:
        table: Its name.
        title: What its sentences are about.
        where: Values that columns of a row must hold to be told here.
    """

    table: str
    title: str
    where: Mapping[str, Any] = {}


SOURCES: Final = (
    Source("hypotheses", "hypotheses", {"current": True}),
    Source("contrasts", "against the parent"),
    Source("luck", "best so far", {"current": True}),
    Source("attributions", "what made the difference"),
    Source("growth", "what growing bought"),
    Source("hardware_quality", "hardware and other conditions", {"scope": "all"}),
    Source("hardware_speeds", "speed and energy by model of machine"),
    Source("pareto", "no other one is as good on everything"),
    Source("drift", "over time", {"verdict": "drift"}),
    Source("reproducibility", "reruns"),
    Source("reliability", "what a metric can tell"),
    Source("rigor", "what is missing", {"current": True}),
)
"""In the order in which they are told. The words are those of the tables, but for contrasts, whose
words are the site's."""

_SHOWN = 10  # sentences of one table about one project


@click.command(
    epilog="\b\nExamples:\n  labrec findings\n  labrec findings lm --all\n  labrec findings --json"
)
@click.argument("project", required=False)
@click.option("--all", "every", is_flag=True, help=f"All sentences, not the first {_SHOWN} each.")
@out_option
@at_option
@json_option
@pass_world
def command(world: World, /, project: str | None, every: bool, **where: Any) -> None:
    """Say what was found, how sure it is, and what would tell more.

    Prints the sentences of the tables that `labrec analyze` makes: verdicts on hypotheses,
    experiments against their parents, what luck explains of the best, attributions, hardware, drift
    and reruns, and what hypotheses still lack. The tables are made first where the lab has changed.
    """
    folder = made_tables(world, **where)
    from labrec.analytics.query import Tables  # brings polars in

    names = _projects(Tables(folder), project)
    found = _found(folder, names)

    def text() -> None:
        if not found:
            world.console.note("nothing to say: no run that ended is recorded")
        for name in names:
            _tell(world, name, [row for row in found if row["project"] == name], every=every)

    world.answer(found, text)


def _projects(tables: Tables, asked: str | None) -> list[str]:
    """Return the projects to be told of, by name."""
    names: list[str] = sorted(tables["runs"].select("project").unique().collect()["project"])
    if asked is None:
        return names
    if asked not in names:
        raise NotFoundError(
            f"no run of a project {asked!a:.80} is recorded",
            hint=f"Projects: {', '.join(names)}." if names else "Record a run with `labrec run`.",
        )
    return [asked]


def _found(folder: Path, names: list[str]) -> list[dict[str, str]]:
    """Return every sentence with its table and project, in the order of `SOURCES`."""
    from labrec.analytics.query import Tables  # there by now

    tables = Tables(folder)
    found = []
    for source in SOURCES:
        told = _contrasts(folder) if source.table == "contrasts" else _told(tables, source)
        found += [
            {"project": project, "table": source.table, "sentence": sentence}
            for project, sentence in told
            if project in names
        ]
    return found


def _told(tables: Tables, source: Source) -> Iterator[tuple[str, str]]:
    columns = ["project", "sentence", *source.where]
    for row in tables[source.table].select(columns).collect().to_dicts():
        if row["sentence"] and all(row[name] == value for name, value in source.where.items()):
            yield row["project"], row["sentence"]


def _contrasts(folder: Path) -> Iterator[tuple[str, str]]:
    from labrec.site.collect import projects  # only where sentences about contrasts are wanted
    from labrec.site.experiments import Experiments
    from labrec.site.findings import findings

    for project in projects(folder):
        for found in findings(Experiments.of(project), elsewhere=True):
            yield project.name, found.text


def _tell(world: World, name: str, found: list[dict[str, str]], *, every: bool) -> None:
    """Print what is to be said of a project."""
    console = world.console
    console.say(console.styled(safe(name), "bold"))
    for source in SOURCES:
        sentences = [row["sentence"] for row in found if row["table"] == source.table]
        if not sentences:
            continue
        console.say(f"  {source.title}")
        for sentence in sentences if every else sentences[:_SHOWN]:
            console.say(f"    {safe(sentence)}")
        if not every and len(sentences) > _SHOWN:
            console.say(f"    … and {len(sentences) - _SHOWN} more: --all")
