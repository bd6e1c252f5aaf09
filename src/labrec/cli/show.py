"""``labrec show``: one run, readable."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from labrec.cli.console import safe
from labrec.cli.log import duration, number
from labrec.cli.world import World, at_option, json_option, pass_world
from labrec.lineage.features import flatten
from labrec.record.text import size
from labrec.record.values import from_json
from labrec.record.wording import accelerators, better

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from labrec.catalog.definition import MetricDefinition
    from labrec.lineage.fold import Folded
    from labrec.noted import Said, Told
    from labrec.reader import RunReader
    from labrec.states import States
    from labrec.store.view import View

_LONG = 100  # characters of a value on one line
_STYLES = {"complete": "green", "failed": "red", "interrupted": "yellow"}

Row = tuple[str, object]


@click.command(
    epilog="\b\nExamples:\n  labrec show 0199a4\n  labrec show 12_from_8_lr --json\n"
    "  labrec show 0199a4 --raw | sha256sum"
)
@click.argument("run")
@click.option("--raw", is_flag=True, help="Print the stored bytes of the record, unchanged.")
@at_option
@json_option
@pass_world
def command(world: World, run: str, raw: bool, at: str | None) -> None:
    """Show what is recorded of one run, and what was said about it since.

    RUN is an id, at least four digits of its beginning, a name, or a citation. What notes changed
    is shown as they leave it, with what the record says.
    """
    from labrec.noted import find_run
    from labrec.reader import RunReader

    view = world.lab.view(at)
    found = RunReader(view, find_run(view, run))
    if raw:
        sys.stdout.flush()
        sys.stdout.buffer.write(found.data)
        return
    from labrec.states import malformed

    with malformed(found):
        _answer(world, view, found)
    if not world.json:
        world.tell_waiting()


def _answer(world: World, view: View, found: RunReader) -> None:
    defined = _defined(view, found)
    from labrec.noted import said_of, told
    from labrec.states import by_hand, states_of

    states = states_of(view, found)
    said = said_of(view, found.entry)
    experiment = said.everything.on(found.project, "experiment", str(found.config_digest))
    notes = [*told(said.everything, said.folded), *told(said.everything, experiment)]
    world.answer(
        {
            "citation": found.citation,
            "path": found.entry.path,
            "states": states._asdict(),
            "by_hand": list(by_hand(found)),
            "noted": _noted(found, said),
            "defined": {name: _definition(one) for name, one in defined.items()},
            "notes": [one.to_json() for one in notes],
            "record": found.record,
        },
        lambda: _text(world, found, states, (said, notes, defined)),
    )


def _defined(view: View, run: RunReader) -> dict[str, MetricDefinition]:
    """Return the definitions of the metrics that a run logged."""
    from labrec.catalog.metrics import counting  # reads documents: not needed for --raw

    named = run.section("metrics").get("values", {})
    return {name: one for name, one in counting(view, run.project).items() if name in named}


def _definition(one: MetricDefinition) -> dict[str, Any]:
    return {"digest": one.digest, "unit": one.unit, "direction": one.direction,
            "aggregation": str(one.aggregation)}  # fmt: skip


def _noted(run: RunReader, said: Said) -> dict[str, Any]:
    """Return the run as notes leave it."""
    lineage, folded = run.section("lineage"), said.folded
    links = [
        (link["slug"], link["registration"], link["linked"])
        for link in lineage.get("hypotheses", [])
    ]
    return {
        "standing": said.standing,
        "name": folded.name(run.name),
        "tags": folded.tags.apply(run.tags),
        "outcome": folded.outcome(lineage.get("outcome")),
        "parents": folded.parents(lineage.get("parents", [])),
        "hypotheses": [
            dict(zip(("slug", "registration", "linked"), link, strict=True))
            for link in folded.hypotheses(links)
        ],
        "conflicts": sorted(folded.conflicts),
    }


def _text(
    world: World,
    run: RunReader,
    states: States,
    later: tuple[Said, Sequence[Told], Mapping[str, MetricDefinition]],
) -> None:
    console = world.console
    said, notes, defined = later
    status = console.styled(safe(run.status), _STYLES.get(run.status, "bold"))
    if said.standing != "counts":
        status += "  " + console.styled(said.standing, "red")
    name = said.folded.name(run.name)
    console.say(console.styled(safe(f"{run.project}/{name}"), "bold") + f"  {status}")
    _say_notes(world, said, notes)
    for title, rows in _sections(run, said.folded, defined):
        if not rows:
            continue
        console.say("\n" + console.styled(title, "bold"))
        width = min(28, max(len(safe(key)) for key, _ in rows))
        for key, value in rows:
            console.say(f"  {safe(key):<{width}}  {_one_line(value)}".rstrip())
    from labrec.states import by_hand

    console.say(f"\n{console.styled('again, by hand', 'bold')}")
    for line in by_hand(run):
        console.say(f"  {safe(line)}")
    console.say(f"\n{console.styled('state', 'bold')}  {safe(states)}")
    console.say(f"{console.styled('cite', 'bold')}   {run.citation}")


def _say_notes(world: World, said: Said, notes: Sequence[Told]) -> None:
    from labrec.cli.noted import conflict_lines, say_notes  # most runs have none

    if notes:
        world.console.say("\n" + world.console.styled("notes", "bold"))
        for line in conflict_lines(said.folded):
            world.console.say(f"  {safe(line)}")
        say_notes(world, notes)
    for problem in said.problems:
        world.console.note(f"{safe(problem.path)} cannot be used: {safe(problem.why)}")


def _one_line(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return safe(text if len(text) <= _LONG else text[: _LONG - 1] + "…")


def _sections(
    run: RunReader, said: Folded, defined: Mapping[str, MetricDefinition]
) -> Iterator[tuple[str, list[Row]]]:
    yield "run", list(_identity(run, said))
    yield "lineage", list(_lineage(run, said))
    yield "command", list(_command(run))
    tree = run.section("features").get("tree", {})
    yield "features", [(path, value) for path, value in flatten(tree)]
    yield "seeds", list(run.seeds.items())
    yield "metrics", list(_metrics(run, defined))
    yield "counterfactuals", list(_calls(run))
    yield (
        "files (labrec get RUN NAME)",
        [
            (one.name, f"{size(one.size)}  {one.role}{'' if one.in_lab else '  digest only'}")
            for one in run.files()
        ],
    )
    yield "code", list(_code(run))
    yield "environment", list(_environment(run))
    yield "hardware", list(_facts(run.section("hardware").get("fields", {})))
    yield "telemetry", list(_telemetry(run))
    yield (
        "not in this record as it was",
        [
            (f"{event['kind']} {event['what']}", event["why"])
            for event in run.section("capture").get("events", [])
        ],
    )


def _calls(run: RunReader) -> Iterator[Row]:
    section = run.section("counterfactuals")
    for place, call in enumerate(section.get("calls", []), 1):
        step = call.get("step")
        when = call.get("at") or (f"call {place}" if step is None else f"step {step}")
        cells = call.get("cells", [])
        failed = sum(1 for cell in cells if cell.get("failed") is not None)
        told = [f"{len(cells)} cells" if cells else "cells in @counterfactuals.json"]
        told += [f"{failed} failed"] * bool(failed)
        told += ["cut short"] * (not call["complete"])
        told += [f"afterwards {call['restored']}"] * bool(call.get("restored"))
        names = ", ".join(factor["name"] for factor in call["factors"])
        yield when, f"{names}: {', '.join(told)}"


def _identity(run: RunReader, said: Folded) -> Iterator[Row]:
    identity = run.section("identity")
    times = identity.get("times", {})
    yield "id", run.run_id
    if identity.get("reason"):
        yield "reason", identity["reason"]
    if identity.get("author"):
        yield "author", identity["author"]["name"]
    if identity.get("origin"):
        yield "imported from", f"{identity['origin']['source']}: {identity['origin']['key']}"
    if times.get("started"):
        yield "started", times["started"]
    elif identity.get("origin"):
        yield "started", "undated"
    if times.get("duration_s") is not None:
        yield "took", duration(times["duration_s"])
    yield from _called(run, said)
    if run.config_digest:
        yield "experiment", run.config_digest


def _called(run: RunReader, said: Folded) -> Iterator[Row]:
    """Yield tags, and a name that is not the recorded one."""
    if said.name(run.name) != run.name:
        yield "name", _changed(said.name(run.name), run.name)
    tags = said.tags.apply(run.tags)
    if tags != run.tags:
        yield "tags", _changed(", ".join(tags) or "none", ", ".join(run.tags) or "none")
    elif tags:
        yield "tags", ", ".join(tags)


def _changed(noted: str, recorded: str) -> str:
    return f"{noted} (noted; recorded: {recorded})"


def _lineage(run: RunReader, said: Folded) -> Iterator[Row]:
    lineage = run.section("lineage")
    recorded = lineage.get("parents", [])
    value = said.values.get("reparent")
    noted = value is not None and not value.conflict
    if noted:
        for parent in said.parents(()):
            yield "parent", f"{_parent(parent)} (noted)"
        if not said.parents(()):
            yield "parent", "none (noted)"
    for parent in recorded:
        found = "as asked for" if parent.get("by") == "option" else "by its name"
        yield "recorded parent" if noted else "parent", f"{_parent(parent)} ({found})"
    for key in ("continues", "reproduces", "cell", "intent"):
        if lineage.get(key):
            yield key, lineage[key]
    outcome = said.outcome(lineage.get("outcome"))
    if outcome != lineage.get("outcome"):
        yield "outcome", _changed(str(outcome), lineage.get("outcome") or "none")
    elif outcome:
        yield "outcome", outcome
    links = [
        (link["slug"], link["registration"], link["linked"])
        for link in lineage.get("hypotheses", [])
    ]
    for slug, registration, linked in said.hypotheses(links):
        yield "hypothesis", f"{slug} {registration} (linked {linked})"


def _parent(parent: dict[str, Any]) -> str:
    known = parent.get("run_id") or parent.get("config_digest") or "dangling: not in this lab"
    return " ".join(filter(None, [parent.get("name"), known]))


def _command(run: RunReader) -> Iterator[Row]:
    section = run.section("command")
    if section.get("argv"):
        import shlex  # only where there is a command

        yield "argv", shlex.join(section["argv"])
        if section.get("options"):
            yield "recorded with", shlex.join(section["options"])
    if section.get("cwd"):
        yield "in", section["cwd"]
    if section.get("exit_code") is not None:
        yield "exit code", section["exit_code"]
    if section.get("signal"):
        yield "signal", section["signal"]


def _metrics(run: RunReader, defined: Mapping[str, MetricDefinition]) -> Iterator[Row]:
    for name, summary in run.section("metrics").get("values", {}).items():
        meaning = defined.get(name)
        said, unit = summary.get("unit"), summary.get("unit")
        direction = summary.get("direction")
        if meaning is not None:
            unit, direction = meaning.unit or unit, meaning.direction or direction
        text = number(from_json(summary["last"]))
        text += f" {unit}" if unit and unit != "1" else ""
        way = better(direction)
        text += f", {way}" if way else ""
        if meaning is not None:
            text += _meant(meaning, unit, said)
        if summary["count"] > 1:
            low, high = (number(from_json(summary[key])) for key in ("min", "max"))
            text += f"  ({summary['count']} points, {low} … {high})"
        yield name, text


def _meant(meaning: MetricDefinition, unit: str | None, said: str | None) -> str:
    """Say what a definition changes, besides unit and direction."""
    parts = [f"the run says {said}"] if said is not None and said != unit else []
    if str(meaning.aggregation) != "last":
        parts.append(f"{meaning.aggregation} counts")
    return f" (defined{''.join(f'; {part}' for part in parts)})"


def _code(run: RunReader) -> Iterator[Row]:
    section = run.section("code")
    if section.get("kind") == "none":
        yield "not captured", section.get("reason") or ""
        return
    for key in ("commit", "branch", "files", "remote", "digest"):
        if section.get(key) is not None:
            yield key, section[key]
    if section.get("dirty"):
        yield "dirty", "with changes that were not committed"


def _environment(run: RunReader) -> Iterator[Row]:
    section = run.section("environment")
    for key in ("interpreter", "os"):
        if isinstance(section.get(key), dict):
            yield key, " ".join(str(part) for part in section[key].values() if part)
    packages = section.get("packages", {})
    if packages:
        yield "packages", ", ".join(f"{name} {version}" for name, version in packages.items())
    if section.get("level"):
        yield "level", section["level"]


def _facts(fields: dict[str, Any]) -> Iterator[Row]:
    for name, fact in fields.items():
        known = accelerators(fact.get("value")) if name == "gpus" else None
        yield name, known or _fact(fact)


def _fact(fact: dict[str, Any]) -> str:
    if "unavailable" in fact:
        return f"unavailable: {fact['unavailable']}"
    value = fact.get("value")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"{text} {fact['unit']}" if fact.get("unit") else text


def _telemetry(run: RunReader) -> Iterator[Row]:
    for name, channel in run.telemetry().items():
        if "unavailable" in channel:
            yield name, f"unavailable: {channel['unavailable']}"
        else:
            mean, high = (number(from_json(channel[key])) for key in ("mean", "max"))
            yield name, f"mean {mean}, max {high} {channel.get('unit') or ''}".rstrip()
