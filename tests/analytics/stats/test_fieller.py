"""Fieller's interval of a ratio."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from labrec.analytics.stats.fieller import Quantity, fieller

_value = st.floats(-100, 100).filter(lambda value: abs(value) > 1e-3)
_variance = st.floats(1e-6, 100)


def test_the_example():
    found = fieller(Quantity(10, 1), Quantity(5, 0.25), 0, math.inf)
    assert found.estimate == 2
    assert found.g == pytest.approx(0.0384146, abs=1e-7)
    assert (found.low, found.high) == (
        pytest.approx(1.50895, abs=1e-5), pytest.approx(2.65084, abs=1e-5),
    )  # fmt: skip


@given(_value, _value, _variance, _variance, st.floats(-0.99, 0.99), st.floats(2, 50))
def test_at_its_ends_the_ratio_is_just_as_far_as_t(
    a: float, b: float, v11: float, v22: float, r: float, df: float
):
    """The definition: a - ratio·b is t standard errors from 0 there."""
    covariance = r * math.sqrt(v11 * v22)
    found = fieller(Quantity(a, v11), Quantity(b, v22), covariance, df)
    from scipy.stats import t as student

    t = student.ppf(0.975, df)
    assert (found.estimate is None) == (t * math.sqrt(v22) >= abs(b))
    assume(found.estimate is not None and found.g < 0.999)
    assert found.low <= found.estimate <= found.high
    for end in (found.low, found.high):
        error = math.sqrt(v11 - 2 * end * covariance + end**2 * v22)
        assert abs(a - end * b) == pytest.approx(t * error, rel=1e-5, abs=1e-9)


@given(_value, _value, _variance)
def test_an_exact_denominator_divides_the_interval(a: float, b: float, v11: float):
    found = fieller(Quantity(a, v11), Quantity(b, 0), 0, 10)
    half = 2.2281388520 * math.sqrt(v11) / abs(b)
    assert found.g == 0
    assert found.low == pytest.approx(a / b - half, rel=1e-6, abs=1e-9)
    assert found.high == pytest.approx(a / b + half, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("denominator", [Quantity(0, 0), Quantity(0, 1), Quantity(1, 1)])
def test_a_denominator_that_could_be_zero_gives_no_ratio(denominator: Quantity):
    found = fieller(Quantity(5, 1), denominator, 0, 20)
    assert (found.estimate, found.low, found.high) == (None, None, None)
    assert found.g >= 1


@pytest.mark.parametrize(
    ("numerator", "denominator", "covariance"),
    [
        (Quantity(math.nan, 1), Quantity(1, 1), 0),
        (Quantity(1, -1), Quantity(1, 1), 0),
        (Quantity(1, 1), Quantity(1, 1), 1.1),
    ],
)
def test_what_cannot_be_is_refused(numerator: Quantity, denominator: Quantity, covariance: float):
    with pytest.raises(ValueError, match=r"ratio|variances"):
        fieller(numerator, denominator, covariance, 5)


def test_it_covers_the_true_ratio():
    rng = np.random.default_rng(1)
    covered, repeats = 0, 2000
    mixing = np.array([[1.0, 0.0], [0.6, 0.8]])
    for _ in range(repeats):
        pairs = rng.normal(size=(6, 2)) @ mixing.T + [3.0, 4.0]
        a, b = pairs.mean(axis=0)
        spread = np.cov(pairs.T) / 6
        found = fieller(
            Quantity(float(a), float(spread[0, 0])), Quantity(float(b), float(spread[1, 1])),
            float(spread[0, 1]), 5,
        )  # fmt: skip
        # where the denominator could be 0 the set is unbounded, and this one not told
        covered += found.low is None or found.low <= 0.75 <= found.high
    assert abs(covered / repeats - 0.95) < 2.5 * math.sqrt(0.95 * 0.05 / repeats)
