"""Hypotheses and attribution in a real browser, from the disk: drawn, hovered, by keyboard."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.site.tables_of import digest
from tests.site_pages.factorials import FACTORS
from tests.site_pages.test_browser import CONTRASTS

from labrec.site import urls

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

DEEPER = "p/claims/h/deeper/index.html"
DECLARED = urls.design("parts", digest(f"parts declared {FACTORS}"))
PAGES = [
    DEEPER, "p/claims/hypotheses/index.html", DECLARED, "p/parts/attribution/index.html",
    "p/odd-claims/h/odd-1/index.html", "p/odd-claims/hypotheses/index.html",
    "p/odd-parts/attribution/index.html",
]  # fmt: skip
Open = "Callable[..., Page]"


def drawn(page: Page, name: str) -> Locator:
    """Scroll to a figure; return it when its script has drawn it."""
    figure = page.locator(f"#{name}")
    figure.scroll_into_view_if_needed()
    expect(figure).to_have_class(re.compile("lr-drawn"))
    return figure


@pytest.mark.parametrize("url", PAGES)
def test_every_figure_is_drawn_and_no_page_scrolls_sideways(open_page: Open, url: str) -> None:
    page = open_page(url)
    for figure in page.locator("figure.lr-figure").all():
        drawn(page, figure.get_attribute("id") or "")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        sizes = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert sizes[0] <= sizes[1]
    assert page.evaluate("window.hit") is None
    expect(page.locator("h1")).to_have_count(1)


@pytest.mark.parametrize(
    ("url", "name", "mark", "text"),
    [
        (DEEPER, "difference-1", ".mark-rect path", "runs that decide"),
        (DEEPER, "waterfall", ".mark-rect path", "2_deep"),
        (DEEPER, "history", ".mark-symbol path", "place"),
        (DECLARED, "worth", ".mark-rect path", "norm"),
        (DECLARED, "together", ".mark-text text", "norm"),
    ],
)
def test_a_chart_answers_the_pointer(
    open_page: Open, url: str, name: str, mark: str, text: str
) -> None:
    page = open_page(url)
    figure = drawn(page, name)
    figure.locator(f".lr-canvas svg {mark}").first.hover()
    tooltip = page.locator("#vg-tooltip-element")
    expect(tooltip).to_be_visible()
    expect(tooltip).to_contain_text(text)


def test_bars_are_as_high_as_they_have_rows(open_page: Open) -> None:
    page = open_page(DEEPER)
    box = drawn(page, "waterfall").locator(".lr-canvas svg").bounding_box()
    assert box is not None
    assert 120 <= box["height"] <= 200
    words = page.locator("#waterfall .lr-canvas .role-mark text").all_text_contents()
    assert any(word.startswith("▲ 2_deep: +6") for word in words)
    assert any(word.startswith("▼ 3_deeper: −1") for word in words)  # told by more than colour


def test_from_the_section_to_a_claim_and_its_units_by_keyboard(open_page: Open) -> None:
    page = open_page("p/claims/hypotheses/index.html")
    page.get_by_role("link", name="deeper", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/p/claims/h/deeper/index.html"))
    head = page.locator("#units th", has_text="Adds to E").locator("button")
    head.focus()
    page.keyboard.press("Enter")
    first = page.locator("#units tbody tr td").first
    expect(first).to_have_text("3_deeper")
    page.get_by_role("link", name="Objections").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#objections")).to_be_in_viewport()


@pytest.mark.parametrize("url", [DEEPER, "p/claims/hypotheses/index.html", DECLARED])
def test_text_stands_out_in_both_themes(open_page: Open, url: str) -> None:
    for scheme in ("light", "dark"):
        found = open_page(url, color_scheme=scheme).evaluate(CONTRASTS)
        assert found["checked"] > 20
        assert found["weak"] == []


def test_a_finger_scrolls_over_charts_that_cannot_be_zoomed(open_page: Open) -> None:
    page = open_page(DEEPER, has_touch=True, is_mobile=True)
    drawn(page, "history")
    drawn(page, "waterfall")


def test_without_javascript_the_drawings_and_all_words_stand(open_page: Open, built: Path) -> None:
    page = open_page(DEEPER, java_script_enabled=False)
    for name in ("difference-1", "history", "waterfall"):
        expect(page.locator(f"#{name} .lr-stand svg")).to_be_visible()
    expect(page.locator("#units tbody tr")).to_have_count(3)
    link = page.locator("#waterfall .lr-stand svg a").first
    link.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/p/claims/index.html#x-"))
    page = open_page(DECLARED, java_script_enabled=False)
    expect(page.locator("#together .lr-stand svg rect").first).to_be_visible()
    for name in ("worth", "together", "cells", "effects", "costs"):
        assert (built / DECLARED).parent.joinpath(f"{name}.csv").stat().st_size > 50
