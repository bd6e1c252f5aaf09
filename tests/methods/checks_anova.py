"""Means and analyses of variance: NIST, and what R prints for its own data."""

from __future__ import annotations

import math
import re
from itertools import combinations
from typing import TYPE_CHECKING, Any

from tests.methods.pairs import Data, Pair

from labrec.analytics.stats import means, ranks
from labrec.analytics.stats.multiple import holm

if TYPE_CHECKING:
    from collections.abc import Iterator

R = "stats_reference/expected_R_examples.json"
SETS = "stats_reference/rdatasets/"


# --- NIST StRD --------------------------------------------------------------------------------


def _strd(data: Data, name: str) -> tuple[list[list[float]], dict[str, list[float]]]:
    """Return the groups of a file of NIST and the certified rows of its table by their first word."""
    text = data.path(f"stats_reference/nist_strd/{name}.dat").read_text()
    head, _, body = text.rpartition("\nData:  ")
    groups: dict[str, list[float]] = {}
    for line in body.splitlines()[1:]:
        if line.strip():
            group, value = line.split()
            groups.setdefault(group, []).append(float(value))
    table = re.findall(r"^(Between|Within) \w+\s+(.*)$", head, re.MULTILINE)
    certified = {word: [float(number) for number in row.split()] for word, row in table}
    (sd,) = re.findall(r"Standard Deviation\s+([\d.E+-]+)", head)
    return list(groups.values()), certified | {"sd": [float(sd)]}


def _nist(data: Data, names: list[str]) -> Iterator[Pair]:
    for name in names:
        groups, certified = _strd(data, name)
        found = means.one_way(groups)
        assert found.f is not None
        assert (found.df1, found.df2) == (certified["Between"][0], certified["Within"][0])
        yield Pair(f"{name} F", found.f, certified["Between"][3])
        yield Pair(f"{name} residual sd", found.sd, certified["sd"][0])


def nist_one_way(data: Data) -> Iterator[Pair]:
    yield from _nist(data, ["SiRstv", "SmLs01", "SmLs02", "SmLs03"])


def nist_one_way_six_constant_digits(data: Data) -> Iterator[Pair]:
    yield from _nist(data, ["AtmWtAg", "SmLs04", "SmLs05", "SmLs06"])


def nist_one_way_twelve_constant_digits(data: Data) -> Iterator[Pair]:
    yield from _nist(data, ["SmLs07", "SmLs08", "SmLs09"])


def nist_norris(data: Data) -> Iterator[Pair]:
    import numpy as np
    from statsmodels.regression.linear_model import OLS

    text = data.path("stats_reference/nist_strd/Norris.dat").read_text()
    head, _, body = text.rpartition("\nData:  ")
    y, x = zip(
        *(map(float, line.split()) for line in body.splitlines()[1:] if line.split()), strict=True
    )
    found = OLS(np.array(y), np.array([[1.0, value] for value in x])).fit()
    for place, name in enumerate(["B0", "B1"]):
        (row,) = re.findall(rf"^\s+{name}\s+(\S+)\s+(\S+)", head, re.MULTILINE)
        yield Pair(name, found.params[place], float(row[0]))
        yield Pair(f"{name} error", found.bse[place], float(row[1]))
    yield Pair("residual sd", math.sqrt(found.mse_resid), 0.884796396144373)
    yield Pair("F", found.fvalue, 5436385.54079785)


# --- R examples -------------------------------------------------------------------------------


def _months(data: Data) -> dict[str, means.Arm]:
    names = {"5": "May", "6": "Jun", "7": "Jul", "8": "Aug", "9": "Sep"}
    groups = data.groups(SETS + "datasets__airquality.csv", "Ozone", "Month")
    return {names[month]: means.arm_of(values) for month, values in groups.items()}


def airquality_unpooled(data: Data) -> Iterator[Pair]:
    months = _months(data)
    pairs = list(combinations(months, 2))
    p = [means.welch(months[later], months[earlier]).p for earlier, later in pairs]
    published = data.json(R)["airquality_pairwise_t"]["unpooled_holm"]
    for (earlier, later), adjusted in zip(pairs, holm(p), strict=True):
        yield Pair(f"{later} {earlier}", adjusted, published[f"{later}_{earlier}"], decimals=5)


def airquality_pooled(data: Data) -> Iterator[Pair]:
    months = _months(data)
    pairs = list(combinations(months, 2))
    p = []
    for earlier, later in pairs:
        weights = [(name == later) - float(name == earlier) for name in months]
        p.append(means.pooled_contrast(list(months.values()), weights).p)
    published = data.json(R)["airquality_pairwise_t"]["pooled_holm"]
    for (earlier, later), adjusted in zip(pairs, holm(p), strict=True):
        yield Pair(f"{later} {earlier}", adjusted, published[f"{later}_{earlier}"], decimals=5)


