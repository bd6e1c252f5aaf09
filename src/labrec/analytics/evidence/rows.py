"""The rows of the tables about hypotheses. ○ No IO."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from labrec.analytics.evidence.analysis import judged
from labrec.analytics.evidence.places import places
from labrec.analytics.evidence.scale import WEAK
from labrec.analytics.evidence.verdict import LEAST_ALPHA, MOST_ALPHA, THRESHOLD, lab_level
from labrec.analytics.replicates import rounded
from labrec.analytics.stats.means import arm_of
from labrec.analytics.stats.power import seen_power
from labrec.analytics.stats.sizes import hedges_g
from labrec.analytics.tables.evidence import (
    EVIDENCE,
    EVIDENCE_RUNS,
    EVIDENCE_UNITS,
    HYPOTHESES,
    HYPOTHESIS_METRICS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from labrec.analytics.evidence.analysis import Judged
    from labrec.analytics.evidence.arms import Sample
    from labrec.analytics.evidence.design import Compared
    from labrec.analytics.evidence.verdict import Look, Result
    from labrec.analytics.seen import Seen
    from labrec.analytics.stats.sizes import StandardisedDifference
    from labrec.analytics.tables import Table

Row = dict[str, Any]

TABLES: Final[tuple[Table, ...]] = (
    HYPOTHESES,
    HYPOTHESIS_METRICS,
    EVIDENCE,
    EVIDENCE_UNITS,
    EVIDENCE_RUNS,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_THEN = {"suggestive": "inconclusive"}  # how a verdict note says it


def rows(seen: Seen) -> Iterator[tuple[Table, Iterable[Sequence[Any]]]]:
    """Yield the tables about hypotheses."""
    every = seen.once(judged)
    names = {one.experiment: one.name for one in seen.experiments} if every else {}
    for table, of in (
        (HYPOTHESES, _hypothesis),
        (HYPOTHESIS_METRICS, _metrics),
        (EVIDENCE, _evidence),
        (EVIDENCE_UNITS, _units),
        (EVIDENCE_RUNS, _runs),
    ):
        found = [_start(one) | row for one in every for row in of(one, names)]
        yield table, _ordered(table, found)


def _ordered(table: Table, found: Iterable[Row]) -> list[tuple[Any, ...]]:
    names = [column.name for column in table.columns]
    kinds = {column.name: column.kind for column in table.columns}
    return [
        tuple(rounded(row[name]) if kinds[name] == "number" else row[name] for name in names)
        for row in sorted(found, key=itemgetter(*table.key))
    ]


def _start(one: Judged) -> Row:
    claim = one.case.claim
    return {"project": claim.project, "hypothesis": claim.slug, "registration": claim.digest}


# --- runs, units, experiments -------------------------------------------------------------------


def _runs(one: Judged, _: Mapping[str, str]) -> Iterator[Row]:
    for member, place, why in places(one.case.claim, one.case.units):
        run = member.run
        yield {
            "run_id": run.run_id, "record_digest": run.digest, "experiment": run.experiment,
            "part": member.part, "kind": member.kind, "place": place, "baseline": member.baseline,
            "withdrawn": member.withdrawn, "published": member.published, "status": run.status,
            "why": why,
        }  # fmt: skip


def _units(one: Judged, names: Mapping[str, str]) -> Iterator[Row]:
    wholes = {(whole.experiment, whole.kind): whole.confidence for whole in one.case.wholes}
    for unit in one.case.evidence:
        trust = unit.confidence
        units = unit.treatment.units | unit.against.units
        yield {
            "experiment": unit.experiment, "metric": unit.target.name, "kind": unit.kind,
            "name": names.get(unit.experiment, ""), "baseline": unit.baseline,
            "n_runs": unit.treatment.n_runs, "n_missing": unit.treatment.n_missing,
            "n": unit.treatment.n, "n_baseline": unit.against.n, "mean": unit.mean,
            "mean_baseline": unit.mean_baseline, "delta": unit.delta,
            "unit": next(iter(units)) if len(units) == 1 else None,
            "scale": unit.scale.value, "scale_df": unit.scale.df, "weak": unit.scale.df < WEAK,
            "deterministic": unit.scale.value == 0, "resolution": unit.resolution,
            "normalized_delta": unit.normalized, "spread_ratio": unit.ratio,
            "weight": unit.weight, "c_status": trust.status, "c_tail": trust.tail,
            "c_replication": trust.replication, "c_reruns": trust.reruns,
            "c_capture": trust.capture, "deductions": list(trust.deductions),
            "n_reruns": unit.reruns[0], "n_agreeing": unit.reruns[1], "confidence": trust.value,
            "contribution": None if unit.normalized is None else (
                wholes[unit.experiment, unit.kind] * unit.weight * unit.normalized
            ),
        }  # fmt: skip


def _evidence(one: Judged, names: Mapping[str, str]) -> Iterator[Row]:
    for whole in one.case.wholes:
        yield {
            "experiment": whole.experiment, "kind": whole.kind,
            "name": names.get(whole.experiment, ""), "n_metrics": whole.metrics,
            "score": whole.score, "confidence": whole.confidence,
            "contribution": whole.contribution,
        }  # fmt: skip


# --- metrics ------------------------------------------------------------------------------------


def _metrics(one: Judged, _: Mapping[str, str]) -> Iterator[Row]:
    case, look = one.case, one.case.shown
    if look is None:
        return
    later = case.exploratory or (None,) * len(look.results)
    for place, (result, explored) in enumerate(zip(look.results, later, strict=True)):
        leads = place == look.lead
        yield {
            **_target(result), **_arms(result), **_difference(result.compared),
            "leads": leads, "n_baselines": result.compared.baselines, "tau": result.compared.tau,
            "p_support_seen": result.support_seen,
            "p_refute_seen": result.refute_seen,
            "p_support": result.support,
            "p_refute": result.refute,
            **_size(result), **_missing(result), **_plan(one, look, result, leads=leads),
            **_explored(explored),
        }  # fmt: skip


def _target(result: Result) -> Row:
    target = result.target
    units = result.treatment.units | result.baseline.units
    unit = next(iter(units)) if len(units) == 1 else None
    return {
        "metric": target.name, "direction": target.direction, "delta": target.delta, "unit": unit,
    }  # fmt: skip


def _arms(result: Result) -> Row:
    found: Row = {
        "n_machines": len(result.treatment.machines | result.baseline.machines),
        "mean_treatment": _mean(result.treatment), "mean_baseline": _mean(result.baseline),
    }  # fmt: skip
    for arm, sample in (("treatment", result.treatment), ("baseline", result.baseline)):
        for name in ("n_runs", "n_failed", "n_interrupted", "n_absent", "n_not_finite",
                     "n_identical"):  # fmt: skip
            found[f"{name}_{arm}"] = getattr(sample, name)
    found["n_treatment"] = result.compared.n_treatment
    found["n_baseline"] = result.compared.n_baseline
    return found


def _mean(sample: Sample) -> float | None:
    return arm_of([one.value for one in sample.values]).mean if sample.values else None


def _difference(compared: Compared) -> Row:
    found = compared.estimate
    names = {"estimate": "value", "error": "error", "df": "df", "low": "low", "high": "high",
             "level": "level"}  # fmt: skip
    values = {name: getattr(found, field) for name, field in names.items()} if found else {}
    return {"method": compared.method, **dict.fromkeys(names), **values}


def _size(result: Result) -> Row:
    g = _hedges(result)
    return {
        "g": g and g.g, "g_low": g and g.low, "g_high": g and g.high,
    }  # fmt: skip


def _hedges(result: Result) -> StandardisedDifference | None:
    """Return Hedges' g of the arms, as pairs where they are."""
    sign, compared = result.target.sign, result.compared
    ours, theirs = (
        [sign * one.value for one in sample.values]
        for sample in (result.treatment, result.baseline)
    )
    if not ours or not theirs or compared.baselines != 1 or compared.method == "none":
        return None
    first, second = arm_of(ours), arm_of(theirs)
    correlation = None
    if compared.method == "paired":
        error = compared.estimate.error if compared.estimate is not None else None
        if first.n != second.n or error is None:
            return None
        largest = max(first.sd, second.sd, error) or 1.0  # so that no square overflows
        one, other, apart = (value / largest for value in (first.sd, second.sd, error))
        if not one * other:
            return None
        # Var(x - y) = Var(x) + Var(y) - 2·r·sd(x)·sd(y)
        correlation = (one**2 + other**2 - apart**2 * first.n) / (2 * one * other)
        correlation = max(-1.0, min(1.0, correlation))
    try:
        return hedges_g(first, second, correlation=correlation)
    except ValueError:  # as above
        return None


