"""The words that stand in a line of a report: what each takes, and the text that comes of it.

The vocabulary is closed. A word looks things up and words them; it walks no attribute, calls
nothing by a name that an author wrote, and makes no markup. ``figure`` and ``table`` make blocks
and live in modules of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.analytics import tables
from labrec.record.wording import (
    counted,
    decimals_of,
    duration,
    estimate,
    fixed,
    number,
    p_value,
    percent,
)
from labrec.site import urls
from labrec.site.reports.article import Shown
from labrec.site.reports.known import said
from labrec.site.reports.parser import Mistake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from labrec.site.reports.known import Known
    from labrec.site.reports.parser import Reference, Step, Value
    from labrec.site.rows import Contrast, Run
    from labrec.site.rows import Experiment as Row

MOST_DIGITS: Final = 15


def show(known: Known, reference: Reference) -> Shown:
    """Return what a word of a line comes to.

    Raises:
        Mistake: It names nothing, several things, or a field that there is not.
    """
    word = WORDS.get(reference.word)
    if word is None:
        raise Mistake(f"{said(reference.word)} is no word; there are {', '.join(sorted(ALL))}")
    return word(known, reference)


# --- arguments --------------------------------------------------------------------------------


def subject(reference: Reference, named: Iterable[str] = ()) -> str:
    """Return the one text that a word is about.

    Args:
        reference: The reference.
        named: Further arguments that it takes by name.

    Raises:
        Mistake: It is given otherwise.
    """
    _only(reference.named, named, f"{reference.word}(…)")
    if len(reference.given) != 1 or not isinstance(reference.given[0], str):
        raise Mistake(f'{reference.word} takes one text in quotes: {reference.word}("…")')
    return reference.given[0]


def _only(named: Mapping[str, Value], known: Iterable[str], what: str) -> None:
    allowed = tuple(known)
    unknown = sorted(set(named) - set(allowed))
    if unknown:
        listed = f"; it takes {', '.join(allowed)}" if allowed else ""
        raise Mistake(f"{what} takes no {unknown[0]}{listed}")


def text_of(value: Value | None, name: str) -> str | None:
    """Return an argument that is a text, or None where it was not given.

    Raises:
        Mistake: It is something else.
    """
    if value is None or isinstance(value, str):
        return value
    raise Mistake(f'{name} is a text: {name}="…"')


def _field(steps: tuple[Step, ...], fields: Mapping[str, Callable[[], Shown]], what: str) -> Shown:
    """Return the field of a thing that has simple fields only."""
    step, *more = steps
    if more or step.options or step.is_key or step.name not in fields:
        raise _no_field(step, fields, what)
    return fields[step.name]()


def _no_field(step: Step, fields: Iterable[str], what: str) -> Mistake:
    return Mistake(f"{what} has no field {said(step.name)}; it has {', '.join(sorted(fields))}")


def _plain(value: object) -> Callable[[], Shown]:
    def answer() -> Shown:
        if value is None or value == "":
            raise Mistake("it has no such value")
        return Shown(str(value))

    return answer


def _digits(step: Step) -> int | None:
    _only(step.options, ("digits", "unit"), "a value")
    digits = step.options.get("digits")
    if digits is None:
        return None
    if not isinstance(digits, int) or isinstance(digits, bool) or not 1 <= digits <= MOST_DIGITS:
        raise Mistake(f"digits is a whole number from 1 to {MOST_DIGITS}")
    return digits


def _united(text: str, unit: str | None, step: Step) -> str:
    wanted = step.options.get("unit", True)
    if not isinstance(wanted, bool):
        raise Mistake("unit is true or false")
    return f"{text}\N{NO-BREAK SPACE}{unit}" if wanted and unit and unit != "1" else text


def _number(value: float | None, step: Step, unit: str | None) -> Shown:
    if value is None:
        raise Mistake("it has no such value")
    digits = _digits(step)
    text = number(value) if digits is None else number(value, digits)
    return Shown(_united(text, unit, step))


# --- run --------------------------------------------------------------------------------------


def _run(known: Known, reference: Reference) -> Shown:
    run = known.run(subject(reference))
    steps = reference.steps
    if not steps:
        return Shown(run.name, urls.run(run.project, run.run_id))
    if steps[0].name == "metrics" and not steps[0].is_key:
        return _run_metric(known, run, steps)
    if steps[0].name == "features" and not steps[0].is_key:
        return _run_feature(known, run, steps)
    started = f"{run.started:%Y-%m-%d %H:%M} UTC" if run.started is not None else None
    fields: dict[str, Callable[[], Shown]] = {
        "metrics": _plain(None),
        "features": _plain(None),
        "id": lambda: Shown(run.run_id, urls.run(run.project, run.run_id)),
        "name": _plain(run.name),
        "status": _plain(run.status),
        "standing": _plain(run.standing),
        "started": _plain(started),
        "duration": _plain(None if run.duration_s is None else duration(run.duration_s)),
        "seeds": _plain(run.seeds),
        "intent": _plain(run.intent),
        "outcome": _plain(run.outcome),
        "author": _plain(run.author),
        "processor": _plain(run.cpu_model),
        "accelerator": _plain(run.gpu_model),
        "digest": _plain(run.record_digest),
        "citation": _plain(f"{run.project}/{run.run_id}@{run.record_digest}"),
    }
    return _field(steps, fields, "a run")


def _run_metric(known: Known, run: Run, steps: tuple[Step, ...]) -> Shown:
    if len(steps) != 2:  # noqa: PLR2004 - metrics and its name
        raise Mistake('a metric of a run is written .metrics.NAME or .metrics["NAME"]')
    row = known.metric(run, steps[1].name)
    value = row.value if row.value is not None else row.last
    shown = _number(value, steps[1], row.unit)
    return shown._replace(href=urls.run(run.project, run.run_id))


def _run_feature(known: Known, run: Run, steps: tuple[Step, ...]) -> Shown:
    if any(step.options for step in steps) or len(steps) < 2:  # noqa: PLR2004 - features and a path
        raise Mistake('a feature of a run is written .features.PATH or .features["PATH"]')
    path = ".".join(step.name for step in steps[1:])
    for row in known.rows(tables.TABLES["features"]):
        if row.record_digest == run.record_digest and row.path == path:
            return Shown(str(row.value), urls.run(run.project, run.run_id))
    raise Mistake(f"run {said(run.name)} has no feature {said(path)}")


# --- experiment -------------------------------------------------------------------------------


def _experiment(known: Known, reference: Reference) -> Shown:
    one = known.experiment(subject(reference))
    steps = reference.steps
    if not steps:
        return Shown(one.name or one.key, one.href)
    if steps[0].name == "metrics" and not steps[0].is_key:
        if len(steps) not in {2, 3}:
            raise Mistake("a metric of an experiment is written .metrics.NAME")
        row = one.measures.get(steps[1].name)
        if row is None:
            names = ", ".join(said(name) for name in sorted(one.measures)) or "none"
            raise Mistake(
                f"experiment {said(one.name)} has no metric {said(steps[1].name)}; it has {names}"
            )
        return _measure(row, steps[1:])._replace(href=one.href)
    fields: dict[str, Callable[[], Shown]] = {
        "metrics": _plain(None),
        "name": _plain(one.name),
        "digest": _plain(one.key),
        "runs": _plain(counted(len(one.runs), "run")),
        "status": _plain(one.status),
        "intent": _plain(one.intent),
    }
    return _field(steps, fields, "an experiment")


_MEASURES: Final = ("mean", "sd", "low", "high", "min", "max", "n")


def _measure(row: Row, steps: tuple[Step, ...]) -> Shown:
    if len(steps) == 1:
        if row.mean is None:
            raise Mistake(f"{said(row.name)} has no mean of {said(row.metric)}")
        text = interval(row.mean, (row.low, row.high, row.level), row.unit, _digits(steps[0]))
        return Shown(f"{text}, {counted(row.n, 'run')}" if row.low is None else text)
    step = steps[1]
    if step.name not in _MEASURES or step.is_key:
        raise _no_field(step, _MEASURES, "a metric of an experiment")
    value = getattr(row, step.name)
    return Shown(str(value)) if step.name == "n" else _number(value, step, row.unit)


def interval(
    value: float,
    ends: tuple[float | None, float | None, float | None],
    unit: str | None,
    digits: int | None = None,
) -> str:
    """Return a value with its interval in words: ``0.46 bit (95 % interval 0.43 to 0.49)``.

    Args:
        value: The value.
        ends: Lower and upper end and level, 0 to 1.
        unit: Of all three; None or ``1`` = none.
        digits: Significant digits of each; None = as the interval deserves.
    """
    low, high, level = ends
    shown = estimate(value, low, high) if digits is None else _rounded(value, (low, high), digits)
    united = f"{shown[0]}\N{NO-BREAK SPACE}{unit}" if unit and unit != "1" else shown[0]
    if low is None or high is None or level is None:
        return f"{united} (no interval)"
    return f"{united} ({percent(level)} interval {shown[1]} to {shown[2]})"


def _rounded(
    value: float, ends: tuple[float | None, float | None], digits: int
) -> tuple[str, str, str]:
    decimals = decimals_of(abs(value)) if value else None
    places = None if decimals is None else max(0, decimals - 2 + digits)
    low, high = (fixed(end, places) for end in ends)
    return number(value, digits), low, high


# --- contrast ---------------------------------------------------------------------------------


def _contrast(known: Known, reference: Reference) -> Shown:
    name = subject(reference, ("metric", "parent"))
    one = known.experiment(name)
    metric = text_of(reference.named.get("metric"), "metric")
    parent = text_of(reference.named.get("parent"), "parent")
    found = [
        row
        for rows in one.contrasts.values()
        for row in rows
        if metric in {None, row.metric} and parent in {None, row.parent_name}
    ]
    if not found:
        raise Mistake(f"there is no contrast of {said(name)} like that")
    if len(found) > 1:
        listed = ", ".join(sorted({f"{said(row.metric)} against {said(row.parent_name)}"
                                   for row in found}))  # fmt: skip
        raise Mistake(f"there are {len(found)} contrasts of {said(name)}: {listed}; say which")
    row = found[0]
    known.use_rows([row])
    known.use_runs(known.experiments.project.runs_of.get(row.parent, ()))
    return _contrasted(row, reference.steps, one.href)


def _contrasted(row: Contrast, steps: tuple[Step, ...], href: str) -> Shown:
    if not steps:
        text = interval(row.estimate, (row.low, row.high, row.level), row.unit)
        return Shown(f"{text}: {row.finding}", href)
    step, *more = steps
    numbers = ("estimate", "low", "high")
    if not more and not step.is_key and step.name in numbers:
        return _number(getattr(row, step.name), step, row.unit)
    fields: dict[str, Callable[[], Shown]] = {
        "finding": _plain(row.finding),
        "p": _plain(p_value(row.p_holm if row.p_holm is not None else row.p)),
        "design": _plain(row.design),
        "metric": _plain(row.metric),
        "parent": _plain(row.parent_name),
    }
    if step.name not in fields:
        raise _no_field(step, [*fields, *numbers], "a contrast")
    return _field(steps, fields, "a contrast")


# --- hypothesis -------------------------------------------------------------------------------


def _hypothesis(known: Known, reference: Reference) -> Shown:
    short = known.hypothesis(subject(reference))
    href = known.library.hypothesis_href(short.project, short.hypothesis)
    steps = reference.steps
    if not steps:
        return Shown(short.hypothesis, href)
    rows = known.rows(tables.TABLES["hypotheses"])
    row = next(one for one in rows if one.registration == short.registration)
    step = steps[0]
    if step.name == "estimate" and not step.is_key and len(steps) == 1:
        if row.estimate is None:
            raise Mistake(f"hypothesis {said(short.hypothesis)} has no estimate yet")
        ends = (row.low, row.high, row.level)
        return Shown(interval(row.estimate, ends, row.unit, _digits(step)), href)
    if step.name == "delta" and not step.is_key and len(steps) == 1:
        return _number(row.delta, step, row.unit)
    fields: dict[str, Callable[[], Shown]] = {
        "estimate": _plain(None),
        "delta": _plain(None),
        "claim": _plain(row.claim),
        "verdict": _plain(row.shown),
        "sentence": _plain(row.sentence),
        "metric": _plain(row.metric),
        "baseline": _plain(row.baseline),
        "registered": _plain(row.registered),
        "test": _plain(row.test),
        "n": _plain(row.n_treatment),
        "digest": _plain(row.registration),
    }
    return _field(steps, fields, "a hypothesis")


# --- dataset, project -------------------------------------------------------------------------


def _dataset(known: Known, reference: Reference) -> Shown:
    text = subject(reference)
    one = known.dataset(text)
    said_of: Mapping[str, Any] = one.document
    if not reference.steps:
        return Shown(one.called)
    fields: dict[str, Callable[[], Shown]] = {
        "name": _plain(one.name),
        "version": _plain(one.version),
        "samples": _plain(f"{one.samples:,}"),
        "distinct": _plain(f"{one.distinct:,}"),
        "files": _plain(f"{one.files:,}"),
        "bytes": _plain(f"{one.bytes:,}"),
        "digest": _plain(one.digest),
        "licence": _plain(said_of.get("licence")),
        "source": _plain(said_of.get("source")),
        "description": _plain(said_of.get("description")),
    }
    return _field(reference.steps, fields, "a dataset version")


def _project(known: Known, reference: Reference) -> Shown:
    project = known.project
    if reference.given or reference.named:
        raise Mistake("project takes no argument: it is the report's own")
    if not reference.steps:
        return Shown(project.name, urls.project(project.name))
    known.use_runs(project.runs)
    fields: dict[str, Callable[[], Shown]] = {
        "name": _plain(project.name),
        "runs": _plain(counted(len(project.run), "run")),
        "experiments": _plain(counted(len(project.runs_of), "experiment")),
    }
    return _field(reference.steps, fields, "a project")


WORDS: Final[dict[str, Callable[[Known, Reference], Shown]]] = {
    "run": _run,
    "experiment": _experiment,
    "contrast": _contrast,
    "hypothesis": _hypothesis,
    "dataset": _dataset,
    "project": _project,
}
"""The words that stand in a line of text."""

ALL: Final = (*WORDS, "figure", "table")
"""Every word of the vocabulary."""
