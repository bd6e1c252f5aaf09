"""The table about models that grew out of a host. ○ Pure."""

from __future__ import annotations

from typing import Final

from labrec.analytics.tables.contract import (
    DIRECTION,
    EXPERIMENT,
    METRIC,
    PROJECT,
    UNIT,
    Column,
    Table,
)


def _ends(name: str, what: str, unit: str = "") -> tuple[Column, Column]:
    return (
        Column(f"{name}_low" if name else "low", "number", f"Lower end of {what}.", unit, True),
        Column(f"{name}_high" if name else "high", "number", "Upper end.", unit, True),
    )


def _ratio(name: str, meaning: str) -> tuple[Column, ...]:
    return (
        Column(name, "number", meaning, optional=True),
        *_ends(name, "its Fieller interval"),
        Column(
            f"{name}_g", "number", "Fieller's g: 1 and more where the host's may be 0.", "", True
        ),
    )


def _equivalent(name: str, meaning: str) -> tuple[Column, Column]:
    return (
        Column(name, "number", meaning, optional=True),
        Column(
            f"{name}_bound",
            "text",
            "> or <: more, or less, than the number, the end of what was measured; else empty.",
        ),
    )


GROWTH: Final = Table(
    "growth",
    "a model that grew out of a host, against that host on a key metric",
    (
        PROJECT,
        EXPERIMENT,
        Column("name", "text", "Name of the grown model."),
        Column("host", "text", "Experiment of its host."),
        Column("host_name", "text", "Name of the host."),
        METRIC,
        UNIT,
        DIRECTION,
        Column("parameters", "number", "Parameters of the grown model."),
        Column("host_parameters", "number", "Parameters of the host."),
        Column("n", "integer", "Runs of the grown model with a value."),
        Column("n_host", "integer", "Runs of the host with a value."),
        Column("n_machines", "integer", "Machines among them; unknown ones count as one."),
        Column("design", "text", "paired (by common seeds), welch, or unreplicated (no interval)."),
        Column("delta", "number", "Mean of the grown model minus the host's.", "metric", True),
        *_ends("", "its interval", "metric"),
        Column("level", "number", "Level of the intervals."),
        Column("df", "number", "Degrees of freedom.", optional=True),
        Column("p", "number", "Two-sided p of no difference.", optional=True),
        Column("p_holm", "number", "The same, adjusted by Holm over the family.", optional=True),
        Column("family", "integer", "Grown models of the project's metric, adjusted together."),
        Column("finding", "text", "better, worse, unclear (p_holm, direction), or unreplicated."),
        *_ratio(
            "ratio",
            "Its quality for each parameter over the host's; missing where less is better, and "
            "without replicates.",
        ),
        Column("chance", "number", "Value of a guess, as declared.", "metric", True),
        *_ratio("ratio_above_chance", "The same of the quality above chance."),
        Column("n_sizes", "integer", "Sizes of host-only models, the host's included."),
        *_equivalent(
            "equivalent",
            "Parameters of a host-only model of the same quality, by a monotone fit.",
        ),
        *_equivalent("equivalent_low", "The same at the lower end of the interval of its mean."),
        *_equivalent("equivalent_high", "The same at the upper end."),
        Column("unknown", "text", "The strongest thing that is not known of it."),
        Column("sentence", "text", "All of it in words."),
    ),
    ("project", "experiment", "metric"),
)
