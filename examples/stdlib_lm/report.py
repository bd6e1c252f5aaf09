"""What was found, in three sentences: read from the tables of ``labrec analyze``, not computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plan
import polars as pl
from quantize import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

TABLES = "build/labrec/tables"
QUALITY, SPEED = "bits_per_byte", "tokens_per_second"

Row = dict[str, Any]


def sentences(lab: Path) -> list[str]:
    """Return what the tables of a lab say about the study."""
    folder = lab / TABLES
    mine = pl.col("project") == plan.PROJECT
    contrasts = pl.read_parquet(folder / "contrasts.parquet").filter(mine)
    experiments = pl.read_parquet(folder / "experiments.parquet").filter(mine)
    return [_claim(contrasts), _components(contrasts), _cost(experiments, contrasts)]


def _claim(contrasts: pl.DataFrame) -> str:
    row = _one(contrasts, plan.ALL, QUALITY)
    return (
        f"The registered claim: with all three components the model needs {row['estimate']:+.3f} "
        f"bits per byte{_interval(row)} against {row['parent_name']}, {_sure(row)}."
    )


def _components(contrasts: pl.DataFrame) -> str:
    singles = [name for name, one in plan.trained().items() if _switched_on(one) == 1]
    rows = [_one(contrasts, name, QUALITY) for name in singles]
    parts = [f"{_short(row['name'])} {row['estimate']:+.3f} ({row['finding']})" for row in rows]
    return f"Each component alone, against {rows[0]['parent_name']}: {', '.join(parts)}."


def _cost(experiments: pl.DataFrame, contrasts: pl.DataFrame) -> str:
    models = experiments.filter(
        pl.col("metric") == QUALITY, pl.col("name").is_in(list(plan.trained()))
    )
    best = models.sort("mean").row(0, named=True)
    names = plan.evaluated(FORMATS)
    loss = _one(contrasts, names["int8"], QUALITY)
    fast, slow = (_one(experiments, names[form], SPEED) for form in ("float32", "int8"))
    return (
        f"The best model is {best['name']} with {best['mean']:.3f} bits per byte{_interval(best)}; "
        f"{loss['parent_name']} stored as int8 needs {loss['estimate']:+.4f} ({loss['finding']}) "
        f"and predicts {slow['mean']:,.0f} bytes a second, {fast['mean']:,.0f} as float32."
    )


def _one(table: pl.DataFrame, name: str, metric: str) -> Row:
    """Return the only row of an experiment and a metric."""
    return table.filter(pl.col("name") == name, pl.col("metric") == metric).row(0, named=True)


def _interval(row: Row) -> str:
    if row["low"] is None:
        return ""
    return f" ({row['level']:.0%} interval {row['low']:.3f} to {row['high']:.3f})"


def _sure(row: Row) -> str:
    if row["p_holm"] is None:
        return f"{row['finding']}, {row['n']} runs"
    return (
        f"{row['finding']}: p = {row['p_holm']:.2g} after Holm over {row['family']} contrasts, "
        f"{row['n']} runs"
    )


def _short(name: str) -> str:
    return name.split("_", 3)[-1]


def _switched_on(one: plan.Experiment) -> int:
    cell = one.features["model"] == plan.BASE["model"] and one.name.count("_from_1_") == 1
    return sum(one.features["components"].values()) if cell else 0
