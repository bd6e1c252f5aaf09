"""From a project's runs to drafts of comparisons: all that stands before the family. ○ No IO."""

from __future__ import annotations

import hashlib
import math
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labrec.analytics.conditions.amounts import amounts, correlate
from labrec.analytics.conditions.blocks import apart
from labrec.analytics.conditions.comparison import (
    compare,
    differ,
    equivalence,
    logarithms,
    own_scale,
)
from labrec.analytics.conditions.completion import completion
from labrec.analytics.conditions.confounding import confounding
from labrec.analytics.conditions.family import Draft
from labrec.analytics.conditions.layout import NOT_SHARED, Runs, cells, layout
from labrec.analytics.conditions.planning import plan, plan_rank, plan_shares
from labrec.analytics.conditions.sensitivity import sensitivity
from labrec.analytics.stats.estimate import LEVEL
from labrec.analytics.stats.mixed import mixed_test
from labrec.analytics.stats.moments import mean_of
from labrec.analytics.tables.conditions import HARDWARE_QUALITY
from labrec.record.wording import listed, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labrec.analytics.conditions.amounts import Amounts
    from labrec.analytics.conditions.comparison import Compared
    from labrec.analytics.conditions.confounding import Confounding
    from labrec.analytics.conditions.layout import Layout
    from labrec.analytics.conditions.planning import Plan
    from labrec.analytics.conditions.project import Metric, Parted, Project

MOST_PAIRED: Final = 12
"""Levels up to which each pair has a row of its own."""

MOST_NAMED: Final = 100
"""Experiments that a row names."""

_COUNTS = (
    "n_blocks", "n_runs", "n_experiments", "n_machines", "machines_per_level", "n_repeated",
    "n_missing", "n_unknown",
)  # fmt: skip
_TWO = 2
_LARGEST = 1e150  # whose square a float still holds


def of_levels(project: Project, part: Parted, metric: Metric) -> Iterator[Draft]:
    """Yield the comparison of a metric under the levels of a condition, then of their pairs."""
    runs, repeated = project.observed(part, metric.values)
    draft = _draft(project, part, metric)
    draft.row["n_repeated"] = repeated
    if len(np.unique(runs.level)) < _TWO:  # the metric is there under one level alone
        return
    found = _laid_out(part, metric, runs)
    if isinstance(found, str):
        draft.row["reason"] = found
        yield draft
        return
    _fill(draft, project, part, metric, runs, found)
    yield draft
    if _TWO < len(found.levels) <= MOST_PAIRED:
        for pair in combinations(found.levels, 2):
            inside = runs.where(np.isin(runs.level, pair))
            laid_out = _laid_out(part, metric, inside)
            if not isinstance(laid_out, str):
                one = _draft(project, part, metric)
                one.row |= {"scope": "pair", "n_repeated": repeated}
                _fill(one, project, part, metric, inside, laid_out)
                yield one


def of_amounts(project: Project, part: Parted, metric: Metric) -> Iterator[Draft]:
    """Yield the comparison of a metric with a condition that is an amount."""
    runs, repeated = project.observed(part, metric.values)
    if len(runs.value) == 0:
        return
    draft = _draft(project, part, metric)
    draft.row["n_repeated"] = repeated
    of_machines = part.levels.condition.kind == "machine"
    found: Amounts | str = _unusable(metric, runs)
    if not found:
        amount = np.array(part.levels.amounts)[runs.place]
        found = amounts(runs, amount, of_machines=of_machines)
    if isinstance(found, str):
        draft.row["reason"] = _apart(part, runs) if found == NOT_SHARED else found
    else:
        draft.comparable = True
        draft.row |= _counts(project, part, metric, found.runs, found.blocks)
        draft.row |= {
            "counted": found.counted, "n": len(found.amount),
            "claims": "models" if of_machines else "condition",
        }  # fmt: skip
        _correlated(draft, found)
    yield draft


def _correlated(draft: Draft, found: Amounts) -> None:
    correlation = correlate(found, _seed(draft.row))
    if correlation is None:
        draft.constant = True
        draft.row["estimate"] = 0.0
        return
    draft.row |= {
        "test": "Spearman", "estimate": correlation.rho, "statistic": correlation.rho,
        "p": correlation.p, "low": correlation.low, "high": correlation.high,
        "level": correlation.level if correlation.low is not None else None,
    }  # fmt: skip
    draft.row |= _planned(plan_rank(len(found.amount)))


