"""Mixed models as R's nlme and lme4 fit them."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from tests.methods.pairs import Data, Pair

from labrec.analytics.stats.mixed import mixed_fit

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    import pandas as pd

    from labrec.analytics.stats.mixed import MixedFit

SETS = "stats_reference/rdatasets/"
LME = "stats_reference/statsmodels_lme/"
NLME = "stats_reference/expected_mixed_models_nlme.json"


def _frame(data: Data, name: str) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(data.path(name))


def _fit(formula: str, frame: pd.DataFrame, *, groups: str, **model: Any) -> Any:
    from statsmodels.formula.api import mixedlm

    return mixedlm(formula, frame, groups=groups, **model).fit(gtol=1e-7)


# --- labrec's own ------------------------------------------------------------------------------


def _own(data: Data, name: str, value: str, level: str | None, *factors: str) -> MixedFit:
    """Fit a file: factors are columns, or two of them joined by a colon."""
    rows = data.rows(name)
    parts = [factor.split(":") for factor in factors]
    return mixed_fit(
        [float(row[value]) for row in rows],
        None if level is None else _numbered([row[level] for row in rows]),
        [_numbered([tuple(row[column] for column in part) for row in rows]) for part in parts],
    )


def _numbered(labels: Sequence[Hashable]) -> list[int]:
    order = {label: place for place, label in enumerate(dict.fromkeys(labels))}
    return [order[label] for label in labels]


def machines_worker(data: Data) -> Iterator[Pair]:
    found = _own(data, SETS + "nlme__Machines.csv", "score", "Machine", "Worker")
    published = data.json(NLME)["Machines"]["random_worker"]
    yield from _fixed(found, published)
    yield Pair("sd of workers", found.sds[0], published["sd_worker"], 3)
    yield Pair("residual sd", found.residual, published["sd_resid"])


def machines_nested(data: Data) -> Iterator[Pair]:
    name = SETS + "nlme__Machines.csv"
    single = _own(data, name, "score", "Machine", "Worker")
    found = _own(data, name, "score", "Machine", "Worker", "Worker:Machine")
    published = data.json(NLME)["Machines"]
    nested = published["random_worker_machine"]
    yield from _fixed(found, nested)
    yield Pair("sd of workers", found.sds[0], nested["sd_worker"], 3)
    yield Pair("sd of machines", found.sds[1], nested["sd_machine_in_worker"], 3)
    yield Pair("residual sd", found.residual, nested["sd_resid"])
    ratio = 2 * (found.log_likelihood - single.log_likelihood)
    yield Pair("likelihood ratio", ratio, published["LRT"]["stat"], 3)


def _fixed(found: MixedFit, published: dict[str, Any]) -> Iterator[Pair]:
    for value, expected in zip(found.effects, published["fixef"].values(), strict=True):
        yield Pair("fixed effect", value, expected, decimals=4)
    yield Pair("log REML", found.log_likelihood, published["logREML"], decimals=2)
    fixed = len(found.effects)
    parameters = fixed + len(found.sds) + 1  # and the residual variance
    yield Pair("AIC", 2 * parameters - 2 * found.log_likelihood, published["AIC"], decimals=2)
    bic = parameters * math.log(54 - fixed) - 2 * found.log_likelihood
    yield Pair("BIC", bic, published["BIC"], decimals=2)


def ergo_stool(data: Data) -> Iterator[Pair]:
    found = _own(data, SETS + "nlme__ergoStool.csv", "effort", "Type", "Subject")
    published = data.json(NLME)["ergoStool"]
    estimates = zip(found.effects, found.errors, published["fixef"].values(), strict=True)
    for value, error, expected in estimates:
        yield Pair("fixed effect", value, expected[0], decimals=4)
        yield Pair("its error", error, expected[1], decimals=5)
        yield Pair("its t", value / error, expected[2], decimals=4)
    yield Pair("log REML", found.log_likelihood, published["logREML"], decimals=3)
    yield Pair("sd of subjects", found.sds[0], published["sd_subject"])
    yield Pair("residual sd", found.residual, published["sd_resid"])


def penicillin(data: Data) -> Iterator[Pair]:
    """Crossed: diameter ~ 1 + (1 | plate) + (1 | sample), as lme4's manual prints it."""
    found = _own(data, SETS + "lme4__Penicillin.csv", "diameter", None, "plate", "sample")
    yield Pair("mean", found.effects[0], 22.9722, decimals=4)
    yield Pair("its error", found.errors[0], 0.8086, decimals=4)
    yield Pair("sd of plates", found.sds[0], 0.8467)
    yield Pair("sd of samples", found.sds[1], 1.9316)
    yield Pair("residual sd", found.residual, 0.5499)
    yield Pair("REML criterion", -2 * found.log_likelihood, 330.9, decimals=1)


def pastes(data: Data) -> Iterator[Pair]:
    """Nested: strength ~ (1 | batch) + (1 | batch:cask), as lme4's manual prints it."""
    found = _own(data, LME + "pastes.csv", "strength", None, "batch", "batch:cask")
    yield Pair("mean", found.effects[0], 60.0533, decimals=4)
    yield Pair("its error", found.errors[0], 0.6769, decimals=4)
    yield Pair("sd of batches", found.sds[0], 1.287, decimals=3)
    yield Pair("sd of casks", found.sds[1], 2.904, decimals=3)
    yield Pair("residual sd", found.residual, 0.823, decimals=3)


# --- what labrec does not fit: regressors, random slopes --------------------------------------


