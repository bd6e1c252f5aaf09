"""The best of many: published tables, simulation, laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from labrec.analytics.stats.maxima import (
    chance_of_gain,
    expected_maximum,
    lead_of_chance,
    repeats_to_bound,
    repeats_to_show,
    shrunken_best,
)

# Dunnett (1955), table 1a, one-sided 0.05: degrees of freedom, treatments, critical value.
DUNNETT = [
    (5, 1, 2.02), (5, 2, 2.44), (5, 3, 2.68), (5, 9, 3.30), (10, 1, 1.81), (10, 2, 2.15),
    (10, 3, 2.34), (10, 4, 2.47), (20, 2, 2.03), (math.inf, 1, 1.64), (math.inf, 2, 1.92),
    (math.inf, 3, 2.06), (math.inf, 9, 2.42),
]  # fmt: skip

# Teichroew (1956), expected values of the largest of n standard normal values.
LARGEST = [(2, 0.56419), (3, 0.84628), (5, 1.16296), (10, 1.53875), (20, 1.86748)]


@pytest.mark.parametrize(("n", "expected"), LARGEST)
def test_the_published_means_of_the_largest(n: int, expected: float) -> None:
    assert expected_maximum(n) == pytest.approx(expected, abs=5e-6)


def test_the_largest_of_one_is_nothing_and_grows_like_the_root_of_twice_the_logarithm() -> None:
    assert expected_maximum(1) == pytest.approx(0, abs=1e-14)
    assert expected_maximum(100) == pytest.approx(2.50759, abs=5e-6)
    assert 0.9 < expected_maximum(10**6) / math.sqrt(2 * math.log(10**6)) < 1
    with pytest.raises(ValueError, match="largest of 0"):
        expected_maximum(0)


@pytest.mark.parametrize(("df", "treatments", "critical"), DUNNETT)
def test_dunnetts_table(df: float, treatments: int, critical: float) -> None:
    lead = lead_of_chance(0.05, treatments, df=df)
    assert lead / math.sqrt(2) == pytest.approx(critical, abs=0.0051)
    assert chance_of_gain(lead, treatments, df=df) == pytest.approx(0.05, rel=1e-6)


def test_one_try_is_the_t_test() -> None:
    for df in (1, 4, 30):
        for t in (0.5, 2.0, 9.0):
            assert chance_of_gain(t * math.sqrt(2), 1, df=df) == pytest.approx(
                stats.t.sf(t, df), rel=1e-8
            )


def test_the_formula_as_it_is_written() -> None:
    gain, sd, n = 1.3, 0.4, 17
    whole, _ = integrate.quad(
        lambda z: stats.norm.cdf((gain + sd * z) / sd) ** n * stats.norm.pdf(z), -9, 9
    )
    assert chance_of_gain(gain / sd, n) == pytest.approx(1 - whole, rel=1e-8)


@pytest.mark.parametrize(
    ("n", "df", "values", "baseline"), [(1, 1, 1, 1), (12, 3, 1, 1), (40, 6, 3, 2), (5, 2, 1, 4)]
)
def test_simulated_luck(n: int, df: int, values: int, baseline: int) -> None:
    rng = np.random.default_rng(20 + n)
    labs = 40_000
    best = rng.normal(size=(labs, n)).max(axis=1) / math.sqrt(values)
    gain = best - rng.normal(size=labs) / math.sqrt(baseline)
    lead = gain / np.sqrt(rng.chisquare(df, labs) / df)
    for level in (0.5, 0.1, 0.02):
        reached = lead_of_chance(level, n, df=df, values=values, baseline=baseline)
        error = math.sqrt(level * (1 - level) / labs)
        # a lead of 0 may be rarer than the level
        assert (lead >= reached).mean() <= level + 4 * error
        if reached:
            assert (lead >= reached).mean() >= level - 4 * error


def test_it_stays_exact_far_out() -> None:
    assert chance_of_gain(30, 10) == pytest.approx(10 * stats.norm.sf(30 / math.sqrt(2)), rel=1e-3)
    assert 0 < chance_of_gain(1e9, 10) < 1e-300
    assert chance_of_gain(1e6, 100, df=3) > 0


@given(st.floats(0, 20), st.integers(1, 500), st.sampled_from([1.0, 2.0, 7.0, math.inf]))
def test_laws_of_luck(lead: float, n: int, df: float) -> None:
    p = chance_of_gain(lead, n, df=df)
    assert 0 < p <= 1
    assert chance_of_gain(lead, n + 1, df=df) >= p * (1 - 1e-9)
    assert chance_of_gain(lead + 0.5, n, df=df) <= p * (1 + 1e-9)


def test_what_is_out_of_range_is_refused() -> None:
    for arguments in ((-1.0, 1), (1.0, 0), (math.nan, 1), (math.inf, 1)):
        with pytest.raises(ValueError):
            chance_of_gain(*arguments)
    with pytest.raises(ValueError):
        chance_of_gain(1.0, 1, df=0)
    with pytest.raises(ValueError):
        lead_of_chance(1.5, 1)
    assert lead_of_chance(0.9, 1) == 0  # half of all single tries lead at all


# --- shrinking --------------------------------------------------------------------------------


def test_the_worked_example_of_shrinking_both_ways() -> None:
    values = [1.0, 2, 3, 4, 10]
    assert shrunken_best(values, 2, higher=True) == pytest.approx((9.16, 3, 0.88))
    assert shrunken_best([-v for v in values], 2, higher=False) == pytest.approx((-9.16, -3, 0.88))


def test_without_noise_nothing_is_taken_and_with_noise_alone_all() -> None:
    assert shrunken_best([1.0, 2, 3, 9], 0, higher=True).value == 9
    assert shrunken_best([1.0, 2, 3, 9], 1e3, higher=True) == (2.5, 2.5, 0)
    assert shrunken_best([5.0] * 6, 0.1, higher=True) == (5, 5, 1)
    assert shrunken_best([1.0, 2, 3], 1, higher=True) is None


def test_what_went_wrong_does_not_make_the_best_better() -> None:
    good = [1.0, 2, 3, 4, 5, 6, 10]
    assert (
        shrunken_best([-900.0, -500, *good], 2, higher=True).share
        <= shrunken_best([-2.0, -1, *good], 2, higher=True).share + 1e-12
    )


@pytest.mark.parametrize("effects", [0.0, 0.5, 2.0])
def test_shrinking_takes_the_curse_of_the_winner_away(effects: float) -> None:
    rng = np.random.default_rng(5)
    raw, shrunk = [], []
    for _ in range(600):
        truth = rng.normal(scale=effects, size=60) if effects else np.zeros(60)
        seen = truth + rng.normal(size=60)
        best = int(seen.argmax())
        raw.append(seen[best] - truth[best])
        shrunk.append(shrunken_best(list(seen), 1.0, higher=True).value - truth[best])
    assert abs(np.mean(shrunk)) < 0.45 * np.mean(raw)


# --- repeats ----------------------------------------------------------------------------------


def test_the_worked_examples_of_repeats() -> None:
    assert repeats_to_show(2, 1, 20, alpha=0.05) == 6
    assert repeats_to_bound(20, 10, 1, alpha=0.05) == 1
    assert repeats_to_bound(2, 10, 1, alpha=0.05) is None  # luck itself explains it
    assert repeats_to_show(1e-4, 1, 20, alpha=0.05) is None


def test_so_many_repeats_have_the_power_and_one_less_has_not() -> None:
    rng = np.random.default_rng(3)
    sd, gain, df = 1.0, 1.6, 12
    k = repeats_to_show(gain, sd, df, alpha=0.05)
    for repeats, enough in ((k, True), (k - 1, False)):
        both = df + 2 * (repeats - 1)
        high = sd * math.sqrt(both / stats.chi2.ppf(0.05, both))
        labs = 40_000
        difference = gain + high * math.sqrt(2 / repeats) * rng.normal(size=labs)
        error = high * np.sqrt(rng.chisquare(both, labs) / both) * math.sqrt(2 / repeats)
        power = (difference / error > stats.t.ppf(0.95, both)).mean()
        assert (power > 0.79) == enough


def test_so_many_repeats_bound_the_noise_and_one_less_does_not() -> None:
    lead, n, df = 8.0, 50, 2
    k = repeats_to_bound(lead, n, df, alpha=0.05)
    for repeats, enough in ((k, True), (k - 1, False)):
        known = df + 2 * repeats
        ratio = math.sqrt(known / stats.chi2.ppf(0.05, known))
        assert (chance_of_gain(lead / ratio, n) < 0.05) == enough
