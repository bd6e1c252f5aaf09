"""The way through the site: one heading first, none left out, a way past the head, and back Home."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PAGES = (
    "index.html", "runs/index.html", "search/index.html", "data/index.html", "p/lm/index.html",
    "p/lm/graph/index.html", "p/odd/index.html", "p/odd/graph/index.html", "p/many/index.html",
)  # fmt: skip


class _Way(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.ids: set[str | None] = set()
        self.links: list[tuple[str, str]] = []
        self.labels: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.add(given.get("id"))
        self.labels.append(given.get("aria-label"))
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag == "a":
            self.links.append((given.get("class") or "", given.get("href") or ""))


@pytest.mark.parametrize("url", PAGES)
def test_a_page_can_be_found_through(url: str, built: Path) -> None:
    way = _Way()
    way.feed((built / url).read_text("utf-8"))
    assert way.levels[0] == 1
    assert way.levels.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(way.levels, way.levels[1:], strict=False))
    (skip,) = [href for look, href in way.links if "md-skip" in look]
    assert skip.removeprefix("#") in way.ids
    if url != "index.html":
        assert "Breadcrumb" in way.labels


def test_runs_of_one_lineage_lead_to_one_another(built: Path) -> None:
    pages = [path.read_text("utf-8") for path in sorted(built.glob("p/lm/r/*/index.html"))]
    assert any('rel="next"' in page for page in pages)
    assert any('rel="prev"' in page for page in pages)
    assert all("Breadcrumb" in page for page in pages)


_MARKED = re.compile(r'<a href="[^"]*" aria-current="(page|true)">([^<]*)</a>')


def test_pages_of_a_project_mark_their_section(built: Path) -> None:
    found = {}
    for path in sorted(built.glob("p/*/**/index.html")):
        url = path.relative_to(built).as_posix()
        text = path.read_text("utf-8")
        assert "Breadcrumb" in text, url
        if "lr-sections" in text:
            (found[url],) = _MARKED.findall(text)
        else:  # runs lead back by their breadcrumbs: they have no row of sections
            assert "/r/" in url
    assert found["p/lm/index.html"] == ("page", "Overview")
    assert found["p/lm/graph/index.html"] == ("page", "Graph")
    assert found["p/claims/h/deeper/index.html"] == ("true", "Hypotheses")
    designs = {
        found[url] for url in found if re.fullmatch(r"p/parts/attribution/[0-9a-f]+/.*", url)
    }
    assert designs == {("true", "Attribution")}


def test_every_page_has_breadcrumbs(built: Path) -> None:
    for path in built.glob("*/**/index.html"):
        assert "Breadcrumb" in path.read_text("utf-8"), path
