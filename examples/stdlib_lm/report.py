"""What was found, in sentences of the tables of ``labrec analyze``: nothing is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plan
import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

TABLES = "build/labrec/tables"
QUALITY = "bits_per_byte"


def sentences(lab: Path) -> list[str]:
    """Return what the tables of a lab say about the study: the claim, its parts, the weights."""
    return [*_claim(lab), *_components(lab), *_formats(lab)]


def _claim(lab: Path) -> list[str]:
    """Return the verdict on the claim that was registered before the first run."""
    rows = _table(lab, "hypotheses").filter(pl.col("current"))
    return [f"{row['claim'].strip()} {row['sentence']}" for row in rows.iter_rows(named=True)]


def _components(lab: Path) -> list[str]:
    """Return what each of the three components earns: its Shapley value over all eight cells."""
    chosen = (pl.col("kind") == "shapley") & (pl.col("metric") == QUALITY)
    return _table(lab, "attributions").filter(chosen).sort("estimate")["sentence"].to_list()


def _formats(lab: Path) -> list[str]:
    """Return whether the format of the weights changes the quality."""
    chosen = (pl.col("condition") == "quantization") & (pl.col("metric") == QUALITY)
    overall = pl.col("levels").list.len() > 2  # noqa: PLR2004 - all formats, not a pair of them
    return _table(lab, "hardware_quality").filter(chosen & overall)["sentence"].to_list()


def _table(lab: Path, name: str) -> pl.DataFrame:
    table = pl.read_parquet(lab / TABLES / f"{name}.parquet")
    return table.filter(pl.col("project") == plan.PROJECT)
