"""``labrec why``: from a verdict to the records it rests on, or why a run does not count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from labrec.cli.analyze import out_option
from labrec.cli.console import safe
from labrec.cli.query import made_tables, plain_row
from labrec.cli.world import World, at_option, json_option, pass_world
from labrec.record.wording import estimate, number

if TYPE_CHECKING:
    from labrec.analytics.why import Chain, Part
    from labrec.cli.console import Console


@click.command(
    epilog="\b\nExamples:\n  labrec why wider-is-better\n  labrec why 0199a4\n"
    "  labrec why wider-is-better --json"
)
@click.argument("what", metavar="HYPOTHESIS|RUN")
@click.option("--project", metavar="P", help="Project of the hypothesis.")
@out_option
@at_option
@json_option
@pass_world
def command(world: World, /, what: str, project: str | None, **where: Any) -> None:
    """Say why a hypothesis has its verdict, or why a run counts for one or does not.

    A hypothesis: its verdict, the metrics and units that it rests on, and every run with its
    place and record digest. A run (by id, the beginning of one, or name): its part in each
    hypothesis of its project; a name that fits all runs of one experiment means each of them. The
    tables are made first where the lab has changed.
    """
    from labrec.noted import find_replicates
    from labrec.sdk.hypotheses import hypotheses

    view = world.lab.view(where["at"])
    if what in {one.slug for one in hypotheses(view, project)}:
        _hypothesis(world, what, project, where)
    else:
        entries = find_replicates(view, what)
        _runs(world, entries[0].project, [entry.run_id for entry in entries], where)


def _hypothesis(world: World, slug: str, project: str | None, where: dict[str, Any]) -> None:
    from labrec.analytics.why import chain

    found = chain(_rows(world, where), slug, project)
    answer = {"hypothesis": plain_row(found.hypothesis)} | {
        name: [plain_row(row) for row in rows] for name, rows in found._asdict().items()
        if name != "hypothesis"
    }  # fmt: skip
    world.answer(answer, lambda: _say_chain(world.console, found))


def _runs(world: World, project: str, run_ids: list[str], where: dict[str, Any]) -> None:
    from labrec.analytics.why import parts

    rows = _rows(world, where)
    found = {run_id: parts(rows, project, run_id) for run_id in run_ids}
    told = [
        {"project": project, "run_id": run_id, "hypotheses": _hypotheses(one)}
        for run_id, one in found.items()
    ]

    def text() -> None:
        for place, (run_id, one) in enumerate(found.items()):
            if place:
                world.console.say()
            _say_parts(world.console, f"{project}/{run_id}", one)

    # Of one run, as a rule, its own answer and no list of one.
    world.answer(told[0] if len(told) == 1 else {"project": project, "runs": told}, text)


def _hypotheses(found: list[Part]) -> list[dict[str, Any]]:
    return [
        {
            "hypothesis": one.hypothesis["hypothesis"], "verdict": one.hypothesis["verdict"],
            "registration": one.hypothesis["registration"], "why": one.why,
            "run": one.run and plain_row(one.run),
        }
        for one in found
    ]  # fmt: skip


def _rows(world: World, where: dict[str, Any]) -> Any:
    """Return what reads rows of the lab's tables, made where the lab has changed."""
    folder = made_tables(world, **where)
    from labrec.analytics.query import Tables  # brings polars in

    return Tables(folder).rows


# --- what is shown ----------------------------------------------------------------------------


def _say_chain(console: Console, found: Chain) -> None:
    row = found.hypothesis
    title = safe(f"{row['project']}/{row['hypothesis']}")
    console.say(f"{console.styled(title, 'bold')}  {safe(row['shown'])}")
    console.say(safe(row["claim"]))
    console.say("\n" + safe(row["sentence"]))
    say_decision(console, row)
    if row["then"] is not None:
        differs = " and is another one now" if row["changed"] else ""
        console.say(f"A note has kept the verdict {safe(row['then'])}{differs}.")
    if row["verdict_with_withdrawn"] is not None:
        console.say(f"With the withdrawn runs: {safe(row['verdict_with_withdrawn'])}.")
    console.say(
        f"At the level of the whole lab (registration {row['order']}, alpha "
        f"{number(row['alpha_lab'])}): {safe(row['verdict_lab'])}."
    )
    console.say(f"Registration {row['registration']}, score E {number(row['score'])}.")
    _say_metrics(console, found)
    _say_units(console, found)
    _say_runs(console, found)
    for one in found.versions:
        console.say(f"\nanother version  {one['registration']}  {safe(one['verdict'])}")


def say_decision(console: Console, row: dict[str, Any]) -> None:
    """Say who decided a hypothesis, and why they say they did."""
    if row["decided"] is not None:
        console.say(f"Decided by {safe(row['decided_by'])}: {safe(row['decided'])}.")
        console.say(f"  Their reason: {safe(row['decided_why'] or 'none is given')}")


def _say_metrics(console: Console, found: Chain) -> None:
    if not found.metrics:
        return
    console.say("\n" + console.styled("rests on", "bold"))
    cells = []
    for row in found.metrics:
        value, low, high = estimate(row["estimate"], row["low"], row["high"])
        cells.append(
            [row["metric"], row["method"], value, low, high, row["unit"] or "",
             row["n_treatment"], row["n_baseline"], number(row["p_support"]),
             number(row["p_refute"])]
        )  # fmt: skip
    console.table(
        ["metric", "test", ">difference", ">low", ">high", "unit", ">n", ">n base", ">p for",
         ">p against"],
        cells,
    )  # fmt: skip


def _say_units(console: Console, found: Chain) -> None:
    if not found.units:
        return
    console.say("\n" + console.styled("units", "bold"))
    cells = [
        [row["name"], row["metric"], row["kind"], row["n"], number(row["delta"]),
         number(row["scale"]), number(row["normalized_delta"]), number(row["confidence"])]
        for row in found.units
    ]  # fmt: skip
    console.table(
        ["experiment", "metric", "kind", ">n", ">delta", ">scale", ">normalized", ">confidence"],
        cells,
    )


def _say_runs(console: Console, found: Chain) -> None:
    if not found.runs:
        return
    console.say("\n" + console.styled("runs", "bold"))
    cells = [
        [row["part"], "" if row["place"] is None else row["place"], row["run_id"],
         row["record_digest"], row["why"]]
        for row in sorted(found.runs, key=_by_part)
    ]  # fmt: skip
    console.table(["part", ">place", "=run", "=record", "why"], cells)


def _by_part(row: dict[str, Any]) -> tuple[int, int, str]:
    order = ("treatment", "baseline", "none")
    place = row["place"]
    return order.index(row["part"]), 1 << 60 if place is None else place, row["run_id"]


def _say_parts(console: Console, title: str, found: list[Part]) -> None:
    console.say(console.styled(safe(title), "bold"))
    if not found:
        console.note("no hypothesis is registered in its project")
    for one in found:
        row, run = one.hypothesis, one.run
        place = "" if run is None or run["place"] is None else f", place {run['place']}"
        part = "no part" if run is None or run["part"] == "none" else f"{run['part']}{place}"
        console.say(f"\n{safe(row['hypothesis'])}  {safe(row['verdict'])}  ({part})")
        console.say(f"  {safe(one.why)}")
        if run is not None:
            console.say(f"  record {run['record_digest']}")