def sleepstudy(data: Data) -> Iterator[Pair]:
    """Reaction ~ Days + (Days | Subject), and with an intercept by subject alone."""
    frame = _frame(data, SETS + "lme4__sleepstudy.csv")
    found = _fit("Reaction ~ Days", frame, groups="Subject", re_formula="1 + Days")
    for value, expected in zip(found.fe_params, (251.405, 10.467), strict=True):
        yield Pair("fixed effect", value, expected, decimals=3)
    for value, expected in zip(found.bse_fe, (6.825, 1.546), strict=True):
        yield Pair("its error", value, expected, decimals=3)
    covariance = np.asarray(found.cov_re)
    yield Pair("sd of subjects", math.sqrt(covariance[0, 0]), 24.741, decimals=2)
    yield Pair("sd of slopes", math.sqrt(covariance[1, 1]), 5.922, decimals=3)
    correlation = covariance[0, 1] / math.sqrt(covariance[0, 0] * covariance[1, 1])
    yield Pair("correlation", correlation, 0.066, decimals=3)
    yield Pair("residual sd", math.sqrt(found.scale), 25.592, decimals=3)
    yield Pair("REML criterion", -2 * found.llf, 1743.6, decimals=1)
    single = _fit("Reaction ~ Days", frame, groups="Subject")
    yield Pair("sd of subjects alone", math.sqrt(single.cov_re.iloc[0, 0]), 37.124, decimals=3)
    yield Pair("residual sd then", math.sqrt(single.scale), 30.991, decimals=3)
    yield Pair("REML criterion then", -2 * single.llf, 1786.5, decimals=1)


def dietox(data: Data) -> Iterator[Pair]:
    """Weight ~ Time + (1 | Pig), as R lme4 fits it (numbers of statsmodels' own tests)."""
    found = _fit("Weight ~ Time", _frame(data, LME + "dietox.csv"), groups="Pig")
    for value, expected in zip(found.fe_params, (15.723523, 6.942505), strict=True):
        yield Pair("fixed effect", value, expected)
    for value, expected in zip(found.bse_fe, (0.78805374, 0.03338727), strict=True):
        yield Pair("its error", value, expected)
    yield Pair("residual variance", found.scale, 11.36692)
    yield Pair("variance of pigs", found.cov_re.iloc[0, 0], 40.39395)
    yield Pair("log REML", found.llf, -2404.775)


# --- lme4 on simulated sets ---------------------------------------------------------------------


def lme4_simulated(data: Data) -> Iterator[Pair]:
    """Twelve sets, ML and REML, correlated and independent random effects: 228 arrays."""
    published = data.json(LME + "lme_r_results.json")
    read = 0
    for number in range(12):
        frame = _frame(data, f"{LME}lme{number:02}.csv")
        for kind in ("drf", "irf") if number >= 6 else ("drf",):
            for method in ("ml", "reml"):
                key = f"{method}_{kind}_{number}"
                names = [name for name in published if name.endswith("_" + key)]
                read += len(names)
                known = {name.removesuffix("_" + key): published[name] for name in names}
                yield from _simulated(frame, known, key)
    assert read == len(published) == 228


def _simulated(frame: pd.DataFrame, known: dict[str, Any], key: str) -> Iterator[Pair]:
    from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams

    fixed = frame.filter(like="exog_fe").to_numpy()
    random = frame.filter(like="exog_re").to_numpy()
    model = MixedLM(frame["endog"].to_numpy(), fixed, frame["groups"].to_numpy(), random)
    free = None
    if "_irf_" in key:
        free = MixedLMParams(fixed.shape[1], random.shape[1], 0)
        free.fe_params, free.cov_re = np.ones(fixed.shape[1]), np.eye(random.shape[1])
        free.vcomp = np.array([])
    with warnings.catch_warnings():
        # R's own fit is on the boundary in some of the sets
        warnings.simplefilter("ignore")
        found = model.fit(reml=key.startswith("reml"), gtol=1e-7, free=free)
    if key.endswith("_7"):
        # statsmodels inverts the observed information, fixed effects and components together: in
        # this set 4 % from the covariance of the fixed effects given the components, which R prints
        joint = found.cov_params()[:1, :1]
        yield from _arrays(f"joint vcov {key}", joint, known["vcov"], 3, differs=True)
    for name, computed, decimals in (
        ("coef", found.fe_params, 4),
        ("vcov", _given_components(frame, fixed, random, found), 4),
        ("cov_re", found.cov_re, 4),
        ("scale", found.scale, 4),
        ("loglike", found.llf, 2),
    ):
        yield from _arrays(f"{name} {key}", computed, known.pop(name), decimals)
    if known:
        first = next(iter(found.random_effects))
        effects, spread = found.random_effects[first], found.random_effects_cov[first]
        yield from _arrays(f"effect {key}", effects, known.pop("ranef_mean"), 3)
        yield from _arrays(f"its spread {key}", spread, known.pop("ranef_condvar"), 3)
    assert not known


def _given_components(frame: pd.DataFrame, fixed: Any, random: Any, found: Any) -> Any:
    """Return (Σ XᵀV⁻¹X)⁻¹: the covariance of the fixed effects (Laird & Ware 1982, eq. 3.3)."""
    information = 0.0
    covariance = np.asarray(found.cov_re)
    for rows in frame.groupby("groups").indices.values():
        x, z = fixed[rows], random[rows]
        v = found.scale * np.eye(len(rows)) + z @ covariance @ z.T
        information = information + x.T @ np.linalg.solve(v, x)
    return np.linalg.inv(information)


def _arrays(
    what: str, computed: Any, published: Any, decimals: int, *, differs: bool = False
) -> Iterator[Pair]:
    ours, theirs = np.ravel(np.asarray(computed)), np.ravel(np.asarray(published, dtype=float))
    for one, other in zip(ours, theirs, strict=True):
        yield Pair(what, float(one), float(other), decimals, differs)
