"""What was found, in sentences: how much, how sure, from what, and what is not known. ○ No IO.

Only a contrast whose finding is *better* or *worse* is worded as one. What was run once is worded
as a suggestion, and where nothing can be told the sentence says why. No number is made here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple

from labrec.record.wording import (
    better,
    counted,
    decimals_of,
    fixed,
    listed,
    number,
    p_value,
    percent,
)
from labrec.site import urls
from labrec.site.stamp import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labrec.site.experiments import Experiment, Experiments
    from labrec.site.rows import Contrast

Kind = Literal["better", "worse", "unreplicated", "none"]

_LONGEST = 80  # characters of a name in a sentence


class Part(NamedTuple):
    """A piece of a sentence.

    Attributes:
        text: What it says; record text is allowed.
        href: Where it leads, an address of `labrec.site.urls`; empty = nowhere.
        strong: Whether it is what one should see first.
    """

    text: str
    href: str = ""
    strong: bool = False


class Finding(NamedTuple):
    """One sentence, or several that belong together.

    Attributes:
        kind: better, worse, unreplicated (a suggestion) or none (nothing can be told).
        parts: The sentence.
    """

    kind: Kind
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The sentence as plain text."""
        return "".join(part.text for part in self.parts)


def findings(experiments: Experiments, *, elsewhere: bool = False) -> list[Finding]:
    """Return what can be said of a project; never empty.

    What concerns the first key metric comes first, and of one metric the surest.

    Args:
        experiments: The project's.
        elsewhere: Whether the sentences stand on another page than the project's, and so name it.
    """
    rows = [
        row
        for row in experiments.project.contrasts
        if row.finding in {"better", "worse"} and row.experiment in experiments.by_key
    ]
    places = {metric.name: at for at, metric in enumerate(experiments.key_metrics)}
    rows.sort(
        key=lambda row: (
            places.get(row.metric, len(places)), row.p_holm or 0.0, row.experiment, row.parent
        )
    )  # fmt: skip
    found = [_told(row, experiments, elsewhere=elsewhere) for row in rows]
    if not found:
        found.append(_nothing(experiments))
    return found + _suggestions(experiments)


# --- better, worse ----------------------------------------------------------------------------


def _told(row: Contrast, experiments: Experiments, *, elsewhere: bool) -> Finding:
    one, other = experiments.by_key[row.experiment], experiments.by_key.get(row.parent)
    amount, low, high = _size(row)
    unit = f" {row.unit}" if row.unit else ""
    where = [Part("In "), Part(row.project, urls.project(row.project)), Part(", ")]
    parts = [
        *(where if elsewhere else ()),
        _named(one),
        Part(f" {_verb(row)} {_cut(row.metric)} ({better(row.direction)}) by "),
        Part(f"{amount}{_cut(unit)}", strong=True),
        Part(" against "),
        _named(other) if other is not None else Part(_cut(row.parent_name)),
        Part(
            f", {percent(row.level)} interval {low} to {high}, {_design(row)} "
            f"{_machines(one, other)}, Holm-adjusted {p_value(row.p_holm)} over "
            f"{counted(row.family, 'comparison')}. {_registered(one)}"
        ),
    ]
    return Finding("better" if row.finding == "better" else "worse", tuple(parts))


def _size(row: Contrast) -> tuple[str, str, str]:
    """Return the amount of a change and its interval, as positive numbers where it is clear."""
    low, high = row.low, row.high
    if low is None or high is None:
        return number(abs(row.estimate)), "?", "?"
    decimals = decimals_of((high - low) / 2)
    if row.estimate < 0:
        low, high = -high, -low
    return (fixed(abs(row.estimate), decimals), fixed(low, decimals), fixed(high, decimals))


def _verb(row: Contrast) -> str:
    return "lowered" if row.estimate < 0 else "raised"


def _design(row: Contrast) -> str:
    if row.design == "paired":
        return counted(row.n, "paired seed")
    return f"{counted(row.n, 'run')} against {row.n_parent}"


