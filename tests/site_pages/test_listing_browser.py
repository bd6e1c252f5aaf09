"""Listings and the page of all runs in a real browser, from the disk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.site_pages.conftest import MANY, SOURCES, all_rows
from tests.site_pages.labs import study

from labrec.site.build import build
from labrec.site.charts import figure
from labrec.site.settings import SiteSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUNS = "runs/index.html"
LM = 17


@pytest.fixture
def runs(open_page: Callable[..., Page]) -> Page:
    """The page of all runs."""
    return open_page(RUNS)


def column(page: Page, name: str, listing: str = "all-runs") -> list[str]:
    heads = [
        head.strip() for head in page.locator(f"#{listing} thead .lr-head").all_text_contents()
    ]
    cells = page.locator(f"#{listing} tbody tr td:nth-child({heads.index(name) + 1})")
    return [text.strip() for text in cells.all_text_contents()]


def said(page: Page) -> str:
    return page.locator("#all-runs .lr-pages [role=status]").inner_text().strip()


def count_of(built: Path) -> int:
    """Return how many runs the projects of the site have together."""
    return sum(1 for _ in built.glob("p/*/r/*/index.html"))


def test_all_runs_of_all_projects_are_in_one_listing(runs: Page, built: Path) -> None:
    count = count_of(built)
    assert count > MANY + LM
    assert said(runs) == f"Rows 1 to 200 of {count}."
    expect(runs.locator(".lr-summary")).to_contain_text(f"{count} runs in ")
    runs.get_by_role("combobox", name="Project").select_option(label=f"lm ({LM})")
    assert set(column(runs, "Project")) == {"lm"}
    assert said(runs) == f"Rows 1 to {LM} of {LM} that fit."
    runs.get_by_role("link", name="6_from_3_huge").click()
    expect(runs).to_have_url(re.compile("/p/lm/r/"))


def test_a_range_leaves_what_lies_in_it(runs: Page) -> None:
    expect(runs.locator("#all-runs-ranges")).to_be_hidden()
    runs.get_by_role("button", name="Ranges").click()
    runs.get_by_label("loss, at least").fill("2")
    runs.get_by_label("loss, at most").fill("2.21")
    values = [float(text) for text in column(runs, "loss")]
    assert values
    assert all(2 <= value <= 2.21 for value in values)
    runs.get_by_label("loss, at least").fill("")
    runs.get_by_label("loss, at most").fill("")
    runs.get_by_label("loss, which rows").select_option("missing")
    assert set(column(runs, "loss")) == {"—"}
    runs.get_by_label("loss, which rows").select_option("any")
    runs.get_by_label("Started, at least").fill("2030-01-01")
    assert said(runs) == "No row fits."
    runs.keyboard.press("Escape")
    expect(runs.locator("#all-runs-ranges")).to_be_hidden()
    expect(runs.get_by_role("button", name="Ranges")).to_be_focused()


def test_what_is_hidden_stays_hidden(runs: Page) -> None:
    head = runs.locator("#all-runs thead th")
    expect(head.filter(has_text="Author")).to_be_hidden()
    runs.get_by_role("button", name="Columns", exact=True).click()
    runs.get_by_role("checkbox", name="Duration").uncheck()
    runs.get_by_role("checkbox", name="Author").check()
    expect(head.filter(has_text="Duration")).to_be_hidden()
    expect(head.filter(has_text="Author")).to_be_visible()
    runs.locator("#all-runs .lr-pages").get_by_role("button", name="Next").click()
    expect(runs.locator("#all-runs tbody tr").first.locator("td:visible")).to_have_count(
        runs.locator("#all-runs thead th:visible").count()
    )
    runs.reload()
    all_rows(runs)
    expect(head.filter(has_text="Duration")).to_be_hidden()
    expect(head.filter(has_text="Author")).to_be_visible()


def test_what_is_shown_is_saved_exactly(runs: Page) -> None:
    runs.locator("#all-runs input[type=search]").fill("1_base")
    runs.get_by_role("combobox", name="Project").select_option(label=f"lm ({LM})")
    runs.locator("#all-runs th", has_text="loss").locator("button").click()
    with runs.expect_download() as download:
        runs.get_by_role("button", name="Save as CSV").click()
    assert download.value.suggested_filename == "all-runs-shown.csv"
    lines = download.value.path().read_bytes().decode().split("\r\n")
    head = lines[0].split(",")
    assert "Author" not in head
    at = head.index("loss")
    assert [line.split(",")[at] for line in lines[1:-1]] == ["2.48", "2.5", "2.52"]


def test_what_a_spreadsheet_would_run_is_no_formula(open_page: Callable[..., Page]) -> None:
    page = open_page("p/odd/index.html")
    with page.expect_download() as download:
        page.locator("#runs").get_by_role("button", name="Save as CSV").click()
    text = download.value.path().read_bytes().decode()
    names = {line.split(",")[0] for line in text.split("\r\n")[1:]}
    assert {"'=1+1", "'@y"} <= names
    assert '"' in text
    assert page.evaluate("window.hit") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_and_a_desk(open_page: Callable[..., Page], scheme: str) -> None:
    page = open_page(RUNS, color_scheme=scheme)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        sizes = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert sizes[0] <= sizes[1]


def test_without_javascript_the_first_rows_and_the_file_are_there(
    open_page: Callable[..., Page], built: Path
) -> None:
    page = open_page(RUNS, java_script_enabled=False)
    expect(page.locator("#all-runs tbody tr")).to_have_count(200)
    expect(page.locator("#all-runs thead th", has_text="Author")).to_be_visible()
    link = page.locator("#all-runs .lr-foot a").get_attribute("href") or ""
    assert link.endswith("data/index.html#runs")
    assert pl.read_parquet(built / "data/runs.parquet").height == count_of(built)


def test_rows_in_parts_are_read_once_a_reader_comes_near(browser: Browser, built: Path) -> None:
    page = browser.new_page(viewport={"width": 900, "height": 400})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(built.as_uri())))
    page.goto(f"{built.as_uri()}/p/many/index.html")
    expect(page.locator("#runs .lr-waiting")).to_contain_text(f"all {MANY} rows are read")
    expect(page.locator("#runs tbody tr")).to_have_count(200)
    assert not [url for url in asked if "/rows/runs-" in url]
    page.locator("#runs").scroll_into_view_if_needed()
    expect(page.locator("#runs .lr-waiting")).to_have_count(0)
    expect(page.locator("#runs .lr-pages")).to_contain_text(f"Rows 1 to 200 of {MANY}.")
    assert [url for url in asked if "/rows/runs-" in url]
    page.close()


def test_a_part_that_is_gone_leaves_the_first_rows(browser: Browser, built: Path) -> None:
    page = browser.new_page()
    page.route("**/rows/*.js", lambda route: route.abort())
    page.goto(f"{built.as_uri()}/{RUNS}")
    expect(page.locator("#all-runs .lr-waiting")).to_contain_text("Load the page again.")
    expect(page.locator("#all-runs tbody tr")).to_have_count(200)
    page.close()


def test_a_chart_whose_data_lie_beside_the_page_is_drawn_once_it_is_pointed_at(
    browser: Browser, tmp_path: Path, site_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figure, "MOST_INSIDE", 100)
    site = study().site(tmp_path / "tables")
    build(site, SiteSettings("A lab"), SOURCES, tmp_path / "site", cache=site_cache)
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    page.goto(f"{(tmp_path / 'site').as_uri()}/p/lm/index.html")
    chart = page.locator("#progress-1")
    chart.scroll_into_view_if_needed()
    page.wait_for_timeout(200)
    assert not {name for name in asked if name == "vega.js" or name.startswith("progress-")}
    chart.locator(".lr-stand").hover()
    expect(chart.locator(".lr-canvas svg")).to_be_visible()
    assert [name for name in asked if name.startswith("progress-1-")]
    page.close()
