"""The pages in a real browser, from the disk: charts, listings, graphs, themes, no JavaScript."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.site.tables_of import digest, run_id
from tests.site_pages.conftest import MANY

from labrec.site.urls import experiment_anchor

if TYPE_CHECKING:
    from pathlib import Path

PAGES = ["index.html", "p/lm/index.html", "p/lm/graph/index.html", "p/odd/index.html",
         "p/odd/graph/index.html", "p/many/index.html", "p/many/graph/index.html"]  # fmt: skip
Open = "Callable[..., Page]"


def names(page: Page, listing: str, column: int = 1) -> list[str]:
    cells = page.locator(f"#{listing} tbody tr td:nth-child({column})")
    return [text.strip() for text in cells.all_text_contents()]


@pytest.mark.parametrize("url", PAGES)
def test_a_page_never_scrolls_sideways_and_record_text_does_nothing(
    open_page: Open, url: str
) -> None:
    page = open_page(url)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        sizes = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert sizes[0] <= sizes[1]
    assert page.evaluate("window.hit") is None
    expect(page.locator("h1")).to_have_count(1)


def test_a_chart_is_drawn_when_it_comes_into_view(open_page: Open) -> None:
    page = open_page("p/lm/index.html")
    figure = page.locator("#progress-1")
    figure.scroll_into_view_if_needed()
    expect(figure).to_have_class(re.compile("lr-drawn"))
    expect(figure.locator(".lr-stand")).to_be_hidden()
    assert figure.locator(".lr-canvas svg path").count() > 5
    figure.locator(".lr-canvas svg .mark-symbol path").first.hover()
    tooltip = page.locator("#vg-tooltip-element")
    expect(tooltip).to_be_visible()
    expect(tooltip).to_contain_text("experiment")


def test_a_chart_that_cannot_be_drawn_stays_as_it_stands(browser: Browser, built: Path) -> None:
    page = browser.new_page()
    page.route("**/vega.js", lambda route: route.abort())
    page.goto(f"{built.as_uri()}/p/lm/index.html")
    figure = page.locator("#progress-1")
    with page.expect_console_message(lambda m: "stays as it stands" in m.text):
        figure.scroll_into_view_if_needed()
    expect(figure.locator(".lr-stand svg")).to_be_visible()
    expect(figure.locator(".lr-canvas")).to_have_count(0)
    page.close()


def test_a_chart_shows_hostile_names_as_text(open_page: Open) -> None:
    page = open_page("p/odd/index.html")
    for figure in page.locator("figure.lr-progress").all():
        figure.scroll_into_view_if_needed()
        expect(figure).to_have_class(re.compile("lr-drawn"))
    page.locator(".lr-canvas svg .mark-symbol path").first.hover()
    expect(page.locator("#vg-tooltip-element")).to_be_visible()
    assert page.evaluate("window.hit") is None
    assert page.locator(".lr-canvas img, .lr-canvas script, #vg-tooltip-element img").count() == 0


def test_a_click_on_a_point_goes_to_its_experiment(open_page: Open) -> None:
    page = open_page("p/lm/index.html")
    figure = page.locator("#progress-1")
    figure.scroll_into_view_if_needed()
    expect(figure).to_have_class(re.compile("lr-drawn"))
    figure.locator(".lr-canvas svg .mark-symbol path").first.click()
    expect(page).to_have_url(re.compile(experiment_anchor(digest("lm 1_base"))))


def test_a_listing_sorts_up_down_and_back(open_page: Open) -> None:
    page = open_page("p/lm/index.html")
    given = names(page, "experiments")
    head = page.locator("#experiments th", has_text="loss").first
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert names(page, "experiments")[0] == "3_from_2_cache"
    assert set(names(page, "experiments")[-2:]) == {"6_from_3_huge", "7_from_3_next"}
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert names(page, "experiments")[0] == "1_base"
    assert set(names(page, "experiments")[-2:]) == {"6_from_3_huge", "7_from_3_next"}
    head.locator("button").click()
    assert names(page, "experiments") == given


def test_a_listing_is_searched_and_filtered(open_page: Open) -> None:
    page = open_page("p/lm/index.html")
    page.locator("#runs input[type=search]").fill("CACHE")
    assert set(names(page, "runs")) == {"3_from_2_cache"}
    page.locator("#runs input[type=search]").fill("worse")
    assert set(names(page, "runs")) == {"4_from_2_wide", "5_from_3_dropout"}
    page.locator("#runs input[type=search]").fill("")
    page.locator("#runs select").first.select_option(label="failed (1)")
    assert names(page, "runs") == ["6_from_3_huge"]
    page.locator("#runs input[type=search]").fill("nothing of this")
    expect(page.locator("#runs .lr-pages")).to_have_text("No row fits.")


def test_a_long_listing_is_paged_and_sorted_as_a_whole(open_page: Open) -> None:
    page = open_page("p/many/index.html")
    said = page.locator("#runs .lr-pages")
    expect(said).to_contain_text(f"Rows 1 to 200 of {MANY}.")
    assert names(page, "runs")[0] == f"{MANY}_from_1"
    said.get_by_role("button", name="Next").click()
    said.get_by_role("button", name="Next").click()
    expect(said).to_contain_text(f"Rows 401 to {MANY} of {MANY}.")
    assert names(page, "runs")[-1] == "1_base"
    expect(said.get_by_role("button", name="Next")).to_be_disabled()
    page.locator("#runs th", has_text="loss").first.locator("button").click()
    expect(said).to_contain_text("Rows 1 to 200")
    assert names(page, "runs")[:2] == [f"{MANY}_from_1", f"{MANY - 1}_from_1"]
    link = page.locator("#runs tbody tr:first-child a").first
    link.click()
    expect(page).to_have_url(re.compile(f"/p/many/r/{run_id(MANY)}/index.html"))


def test_a_link_to_a_row_of_a_later_page_turns_to_it(open_page: Open) -> None:
    anchor = experiment_anchor(digest("many 333_from_1"))
    page = open_page(f"p/many/index.html#{anchor}")
    row = page.locator(f"#{anchor}")
    expect(row).to_be_in_viewport()
    expect(row).to_contain_text("333_from_1")


def test_marks_are_signs_and_words_too(open_page: Open) -> None:
    page = open_page("p/lm/index.html")
    for mark, sign in (("better", "▲"), ("worse", "▼"), ("failed", "✗"), ("complete", "✓")):
        cell = page.locator(f".lr-listing td.lr-{mark}").first
        shown = cell.evaluate("cell => getComputedStyle(cell, '::before').content")
        assert sign in shown
        expect(cell).to_contain_text(mark)


def test_a_node_of_the_graph_leads_to_its_run_by_mouse_and_keyboard(open_page: Open) -> None:
    page = open_page("p/lm/graph/index.html")
    page.locator(".lr-node", has_text="6_from_3_huge").locator(".lr-frame").click()
    expect(page).to_have_url(re.compile(f"/p/lm/r/{run_id(16)}/index.html"))
    page.go_back()
    page.locator(".lr-node", has_text="7_from_3_next").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/p/lm/r/{run_id(17)}/index.html"))


def test_a_graph_zooms_and_its_colours_say_something_else(open_page: Open) -> None:
    page = open_page("p/lm/graph/index.html")
    graph = page.locator("svg.lr-dag")
    width = float(graph.get_attribute("width") or 0)
    assert graph.evaluate("drawing => drawing.getBoundingClientRect().width") == width
    page.get_by_role("button", name="Zoom in").click()
    assert float(graph.get_attribute("width") or 0) > width
    page.get_by_role("button", name="Natural size").click()
    assert float(graph.get_attribute("width") or 0) == width
    page.get_by_label("Colour says").select_option(label="how it ended")
    expect(graph).to_have_class(re.compile("lr-by-status"))


@pytest.mark.parametrize("url", ["index.html", "p/lm/index.html", "p/lm/graph/index.html"])
def test_text_stands_out_in_both_themes(open_page: Open, url: str) -> None:
    for scheme in ("light", "dark"):
        page = open_page(url, color_scheme=scheme)
        found = page.evaluate(CONTRASTS)
        assert found["checked"] > 20
        assert found["weak"] == []


def test_a_chart_follows_the_theme_without_being_drawn_again(open_page: Open) -> None:
    page = open_page("p/lm/index.html", color_scheme="light")
    figure = page.locator("#progress-1")
    figure.scroll_into_view_if_needed()
    expect(figure).to_have_class(re.compile("lr-drawn"))
    colour = "node => getComputedStyle(node).fill"
    label = figure.locator(".lr-canvas .role-axis-label text").first
    before = label.evaluate(colour)
    page.evaluate("document.body.setAttribute('data-md-color-scheme', 'slate')")
    assert label.evaluate(colour) != before


def test_without_javascript_everything_is_there(open_page: Open) -> None:
    page = open_page("p/lm/index.html", java_script_enabled=False)
    expect(page.locator("#progress-1 .lr-stand svg")).to_be_visible()
    expect(page.locator("#experiments tbody tr")).to_have_count(7)
    expect(page.locator(".lr-tools")).to_have_count(0)
    expect(page.locator("svg.lr-dag a").first).to_be_visible()
    page = open_page("p/many/index.html", java_script_enabled=False)
    expect(page.locator("#runs .lr-part")).to_have_text(f"The first 200 of {MANY} rows.")
    assert page.locator("#runs .lr-foot a").get_attribute("href") == "runs.csv"


def test_what_is_offered_for_download_is_there(open_page: Open, built: Path) -> None:
    page = open_page("p/lm/index.html")
    links = [link.get_attribute("href") or "" for link in page.locator("a[download]").all()]
    tables = {"progress-1.csv", "runs.csv"}
    citations = {"CITATION.cff", "cite.bib", "cite.ris", "cite.csl.json", "cite.datacite.json"}
    assert set(links) == tables | citations
    for link in links:
        assert (built / "p/lm" / link).stat().st_size > 50


def test_print_shows_whole_tables_and_standing_charts(open_page: Open) -> None:
    page = open_page("p/lm/index.html")
    figure = page.locator("#progress-1")
    figure.scroll_into_view_if_needed()
    expect(figure).to_have_class(re.compile("lr-drawn"))
    page.emulate_media(media="print")
    expect(figure.locator(".lr-stand")).to_be_visible()
    expect(figure.locator(".lr-canvas")).to_be_hidden()
    expect(page.locator(".lr-tools").first).to_be_hidden()
    scroll = page.locator("#runs .lr-scroll")
    assert scroll.evaluate("box => box.scrollHeight <= box.clientHeight + 1")


@pytest.mark.parametrize(
    "url",
    [
        "p/lm/index.html", "p/odd/index.html", "p/odd-goods/index.html", "runs/index.html",
        "p/claims/h/deeper/index.html", "p/odd-claims/h/odd-1/index.html", "metrics/index.html",
        "datasets/index.html", "p/parts/attribution/index.html",
    ],
)  # fmt: skip
def test_printed_tables_are_as_wide_as_the_paper(open_page: Open, url: str) -> None:
    page = open_page(url)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1100})  # A4 between Chromium's margins
    for table in page.locator(".lr-listing table").all():
        assert table.evaluate("table => table.getBoundingClientRect().right <= innerWidth + 4")


# WCAG 2.1, 1.4.3: contrast of text against the ground it stands on, at least 4.5 : 1.
CONTRASTS = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = c => { const [r, g, b] = c.map(v => { v /= 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const over = (top, under) => { const a = top[3] ?? 1;
    return [0, 1, 2].map(i => top[i] * a + under[i] * (1 - a)); };
  const ground = node => { const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const c = parse(getComputedStyle(at).backgroundColor);
      if ((c[3] ?? 1) > 0) { layers.push(c); if ((c[3] ?? 1) === 1) break; } }
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]); };
  const weak = []; let checked = 0;
  for (const node of document.querySelectorAll("article :is(p, td, th, li, span, a, h2, h3, strong, code)")) {
    const own = [...node.childNodes].some(c => c.nodeType === 3 && c.textContent.trim());
    if (!own || !node.offsetParent || node.closest("svg, pre, .headerlink")) continue;
    const under = ground(node), text = over(parse(getComputedStyle(node).color), under);
    const [a, b] = [light(text), light(under)].sort((x, y) => y - x);
    const size = parseFloat(getComputedStyle(node).fontSize);
    checked += 1;
    if ((a + 0.05) / (b + 0.05) < (size >= 24 ? 3 : 4.5))
      weak.push(`${node.tagName}.${node.className}: ${node.textContent.trim().slice(0, 30)} ` +
        ((a + 0.05) / (b + 0.05)).toFixed(2));
  }
  return {checked, weak: [...new Set(weak)].slice(0, 10)};
}"""
