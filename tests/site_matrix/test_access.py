"""Every kind of page can be used by everybody: axe-core finds nothing (WCAG 2.2 A and AA).

What a program cannot find (whether a text says what a figure shows) is looked at by people.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
from tests.site_matrix.conftest import LOOKED, VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page
    from tests.site_matrix.conftest import Built, Eye

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# where a page is not wide enough its parts go below one another, and nothing is wider than it
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def axe() -> str:
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def violations(page: Page, axe: str) -> list[dict[str, Any]]:
    """Return what axe-core finds, each rule with the places that break it."""
    page.evaluate(axe)
    found = page.evaluate(
        # the theme's own: copy buttons in landmarks of their own, lists that share a title
        """rules => axe.run({include: document, exclude: ['.md-code__nav', '.md-nav']},
                            {runOnly: rules, resultTypes: ['violations'],
                             preload: false})""",
        RULES,
    )
    return [
        {"rule": one["id"], "help": one["help"],
         "places": [(node["target"], node["html"][:160]) for node in one["nodes"][:4]]}
        for one in found["violations"]
    ]  # fmt: skip


@pytest.mark.parametrize("view", LOOKED)
def test_nothing_keeps_anybody_out(
    own: Built, look: Callable[..., Eye], axe: str, view: str
) -> None:
    # axe runs in the page, where the policy of the site would not let it
    eye = look(**VIEWS[view], reduced_motion="reduce", bypass_csp=True)
    found: dict[str, Any] = {}
    for kind, urls in own.pages.items():
        for url in urls:
            eye.page.goto((own.folder / url).as_uri())
            eye.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            eye.page.wait_for_timeout(250)  # the theme looks which blocks of code scroll now
            if broken := violations(eye.page, axe):
                found[f"{kind} {url}"] = broken
    assert found == {}
    assert eye.said == []


@pytest.mark.parametrize("view", [view for view in VIEWS if "phone" in view and view in LOOKED])
def test_no_page_is_wider_than_a_phone(own: Built, look: Callable[..., Eye], view: str) -> None:
    eye = look(**VIEWS[view])
    wide = {}
    for urls in own.pages.values():
        for url in urls:
            eye.page.goto((own.folder / url).as_uri())
            if over := eye.page.evaluate(WIDE):
                wide[url] = over
    assert wide == {}


def test_every_page_says_its_piece_without_javascript(own: Built, look: Callable[..., Eye]) -> None:
    eye = look(**VIEWS["light-desktop"], java_script_enabled=False)
    for urls in own.pages.values():
        for url in urls:
            eye.page.goto((own.folder / url).as_uri())
            assert eye.page.locator("main h1").count() == 1, url
            assert len(eye.page.locator("main").inner_text()) > 80, url
            assert (
                eye.page.locator("figure.lr-figure").count()
                == eye.page.locator("figure.lr-figure:has(svg, table)").count()
            ), url


def test_keys_alone_reach_every_link_and_it_shows_where_one_is(
    own: Built, look: Callable[..., Eye]
) -> None:
    eye = look(**VIEWS["light-desktop"])
    for kind, urls in own.pages.items():
        eye.page.goto((own.folder / urls[0]).as_uri())
        eye.page.keyboard.press("Tab")
        if kind not in {"pair", "moved"}:  # which have no header to skip
            assert "md-skip" in eye.page.evaluate("document.activeElement.className"), kind
        for _ in range(12):
            eye.page.keyboard.press("Tab")
            seen = eye.page.evaluate(
                """() => { const e = document.activeElement, s = getComputedStyle(e);
                    return e === document.body || s.outlineStyle !== 'none' ||
                           s.boxShadow !== 'none' || e.matches('.md-skip, input, label *'); }"""
            )
            assert seen, (kind, eye.page.evaluate("document.activeElement.outerHTML")[:200])


def test_printed_pages_hold_no_controls(own: Built, look: Callable[..., Eye]) -> None:
    eye = look(**VIEWS["light-desktop"])
    for urls in own.pages.values():
        eye.page.goto((own.folder / urls[0]).as_uri())
        eye.page.emulate_media(media="print")
        assert not eye.page.locator(".md-header:visible").count(), urls[0]
        assert eye.page.locator("main h1").first.is_visible(), urls[0]
        eye.page.emulate_media(media="screen")
