"""The pages of what parts are worth, as values and as HTML."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from tests.site.tables_of import digest
from tests.site_pages.factorials import FACTORS, designs, hostile_designs
from tests.site_pages.labs import Tables
from tests.site_pages.test_pages import Seen

from labrec.errors import UnsafeError
from labrec.site import stamp, urls
from labrec.site.charts.heatmap import MOST_FACTORS, Pair, depth, heatmap
from labrec.site.pages import attribution, design

if TYPE_CHECKING:
    from pathlib import Path

    from labrec.site.page import Draft, Page

SECTION = "p/parts/attribution/index.html"
DECLARED = urls.design("parts", digest(f"parts declared {FACTORS}"))
HALF = urls.design("parts", digest("parts found ['a', 'b', 'c']"))
LIVE = urls.design("parts", digest("parts run ['bias']"))


def drafts_of(lab: Tables, folder: Path) -> dict[str, Draft]:
    site = lab.site(folder)
    return {draft.url: draft for draft in [*attribution.pages(site), *design.pages(site)]}


@pytest.fixture
def pages(tmp_path: Path) -> dict[str, Page]:
    """The pages of three designs and a grown model."""
    return {url: draft.make() for url, draft in drafts_of(designs(), tmp_path).items()}


def table(page: Page, name: str) -> list[dict[str, str]]:
    data = page.files[name]
    assert isinstance(data, bytes)
    return list(csv.DictReader(io.StringIO(data.decode())))


def test_the_section_draws_designs_and_lists_all(pages: dict[str, Page]) -> None:
    page = pages[SECTION]
    assert page.context["summary"] == (
        "1 design declared, 1 design found, 1 design within a run and 1 grown model, on 1 metric."
    )
    html = stamp.content(page)
    for url in (DECLARED, HALF, LIVE):
        assert f'href="../../../{url}"' in html
    assert html.index(DECLARED) < html.index(HALF) < html.index(LIVE)  # declared ones first
    assert "grown is better than its host." in html
    assert "&gt; 4,000" in html
    assert len(page.context["designs"].rows) == 3


def test_a_project_without_designs_says_how_to_get_one(tmp_path: Path) -> None:
    lab = Tables("lm")
    lab.experiment("1_base", [1.0])
    (draft,) = drafts_of(lab, tmp_path).values()
    html = stamp.content(draft.make())
    for text in ("No part of a model", "run.counterfactual(", "labrec attribute lm --plan"):
        assert text in html


def test_factors_are_drawn_by_size_with_intervals_and_a_sentence(pages: dict[str, Page]) -> None:
    figure = pages[DECLARED].context["worth"]
    points = json.loads(figure.payload)["points"]
    assert [point[1] for point in points] == ["norm", "skip", "warm start"]
    assert points[0][3:7] == [0.0, -0.4, pytest.approx(-0.5), pytest.approx(-0.3)]
    assert [point[7] for point in points] == [1, 1, 3]  # better, better, open
    assert figure.sentence.replace("\xa0", " ") == (
        "Better with norm and skip; open for 1 factor. Lines are 95 % intervals, p is adjusted by "
        "Holm."
    )
    assert figure.drawing.count('class="lr-whisker"') == 3


def test_pairs_stand_in_a_heatmap_with_signs_and_numbers(pages: dict[str, Page]) -> None:
    figure = pages[DECLARED].context["together"]
    cells = {(row[0], row[1]): row for row in json.loads(figure.payload)["points"]}
    assert cells["skip", "norm"][2] == "+0.15 ▼"
    assert cells["skip", "norm"][3] == "norm×skip: +0.15 nat (0.05 to 0.25), p = 0.010, worse"
    assert cells["skip", "norm"][4] == 4
    assert cells["warm start", "norm"][2] == "−0.02"
    assert cells["warm start", "norm"][4] == -1
    assert cells["warm start", "skip"][2] == "—"
    assert "not determined, 1 cell would tell" in cells["warm start", "skip"][3]
    assert cells["norm", "norm"][2] == "−0.4 ▲"
    assert cells["norm", "norm"][5] is True
    assert "the strongest is norm×skip, +0.15. 1 are not determined." in figure.sentence
    assert "lr-plus-4" in figure.drawing
    assert "lr-minus-1" in figure.drawing


def test_what_is_lacking_comes_with_the_command_that_plans_it(pages: dict[str, Page]) -> None:
    html = stamp.content(pages[DECLARED])
    short = digest(f"parts declared {FACTORS}").removeprefix("sha256:")[:8]
    lacking = html[html.index('id="lacking"') : html.index('id="cells-table"')]
    assert "<code>111</code> on: norm, skip and warm start" in lacking
    assert f"labrec attribute parts --design {short} --plan &gt; plan.sh" in lacking
    assert 'id="lacking"' not in stamp.content(pages[LIVE])


def test_the_factorial_table_leads_to_runs(pages: dict[str, Page]) -> None:
    page = pages[DECLARED]
    found = page.context["cells"]
    assert [column.title for column in found.columns][:4] == ["Cell", *FACTORS]
    first = [cell.text for cell in found.rows[0]]
    assert first[:5] == ["000", "off", "off", "off", "2"]
    assert first[-2:] == ["2.5, 2.51", "cell_000 (2 runs)"]
    assert found.rows[0][-1].href.startswith("p/parts/r/")
    assert len(table(page, "cells.csv")) == 7
    assert len(table(page, "effects.csv")) == 9
    assert {"low_simultaneous", "p_fit", "aliases"} <= set(table(page, "effects.csv")[0])


def test_costs_say_why_there_is_no_ratio(pages: dict[str, Page]) -> None:
    costs = [[cell.text for cell in row] for row in pages[DECLARED].context["costs"].rows]
    assert costs[0][5] == "−0.0080 (−0.0100 to −0.0060)"
    assert costs[1][5:] == ["—", "the interval of the cost contains 0"]


def test_a_fraction_names_its_aliases_and_a_registration_its_hypothesis(
    pages: dict[str, Page],
) -> None:
    html = stamp.content(pages[HALF])
    assert "A fraction of resolution 3." in html
    assert "<li>a = b×c</li>" in html
    assert "Assumed: none of its aliases." in html
    assert "exploratory" in html
    assert 'href="../../../../p/parts/h/norm-helps/index.html"' in stamp.content(pages[DECLARED])


def test_a_call_within_a_run_leads_to_it_and_plans_nothing(pages: dict[str, Page]) -> None:
    html = stamp.content(pages[LIVE])
    assert "Measured within <a" in html
    assert "--plan" not in html
    assert "no interval" in pages[LIVE].context["worth"].drawing


def test_an_unrelated_record_changes_no_page(tmp_path: Path) -> None:
    before = drafts_of(designs(), tmp_path / "before")
    lab = designs()
    lab.experiment("9_other", [1.0])
    after = drafts_of(lab, tmp_path / "after")
    assert {url: draft.inputs for url, draft in before.items()} == {
        url: draft.inputs for url, draft in after.items()
    }
    lab.rows["attributions"][0]["estimate"] = 9.0
    assert drafts_of(lab, tmp_path / "changed")[DECLARED].inputs != before[DECLARED].inputs


def test_record_text_stays_text(tmp_path: Path) -> None:
    drafts = drafts_of(hostile_designs(), tmp_path)
    assert len(drafts) > 5
    for draft in drafts.values():
        html = stamp.content(draft.make())
        seen = Seen()
        seen.feed(html)
        assert not {"img", "iframe", "style", "object", "base", "meta"} & set(seen.tags)
        assert not any(name.startswith("on") or name == "style" for name in seen.attributes)
        assert seen.scripts <= {"application/json"}
        assert not any(":" in link for link in seen.links)
        assert "\u202e" not in html


# --- the heatmap ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "step"),
    [(0.0, 0), (None, 0), (float("nan"), 0), (1.0, 4), (-1.0, -4), (0.01, 1), (-0.5, -2), (9.0, 4)],
)
def test_the_depth_of_a_colour_follows_the_magnitude(value: float | None, step: int) -> None:
    assert depth(value, 1.0) == step


def test_equal_names_are_told_apart_and_too_many_refused() -> None:
    pairs = [Pair(1, 0, 0.5, "+0.5", "a×a")]
    figure = heatmap(["a", "a"], pairs, ("t", "s"), "h", b"")
    assert json.loads(figure.payload)["points"][0][:2] == ["a (2)", "a (1)"]
    with pytest.raises(ValueError, match="16 factors"):
        heatmap(["a"] * (MOST_FACTORS + 1), [], ("t", "s"), "h", b"")


def test_the_page_of_a_design_is_named_by_its_digest_alone() -> None:
    assert urls.design("lm", "sha256:" + "0123456789abcdef" * 4) == (
        "p/lm/attribution/0123456789abcdef/index.html"
    )
    with pytest.raises(UnsafeError):
        urls.design("lm", "../../x")