def airquality_kruskal(data: Data) -> Iterator[Pair]:
    groups = data.groups(SETS + "datasets__airquality.csv", "Ozone", "Month")
    found = ranks.kruskal_wallis(list(groups.values()))
    assert found.df == 4
    yield Pair("H", found.statistic, 29.267)
    yield Pair("p", found.p, 6.901e-06, decimals=9)


def plant_growth(data: Data) -> Iterator[Pair]:
    groups = list(data.groups(SETS + "datasets__PlantGrowth.csv", "weight", "group").values())
    found = means.one_way(groups)
    yield Pair("F", found.f, 4.846, decimals=3)
    yield Pair("p", found.p, 0.01591, decimals=5)


def plant_growth_welch(data: Data) -> Iterator[Pair]:
    groups = data.groups(SETS + "datasets__PlantGrowth.csv", "weight", "group").values()
    found = means.welch_anova([means.arm_of(group) for group in groups])
    yield Pair("F", found.f, 5.181, decimals=3)
    yield Pair("df", found.df2, 17.128, decimals=3)
    yield Pair("p", found.p, 0.01739, decimals=5)


def sleep_paired(data: Data) -> Iterator[Pair]:
    first, second = data.groups(SETS + "datasets__sleep.csv", "extra", "group").values()
    found = means.paired(first, second)
    yield Pair("t", found.t, -4.0621, decimals=4)
    yield Pair("p", found.p, 0.002833, decimals=6)
    yield Pair("low", found.low, -2.4598858, decimals=7)
    yield Pair("high", found.high, -0.7001142, decimals=7)


def sleep_welch(data: Data) -> Iterator[Pair]:
    arms = map(means.arm_of, data.groups(SETS + "datasets__sleep.csv", "extra", "group").values())
    found = means.welch(*arms)
    yield Pair("t", found.t, -1.8608, decimals=4)
    yield Pair("df", found.df, 17.776, decimals=3)
    yield Pair("p", found.p, 0.07939, decimals=5)
    yield Pair("low", found.low, -3.3654832, decimals=7)
    yield Pair("high", found.high, 0.2054832, decimals=7)


def ergo_stool_blocks(data: Data) -> Iterator[Pair]:
    """In a balanced design without interaction the F of the mixed model is that of the blocks."""
    by_subject = data.groups(SETS + "nlme__ergoStool.csv", "effort", "Subject")
    found = means.block_anova(list(by_subject.values()))
    published = data.json("stats_reference/expected_mixed_models_nlme.json")["ergoStool"]
    assert (found.df1, found.df2) == (3, 24)
    yield Pair("F", found.f, published["anova_Type"]["F"], decimals=2)
    yield Pair("residual sd", found.sd, published["sd_resid"])
    for place, level in enumerate(["T2", "T3", "T4"], start=1):
        value, error, _ = published["fixef"][f"Type{level}"]
        differences = [row[place] - row[0] for row in by_subject.values()]
        yield Pair(f"{level} against T1", means.one_sample(differences).value, value, decimals=4)
        yield Pair(f"its error at {level}", found.sd * math.sqrt(2 / 9), error)


# --- linear models: what labrec leaves to a regression ----------------------------------------


def _anova(formula: str, data: Data, name: str) -> Any:
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    return anova_lm(ols(formula, pd.read_csv(data.path(SETS + name))).fit())


def npk(data: Data) -> Iterator[Pair]:
    import pandas as pd

    published = data.json(R)["npk_aov"]["strata"]
    frame = pd.read_csv(data.path(SETS + "datasets__npk.csv"))
    table = _anova("yield_ ~ C(block) + (N + P + K) ** 2", Data(lambda _: _renamed(data)), "")
    names = {"N": "N", "P": "P", "K": "K", "N:P": "N_P", "N:K": "N_K", "P:K": "P_K"}
    for ours, theirs in names.items():
        yield from _line(ours, table.loc[ours], published["within"][theirs])
    yield Pair(
        "residual SS", table.loc["Residual", "sum_sq"], published["within"]["residuals"]["ss"]
    )
    yield Pair("residual df", table.loc["Residual", "df"], 12)
    # between the blocks: their sums, three of which have each sign of N·P·K
    sign = (-1.0) ** (frame["N"] + frame["P"] + frame["K"])
    blocks = frame.assign(sign=sign).groupby("block").agg({"yield": "mean", "sign": "mean"})
    groups = [list(part["yield"]) for _, part in blocks.groupby(blocks["sign"].round())]
    found = means.one_way(groups)
    between = published["block"]
    assert found.df2 == between["residuals"]["df"]
    yield Pair("N:P:K", found.f, between["N_P_K"]["F"], decimals=3)
    yield Pair("p of N:P:K", found.p, between["N_P_K"]["p"], decimals=3)
    yield Pair("SS of the blocks", 4 * found.df2 * found.sd**2, between["residuals"]["ss"])


