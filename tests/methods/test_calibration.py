"""The short form of the simulations: statistics are wrong as often as they may be."""

from __future__ import annotations

import pytest
from benchmarks.calibration import simulations
from tests.methods.test_references import METHODS

SIMULATIONS = simulations()


@pytest.mark.parametrize("name", SIMULATIONS)
def test_it_happens_as_often_as_it_may(name: str) -> None:
    simulation = SIMULATIONS[name]
    found = simulation.run(simulation.short)
    assert found.met, f"{found.rate:.1%} of {found.labs} labs: {simulation.what} ({found.bar})"


def test_every_simulation_of_a_row_exists_and_none_is_without_one() -> None:
    named = {name for method in METHODS for name in method.get("simulations", [])}
    assert named == set(SIMULATIONS)


def test_the_long_form_is_long() -> None:
    assert min(one.long for one in SIMULATIONS.values()) >= 2000
