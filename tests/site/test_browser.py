"""A real browser over the built site: nothing is asked off it, nothing is refused by its policy."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from tests.site.labs import PROJECT, run_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.site.conftest import Seen, Site

RUN = f"p/{PROJECT}/r/{run_id(3)}/index.html"
FAILED = f"p/{PROJECT}/r/{run_id(4)}/index.html"
ODD = f"p/{PROJECT}/r/{run_id(5)}/index.html"
PAGES = (
    "index.html", f"p/{PROJECT}/index.html", f"p/{PROJECT}/graph/index.html", RUN, FAILED, ODD,
    "data/index.html", "about.html",
)  # fmt: skip
PHONE = {"viewport": {"width": 390, "height": 844}}
SETTLED = 400  # milliseconds in which whatever a page does late shows itself


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_nothing_off_the_site_and_breaks_no_policy(
    path: str, root: str, look: Callable[..., Seen]
) -> None:
    seen = look(root + path)
    seen.page.mouse.wheel(0, 20_000)  # charts are drawn once they are in view
    seen.page.wait_for_timeout(SETTLED)
    assert [url for url in seen.asked if not url.startswith(root)] == []
    assert seen.said == []


@pytest.mark.parametrize("path", PAGES)
def test_the_policy_is_on_every_page(path: str, site: Site, look: Callable[..., Seen]) -> None:
    seen = look((site.folder / path).as_uri())
    policy = seen.page.get_attribute("meta[http-equiv='Content-Security-Policy']", "content")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    refused = seen.page.evaluate(
        """() => new Promise(done => {
            document.addEventListener('securitypolicyviolation', e => done(e.effectiveDirective));
            const script = document.createElement('script');
            script.textContent = 'window.ran = 1';
            document.body.append(script);
        })"""
    )
    assert refused == "script-src-elem"
    assert seen.page.evaluate("window.ran") is None


def test_what_a_page_must_not_ask_is_refused_by_its_policy(
    served: str, look: Callable[..., Seen]
) -> None:
    seen = look(served + RUN)
    seen.page.evaluate("new Image().src = 'http://127.0.0.1:9/x.png'")
    seen.page.wait_for_timeout(SETTLED)
    assert any("Content Security Policy" in line for line in seen.said)


def test_light_and_dark_are_switched_and_remembered(root: str, look: Callable[..., Seen]) -> None:
    seen = look(root + RUN, color_scheme="light")
    scheme = "document.body.getAttribute('data-md-color-scheme')"
    ground = "getComputedStyle(document.body).backgroundColor"
    light = seen.page.evaluate(ground)
    assert seen.page.evaluate(scheme) == "default"
    seen.page.click("form[data-md-component=palette] label:not([hidden])")
    assert seen.page.evaluate(scheme) == "slate"
    seen.page.wait_for_timeout(SETTLED)
    assert seen.page.evaluate(ground) != light
    seen.page.goto(root + "data/index.html")
    assert seen.page.evaluate(scheme) == "slate"
    assert seen.said == []


def test_a_reader_who_prefers_dark_gets_dark(served: str, look: Callable[..., Seen]) -> None:
    seen = look(served + RUN, color_scheme="dark")
    assert seen.page.evaluate("document.body.getAttribute('data-md-color-scheme')") == "slate"


@pytest.mark.parametrize("path", PAGES)
def test_a_phone_scrolls_no_page_sideways(
    path: str, served: str, look: Callable[..., Seen]
) -> None:
    seen = look(served + path, **PHONE)
    for opened in ("", "document.querySelectorAll('details').forEach(d => d.open = true)"):
        seen.page.evaluate(opened)
        seen.page.wait_for_timeout(SETTLED)
        width = seen.page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["viewport"]["width"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_readable_without_javascript(
    path: str, site: Site, look: Callable[..., Seen]
) -> None:
    seen = look((site.folder / path).as_uri(), java_script_enabled=False)
    heading = seen.page.locator("article h1")
    assert heading.count() == 1
    assert heading.is_visible()
    for section in seen.page.locator("article h2").all():
        assert section.is_visible()


def test_the_curves_of_a_run_stand_without_javascript(
    site: Site, look: Callable[..., Seen]
) -> None:
    seen = look((site.folder / RUN).as_uri(), java_script_enabled=False)
    assert seen.page.locator("figure svg .lr-line").first.is_visible()


def test_the_curves_of_a_run_are_drawn(root: str, look: Callable[..., Seen]) -> None:
    seen = look(root + RUN)
    seen.page.locator("figure.lr-lines").first.scroll_into_view_if_needed()
    seen.page.wait_for_selector("figure.lr-drawn .lr-canvas svg", timeout=20_000)
    assert seen.said == []


@pytest.mark.parametrize("path", PAGES)
def test_every_link_of_a_page_leads_somewhere(
    path: str, site: Site, look: Callable[..., Seen]
) -> None:
    seen = look((site.folder / path).as_uri())
    links = seen.page.eval_on_selector_all(
        "a[href]", "all => all.map(a => new URL(a.getAttribute('href'), document.baseURI).href)"
    )
    root = f"{site.folder.as_uri()}/"
    inside = {link.partition("#")[0] for link in links if link.startswith("file:")}
    assert all(link.startswith(root) for link in inside)
    missing = [link for link in inside if not (site.folder / link[len(root) :]).is_file()]
    assert missing == []
    anchors = {link.partition("#")[2] for link in links if link.startswith(root + path + "#")}
    known = set(seen.page.eval_on_selector_all("[id]", "all => all.map(e => e.id)"))
    assert anchors <= known


def test_a_page_says_where_one_is_and_has_one_heading(
    served: str, look: Callable[..., Seen]
) -> None:
    seen = look(served + RUN)
    assert seen.page.title() == "2_from_1_wide - Depth lab"
    assert seen.page.locator("article h1").inner_text() == "2_from_1_wide"
    crumbs = seen.page.locator(".lr-crumbs a").evaluate_all("all => all.map(a => a.textContent)")
    assert crumbs == ["Home", PROJECT]
    levels = seen.page.eval_on_selector_all(
        "article h1, article h2, article h3", "all => all.map(h => +h.tagName[1])"
    )
    assert levels[0] == 1
    assert all(later - before <= 1 for before, later in itertools.pairwise(levels))


def test_a_long_table_can_be_reached_by_keyboard(served: str, look: Callable[..., Seen]) -> None:
    seen = look(served + RUN, **PHONE)
    for region in seen.page.locator(".lr-scroll").all():
        assert region.get_attribute("tabindex") == "0"
        assert region.get_attribute("aria-label")


def test_heads_of_columns_and_rows_are_told_as_such(site: Site, look: Callable[..., Seen]) -> None:
    page = look((site.folder / RUN).as_uri(), java_script_enabled=False).page
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    heads: dict[str, list[str]] = {"columnheader": [], "rowheader": []}
    for node in tree["nodes"]:
        if node["role"]["value"] in heads:
            heads[node["role"]["value"]].append(node["name"]["value"])
    written = page.locator("thead th:visible").all_inner_texts()  # the rest is folded away
    assert "Difference" in written
    assert heads["columnheader"] == written
    assert "loss" in " ".join(heads["rowheader"])
