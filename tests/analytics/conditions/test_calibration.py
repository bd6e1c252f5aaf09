"""Simulated labs: how often a verdict is an effect where there is none, and where there is one.

More of them, and their long forms, are in `benchmarks/calibration/machines.py`.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import stats
from tests.analytics.conditions.studies import crossed, one, row_of, study

from labrec.analytics.conditions.comparison import compare
from labrec.analytics.conditions.layout import Layout, Runs, layout

LABS = 400
AT_MOST = 0.05 + 2 * math.sqrt(0.05 * 0.95 / LABS)
AT_LEAST = 0.05 / 4


def blocked(rng: np.random.Generator, effect: float, levels: int = 2, blocks: int = 8) -> Layout:
    """Blocks that differ ten times as much as the runs within."""
    block, level = np.divmod(np.arange(blocks * levels), levels)
    value = 10 * rng.normal(size=blocks)[block] + effect * level + rng.normal(size=len(block))
    nothing = np.zeros(len(block), dtype=int)
    found = layout(Runs(block, level, block, nothing, nothing - 1, value), of_machines=False)
    assert isinstance(found, Layout)
    return found


def rejected(p_values: list[float | None]) -> float:
    return sum(p is not None and p < 0.05 for p in p_values) / len(p_values)


def test_one_way_tests_are_dead_where_blocks_exist_and_paired_ones_are_not() -> None:
    rng = np.random.default_rng(81)
    paired, one_way = [], []
    for _ in range(LABS):
        found = blocked(rng, effect=1.6)
        paired.append(compare(found).p)
        one_way.append(float(stats.ttest_ind(*found.groups, equal_var=False).pvalue))
    assert rejected(paired) > 0.7
    assert rejected(one_way) < 0.01


def test_blocks_of_two_levels_reject_a_true_null_as_often_as_alpha_says() -> None:
    rng = np.random.default_rng(1)
    assert AT_LEAST <= rejected([compare(blocked(rng, 0.0)).p for _ in range(LABS)]) <= AT_MOST


def test_blocks_of_four_levels_whose_spreads_differ_do_too() -> None:
    rng = np.random.default_rng(2)
    p_values = []
    for _ in range(LABS):
        found = blocked(rng, 0.0, levels=4)
        noise = rng.normal(size=found.table.shape) * [0.1, 0.1, 0.1, 6.0]
        uneven = found._replace(table=found.table + noise)
        p_values.append(compare(uneven).p)
    assert AT_LEAST <= rejected(p_values) <= AT_MOST


def test_models_that_do_not_differ_are_an_effect_of_two_machines_and_never_of_models() -> None:
    rng = np.random.default_rng(75)
    verdicts = []
    for _ in range(60):
        own = rng.normal(size=2)
        blocks = rng.normal(size=6)
        runs = crossed(
            {
                level: list(blocks + own[place] + 0.2 * rng.normal(size=6))
                for place, level in enumerate(("one", "two"))
            }
        )
        row = row_of(study(runs), "cpu_model")
        assert row["claims"] == "machines"
        assert "between these two machines" in row["sentence"]
        verdicts.append(row["verdict"])
    assert verdicts.count("effect") > 30  # the machines do differ: the models do not


def test_models_with_several_machines_reject_a_true_null_as_often_as_alpha_says() -> None:
    rng = np.random.default_rng(3)
    p_values = []
    for _ in range(150):
        runs = [
            one(float(value), cpu_model=level, machine=f"{level}{machine}", experiment=f"e{block}")
            for level in ("one", "two")
            for machine in range(4)
            for own in [rng.normal()]
            for block, value in enumerate(own + np.arange(3) + 0.1 * rng.normal(size=3))
        ]
        row = row_of(study(runs), "cpu_model")
        assert row["claims"] == "models"
        p_values.append(row["p"])
    assert rejected(p_values) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 150)
