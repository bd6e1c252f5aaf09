"""What so many observations could show, and how many it takes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from labrec.analytics.conditions.comparison import compare
from labrec.analytics.conditions.layout import Layout, Runs, layout
from labrec.analytics.conditions.planning import plan, plan_rank, plan_shares
from labrec.analytics.stats.power import n_needed, one_sample_power, t_power


def laid_out(first: list[float], second: list[float], *, blocked: bool) -> Layout:
    n = len(first)
    nothing = np.zeros(2 * n, dtype=int)
    block = np.tile(np.arange(n), 2) if blocked else nothing
    level = np.repeat([0, 1], n)
    runs = Runs(np.arange(2 * n), level, block, nothing - 1, nothing - 1, np.array(first + second))
    found = layout(runs, of_machines=False)
    assert isinstance(found, Layout)
    return found


FIRST, SECOND = [1.0, 2.0, 4.0, 3.0], [1.5, 2.0, 5.5, 3.5]


def test_what_is_detectable_is_found_with_the_power_that_is_said() -> None:
    blocked = laid_out(FIRST, SECOND, blocked=True)
    found = compare(blocked)
    planned = plan(blocked, found, None)
    assert one_sample_power(planned.detectable, found.sd, 4, alpha=0.05) == pytest.approx(0.8)
    assert planned.for_difference == pytest.approx(planned.detectable / 2)
    assert planned.n == n_needed(
        planned.for_difference, found.sd, power=0.8, alpha=0.05, design="one-sample"
    ).n  # fmt: skip


def test_without_blocks_the_arms_are_planned() -> None:
    apart = laid_out(FIRST, SECOND, blocked=False)
    found = compare(apart)
    planned = plan(apart, found, 0.5)
    assert planned.for_difference == 0.5
    assert t_power(0.5, found.sd, planned.n, alpha=0.05) >= 0.8
    assert t_power(0.5, found.sd, planned.n - 1, alpha=0.05) < 0.8


def test_what_does_not_vary_needs_no_plan() -> None:
    same = laid_out(FIRST, FIRST, blocked=True)
    assert plan(same, compare(same), 0.5) is None


@pytest.mark.parametrize("n", [5, 12, 400])
def test_half_of_a_rank_correlation_takes_more(n) -> None:
    planned = plan_rank(n)
    assert math.atanh(planned.detectable) * math.sqrt(n - 3) == pytest.approx(2.8016, abs=1e-4)
    assert planned.n > n
    assert plan_rank(planned.n).detectable <= planned.for_difference


@pytest.mark.parametrize(
    ("counts", "falls"), [([(40, 40), (38, 40)], True), ([(1, 60), (0, 60)], False)]
)
def test_shares_are_planned_towards_where_there_is_room(counts, falls) -> None:
    planned = plan_shares(counts)
    share = sum(c for c, _ in counts) / sum(n for _, n in counts)
    there = share - planned.detectable if falls else share + planned.detectable
    h = abs(2 * math.asin(math.sqrt(share)) - 2 * math.asin(math.sqrt(there)))
    n = counts[0][1]
    assert h * math.sqrt(n / 2) == pytest.approx(2.8016, abs=1e-4)  # Cohen 1988, ch. 6
    assert planned.n > n


def test_a_handful_of_runs_shows_no_share() -> None:
    assert plan_shares([(1, 2), (2, 2)]) is None
