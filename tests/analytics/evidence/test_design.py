"""Comparing arms: worked by hand, and a baseline that is shared stands once."""

from __future__ import annotations

import math
from random import Random

import pytest
from tests.analytics.evidence.study import Study

from labrec.analytics.evidence.arms import Lost, Sample, Value
from labrec.analytics.evidence.design import compare
from labrec.analytics.evidence.missing import missing
from labrec.analytics.evidence.rows import rows


def sample(groups: dict[str, list[float]], baseline: str = "", **fields: int) -> Sample:
    """An arm with these values of each experiment, seeds 0, 1, …"""
    values = tuple(
        Value(experiment, str(seed), value, baseline or experiment, ())
        for experiment, found in groups.items()
        for seed, value in enumerate(found)
    )
    counts = dict.fromkeys(
        ("n_failed", "n_interrupted", "n_absent", "n_not_finite", "n_identical"), 0
    )
    lost = tuple(Lost(next(iter(groups)), None, baseline) for _ in range(sum(fields.values())))
    runs = len(values) + len(lost)
    units, machines = frozenset({None}), frozenset({"m"})
    return Sample(values, lost, runs, **(counts | fields), units=units, machines=machines)  # type: ignore[arg-type]


def test_treatments_that_share_a_baseline_are_one_contrast() -> None:
    # Two treatments 4, 6 and 8, 10 (means 5 and 9, s² = 2 each), baseline 1, 3 (mean 2, s² = 2).
    # Difference (5 + 9)/2 - 2 = 5. Error² = (1/4)(2/2) + (1/4)(2/2) + 2/2 = 1.5; taken as two
    # independent differences it would be (1/4)(2 + 2) = 1. Welch-Satterthwaite:
    # df = 1.5²/(0.25² + 0.25² + 1²) = 2.25/1.125 = 2.
    found = compare(
        sample({"a": [4.0, 6.0], "b": [8.0, 10.0]}, "base"), sample({"base": [1.0, 3.0]}),
        test="welch", sign=1.0, level=0.9,
    )  # fmt: skip
    assert found.estimate is not None
    assert found.estimate.value == 5
    assert found.estimate.error == pytest.approx(math.sqrt(1.5))
    assert found.estimate.df == pytest.approx(2)


def test_single_runs_of_many_experiments_are_one_group() -> None:
    # 4, 6, 8 of three experiments: mean 6, s² = 4; baseline 1, 3: error² = 4/3 + 1.
    found = compare(
        sample({"a": [4.0], "b": [6.0], "c": [8.0]}, "base"), sample({"base": [1.0, 3.0]}),
        test="welch", sign=1.0, level=0.9,
    )  # fmt: skip
    assert found.estimate is not None
    assert found.estimate.error == pytest.approx(math.sqrt(4 / 3 + 1))


def test_common_seeds_are_pairs() -> None:
    # Differences 1, 2, 3: mean 2, s = 1, error 1/√3, two degrees of freedom.
    found = compare(
        sample({"a": [11.0, 22.0, 33.0]}, "base"), sample({"base": [10.0, 20.0, 30.0]}),
        test="paired", sign=1.0, level=0.9,
    )  # fmt: skip
    assert found.estimate is not None
    assert (found.estimate.value, found.estimate.df, found.n_treatment) == (2, 2, 3)
    assert found.estimate.error == pytest.approx(1 / math.sqrt(3))


def test_different_baselines_are_random_effects_from_three_on() -> None:
    def study(count: int) -> Study:
        made = Study()
        claim = made.register(planned_n=2 * count)
        for n in range(count):
            made.baseline([1.0 + n, 2.0 + n], f"base-{n}")
        for n in range(count):
            made.treatment([11.0 + n, 12.0 + 2 * n], claim, f"new-{n}", parent=f"base-{n}")
        return made

    (two,) = study(2).judged()
    assert two.ruling.verdict == "inconclusive"
    assert "from three on" in two.ruling.why
    (three,) = study(3).judged()
    look = three.case.shown
    assert look is not None
    compared = look.results[0].compared
    assert (compared.method, compared.baselines) == ("random effects", 3)
    assert compared.estimate is not None
    assert compared.estimate.df == 2
    # differences 10, 10.5, 11: their mean lies between
    assert 10 < compared.estimate.value < 11


@pytest.mark.parametrize("test", ["paired", "welch"])
def test_values_at_the_ends_of_doubles_have_rows(test: str) -> None:
    for count in (1, 3):
        made = Study()
        claim = made.register(test=test, planned_n=3 * count)
        for n in range(count):
            made.baseline([1e200, 3e200, 2e199], f"base-{n}")
            made.treatment([5e200, 1e-320, 1e308], claim, f"new-{n}", parent=f"base-{n}")
        tables = {table.name: list(found) for table, found in rows(made.seen())}
        assert len(tables["hypothesis_metrics"]) == 1


def test_a_few_runs_that_happen_to_agree_do_not_decide_over_baselines() -> None:
    # errors from two runs each, taken as known: 8 % of these labs, and a tenth with five baselines
    random = Random(5)
    empty, count, labs = sample({}), 0, 1000
    for _ in range(labs):
        ours, theirs = (
            tuple(
                Value(f"{arm}{place}", str(seed), random.gauss(), f"b{place}", ())
                for place in range(5)
                for seed in range(2)
            )
            for arm in "tb"
        )
        new, base = empty._replace(values=ours), empty._replace(values=theirs)
        found = compare(new, base, test="welch", sign=1.0, level=0.9).estimate
        assert found is not None
        assert found.df == 4
        count += found.low is not None and found.low > 0
    assert count <= labs * 0.05 + 2 * math.sqrt(labs * 0.05 * 0.95)


def test_what_is_missing_bounds_the_difference() -> None:
    # Treatments 4, 6 and one failed; baseline 1, 3. Worst: the third treatment is 1 (the lowest
    # seen): 11/3 - 2 = 5/3. Best: it is 6: 16/3 - 2 = 10/3. One of three missing is above 20 %.
    found = missing(
        sample({"a": [4.0, 6.0]}, "base", n_failed=1), sample({"base": [1.0, 3.0]}), 1.0
    )
    assert (found.low, found.high) == pytest.approx((5 / 3, 10 / 3))
    assert found.treatment == pytest.approx(1 / 3)
    assert found.matters


def test_completion_that_differs_between_the_arms_matters_below_a_fifth() -> None:
    # 2 of 20 and 0 of 20: 10 % is not too much, and Barnard's p is 0.23; 4 of 20 has p = 0.047.
    def of(lost: int) -> bool:
        values = [float(n) for n in range(20)]
        arm = sample({"a": values[lost:]}, "base", n_failed=lost)
        found = missing(arm, sample({"base": values}), 1.0)
        assert found.treatment <= 0.2
        return found.matters

    assert not of(0)
    assert not of(2)
    assert of(4)
