"""What a design must be."""

from __future__ import annotations

import pytest

from labrec.analytics.attribution.design import Cell, Design, checked, mask, members
from labrec.errors import InvalidError


def _cell(on: int, *values: float) -> Cell:
    return Cell(on, values, (None,) * len(values))


def test_cells_come_in_order():
    design = checked(Design(("a", "b"), (_cell(2, 1.0), _cell(0, 3.0)), "loss"))
    assert [cell.on for cell in design.cells] == [0, 2]


def test_a_mask_names_the_factors_that_are_on():
    assert mask((0, 2)) == 0b101
    assert members(0b101, ("a", "b", "c")) == ("a", "c")


@pytest.mark.parametrize(
    "design",
    [
        Design((), (), "loss"),
        Design(tuple(map(str, range(65))), (), "loss"),
        Design(("a", "a"), (), "loss"),
        Design(("a",), (), "loss", level=1.0),
        Design(("a", "b"), (), "loss", orders=((0, 0),)),
        Design(("a",), (_cell(2, 1.0),), "loss"),
        Design(("a",), (_cell(-1, 1.0),), "loss"),
        Design(("a",), (_cell(1, 1.0), _cell(1, 2.0)), "loss"),
        Design(("a",), (_cell(1),), "loss"),
        Design(("a",), (_cell(1, float("nan")),), "loss"),
        Design(("a",), (Cell(1, (1.0, 2.0), (None,)),), "loss"),
        Design(("a",), (Cell(1, (1.0,), (None,), ("sha256:0", "sha256:1")),), "loss"),
    ],
)
def test_what_does_not_fit_together_is_refused(design: Design):
    with pytest.raises(InvalidError):
        checked(design)