def _missing(result: Result) -> Row:
    gone = result.missing
    return {
        "missing_treatment": gone.treatment, "missing_baseline": gone.baseline,
        "p_missing": gone.p, "missing_matters": gone.matters,
        "bound_low": gone.low, "bound_high": gone.high,
    }  # fmt: skip


def _plan(one: Judged, look: Look, result: Result, *, leads: bool) -> Row:
    found = result.compared.estimate
    power = None
    if found is not None and LEAST_ALPHA < look.alpha < MOST_ALPHA:
        with suppress(ValueError):  # an effect so much larger than its error that no double holds
            power = seen_power(found, alpha=look.alpha, sides=1)
    needed = one.needed if leads else None
    return {
        "needed_n": needed[0].n if needed else None, "needed_effect": needed[1] if needed else None,
        "power_seen": power and power.at_value, "power_low": power and power.at_low,
    }  # fmt: skip


def _explored(explored: Result | None) -> Row:
    found = explored.compared.estimate if explored is not None else None
    return {
        "n_exploratory": explored.treatment.n if explored is not None else 0,
        "exploratory_estimate": found and found.value,
        "exploratory_low": found and found.low,
        "exploratory_high": found and found.high,
    }


# --- hypotheses ---------------------------------------------------------------------------------


def _hypothesis(one: Judged, _: Mapping[str, str]) -> Iterator[Row]:
    case, claim, ruling, said = one.case, one.case.claim, one.ruling, one.said
    now = _THEN.get(ruling.verdict, ruling.verdict)
    yield {
        "order": claim.order, "current": claim.current, "amends": claim.amends,
        "registered_at": _EPOCH + timedelta(milliseconds=claim.registered_ms),
        "author": claim.author, "falsification": claim.falsification,
        "claim": claim.text, "verdict": ruling.verdict, "side": ruling.side or None,
        "why": ruling.why, "final": ruling.final, "sentence": one.sentence,
        "then": said.then, "then_notes": list(said.notes), "then_text": said.text,
        "changed": said.then is not None and said.then != now,
        "decided": said.decided, "decided_by": said.by, "decided_why": said.reason,
        "overridden": said.overrides is not None,
        "shown": said.overrides or ruling.verdict,
        "verdict_with_withdrawn": one.beside.verdict if one.beside is not None else None,
        "verdict_lab": one.lab.verdict, "alpha_lab": lab_level(claim),
        "registered": _registered(one),
        "attested": "witnessed" if case.units.witnessed else "self-attested",
        "test": claim.test, "decision": claim.decision, "baseline": claim.baseline,
        "baseline_name": claim.baseline_name,
        "selector": json.dumps(claim.selector, sort_keys=True, ensure_ascii=False),
        "family": claim.family, "family_size": one.p.size, "alpha": claim.alpha,
        "planned_n": claim.planned_n, "looks": list(map(str, claim.looks)),
        **_counts(one),
        "p_support": case.trial.support, "p_refute": case.trial.refute,
        "p_support_adjusted": one.p.support, "p_refute_adjusted": one.p.refute,
        "score": case.score, "threshold": THRESHOLD, **_looked(one),
    }  # fmt: skip


