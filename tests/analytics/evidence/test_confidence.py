"""Scores of evidence: each component by hand, and none of them near a p value."""

from __future__ import annotations

import pytest
from tests.analytics.evidence.study import Study

from labrec.analytics.evidence.confidence import agrees, confidence, tail_sd
from labrec.analytics.evidence.scale import Scale, normalized, spread_ratio
from labrec.analytics.run import Run
from labrec.analytics.stats.spread import PooledSd

GOOD = Run("r", "d", seeds="{}", code_digest="c", environment_digest="e")


def test_the_components_and_their_geometric_mean() -> None:
    # status (1 + 0.5)/2 = 0.75; tail 1/(1 + 1/4) = 0.8; replication 2/3; reruns (1 + 1)/(1 + 2);
    # capture: the second run loses 0.2 for its code and 0.1 for one remark: (1 + 0.7)/2 = 0.85.
    second = GOOD._replace(status="interrupted", code_digest=None, capture_events=1)
    found = confidence([GOOD, second], 2, 4.0, [0.5, 1.5], (1, 1))
    parts = found.status, found.tail, found.replication, found.reruns, found.capture
    assert parts == pytest.approx((0.75, 0.8, 2 / 3, 2 / 3, 0.85))
    assert found.deductions == ("code", "remarks")
    assert found.value == pytest.approx((0.75 * 0.8 * 2 / 3 * 2 / 3 * 0.85) ** 0.2)


def test_what_is_not_known_is_a_half() -> None:
    found = confidence([GOOD], 1, None, [], (0, 0))
    assert (found.tail, found.reruns) == (0.5, 0.5)


def test_failed_runs_alone_are_no_evidence() -> None:
    assert confidence([GOOD._replace(status="failed")], 0, None, [], (0, 0)).value == 0


def test_the_tail_is_the_last_tenth() -> None:
    assert tail_sd([0.0] * 19) is None  # one point shows no spread
    assert tail_sd([9.0] * 18 + [1.0, 3.0]) == pytest.approx(2**0.5)


def test_reruns_agree_as_near_as_replicates_do() -> None:
    assert agrees(1.0, 1.0, None, None)
    assert not agrees(1.0, 1.1, None, None)
    assert agrees(1.0, 1.1, None, 0.2)
    assert agrees(1.0, 3.8, 1.0, None)  # 2·√2 = 2.83
    assert not agrees(1.0, 3.9, 1.0, None)


def test_a_difference_is_read_by_the_scale() -> None:
    assert normalized(3.0, Scale(PooledSd(2.0, 4, 2), None), None) == 1.5
    assert normalized(-300.0, Scale(PooledSd(2.0, 4, 2), None), None) == -10
    still = Scale(PooledSd(0.0, 1, 1), 3.0)
    assert (normalized(0.1, still, None), normalized(0.1, still, 0.2)) == (10, 0)
    assert (normalized(3.0, Scale(None, 2.0), None), spread_ratio(3.0, Scale(None, 2.0))) == (
        None,
        1.5,
    )
    assert spread_ratio(3.0, still) is None


def test_e_is_shown_and_never_decides_alone() -> None:
    # Arms 4, 5, 6 and 1, 2, 3: a difference of 3 on a scale of 1. E is positive, and large.
    study = Study()
    claim = study.register(delta=2.9)
    study.baseline([1.0, 2.0, 3.0])
    study.treatment([4.0, 5.0, 6.0], claim)
    (found,) = study.judged()
    (unit,) = found.case.evidence
    assert (unit.scale.value, unit.scale.df, unit.normalized) == (1, 4, 3)
    assert found.case.score == pytest.approx(3 * unit.confidence.value)
    assert found.case.score is not None
    assert found.case.score > 1
    assert found.ruling.verdict == "inconclusive"


def test_a_deterministic_metric_needs_a_resolution_declared_before_the_claim() -> None:
    words = []
    for resolution, first in ((None, True), (0.5, True), (1.5, True), (0.5, False)):
        study = Study()
        if resolution is not None and first:
            study.define(resolution=resolution)
        claim = study.register(planned_n=4)
        study.baseline([1.0] * 4)
        study.treatment([2.0] * 4, claim)
        if resolution is not None and not first:
            study.define(resolution=resolution)
        words.append(study.verdict())
    assert words == ["suggestive", "supported", "inconclusive", "suggestive"]


def test_coarse_values_that_agree_by_chance_decide_nothing() -> None:
    # Two values of 0 against two of 1: one of six ways to deal them out. Four each: one of 70.
    words = []
    for count, alpha in ((2, 0.05), (4, 0.05), (4, 0.01)):
        study = Study()
        study.define(resolution=0.5)
        claim = study.register(planned_n=count, alpha=alpha)
        study.baseline([0.0] * count)
        study.treatment([1.0] * count, claim)
        (found,) = study.judged()
        words.append(found.ruling.verdict)
        if count == 2:
            assert "may agree by chance" in found.ruling.why
            assert found.case.trial.support == pytest.approx(1 / 6)
    assert words == ["suggestive", "supported", "suggestive"]


def test_what_nothing_varies_in_says_so() -> None:
    study = Study()
    claim = study.register()
    study.baseline([1.0, 1.0, 1.0])
    study.treatment([2.0, 2.0, 2.0], claim)
    (found,) = study.judged()
    assert (found.ruling.verdict, found.ruling.side) == ("suggestive", "for")
    assert "resolution" in found.ruling.why
