"""Contrasts and Holm's adjustment against published values, scipy and R."""

from __future__ import annotations

import csv
import itertools
import json
import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from tests.analytics.labs import run_of

from labrec.analytics.contrasts import Contrast, Values, contrast, finding
from labrec.analytics.replicates import sum_up
from labrec.analytics.stats.multiple import holm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from labrec.analytics.run import Run

# Student (1908): hours of sleep gained by ten patients with two drugs.
FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=12)


def runs(numbers: Sequence[float], *, seeded: bool = False) -> list[Run]:
    return [
        run_of(number, seeds=f'{{"seed":"{place}"}}' if seeded else None)
        for place, number in enumerate(numbers)
    ]


def values(runs: list[Run]) -> Values:
    return sum_up(runs, ["loss"])["loss"].values


def compare(ours: list[Run], theirs: list[Run]) -> Contrast:
    found = contrast(values(ours), values(theirs))
    assert found is not None
    return found


def test_students_sleep_paired_as_he_published_it() -> None:
    # Student 1908; R: t.test(group1, group2, paired = TRUE)
    found = compare(runs(FIRST, seeded=True), runs(SECOND, seeded=True))
    assert (found.design, found.n, found.n_parent, found.df) == ("paired", 10, 10, 9)
    assert found.estimate == pytest.approx(-1.58)
    assert (found.low, found.high) == pytest.approx((-2.4598858, -0.7001142), abs=1e-7)
    assert found.p == pytest.approx(0.00283289, rel=1e-5)


def test_the_same_unpaired_as_r_does_it() -> None:
    # R: t.test(extra ~ group, data = sleep), Welch
    found = compare(runs(FIRST), runs(SECOND))
    assert (found.design, found.n, found.n_parent) == ("welch", 10, 10)
    assert found.df == pytest.approx(17.776474, rel=1e-7)
    assert (found.low, found.high) == pytest.approx((-3.3654832, 0.2054832), abs=1e-7)
    assert found.p == pytest.approx(0.07939414, rel=1e-6)


@given(NUMBERS, NUMBERS)
def test_any_welch_agrees_with_scipy(ours: list[float], theirs: list[float]) -> None:
    found = compare(runs(ours), runs(theirs))
    if min(max(v) - min(v) for v in (ours, theirs)) < 1e-3:
        return  # scipy divides by no spread
    expected = stats.ttest_ind(ours, theirs, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert found.p == pytest.approx(float(expected.pvalue), rel=1e-6, abs=1e-12)
    assert found.df == pytest.approx(float(expected.df), rel=1e-6)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-6)


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=2, max_size=12))
def test_any_paired_agrees_with_scipy(pairs: list[tuple[float, float]]) -> None:
    ours, theirs = ([pair[side] for pair in pairs] for side in (0, 1))
    found = compare(runs(ours, seeded=True), runs(theirs, seeded=True))
    differences = [one - other for one, other in pairs]
    assert found.design == "paired"
    if max(differences) - min(differences) < 1e-3:
        return
    expected = stats.ttest_rel(ours, theirs)
    interval = expected.confidence_interval(0.95)
    assert found.p == pytest.approx(float(expected.pvalue), rel=1e-6, abs=1e-12)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-6)


def test_pairs_need_the_same_seeds_and_two_of_them() -> None:
    one, two = runs([1.0, 2.0], seeded=True), runs([1.0, 2.0, 3.0], seeded=True)
    assert compare(one, two).design == "welch"  # the third seed has no partner
    assert compare(one, runs([1.0, 2.5])).design == "welch"  # no seeds on the other side
    assert compare(one[:1], two[:1]).design == "unreplicated"  # one pair shows no spread


def test_runs_of_one_seed_are_one_half_of_a_pair() -> None:
    ours = [*runs([1.0, 5.0], seeded=True), *runs([3.0], seeded=True)]
    found = compare(ours, runs([1.0, 4.0], seeded=True))
    assert (found.design, found.n, found.estimate) == ("paired", 2, 1.0)