def _registered(one: Judged) -> str:
    if any(member.kind == "confirmatory" for member in one.case.units.treatments):
        return "preregistered"
    return "exploratory" if one.case.units.exploratory else "unlinked"


def _counts(one: Judged) -> Row:
    found = one.case.units
    baselines = {
        member.run.run_id for group in found.baselines.values() for member in group if member.bound
    } - {member.run.run_id for member in found.treatments}
    confirmatory = [m for group in (found.treatments, *found.baselines.values()) for m in group]
    return {
        "n_start": len(found.treatments) + len(found.others) + len(baselines),
        "n_later": len(found.exploratory),
        "n_withdrawn": len({m.run.run_id for m in confirmatory if m.withdrawn}),
    }  # fmt: skip


def _looked(one: Judged) -> Row:
    """Return what the look that is shown says; before any run there is none."""
    look, claim = one.case.shown, one.case.claim
    if look is None or not look.arms.treatments:
        lead = claim.targets[0]
        nothing = ("look", "look_n", "full", "alpha_look", "unit", "n_treatment", "n_baseline",
                   "estimate", "error", "df", "low", "high", "level")  # fmt: skip
        return {
            **dict.fromkeys(nothing), "interim": True, "n_experiments": 0, "n_machines": 0,
            "candidates": 1, "selected_baseline": False, "baselines": [], "method": "none",
            "metric": lead.name, "direction": lead.direction, "delta": lead.delta,
        }  # fmt: skip
    result = look.results[look.lead]
    treatments = look.arms.treatments
    return {
        "look": look.number, "look_n": look.n, "full": look.full, "interim": not look.reached,
        "alpha_look": look.alpha, "candidates": look.arms.candidates,
        "selected_baseline": look.arms.selected,
        "baselines": sorted({str(member.baseline) for member in treatments}),
        "n_experiments": len({member.run.experiment for member in treatments}),
        "n_machines": len(result.treatment.machines | result.baseline.machines),
        "n_treatment": result.compared.n_treatment, "n_baseline": result.compared.n_baseline,
        **_target(result), **_difference(result.compared),
    }  # fmt: skip
