"""Rows of any table by project: a page of a kind of its own names the columns that it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from tests.site_pages.labs import Tables, study

from labrec.analytics import tables
from labrec.errors import InvalidError

if TYPE_CHECKING:
    from pathlib import Path


class Claim(NamedTuple):
    TABLE = tables.HYPOTHESES

    project: str
    hypothesis: str
    claim: str


def test_rows_are_of_the_project_that_is_asked_for(tmp_path: Path) -> None:
    lab = Tables("one")
    lab.hypothesis("deep", "Deeper is better", "It is.")
    lab.project = "two"
    lab.hypothesis("wide", "Wider is better", "It is not.")
    site = lab.site(tmp_path)
    assert site.rows_of(Claim, "two") == (Claim("two", "wide", "Wider is better"),)
    assert site.rows_of(Claim, "three") == ()


def test_a_table_that_is_not_there_has_no_rows(tmp_path: Path) -> None:
    lab = Tables("lm")
    lab.experiment("1_base", [1.0])
    assert lab.site(tmp_path).rows_of(Claim, "lm") == ()


def test_a_table_that_is_another_is_told(tmp_path: Path) -> None:
    site = study().site(tmp_path)
    (tmp_path / "hypotheses.parquet").write_bytes(b"PAR1")
    with pytest.raises(InvalidError, match="labrec analyze"):
        site.rows_of(Claim, "lm")
