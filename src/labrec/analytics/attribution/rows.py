"""Designs and their effects as rows of the tables. ○ Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.analytics.attribution.attribute import attribute
from labrec.analytics.attribution.design import BUDGET, checked, mask, members
from labrec.analytics.attribution.efficiency import Efficiency, efficiencies
from labrec.analytics.attribution.words import (
    Said,
    effect_name,
    finding,
    sentence,
    switches,
    unknown,
)
from labrec.analytics.replicates import rounded
from labrec.analytics.stats.moments import mean_of, sd_of
from labrec.analytics.tables.attribution import ATTRIBUTIONS, CELLS, DESIGNS, EFFICIENCIES
from labrec.record.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from labrec.analytics.attribution.design import Design, Effect, Origin
    from labrec.analytics.tables import Table

Row = tuple[Any, ...]

TABLES: Final[tuple[Table, ...]] = (DESIGNS, CELLS, ATTRIBUTIONS, EFFICIENCIES)


class Placed(NamedTuple):
    """A design and where it comes from.

    Attributes:
        origin: Where it comes from.
        design: It.
        costs: The same cells and replicates with a cost in the place of the metric; the cost's name
            and unit are the design's metric and unit.
    """

    origin: Origin
    design: Design
    costs: tuple[Design, ...] = ()

    @property
    def digest(self) -> str:
        """Return what names the design: a digest of project, source, name, factors and metric."""
        design, origin = self.design, self.origin
        named = [origin.project, origin.source, origin.name, list(design.factors), design.metric]
        return str(Digest.of_value(named))


def rows(given: Iterable[Placed]) -> Iterator[tuple[Table, Iterable[Row]]]:
    """Yield the tables of designs, each in the order of its key.

    Args:
        given: The designs; no two of one digest.

    Raises:
        InvalidError: A design's parts do not fit together.
    """
    placed = sorted(given, key=lambda one: (one.origin.project, one.digest))
    told = [(one, Said(one.origin, checked(one.design), attribute(one.design))) for one in placed]
    yield DESIGNS, [design_row(one, said) for one, said in told]
    yield CELLS, [row for one, said in told for row in cell_rows(one, said)]
    yield ATTRIBUTIONS, [row for one, said in told for row in effect_rows(one, said)]
    yield EFFICIENCIES, [row for one, _ in told for row in efficiency_rows(one)]


def design_row(placed: Placed, said: Said) -> Row:
    """Return the row of a design."""
    origin, design, found = said
    k = len(design.factors)
    means = dict(zip((cell.on for cell in design.cells), found.means, strict=True))
    return (
        origin.project,
        placed.digest,
        origin.source,
        origin.name,
        design.metric,
        design.unit,
        design.direction,
        design.level,
        list(design.factors),
        found.shape,
        found.resolution,
        len(design.cells),
        sum(len(cell.values) for cell in design.cells),
        origin.n_experiments,
        origin.n_machines,
        origin.n_missing,
        origin.registration,
        found.blocks,
        rounded(found.residual_sd),
        found.residual_df,
        rounded(found.p_levene),
        rounded(means.get(0)),
        rounded(means.get((1 << k) - 1)),
        _coarse(found.gap),
        len(found.missing),
        _listed(found.missing, k),
        _listed(found.missing_main, k),
        found.note,
    )


def cell_rows(placed: Placed, said: Said) -> list[Row]:
    """Return the rows of a design's cells."""
    design = said.design
    k = len(design.factors)
    found = [
        (
            placed.origin.project,
            placed.digest,
            design.metric,
            design.unit,
            switches(cell.on, k),
            list(members(cell.on, design.factors)),
            len(cell.values),
            rounded(mean_of(cell.values)),
            rounded(sd_of(cell.values)) if len(cell.values) > 1 else None,
            rounded(said.found.means[place]),
            json.dumps(list(cell.values)),
            json.dumps(list(cell.seeds), ensure_ascii=False),
            list(cell.records),
        )
        for place, cell in enumerate(design.cells)
    ]
    return sorted(found, key=lambda row: str(row[4]))


def effect_rows(placed: Placed, said: Said) -> list[Row]:
    """Return the rows of a design's effects."""
    found = [_effect_row(placed, effect, said) for effect in said.found.effects]
    return sorted(found, key=lambda row: (str(row[7]), str(row[8])))


def _effect_row(placed: Placed, effect: Effect, said: Said) -> Row:
    origin, design = placed.origin, said.design
    k = len(design.factors)
    written = _digits(effect.model)
    return (
        origin.project,
        placed.digest,
        origin.source,
        origin.name,
        design.metric,
        design.unit,
        design.direction,
        effect.kind,
        switches(mask(effect.factors), k),
        effect_name(effect, design),
        written(effect.estimate),
        written(effect.se),
        design.level,
        written(effect.low),
        written(effect.high),
        written(effect.low_simultaneous),
        written(effect.high_simultaneous),
        written(effect.low_bootstrap),
        written(effect.high_bootstrap),
        written(effect.df),
        written(effect.p),
        written(effect.p_holm),
        effect.family,
        finding(effect, design),
        effect.n_cells,
        effect.n_values,
        effect.method,
        effect.model,
        written(effect.p_fit),
        effect.identifiable,
        list(effect.aliases),
        len(effect.needed),
        _listed(effect.needed, k),
        unknown(effect, said),
        effect.note,
        sentence(effect, said),
    )


def efficiency_rows(placed: Placed) -> list[Row]:
    """Return the rows of what a design's effects cost."""
    found = [
        _efficiency_row(placed, cost, one)
        for cost in placed.costs
        for one in efficiencies(placed.design, cost)
    ]
    return sorted(found, key=lambda row: tuple(map(str, (row[4], row[6], row[7]))))


def _efficiency_row(placed: Placed, cost: Design, one: Efficiency) -> Row:
    design, effect = placed.design, one.effect
    written = _digits(effect.model)
    return (
        placed.origin.project,
        placed.digest,
        design.metric,
        design.unit,
        cost.metric,
        cost.unit,
        effect.kind,
        switches(mask(effect.factors), len(design.factors)),
        effect_name(effect, design),
        written(effect.estimate),
        written(effect.se),
        written(one.cost),
        written(one.cost_se),
        written(one.cost_low),
        written(one.cost_high),
        written(one.covariance),
        written(one.df),
        design.level,
        written(one.g),
        written(one.ratio),
        written(one.low),
        written(one.high),
        one.note,
    )


def _digits(model: str) -> Callable[[float | None], float | None]:
    """Return how numbers are written: those of a low-order model rest on a decomposition."""
    return _coarse if model.startswith("order") else rounded


def _coarse(value: float | None) -> float | None:
    """Return a number to six digits: beyond them decompositions differ between processors."""
    return None if value is None else rounded(float(f"{value:.5e}"))


def _listed(cells: Sequence[int], k: int) -> list[str]:
    return [switches(on, k) for on in cells[:BUDGET]]
