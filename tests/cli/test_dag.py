"""``labrec dag``: how experiments derive from one another, read from the store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

import labrec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def record(name: str, project: str = "p", **features: object) -> None:
    with labrec.run(project, name, features=features, level="basic"):
        pass


@pytest.fixture
def lineage(lab_dir: Path) -> Path:
    """A lab with a small lineage."""
    record("1_base", lr=1)
    record("1_base", lr=1)
    record("2_from_1_lr", lr=2)
    record("3_from_1_deep", lr=1, depth=2)
    record("4_from_9_lost", lr=9)
    record("5_alone", "q")
    return lab_dir


@pytest.mark.usefixtures("lineage")
def test_a_project_is_drawn_and_a_missing_parent_is_no_failure(call: Callable[..., object]) -> None:
    done = call("dag", "p")
    assert done.code == 0
    assert done.out.splitlines() == [
        "● 1_base (2 runs)",
        "├─● 3_from_1_deep",
        "● 2_from_1_lr",
        "",
        "● 4_from_9_lost  [from 9, not in this lab]",
    ]
    assert "1 parent is not in this lab: 9" in done.err
    assert "5_alone" in call("dag").out


@pytest.mark.usefixtures("lineage")
def test_the_same_as_json_dot_and_mermaid(call: Callable[..., object]) -> None:
    found = call("dag", "p", "--json").json
    assert found == json.loads(call("dag", "p", "--format", "json").out)
    by_name = {one["name"]: one for one in found["experiments"]}
    base, child, lost = (by_name[name] for name in ("1_base", "2_from_1_lr", "4_from_9_lost"))
    assert len(base["runs"]) == 2
    assert child["parents"] == [base["experiment"]]
    assert (child["depth"], child["root"]) == (1, base["experiment"])
    assert (lost["parents"], lost["dangling"]) == ([], ["9"])
    assert (found["orphans"], found["cycles"]) == ([lost["experiment"]], [])
    assert "n0 -> n1;" in call("dag", "p", "--format", "dot").out
    assert "n0 --> n1" in call("dag", "p", "--format", "mermaid").out


@pytest.mark.usefixtures("lab_dir")
def test_a_cycle_ends_with_3(call: Callable[..., object]) -> None:
    record("1_from_2_hen", lr=1)
    record("2_from_1_egg", lr=2)
    done = call("dag")
    assert done.code == 3
    assert "a cycle of parents" in done.err
    assert len(call("dag", "--json").json["cycles"]) == 1


@pytest.mark.usefixtures("lab_dir")
def test_an_empty_lab_and_an_unknown_project(call: Callable[..., object]) -> None:
    done = call("dag")
    assert (done.code, done.out) == (0, "")
    assert "no run is recorded yet" in done.err
    assert call("dag", "nothing").code == 10


def test_tables_and_terminal_say_the_same(lineage: Path, call: Callable[..., object]) -> None:
    assert call("analyze").code == 0
    edges = pl.read_parquet(lineage / "build/labrec/tables/edges.parquet")
    of_tables = {
        (row["experiment"], row["parent"])
        for row in edges.iter_rows(named=True)
        if row["kind"] == "parent" and not row["dangling"]
    }
    found = call("dag", "--json").json["experiments"]
    assert of_tables == {(one["experiment"], parent) for one in found for parent in one["parents"]}
