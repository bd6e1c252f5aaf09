"""Changes of level: ruptures on random series, the error rate of the test, laws."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labrec.analytics.stats.changepoints import SIDE, changes


def test_a_worked_example() -> None:
    """Ten values about 1, then ten about 2: one change, before the eleventh value."""
    low = [1.0, 1.1, 0.9, 1.05, 0.95, 1.0, 1.1, 0.9, 1.05, 0.95]
    found = changes([*low, *(value + 1 for value in low)], 1)
    assert found.places == (10,)
    assert found.stretch == (10, 20)
    differences = 2 * sum((b - a) ** 2 for a, b in itertools.pairwise(low)) + 1.05**2
    assert found.sd == pytest.approx(math.sqrt(differences / 38))
    assert found.penalty == pytest.approx(3 * math.log(20) * found.sd**2)
    # √(10·10/20)·1 over the standard deviation of all twenty
    spread = np.std([*low, *(value + 1 for value in low)], ddof=1)
    assert found.statistic == pytest.approx(math.sqrt(5) / spread)
    assert found.p == 0.001


def test_places_are_those_of_ruptures() -> None:
    import ruptures  # slow to import, and a reference only

    rng = np.random.default_rng(1)
    seen = 0
    for _ in range(60):
        n = int(rng.integers(10, 50))
        values = rng.normal(size=n)
        for _ in range(rng.integers(0, 4)):
            values[rng.integers(n) :] += 3 * rng.normal()
        found = changes(list(values), 0, permutations=1)
        pelt = ruptures.Pelt(model="l2", min_size=SIDE, jump=1).fit(values)
        assert found.places == tuple(pelt.predict(pen=found.penalty)[:-1])
        seen += len(found.places)
    assert seen > 20


def test_the_largest_gain_is_that_of_every_stretch_tried() -> None:
    rng = np.random.default_rng(2)
    n = 23
    for _ in range(20):
        values = rng.normal(size=n)
        gains = {}
        for i in range(n):
            for j in range(i + SIDE, n + 1):
                rest = np.delete(values, slice(i, j))
                if any(0 < part < SIDE for part in (i, n - j)) or len(rest) < SIDE or i == 0:
                    continue
                difference = abs(values[i:j].mean() - rest.mean())
                gains[i, j] = math.sqrt((j - i) * len(rest) / n) * difference
        found = changes(list(values), 0, permutations=1)
        assert found.stretch == max(gains, key=lambda pair: gains[pair])
        assert found.statistic == pytest.approx(max(gains.values()) / values.std(ddof=1))


def test_a_change_and_its_way_back_are_found() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=30)
    values[10:20] += 9
    found = changes(list(values), 0)
    assert found.places == found.stretch == (10, 20)
    assert found.p == 0.001


def test_long_series_are_looked_at_in_places_spread_evenly() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=3000)
    values[1500:] += 0.5
    found = changes(list(values), 0)
    assert len(found.places) == 1
    assert abs(found.stretch[0] - 1500) < 60
    assert found.p == 0.001


def test_chance_is_taken_for_a_change_as_often_as_the_level_says() -> None:
    rng = np.random.default_rng(7)
    labs, level = 400, 0.05
    skewed = [rng.exponential(size=24) for _ in range(labs // 2)]
    normal = [rng.normal(size=24) for _ in range(labs // 2)]
    p = np.array([changes(list(v), at, permutations=199).p for at, v in enumerate(normal + skewed)])
    error = math.sqrt(level * (1 - level) / labs)
    assert level / 4 <= (p <= level).mean() <= level + 2 * error


def test_p_is_how_often_a_shuffled_series_has_as_large_a_stretch() -> None:
    rng = np.random.default_rng(7)
    series = (rng.exponential(size=24) for _ in range(1_000))
    # a place that chance found, as in one series of thirty: elsewhere nothing is shuffled
    found, values = next(
        (one, v) for v in series if (one := changes(list(v), 1)).places and one.p > 0.05
    )
    shuffled = [changes(list(rng.permutation(values)), 1, permutations=1) for _ in range(600)]
    reached = sum(one.statistic >= found.statistic * (1 - 1e-9) for one in shuffled) / 600
    assert found.p == pytest.approx(reached, abs=4 * math.sqrt(found.p * (1 - found.p) / 600))


def test_a_change_of_two_standard_deviations_is_found() -> None:
    rng = np.random.default_rng(8)
    found = [
        changes([*rng.normal(size=12), *(2 + rng.normal(size=12))], at, permutations=199)
        for at in range(40)
    ]
    assert sum(one.p <= 0.05 for one in found) > 36


def test_no_spread_is_no_change_and_too_few_values_are_refused() -> None:
    assert changes([2.0] * 12, 1) == ((), 0.0, 242 / 32, 0.0, 0.0, None, 1.0, 0)
    with pytest.raises(ValueError, match="at least 10"):
        changes([1.0] * 9, 1)
    with pytest.raises(ValueError, match="NaN"):
        changes([1.0] * 11 + [math.nan], 1)


@settings(max_examples=40)
@given(
    st.lists(st.floats(-50, 50).map(lambda v: round(v, 2)), min_size=10, max_size=30),
    st.floats(-1e3, 1e3).map(lambda v: round(v, 1)),
    st.sampled_from([0.5, 2.0, 64.0, 1e150]),
)
def test_units_do_not_matter(values: list[float], shift: float, factor: float) -> None:
    one = changes(values, 4, permutations=19)
    if one.statistic < 1e-6 or max(map(abs, values)) < 1:
        return
    other = changes([factor * value for value in values], 4, permutations=19)
    assert (other.places, other.stretch, other.p) == (one.places, one.stretch, one.p)
    assert other.statistic == pytest.approx(one.statistic)
    assert other.sd == pytest.approx(factor * one.sd)
    mirrored = changes([shift - value for value in values], 4, permutations=19)
    assert mirrored.statistic == pytest.approx(one.statistic, rel=1e-6)


def test_the_degrees_of_freedom_of_the_noise_are_those_of_its_scatter() -> None:
    rng = np.random.default_rng(11)
    found = [changes(list(rng.normal(size=15)), 0, permutations=1) for _ in range(2000)]
    squares = np.array([one.sd**2 for one in found])
    assert squares.mean() == pytest.approx(1, abs=0.03)
    assert 2 / squares.var() == pytest.approx(found[0].df, rel=0.1)


def test_the_same_seed_gives_the_same_p_and_without_a_place_nothing_is_shuffled() -> None:
    values = list(np.random.default_rng(9).normal(size=30))
    assert changes(values, 1)[6:] == (1.0, 0)
    values[15:] = [value + 2 for value in values[15:]]
    found = changes(values, 1)
    assert (found, found.permutations) == (changes(values, 1), 999)
