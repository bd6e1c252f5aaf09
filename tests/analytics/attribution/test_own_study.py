"""The repository's own study: three components, on and off, three seeds each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.analytics.labs import made, rows
from tests.store.labs import new_lab

if TYPE_CHECKING:
    from labrec.analytics.pipeline import Analysis

ROOT = Path(__file__).resolve().parents[3]
FACTORS = ["hashed_context", "layer_norm", "warmdown"]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """Its records in a lab of their own, analysed."""
    lab = new_lab(tmp_path_factory.mktemp("study") / "lab")
    paths = [path for path in (ROOT / "records").rglob("*") if path.is_file()]
    lab.commit(
        "refs/heads/main", {str(path.relative_to(ROOT)): path.read_bytes() for path in paths}
    )
    return made(lab, lab.path.parent / "tables")


def test_its_declared_factors_make_one_complete_design(study: Analysis) -> None:
    (design,) = rows(study, "designs")
    assert (design["project"], design["source"]) == ("stdlib-lm", "declared")
    assert (design["metric"], design["unit"]) == ("bits_per_byte", "bit/byte")
    assert design["factors"] == FACTORS
    assert (design["shape"], design["n_cells"], design["n_values"]) == ("complete", 8, 24)
    assert (design["blocks"], design["n_missing"], design["n_needed"]) == (3, 0, 0)
    assert design["note"] == ""
    cells = rows(study, "cells")
    assert [cell["cell"] for cell in cells] == sorted(f"{n:03b}" for n in range(8))
    digests = {row["record_digest"] for row in rows(study, "runs")}
    assert all(set(cell["record_digests"]) <= digests for cell in cells)


def test_its_components_have_their_values_with_intervals(study: Analysis) -> None:
    shapley = {
        row["effect"]: row for row in rows(study, "attributions") if row["kind"] == "shapley"
    }
    assert sorted(shapley) == FACTORS
    cells = {row["cell"]: row["mean"] for row in rows(study, "cells")}
    total = sum(row["estimate"] for row in shapley.values())
    assert total == pytest.approx(cells["111"] - cells["000"])
    assert all(row["low"] < row["estimate"] < row["high"] for row in shapley.values())
    assert shapley["hashed_context"]["finding"] == shapley["warmdown"]["finding"] == "better"
    assert all("3 seeds as blocks" in row["sentence"] for row in shapley.values())


def test_its_components_have_a_price(study: Analysis) -> None:
    costs = {row["cost"] for row in rows(study, "efficiencies")}
    assert costs == {"parameters", "duration"}
