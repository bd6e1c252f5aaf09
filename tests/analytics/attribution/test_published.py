"""Published factorial experiments, and field trials against an independent least-squares fit."""

from __future__ import annotations

import csv
import json
import math
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.analytics.attribution.factorials import design

from labrec.analytics.attribution.attribute import attribute
from labrec.analytics.attribution.design import Cell, Design, mask
from labrec.analytics.attribution.models import signs_of
from labrec.analytics.stats.lenth import pseudo_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from labrec.analytics.attribution.design import Attribution


@pytest.fixture
def reference(shared_data: Callable[[str], Path]) -> Path:
    return shared_data("stats_reference")


@pytest.fixture
def published(reference: Path) -> dict:
    return json.loads((reference / "expected_factorial_effects.json").read_text())


def _effects(found: Attribution, factors: Sequence[str]) -> dict[str, float]:
    return {
        "".join(factors[place] for place in effect.factors): effect.estimate
        for effect in found.effects
        if effect.kind in ("main", "interaction")
    }


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


# --- textbook factorials ----------------------------------------------------------------------


@pytest.mark.parametrize(("name", "count"), [("pilot_plant_2^3", 7), ("filtration_2^4", 15)])
def test_a_published_factorial(published: dict, name: str, count: int):
    experiment = published[name]
    found = attribute(design("".join(experiment["factors"]), experiment["y"]))
    effects = _effects(found, experiment["factors"])
    assert len(effects) == count
    assert effects == experiment["effects"]
    if "mean" in experiment:
        assert np.mean(found.means) == experiment["mean"]
    if "lenth_PSE" in experiment:
        assert found.effect("main", 0).se == experiment["lenth_PSE"]


def test_what_stands_out_of_the_filtration_rate_are_the_effects_of_the_book(published: dict):
    """Montgomery, Example 6.2: A, C, D, AC and AD."""
    experiment = published["filtration_2^4"]
    found = attribute(design("ABCD", experiment["y"]))
    outstanding = {
        "".join("ABCD"[place] for place in effect.factors)
        for effect in found.effects
        if effect.kind in ("main", "interaction") and effect.p < 0.05
    }
    assert outstanding == {"A", "C", "D", "AC", "AD"}


def test_process_development_where_the_effects_alone_are_published(published: dict):
    """Responses with the published effects have them again; there are no raw data to start from."""
    experiment = published["process_development_2^4"]
    factors = ["C", "T", "P", "c"]
    values = _responses(experiment, factors, range(16))
    found = attribute(design("".join(factors), values))
    effects = _effects(found, factors)
    assert effects.keys() == experiment["effects"].keys()
    for name, effect in experiment["effects"].items():
        assert effects[name] == pytest.approx(effect, abs=1e-12)
    assert pseudo_error(list(experiment["effects"].values())) == found.effect("main", 0).se


def test_the_bike_a_sixteenth_of_seven_factors(published: dict):
    """Box, Hunter and Hunter p. 245: D = AB, E = AC, F = BC, G = ABC; effects alone published."""
    experiment = published["bike_2^(7-4)"]
    factors = list(experiment["effects"])
    cells = []
    for a, b, c in (
        (1 if on & 1 else -1, 1 if on & 2 else -1, 1 if on & 4 else -1) for on in range(8)
    ):
        levels = (a, b, c, a * b, a * c, b * c, a * b * c)
        cells.append(mask(place for place, level in enumerate(levels) if level > 0))
    values = _responses(experiment, factors, cells)
    found = attribute(
        Design(
            tuple(factors),
            tuple(Cell(on, (value,), (None,)) for on, value in zip(cells, values, strict=True)),
            "seconds",
        )
    )
    assert (found.shape, found.resolution) == ("fraction", 3)
    effects = _effects(found, factors)
    for name, effect in experiment["effects"].items():
        assert effects[name] == pytest.approx(effect, abs=1e-12)
    seat = found.effect("main", 0)
    assert seat.aliases[:3] == ("Dyn×HBar", "Gear×Coat", "Bkfst×Tires")  # BD + CE + FG
    assert (seat.model, seat.method) == ("order 1", "lenth")
    assert [effect.factors for effect in found.effects if effect.kind == "interaction"] == []


def _responses(experiment: dict, factors: Sequence[str], cells: Iterable[int]) -> list[float]:
    terms = [
        tuple(place for place, factor in enumerate(factors) if factor in _parts(name, factors))
        for name in experiment["effects"]
    ]
    effects = np.array(list(experiment["effects"].values()))
    return (experiment["mean"] + signs_of(list(cells), terms) @ effects / 2).tolist()


def _parts(name: str, factors: Sequence[str]) -> set[str]:
    return {name} if name in factors else set(name)


def test_the_reactor(published: dict, reference: Path):
    """Box, Hunter and Hunter 1978; the largest effects as published there."""
    rows = _rows(reference.parent / "stats_reference" / published["reactor_2^5"]["data"])
    cells = [mask(place for place, name in enumerate("ABCDE") if row[name] == "1") for row in rows]
    found = attribute(design("ABCDE", [float(row["y"]) for row in rows], cells=cells))
    effects = _effects(found, "ABCDE")
    known = {"B": 19.5, "D": 10.75, "E": -6.25, "BD": 13.25, "DE": -11.0}
    assert {name: effects[name] for name in known} == known
    largest = sorted(effects, key=lambda name: -abs(effects[name]))[:5]
    assert set(largest) == set(known)
    outstanding = {
        "".join("ABCDE"[place] for place in effect.factors)
        for effect in found.effects
        if effect.kind in ("main", "interaction") and effect.p_holm < 0.05
    }
    assert outstanding == set(known)


