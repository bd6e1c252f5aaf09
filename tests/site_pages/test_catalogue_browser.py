"""The catalogue in a real browser, from the disk: rows that links and the search lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect
from tests.site.tables_of import digest

from labrec.site import urls

if TYPE_CHECKING:
    from collections.abc import Callable

PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}


def test_what_a_version_was_made_from_is_a_click_away(open_page: Callable[..., Page]) -> None:
    page = open_page(urls.DATASETS)
    page.locator("#versions td a", has_text="corpus@2026.1").click()
    row = page.locator("tr:target")
    expect(row).to_have_id(urls.dataset_anchor(digest("words corpus@2026.1")))
    expect(row.locator("td").first).to_have_text("corpus")


@pytest.mark.parametrize(
    ("query", "cell"),
    [("small", "↳ small"), ("perplexity", "perplexity"), (digest("words test@1")[7:17], "test")],
)
def test_the_search_opens_the_row(open_page: Callable[..., Page], query: str, cell: str) -> None:
    page = open_page("search/index.html")
    page.locator("[data-labrec-search] input[type=search]").fill(query)
    page.locator(".lr-results .lr-result").first.click()
    expect(page.locator("tr:target td").first).to_have_text(cell)


@pytest.mark.parametrize("url", [urls.DATASETS, urls.METRICS])
def test_nothing_runs_and_nothing_is_wider_than_a_phone(
    open_page: Callable[..., Page], url: str
) -> None:
    page = open_page(url, **PHONE)
    expect(page.locator("h1")).to_be_visible()
    assert page.evaluate("window.hit") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
