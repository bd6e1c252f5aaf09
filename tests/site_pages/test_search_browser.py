"""Searching in a real browser, from the disk: the box of every page, and the search page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.site.tables_of import digest, run_id
from tests.site_pages.conftest import MANY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SEARCH = "search/index.html"


def results(page: Page) -> Locator:
    return page.locator(".lr-results .lr-result")


def ask(page: Page, query: str) -> None:
    page.locator("[data-labrec-search] input[type=search]").fill(query)
    expect(page.locator("[data-labrec-search] [role=status]")).not_to_be_empty()
    page.wait_for_timeout(300)


@pytest.mark.parametrize(
    ("query", "what", "title"),
    [
        ("cache", "experiment", "3_from_2_cache"),
        ("deeper", "hypothesis", "deeper"),
        ("los", "metric", "loss"),
        ("lm", "project", "lm"),
        ("dropout complete", "run", "5_from_3_dropout"),
        ("333_from", "run", "333_from_1"),
        ("日本", "experiment", "日本語 🧪"),
        (digest("many record 333")[7:15], "run", "333_from_1"),
        (digest("many record 333"), "run", "333_from_1"),
        (run_id(433)[:18], "run", "433_from_1"),
    ],
)
def test_what_is_asked_for_is_found(
    open_page: Callable[..., Page], query: str, what: str, title: str
) -> None:
    page = open_page(SEARCH)
    ask(page, query)
    first = results(page).first
    expect(first.locator(".lr-title")).to_have_text(title)
    expect(first.locator(".lr-what")).to_have_text(what)
    url = first.get_attribute("href") or ""
    first.click()
    expect(page).to_have_url(url)


def test_all_words_must_be_there_and_the_rest_follows(open_page: Callable[..., Page]) -> None:
    page = open_page(SEARCH)
    ask(page, "from failed")
    expect(page.locator("[data-labrec-search] [role=status]")).to_have_text(
        re.compile(r"^4\d results\.$")
    )
    ask(page, "from")
    said = page.locator("[data-labrec-search] [role=status]")
    expect(said).to_contain_text("the first 50")
    page.get_by_role("button", name="More").click()
    expect(results(page)).to_have_count(100)
    page.get_by_label("What is searched").select_option("experiment")
    expect(results(page).first.locator(".lr-what")).to_have_text("experiment")
    assert set(page.locator(".lr-results .lr-what").all_text_contents()) == {"experiment"}
    ask(page, "from nowhere")
    expect(said).to_have_text("Nothing is found.")


def test_a_short_id_in_the_address_leads_to_its_run(open_page: Callable[..., Page]) -> None:
    page = open_page(f"{SEARCH}#{digest('many record 333')[7:17]}")
    expect(page).to_have_url(re.compile(f"/p/many/r/{run_id(333)}/index.html$"))
    page = open_page(f"{SEARCH}#many/{run_id(433)}@{digest('many record 433')}")
    expect(page).to_have_url(re.compile(f"/p/many/r/{run_id(433)}/index.html$"))
    page = open_page(f"{SEARCH}#cache")
    expect(results(page).first).to_contain_text("3_from_2_cache")


def test_the_box_is_reached_and_used_by_keyboard(open_page: Callable[..., Page]) -> None:
    page = open_page("p/lm/index.html")
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="Search the lab")
    expect(box).to_be_focused()
    page.keyboard.type("from_2")
    options = page.locator("#labrec-found [role=option]")
    expect(options.first).to_be_visible()
    page.wait_for_timeout(400)  # what was typed first is answered first
    assert box.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == options.nth(1).get_attribute("id")
    page.keyboard.press("ArrowUp")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("ArrowDown")
    expect(options.first).to_be_visible()
    page.keyboard.press("ArrowDown")
    url = options.first.get_attribute("href") or ""
    page.keyboard.press("Enter")
    expect(page).to_have_url(url)


def test_enter_without_a_choice_shows_all_results(open_page: Callable[..., Page]) -> None:
    page = open_page("index.html")
    page.keyboard.press("/")
    page.keyboard.type("many")
    expect(page.locator("#labrec-found [role=option]").last).to_have_text(f"All {MANY + 2} results")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search/index\.html#many$"))
    expect(results(page)).to_have_count(50)


def test_hostile_names_are_text_among_the_results(
    open_page: Callable[..., Page], built: Path
) -> None:
    page = open_page(SEARCH)
    for query in ("window hit", "onerror", "</script>", "{% raw", '" onmouseover', "javascript"):
        ask(page, query)
        expect(results(page).first).to_be_visible()
        urls = [link.get_attribute("href") or "" for link in results(page).all()]
        inside = re.compile(re.escape(built.as_uri()) + r"/[\w/#.-]+")
        assert [url for url in urls if not inside.fullmatch(url)] == []
    assert page.evaluate("window.hit") is None
    assert page.locator(".lr-results :is(img, script)").count() == 0
    page = open_page(f"{SEARCH}#%3Cimg%20src=x%20onerror=window.hit=1%3E")
    expect(page.locator("[data-labrec-search] [role=status]")).not_to_be_empty()
    page = open_page(f"{SEARCH}#%E0%A4%A")  # no text in UTF-8
    assert page.evaluate("window.hit") is None


def test_a_query_loads_little(open_page: Callable[..., Page]) -> None:
    page = open_page(SEARCH)
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url.split("?")[0].rsplit("/", 1)[1]))
    ask(page, "dropout")
    scripts = [name for name in loaded if name.endswith(".js")]
    assert scripts == ["all.js", "w-64.js", "e-0.js"]


def test_without_javascript_the_search_page_says_what_to_do(open_page: Callable[..., Page]) -> None:
    page = open_page("index.html", java_script_enabled=False)
    expect(page.get_by_role("link", name="Search")).to_have_count(1)
    page = open_page(SEARCH, java_script_enabled=False)
    expect(page.locator("[data-labrec-search]")).to_contain_text("needs JavaScript")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_the_slash_leads_to_the_page(
    open_page: Callable[..., Page], scheme: str
) -> None:
    phone = {"width": 390, "height": 844}
    page = open_page("p/lm/index.html", viewport=phone, color_scheme=scheme)
    expect(page.locator(".lr-search")).to_be_hidden()
    page.keyboard.press("/")
    expect(page).to_have_url(re.compile(r"/search/index\.html$"))
    ask(page, "from")
    sizes = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert sizes[0] <= sizes[1]
