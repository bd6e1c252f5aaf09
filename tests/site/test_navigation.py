"""The navigation of a page that holds its links alone: by a script, without one, and by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.site.labs import PROJECT, run_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page
    from tests.site.conftest import Seen, Site

RUN = f"p/{PROJECT}/r/{run_id(3)}/index.html"
PHONE = {"viewport": {"width": 390, "height": 844}}
LINKS = """all => all.map(a => [a.textContent.trim(), a.href, a.parentNode.className
    .replace(' md-nav__item--active', ''), a.matches('.md-nav__link'), a.children.length])"""
HERE = "document.activeElement"


def _links(page: Page) -> list[list[object]]:
    found: list[list[object]] = page.locator(".md-nav--primary a").evaluate_all(LINKS)
    return found


def test_a_page_that_holds_links_alone_shows_what_the_theme_shows(
    root: str, look: Callable[..., Seen]
) -> None:
    plain = look(root + RUN)
    whole = look(root + "runs/index.html")
    assert len(_links(whole.page)) > 10
    assert _links(plain.page) == _links(whole.page)
    assert plain.said == []


def test_parts_that_a_script_puts_back_are_those_of_the_theme(
    served: str, look: Callable[..., Seen]
) -> None:
    parts = """[...document.querySelectorAll(
        '.md-header svg, .md-header form, .md-toggle, .md-dialog, .md-header__topic, #__config')].map(
            part => part.outerHTML.replace(/aria-expanded="[^"]*"/, '')).sort()"""
    plain = look(served + RUN)
    whole = look(served + "runs/index.html")
    found = plain.page.evaluate(parts)
    there = [part for part in whole.page.evaluate(parts) if "__toc" not in part]

    def told(all_parts: list[str], title: str, root: str) -> list[str]:
        plain = [" ".join(part.replace(title, "TITLE").split()) for part in all_parts]
        return sorted(
            part.replace(f'"base":"{root}"', "BASE").replace("> ", ">").replace(" <", "<")
            for part in plain
        )

    assert told(found, "2_from_1_wide", "../../../../") == told(there, "Runs", "../")


@pytest.mark.parametrize(("path", "title"), [(RUN, "Runs"), ("machines/index.html", "Machines")])
def test_the_part_of_the_site_that_one_is_in_is_marked(
    path: str, title: str, root: str, look: Callable[..., Seen]
) -> None:
    seen = look(root + path)
    marked = seen.page.locator(".md-nav--primary [aria-current]")
    assert [text.strip() for text in marked.all_text_contents()] == [title]
    assert "md-nav__link--active" in (marked.get_attribute("class") or "")


def test_a_page_of_no_part_marks_none(root: str, look: Callable[..., Seen]) -> None:
    seen = look(f"{root}p/{PROJECT}/index.html")
    assert seen.page.locator(".md-nav--primary [aria-current]").count() == 0


@pytest.mark.parametrize("size", [{}, PHONE])
def test_without_javascript_every_link_of_the_navigation_is_there(
    size: dict[str, object], site: Site, look: Callable[..., Seen]
) -> None:
    seen = look((site.folder / RUN).as_uri(), java_script_enabled=False, **size)
    whole = look((site.folder / "runs/index.html").as_uri())
    if size:
        seen.page.click(".md-header [for=__drawer]")
        seen.page.wait_for_timeout(400)  # it slides in
    links = seen.page.locator(".md-nav--primary a").all()
    assert [link.inner_text() for link in links] == [row[0] for row in _links(whole.page)]
    for link in links:
        assert link.is_visible()
        box = link.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["height"] >= 24
    links[1].click()
    assert seen.page.url.endswith("/about.html")


@pytest.mark.parametrize("path", ["index.html", RUN])
def test_the_navigation_of_a_phone_opens_and_closes_by_keyboard(
    path: str, root: str, look: Callable[..., Seen]
) -> None:
    page = look(root + path, **PHONE).page

    def press(*keys: str) -> str:
        for key in keys:
            page.keyboard.press(key)
        told: str = page.evaluate(f"{HERE}.textContent.trim() || {HERE}.getAttribute('aria-label')")
        return told

    assert press("Tab", "Tab") == "Navigation"
    state = f"{HERE}.localName + {HERE}.getAttribute('aria-expanded')"
    assert page.evaluate(state) == "buttonfalse"
    assert page.evaluate(f"getComputedStyle({HERE}).outlineStyle") != "none"
    # closed, it takes no focus: what has it is in sight
    press("Tab", "Tab")
    assert not page.evaluate(f"{HERE}.closest('.md-sidebar') !== null")
    press("Shift+Tab", "Shift+Tab")
    assert press("Enter") == "Home"
    assert page.evaluate("document.getElementById('__drawer').checked")
    assert press("Tab") == "About us"
    assert press("Escape") == "Navigation"
    assert page.evaluate(state) == "buttonfalse"
    assert press("Space") == "Home"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/about.html")


def test_the_navigation_opens_at_a_link_of_the_list_that_is_in_sight(
    site: Site, look: Callable[..., Seen]
) -> None:
    page = look((site.folder / "about.html").as_uri(), **PHONE).page  # it has a list of sections
    page.locator(".lr-drawer").click()
    page.wait_for_timeout(400)  # it slides in
    box = page.evaluate(f"{HERE}.getBoundingClientRect().toJSON()")
    assert page.evaluate(f"{HERE}.closest('.md-sidebar') !== null")
    assert page.evaluate(f"{HERE}.matches('.md-nav--secondary *')") is False
    assert box["left"] >= 0
    assert box["right"] <= PHONE["viewport"]["width"]


def test_a_wide_page_has_its_navigation_in_the_order_of_keys(
    served: str, look: Callable[..., Seen]
) -> None:
    page = look(served + RUN).page
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(f"{HERE}.textContent.trim()"))
    assert seen.index("Runs") > seen.index("Home")
