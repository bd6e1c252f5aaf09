"""From runs to verdicts: what is compared, what the verdict is, and what is never claimed."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from scipy import stats
from tests.analytics.conditions.studies import crossed, one, registered, row_of, study, table

from labrec.analytics.conditions.verdict import VERDICTS
from labrec.analytics.tables import HARDWARE_QUALITY

SLOW = [0.50, 0.62, 0.71, 0.79, 0.85]
FAST = [0.52, 0.65, 0.72, 0.82, 0.88]
BOTH = {"one": SLOW, "two": FAST}


# --- the primary test -------------------------------------------------------------------------


def test_two_levels_in_blocks_are_a_paired_t_test_of_block_means() -> None:
    row = row_of(study(crossed(BOTH)), "cpu_model")
    reference = stats.ttest_rel(FAST, SLOW)
    assert (row["test"], row["counted"], row["n"]) == ("paired t", "block", 5)
    assert row["p"] == pytest.approx(reference.pvalue, rel=1e-9)
    low, high = reference.confidence_interval()
    assert (row["low"], row["high"], row["level"]) == pytest.approx((low, high, 0.95), rel=1e-9)
    assert (row["first"], row["last"], row["verdict"]) == ("one", "two", "effect")
    assert row["experiments"] == ["e0", "e1", "e2", "e3", "e4"]
    assert row["rank_p"] == pytest.approx(stats.wilcoxon(FAST, SLOW, mode="exact").pvalue)


def test_replicates_enter_as_the_mean_of_their_block_and_level() -> None:
    more = [one(FAST[0] + 0.04, cpu_model="two", machine="m-two", experiment="e0")] * 2
    row = row_of(study(crossed(BOTH) + more), "cpu_model")
    means = [FAST[0] + 0.08 / 3, *FAST[1:]]
    assert row["p"] == pytest.approx(stats.ttest_rel(means, SLOW).pvalue, rel=1e-9)
    assert (row["n"], row["n_runs"]) == (5, 12)


def test_more_levels_are_a_block_anova_with_greenhouse_geisser() -> None:
    third = [0.51, 0.60, 0.74, 0.80, 0.83]
    row = row_of(study(crossed({**BOTH, "three": third})), "cpu_model")
    assert row["test"] == "block ANOVA"
    assert (row["df1"], row["df2"]) == (2, 8)
    assert 0.5 <= row["epsilon"] <= 1
    assert row["p"] == pytest.approx(
        stats.f.sf(row["statistic"], 2 * row["epsilon"], 8 * row["epsilon"]), rel=1e-8
    )
    assert row["rank_p"] == pytest.approx(stats.friedmanchisquare(SLOW, FAST, third).pvalue)
    pairs = [r for r in table(study(crossed({**BOTH, "three": third}))) if r["scope"] == "pair"]
    assert {(r["first"], r["last"]) for r in pairs if r["condition"] == "cpu_model" and r["metric"]} == {
        ("one", "three"), ("one", "two"), ("three", "two")
    }  # fmt: skip


def test_one_block_is_welch_with_two_independent_runs_of_each_level() -> None:
    runs = [one(v, cpu_model="one", machine="a") for v in (0.5, 0.6, 0.7)]
    runs += [one(v, cpu_model="two", machine="b") for v in (0.7, 0.72, 0.73, 0.71)]
    row = row_of(study(runs), "cpu_model")
    reference = stats.ttest_ind([0.7, 0.72, 0.73, 0.71], [0.5, 0.6, 0.7], equal_var=False)
    assert (row["test"], row["counted"], row["n_blocks"]) == ("Welch t", "run", 1)
    assert row["p"] == pytest.approx(reference.pvalue, rel=1e-9)


def test_common_seeds_of_one_block_are_pairs() -> None:
    runs = [
        one(value + shift, cpu_model=level, machine=level, seeds=f'{{"seed":"{seed}"}}')
        for level, shift in (("one", 0.0), ("two", 0.01))
        for seed, value in enumerate((0.5, 0.61, 0.7))
    ]
    runs[0]["metrics"] = one(0.503)["metrics"]
    row = row_of(study(runs), "cpu_model")
    assert (row["test"], row["counted"], row["n"]) == ("paired t", "pair of runs", 3)


def test_speed_is_tested_as_a_factor_and_shown_in_its_unit_too() -> None:
    slow, fast = [1.0, 10.0, 1000.0, 7.0], [2.1, 19.0, 2100.0, 14.5]
    runs = crossed({"one": slow, "two": fast}, unit="inf./sec.")
    row = row_of(study(runs), "cpu_model")
    logs = stats.ttest_rel(np.log(fast), np.log(slow))
    assert (row["role"], row["scale"]) == ("speed", "ratio")
    assert row["p"] == pytest.approx(logs.pvalue, rel=1e-9)
    assert row["ratio"] == pytest.approx(math.exp(np.mean(np.log(fast) - np.log(slow))))
    assert row["estimate"] == pytest.approx(np.mean(np.subtract(fast, slow)))
    assert row["verdict"] == "effect"  # in differences, one task would drown the others


def test_a_speed_of_zero_has_no_logarithm() -> None:
    row = row_of(
        study(crossed({"one": [0.0, 1.0, 2.0], "two": [1.5, 2.0, 4.0]}, unit="s")), "cpu_model"
    )
    assert (row["scale"], row["ratio"]) == ("difference", None)


# --- what is compared -------------------------------------------------------------------------


def test_identical_measurements_count_once() -> None:
    runs = [one(v, cpu_model="one", machine="a", output=f"o{v}") for v in (0.5, 0.6, 0.6, 0.6)]
    runs += [one(v, cpu_model="two", machine="b") for v in (0.7, 0.72)]
    row = row_of(study(runs), "cpu_model")
    assert (row["n_repeated"], row["n_runs"], row["n"]) == (2, 4, 2)


def test_failed_runs_are_never_averaged_and_completion_is_compared() -> None:
    runs = crossed(BOTH) + [
        one(0.0, cpu_model="two", machine="m-two", experiment="e0", status="failed")
        for _ in range(8)
    ]
    rows = study(runs)
    assert row_of(rows, "cpu_model")["estimate"] == pytest.approx(np.mean(np.subtract(FAST, SLOW)))
    completion = row_of(rows, "cpu_model", "")
    assert (completion["test"], completion["role"]) == ("Barnard", "completion")
    assert completion["p"] == pytest.approx(stats.barnard_exact([[5, 5], [0, 8]]).pvalue, rel=1e-3)
    assert completion["estimate"] == pytest.approx(5 / 13 - 1)


def test_runs_that_do_not_say_their_level_are_counted_and_not_guessed() -> None:
    runs = [*crossed(BOTH), one(0.9, cpu_model=None, hardware_id=None, experiment="e0")]
    row = row_of(study(runs), "cpu_model")
    assert (row["n_unknown"], row["n_runs"]) == (1, 10)


def test_a_missing_value_is_counted_in_the_blocks_that_are_compared() -> None:
    runs = [*crossed(BOTH), one(None, cpu_model="two", experiment="e0")]
    row = row_of(study(runs, {"key_metrics": ["accuracy"]}), "cpu_model")
    assert row["n_missing"] == 1
    assert (
        "what 1 run without a value would have shown" not in row["sentence"]
    )  # machines come first
    state = [
        one(v, experiment=f"e{block}", state={"power_source": source})
        for source, values in (("battery", SLOW), ("mains", FAST))
        for block, v in enumerate(values)
    ]
    state.append(one(None, experiment="e0", state={"power_source": "mains"}))
    row = row_of(study(state, {"key_metrics": ["accuracy"]}), "power_source")
    assert "what 1 run without a value would have shown" in row["sentence"]


def test_a_feature_is_compared_within_one_machine_and_configuration() -> None:
    runs = [
        one(value, machine=machine, cpu_model=machine, experiment=f"{bits}{lr}{machine}",
            tree={"quantization": bits, "lr": lr, "log": bits})
        for bits, shift in (("float32", 0.0), ("int8", -0.02))
        for lr in (0.1, 0.2)
        for machine in ("a", "b")
        for value in [0.5 + shift + lr * (1 if machine == "a" else 2) + (shift if lr == 0.1 else 0)]
    ]  # fmt: skip
    row = row_of(study(runs, {"nuisance": ["log"]}), "quantization")
    assert (row["n_blocks"], row["first"], row["last"]) == (4, "float32", "int8")
    assert row["estimate"] == pytest.approx(-0.03)
    apart = row_of(study(runs), "quantization")  # what else differs keeps them apart
    assert apart["verdict"] == "not comparable"
    assert apart["reason"] == "no two levels share a block; they differ in configuration"


def test_two_models_are_never_in_one_block() -> None:
    runs = [
        one(value, tree={"quantization": bits}, setup={"inputs": [f"{seed}{bits}"]})
        for bits in ("float32", "int8")
        for seed, value in enumerate((0.5, 0.6))
    ]
    row = row_of(study(runs), "quantization")
    assert (row["verdict"], "they differ in model" in row["reason"]) == ("not comparable", True)


def test_values_of_different_units_are_not_compared() -> None:
    runs = crossed({"one": SLOW}, unit="%") + crossed({"two": FAST}, unit="1")
    row = row_of(study(runs), "cpu_model")
    assert row["verdict"] == "not comparable"
    assert "different units" in row["sentence"]


def test_levels_that_share_too_few_blocks_are_named() -> None:
    row = row_of(study(crossed({**BOTH, "rare": [0.5]})), "cpu_model")
    assert (row["levels"], row["left_out"]) == (["one", "two"], ["rare"])


def test_a_lab_with_one_level_of_everything_has_no_rows() -> None:
    assert table(study([one(0.5), one(0.6)])) == []
    assert table(study([])) == []


# --- machines ---------------------------------------------------------------------------------


def test_one_machine_a_level_speaks_of_these_machines_alone() -> None:
    row = row_of(study(crossed(BOTH)), "cpu_model")
    assert (row["claims"], row["machines_per_level"]) == ("machines", 1)
    assert row["sentence"].startswith("Effect between these two machines: ")
    assert "whether other machines of the same cpu_model differ likewise" in row["sentence"]


def test_with_two_machines_a_level_the_machine_is_the_observation() -> None:
    rng = np.random.default_rng(5)
    runs, means = [], {"one": [], "two": []}
    for level in ("one", "two"):
        for machine in range(3):
            values = [block + rng.normal() for block in range(4)]
            means[level].append(np.mean(values))
            runs += [
                one(v, cpu_model=level, machine=f"{level}{machine}", experiment=f"e{block}")
                for block, v in enumerate(values)
            ]
    row = row_of(study(runs), "cpu_model")
    reference = stats.ttest_ind(means["two"], means["one"], equal_var=False)
    assert (row["counted"], row["claims"], row["n"], row["test"]) == (
        "machine", "models", 3, "Welch t"
    )  # fmt: skip
    assert row["p"] == pytest.approx(reference.pvalue, rel=1e-9)
    assert (row["n_blocks"], row["n_machines"]) == (4, 6)
    assert row["mixed_reason"] == "4 blocks, 8 are needed"


def test_the_mixed_model_is_reported_where_it_may_be() -> None:
    rng = np.random.default_rng(3)
    runs = [
        one(float(value), cpu_model=level, machine=f"{level}{machine}", experiment=f"e{block}")
        for level, shift in (("one", 0.0), ("two", 8.0))
        for machine, own in enumerate(rng.normal(size=3))
        for block, value in enumerate(shift + own + 2 * np.arange(8) + rng.normal(size=8))
    ]
    row = row_of(study(runs), "cpu_model")
    assert row["mixed_reason"] is None
    assert row["mixed_p"] == row_of(study(runs), "cpu_model")["mixed_p"] <= 0.05
    assert row["mixed_estimate"] == pytest.approx(row["estimate"], rel=1e-4)


# --- verdicts ---------------------------------------------------------------------------------


def test_a_condition_that_goes_with_the_date_is_confounded() -> None:
    runs = crossed(BOTH)
    for run in runs:
        day = 1 if run["cpu_model"] == "one" else 9
        run["started"] = dt.datetime(2026, 1, day, 12, int(run["experiment"][1:]), tzinfo=dt.UTC)
    row = row_of(study(runs), "cpu_model")
    assert (row["verdict"], row["aligned_with"]) == ("confounded", "date")
    assert row["p_adjusted"] < 0.05  # it replaces what the test says
    assert row["date_eta"] > 0.99
    assert "cpu_model goes together with the date (η = 1" in row["sentence"]


def test_a_condition_that_goes_with_the_author_is_confounded() -> None:
    runs = [run | {"author": f"who ran {run['cpu_model']}"} for run in crossed(BOTH)]
    row = row_of(study(runs), "cpu_model")
    assert (row["verdict"], row["aligned_with"], row["author_v"]) == ("confounded", "author", 1.0)


def test_without_a_margin_nothing_is_equivalent() -> None:
    close = {
        "one": SLOW,
        "two": [v + e for v, e in zip(SLOW, (1e-4, -1e-4, 2e-4, -2e-4, 1e-4), strict=True)],
    }
    without = row_of(study(crossed(close)), "cpu_model")
    assert (without["verdict"], without["equivalence_p"]) == ("inconclusive", None)
    assert without["n_needed"] > 5
    within = row_of(study(crossed(close), registrations=[registered(accuracy=0.01)]), "cpu_model")
    assert (within["verdict"], within["margin_from"]) == ("no effect larger than δ", "registration")
    assert "No effect larger than δ = 0.01 (from the registration)" in within["sentence"]


def test_an_effect_within_the_margin_is_told_as_such() -> None:
    row = row_of(study(crossed(BOTH), registrations=[registered(accuracy=0.2)]), "cpu_model")
    assert row["verdict"] == "effect (below δ)"


def test_what_never_varies_is_constant_and_has_no_p() -> None:
    same = row_of(study(crossed({"one": SLOW, "two": SLOW})), "cpu_model")
    assert (same["verdict"], same["p"], same["estimate"]) == ("constant", None, 0.0)
    shifted = row_of(study(crossed({"one": [1.0, 2.0, 4.0], "two": [2.0, 3.0, 5.0]})), "cpu_model")
    assert (shifted["verdict"], shifted["p"], shifted["estimate"]) == ("constant", None, 1.0)
    assert "differs by 1 in each of 3 blocks" in shifted["sentence"]


def test_an_amount_is_a_rank_correlation_within_blocks() -> None:
    rng = np.random.default_rng(2)
    pressure = rng.uniform(0, 50, size=30)
    runs = [
        one(float(100 * (i % 3) - p + rng.normal()), experiment=f"e{i % 3}",
            state={"memory_pressure": float(p)})
        for i, p in enumerate(pressure)
    ]  # fmt: skip
    row = row_of(study(runs), "memory_pressure")
    assert (row["test"], row["counted"], row["verdict"]) == ("Spearman", "run", "effect")
    assert row["estimate"] < -0.9
    assert row["low"] <= row["estimate"] <= row["high"]
    assert "rank correlation" in row["sentence"]


def test_every_row_is_of_its_columns_and_verdicts() -> None:
    third = [0.51, 0.60, 0.74, 0.80, 0.83]
    runs = crossed({**BOTH, "three": third})
    for row in table(study(runs, {"roles": {"accuracy": "quality"}})):
        assert row["verdict"] in VERDICTS
        for column in HARDWARE_QUALITY.columns:
            assert column.optional or row[column.name] is not None, column.name
        assert row["sentence"].endswith(".")


def test_conditions_that_part_runs_alike_are_one_comparison_under_several_names() -> None:
    rows = [row for row in table(study(crossed(BOTH))) if row["metric"]]
    assert {row["condition"] for row in rows} == {"cpu_model", "hardware_id"}
    assert {row["family_size"] for row in rows} == {1}
    assert {row["p_adjusted"] for row in rows} == {rows[0]["p"]}
    assert rows[0]["aliases"] == ["hardware_id"]
    assert "The same runs differ in hardware_id." in rows[0]["sentence"]


def test_p_values_are_adjusted_over_the_comparisons_of_a_project() -> None:
    runs = crossed(BOTH)
    for place, run in enumerate(runs):
        run["metrics"] = run["metrics"] | one(float(place % 5), metric="other")["metrics"]
        run["metrics"] |= one(float(place * place % 7), metric="third")["metrics"]
    row = row_of(study(runs), "cpu_model")
    assert row["family_size"] == 2  # `other` is constant: it was not tested
    assert row["p_adjusted"] == pytest.approx(2 * row["p"])
