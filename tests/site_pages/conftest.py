"""A site built once and a browser that opens it from the disk, as a reader with a copy would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.site_pages.claims import claims, hostile_claims
from tests.site_pages.factorials import designs, hostile_designs
from tests.site_pages.goods import goods, hostile_goods
from tests.site_pages.labs import Tables, hostile, study

from labrec.site.build import build
from labrec.site.settings import SiteSettings
from labrec.site.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

SOURCES = Sources({"index.md": b"# A lab\n\nWhat it is about.\n"})
MANY = 450


def many() -> Tables:
    """More runs than stand in a page."""
    lab = Tables("many")
    lab.experiment("1_base", [500.0])
    for number in range(2, MANY + 1):
        value = None if number == 7 else 1000.0 / number
        status = "failed" if number % 10 == 7 else "complete"
        lab.experiment(f"{number}_from_1", [value], "1_base", status=status)
    return lab


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, site_cache: Path) -> Path:
    """The folder of a site: a study, a long project, claims, designs, and hostile text in each."""
    folder = tmp_path_factory.mktemp("pages")
    together = Tables()
    labs = (study(), many(), hostile(), claims(), designs(), goods(), hostile_claims(),
            hostile_designs(), hostile_goods())  # fmt: skip
    for lab in labs:
        for table, rows in lab.rows.items():
            together.rows.setdefault(table, []).extend(rows)
    site = together.site(folder / "tables")
    build(site, SiteSettings("A lab"), SOURCES, folder / "site", cache=site_cache)
    return folder / "site"


@pytest.fixture(scope="session")
def browser(chromium: Browser) -> Browser:
    """The distribution's Chromium."""
    return chromium


def all_rows(page: Page) -> None:
    """Come near each long listing of a page, and wait for its rows."""
    page.wait_for_function(
        "() => { const one = document.querySelector('.lr-waiting'); if (one) one.scrollIntoView();"
        " return !one; }"
    )
    page.evaluate("window.scrollTo(0, 0)")


@pytest.fixture
def open_page(browser: Browser, built: Path) -> Iterator[Callable[..., Page]]:
    """Open a page of the site; afterwards nothing may have gone wrong or left the site."""
    contexts, wrong = [], []

    def open_(url: str, **given: Any) -> Page:
        context = browser.new_context(**({"viewport": {"width": 1200, "height": 900}} | given))
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console", lambda m: wrong.append(m.text) if m.type in {"error", "warning"} else None
        )
        page.on("request", lambda r: None if r.url.startswith((built.as_uri(), "data:"))
                else wrong.append(r.url))  # fmt: skip
        page.goto(f"{built.as_uri()}/{url}")
        if "#" not in url and given.get("java_script_enabled", True):
            all_rows(page)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []
