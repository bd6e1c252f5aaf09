"""Tables about designs: cells, effects, and what effects cost. ○ Pure."""

from __future__ import annotations

from typing import Final

from labrec.analytics.tables.contract import DIRECTION, METRIC, PROJECT, UNIT, Column, Table

DESIGN: Final = Column(
    "design", "text", "Digest of project, source, name, factors and metric of the design."
)
_FACTORS: Final = Column("factors", "texts", "Its factors, in the order of the digits of a cell.")
_LEVEL: Final = Column("level", "number", "Level of the intervals.")
_LEVENE: Final = Column("p_levene", "number", "p of equal variances of the cells.", optional=True)
_EFFECT: Final = (
    Column(
        "kind",
        "text",
        "leave-one-out, add-one, main, interaction, shapley, shapley-interaction or banzhaf.",
    ),
    Column("on", "text", "Factors of the effect: a digit for each of the design's, 1 = of it."),
    Column("effect", "text", "The same in words: the factors, joined by ×."),
)

DESIGNS: Final = Table(
    "designs",
    "some factors that were switched off and on, and a metric that was measured: what its cells "
    "say as a whole",
    (
        PROJECT,
        DESIGN,
        Column("source", "text", "run (measured within one), declared, or found (exploratory)."),
        Column("name", "text", "The run and call, the name in project.yaml, or the root."),
        METRIC,
        UNIT,
        DIRECTION,
        _LEVEL,
        _FACTORS,
        Column("shape", "text", "complete, fraction, permutations or incomplete."),
        Column("resolution", "integer", "Of a fraction: factors of its shortest word; else 0."),
        Column("n_cells", "integer", "Measured cells."),
        Column("n_values", "integer", "Values in them."),
        Column("n_experiments", "integer", "Experiments that they were measured in."),
        Column("n_machines", "integer", "Machines among its runs; unknown ones count as one."),
        Column("n_missing", "integer", "Runs or cells that ended without a finite value."),
        Column("registration", "text", "Registration that announced it; else post hoc.", "", True),
        Column("blocks", "integer", "Seeds that are blocks; 0 = replicates share none."),
        Column(
            "residual_sd", "number", "Pooled residual standard deviation.", "metric", optional=True
        ),
        Column("residual_df", "integer", "Its degrees of freedom."),
        _LEVENE,
        Column("all_off", "number", "Mean of the cell with all factors off.", "metric", True),
        Column("all_on", "number", "Mean of the cell with all factors on.", "metric", True),
        Column(
            "gap",
            "number",
            "Sum of the Shapley values minus all on plus all off: 0 by their law, but where a "
            "model stands in for cells.",
            "metric",
            optional=True,
        ),
        Column("n_needed", "integer", "Cells to run for exact or sampled Shapley values."),
        Column("needed", "texts", "The first 64 of these, a digit a factor."),
        Column("needed_main", "texts", "Fewest cells to run for all main effects."),
        Column("note", "text", "What a reader must know of the whole design; may be empty."),
    ),
    ("project", "design"),
)

CELLS: Final = Table(
    "cells",
    "a measured combination of factors of a design",
    (
        PROJECT,
        DESIGN,
        METRIC,
        UNIT,
        Column("cell", "text", "A digit for each factor: 1 = on."),
        Column("on", "texts", "Factors that were on."),
        Column("n", "integer", "Values."),
        Column("mean", "number", "Their mean.", "metric"),
        Column("sd", "number", "Their standard deviation, n - 1.", "metric", optional=True),
        Column(
            "adjusted",
            "number",
            "The mean that effects are made of: adjusted where cells lack some of the seeds.",
            "metric",
        ),
        Column("values", "text", "The values, as a JSON list."),
        Column("seeds", "text", "What each shares with other cells, as a JSON list; null = none."),
        Column("record_digests", "texts", "Records that the values come from, one for each."),
    ),
    ("project", "design", "cell"),
)

