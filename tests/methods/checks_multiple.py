"""Adjusted p values of R's multtest and p.adjust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.methods.pairs import Data, Pair

from labrec.analytics.stats.multiple import holm

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "stats_reference/expected_multiple_testing_R.json"
# Names of statsmodels' methods, by the columns of the reference.
OTHERS = {
    "Bonferroni": "bonferroni",
    "Hochberg": "simes-hochberg",
    "SidakSS": "sidak",
    "SidakSD": "holm-sidak",
    "BH": "fdr_bh",
    "BY": "fdr_by",
}
COLUMNS = ["rawp", "Bonferroni", "Holm", "Hochberg", "SidakSS", "SidakSD", "BH", "BY"]
TABLES = ("res_multtest1", "res_multtest2", "res_multtest3")


def multtest_holm(data: Data) -> Iterator[Pair]:
    for name in TABLES:
        rows = data.json(FILE)[name]
        for found, row in zip(holm([row[0] for row in rows]), rows, strict=True):
            yield Pair(f"{name} p {row[0]}", found, row[COLUMNS.index("Holm")])


def multtest_others(data: Data) -> Iterator[Pair]:
    from statsmodels.stats.multitest import multipletests

    for name in TABLES:
        rows = data.json(FILE)[name]
        for column, method in OTHERS.items():
            adjusted = multipletests([row[0] for row in rows], method=method)[1]
            for found, row in zip(adjusted, rows, strict=True):
                yield Pair(f"{name} {column} p {row[0]}", found, row[COLUMNS.index(column)])


def hommel(data: Data) -> Iterator[Pair]:
    from statsmodels.stats.multitest import multipletests

    published = data.json(FILE)["hommel_R_p_adjust"]
    adjusted = multipletests(published["p"], method="hommel")[1]
    for p, found, expected in zip(published["p"], adjusted, published["adjusted"], strict=True):
        yield Pair(f"p {p}", found, expected)


def two_stage(data: Data) -> Iterator[Pair]:
    from statsmodels.stats.multitest import multipletests

    for name in ("res_multtest2", "res_multtest3"):
        rows = data.json(FILE)[name]
        adjusted = multipletests([row[0] for row in rows], method="fdr_tsbh")[1]
        for found, row in zip(adjusted, rows, strict=True):
            # where the first stage rejects all, R multiplies by the 0 true nulls that are left
            yield Pair(f"{name} p {row[0]}", found, row[9], differs=name == "res_multtest2")