def test_box_and_meyer_screening_in_sixteen_runs(reference: Path):
    """A fraction of 15 factors; nothing is published with it, so contrasts are taken by hand."""
    rows = _rows(reference / "factorial" / "BM86_fractional.csv")
    names = [f"X{number}" for number in range(1, 16)]
    cells = [mask(place for place, name in enumerate(names) if row[name] == "1") for row in rows]
    for response in ("y1", "y2", "y3", "y4"):
        found = attribute(
            Design(
                tuple(names),
                tuple(
                    Cell(on, (float(row[response]),), (None,))
                    for on, row in zip(cells, rows, strict=True)
                ),
                response,
            )
        )
        assert (found.shape, found.resolution) == ("fraction", 3)
        by_hand = [sum(int(row[name]) * float(row[response]) for row in rows) / 8 for name in names]
        ours = [found.effect("main", place).estimate for place in range(15)]
        assert np.allclose(ours, by_hand, rtol=0, atol=1e-12)
        assert found.effect("main", 0).se == pytest.approx(pseudo_error(by_hand))


# --- field trials: factorials in blocks -------------------------------------------------------


def test_npk_as_r_has_it(reference: Path):
    """R's aov of npk: half replicates in blocks, N×P×K confounded with them."""
    expected = json.loads((reference / "expected_R_examples.json").read_text())["npk_aov"]
    found = attribute(_npk(reference))
    within = expected["strata"]["within"]
    assert found.blocks == 6
    assert found.residual_df == within["residuals"]["df"] == 12
    assert found.residual_sd**2 * 12 == pytest.approx(within["residuals"]["ss"], abs=5e-6)
    coefficients = expected["helmert_coef"]
    for name in ("N", "P", "K", "N_P", "N_K", "P_K"):
        places = tuple("NPK".index(letter) for letter in name.split("_"))
        effect = found.effect("main" if len(places) == 1 else "interaction", *places)
        assert (effect.estimate / effect.se) ** 2 == pytest.approx(within[name]["F"], abs=6e-4)
        assert effect.p == pytest.approx(within[name]["p"], abs=6e-6)
        if len(places) == 1:
            assert effect.estimate / 2 == pytest.approx(coefficients[f"{name}1"], abs=5e-8)
        else:  # R codes them as a product of levels ±1, ours is in the scale of the main effects
            first, second = name.split("_")
            coefficient = coefficients[f"{first}1_{second}1"]
            assert effect.estimate / 2 == pytest.approx(coefficient, abs=5e-7)
    confounded = found.effect("interaction", 0, 1, 2)
    assert confounded.se is None
    assert "share no seeds" in confounded.note


def _npk(reference: Path) -> Design:
    rows = _rows(reference / "rdatasets" / "datasets__npk.csv")
    return _trial(rows, "NPK", "1", ("block",), "yield")


def _trial(
    rows: Iterable[dict[str, str]], factors: str, on: str, blocks: Sequence[str], response: str
) -> Design:
    """Return a field trial as a design whose blocks are its seeds."""
    measured: dict[int, list[tuple[float, str]]] = {}
    for row in rows:
        if not row[response]:
            continue  # a plot that was lost
        cell = mask(place for place, factor in enumerate(factors) if row[factor] == on)
        block = "/".join(row[name] for name in blocks)
        measured.setdefault(cell, []).append((float(row[response]), block))
    return Design(
        tuple(factors),
        tuple(
            Cell(cell, tuple(value for value, _ in plots), tuple(block for _, block in plots))
            for cell, plots in measured.items()
        ),
        response,
    )


@pytest.mark.parametrize(
    ("name", "factors", "blocks", "shape"),
    [
        ("agridat__cochran.factorial", "dnpk", ("rep", "block"), "complete"),
        ("agridat__gomez.fractionalfactorial", "abcdef", ("rep", "block"), "fraction"),
        ("agridat__yates.missing", "npk", ("block",), "complete"),
    ],
)
def test_field_trials_agree_with_least_squares(
    reference: Path, name: str, factors: str, blocks: Sequence[str], shape: str
):
    """Cells and blocks as dummies in statsmodels; agridat writes 0 where a factor was applied."""
    import statsmodels.api as sm  # a second, so only here

    trial = _trial(
        _rows(reference / "rdatasets" / f"{name}.csv"),
        factors,
        "0",
        blocks,
        "yield" if name != "agridat__yates.missing" else "y",
    )
    found = attribute(trial)
    assert found.shape == shape
    cells = sorted(cell.on for cell in trial.cells)
    labels = sorted({seed for cell in trial.cells for seed in cell.seeds})
    rows, values = [], []
    for cell in trial.cells:
        for value, seed in zip(cell.values, cell.seeds, strict=True):
            rows.append(
                [float(cell.on == on) for on in cells] + [float(seed == label) for label in labels]
            )
            values.append(value)
    with warnings.catch_warnings():
        # dummies of cells and of blocks add up to the same: any of the solutions will do
        warnings.filterwarnings("ignore", "The design matrix is rank-deficient")
        fit = sm.OLS(np.array(values), np.array(rows)).fit()
    assert found.residual_df == fit.df_resid
    assert found.residual_sd == pytest.approx(math.sqrt(fit.scale), rel=1e-9)
    compared = 0
    for effect in found.effects:
        if effect.kind != "main" or effect.se is None:
            continue
        signs = signs_of(cells, [effect.factors])[:, 0] * 2 / len(cells)
        theirs = fit.t_test(np.concatenate([signs, np.zeros(len(labels))]))
        assert effect.estimate == pytest.approx(float(theirs.effect[0]), rel=1e-9)
        assert effect.se == pytest.approx(float(theirs.sd[0][0]), rel=1e-9)
        assert effect.p == pytest.approx(float(theirs.pvalue), rel=1e-7)
        compared += 1
    assert compared == len(factors)
