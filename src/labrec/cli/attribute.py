"""``labrec attribute``: what each factor of a design does, and which runs would tell more."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any, Final

import click

from labrec.cli.analyze import out_option
from labrec.cli.console import safe
from labrec.cli.world import World, at_option, json_option, pass_world

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from labrec.analytics.attributed import Attributed
    from labrec.analytics.attribution.plan import Plan, PlannedRun

_NOT_DERIVED: Final = 3
_SHOWN: Final = 5  # designs whose effects are shown when none is named
_LISTED: Final = 12  # cells named in a line
_DIGITS: Final = 8  # of a design's digest
_ORDER: Final = (
    "shapley", "main", "interaction", "leave-one-out", "add-one", "shapley-interaction", "banzhaf",
)  # fmt: skip
_USUAL: Final = frozenset(("shapley", "main", "interaction", "leave-one-out", "add-one"))


@click.command(
    epilog="\b\nExamples:\n  labrec attribute stdlib-lm --metric bits_per_byte\n"
    "  labrec attribute stdlib-lm --metric bits_per_byte --plan --replicates 5 > plan.sh\n"
    "  sh plan.sh"
)
@click.argument("project")
@click.option("--metric", metavar="M", help="What was measured; all metrics when left out.")
@click.option("--design", metavar="ID", help="One design: its name, or how its digest begins.")
@click.option("--all", "every", is_flag=True, help="Show every effect of every order.")
@click.option("--plan", "wants_plan", is_flag=True, help="Print the runs that the design lacks.")
@click.option("--main", is_flag=True, help="Plan only what main effects need.")
@click.option(
    "--replicates", metavar="N", type=click.IntRange(min=1),
    help="Plan so many runs of each cell; as many as the measured ones when left out.",
)  # fmt: skip
@out_option
@at_option
@json_option
@pass_world
def command(
    world: World, /, project: str, metric: str | None, design: str | None, every: bool,
    wants_plan: bool, **given: Any,
) -> int:  # fmt: skip
    """Say what switching each factor on does, with intervals, and how sure that is.

    The tables are made first where the lab has changed. With --plan, prints a script for sh that
    makes the runs that are lacking, in the root of the program's code: it is learnt from the
    records, so read it before you run it. Exit code 3 says that some of its runs could not be
    derived; they stand in it as comments, with the features that they need.
    """
    from labrec.analytics.attributed import attributed  # brings pyarrow in
    from labrec.cli.query import made_tables

    folder = made_tables(world, given["out"], given["at"])
    found = attributed(folder, project, metric, design)
    if wants_plan:
        return _plan(world, folder, found, given)
    world.answer([one.to_json() for one in found], lambda: _show(world, found, every=every))
    return 0


# --- effects ------------------------------------------------------------------------------------


def _show(world: World, found: Sequence[Attributed], *, every: bool) -> None:
    for place, one in enumerate(found[:_SHOWN]):
        if place:
            world.console.say()
        _design(world, one)
        _effects(world, one, every=every)
        _sentences(world, one)
        _unknown(world, one)
    rest = found[_SHOWN:]
    if rest:
        world.console.say()
        world.console.say("Further designs, by --design:")
        rows = [[_id(one), one.design["name"], one.design["metric"], one.design["n_cells"]]
                for one in rest]  # fmt: skip
        world.console.table(["  design", "name", "metric", ">cells"], rows)


def _design(world: World, one: Attributed) -> None:
    from labrec.record.wording import better, counted

    design = one.design
    unit = f" in {safe(design['unit'])}" if design["unit"] else ""
    way = better(design["direction"])
    title = f"{safe(design['metric'])}{unit}" + (f", {way}" if way else "")
    world.console.say(world.console.styled(title, "bold") + f": design {_id(one)}")
    where = {
        "run": f"within the run {safe(design['name'])}",
        "declared": f"factors declared in project.yaml ({safe(design['name'])})",
        "found": f"found below {safe(design['name'])}: exploratory",
    }[design["source"]]
    every = 1 << len(design["factors"])
    parts = [
        f"{design['n_cells']:,} of {every:,} cells ({design['shape']})",
        counted(design["n_values"], "value"),
        counted(design["n_experiments"], "experiment"),
        counted(design["n_machines"], "machine"),
    ]
    parts += [f"{counted(design['blocks'], 'seed')} as blocks"] if design["blocks"] else []
    parts += [f"{counted(design['n_missing'], 'run')} without a value"] * bool(design["n_missing"])
    world.console.say(f"{where}; {', '.join(parts)}")
    if design["note"]:
        world.console.say(safe(design["note"]))


def _effects(world: World, one: Attributed, *, every: bool) -> None:
    from labrec.record.wording import percent

    shown = [row for row in one.effects if every or _is_usual(row)]
    shown.sort(key=_place)
    rows = [
        [row["kind"], row["effect"], *_numbers(row), row["finding"] if row["identifiable"] else
         "not identifiable"]
        for row in shown
    ]  # fmt: skip
    level = percent(one.design["level"])
    world.console.table(
        ["effect", "of", ">estimate", f">{level} interval", ">p (Holm)", "finding"], rows
    )
    if len(shown) < len(one.effects):
        world.console.say(f"{len(one.effects) - len(shown):,} more effects with --all")


def _place(row: dict[str, Any]) -> tuple[int, int, str]:
    """Return what effects are ordered by: kind, order, then their factors' places."""
    return _ORDER.index(row["kind"]), row["on"].count("1"), row["on"][::-1]


def _is_usual(row: dict[str, Any]) -> bool:
    return row["kind"] in _USUAL and row["on"].count("1") <= 2  # noqa: PLR2004 - pairs


