"""Two sites with every kind of page, and a browser that looks at them in every way.

The one is this repository's own lab. The other is the same with each free text in its tables
replaced by something hostile. `make site-matrix` looks at all of it; without `FULL` a suite looks
at every kind of page, in two of the four views, with the payloads that are ours.
"""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
import pytest
from tests.site.tables_of import TYPES
from tests.site_pages.labs import NoRecords

from labrec.analytics.pipeline import analyze
from labrec.analytics.tables import TABLES
from labrec.citation import Lab as CitedLab
from labrec.record.text import storable
from labrec.site import settings, sources
from labrec.site.build import build
from labrec.site.collect import load
from labrec.site.page import Draft
from labrec.site.pages import PAGES
from labrec.site.records import ViewRecords
from labrec.store.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from labrec.site.collect import Site

ROOT = Path(__file__).resolve().parents[2]
FULL = os.environ.get("LABREC_SITE_MATRIX") == "full"
"""Whether everything is looked at, which takes long."""

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
VIEWS: dict[str, dict[str, Any]] = {
    "light-desktop": {"viewport": DESKTOP, "color_scheme": "light"},
    "dark-phone": {"viewport": PHONE, "color_scheme": "dark", "has_touch": True},
    "dark-desktop": {"viewport": DESKTOP, "color_scheme": "dark"},
    "light-phone": {"viewport": PHONE, "color_scheme": "light", "has_touch": True},
}
LOOKED = list(VIEWS) if FULL else list(VIEWS)[:2]

OURS = (
    "<script>window.ran = 1</script>",
    '"><img src=x onerror="window.ran = 1">',
    "javascript:window.ran=1",
    "</title></textarea></style><script>window.ran = 1</script>",
    "{{ 7 * 7 }}{% for x in y %}",
    "</script><svg onload=window.ran=1>",
    "<!--<script>",
    "\u202ereversed\u202c",
    "' onmouseover='window.ran=1",
    "@y",
    "=HYPERLINK(1)",
    "datum.x || window.ran",
    "__proto__",
    "מימין לשמאל",
    "日本語のとても長い名前" * 8,
    "a_name_without_any_break_" * 12,
)
# Columns that hold what somebody wrote: whatever stands in one of them is replaced.
FREE = frozenset(
    {
        "aliases", "author", "baseline_name", "called", "channel", "claim", "condition", "cost",
        "cost_unit", "cpu_model", "datasets", "decided_by", "decided_why", "deductions",
        "description", "dominated_by_name", "effect", "factors", "family", "field", "first",
        "gpu_model", "host_name", "intent", "interpreter", "lacks", "last", "left_out", "level",
        "levels", "media_type", "method", "metric", "name", "needed", "new", "note", "old",
        "original_name", "outcome", "parent_name", "problem", "reason", "renamed_from", "sensor",
        "sentence", "tags", "text", "then_text", "tool", "unavailable", "unit", "unknown", "value",
        "why",
    }
)  # fmt: skip


class Built(NamedTuple):
    """A built site.

    Attributes:
        folder: Where it lies.
        pages: Pages of each kind that are looked at, as addresses.
    """

    folder: Path
    pages: dict[str, list[str]]


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of this repository's own lab."""
    folder = tmp_path_factory.mktemp("matrix") / "tables"
    with Lab.open(ROOT) as lab:
        analyze(lab, folder, "HEAD")
    return folder


@pytest.fixture(scope="session")
def own(tables: Path, site_cache: Path) -> Iterator[Built]:
    """The site of this repository's own lab."""
    with Lab.open(ROOT) as lab:
        view = lab.view("HEAD")
        site = load(
            tables, ViewRecords(view), CitedLab("A lab", "https://example.org/"), view_id=view.id
        )
        yield _built(site, tables.parent / "own", site_cache)


@pytest.fixture(scope="session")
def hostile(tables: Path, site_cache: Path) -> Callable[[list[str]], Built]:
    """The same lab with what people wrote replaced by these texts."""
    numbers = itertools.count()

    def make(texts: list[str]) -> Built:
        folder = tables.parent / f"hostile-{next(numbers)}"
        _replace(tables, folder / "tables", texts)
        title = next((text for text in texts if text.isprintable()), "x")[:200]
        site = load(folder / "tables", NoRecords(), CitedLab(title), view_id="f" * 40)
        return _built(site, folder / "site", site_cache)

    return make


def _built(site: Site, folder: Path, cache: Path) -> Built:
    written = sources.from_folder(ROOT)
    chosen = settings.load(written.config)._replace(nav=(), manual="")
    build(site, chosen._replace(name=site.title), written, folder, cache=cache)
    pages: dict[str, list[str]] = {}
    for make in PAGES.values():
        for page in make(site):
            assert isinstance(page, Draft)
            if page.url.endswith(".html"):  # others are data that a page loads
                pages.setdefault(page.kind, []).append(page.url)
    # the longest of a kind has the most on it
    for urls in pages.values():
        urls.sort(key=lambda url: -(folder / url).stat().st_size)
        del urls[2 if FULL else 1 :]
    pages["written"] = ["method.html"]
    return Built(folder, pages)


def _replace(tables: Path, folder: Path, texts: list[str]) -> None:
    """Write the tables with one text in place of another, the same one everywhere."""
    turn = itertools.cycle(texts)
    known: dict[str, str] = {}

    def other(text: str | None) -> str | None:
        if not text:
            return text
        if text not in known:
            known[text] = next(turn)
        return known[text]

    folder.mkdir(parents=True)
    for name, table in TABLES.items():
        path = tables / f"{name}.parquet"
        if not path.is_file():
            continue
        frame = pl.read_parquet(path)
        free = [c for c in table.columns if c.name in FREE and c.kind in {"text", "texts"}]
        if name in {"features", "feature_changes", "problems"}:
            free += [c for c in table.columns if c.name == "path"]
        for column in free:
            values = [
                [other(item) for item in value] if isinstance(value, list) else other(value)
                for value in frame[column.name].to_list()
            ]
            new = pl.Series(column.name, values, dtype=TYPES[column.kind], strict=False)
            frame = frame.with_columns(new)
        frame.write_parquet(folder / path.name)


def payloads(shared: Callable[[str], Path]) -> list[str]:
    """Return every text of the lists of others, and ours."""
    listed = shared("conformance/xss_payloads/Intruder/xss-payload-list.txt")
    naughty = json.loads(shared("conformance/naughty_strings/blns.json").read_text("utf-8"))
    texts = [*OURS, *listed.read_text("utf-8", "replace").splitlines(), *naughty]
    return list(dict.fromkeys(storable(text)[0] for text in texts if text.strip()))


class Eye(NamedTuple):
    """A page of a browser, with what went wrong on it."""

    page: Page
    asked: list[str]
    said: list[str]


@pytest.fixture
def look(chromium: Browser) -> Iterator[Callable[..., Eye]]:
    """Open a browser's page; it remembers what was asked for and what was said."""
    contexts = []

    def open_(**given: Any) -> Eye:
        context = chromium.new_context(**given)
        contexts.append(context)
        eye = Eye(context.new_page(), [], [])
        eye.page.on("request", lambda request: eye.asked.append(request.url))
        eye.page.on("pageerror", lambda error: eye.said.append(str(error)))
        eye.page.on("dialog", lambda dialog: (eye.said.append("a dialog"), dialog.dismiss()))
        eye.page.on(
            "console",
            lambda m: eye.said.append(m.text) if m.type in {"error", "warning"} else None,
        )
        return eye

    yield open_
    for context in contexts:
        context.close()