def _renamed(data: Data) -> Any:
    """Return the data of npk as a file whose yield can stand in a formula."""
    import io

    return io.StringIO(data.path(SETS + "datasets__npk.csv").read_text().replace("yield", "yield_"))


def _line(name: str, found: Any, published: dict[str, float]) -> Iterator[Pair]:
    if "ss" in published:
        yield Pair(f"SS of {name}", found["sum_sq"], published["ss"])
    yield Pair(f"F of {name}", found["F"], published["F"], decimals=3)
    yield Pair(f"p of {name}", found["PR(>F)"], published["p"], decimals=4)


def npk_effects(data: Data) -> Iterator[Pair]:
    """In a balanced design Helmert's coefficients are half the differences of two means."""
    published = data.json(R)["npk_aov"]["helmert_coef"]
    rows = data.rows(SETS + "datasets__npk.csv")
    values = [float(row["yield"]) for row in rows]
    yield Pair("intercept", means.arm_of(values).mean, published["intercept"])
    for name in ("N1", "P1", "K1", "N1_P1", "N1_K1"):
        factors = [part[0] for part in name.split("_")]
        signs = [math.prod(2 * int(row[factor]) - 1 for factor in factors) for row in rows]
        arms = [
            means.arm_of([value for value, sign in zip(values, signs, strict=True) if sign == side])
            for side in (1, -1)
        ]
        yield Pair(name, means.welch(*arms).value / 2, published[name])


def warpbreaks_anova(data: Data) -> Iterator[Pair]:
    table = _anova("breaks ~ wool + tension", data, "datasets__warpbreaks.csv")
    published = data.json(R)["warpbreaks_tukey"]["anova"]
    for name in ("wool", "tension"):
        yield from _line(name, table.loc[name], published[name])
    yield Pair("residual df", table.loc["Residual", "df"], published["residuals"]["df"])
    yield Pair("residual MS", table.loc["Residual", "mean_sq"], published["residuals"]["ms"], 0)


def warpbreaks_tukey(data: Data) -> Iterator[Pair]:
    from scipy.stats import studentized_range

    table = _anova("breaks ~ wool + tension", data, "datasets__warpbreaks.csv")
    error = math.sqrt(table.loc["Residual", "mean_sq"] / 18)
    groups = data.groups(SETS + "datasets__warpbreaks.csv", "breaks", "tension")
    for row in data.json(R)["warpbreaks_tukey"]["tukey_tension"]:
        first, second = (means.arm_of(groups[level]).mean for level in row["pair"].split("-"))
        half = error * studentized_range.ppf(0.95, 3, 50)
        yield Pair(row["pair"], first - second, row["diff"])
        yield Pair(f"{row['pair']} low", first - second - half, row["lwr"])
        yield Pair(f"{row['pair']} high", first - second + half, row["upr"])
        p = studentized_range.sf(abs(first - second) / error, 3, 50)
        yield Pair(f"p of {row['pair']}", p, row["p_adj"], decimals=6)


def tooth_growth(data: Data) -> Iterator[Pair]:
    table = _anova("len ~ supp * C(dose)", data, "datasets__ToothGrowth.csv")
    for name, f, p in (
        ("supp", 15.572, 0.000231),
        ("C(dose)", 92.0, None),
        ("supp:C(dose)", 4.107, 0.021860),
    ):
        yield Pair(f"F of {name}", table.loc[name, "F"], f, decimals=3)
        if p is not None:
            yield Pair(f"p of {name}", table.loc[name, "PR(>F)"], p, decimals=6)


def field_trials(data: Data) -> Iterator[Pair]:
    """Sets without a published number: our F beside that of statsmodels' regression."""
    for name, value, by in (
        ("agridat__besag.triticale.csv", "yield", "gen"),
        ("agridat__chakravertti.factorial.csv", "yield", "date"),
        ("agridat__yates.missing.csv", "y", "block"),
    ):
        rows = [row for row in data.rows(SETS + name) if row[value] not in {"", "NA"}]
        groups: dict[str, list[float]] = {}
        for row in rows:
            groups.setdefault(row[by], []).append(float(row[value]))
        found = means.one_way(list(groups.values()))
        f, p = _regression_f(groups)
        yield Pair(f"F of {name}", found.f, f)
        yield Pair(f"p of {name}", found.p, p)


def _regression_f(groups: dict[str, list[float]]) -> tuple[float, float]:
    import numpy as np
    from statsmodels.regression.linear_model import OLS

    y = np.concatenate([np.array(values) for values in groups.values()])
    names = [name for name, values in groups.items() for _ in values]
    exog = np.array([[float(name == one) for one in groups] for name in names])
    exog[:, 0] = 1.0
    found = OLS(y, exog).fit()
    return float(found.fvalue), float(found.f_pvalue)
