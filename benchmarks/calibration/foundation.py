"""Intervals and tests of `labrec.analytics.stats`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from benchmarks.calibration.simulation import Simulation
from labrec.analytics.stats import exact, means, meta, multiple, power, ranks, sizes, spread
from labrec.analytics.stats.equivalence import tost

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from labrec.analytics.stats.estimate import Estimate

ALPHA = 0.05
DEAD = ALPHA / 4  # a test that rejects less often than this does not work
PLANNED = power.n_needed(1.0, 1.0, power=0.8, alpha=ALPHA) or power.Needed(0, 0.0, 0.0)


def _covers(found: Estimate, truth: float) -> bool:
    return found.low is not None and found.high is not None and found.low <= truth <= found.high


def _rejects(p: float | None) -> bool:
    return p is not None and p < ALPHA


def _arm(rng: np.random.Generator, mean: float, sd: float, n: int) -> means.Arm:
    return means.arm_of(rng.normal(mean, sd, n).tolist())


# --- means ------------------------------------------------------------------------------------


def _one_sample(rng: np.random.Generator) -> bool:
    return _covers(means.one_sample(rng.normal(2.0, 3.0, 5).tolist()), 2.0)


def _paired(rng: np.random.Generator) -> bool:
    seeds = rng.normal(0.0, 10.0, 5)  # what a seed does to both arms
    first, second = seeds + rng.normal(1.0, 1.0, 5), seeds + rng.normal(0.0, 1.0, 5)
    return _covers(means.paired(first.tolist(), second.tolist()), 1.0)


def _welch(rng: np.random.Generator) -> bool:
    return _covers(means.welch(_arm(rng, 1.0, 1.0, 8), _arm(rng, 0.0, 2.0, 12)), 1.0)


def _shared_baseline(rng: np.random.Generator) -> bool:
    baseline = _arm(rng, 0.0, 1.0, 5)
    return _covers(means.against_baseline([_arm(rng, 0.0, 1.0, 5) for _ in range(10)], baseline), 0)


def _pooled(rng: np.random.Generator) -> bool:
    arms = [_arm(rng, mean, 2.0, n) for mean, n in ((1.0, 3), (0.0, 2), (5.0, 4))]
    return _covers(means.pooled_contrast(arms, [1, -1, 0]), 1.0)


def _one_way(rng: np.random.Generator) -> bool:
    return _rejects(means.one_way([rng.normal(size=n).tolist() for n in (3, 4, 5)]).p)


def _welch_anova(rng: np.random.Generator) -> bool:
    arms = [_arm(rng, 0.0, sd, n) for sd, n in ((1.0, 8), (2.0, 10), (4.0, 12))]
    return _rejects(means.welch_anova(arms).p)


def _block_anova(rng: np.random.Generator) -> bool:
    # levels that differ in spread: without its correction the test rejects too often
    noise = rng.normal(size=(8, 4)) * [0.3, 0.5, 1.0, 4.0]
    table = rng.normal(0.0, 5.0, (8, 1)) + noise
    return _rejects(means.block_anova(table.tolist()).p_corrected)


# --- families, looks, equivalence -------------------------------------------------------------


def _holm(rng: np.random.Generator) -> bool:
    baseline = _arm(rng, 0.0, 1.0, 6)
    p = [means.welch(_arm(rng, 0.0, 1.0, 6), baseline).p for _ in range(8)]
    return min(multiple.holm([one for one in p if one is not None])) < ALPHA


def _sequence(rng: np.random.Generator) -> bool:
    claims = enumerate(rng.uniform(size=200), start=1)
    return any(p < multiple.sequence_level(ALPHA, place) for place, p in claims)


def _looks(rng: np.random.Generator) -> bool:
    values = rng.normal(size=(2, 40))
    for look, n in enumerate((4, 8, 16, 24, 40), start=1):
        arms = [means.arm_of(row[:n].tolist()) for row in values]
        p = means.welch(*arms).p
        if p is not None and p < multiple.look_level(ALPHA, look):
            return True
    return False


def _equivalence(rng: np.random.Generator) -> bool:
    # a true difference of exactly the margin is not within it
    difference = means.welch(_arm(rng, 1.0, 1.0, 20), _arm(rng, 0.0, 1.0, 20))
    return bool(tost(difference, 1.0, alpha=ALPHA).equivalent)


def _power(rng: np.random.Generator) -> bool:
    arms = [_arm(rng, mean, 1.0, PLANNED.n) for mean in (1.0, 0.0)]
    return _rejects(means.pooled_contrast(arms, [1, -1]).p)


# --- ranks and counts -------------------------------------------------------------------------


def _wilcoxon(rng: np.random.Generator) -> bool:
    return _rejects(ranks.wilcoxon(rng.normal(size=10).tolist(), [0.0] * 10).p)


def _kruskal(rng: np.random.Generator) -> bool:
    groups = [rng.exponential(size=n).tolist() for n in (8, 8, 8)]
    return _rejects(ranks.kruskal_wallis(groups).p)


def _friedman(rng: np.random.Generator) -> bool:
    table = rng.normal(0.0, 5.0, (12, 1)) + rng.normal(size=(12, 4))
    return _rejects(ranks.friedman(table.tolist()).p)


def _brunner_munzel_small(rng: np.random.Generator) -> bool:
    first, second = rng.normal(0, 1, 5).tolist(), rng.normal(0, 2, 6).tolist()
    return _rejects(ranks.brunner_munzel(first, second).test.p)


def _brunner_munzel(rng: np.random.Generator) -> bool:
    first, second = rng.normal(0, 1, 20).tolist(), rng.normal(0, 3, 15).tolist()
    return _rejects(ranks.brunner_munzel(first, second).test.p)


def _spearman(rng: np.random.Generator) -> bool:
    common = rng.normal(size=30)
    x, y = (common + rng.normal(size=30) for _ in range(2))
    truth = 6 / math.pi * math.asin(0.5 / 2)  # of two normals that correlate by one half
    seed = int(rng.integers(2**32))
    found = ranks.spearman(x.tolist(), y.tolist(), seed=seed, resamples=400)
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    return found.low <= truth <= found.high


def _counts(rng: np.random.Generator) -> tuple[tuple[int, int], tuple[int, int]]:
    return (int(rng.binomial(12, 0.3)), 12), (int(rng.binomial(15, 0.3)), 15)


def _fisher(rng: np.random.Generator) -> bool:
    return _rejects(exact.fisher(*_counts(rng)).p)


def _barnard(rng: np.random.Generator) -> bool:
    return _rejects(exact.barnard(*_counts(rng)).p)


# --- spread and size --------------------------------------------------------------------------


def _pooled_sd(rng: np.random.Generator) -> bool:
    arms = [_arm(rng, mean, 2.0, 3) for mean in (0.0, 5.0, 7.0)]
    found = spread.pooled_sd((arm.n, arm.sd) for arm in arms)
    assert found is not None
    interval = spread.sd_interval(found.sd, found.df)
    assert interval is not None
    return interval[0] <= 2.0 <= interval[1]


def _icc(rng: np.random.Generator) -> bool:
    values = rng.normal(size=(10, 1)) + rng.normal(size=(10, 3))
    found = spread.icc(values.tolist())
    return found is not None and found.low <= 0.5 <= found.high


def _hedges(rng: np.random.Generator) -> bool:
    found = sizes.hedges_g(_arm(rng, 1.0, 1.0, 12), _arm(rng, 0.0, 1.5, 20))
    assert found is not None
    return found.low <= 1 / math.sqrt((1 + 1.5**2) / 2) <= found.high


def _combined(rng: np.random.Generator, errors: list[float]) -> bool:
    values = [rng.normal(rng.normal(1.0, 0.6), error) for error in errors]
    found = meta.random_effects(values, errors)
    assert found is not None
    return _covers(found.mean, 1.0)


def _even_effects(rng: np.random.Generator) -> bool:
    return _combined(rng, [0.5] * 5)


def _uneven_effects(rng: np.random.Generator) -> bool:
    return _combined(rng, [0.3, 0.5, 0.5, 0.8, 1.0])


def _covering(
    name: str, lab: str, happens: Callable[[np.random.Generator], bool], **options: Any
) -> Simulation:
    """Return a simulation of an interval of level 95 %."""
    bounds = {"least": 0.95, "most": 0.95, **options}
    return Simulation(name, f"{lab}; the 95 % interval covers", happens, **bounds)


def _rejecting(
    name: str, lab: str, happens: Callable[[np.random.Generator], bool], **options: Any
) -> Simulation:
    """Return a simulation of a test at 5 % of what is true."""
    bounds = {"least": DEAD, "most": ALPHA, **options}
    return Simulation(name, f"{lab}; rejected at 5 %", happens, **bounds)


SIMULATIONS = (
    _covering("one-sample-interval", "5 runs", _one_sample),
    _covering("paired-interval", "5 shared seeds", _paired),
    _covering("welch-interval", "8 and 12 runs, sd 1 and 2", _welch),
    _covering(
        # Satterthwaite's degrees of freedom are an approximation: they are worst where one arm has
        # nearly all of the error
        "shared-baseline-interval",
        "10 treatments against one baseline, 5 runs each",
        _shared_baseline,
        least=0.94,
    ),
    _covering("pooled-interval", "3, 2 and 4 runs", _pooled),
    _rejecting("one-way-size", "3 equal means", _one_way, least=0.05),
    _rejecting("welch-anova-size", "3 equal means, sd 1, 2 and 4", _welch_anova, most=0.055),
    _rejecting("block-anova-size", "8 blocks, 4 equal levels, uneven spread", _block_anova),
    _rejecting("holm-family", "8 true nulls, one baseline, the smallest adjusted p", _holm),
    _rejecting("sequence-family", "200 true nulls, any at its level", _sequence),
    _rejecting("looks-at-growing-data", "5 looks, no effect, any at its level", _looks),
    _rejecting("equivalence-size", "a difference of the margin", _equivalence),
    Simulation(
        "power-reached",
        "an effect of one sd, with the runs needed for a power of 80 %; found at 5 %",
        _power,
        PLANNED.power,
        PLANNED.power,
    ),
    _rejecting("wilcoxon-size", "10 pairs, no effect", _wilcoxon),
    _rejecting("kruskal-size", "3 groups of 8, no effect", _kruskal),
    _rejecting("friedman-size", "12 blocks, 4 levels, no effect", _friedman),
    _rejecting(
        "brunner-munzel-permuted",
        "5 and 6 runs, sd 1 and 2",
        _brunner_munzel_small,
        most=0.06,
        long=4000,
    ),
    _rejecting("brunner-munzel-size", "20 and 15 runs, sd 1 and 3", _brunner_munzel, most=0.06),
    _covering(
        "spearman-interval", "30 pairs", _spearman, least=0.91, most=0.96, short=250, long=2000
    ),
    _rejecting("fisher-size", "12 and 15 runs that fail alike", _fisher, least=0.0),
    _rejecting("barnard-size", "12 and 15 runs that fail alike", _barnard),
    _covering("pooled-sd-interval", "3 experiments of 3", _pooled_sd),
    _covering("icc-interval", "10 experiments of 3", _icc),
    _covering("hedges-interval", "12 and 20 runs", _hedges, least=0.93, most=0.97),
    _covering("random-effects-interval", "5 baselines, errors alike", _even_effects),
    _covering(
        # the known weakness of Hartung and Knapp's interval: weights that differ and few estimates
        "random-effects-uneven",
        "5 baselines, errors 0.3 to 1.0 beside a true spread of 0.6",
        _uneven_effects,
        least=0.90,
    ),
)
