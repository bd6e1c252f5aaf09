"""A site is built from tables and records alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.site.tables_of import digest, run_id, write

from labrec.errors import NotFoundError
from labrec.site.build import build
from labrec.site.collect import load
from labrec.site.settings import SiteSettings
from labrec.site.sources import Sources

if TYPE_CHECKING:
    from pathlib import Path

    from labrec.reader import RunReader
    from labrec.site.rows import Run
    from labrec.states import States


class NoRecords:
    """A lab of which only the tables are known."""

    def reader(self, run: Run) -> RunReader:
        raise NotFoundError(f"no record of {run.run_id}")

    def states(self, reader: RunReader, reproduced_by: int) -> States:
        raise AssertionError(reader)


def test_a_run_has_a_page_that_shows_its_metrics(tmp_path: Path) -> None:
    facts = {"project": "lm", "run_id": run_id(1), "record_digest": digest("1")}
    write(
        tmp_path / "tables",
        runs=[facts | {"name": "1_<b>base</b>"}],
        metrics=[facts | {"metric": "loss", "last": 0.25, "unit": "nat"}],
    )
    site = load(tmp_path / "tables", NoRecords(), title="A lab", view_id="f" * 40)
    sources = Sources({"index.md": b"# A lab\n", "about.md": b"# About\n\nUs.\n"})
    report = build(
        site, SiteSettings("A lab"), sources, tmp_path / "site", cache=tmp_path / "cache"
    )
    assert report.pages == 5
    page = (tmp_path / "site/p/lm/r" / run_id(1) / "index.html").read_text()
    assert "0.25" in page
    assert "<b>" not in page
    assert "1_&lt;b&gt;base" in page
    assert "f" * 40 in (tmp_path / "site/data/index.html").read_text()
    assert "Us." in (tmp_path / "site/about.html").read_text()