def of_completion(project: Project, part: Parted) -> Iterator[Draft]:
    """Yield the comparison of the shares of complete runs, in blocks that two levels share."""
    places = np.flatnonzero(part.codes >= 0)
    runs = Runs(
        places, part.codes[places], part.blocks[places], project.machines[places],
        project.seeds[places], project.complete[places].astype(float),
    )  # fmt: skip
    block, _, _ = cells(runs, runs.level)
    runs = runs.where(np.isin(runs.block, np.flatnonzero(np.bincount(block) > 1)))
    levels = np.unique(runs.level).tolist()
    if not 1 < len(levels) <= MOST_PAIRED:
        return
    of_level = [runs.value[runs.level == level] for level in levels]
    counts = [(int(values.sum()), len(values)) for values in of_level]
    found = completion(counts)
    draft = _draft(project, part, None)
    draft.comparable, draft.constant = True, found.constant
    names = [part.levels.labels[level] for level in levels]
    shares = [complete / ended for complete, ended in counts]
    draft.row |= _counts(project, part, None, runs, len(np.unique(runs.block)))
    draft.row |= {
        "first": names[found.first], "last": names[found.last], "levels": names,
        "left_out": [name for name in part.levels.labels if name not in names],
        "counted": "run", "n": min(ended for _, ended in counts),
        "mean_first": shares[found.first], "mean_last": shares[found.last],
        "estimate": found.difference, "test": None if found.constant else "Barnard", "p": found.p,
        "machines_per_level": _fewest(runs, levels),
        "claims": "machines" if part.levels.condition.kind == "machine" else "condition",
    }  # fmt: skip
    if not found.constant:
        draft.row |= _planned(plan_shares(counts))
    yield draft


# --- one comparison ---------------------------------------------------------------------------


def _draft(project: Project, part: Parted, metric: Metric | None) -> Draft:
    """Return a comparison of which nothing is known yet."""
    condition = part.levels.condition
    row: dict[str, Any] = {column.name: None for column in HARDWARE_QUALITY.columns}
    row |= dict.fromkeys(_COUNTS, 0)
    row |= {
        "project": project.name, "condition": condition.name, "kind": condition.kind,
        "metric": "", "scope": "all", "first": "", "last": "", "role": "completion",
        "levels": part.levels.labels, "left_out": [], "aliases": list(part.aliases),
        "experiments": [],
        "claims": "machines" if condition.kind == "machine" else "condition",
        "planned": "post hoc", "n_unknown": int((part.codes < 0).sum()),
    }  # fmt: skip
    if metric is not None:
        margin = project.margins.get(metric.name)
        row |= {
            "metric": metric.name, "role": metric.role, "direction": metric.direction,
            "unit": metric.units[0] if len(metric.units) == 1 else None,
        }  # fmt: skip
        if margin is not None:
            row |= {"margin": margin.value, "margin_from": margin.origin}
    return Draft(row, (part.signature, row["metric"]))


def _unusable(metric: Metric, runs: Runs) -> str:
    """Say why values cannot be compared at all; empty where they can."""
    if len(metric.units) > 1:
        units = listed([unit or "none" for unit in metric.units])
        return f"its runs report it in different units: {units}"
    if float(np.abs(runs.value).max()) > _LARGEST:
        return "a value is too large to be compared"
    return ""


def _laid_out(part: Parted, metric: Metric, runs: Runs) -> Layout | str:
    reason = _unusable(metric, runs)
    if reason:
        return reason
    found = layout(runs, of_machines=part.levels.condition.kind == "machine")
    return _apart(part, runs) if found == NOT_SHARED else found


def _apart(part: Parted, runs: Runs) -> str:
    """Say that no levels share a block, and what keeps them apart."""
    amounts_ = part.levels.amounts
    codes = [amounts_[place] for place in runs.place] if amounts_ else runs.level.tolist()
    parts = apart([part.keys[place] for place in runs.place], codes)
    return f"{NOT_SHARED}; they differ in {listed(parts)}" if parts else NOT_SHARED


def _fill(
    draft: Draft, project: Project, part: Parted, metric: Metric, runs: Runs, found: Layout
) -> None:
    """Fill in all that a layout says."""
    row, labels = draft.row, part.levels.labels
    logged = logarithms(found) if metric.role != "quality" else None
    tested = logged or found
    compared = compare(tested)
    draft.comparable, draft.constant, draft.layout = True, compared.constant, found
    names = [labels[level] for level in found.levels]
    row |= _counts(project, part, metric, found.runs, found.blocks)
    row |= {
        "first": names[compared.first], "last": names[compared.last], "levels": names,
        "left_out": [labels[level] for level in np.unique(runs.level) if level not in found.levels],
        "counted": found.counted, "n": min(map(len, found.groups)),
        "machines_per_level": found.machines, "scale": "ratio" if logged else "difference",
        "mean_first": mean_of(found.groups[compared.first]),
        "mean_last": mean_of(found.groups[compared.last]),
    }  # fmt: skip
    if found.counted == "machine":
        row["claims"] = "models"
    _tested(row, found, compared)
    if not compared.constant:
        row |= sensitivity(tested, compared, _seed(row))._asdict()
        _equivalence(row, found, compared)
        _plan(row, found, tested, compared)
        if row["scope"] == "all":
            _mixed(row, tested, compared)
    inside = runs.where(np.isin(runs.level, found.levels))
    _confounding(draft, confounding(project.circumstances.where(inside.place), inside.level))


