"""Luck, drift, reruns: how often chance is told to be more than chance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.calibration.simulation import Simulation
from labrec.analytics.run import Measured, Run
from labrec.analytics.stats.spread import PooledSd
from labrec.analytics.trends import drift, luck, reproducibility
from labrec.analytics.trends.tries import Tries, Variant

if TYPE_CHECKING:
    from collections.abc import Sequence

ALPHA = luck.ALPHA

# --- luck -------------------------------------------------------------------------------------


def _variant(at: float, values: Sequence[float] | None, tried: int = 0) -> Variant:
    """A variant with these values; None: its runs were looked at and then retracted."""
    name = f"e{at}"
    found = np.array(values if values is not None else [])
    sd = float(found.std(ddof=1)) if len(found) > 1 else None
    mean = float(found.mean()) if len(found) else None
    machines = frozenset({"m"})
    return Variant(name, name, (at, 0.0, ""), mean, sd, len(found), tried or len(found), machines,
                   None)  # fmt: skip


def _lab(variants: Sequence[Variant]) -> Tries:
    return Tries("p", "loss", "", None, "minimize", True, list(variants))


def _noise(rng: np.random.Generator, df: int) -> list[Variant]:
    """Another experiment that was repeated and has no part in the race: it tells the noise."""
    sd = math.sqrt(rng.chisquare(df) / df)
    return [Variant("n", "n", (1e6, 0.0, ""), None, sd, df + 1, 0, frozenset({"m"}), None)]


def _claims(tried: Sequence[Variant]) -> bool:
    return any(row.verdict == "beyond luck" for row in luck.luck_of(_lab(tried)))


def _singles(rng: np.random.Generator, count: int) -> list[Variant]:
    """A baseline and so many variants, run once each, none of which has an effect."""
    return [_variant(at, [v]) for at, v in enumerate(rng.normal(size=count + 1))]


def _one_pair(rng: np.random.Generator) -> bool:
    return _claims(_singles(rng, 30) + _noise(rng, 1))


def _some_repeats(rng: np.random.Generator) -> bool:
    return _claims(_singles(rng, 100) + _noise(rng, 20))


def _known(rng: np.random.Generator) -> bool:
    return _claims(_singles(rng, 30) + _noise(rng, 20_000))


def _replicated(rng: np.random.Generator) -> bool:
    return _claims([_variant(at, v.tolist()) for at, v in enumerate(rng.normal(size=(21, 3)))])


def _selecting(rng: np.random.Generator) -> bool:
    """The owner repeats every variant until it looks like the best, five times at most."""
    tried = [_variant(0, rng.normal(size=3).tolist())]
    best = tried[0].value or 0.0
    for at in range(1, 16):
        values = [float(rng.normal())]
        while len(values) < 5 and sum(values) / len(values) > best:
            values.append(float(rng.normal()))
        tried.append(_variant(at, values))
        best = min(best, tried[-1].value or 0.0)
    return _claims(tried + _noise(rng, 20_000))


def _retracting(rng: np.random.Generator) -> bool:
    """The owner retracts all that is not the best."""
    values = rng.normal(size=41)
    best = int(values[1:].argmin()) + 1
    return _claims(
        [_variant(0, [values[0]])]
        + [_variant(at, [values[at]] if at == best else None, 1) for at in range(1, 41)]
        + _noise(rng, 20_000)
    )


def _watched(rng: np.random.Generator) -> bool:
    """The owner looks after every try, and stops at the first that is beyond luck."""
    values, noise = rng.normal(size=101), _noise(rng, 20_000)
    best = values[0]
    for at in range(1, 101):
        if values[at] < best:  # only then is there something new to claim
            best = values[at]
            if _claims([_variant(k, [v]) for k, v in enumerate(values[: at + 1])] + noise):
                return True
    return False


def _lower_limit(rng: np.random.Generator) -> bool:
    """Whether the lower limit of the gain of the best is below its true gain, with true effects."""
    truth = np.concatenate(([0.0], rng.normal(scale=0.7, size=20)))
    seen = truth + rng.normal(size=21)
    rows = luck.luck_of(_lab([_variant(at, [v]) for at, v in enumerate(seen)] + _noise(rng, 12)))
    if not rows or rows[-1].low is None:
        return True
    gain = truth[0] - truth[int(seen.argmin())]
    return bool(rows[-1].low <= gain)


# --- drift ------------------------------------------------------------------------------------


def _series(values: Sequence[float], name: str) -> drift.Series:
    runs = [Run(f"{name}{at}", f"{name}{v!r}") for at, v in enumerate(values)]
    return drift.Series("p", name, name, "", "loss", "h", None, None, runs, list(values))


def _drifts(family: Sequence[Sequence[float]]) -> bool:
    found = drift.drift([_series(values, f"e{at}") for at, values in enumerate(family)])
    return any(row.verdict == "drift" for row in found)


def _normal(rng: np.random.Generator) -> bool:
    return _drifts([rng.normal(size=20).tolist()])


def _skewed(rng: np.random.Generator) -> bool:
    return _drifts([rng.exponential(size=30).tolist()])


def _family(rng: np.random.Generator) -> bool:
    return _drifts([rng.normal(size=12).tolist() for _ in range(60)])


# --- reruns -----------------------------------------------------------------------------------

_BLANK = reproducibility.blank(Run("again", "d2"), Run("first", "d1"))._replace(metric="loss")


def _rerun(rng: np.random.Generator) -> bool:
    noise = PooledSd(math.sqrt(rng.chisquare(4) / 4), 4, 2)
    pair = (Measured(float(rng.normal())), Measured(float(rng.normal())))
    return reproducibility.compare(_BLANK, *pair, noise, None).verdict == "agree"


def _never(name: str, what: str, happens: Any, **options: Any) -> Simulation:
    """Return a simulation of a claim that must not be made more often than alpha."""
    bounds = {"least": 0.0, "most": ALPHA, "short": 150, "long": 2000, **options}
    return Simulation(name, what, happens, **bounds)


SIMULATIONS = (
    _never("luck-one-pair", "best of 30 without effect, noise from one pair; any beyond luck",
           _one_pair),
    _never("luck-some-repeats",
           "best of 100 without effect, noise known from 20 degrees; any beyond luck",
           _some_repeats),
    _never("luck-known-noise", "best of 30 without effect, noise known; any beyond luck", _known,
           least=ALPHA / 4),
    _never("luck-replicated", "best of 20 without effect, 3 runs each; any beyond luck",
           _replicated),
    _never("luck-selective-repeats",
           "15 variants without effect, each repeated until it looks best; any beyond luck",
           _selecting),
    _never("luck-retracted-losers",
           "40 variants without effect, all but the best retracted; any beyond luck", _retracting),
    # stated in docs/luck.md: the level is that of one look at the table
    _never("luck-watched", "100 variants without effect, a look after each; ever beyond luck",
           _watched, most=0.15, short=60),
    Simulation("luck-lower-limit", "best of 20 with effects; its lower limit of 95 % is below",
               _lower_limit, 0.95, 1.0, 200, 2000),
    _never("drift-normal", "20 runs without a change; drift at 5 %", _normal, least=ALPHA / 4),
    _never("drift-skewed", "30 skewed runs without a change; drift at 5 %", _skewed,
           least=ALPHA / 4),
    _never("drift-family", "60 series without a change; any drift at 5 %", _family, short=60),
    Simulation("rerun-agreement", "two honest runs, noise known from 4 degrees; agree at 95 %",
               _rerun, 0.95, 0.95),
)  # fmt: skip
