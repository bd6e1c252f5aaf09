"""Growing models against their host."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.analytics.attribution.growth import Equivalent, Sized, growth, monotone
from labrec.analytics.stats.fieller import Quantity, fieller


def _sized(parameters: float, *values: float, seeds: bool = True) -> Sized:
    return Sized(
        parameters,
        [(str(number) if seeds else None, value) for number, value in enumerate(values)],
    )


HOST = _sized(1000, 0.70, 0.72, 0.74)
GROWN = _sized(1500, 0.80, 0.83, 0.83)


def test_the_delta_is_paired_by_common_seeds():
    found = growth(GROWN, HOST, direction="maximize")
    assert found.delta.design == "paired"
    assert found.delta.estimate == pytest.approx(0.10)
    alone = growth(_sized(1500, 0.80, 0.83, 0.83, seeds=False), HOST, direction="maximize")
    assert alone.delta.design == "welch"


def test_quality_for_each_parameter():
    found = growth(GROWN, HOST, direction="maximize", chance=0.5)
    assert found.ratio.estimate == pytest.approx((0.82 / 1500) / (0.72 / 1000))
    assert found.ratio.low < found.ratio.estimate < found.ratio.high
    assert found.ratio.high < 1  # fewer points a parameter than the host has
    assert found.above_chance.estimate == pytest.approx((0.32 / 1500) / (0.22 / 1000))
    # by hand: variances and covariance of the two means, 2 degrees of freedom
    table = np.array([[0.80, 0.83, 0.83], [0.70, 0.72, 0.74]])
    spread = np.cov(table) / 3
    by_hand = fieller(Quantity(0.82, spread[0, 0]), Quantity(0.72, spread[1, 1]), spread[0, 1], 2)
    assert found.ratio.low == pytest.approx(by_hand.low / 1.5)
    assert found.ratio.high == pytest.approx(by_hand.high / 1.5)


def test_a_host_that_may_only_guess_gives_no_ratio_above_chance():
    guessing = _sized(1000, 0.49, 0.51, 0.505)
    found = growth(GROWN, guessing, direction="maximize", chance=0.5)
    assert found.ratio.estimate is not None
    assert found.above_chance.estimate is None


def test_what_is_better_smaller_has_no_quality_for_each_parameter():
    found = growth(GROWN, HOST, direction="minimize", chance=0.5)
    assert (found.ratio, found.above_chance) == (None, None)


def test_without_replicates_there_is_no_ratio():
    assert growth(_sized(1500, 0.8), HOST, direction="maximize").ratio is None


SIZES = [_sized(2000, 0.80, 0.80), _sized(4000, 0.86, 0.86)]


def test_equivalent_parameters_lie_between_sizes_by_their_logarithm():
    found = growth(GROWN, HOST, SIZES, direction="maximize")
    assert found.equivalent == Equivalent(pytest.approx(2000 * 2 ** (1 / 3)))
    assert found.equivalent_low.parameters < found.equivalent.parameters
    assert found.equivalent_high == Equivalent(4000, ">")  # the interval of 0.82 ends at 0.863
    exact = growth(_sized(1500, 0.80, 0.80), HOST, SIZES, direction="maximize")
    assert exact.equivalent == Equivalent(2000)
    assert exact.equivalent_low is None  # without spread there is no interval


@pytest.mark.parametrize(
    ("quality", "expected"), [(0.9, Equivalent(4000, ">")), (0.6, Equivalent(1000, "<"))]
)
def test_outside_of_what_was_measured_nothing_is_read_off(quality: float, expected: Equivalent):
    found = growth(_sized(1500, quality), HOST, SIZES, direction="maximize")
    assert found.equivalent == expected


def test_losses_fall_with_size():
    sizes = [_sized(1000, 3.0), _sized(10_000, 2.0)]
    found = growth(_sized(1500, 2.4, 2.6), sizes[0], sizes[1:], direction="minimize")
    assert found.equivalent == Equivalent(pytest.approx(1000 * math.sqrt(10)))
    # the interval of 2.5 holds all losses that were measured
    assert (found.equivalent_low, found.equivalent_high) == (
        Equivalent(1000, "<"), Equivalent(10_000, ">"),
    )  # fmt: skip


def test_one_size_is_no_curve():
    assert growth(GROWN, HOST, direction="maximize").equivalent is None
    assert growth(GROWN, HOST, SIZES, direction=None).equivalent is None


def test_the_example():
    sizes = [_sized(size, value) for size, value in ((1, 1.0), (2, 3.0), (3, 2.0), (4, 4.0))]
    assert monotone(sizes) == [(1, 1), (2, 2.5), (3, 2.5), (4, 4)]


@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.lists(st.floats(-10, 10), min_size=1, max_size=3)),
        min_size=1,
        max_size=8,
    ),
    st.booleans(),
)
def test_monotone_fits_agree_with_scipy(given_sizes: list[tuple[int, list[float]]], falling: bool):
    from scipy.optimize import isotonic_regression

    found = monotone([_sized(size, *values) for size, values in given_sizes], falling=falling)
    by_size: dict[int, list[float]] = {}
    for size, values in given_sizes:
        by_size.setdefault(size, []).extend(values)
    means = [float(np.mean(by_size[size])) for size in sorted(by_size)]
    weights = [len(by_size[size]) for size in sorted(by_size)]
    theirs = isotonic_regression(means, weights=weights, increasing=not falling).x
    assert np.allclose([value for _, value in found], theirs, rtol=0, atol=1e-9)
    assert [size for size, _ in found] == sorted(by_size)
