"""``labrec findings``: what the tables let one say, and the example of docs/luck.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from labrec.analytics.tables import TABLES
from labrec.cli.findings import SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable

MANUAL = (Path(__file__).resolve().parents[2] / "docs" / "luck.md").read_text("utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", MANUAL, re.DOTALL)
    return found


@pytest.fixture
def night(call: Callable[..., Any], lab_dir: Path, tmp_path: Path) -> Path:
    """The night of docs/luck.md, imported."""
    table, table_map = tmp_path / "results.csv", tmp_path / "map.yaml"
    table.write_text(block("csv"))
    table_map.write_text(block("yaml"))
    assert call("import", "table", str(table), "--map", str(table_map)).code == 0
    return lab_dir


@pytest.mark.usefixtures("night")
def test_the_sentence_of_the_manual(call: Callable[..., Any]) -> None:
    said = call("findings", "night").out
    assert " ".join(block("text").split()) in " ".join(said.split())


@pytest.mark.usefixtures("night")
def test_every_sentence_has_its_table_and_project(call: Callable[..., Any]) -> None:
    found = call("findings", "--json").json
    assert [(row["project"], row["table"]) for row in found] == [
        ("night", "contrasts"), ("night", "luck")
    ]  # fmt: skip
    shown = call("findings").out
    assert all(row["sentence"] in shown for row in found)
    assert shown.startswith("night\n  against the parent\n    ")


@pytest.mark.usefixtures("night")
def test_a_project_that_is_not_there_names_those_that_are(call: Callable[..., Any]) -> None:
    answer = call("findings", "day")
    assert answer.code == 10
    assert "no run of a project 'day' is recorded" in answer.err
    assert "Projects: night." in answer.err


@pytest.mark.usefixtures("lab_dir")
def test_an_empty_lab_has_nothing_to_say(call: Callable[..., Any]) -> None:
    answer = call("findings")
    assert (answer.code, answer.out) == (0, "")
    assert "nothing to say" in answer.err


def test_every_table_with_a_sentence_is_told() -> None:
    told = {
        name for name, table in TABLES.items() if any(c.name == "sentence" for c in table.columns)
    }
    assert told <= {source.table for source in SOURCES}
    for source in SOURCES:
        columns = {column.name for column in TABLES[source.table].columns}
        assert source.where.keys() <= columns
