"""The figures of a design: what each factor is worth, and how pairs act together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from labrec.record.text import one_line
from labrec.record.wording import counted, listed, number, percent
from labrec.site.charts.bars import BETTER, OPEN, WORSE, About, Bar, bars
from labrec.site.charts.figure import as_csv
from labrec.site.charts.heatmap import MOST_FACTORS, Pair, heatmap
from labrec.site.pages.designs import assumed, value

if TYPE_CHECKING:
    from labrec.site.charts import Figure
    from labrec.site.pages.designs import Study
    from labrec.site.rows_attribution import Effect

_LOOKS: Final = {"better": BETTER, "worse": WORSE}
_NAMES: Final = {"shapley": "Shapley values", "main": "main effects"}
_NAME = 60  # characters of a name in a figure


def worth(study: Study, name: str) -> Figure | None:
    """Return what each factor is worth, the largest first; None where nothing is known of them.

    Args:
        study: The design.
        name: Id of the figure in its page.
    """
    effects = study.leading
    if not effects:
        return None
    row = study.row
    effects.sort(key=lambda one: -abs(one.estimate) if one.estimate is not None else math.inf)
    unit = f" ({one_line(row.unit, 20)})" if row.unit and row.unit != "1" else ""
    kind = effects[0].kind
    about = About(
        f"What each factor is worth: {_NAMES[kind]} on {one_line(row.metric, _NAME)}",
        f"change of {one_line(row.metric, _NAME)}{unit} when it is switched on",
        _worth_said(study, effects),
    )
    rows = [
        Bar(one_line(one.effect, _NAME), value(one, row.unit), 0.0, one.estimate, one.low, one.high,
            _LOOKS.get(one.finding, OPEN))
        for one in effects
    ]  # fmt: skip
    csv = as_csv(
        ("kind", "factor", "estimate", "low", "high", "level", "p_holm", "finding"),
        ((one.kind, one.effect, one.estimate, one.low, one.high, one.level, one.p_holm,
          one.finding) for one in effects),
    )  # fmt: skip
    return bars(rows, about, name, csv)


def _worth_said(study: Study, effects: list[Effect]) -> str:
    row = study.row
    known = [one for one in effects if one.estimate is not None]
    if not known:
        return "The measured cells determine none of them."
    parts = []
    for finding in _LOOKS:
        names = [one_line(one.effect, _NAME) for one in known if one.finding == finding]
        if names:
            parts.append(f"{finding} with {listed(names)}")
    rest = sum(one.finding not in _LOOKS for one in known)
    if rest:
        parts.append(f"open for {counted(rest, 'factor')}")
    said = "; ".join(parts)
    model = assumed(known[0].model)
    return (
        f"{said[:1].upper()}{said[1:]}. Lines are {percent(row.level)} intervals, p is adjusted by "
        f"Holm.{f' Assumed: {model}.' if model else ''}"
    )


def together(study: Study, name: str) -> Figure | None:
    """Return how pairs of factors act together; None where there are no pairs, or very many.

    Args:
        study: The design.
        name: Id of the figure in its page.
    """
    row = study.row
    count = len(row.factors)
    if not 1 < count <= MOST_FACTORS:
        return None
    pairs = [one for one in study.of("shapley-interaction") if one.on.count("1") == 2]  # noqa: PLR2004 - a pair
    if not any(one.estimate is not None for one in pairs):
        pairs = [one for one in study.of("interaction") if one.on.count("1") == 2] or pairs  # noqa: PLR2004
    own = [one for one in study.leading if one.on.count("1") == 1]
    if not pairs:
        return None
    cells = [_pair(one, row.unit) for one in (*own, *pairs)]
    said = _together_said(pairs)
    csv = as_csv(
        ("kind", "factors", "estimate", "low", "high", "p_holm", "finding"),
        ((one.kind, one.effect, one.estimate, one.low, one.high, one.p_holm, one.finding)
         for one in (*own, *pairs)),
    )  # fmt: skip
    kind = "Shapley interactions" if pairs[0].kind == "shapley-interaction" else "interactions"
    about = f"How pairs act together: {kind} on {one_line(row.metric, _NAME)}", said
    return heatmap(row.factors, cells, about, name, csv)


def _pair(one: Effect, unit: str | None) -> Pair:
    places = [at for at, digit in enumerate(one.on) if digit == "1"]
    shown = "—"
    if one.estimate is not None:
        shown = f"{'+' if one.estimate > 0 else ''}{number(one.estimate, 3)}"
    mark = {"better": " ▲", "worse": " ▼"}.get(one.finding, "")
    told = f"{one_line(one.effect, 2 * _NAME)}: {value(one, unit, signed=True)}, {one.finding}"
    return Pair(places[-1], places[0], one.estimate, f"{shown}{mark}", told)


def _together_said(pairs: list[Effect]) -> str:
    known = [one for one in pairs if one.estimate is not None]
    if not known:
        return "The measured cells determine no pair."
    clear = [one for one in known if one.finding in _LOOKS]
    strongest = max(known, key=lambda one: abs(one.estimate or 0.0))
    most = f"{'+' if (strongest.estimate or 0) > 0 else ''}{number(strongest.estimate, 3)}"
    said = (
        f"Of {counted(len(known), 'pair')} {len(clear):,} "
        f"{'is' if len(clear) == 1 else 'are'} told from no interaction "
        f"(▲ better, ▼ worse, Holm-adjusted); the strongest is "
        f"{one_line(strongest.effect, 2 * _NAME)}, {most}."
    )
    if len(known) < len(pairs):
        said += f" {len(pairs) - len(known):,} are not determined."
    return said
