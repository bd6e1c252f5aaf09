"""Mixed models: lme4's and nlme's published fits, statsmodels, and the bootstrap test."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from labrec.analytics.stats.mixed import mixed_fit, mixed_test

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


def numbered(names: Iterable[object]) -> list[int]:
    found: dict[object, int] = {}
    return [found.setdefault(name, len(found)) for name in names]


@pytest.fixture
def data(shared_data: Callable[[str], Path]) -> Callable[[str], list[dict[str, str]]]:
    def read(name: str) -> list[dict[str, str]]:
        with shared_data(f"stats_reference/{name}").open(newline="") as file:
            return list(csv.DictReader(file))

    return read


@pytest.fixture
def published(shared_data: Callable[[str], Path]) -> dict:
    return json.loads(shared_data("stats_reference/expected_mixed_models_nlme.json").read_text())


def test_penicillin_as_lme4_published_it(data) -> None:
    rows = data("rdatasets/lme4__Penicillin.csv")
    factors = [numbered(row[name] for row in rows) for name in ("plate", "sample")]
    fit = mixed_fit([float(row["diameter"]) for row in rows], None, factors)
    # Bates, Mächler, Bolker & Walker: lme4's book, section 2.1
    assert fit.effects[0] == pytest.approx(22.9722, abs=5e-5)
    assert fit.errors[0] == pytest.approx(0.8086, abs=5e-5)
    assert fit.sds == pytest.approx((0.8467, 1.9316), abs=5e-5)
    assert fit.residual == pytest.approx(0.5499, abs=5e-5)
    assert -2 * fit.log_likelihood == pytest.approx(330.8606, abs=5e-5)
    assert (fit.converged, fit.boundary) == (True, False)


def test_machines_as_pinheiro_and_bates_published_them(data, published) -> None:
    rows = data("rdatasets/nlme__Machines.csv")
    values = [float(row["score"]) for row in rows]
    levels = numbered(row["Machine"] for row in rows)
    worker = numbered(row["Worker"] for row in rows)
    inside = numbered((row["Worker"], row["Machine"]) for row in rows)
    for expected, factors, names in (
        ("random_worker", [worker], ["sd_worker"]),
        ("random_worker_machine", [worker, inside], ["sd_worker", "sd_machine_in_worker"]),
    ):
        reference = published["Machines"][expected]
        fit = mixed_fit(values, levels, factors)
        assert fit.effects == pytest.approx(tuple(reference["fixef"].values()), abs=1e-4)
        assert fit.sds == pytest.approx([reference[name] for name in names], abs=1e-3)
        assert fit.residual == pytest.approx(reference["sd_resid"], abs=1e-4)
        assert fit.log_likelihood == pytest.approx(reference["logREML"], abs=5e-3)


def test_ergo_stool_as_pinheiro_and_bates_published_it(data, published) -> None:
    rows = data("rdatasets/nlme__ergoStool.csv")
    reference = published["ergoStool"]
    fit = mixed_fit(
        [float(row["effort"]) for row in rows],
        numbered(row["Type"] for row in rows),
        [numbered(row["Subject"] for row in rows)],
    )
    assert fit.effects == pytest.approx([v[0] for v in reference["fixef"].values()], abs=1e-4)
    assert fit.errors == pytest.approx([v[1] for v in reference["fixef"].values()], abs=1e-4)
    assert fit.sds[0] == pytest.approx(reference["sd_subject"], abs=1e-4)
    assert fit.log_likelihood == pytest.approx(reference["logREML"], abs=1e-3)


def test_one_factor_is_what_statsmodels_fits() -> None:
    import pandas as pd
    from statsmodels.regression.mixed_linear_model import MixedLM

    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(12), 5)
    level = np.tile([0, 1, 0, 1, 1], 12)
    values = 3 + 0.5 * level + rng.normal(size=12)[group] + rng.normal(size=60)
    frame = pd.DataFrame({"y": values, "x": level, "g": group})
    reference = MixedLM.from_formula("y ~ x", groups="g", data=frame).fit(reml=True)
    fit = mixed_fit(values.tolist(), level.tolist(), [group.tolist()])
    assert fit.effects == pytest.approx(reference.fe_params.tolist(), rel=1e-5)
    assert fit.errors == pytest.approx(reference.bse_fe.tolist(), rel=1e-3)
    assert fit.log_likelihood == pytest.approx(reference.llf, rel=1e-6)


def machines(rng: np.random.Generator, effect: float, spread: float = 1.0) -> tuple[list, ...]:
    """8 blocks on three machines of each of two levels; the means of the machines."""
    own = spread * rng.normal(size=6)
    level = np.repeat([0, 0, 0, 1, 1, 1], 8)
    machine = np.repeat(np.arange(6), 8)
    block = np.tile(np.arange(8), 6)
    values = effect * level + own[machine] + 2.0 * block + rng.normal(size=48)
    means = [values[machine == one].mean() for one in range(6)]
    return values.tolist(), level.tolist(), block.tolist(), machine.tolist(), means


def test_the_bootstrap_agrees_with_the_exact_test_of_a_balanced_layout() -> None:
    # balanced: F = MS(level) / MS(machines within a level), the pooled t of the machines' means
    for seed in (0, 2, 4):
        values, level, block, machine, means = machines(np.random.default_rng(seed), 2.5)
        found = mixed_test(values, level, block, machine, seed=1)
        exact = stats.ttest_ind(means[3:], means[:3])
        assert found.reason == ""
        assert found.p == pytest.approx(exact.pvalue, abs=4 * (exact.pvalue / 999) ** 0.5 + 0.02)
        assert found.estimate == pytest.approx(np.mean(means[3:]) - np.mean(means[:3]))
    assert mixed_test(values, level, block, machine, seed=1) == found


@pytest.mark.parametrize(
    ("fewer", "reason"),
    [
        (lambda b, m: b < 7, "7 blocks, 8 are needed"),
        (lambda b, m: m != 5, "a level has 2 machines, 3 are needed"),
        (lambda b, m: m in {0, 1, 2, 3}, "a level has 1 machine, 3 are needed"),
    ],
)
def test_what_it_lacks_is_said_and_nothing_else(fewer, reason) -> None:
    values, level, block, machine, _ = machines(np.random.default_rng(1), 1.0)
    kept = [i for i in range(48) if fewer(block[i], machine[i])]
    found = mixed_test(
        *([column[i] for i in kept] for column in (values, level, block, machine)), seed=1
    )
    assert found == (reason, None, None, None, None, None, None, 0)


def test_on_the_boundary_nothing_is_reported() -> None:
    values, level, block, machine, _ = machines(np.random.default_rng(1), 1.0, spread=0.0)
    found = mixed_test(values, level, block, machine, seed=1)
    assert (found.reason, found.p) == ("a variance is estimated as 0", None)


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        mixed_fit([1.0, float("nan")], None, [[0, 1]])
    with pytest.raises(ValueError, match="one level and one group"):
        mixed_fit([1.0, 2.0, 3.0], None, [[0, 1]])
    with pytest.raises(ValueError, match="more than 150 groups"):
        mixed_fit([0.0] * 200, None, [list(range(200))])