def _numbers(row: dict[str, Any]) -> tuple[str, str, str]:
    from labrec.record.wording import estimate, p_value

    if row["estimate"] is None:
        return "", "", ""
    value, low, high = estimate(row["estimate"], row["low"], row["high"])
    interval = f"{low} to {high}" if row["low"] is not None else "none"
    p = p_value(row["p_holm"]).removeprefix("p = ").removeprefix("p ")
    return value, interval, p if row["p_holm"] is not None else ""


def _sentences(world: World, one: Attributed) -> None:
    for row in sorted(one.effects, key=_place):
        if row["kind"] == "shapley" and row["sentence"]:
            world.console.say(safe(row["sentence"]))
    for row in sorted(one.efficiencies, key=lambda row: (row["cost"], _place(row))):
        if row["kind"] == "shapley" and row["ratio"] is not None:
            world.console.say(_efficiency(row))


def _efficiency(row: dict[str, Any]) -> str:
    from labrec.record.wording import estimate, percent

    value, low, high = estimate(row["ratio"], row["low"], row["high"])
    own, cost = ("" if row[column] in {None, "1"} else safe(row[column])
                 for column in ("unit", "cost_unit"))  # fmt: skip
    unit = f"{own or 1}/{cost}" if cost else own
    interval = ""
    if row["low"] is not None:
        interval = f" ({percent(row['level'])} interval {low} to {high})"
    price = f"{value} {unit}".rstrip() + interval
    return f"{safe(row['effect'])} for each unit of {safe(row['cost'])}: {price}"


def _unknown(world: World, one: Attributed) -> None:
    """Say what the cells do not determine, and which would."""
    design = one.design
    unclear = [row for row in one.effects if not row["identifiable"]]
    if not design["n_needed"]:
        return
    kinds = ", ".join(kind for kind in _ORDER if any(row["kind"] == kind for row in unclear))
    if unclear:
        world.console.say(f"Not identifiable: {len(unclear):,} effects ({kinds}).")
    world.console.say(_cells("Cells to run for all of it", design["needed"], design["n_needed"]))
    if design["needed_main"]:
        few = design["needed_main"]
        world.console.say(_cells("For main effects alone", few, len(few)))
    if design["source"] != "run":
        words = ("labrec", "attribute", design["project"], "--design", _id(one), "--plan")
        world.console.say(f"`{safe(shlex.join(words))}` prints how to run them.")


def _cells(what: str, listed: Sequence[str], count: int) -> str:
    shown = ", ".join(listed[:_LISTED])
    return f"{what}: {shown}{', …' if count > len(listed[:_LISTED]) else ''} ({count:,})."


def _id(one: Attributed) -> str:
    return str(one.design["design"]).removeprefix("sha256:")[:_DIGITS]


# --- plan ---------------------------------------------------------------------------------------


def _plan(world: World, folder: Path, found: Sequence[Attributed], given: dict[str, Any]) -> int:
    """Print the plans of the designs across experiments, once for all metrics of one."""
    from labrec.analytics.attributed import planned

    view = world.lab.view(given["at"])
    across = [one for one in found if one.design["source"] != "run"] or list(found[:1])
    chosen = {one.design["name"]: one for one in reversed(across)}
    plans = [
        planned(view, folder, one, main=given["main"], replicates=given["replicates"])
        for one in reversed(chosen.values())
    ]
    world.answer([one.to_json() for one in plans], lambda: _scripts(world, plans))
    return 0 if all(plans) else _NOT_DERIVED


def _scripts(world: World, plans: Sequence[Plan]) -> None:
    for place, one in enumerate(plans):
        if place:
            world.console.say()
        for line in script(one):
            world.console.say(line)


def script(plan: Plan) -> Iterator[str]:
    """Yield a plan as lines for sh; what cannot be run is a comment."""
    from labrec.record.wording import counted

    runs = counted(len(plan.runs), "run")
    yield f"# {safe(plan.metric)}, {safe(plan.name)}: {runs} of {counted(len(plan.cells), 'cell')}."
    if not plan.runs:
        yield "# Nothing is lacking."
        return
    yield "# Learnt from the records: read it, then run it with sh in the root of the code."
    for sentence in plan.advice:
        yield f"# {safe(sentence)}"
    if plan.left_out:
        yield f"# {plan.left_out:,} further runs are left out."
    yield "set -e"
    written: set[str] = set()
    for run in plan.runs:
        yield from _run(run, written)


def _run(run: PlannedRun, written: set[str]) -> Iterator[str]:
    on = ", ".join(map(safe, run.on)) or "nothing"
    seeds = "".join(f", {safe(name)} {value}" for name, value in run.seeds.items())
    yield ""
    yield f"# cell {run.cell}: {on} on{seeds}"
    if not run.command:
        yield f"# not derived: {safe(run.problem)}. Run it by hand with these features:"
        yield f"#   {json.dumps(run.features)}"
        return
    for path, text in run.files.items():
        if path not in written:
            written.add(path)
            yield from _file(path, text)
    words = shlex.join(run.command)
    if run.cwd in {".", ""}:
        yield words
    else:
        folder = shlex.quote(run.cwd)
        yield f"(mkdir -p {folder} && cd {folder} && {words})"


def _file(path: str, text: str) -> Iterator[str]:
    folder = path.rpartition("/")[0]
    if folder:
        yield f"mkdir -p {shlex.quote(folder)}"
    yield f"cat > {shlex.quote(path)} <<'LABREC_END'"
    yield text.rstrip("\n")  # JSON in ASCII, no line of which is the mark
    yield "LABREC_END"