def test_one_run_says_a_difference_and_nothing_about_it() -> None:
    found = compare(runs([3.0]), runs([1.0, 2.0]))
    assert found == Contrast("unreplicated", 1, 2, 1.5)
    assert finding(found, None, "maximize") == "unreplicated"


@pytest.mark.parametrize("seeded", [True, False])
@pytest.mark.parametrize("shift", [0.0, 0.1, 7.0])
def test_what_does_not_vary_has_no_p_of_zero(shift: float, seeded: bool) -> None:
    ours = runs([0.3 + shift] * 3, seeded=seeded)
    found = compare(ours, runs([0.3] * 3, seeded=seeded))
    assert found.design == ("paired" if seeded else "welch")
    assert found.estimate == pytest.approx(shift)
    assert found[4:] == (None,) * 4
    assert finding(found, None, "maximize") == "unclear"


def test_a_constant_difference_is_no_spread_whatever_rounding_leaves() -> None:
    theirs = [0.1, 0.7, 0.30000000000000004, 12.1]
    ours = [value + 0.1 for value in theirs]
    assert compare(runs(ours, seeded=True), runs(theirs, seeded=True)).p is None


def test_one_side_without_spread_leaves_the_other_ones_freedom() -> None:
    found = compare(runs([1.0, 1.0, 1.0]), runs([1.0, 2.0, 3.0]))
    assert found.df == pytest.approx(2)
    assert found.p == pytest.approx(float(stats.ttest_1samp([1.0, 2.0, 3.0], 1.0).pvalue))


def test_without_a_value_there_is_no_contrast() -> None:
    one = values(runs([1.0]))
    for runs_without in ([run_of(None)], [run_of(math.nan)], [run_of(0.0, status="failed")]):
        assert contrast(one, values(runs_without)) is None
        assert contrast(values(runs_without), one) is None


def test_a_difference_that_no_float_holds_is_none() -> None:
    assert contrast(values(runs([1.7e308])), values(runs([-1.7e308]))) is None
    assert compare(runs([1e308, 2e307]), runs([-1e307, 1e307])).df is not None


def test_a_failed_run_never_enters_a_contrast() -> None:
    with_failed = [*runs([1.0, 2.0]), run_of(0.0, status="failed")]
    assert compare(with_failed, runs([5.0, 6.0])) == compare(runs([1.0, 2.0]), runs([5.0, 6.0]))


def test_better_and_worse_need_a_small_p_and_a_direction() -> None:
    found = Contrast("welch", 3, 3, 1.0, 0.5, 1.5, 4.0, 0.01)
    assert finding(found, 0.01, "maximize") == "better"
    assert finding(found, 0.01, "minimize") == "worse"
    assert finding(found, 0.01, None) == "unclear"
    assert finding(found, 0.05, "maximize") == "unclear"
    assert finding(found._replace(estimate=-1.0), 0.01, "minimize") == "better"


def test_welch_and_holm_together_agree_with_r(shared_data: Callable[[str], Path]) -> None:
    """R: pairwise.t.test(Ozone, Month, p.adjust = "holm", pool.sd = FALSE)."""
    folder = shared_data("stats_reference")
    expected = json.loads((folder / "expected_R_examples.json").read_text())
    with (folder / "rdatasets" / "datasets__airquality.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["Ozone"] not in {"", "NA"}]
    months = {"5": "May", "6": "Jun", "7": "Jul", "8": "Aug", "9": "Sep"}
    by_month = {
        name: runs([float(row["Ozone"]) for row in rows if row["Month"] == number])
        for number, name in months.items()
    }
    pairs = list(itertools.combinations(by_month, 2))
    found = [compare(by_month[later], by_month[earlier]).p for earlier, later in pairs]
    adjusted = holm([p for p in found if p is not None])
    for (earlier, later), p in zip(pairs, adjusted, strict=True):
        published = expected["airquality_pairwise_t"]["unpooled_holm"][f"{later}_{earlier}"]
        assert p == pytest.approx(published, abs=5e-6)
