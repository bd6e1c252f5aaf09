"""The figures of a hypothesis: the difference it rests on, what adds up to E, and its history."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.lineage.note_words import title
from labrec.record.text import one_line
from labrec.record.wording import counted, estimate, listed, number, percent
from labrec.site import urls
from labrec.site.charts.bars import (
    BETTER,
    MOST_BARS,
    OPEN,
    TOTAL,
    WORSE,
    About,
    Bar,
    Held,
    bars,
)
from labrec.site.charts.figure import as_csv
from labrec.site.charts.history import ASIDE, BASELINE, TREATMENT, Came, Event, history

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from labrec.site.charts import Figure
    from labrec.site.pages.dossier import Dossier, Ran
    from labrec.site.rows import Note
    from labrec.site.rows_hypotheses import Primary, Unit

_NAME: Final = 60  # characters of a name in a figure


class Happened(NamedTuple):
    """One event of a history, as the list below it shows it.

    Attributes:
        sign: What stands beside its line.
        time: When.
        text: What it was.
    """

    sign: str
    time: datetime
    text: str


# --- the difference -----------------------------------------------------------------------------


def differences(found: Dossier) -> list[Figure]:
    """Return a figure of each primary metric: the difference that decides, with its interval."""
    return [
        _difference(found, one, f"difference-{at}")
        for at, one in enumerate(found.primaries, start=1)
        if one.estimate is not None
    ]


def _difference(found: Dossier, one: Primary, name: str) -> Figure:
    unit = f" {one_line(one.unit, 20)}" if one.unit and one.unit != "1" else ""
    way = "lower" if one.direction == "minimize" else "higher"
    metric = one_line(one.metric, _NAME)
    interim = " (interim)" if found.row.interim else ""
    rows = [
        _row(f"runs that decide{interim}", one.estimate, (one.low, one.high), unit, one.level,
             _look(found, one))
    ]  # fmt: skip
    if one.exploratory_estimate is not None:
        rows.append(
            _row("linked later, decides nothing", one.exploratory_estimate,
                 (one.exploratory_low, one.exploratory_high), unit, None, OPEN)
        )  # fmt: skip
    levels = (Held(one.delta, f"delta, {number(one.delta)}{unit}"),) if one.delta else ()
    about = About(
        f"{metric}: difference in the claimed direction",
        f"difference of {metric}{f' ({unit.strip()})' if unit else ''}, right = as claimed ({way})",
        _difference_said(found, one, metric, unit),
        levels,
    )
    csv = as_csv(
        ("runs", "metric", "estimate", "low", "high", "level", "delta", "unit"),
        [
            ("deciding", one.metric, one.estimate, one.low, one.high, one.level, one.delta,
             one.unit),
            ("linked later", one.metric, one.exploratory_estimate, one.exploratory_low,
             one.exploratory_high, None, one.delta, one.unit),
        ][: len(rows)],
    )  # fmt: skip
    return bars(rows, about, name, csv)


def _row(
    name: str,
    value: float | None,
    ends: tuple[float | None, float | None],
    unit: str,
    level: float | None,
    look: int,
) -> Bar:
    low, high = ends
    told, from_, to = estimate(value, low, high) if value is not None else ("none", "", "")
    named = f", {percent(level)} interval" if level is not None else ","
    interval = f"{named} {from_} to {to}" if low is not None else ", no interval"
    return Bar(name, f"{told}{unit}{interval}", 0.0, value, low, high, look)


def _look(found: Dossier, one: Primary) -> int:
    """Return the look of the verdict, on the metrics that it rests on."""
    row = found.row
    if row.verdict == "supported" and (one.leads or row.decision == "all"):
        return BETTER
    return WORSE if row.verdict == "refuted" and one.leads else OPEN


def _difference_said(found: Dossier, one: Primary, metric: str, unit: str) -> str:
    bound = "above 0" if not one.delta else f"above delta, {number(one.delta)}{unit}"
    leads = "It leads. " if one.leads and len(found.primaries) > 1 else ""
    asked = f"{leads}The claim holds where the whole interval lies {bound}"
    against = "below 0" if not one.delta else "below delta"
    value, low, high = estimate(one.estimate or 0.0, one.low, one.high)
    interval = f"{low} to {high}" if one.low is not None else "none"
    return (
        f"{metric} differs by {value}{unit}, interval {interval}, n = {one.n_treatment} against "
        f"{one.n_baseline}. {asked}, and fails where it lies {against}."
    )


# --- what adds up to E --------------------------------------------------------------------------


def waterfall(found: Dossier, root: str) -> Figure | None:
    """Return what each unit adds to E, the largest first, with the running total; None = no E."""
    row = found.row
    units = sorted(
        (one for one in found.units if one.kind == "confirmatory" and one.contribution is not None),
        key=lambda one: (-(one.contribution or 0.0), one.name, one.metric),
    )
    if row.score is None or not units:
        return None
    total, rows, kept = 0.0, [], []
    several = len(found.primaries) > 1
    for unit in units:
        before, total = total, total + (unit.contribution or 0.0)
        kept.append((unit, total))
        rows.append(_contribution(unit, (before, total), root, several=several))
    if len(rows) >= MOST_BARS:
        rest = rows[MOST_BARS - 2 :]
        rows = rows[: MOST_BARS - 2]
        rows.append(Bar(f"{len(rest)} further units", "together", rest[0].start, total, look=OPEN))
    rows.append(Bar("E", f"{number(row.score)} in all", 0.0, row.score, look=TOTAL))
    about = About(
        "What each unit contributes to E",
        "running total of confidence × weight × normalized difference",
        _waterfall_said(found, units),
        (Held(row.threshold, f"T = {number(row.threshold)}: E of a supported claim is above it"),),
    )
    csv = as_csv(
        ("experiment", "name", "metric", "normalized_delta", "weight", "confidence",
         "contribution", "running_total"),
        ((one.experiment, one.name, one.metric, one.normalized_delta, one.weight, one.confidence,
          one.contribution, so_far) for one, so_far in kept),
    )  # fmt: skip
    return bars(rows, about, "waterfall", csv)


def _contribution(unit: Unit, ends: tuple[float, float], root: str, *, several: bool) -> Bar:
    value = unit.contribution or 0.0
    name = one_line(unit.name or unit.experiment[:19], _NAME)
    if several:
        name += f", {one_line(unit.metric, _NAME)}"
    sign = "+" if value > 0 else ""
    return Bar(
        name,
        f"{sign}{number(value)}, total {number(ends[1])}",
        *ends,
        look=BETTER if value > 0 else WORSE if value < 0 else OPEN,
        href=root + urls.experiment(unit.project, unit.experiment),
    )


def _waterfall_said(found: Dossier, units: Sequence[Unit]) -> str:
    row = found.row
    score = row.score or 0.0
    side = "above" if score > row.threshold else "not above"
    said = (
        f"{counted(len(units), 'unit')} of "
        f"{counted(len({unit.experiment for unit in units}), 'experiment')} "
        f"{'adds' if len(units) == 1 else 'add'} up to E = {number(row.score)}, {side} the "
        f"threshold T = {number(row.threshold)}."
    )
    without = sum(one.kind == "confirmatory" and one.contribution is None for one in found.units)
    if without:
        said += f" Without a scale and so left out: {counted(without, 'unit')}."
    return f"{said} E weighs; the interval above decides."


# --- the history --------------------------------------------------------------------------------


def happened(found: Dossier) -> list[Happened]:
    """Return what was registered, reached, decided and said, in order of time."""
    events = [*_registered(found), *_looks(found), *_said(found.notes)]
    events.sort(key=lambda event: event[0])
    return [Happened(str(at), time, text) for at, (time, text) in enumerate(events, start=1)]


def _registered(found: Dossier) -> Iterator[tuple[datetime, str]]:
    for row in found.registrations:
        what = "Amended" if row.amends is not None else "Registered"
        yield row.registered_at, f"{what} by {one_line(row.author, _NAME) or 'nobody named'}"


def _looks(found: Dossier) -> Iterator[tuple[datetime, str]]:
    """Yield when each look was reached: when the last run that it asks for had started."""
    row = found.row
    sizes = [int(size) for size in row.looks if size.isdigit()]
    for at, size in enumerate(sizes, start=1):
        runs = [run for run in found.runs if run.has_place and (run.row.place or 0) <= size]
        times = [run.started for run in runs if run.started is not None]
        if times and row.full is not None and row.full >= size:
            what = f"Look {at} of {len(sizes)}" if len(sizes) > 1 else "The planned runs"
            yield max(times), f"{what}: {counted(size, 'run')} in each arm had started"


def _said(notes: Sequence[Note]) -> Iterator[tuple[datetime, str]]:
    for note in notes:
        what = "verdict kept" if note.kind == "verdict" else title(note.kind)
        heard = "" if note.heard else ", not heard"
        text = f": {one_line(note.text, 120)}" if note.text else ""
        yield note.time, f"{what.capitalize()}{text} ({one_line(note.author, _NAME)}{heard})"


def as_it_came(found: Dossier, root: str) -> Figure | None:
    """Return the evidence as it came; None where no run has a time."""
    row = found.row
    came = [
        _came(run, run.started, row.project, root)
        for run in found.runs
        if run.started is not None
    ]  # fmt: skip
    if not came:
        return None
    events = [Event(one.time, one.sign, one.text) for one in happened(found)]
    unit = f" ({one_line(row.unit, 20)})" if row.unit and row.unit != "1" else ""
    metric = one_line(row.metric, _NAME)
    way = "lower" if row.direction == "minimize" else "higher"
    csv = as_csv(
        ("run_id", "name", "started", "part", "kind", "place", "status", row.metric),
        ((one.row.run_id, one.name, one.started.isoformat() if one.started else None, one.row.part,
          one.row.kind, one.row.place, one.row.status, one.value) for one in found.runs),
    )  # fmt: skip
    said = _history_said(found, len(came))
    about = "Evidence as it came", f"{metric}{unit}, claimed: {way}", said
    return history(came, events, about, "history", csv)


def _came(run: Ran, started: datetime, project: str, root: str) -> Came:
    row = run.row
    looks = {"treatment": TREATMENT, "baseline": BASELINE}
    value = run.value if row.status == "complete" else None
    place = f", place {row.place}" if row.place is not None else ", no place"
    aside = " (withdrawn)" if row.withdrawn else ""
    told = number(value) if value is not None else f"{row.status}, no value"
    return Came(
        started,
        value,
        looks.get(row.part, ASIDE) if run.has_place else ASIDE,
        one_line(run.name, _NAME),
        f"{row.part} {told}{place}{aside}",
        root + urls.run(project, row.run_id),
    )


def _history_said(found: Dossier, dated: int) -> str:
    placed = [run for run in found.runs if run.has_place]
    treatments = sum(run.row.part == "treatment" for run in placed)
    aside = len(found.runs) - len(placed)
    parts = [
        counted(treatments, "treatment"),
        f"{counted(len(placed) - treatments, 'run')} of the baseline",
        *([f"{aside:,} that {'decides' if aside == 1 else 'decide'} nothing"] if aside else ()),
    ]
    said = f"{listed(parts)}."
    silent = sum(run.value is None or not math.isfinite(run.value) for run in placed)
    if silent:
        said += f" Of those with a place {silent:,} {'has' if silent == 1 else 'have'} no value."
    if dated < len(found.runs):
        said += f" {len(found.runs) - dated:,} without a date are left out."
    return said
