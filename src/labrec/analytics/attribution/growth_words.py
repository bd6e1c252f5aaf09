"""A grown model against its host, in words. Plain text. ○ Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labrec.analytics.contrasts import finding as said_by
from labrec.analytics.plain import cut, unit
from labrec.analytics.replicates import LEVEL
from labrec.record.wording import better, counted, estimate, number, p_value, percent

if TYPE_CHECKING:
    from labrec.analytics.attribution.growth import Equivalent, Growth, Sized
    from labrec.analytics.seen import Experiment
    from labrec.analytics.stats.fieller import Ratio

_FEWEST = 2  # sizes that make a curve


class Compared(NamedTuple):
    """A grown model against its host on one metric.

    Attributes:
        grown: Its experiment.
        host: The host's.
        metric: Name of the metric.
        unit: Its unit, or None.
        direction: maximize, minimize, or None.
        ours: Parameters and values of the grown model.
        theirs: Of the host.
        n_sizes: Sizes of host-only models, the host's included.
        n_machines: Machines among the runs of both; all unknown ones count as one.
        chance: Value of a guess, or None.
        found: The measures.
        p_holm: p of no difference, adjusted over the grown models of the metric; None without p.
        family: How many were adjusted together.
    """

    grown: Experiment
    host: Experiment
    metric: str
    unit: str | None
    direction: str | None
    ours: Sized
    theirs: Sized
    n_sizes: int
    n_machines: int
    chance: float | None
    found: Growth
    p_holm: float | None = None
    family: int = 1


def finding(one: Compared) -> str:
    """Return better, worse, unclear or unreplicated."""
    delta = one.found.delta
    return "unreplicated" if delta is None else said_by(delta, one.p_holm, one.direction)


def unknown(one: Compared) -> str:
    """Return the strongest thing that is not known of a grown model."""
    if one.found.delta is None or one.found.delta.low is None:
        return "how much it scatters, as nothing was replicated, or replicates do not differ"
    if one.n_machines <= 1:
        return "whether it holds on another machine"
    if one.n_sizes < _FEWEST:
        return "what a host-only model of its size would reach"
    return f"how sure the curve through {one.n_sizes} sizes of host-only models is"


def sentence(one: Compared) -> str:
    """Return all of it in words: delta, sizes, ratios, equivalent, and what it rests on."""
    delta = one.found.delta
    if delta is None:
        return ""
    value, low, high = estimate(delta.estimate, delta.low, delta.high)
    of = unit(one.unit)
    text = f"{value}{of}"
    if delta.low is not None:
        text += f" ({percent(LEVEL)} interval {low} to {high}{of})"
    way = better(one.direction)
    word = {"unreplicated": "no interval"}.get(finding(one), finding(one))
    parts = [
        f"{text}, {word}" + (f" ({way})" if way else ""),
        f"{number(one.ours.parameters)} parameters against {number(one.theirs.parameters)}",
        _ratio(one.found.ratio, "quality for each parameter"),
        _ratio(one.found.above_chance, "above chance"),
        _equivalents(one.found),
        f"{counted(delta.n, 'run')} against {delta.n_parent}, "
        + counted(one.n_machines, "machine"),
        _test(one),
        "post hoc",
    ]
    head = f"{cut(one.grown.name)} against its host {cut(one.host.name)} on {cut(one.metric)}"
    return f"{head}: {'; '.join(filter(None, parts))}. Not known: {unknown(one)}."


def _ratio(ratio: Ratio | None, what: str) -> str:
    if ratio is None:
        return ""
    if ratio.estimate is None:
        return f"{what} not told, as the host's may be 0"
    value, low, high = estimate(ratio.estimate, ratio.low, ratio.high)
    return f"{what} {value} times the host's ({low} to {high})"


def _equivalents(found: Growth) -> str:
    if found.equivalent is None:
        return ""
    text = f"a host-only model would need {_parameters(found.equivalent)} parameters for it"
    if found.equivalent_low is None or found.equivalent_high is None:
        return text
    ends = _parameters(found.equivalent_low), _parameters(found.equivalent_high)
    return f"{text} ({ends[0]} to {ends[1]})"


def _parameters(found: Equivalent) -> str:
    return f"{found.bound} {number(found.parameters)}".strip()


def _test(one: Compared) -> str:
    delta = one.found.delta
    if delta is None or delta.p is None:
        return ""
    name = {"paired": "paired t", "welch": "Welch's t"}[delta.design]
    text = f"{name}, {number(delta.df)} degrees of freedom, {p_value(delta.p)}"
    if one.family > 1:
        text += f", {p_value(one.p_holm)} adjusted by Holm over {one.family:,} grown models"
    return text
