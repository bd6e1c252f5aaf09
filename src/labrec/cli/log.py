"""``labrec log``: list runs."""

from __future__ import annotations

import fnmatch
import itertools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from labrec.cli.world import World, at_option, json_option, pass_world

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from labrec.noted import Noted
    from labrec.reader import RunReader
    from labrec.store.summaries import RunSummary
    from labrec.store.view import View

_SHORT = 13  # characters of an id: its whole time stamp
_DIGITS = 4  # significant digits of a number in a table


STATUSES = ("complete", "failed", "interrupted", "planned", "unreadable")


class Choice(NamedTuple):
    """Which runs are listed, and in which order."""

    project: str | None
    statuses: tuple[str, ...]
    tags: tuple[str, ...]
    names: tuple[str, ...]
    where: tuple[str, ...]
    sort: str | None
    number: int | None


@click.command(
    epilog="\b\nExamples:\n  labrec log -n 20\n"
    "  labrec log --project lm --where 'metrics.val_bpb<1.2' --sort metrics.val_bpb\n"
    "  labrec log --name '12_*' --metric loss --json"
)
@click.option("-n", "number", type=click.IntRange(min=1), help="At most so many runs.")
@click.option("--project", metavar="P", help="Only this project's.")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice(STATUSES),
    help="Only runs that ended so.",
)
@click.option("--tag", "tags", multiple=True, metavar="WORD", help="Only runs with this tag.")
@click.option("--name", "names", multiple=True, metavar="GLOB", help="Only names that fit.")
@click.option("--where", multiple=True, metavar="COND", help="KEY<VALUE; all given must hold.")
@click.option("--sort", metavar="KEY", help="Sort by KEY, best or latest first: -KEY, KEY.")
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Show this metric.")
@at_option
@json_option
@pass_world
def command(world: World, /, metrics: tuple[str, ...], at: str | None, **given: Any) -> None:
    """List runs, newest first.

    Conditions compare metrics.NAME (last value; NAME.min, .max, .mean and .best too),
    features.PATH, seeds.NAME, status, name, started, duration_s and the like with <, <=, >, >=,
    =, != or ~ (a shell pattern). --sort KEY lists the smallest first, --sort=-KEY the largest.
    Names and tags are those that notes leave; what does not count says why behind its status.
    """
    from labrec.noted import noted_runs  # reads every record once

    choice = Choice(**given)
    view = world.lab.view(at)
    found = {one.row.path: one for one in noted_runs(view, choice.project).runs}
    every = [one.row for one in found.values()]
    rows = select(view, choice, every)
    if world.json:
        world.console.json(
            [found[row.path].to_json() | _columns(view, row, metrics) for row in rows]
        )
        return
    if rows:
        _table(world, view, [found[row.path] for row in rows], metrics, short_ids(every))
    else:
        world.console.note("no run" + (" fits" if any(given.values()) else " is recorded yet"))
    world.tell_waiting()


def select(view: View, choice: Choice, every: Sequence[RunSummary]) -> list[RunSummary]:
    """Return the chosen runs in order.

    Args:
        view: Where they are.
        choice: Which of them, and in which order.
        every: The runs to choose from, oldest first.

    Raises:
        UsageError: A condition or key is not valid.
    """
    from labrec.cli.selection import check_key, lookup, parse_condition, summarised

    conditions = [parse_condition(text) for text in choice.where]
    rows = [row for row in reversed(every) if _fits(row, choice)]
    readers: dict[str, RunReader] = {}

    def found(row: RunSummary, key: str) -> Any:
        known, value = summarised(row, key)
        if known:
            return value
        if row.path not in readers:
            readers[row.path] = _reader(view, row)
        return lookup(readers[row.path], key)

    # What the summaries answer comes first: it may spare reading most of the records.
    conditions.sort(key=lambda condition: condition.key.startswith(("features.", "seeds.")))
    if conditions:
        rows = [
            row
            for row in rows
            if _readable(row) and all(c.holds(found(row, c.key)) for c in conditions)
        ]
    if choice.sort:
        largest = choice.sort.startswith("-")
        key = check_key(choice.sort.removeprefix("-"))
        pairs = [(found(row, key) if _readable(row) else None, row) for row in rows]
        rows = _sorted(pairs, largest=largest)
    return rows[: choice.number]


def _fits(row: RunSummary, choice: Choice) -> bool:
    return (
        (not choice.statuses or row.status in choice.statuses)
        and set(choice.tags) <= set(row.tags)
        and (not choice.names or any(fnmatch.fnmatchcase(row.name, n) for n in choice.names))
    )


