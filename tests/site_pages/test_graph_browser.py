"""The graph in a real browser: overlays with their legends, arrow keys along edges, labels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect
from tests.site.tables_of import digest, run_id
from tests.site_pages.labs import study

from labrec.site.pages import graph

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GRAPH = "p/lm/graph/index.html"


def test_every_overlay_has_its_legend_and_signs(open_page: Callable[..., Page]) -> None:
    page = open_page(GRAPH)
    chooser = page.get_by_label("Colour says")
    legends = page.locator("[data-labrec-overlay]")
    titles = [text.strip() for text in chooser.locator("option").all_text_contents()]
    assert titles == ["against its parent", "how it ended", "its loss", "where it ran"]
    for title in titles:
        chooser.select_option(label=title)
        expect(legends.filter(visible=True)).to_have_count(1)
        expect(legends.filter(visible=True)).to_have_attribute("data-title", title)
    expect(page.locator("svg.lr-dag .lr-badge")).to_have_text(["A"] * 7)
    expect(legends.filter(visible=True)).to_contain_text("A Epyc, 7 experiments")
    chooser.select_option(label="its loss")
    node = page.get_by_role("link", name="3_from_2_cache. ")
    expect(node.locator(".lr-badge")).to_have_text("4")  # of five, 5 the best
    chooser.select_option(label="against its parent")
    expect(page.locator("svg.lr-dag .lr-badge")).to_have_count(0)  # beside the values already


def test_without_a_script_the_first_legend_stands(open_page: Callable[..., Page]) -> None:
    page = open_page(GRAPH, java_script_enabled=False)
    legends = page.locator("[data-labrec-overlay]")
    expect(legends.filter(visible=True)).to_have_count(1)
    expect(legends.first).to_be_visible()


def test_arrow_keys_follow_the_edges(open_page: Callable[..., Page]) -> None:
    page = open_page(GRAPH)
    expect(page.locator("svg.lr-dag a[tabindex='0']")).to_have_count(1)
    page.locator(".lr-pan").focus()
    page.keyboard.press("Tab")

    def here() -> str:
        return str(page.evaluate("document.activeElement.querySelector('.lr-name').textContent"))

    assert here() == "1_base"
    for key, name in (
        ("ArrowUp", "1_base"), ("ArrowDown", "2_from_1_deep"), ("ArrowDown", None),
        ("ArrowUp", "2_from_1_deep"), ("ArrowDown", None), ("ArrowRight", None),
    ):  # fmt: skip
        page.keyboard.press(key)
        assert name is None or here() == name
    assert here() in {"3_from_2_cache", "4_from_2_wide"}
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/p/lm/(?:r/|index\.html#x-)"))


def test_an_edge_says_what_was_changed(open_page: Callable[..., Page]) -> None:
    page = open_page(GRAPH)
    label = page.locator(".lr-label").first
    expect(label).to_contain_text("depth: 2 → 4")
    assert label.locator("title").text_content() == "model.depth: 2 → 4"
    row = page.locator("#list tbody tr", has_text="2_from_1_deep").first
    expect(row).to_contain_text("model.depth: 2 → 4")


def test_evidence_of_current_claims_is_an_overlay(tmp_path: Path) -> None:
    lab = study()
    deeper, old = digest("lm deeper"), digest("lm old")
    for name, registration, part in (
        ("2_from_1_deep", deeper, 1.5), ("4_from_2_wide", deeper, -2.0), ("1_base", old, 1.0),
    ):  # fmt: skip
        lab.add("evidence", hypothesis="deeper", registration=registration, name=name,
                experiment=digest(f"lm {name}"), contribution=part)  # fmt: skip
    (draft,) = graph.pages(lab.site(tmp_path / "with"))
    page = draft.make()
    assert [one.name for one in page.context["overlays"]] == [
        "look", "status", "shade", "evidence", "machine",
    ]  # fmt: skip
    svg = str(page.context["drawing"].svg)
    assert svg.count("lr-evidence-for") == 1
    assert svg.count("lr-evidence-against") == 1
    (without,) = graph.pages(study().site(tmp_path / "without"))
    assert draft.inputs != without.inputs


def test_nodes_know_where_their_edges_come_from(tmp_path: Path) -> None:
    (draft,) = graph.pages(study().site(tmp_path))
    svg = str(draft.make().context["drawing"].svg)
    assert re.search(rf'href="[^"]*r/{run_id(16)}/[^"]*"[^>]*data-above="2"', svg)