ATTRIBUTIONS: Final = Table(
    "attributions",
    "an effect: what switching on a factor, or several together, changes",
    (
        PROJECT,
        DESIGN,
        Column("source", "text", "run (measured within one), declared, or found (exploratory)."),
        Column("name", "text", "The run and call, the name in project.yaml, or the root."),
        METRIC,
        UNIT,
        DIRECTION,
        *_EFFECT,
        Column("estimate", "number", "On minus off.", "metric", optional=True),
        Column("se", "number", "Its standard error.", "metric", optional=True),
        _LEVEL,
        Column("low", "number", "Lower end of its interval.", "metric", optional=True),
        Column("high", "number", "Upper end.", "metric", optional=True),
        Column(
            "low_simultaneous",
            "number",
            "Lower end of the interval that holds for its whole family at once.",
            "metric",
            optional=True,
        ),
        Column("high_simultaneous", "number", "Upper end.", "metric", optional=True),
        Column(
            "low_bootstrap",
            "number",
            "Lower end of the bootstrap interval, from 20 values a cell on.",
            "metric",
            optional=True,
        ),
        Column("high_bootstrap", "number", "Upper end.", "metric", optional=True),
        Column("df", "number", "Degrees of freedom of t.", optional=True),
        Column("p", "number", "Two-sided p of no effect.", optional=True),
        Column("p_holm", "number", "The same, adjusted by Holm over its family.", optional=True),
        Column(
            "family",
            "integer",
            "Effects adjusted together: of its kind in the design (main and interaction are one).",
        ),
        Column("finding", "text", "better, worse or unclear (p_holm, direction), or unreplicated."),
        Column("n_cells", "integer", "Cells that its estimate uses."),
        Column("n_values", "integer", "Values in them."),
        Column(
            "method",
            "text",
            "blocks, pooled, welch, per seed, lenth, permutation pairs or none: where its "
            "interval is from.",
        ),
        Column(
            "model",
            "text",
            "What it assumes: saturated nothing; order d no interactions of more than d factors; "
            "aliased none of its aliases; permutations that the sampled ones are typical.",
        ),
        Column(
            "p_fit",
            "number",
            "Under a model of order d: p of the cells being as far from it as they are. Below 0.05 "
            "they contradict it, and the finding is unclear.",
            optional=True,
        ),
        Column("identifiable", "boolean", "Whether the cells determine it under its model."),
        Column("aliases", "texts", "Effects that it cannot be told from, with their signs."),
        Column("n_needed", "integer", "Cells to run where it is not identifiable."),
        Column("needed", "texts", "The first 64 of these, a digit a factor."),
        Column("unknown", "text", "The strongest thing that is not known of it."),
        Column("note", "text", "What a reader must know besides; may be empty."),
        Column(
            "sentence",
            "text",
            "Of Shapley values and main effects: all of it in words. Else empty.",
        ),
    ),
    ("project", "design", "kind", "on"),
)

EFFICIENCIES: Final = Table(
    "efficiencies",
    "what an effect costs: a Shapley value or main effect of a metric for each unit of a cost "
    "measured in the same cells",
    (
        PROJECT,
        DESIGN,
        METRIC,
        UNIT,
        Column("cost", "text", "What it costs: such as parameters, energy, duration."),
        Column("cost_unit", "text", "Unit of the cost.", optional=True),
        *_EFFECT,
        Column("estimate", "number", "The effect on the metric.", "metric"),
        Column("se", "number", "Its standard error.", "metric", optional=True),
        Column("cost_estimate", "number", "The effect on the cost, in its unit."),
        Column("cost_se", "number", "Its standard error.", optional=True),
        Column("cost_low", "number", "Lower end of its interval.", optional=True),
        Column("cost_high", "number", "Upper end.", optional=True),
        Column("covariance", "number", "Of both effects.", optional=True),
        Column("df", "number", "Degrees of freedom.", optional=True),
        _LEVEL,
        Column("g", "number", "Fieller's g: 1 and more where the cost could be 0.", optional=True),
        Column(
            "ratio",
            "number",
            "Effect for each unit of cost; missing where the cost's interval contains 0.",
            optional=True,
        ),
        Column("low", "number", "Lower end of its Fieller interval.", optional=True),
        Column("high", "number", "Upper end.", optional=True),
        Column("note", "text", "Why there is no ratio or interval; may be empty."),
    ),
    ("project", "design", "cost", "kind", "on"),
)

ABOUT_DESIGNS: Final[tuple[Table, ...]] = (DESIGNS, CELLS, ATTRIBUTIONS, EFFICIENCIES)