def _tested(row: dict[str, Any], found: Layout, compared: Compared) -> None:
    """Fill in the primary test, and the difference in the metric's own unit."""
    level = compared.difference.level
    own = differ(found, compared.first, compared.last, level=level)
    row |= {
        "estimate": own.value, "error": own.error, "low": own.low, "high": own.high,
        # of all pairs together where there are several
        "level": None if own.low is None else LEVEL if len(found.levels) > _TWO else level,
        "sd": compared.sd, "test": compared.test or None, "statistic": compared.statistic,
        "df1": compared.df1, "df2": compared.df2, "epsilon": compared.epsilon, "p": compared.p,
    }  # fmt: skip
    if row["scale"] == "ratio":
        ends = compared.difference.value, compared.difference.low, compared.difference.high
        names = ("ratio", "ratio_low", "ratio_high")
        row |= {name: _factor(end) for name, end in zip(names, ends, strict=True)}


def _equivalence(row: dict[str, Any], found: Layout, compared: Compared) -> None:
    if row["margin"] is not None:
        equal = equivalence(found, compared, row["margin"])
        row |= {f"equivalence_{name}": value for name, value in equal._asdict().items()}


def _plan(row: dict[str, Any], found: Layout, tested: Layout, compared: Compared) -> None:
    """Fill in what it would take: in factors on the scale of ratios, but for δ."""
    planned = plan(tested, compared, row["margin"] if row["scale"] == "difference" else None)
    row |= _planned(planned)
    if planned is None or row["scale"] == "difference":
        return
    row |= {name: _factor(row[name]) for name in ("detectable", "n_needed_for")}
    if row["margin"] is not None:
        towards = plan(found, own_scale(found, compared), row["margin"])
        if towards is not None:
            row |= {"n_needed": towards.n, "n_needed_for": towards.for_difference}


def _confounding(draft: Draft, other: Confounding) -> None:
    draft.aligned = other.aligned
    draft.row |= {
        "date_eta": other.date, "model_v": other.model, "author_v": other.author,
        "aligned_with": other.strongest or None, "alignment": other.value,
    }  # fmt: skip
    if other.aligned:
        sign = "η" if other.strongest == "date" else "Cramér’s V"
        draft.row["reason"] = (
            f"{draft.row['condition']} goes together with the {other.strongest} "
            f"({sign} = {number(other.value, 2)})"
        )


def _factor(logarithm: float | None) -> float | None:
    """Return the factor of a logarithm; None where no float holds it."""
    try:
        return math.exp(logarithm) if logarithm is not None else None
    except OverflowError:
        return None


def _planned(found: Plan | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {
        "detectable": found.detectable, "n_needed": found.n, "n_needed_for": found.for_difference
    }  # fmt: skip


def _mixed(row: dict[str, Any], found: Layout, compared: Compared) -> None:
    """Fill in the mixed model, or why it is not reported."""
    runs = found.runs
    if (runs.machine < 0).any():
        row["mixed_reason"] = "a machine is not known"
        return
    ends = found.levels[compared.first], found.levels[compared.last]
    # so that the last effect is the difference of the pair
    order = [ends[0], *(level for level in found.levels if level not in ends), ends[1]]
    level = np.array([order.index(one) for one in runs.level])
    wide = len(order)
    block, column, means = cells(runs, runs.machine * wide + level)
    tested = mixed_test(
        means.tolist(), (column % wide).tolist(), _numbered(block), _numbered(column // wide),
        seed=_seed(row),
    )  # fmt: skip
    row |= {
        "mixed_reason": tested.reason or None, "mixed_estimate": tested.estimate,
        "mixed_error": tested.error, "mixed_sd_block": tested.sd_block,
        "mixed_sd_machine": tested.sd_machine, "mixed_sd_residual": tested.sd_residual,
        "mixed_p": tested.p, "mixed_draws": tested.draws or None,
    }  # fmt: skip


# --- counting ---------------------------------------------------------------------------------


def _counts(
    project: Project, part: Parted, metric: Metric | None, runs: Runs, blocks: int
) -> dict[str, Any]:
    """Return how many runs, experiments and machines a comparison rests on, and what is missing."""
    missing = 0
    if metric is not None:
        inside = np.isin(part.codes, runs.level) & np.isin(part.blocks, runs.block)
        missing = int((inside & project.complete & np.isnan(metric.values)).sum())
    _, first = np.unique(project.experiments[runs.place], return_index=True)
    named = sorted(project.runs[place].experiment for place in runs.place[first])
    return {
        "experiments": named[:MOST_NAMED],
        "n_blocks": blocks,
        "n_runs": len(runs.place),
        "n_experiments": len(named),
        "n_machines": len(np.unique(runs.machine[runs.machine >= 0])),
        "n_missing": missing,
    }


def _fewest(runs: Runs, levels: Sequence[int]) -> int:
    known = runs.machine >= 0
    return min(len(np.unique(runs.machine[known & (runs.level == level)])) for level in levels)


def _numbered(places: Any) -> list[int]:
    return [int(place) for place in np.unique(places, return_inverse=True)[1]]


def _seed(row: dict[str, Any]) -> int:
    """Return a seed of random draws: another one for each comparison, the same in every view."""
    text = "\0".join(
        str(row[name])
        for name in ("project", "condition", "metric", "scope", "levels", "n_runs", "n_blocks")
    )
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
