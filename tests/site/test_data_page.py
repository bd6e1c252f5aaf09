"""The data page gives every table away, exact and harmless."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
from typing import TYPE_CHECKING

import polars as pl
from tests.site.labs import PROJECT, add, built, run, run_id

from labrec.analytics.tables import TABLES
from labrec.site.pages import data

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.site.conftest import Site
    from tests.store.labs import GitLab


def _csv(folder: Path, name: str) -> list[dict[str, str]]:
    text = (folder / f"data/{name}.csv").read_text("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_table_is_there_in_both_forms(site: Site) -> None:
    page = (site.folder / "data/index.html").read_text()
    for name, table in TABLES.items():
        assert f'id="{name.replace("_", "-")}"' in page
        assert all(f"<code>{column.name}</code>" in page for column in table.columns)
        if table.partitioned:
            assert list((site.folder / "data" / name).glob("*/*.parquet"))
            continue
        frame = pl.read_parquet(site.folder / f"data/{name}.parquet")
        rows = _csv(site.folder, name)
        assert len(rows) == frame.height
        assert frame.columns == [column.name for column in table.columns]


def test_a_published_table_is_the_lab_s_own(site: Site) -> None:
    tables = site.lab.path / "build/labrec/tables"
    for path in tables.glob("*.parquet"):
        assert (site.folder / "data" / path.name).read_bytes() == path.read_bytes()


def test_the_data_package_names_every_file_with_its_digest(site: Site) -> None:
    folder = site.folder / "data"
    package = json.loads((folder / "datapackage.json").read_bytes())
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*")
             if path.suffix in {".parquet", ".csv"}}  # fmt: skip
    assert {one["path"] for one in package["resources"]} == files
    for one in package["resources"]:
        data = (folder / one["path"]).read_bytes()
        assert one["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        assert one["bytes"] == len(data)
        fields = [field["name"] for field in one["schema"]["fields"]]
        if one["format"] == "csv":
            assert next(csv.reader(io.StringIO(data.decode()))) == fields
        assert set(one["schema"]["primaryKey"]) <= set(fields)
    names = [one["name"] for one in package["resources"]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z0-9./_-]+", name) for name in names)
    assert package["version"] == json.loads((folder / "tables.json").read_bytes())["view"]


def test_numbers_are_exact_in_csv(site: Site) -> None:
    frame = pl.read_parquet(site.folder / "data/metrics.parquet")
    rows = _csv(site.folder, "metrics")
    for row, last in zip(rows, frame["last"], strict=True):
        assert row["last"] == "NaN" if math.isnan(last) else float(row["last"]) == last
    assert any(row["last"] == "inf" for row in rows)


def test_the_dictionary_says_what_every_column_means(site: Site) -> None:
    found = json.loads((site.folder / "data/tables.json").read_bytes())
    assert [table["name"] for table in found["tables"]] == list(TABLES)
    assert len(found["view"]) == 40
    for table in found["tables"]:
        assert all(column["meaning"] for column in table["columns"])


def test_a_spreadsheet_runs_nothing(lab: GitLab, site_cache: Path) -> None:
    formula = '=HYPERLINK("https://example.org","x")'
    docs = run(1, formula, features={"+cmd|' /C calc'!A0": "@SUM(1)"},
               identity={"tags": ["-1", "plain"]})  # fmt: skip
    add(lab, docs)
    built(lab, cache=site_cache)
    folder = lab.path / "build/labrec/site"
    (row,) = _csv(folder, "runs")
    assert row["name"] == f"'{formula}"
    assert row["tags"] == "'-1; plain"
    assert pl.read_parquet(folder / "data/runs.parquet")["name"].to_list() == [formula]
    (feature,) = _csv(folder, "features")
    assert feature["path"].startswith("'+")


def test_a_large_table_is_not_published_as_csv(
    lab: GitLab, site_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(lab, run(1, "1_base", metrics={"loss": [1.0, 0.5]}))
    monkeypatch.setattr(data, "MAX_CSV", 2000)
    monkeypatch.setattr(data, "MAX_PARQUET", 6000)
    built(lab, cache=site_cache)
    folder = lab.path / "build/labrec/site/data"
    assert sum(path.stat().st_size for path in folder.glob("*.csv")) <= 2000
    assert all(path.stat().st_size <= 6000 for path in folder.rglob("*.parquet"))
    assert "too large to be published" in (folder / "index.html").read_text()


def test_records_lie_where_the_page_says(site: Site) -> None:
    assert "p/PROJECT/r/RUN_ID/record.json" in (site.folder / "data/index.html").read_text()
    for number in range(1, 7):
        assert (site.folder / f"p/{PROJECT}/r/{run_id(number)}/record.json").is_file()


def test_a_table_is_csv_where_there_is_room_for_all_of_it(site: Site) -> None:
    table = TABLES["runs"]
    path = site.folder / "data/runs.parquet"
    whole = (site.folder / "data/runs.csv").read_bytes()
    assert data.as_csv(path, table, len(whole)) == whole
    assert data.as_csv(path, table, len(whole) - 1) is None
    # told without writing it, where its texts alone need more
    assert data.as_csv(path, table, len(whole) // 4) is None
