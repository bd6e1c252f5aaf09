"""Effects in words: what they say, what they rest on, and what is not known. Plain text. ○ Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.analytics.plain import cut, unit
from labrec.record.wording import better, counted, estimate, number, p_value, percent

if TYPE_CHECKING:
    from labrec.analytics.attribution.design import Attribution, Design, Effect, Kind, Origin

SPOKEN: Final[tuple[Kind, ...]] = ("shapley", "main")
"""Kinds of effects that get a sentence."""

_WEAK: Final = 4  # degrees of freedom below which an error is hardly known
_PLURAL: Final = {"shapley": "Shapley values", "main": "main effects and interactions"}
_METHODS: Final = {
    "blocks": "t with {blocks} as blocks",
    "per seed": "t of the effects by seed, as the cells may scatter differently",
    "pooled": "t, variance pooled over the cells",
    "welch": "t, each cell's own variance (Welch–Satterthwaite)",
    "lenth": "Lenth's method, as there are no replicates",
    "permutation pairs": "t over permutation pairs",
}


class Said(NamedTuple):
    """What a sentence is made of.

    Attributes:
        origin: Where the design comes from.
        design: The design.
        found: What it says.
    """

    origin: Origin
    design: Design
    found: Attribution


def effect_name(effect: Effect, design: Design) -> str:
    """Return the factors of an effect, joined by ×."""
    return "×".join(cut(design.factors[place]) for place in effect.factors)


def switches(on: int, k: int) -> str:
    """Return a cell, or the factors of an effect, as digits: one a factor, in their order.

    Args:
        on: Bitmask.
        k: Factors of the design.
    """
    return "".join(str(on >> place & 1) for place in range(k))


def finding(effect: Effect, design: Design) -> str:
    """Return what an effect says: better, worse, unclear, or unreplicated without interval.

    Better and worse only where its adjusted p is below 1 - level, the metric has a direction, and
    the cells determine it and do not contradict its model.
    """
    if effect.estimate is None or effect.p_holm is None:
        return "unreplicated"
    if (
        effect.p_holm >= 1 - design.level
        or design.direction is None
        or not effect.identifiable
        or effect.contradicted
        or effect.estimate == 0
    ):
        return "unclear"
    return "better" if (effect.estimate > 0) == (design.direction == "maximize") else "worse"


def unknown(effect: Effect, said: Said) -> str:
    """Return the strongest thing that is not known of an effect."""
    found = said.found
    if effect.estimate is None:
        return f"the effect itself, until {counted(len(effect.needed), 'more cell')} are run"
    if not effect.identifiable or effect.model.startswith("order"):
        return _assumed(effect, said)
    if effect.low is None:
        return "how much it scatters, as " + (
            "replicates do not differ" if found.residual_sd == 0 else "nothing was replicated"
        )
    if effect.model == "permutations":
        return "what the permutations that were not drawn would have added"
    if effect.method == "lenth":
        return "the noise itself, which is taken from the effects, as if most of them were none"
    return _beyond(effect, said)


def _beyond(effect: Effect, said: Said) -> str:
    """Return what is not known of an effect with an interval that rests on replicates."""
    origin = said.origin
    if origin.n_missing:
        return f"what {counted(origin.n_missing, 'run')} without a value would have shown"
    if effect.df is not None and effect.df < _WEAK:
        return "how much it scatters, known from hardly any replicates"
    if origin.source == "found":
        return "whether it would hold in a design that was chosen beforehand"
    seeds = [seed for cell in said.design.cells for seed in cell.seeds]
    if not said.found.blocks and None in seeds:
        return "whether replicates of different cells share their seeds"
    if origin.source == "run":
        return (
            "whether the same training with another seed would show it (calls of several runs are "
            "not pooled)"
        )
    if origin.n_machines <= 1:
        return "whether it holds on another machine"
    return "whether it holds with other settings of what was not varied"


def _assumed(effect: Effect, said: Said) -> str:
    if effect.aliases:
        others = ", ".join(cut(alias) for alias in effect.aliases[:2])
        return f"how much of it is {others}, which the cells cannot tell from it"
    order = int(effect.model.removeprefix("order "))
    if effect.contradicted:
        which = "without interactions" if order == 1 else f"of order {order}"
        more = counted(len(said.found.missing), "more cell")
        return f"the effect itself: the cells contradict a model {which} ({more} would tell)"
    what = "any interaction" if order == 1 else f"an interaction of more than {order} factors"
    needed = len(said.found.missing)
    tell = (
        f"; {counted(needed, 'more cell')} would tell" if said.found.shape != "permutations" else ""
    )
    return f"whether there is {what}{tell}"


def sentence(effect: Effect, said: Said) -> str:
    """Return an effect in words; empty for kinds that are not `SPOKEN`.

    It holds estimate and unit, interval and level, what was measured and where, the method, the
    family with the adjusted p, registered or post hoc, and the strongest thing not known.
    """
    if effect.kind not in SPOKEN:
        return ""
    kind = "Shapley value" if effect.kind == "shapley" else "Main effect"
    head = f"{kind} of {effect_name(effect, said.design)} on {cut(said.design.metric)}"
    if effect.estimate is None:
        run = ", ".join(switches(on, len(said.design.factors)) for on in effect.needed[:4])
        more = "" if len(effect.needed) <= 4 else ", …"  # noqa: PLR2004 - as many as are named
        return f"{head}: not determined by the measured cells; run {run}{more}."
    parts = [_value(effect, said), _basis(effect, said), _test(effect, said)]
    registered = _registered(said)
    text = "; ".join([*(part for part in parts if part), registered])
    return f"{head}: {text}. Not known: {unknown(effect, said)}."


def _value(effect: Effect, said: Said) -> str:
    design = said.design
    value, low, high = estimate(effect.estimate or 0.0, effect.low, effect.high)
    of = unit(design.unit)
    text = f"{value}{of}"
    if effect.low is not None:
        text += f" ({percent(design.level)} interval {low} to {high}{of})"
    word = finding(effect, design)
    judged = {"unreplicated": "no interval"}.get(word, word)
    way = better(design.direction)
    return f"{text}, {judged}" + (f" ({way})" if way else "")


def _basis(effect: Effect, said: Said) -> str:
    origin = said.origin
    where = (
        "within one run"
        if origin.source == "run"
        else f"{counted(origin.n_experiments, 'experiment')}, "
        + counted(origin.n_machines, "machine")
    )
    text = f"{counted(effect.n_cells, 'cell')} with {counted(effect.n_values, 'value')}, {where}"
    if effect.model.startswith("order"):
        order = int(effect.model.removeprefix("order "))
        which = "all interactions" if order == 1 else f"interactions of more than {order} factors"
        text += f", {which} taken as zero"
    return text


def _test(effect: Effect, said: Said) -> str:
    if effect.p is None:
        return ""
    blocks = counted(said.found.blocks, "seed")
    text = _METHODS[effect.method].format(blocks=blocks)
    if effect.df is not None:
        text += f", {number(effect.df)} degrees of freedom"
    text += f"; {p_value(effect.p)}"
    if effect.family > 1:
        plural = _PLURAL[effect.kind]
        text += f", {p_value(effect.p_holm)} adjusted by Holm over {effect.family:,} {plural}"
    return text


def _registered(said: Said) -> str:
    if said.origin.registration is not None:
        return "registered"
    return {
        "run": "post hoc",
        "declared": "declared in the project's definition, not registered",
        "found": "post hoc: the design was found in the records",
    }[said.origin.source]
