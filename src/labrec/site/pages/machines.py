"""The machines of a lab: a list of them, and a page of each with its facts, runs and telemetry."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.record.wording import MISSING, counted, duration, listed, number, percent, size
from labrec.site import urls
from labrec.site.charts.figure import as_csv
from labrec.site.listing import Cell, Column, Listing, amount, listing, moment, words
from labrec.site.machines import Machine, machines, runs_of
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.pages.drift import hardware
from labrec.site.rows_trends import Drift

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labrec.site.collect import Site
    from labrec.site.listing import Mark
    from labrec.site.machines import Channel, Fact
    from labrec.site.rows import Run

MOST_RUNS: Final = 1000
"""Runs that the page of a machine lists, the newest; its CSV has all."""

READ_FROM: Final = {
    "architecture": "uname", "kernel": "uname", "cpu_name": "/proc/cpuinfo",
    "logical_cores": "processors on line, /sys/devices/system/cpu",
    "physical_cores": "their topology, /sys/devices/system/cpu", "memory": "/proc/meminfo",
    "virtualisation": "hypervisor, firmware and processor flags",
    "gpus": "driver files (AMD), NVML (NVIDIA)", "product": "firmware or device tree",
    "affinity": "processors that the run may use", "cpu_limit": "control groups",
    "memory_limit": "control groups", "container": "signs of a container",
    "governor": "frequency policy, /sys", "boost": "frequency policy, /sys",
    "throttled": "events since the machine started, /sys", "power_source": "power supplies, /sys",
    "load": "load of one minute", "memory_available": "/proc/meminfo",
    "huge_pages": "/sys/kernel/mm", "scheduler_job": "variables of the batch system",
}  # fmt: skip
"""How each fact is measured (docs/hardware.md), in short."""

_BYTES = "B"


class Rows(NamedTuple):
    """What the page of one machine is made from: its runs, what they say of it, its drift."""

    machine: Machine
    drift: tuple[Drift, ...]


def pages(site: Site) -> Iterator[Draft]:
    """Yield the page of every machine."""
    drifts = {
        project.name: [row for row in site.rows_of(Drift, project.name) if row.verdict == "drift"]
        for project in site.projects
    }
    for machine in machines(site):
        url = url_of(machine.machine_id)
        if not url:  # an id of another making: it stands in the list alone
            continue
        here = {(run.project, run.experiment, run.hardware_id) for run in machine.runs}
        ours = [
            row
            for name in sorted({run.project for run in machine.runs})
            for row in drifts[name]
            if (name, row.experiment, row.hardware_id) in here
        ]
        rows = Rows(machine, tuple(ours))
        yield Draft(url, "machine", inputs_of(_shown(machine), rows.drift), partial(page, rows))


def _shown(machine: Machine) -> tuple[Any, ...]:
    """Return everything of a machine that its page shows."""
    runs = [
        (run.project, run.run_id, run.name, run.status, run.standing,
         run.started and run.started.timestamp(), run.duration_s, run.experiment,
         run.record_digest, run.hardware_id, run.tier, run.cpu_model, run.gpu_model,
         run.memory_bytes)
        for run in machine.runs
    ]  # fmt: skip
    return machine.machine_id, runs, machine.facts, machine.channels


def url_of(machine_id: str) -> str:
    """Return the page of a machine; empty where its id is none that labrec makes."""
    return urls.machine(machine_id) if urls.is_machine(machine_id) else ""


# --- all machines -----------------------------------------------------------------------------


def all_pages(site: Site) -> Iterator[Draft]:
    """Yield the list of all machines."""
    found = [Machine(name, runs, (), ()) for name, runs in runs_of(site).items()]
    rows = [_row(machine) for machine in found]
    unknown = sum(not run.machine_id for project in site.projects for run in project.runs)
    inputs = inputs_of(rows, unknown)
    yield Draft(urls.MACHINES, "machines", inputs, partial(_all_page, found, rows, unknown))


def _row(machine: Machine) -> list[Cell]:
    run = machine.newest
    starts = [one.started for one in machine.runs if one.started is not None]
    projects = Counter(one.project for one in machine.runs)
    return [
        words(machine.machine_id, url_of(machine.machine_id)),
        words(run.cpu_model or "not known"),
        words(run.gpu_model or "none known"),
        amount(run.memory_bytes, size(run.memory_bytes)),
        words(run.tier or "not known"),
        words(hardware(run.hardware_id)),
        amount(len(machine.runs)),
        words(", ".join(f"{name} ({count:,})" for name, count in sorted(projects.items()))),
        moment(min(starts, default=None)),
        moment(max(starts, default=None)),
    ]


def _all_page(found: Sequence[Machine], rows: Sequence[Sequence[Cell]], unknown: int) -> Page:
    columns = [
        Column("Machine", "text", "its name in this lab"),
        Column("Processor"),
        Column("Accelerator"),
        Column("Memory", "number"),
        Column("Tier", "choice"),
        Column("Model", "choice", "hardware id"),
        Column("Runs", "number"),
        Column("Projects"),
        Column("First run", "number", "UTC"),
        Column("Last run", "number", "UTC"),
    ]
    header = [column.title for column in columns]
    return Page(
        url=urls.MACHINES,
        kind="machines",
        title="Machines",
        crumbs=(Crumb("Home", urls.HOME), Crumb("Machines", "")),
        context={
            "summary": _all_summary(found, unknown),
            "listing": listing("machines", "Machines", columns, rows, "machines.csv")
            if rows
            else None,
            "data_url": urls.DATA,
        },
        files={"machines.csv": as_csv(header, ([cell.text for cell in row] for row in rows))},
    )


def _all_summary(found: Sequence[Machine], unknown: int) -> str:
    runs = sum(len(machine.runs) for machine in found)
    models = len({run.hardware_id for machine in found for run in machine.runs if run.hardware_id})
    said = "No run names its machine."
    if found:
        said = (
            f"{counted(runs, 'run')} on {counted(len(found), 'machine')} of "
            f"{counted(models, 'model')}."
        )
    if unknown:
        said += f" {counted(unknown, 'run')} {'does' if unknown == 1 else 'do'} not name a machine."
    return said


# --- one machine ------------------------------------------------------------------------------


def page(rows: Rows) -> Page:
    """Return the page of a machine."""
    machine = rows.machine
    run = machine.newest
    parts = [fact for fact in machine.facts if fact.kind == "field"]
    states = [fact for fact in machine.facts if fact.kind != "field"]
    return Page(
        url=urls.machine(machine.machine_id),
        kind="machine",
        title=f"Machine {machine.machine_id}",
        crumbs=(
            Crumb("Home", urls.HOME), Crumb("Machines", urls.MACHINES),
            Crumb(machine.machine_id, ""),
        ),
        context={
            "machine_id": machine.machine_id,
            "summary": _summary(machine),
            "hardware_ids": sorted({one.hardware_id for one in machine.runs if one.hardware_id}),
            "tier": run.tier or "not known",
            "projects": _projects(machine),
            "facts": [_fact(fact, len(machine.runs)) for fact in parts if fact.runs],
            "states": [_fact(fact, len(machine.runs)) for fact in states if fact.runs],
            "absent": [(fact.field, listed(list(fact.reasons)) or "not said")
                       for fact in machine.facts if not fact.runs],
            "channels": [_channel(one) for one in machine.channels if one.runs],
            "silent": [(one.channel, listed(list(one.reasons)) or "not said")
                       for one in machine.channels if not one.runs],
            "drift": [row.sentence for row in rows.drift],
            "listing": _runs(machine),
            "data_url": urls.DATA,
        },
    )  # fmt: skip


def _summary(machine: Machine) -> str:
    run = machine.newest
    facts = {fact.field: fact for fact in machine.facts}
    parts = [run.cpu_model or "a processor that is not known"]
    cores = facts.get("physical_cores")
    if cores is not None and cores.high is not None:
        parts.append(counted(int(cores.high), "core"))
    if run.memory_bytes is not None:
        parts.append(f"{size(run.memory_bytes)} of memory")
    parts.append(run.gpu_model or "no accelerator known")
    ended = Counter(one.status for one in machine.runs)
    statuses = listed([f"{count:,} {status}" for status, count in sorted(ended.items())])
    days = sorted(one.started for one in machine.runs if one.started is not None)
    when = f", {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}" if days else ""
    return (
        f"{listed(parts)}. {counted(len(machine.runs), 'run')} of "
        f"{counted(len({one.project for one in machine.runs}), 'project')}{when}: {statuses}."
    )


def _projects(machine: Machine) -> list[dict[str, Any]]:
    counts = Counter(run.project for run in machine.runs)
    return [
        {"name": name, "count": count, "href": urls.project(name),
         "hardware": urls.section(name, "hardware")}
        for name, count in sorted(counts.items())
    ]  # fmt: skip


def _fact(fact: Fact, runs: int) -> dict[str, str]:
    said = "" if fact.runs == runs else f"{fact.runs:,} of {counted(runs, 'run')}"
    if fact.reasons:
        said = f"{said}; else {listed(list(fact.reasons))}" if said else ""
    return {
        "name": fact.field,
        "value": _value(fact),
        "from": READ_FROM.get(fact.field, "see the record"),
        "said": said,
    }


def _value(fact: Fact) -> str:
    unit = f" {fact.unit}" if fact.unit and fact.unit != _BYTES else ""
    if fact.different == 1:
        if fact.unit == _BYTES and fact.low is not None:
            return size(int(fact.low))
        none = fact.values[0] in {"none", "[]"}
        return "none" if none else f"{fact.values[0]}{unit}"
    if fact.low is not None and fact.high is not None:
        if fact.unit == _BYTES:
            return f"{size(int(fact.low))} to {size(int(fact.high))}"
        return f"{number(fact.low)} to {number(fact.high)}{unit}"
    more = fact.different - len(fact.values)
    return f"{', '.join(fact.values)}{f' and {more} more' if more > 0 else ''}{unit}"


def _channel(one: Channel) -> dict[str, str]:
    def shown(value: float | None) -> str:
        if value is None:
            return MISSING
        return size(round(value)) if one.unit == _BYTES else number(value)

    means = shown(one.mean_low)
    if one.mean_high is not None and one.mean_high != one.mean_low:
        means = f"{means} to {shown(one.mean_high)}"
    return {
        "name": one.channel,
        "unit": "" if one.unit == _BYTES else one.unit or "",
        "low": shown(one.low),
        "means": means,
        "high": shown(one.high),
        "runs": f"{one.runs:,}",
        "coverage": MISSING if one.coverage is None else percent(one.coverage),
        "sensor": ", ".join(filter(None, (one.sensor, one.method))),
    }


# --- its runs ---------------------------------------------------------------------------------


def _runs(machine: Machine) -> Listing:
    columns = [
        Column("Run"),
        Column("Project", "choice"),
        Column("Status", "choice"),
        Column("Standing", "choice"),
        Column("Started", "number", "UTC"),
        Column("Duration", "number"),
    ]
    newest = list(reversed(machine.runs))[:MOST_RUNS]
    more = len(machine.runs) - len(newest)
    caption = f"Runs on this machine, the newest {MOST_RUNS:,}" if more else "Runs on this machine"
    return listing("runs", caption, columns, [_run(run) for run in newest], table="runs")


def _run(run: Run) -> list[Cell]:
    mark: Mark = run.status if run.status in _STATUSES else ""  # type: ignore[assignment]
    return [
        words(run.name or run.run_id[:13], urls.run(run.project, run.run_id)),
        words(run.project),
        words(run.status, mark=mark),
        words(run.standing, mark="" if run.counts else "aside"),
        moment(run.started),
        amount(run.duration_s, duration(run.duration_s)),
    ]


_STATUSES = frozenset({"complete", "failed", "interrupted", "planned"})
