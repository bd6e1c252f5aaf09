"""Hardware, machines, fronts, drift, reruns and rigor in a real browser, from the disk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect
from tests.site_pages.conftest import SOURCES
from tests.site_pages.held import ONE, held, hostile_held
from tests.site_pages.labs import Tables

from labrec.site.build import build
from labrec.site.settings import SiteSettings

if TYPE_CHECKING:
    from pathlib import Path

Open = "Callable[..., Page]"
SECTIONS = ["hardware", "pareto", "drift", "reproducibility", "rigor"]
PAGES = [f"p/{project}/{section}/index.html" for section in SECTIONS for project in ("lm", "evil")]
PAGES += ["machines/index.html", f"machines/{ONE}/index.html",
          "machines/abcdef0123456789abcd/index.html", "p/evil/index.html"]  # fmt: skip
TOLD = {
    "hardware": ("#difference-1-1", "against"),
    "pareto": ("#front-1-1", "_x"),
    "drift": ("#series-1", "reference"),
    "reproducibility": ("#reruns-1", "again"),
    "rigor": ("#list", "deeper"),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, site_cache: Path) -> Path:
    """The folder of a site of a lab that has all of these pages, and one with hostile text."""
    folder = tmp_path_factory.mktemp("held")
    together = Tables()
    for lab in (held(), hostile_held()):
        for table, rows in lab.rows.items():
            together.rows.setdefault(table, []).extend(rows)
    site = together.site(folder / "tables")
    build(site, SiteSettings("A lab"), SOURCES, folder / "site", cache=site_cache)
    return folder / "site"


@pytest.mark.parametrize("url", PAGES)
def test_a_page_never_scrolls_sideways_and_record_text_does_nothing(
    open_page: Open, url: str
) -> None:
    page: Page = open_page(url)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        sizes = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert sizes[0] <= sizes[1]
    for figure in page.locator("figure:has(script[data-labrec-chart])").all()[:6]:
        figure.scroll_into_view_if_needed()
        expect(figure).to_have_class(re.compile("lr-drawn"))
    assert page.evaluate("window.hit") is None
    expect(page.locator("h1")).to_have_count(1)


@pytest.mark.parametrize("section", SECTIONS)
def test_the_pointer_shows_the_value_below_it(open_page: Open, section: str) -> None:
    page: Page = open_page(f"p/lm/{section}/index.html")
    name, text = TOLD[section]
    figure = page.locator(name)
    figure.scroll_into_view_if_needed()
    expect(figure).to_have_class(re.compile("lr-drawn"))
    figure.locator(".lr-canvas svg .mark-symbol path").last.hover()
    tooltip = page.locator("#vg-tooltip-element")
    expect(tooltip).to_be_visible()
    expect(tooltip).to_contain_text(text)


@pytest.mark.parametrize("section", ["hardware", "rigor"])
def test_links_and_tables_are_reached_by_keyboard(open_page: Open, section: str) -> None:
    page: Page = open_page(f"p/lm/{section}/index.html")
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.closest('[id]')?.id ?? ''"))
    assert {"comparisons", "claims"} & seen
    current = page.locator(".lr-sections a[aria-current=page]")
    expect(current).to_have_count(1)


def test_a_click_on_the_front_goes_to_its_experiment(open_page: Open) -> None:
    page: Page = open_page("p/lm/pareto/index.html")
    figure = page.locator("#front-1-1")
    figure.scroll_into_view_if_needed()
    expect(figure).to_have_class(re.compile("lr-drawn"))
    figure.locator(".lr-canvas svg .mark-symbol path").last.click()
    expect(page).to_have_url(re.compile(r"/p/lm/index\.html#x-"))


def test_a_machine_leads_to_its_projects_and_back(open_page: Open) -> None:
    page: Page = open_page("machines/index.html")
    page.get_by_role("link", name=ONE).click()
    expect(page.locator("h1")).to_contain_text(ONE)
    page.get_by_role("link", name="compared").click()
    expect(page.locator("h1")).to_have_text("Hardware of lm")


def test_without_a_script_the_standing_drawings_tell_the_same(open_page: Open) -> None:
    page: Page = open_page("p/lm/hardware/index.html", java_script_enabled=False)
    drawing = page.locator("#difference-1-1 .lr-stand svg")
    expect(drawing).to_be_visible()
    assert drawing.locator(".lr-band").count() == 3
    expect(drawing).to_have_attribute("aria-label", re.compile("The band is ± δ = 0.2 nat"))
