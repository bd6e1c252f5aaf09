"""Power as R's stats and pwr compute it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tests.methods.pairs import Data, Pair

from labrec.analytics.stats.power import n_needed, one_sample_power, power_of, t_power

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "stats_reference/expected_power_R_pwr.json"
R = "stats_reference/expected_R_examples.json"


def _sided(case: dict[str, Any]) -> tuple[float, int]:
    """Return the effect in the claimed direction, and the sides of the test."""
    sides = 2 if case["alternative"] == "two.sided" else 1
    return (-case["d"] if case["alternative"] == "less" else case["d"]), sides


def pwr_t(data: Data) -> Iterator[Pair]:
    for case in data.json(FILE)["cases"]:
        kind, alpha = case["test_class"], case.get("sig_level")
        if kind.startswith("TestTTPowerOne"):
            effect, sides = _sided(case)
            found = one_sample_power(effect, 1, case["n"], alpha=alpha, sides=sides)
        elif kind.startswith("TestTTPowerTwo"):
            effect, sides = _sided(case)
            n, other_n = (case["n1"], case["n2"]) if "n1" in case else (case["n"], None)
            found = t_power(effect, 1, n, alpha=alpha, sides=sides, other_n=other_n)
        else:
            continue
        yield Pair(kind, found, case["power"])


def pwr_normal(data: Data) -> Iterator[Pair]:
    """A known error is infinitely many degrees of freedom."""
    for case in data.json(FILE)["cases"]:
        if not case["test_class"].startswith("TestNormal"):
            continue
        # one arm of n, or the difference of two of twice as many: the same error
        n = 40
        effect, sides = _sided({"d": case.get("d", case.get("h")), **case})
        found = power_of(effect * math.sqrt(n), math.inf, alpha=case["sig_level"], sides=sides)
        yield Pair(case["test_class"], found, case["power"])


def pwr_f(data: Data) -> Iterator[Pair]:
    from statsmodels.stats.power import FTestAnovaPower, FTestPowerF2

    for case in data.json(FILE)["cases"]:
        if case["test_class"] == "TestFtestAnovaPower":
            found = FTestAnovaPower().power(case["f"], case["n"], case["alpha"], case["k"])
            yield Pair(case["test_class"], found, case["power"], decimals=4)
        elif case["test_class"].startswith("TestFtestPower"):
            found = FTestPowerF2().power(case["f2"], case["u"], case["v"], case["sig_level"])
            yield Pair(case["test_class"], found, case["power"])


def pwr_chi_square(data: Data) -> Iterator[Pair]:
    from statsmodels.stats.power import GofChisquarePower

    document = data.json(FILE)
    cases = [case for case in document["cases"] if case["test_class"] == "TestChisquarePower"]
    for case in [*cases, *document["pwr_chisq"].values()]:
        found = GofChisquarePower().power(
            case["w"], case["N"], case["sig_level"], n_bins=case["df"] + 1
        )
        yield Pair(f"w {case['w']} N {case['N']}", float(found), case["power"])


def power_t_test(data: Data) -> Iterator[Pair]:
    for case in data.json(R)["power_t"]:
        sides = 1 if case.get("alternative") == "one.sided" else 2
        if case["power"] == 0.8689528:
            found = t_power(case["delta"], case["sd"], case["n"], alpha=case["alpha"])
            yield Pair(f"power with n {case['n']}", found, case["power"])
        else:
            needed = n_needed(case["delta"], 1, power=case["power"], alpha=0.05, sides=sides)
            assert needed is not None
            yield Pair(f"n for {case['power']} {sides}-sided", needed.solved, case["n"])


def power_anova_test(data: Data) -> Iterator[Pair]:
    from statsmodels.stats.power import FTestAnovaPower

    for case in data.json(R)["power_anova"]:
        groups = case["groups"]
        effect = math.sqrt(case["between_var"] * (groups - 1) / groups / case["within_var"])
        found = FTestAnovaPower().power(effect, case["n"] * groups, 0.05, groups)
        yield Pair(f"n {case['n']}", found, case["power"])


def power_prop_test(data: Data) -> Iterator[Pair]:
    from statsmodels.stats.proportion import power_proportions_2indep

    for case in data.json(R)["power_prop"]:
        found = power_proportions_2indep(
            case["p2"] - case["p1"], case["p1"], case["n"], return_results=False
        )
        yield Pair(f"n {case['n']} p2 {case['p2']}", float(found), case["power"])