def _readable(row: RunSummary) -> bool:
    return row.status != "unreadable"


def _sorted(found: list[tuple[Any, RunSummary]], *, largest: bool) -> list[RunSummary]:
    """Sort by value: numbers before text, runs without a value (or with NaN) last."""
    known = [pair for pair in found if pair[0] is not None and not _is_nan(pair[0])]
    known.sort(key=lambda pair: _sort_key(pair[0]), reverse=largest)
    paths = {row.path for _, row in known}
    return [row for _, row in known] + [row for _, row in found if row.path not in paths]


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _sort_key(value: Any) -> tuple[int, Any]:
    if isinstance(value, int | float):
        return 0, value
    return 1, str(value)


def _reader(view: View, row: RunSummary) -> RunReader:
    from labrec.reader import RunReader

    return RunReader(view, row.entry())


def _columns(view: View, row: RunSummary, metrics: tuple[str, ...]) -> dict[str, Any]:
    """Return the metrics that were asked for and are not in the summary."""
    missing = [name for name in metrics if name not in row.metrics]
    if not missing or not _readable(row):
        return {}
    from labrec.cli.selection import lookup

    run = _reader(view, row)
    values = {name: lookup(run, f"metrics.{name}") for name in missing}
    return {"metrics": row.metrics | {k: v for k, v in values.items() if v is not None}}


def _table(
    world: World,
    view: View,
    runs: list[Noted],
    metrics: tuple[str, ...],
    short: dict[str, str],
) -> None:
    projects = {one.row.project for one in runs}
    several = ["project"] if len(projects) > 1 else []
    meant = _meant(view, projects, metrics)
    shown = [f">{name}{meant.get(name, '')}" for name in metrics] or ["metrics"]
    titles = ["=run", *several, "name", "status", "started", ">time", *shown]
    cells = []
    for one in runs:
        row = one.row
        values = _columns(view, row, metrics).get("metrics", row.metrics)
        shown = [number(values.get(name)) for name in metrics]
        if not metrics:
            shown = [" ".join(f"{name}={number(v)}" for name, v in list(values.items())[:3])]
        if row.problem:
            shown[0] = row.problem
        project = [row.project] if len(projects) > 1 else []
        undated = "undated" if row.origin else ""
        started = row.started[:16].replace("T", " ") if row.started else undated
        cells.append(
            [short[row.run_id], *project, row.name, _status(one), started,
             duration(row.duration_s), *shown]
        )  # fmt: skip
    world.console.table(titles, cells)


def _meant(view: View, projects: set[str], metrics: tuple[str, ...]) -> dict[str, str]:
    """Return unit and better direction of the metrics that are defined, and alike everywhere."""
    if not metrics:
        return {}
    from labrec.catalog.metrics import counting  # reads documents: only where metrics are asked for
    from labrec.record.wording import better

    every = [counting(view, project) for project in projects]
    found = {}
    for name in metrics:
        told = {
            ", ".join(filter(None, [one.unit if one.unit != "1" else None, better(one.direction)]))
            for defined in every
            for one in [defined.get(name)]
            if one is not None
        }
        if len(told) == 1 and all(name in defined for defined in every) and told != {""}:
            found[name] = f" ({told.pop()})"
    return found


def _status(one: Noted) -> str:
    """Return how a run ended, and what notes and other records make of it."""
    marks: list[str] = [one.standing] if one.standing != "counts" else []
    marks += ["conflict"] if one.said.conflicts else []
    return f"{one.row.status} ({', '.join(marks)})" if marks else one.row.status


def short_ids(rows: Iterable[RunSummary]) -> dict[str, str]:
    """Return for each id its shortest beginning, 13 characters or more, that no other one has."""
    ids = sorted({row.run_id for row in rows})
    sizes = [_SHORT] * len(ids)
    for index, (one, next_one) in enumerate(itertools.pairwise(ids)):
        same = next(at for at, (a, b) in enumerate(zip(one, next_one, strict=True)) if a != b) + 1
        sizes[index] = max(sizes[index], same)
        sizes[index + 1] = max(sizes[index + 1], same)
    return {one: one[:size].rstrip("-") for one, size in zip(ids, sizes, strict=True)}


def number(value: object) -> str:
    """Return a number for a table: four significant digits; other values as they are."""
    if value is None:
        return ""
    return f"{value:.{_DIGITS}g}" if isinstance(value, float) else str(value)


def duration(seconds: float | None) -> str:
    """Return a duration for people: ``0.2s``, ``3m12s``, ``5h02m``."""
    if seconds is None:
        return ""
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{rest:02}s"
