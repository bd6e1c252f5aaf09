"""Labs with several machines: what is said of hardware that makes a difference, or makes none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from tests.analytics.conditions.studies import crossed, one, row_of, study, table

from benchmarks.calibration.simulation import Simulation
from labrec.analytics.conditions.comparison import compare
from labrec.analytics.conditions.layout import Layout, Runs, layout
from labrec.analytics.stats import means
from labrec.analytics.stats.mixed import mixed_test

if TYPE_CHECKING:
    from collections.abc import Callable

ALPHA: Final = 0.05
EFFECT: Final = 1.655
"""A difference that the paired t test of 8 blocks, residual sd 1, finds in 81 % of labs."""


def blocked(rng: np.random.Generator, effect: float, levels: int = 2) -> Layout:
    """Eight blocks that differ ten times as much as the runs within."""
    block, level = np.divmod(np.arange(8 * levels), levels)
    value = 10 * rng.normal(size=8)[block] + effect * level + rng.normal(size=len(block))
    nothing = np.zeros(len(block), dtype=int)
    found = layout(Runs(block, level, block, nothing, nothing - 1, value), of_machines=False)
    if isinstance(found, str):
        raise TypeError(found)
    return found


def _rejects(p: float | None) -> bool:
    return p is not None and p < ALPHA


def _paired(rng: np.random.Generator) -> bool:
    return _rejects(compare(blocked(rng, EFFECT)).p)


def _one_way(rng: np.random.Generator) -> bool:
    first, second = map(means.arm_of, blocked(rng, EFFECT).groups)
    return _rejects(means.welch(first, second).p)


def _two_levels(rng: np.random.Generator) -> bool:
    return _rejects(compare(blocked(rng, 0.0)).p)


def _uneven_levels(rng: np.random.Generator) -> bool:
    found = blocked(rng, 0.0, levels=4)
    noise = rng.normal(size=found.table.shape) * [0.1, 0.1, 0.1, 6.0]
    return _rejects(compare(found._replace(table=found.table + noise)).p)


def _machine_runs(rng: np.random.Generator, machines: int, blocks: int) -> list[dict[str, Any]]:
    """Runs on some machines of each of two models that do not differ; the machines do."""
    return [
        one(float(value), cpu_model=level, machine=f"{level}{machine}", experiment=f"e{block}")
        for level in ("one", "two")
        for machine in range(machines)
        for own in [rng.normal()]
        for block, value in enumerate(own + np.arange(blocks) + 0.2 * rng.normal(size=blocks))
    ]


def _models(rng: np.random.Generator) -> bool:
    row = row_of(study(_machine_runs(rng, 4, 3)), "cpu_model")
    return row["claims"] == "models" and row["verdict"] == "effect"


def _one_machine_each(rng: np.random.Generator) -> bool:
    row = row_of(study(_machine_runs(rng, 1, 6)), "cpu_model")
    return bool(row["verdict"] == "effect")


def _told_of_models(rng: np.random.Generator) -> bool:
    row = row_of(study(_machine_runs(rng, 1, 6)), "cpu_model")
    return bool(row["claims"] != "machines" or "between these two machines" not in row["sentence"])


def _mixed(rng: np.random.Generator) -> bool:
    machine, block = np.divmod(np.arange(48), 8)
    values = rng.normal(size=6)[machine] + 2.0 * block + rng.normal(size=48)
    columns = (values, machine // 3, block, machine)
    seed = int(rng.integers(2**31))
    return _rejects(mixed_test(*(c.tolist() for c in columns), seed=seed, draws=199).p)


def _interval(rng: np.random.Generator) -> bool:
    values = {"one": list(10 * rng.normal(size=5)), "two": []}
    values["two"] = [value + 2 + rng.normal() for value in values["one"]]
    row = row_of(study(crossed(values)), "cpu_model")
    return bool(row["low"] <= 2 <= row["high"])


def _lab(rng: np.random.Generator) -> bool:
    """Three machines, two power sources, two metrics, and nothing matters."""
    runs = []
    for level in ("one", "two", "three"):
        for block in range(6):
            for source in ("mains", "battery"):
                run = one(
                    float(10 * block + rng.normal()), cpu_model=level, machine=level,
                    experiment=f"e{block}", state={"power_source": source},
                )  # fmt: skip
                run["metrics"] |= one(float(block + rng.normal()), metric="second")["metrics"]
                runs.append(run)
    return any(row["verdict"].startswith("effect") for row in table(study(runs)))


def _simulation(
    name: str, what: str, happens: Callable[[np.random.Generator], bool], *bounds: Any
) -> Simulation:
    return Simulation(f"hardware-{name}", what, happens, *bounds)


NO_MODELS: Final = "two models that do not differ, one machine each"

SIMULATIONS: Final = (
    _simulation("blocks-power", "8 blocks that differ tenfold, an effect; found by the paired test",
                _paired, 0.81, 0.81),
    _simulation("one-way-power", "the same labs; found by a one-way test", _one_way, 0.0, 0.001),
    _simulation("blocks-size", "8 blocks, no effect; rejected at 5 %", _two_levels, ALPHA, ALPHA),
    _simulation("uneven-size", "8 blocks, 4 levels of uneven spread, no effect; rejected at 5 %",
                _uneven_levels, ALPHA / 4, 0.055),
    _simulation("interval", "5 blocks, a true difference; the 95 % interval covers", _interval,
                0.95, 0.95, 100, 2000),
    _simulation("models-size", "two models that do not differ, 4 machines each; told as an effect",
                _models, ALPHA / 4, ALPHA, 100, 2000),
    _simulation("one-machine", f"{NO_MODELS}; an effect of these two machines", _one_machine_each,
                0.5, 1.0, 40, 2000),
    _simulation("told-of-models", f"{NO_MODELS}; told as one of models", _told_of_models,
                0.0, 0.0, 40, 2000),
    _simulation("mixed-size", "8 blocks, 3 machines a level, no effect; rejected at 5 % by the "
                "mixed model's bootstrap", _mixed, 0.0, 0.06, 15, 2000),
    _simulation("whole-lab", "3 machines, 2 power sources, 2 metrics, nothing matters; any effect",
                _lab, 0.0, ALPHA, 20, 2000),
)  # fmt: skip