def _machines(one: Experiment, other: Experiment | None) -> str:
    runs = [*one.runs, *(other.runs if other is not None else ())]
    machines = {run.machine_id for run in runs if run.counts and run.status == "complete"}
    if None in machines or not machines:
        return "on unknown machines"
    return f"on {counted(len(machines), 'machine')}"


def _registered(one: Experiment) -> str:
    """Say whether the comparison was planned: whether all runs were linked before they started."""
    linked = [set(run.hypotheses) for run in one.runs if run.counts]
    common = set.intersection(*linked) if linked else set()
    if not common:
        return "Post hoc."
    names = listed([_cut(name) for name in sorted(common)])
    return f"Linked to {names} before the runs started."


# --- what was run once ------------------------------------------------------------------------


def _suggestions(experiments: Experiments) -> list[Finding]:
    """Return one suggestion: the best experiment, where it was not repeated."""
    for metric in experiments.key_metrics:
        best = experiments.best(metric)
        row = best.contrast(metric.name) if best is not None else None
        if best is None or row is None or row.finding != "unreplicated":
            continue
        other = experiments.by_key.get(row.parent)
        unit = f" {row.unit}" if row.unit else ""
        way = "lower" if row.estimate < 0 else "higher"
        tried = sum(1 for one in experiments.all if one.mean(metric.name) is not None)
        parts = (
            Part("Only suggested: "),
            _named(best),
            Part(f" had the best {_cut(metric.name)} of {experiments.project.name}, "),
            Part(f"{number(best.mean(metric.name))}{_cut(unit)}", strong=True),
            Part(f", {number(abs(row.estimate))} {way} than "),
            _named(other) if other is not None else Part(_cut(row.parent_name)),
            Part(
                f" ({counted(row.n, 'run')} against {row.n_parent}). Without repeats of both that "
                f"cannot be told from chance, and the best of {counted(tried, 'try', 'tries')} is "
                "partly luck."
            ),
        )
        return [Finding("unreplicated", parts)]
    return []


# --- nothing ----------------------------------------------------------------------------------


def _nothing(experiments: Experiments) -> Finding:
    project = experiments.project
    parts = (
        Part("Nothing can be told yet about "),
        Part(project.name, urls.project(project.name)),
        Part(f": {_why(experiments)}."),
    )
    return Finding("none", parts)


def _why(experiments: Experiments) -> str:
    project = experiments.project
    ended = [run for run in project.runs if run.status == "complete" and run.counts]
    if not ended:
        return f"of {counted(len(project.runs), 'run')} none is complete and counts"
    if not project.key_metrics:
        return "no run reported a metric"
    rows = project.contrasts
    if not rows:
        return "no experiment with a value derives from another one that has one"
    if all(row.direction is None for row in rows):
        return "no key metric has a direction, so nothing is better or worse"
    open_rows = [row for row in rows if row.finding == "unclear"]
    once = sum(row.finding == "unreplicated" for row in rows)
    said = []
    if open_rows:
        said.append(
            f"{counted(len(open_rows), 'comparison')} with a parent "
            f"{'leaves' if len(open_rows) == 1 else 'leave'} open which is better"
            f"{_closest(open_rows)}"
        )
    if once:
        said.append(
            f"in {counted(once, 'comparison')} with a parent one side or both "
            f"{'was' if once == 1 else 'were'} run only once"
        )
    return "; ".join(said)


def _closest(rows: Iterable[Contrast]) -> str:
    known = [row.p_holm for row in rows if row.p_holm is not None and not math.isnan(row.p_holm)]
    return f" (smallest Holm-adjusted {p_value(min(known))})" if known else ""


# --- words ------------------------------------------------------------------------------------


def _named(one: Experiment) -> Part:
    return Part(_cut(one.name) or "(no name)", urls.experiment(one.project, one.key))


def _cut(text: str) -> str:
    return shown(text, _LONGEST)
