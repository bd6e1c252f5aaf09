"""Whatever doubles come in: a ValueError, or results without NaN, with p above 0 and within 1."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labrec.analytics.stats import equivalence, means, meta, multiple, power, ranks, sizes, spread
from labrec.analytics.stats.estimate import Estimate, estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ANY = st.one_of(
    st.floats(),
    st.sampled_from([0.0, -0.0, 1.0, 1e308, -1e308, 5e-324, 1e-300, 1 + 2**-52, 1e16, 1e16 + 2]),
)
FEW = st.lists(ANY, min_size=2, max_size=6)

CALLS: dict[str, Callable[[list[float], list[float], float], Any]] = {
    "one_sample": lambda x, y, a: means.one_sample(x),
    "paired": lambda x, y, a: means.paired(x[: len(y)], y[: len(x)]),
    "welch": lambda x, y, a: means.welch(means.arm_of(x), means.arm_of(y)),
    "contrast": lambda x, y, a: means.linear_contrast(
        [means.arm_of(x), means.arm_of(y), means.arm_of(x)], [a, 1.0, -0.5]
    ),
    "pooled": lambda x, y, a: means.pooled_contrast([means.arm_of(x), means.arm_of(y)], [1, a]),
    "arms": lambda x, y, a: means.welch(means.Arm(x[0], x[1], 2), means.Arm(y[0], y[1], 3)),
    "one_way": lambda x, y, a: means.one_way([x, y]),
    "welch_anova": lambda x, y, a: means.welch_anova([means.arm_of(x), means.arm_of(y)]),
    "block_anova": lambda x, y, a: means.block_anova([x[:2], y[:2], [a, x[0]], [y[1], 1.0]]),
    "estimate": lambda x, y, a: estimate(x[0], x[1], y[0]),
    "tost": lambda x, y, a: equivalence.tost(estimate(x[0], x[1], y[0]), a, alpha=0.05),
    "meta": lambda x, y, a: meta.random_effects([*x, a], [*x, a]),
    "reml": lambda x, y, a: meta.random_effects([*x, a], [*map(abs, x), 1.0], method="reml"),
    "holm": lambda x, y, a: multiple.holm(x),
    "t_power": lambda x, y, a: power.t_power(x[0], x[1], 5, alpha=0.05),
    "power_of": lambda x, y, a: power.power_of(x[0], x[1], alpha=0.05, sides=1),
    "n_needed": lambda x, y, a: power.n_needed(x[0], x[1], power=0.8, alpha=0.05),
    "seen_power": lambda x, y, a: power.seen_power(estimate(x[0], x[1], y[0]), alpha=0.05),
    "wilcoxon": lambda x, y, a: ranks.wilcoxon(x[: len(y)], y[: len(x)]),
    "kruskal": lambda x, y, a: ranks.kruskal_wallis([x, y]),
    "friedman": lambda x, y, a: ranks.friedman([x[:2], y[:2]]),
    "brunner_munzel": lambda x, y, a: ranks.brunner_munzel(x[:4], y[:4]),
    "hedges": lambda x, y, a: sizes.hedges_g(means.arm_of(x), means.arm_of(y)),
    "cliff": lambda x, y, a: sizes.cliffs_delta(x, y),
    "pooled_sd": lambda x, y, a: spread.pooled_sd([(3, x[0]), (2, x[1])]),
    "mad": lambda x, y, a: spread.mad(x),
    "sd_interval": lambda x, y, a: spread.sd_interval(x[0], x[1]),
    "icc": lambda x, y, a: spread.icc([x, y]),
}


def numbers(found: Any) -> Iterator[float]:
    if isinstance(found, float | int):
        yield float(found)
    elif isinstance(found, tuple | list):
        for part in found:
            yield from numbers(part)


def p_values(found: Any) -> Iterator[float]:
    for name in ("p", "p_corrected"):
        if getattr(found, name, None) is not None:
            yield getattr(found, name)
    for part in found if isinstance(found, tuple) else ():
        yield from p_values(part)


@settings(max_examples=40)
@pytest.mark.parametrize("name", CALLS)
@given(x=FEW, y=FEW, a=ANY)
def test_what_comes_back_is_a_number_or_a_refusal(name: str, x, y, a) -> None:
    try:
        found = CALLS[name](x, y, a)
    except ValueError:
        return
    assert not any(math.isnan(value) for value in numbers(found))
    assert all(0 < p <= 1 for p in p_values(found))
    if isinstance(found, Estimate) and found.state != "estimated":
        assert (found.low, found.high, found.p) == (None, None, None)
