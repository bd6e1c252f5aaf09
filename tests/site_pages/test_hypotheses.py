"""The pages of hypotheses as values and as HTML: every verdict, and what it rests on."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from tests.site.tables_of import digest
from tests.site_pages.claims import VERDICTS, claims, hostile_claims, note, register, unit
from tests.site_pages.labs import HOSTILE, Tables, study
from tests.site_pages.test_pages import Seen

from labrec.site import stamp
from labrec.site.charts.bars import MOST_BARS
from labrec.site.pages import hypotheses, hypothesis

if TYPE_CHECKING:
    from pathlib import Path

    from labrec.site.page import Draft, Page

DEEPER = "p/claims/h/deeper/index.html"
SECTION = "p/claims/hypotheses/index.html"


def drafts_of(lab: Tables, folder: Path) -> dict[str, Draft]:
    site = lab.site(folder)
    return {draft.url: draft for draft in [*hypotheses.pages(site), *hypothesis.pages(site)]}


def pages_of(lab: Tables, folder: Path) -> dict[str, Page]:
    return {url: draft.make() for url, draft in drafts_of(lab, folder).items()}


@pytest.fixture
def pages(tmp_path: Path) -> dict[str, Page]:
    """The pages of a claim of each verdict."""
    return pages_of(claims(), tmp_path)


def table(page: Page, name: str) -> list[dict[str, str]]:
    data = page.files[name]
    assert isinstance(data, bytes)
    return list(csv.DictReader(io.StringIO(data.decode())))


def test_claims_stand_by_status_and_an_amended_one_does_not(pages: dict[str, Page]) -> None:
    page = pages[SECTION]
    shown = ["refuted", "inconclusive", "suggestive", "testing", "proposed"]  # one was decided
    assert [group.status for group in page.context["groups"]] == shown
    assert page.context["summary"] == (
        "6 hypotheses: 2 refuted, 1 inconclusive, 1 suggestive, 1 testing and 1 proposed."
    )
    html = stamp.content(page)
    for slug in ("deeper", *(f"{verdict}-one" for verdict in VERDICTS[1:])):
        assert f'href="../../../p/claims/h/{slug}/index.html"' in html
    assert "The older words." not in html
    assert "1 earlier version stands" in html


def test_a_project_without_claims_says_how_to_make_one(tmp_path: Path) -> None:
    lab = Tables("lm")
    lab.experiment("1_base", [1.0])
    (page,) = pages_of(lab, tmp_path).values()
    html = stamp.content(page)
    assert "No hypothesis is registered." in html
    assert "labrec hypothesis new SLUG --project lm" in html


def test_the_first_screen_has_verdict_sentence_and_why(pages: dict[str, Page]) -> None:
    html = stamp.content(pages["p/claims/h/testing-one/index.html"])
    ruling = html[html.index('<section class="lr-ruling') : html.index("</section>")]
    assert ">testing" in ruling
    assert "Testing: in a sentence." in ruling
    assert "the interval says so." in ruling
    assert html.index("lr-ruling") < html.index("<h2")


def test_a_decision_stands_over_the_rule_and_says_who_and_why(pages: dict[str, Page]) -> None:
    html = stamp.content(pages[DEEPER])
    assert "lr-ruling lr-is-refuted" in html  # the look of what is shown, not of the rule
    decided = html[html.index('id="decided"') : html.index('id="then"')]
    for text in ("refuted", "Two labs found it.", "Bo", "which says <strong>supported</strong>"):
        assert text in decided
    then = html[html.index('id="then"') : html.index('id="difference"')]
    for text in ("<strong>inconclusive</strong>", "what was recorded since changed it", "Ada",
                 "View x. Then it was open."):  # fmt: skip
        assert text in then


def test_the_claim_is_told_in_full_with_every_registration(pages: dict[str, Page]) -> None:
    page = pages[DEEPER]
    assert page.context["prediction"] == [
        "loss is lower than that of 1_base, by more than 0.1 nat."
    ]
    assert "the whole 90 % interval of the difference lies below 0.1 nat" in page.context[
        "rule"
    ].replace("\xa0", " ")
    html = stamp.content(page)
    for text in ("No gain.", "2 in each arm, with looks at 1 and 2", "{&#34;depth&#34;: 8}",
                 "The older words.", digest("claims deeper"), digest("claims deeperold"),
                 "2026-03-01 12:00:00 UTC"):  # fmt: skip
        assert text in html
    assert [one.state for one in page.context["versions"]] == ["amended", "decides"]


def test_a_claim_without_runs_has_no_empty_sections(pages: dict[str, Page]) -> None:
    html = stamp.content(pages["p/claims/h/proposed-one/index.html"])
    for name in ("difference", "came", "evidence", "power", "missing", "places"):
        assert f'id="{name}"' not in html
    assert "0 runs linked at the start and 0 later" in html


def test_registrations_side_by_side_are_told(tmp_path: Path) -> None:
    lab = claims()
    register(lab, "testing-one", "testing", "other", order=99)
    page = pages_of(lab, tmp_path)["p/claims/h/testing-one/index.html"]
    assert "registered 2 times side by side" in stamp.content(page)
    assert [one.state for one in page.context["versions"]] == ["decides", "beside"]


def test_the_difference_is_drawn_with_its_interval_and_what_it_is_held_against(
    pages: dict[str, Page],
) -> None:
    (figure,) = pages[DEEPER].context["differences"]
    points = json.loads(figure.payload)["points"]
    assert [point[1] for point in points] == [
        "runs that decide", "linked later, decides nothing", "delta, 0.1 nat",
    ]  # fmt: skip
    assert points[0][3:7] == [0.0, 0.3, 0.2, 0.4]
    assert "interval 0.20 to 0.40, n = 2 against 2" in figure.sentence
    assert [row["estimate"] for row in table(pages[DEEPER], "difference-1.csv")] == ["0.3", "-0.1"]


def test_contributions_run_up_to_e_the_largest_first(pages: dict[str, Page]) -> None:
    figure = pages[DEEPER].context["waterfall"]
    rows = [point for point in json.loads(figure.payload)["points"] if point[0] is not None]
    assert [(row[1], row[3], row[4]) for row in rows] == [
        ("2_deep", 0.0, 6.0), ("3_deeper", 6.0, 5.0), ("E", 0.0, 5.0),
    ]  # fmt: skip
    assert "2 units of 2 experiments add up to E = 5, above the threshold T = 0." in figure.sentence
    assert [row["running_total"] for row in table(pages[DEEPER], "waterfall.csv")] == ["6.0", "5.0"]


def test_many_units_are_drawn_together_and_end_at_e(tmp_path: Path) -> None:
    lab = claims()
    mine = {"hypothesis": "deeper", "registration": digest("claims deeper")}
    for number in range(60):
        unit(lab, mine, f"{number}_more", kind="confirmatory", normalized_delta=0.1,
             contribution=0.1)  # fmt: skip
    next(row for row in lab.rows["hypotheses"] if row["hypothesis"] == "deeper")["score"] = 11.0
    figure = pages_of(lab, tmp_path)[DEEPER].context["waterfall"]
    rows = [point for point in json.loads(figure.payload)["points"] if point[0] is not None]
    assert len(rows) == MOST_BARS
    assert rows[-2][1] == "24 further units"
    assert rows[-2][4] == pytest.approx(11.0)
    assert rows[-1][4] == 11.0


def test_the_history_has_runs_looks_registrations_and_decisions(pages: dict[str, Page]) -> None:
    page = pages[DEEPER]
    assert [one.text for one in page.context["events"]] == [
        "Registered by Ada",
        "Amended by Ada",
        "Look 1 of 2: 1 run in each arm had started",
        "Look 2 of 2: 2 runs in each arm had started",
        "Decision: refuted (Bo)",
        "Verdict kept: inconclusive (Ada)",
        "Objection: Which labs? (Cy)",
    ]
    figure = page.context["history"]
    assert figure.sentence == (
        "3 treatments, 3 runs of the baseline and 1 that decides nothing. Of those with a place 1 "
        "has no value."
    )
    assert figure.drawing.count('class="lr-treatment"') == 2
    assert figure.drawing.count('class="lr-baseline"') == 3
    assert figure.drawing.count('class="lr-aside"') == 1
    assert figure.drawing.count('class="lr-failed"') == 1


def test_every_unit_has_its_way_to_e_and_all_columns_as_csv(pages: dict[str, Page]) -> None:
    page = pages[DEEPER]
    titles = [column.title for column in page.context["units"].columns]
    for title in ("status", "tail", "replication", "reruns", "capture", "Confidence", "Adds to E"):
        assert title in titles
    cells = [cell.text for cell in page.context["units"].rows[0]]
    for text in ("0.03, 3, weak", "0.67", "0.75", "no commit"):
        assert text in cells
    rows = table(page, "units.csv")
    assert len(rows) == 3
    assert {"c_status", "c_tail", "scale_df", "spread_ratio", "resolution", "contribution"} <= set(
        rows[0]
    )
    assert len(table(page, "runs.csv")) == 7


def test_power_missing_family_and_objections_are_there(pages: dict[str, Page]) -> None:
    html = stamp.content(pages[DEEPER]).replace("\xa0", " ")
    for text in ("1.5 (0.5 to 2.5)", "33.3 % of 3", "0.1 nat",
                 "0.1 to 0.35", "Which labs?"):  # fmt: skip
        assert text in html
    assert 'href="../../../../p/claims/h/refuted-one/index.html"' in html
    for command in ("labrec why deeper --project claims", "labrec hypothesis verdict deeper",
                    "labrec note object nnnnnnnn1", "labrec land"):  # fmt: skip
        assert command in html


def test_an_objection_to_a_run_is_told_to_its_hypothesis(tmp_path: Path) -> None:
    lab = claims()
    run = lab.rows["runs"][0]
    note(lab, "object", run["run_id"], "The seeds leak.", "Di", number=9, subject_kind="run")
    lab.rows["notes"][-1]["record_digest"] = run["record_digest"]
    html = stamp.content(pages_of(lab, tmp_path)[DEEPER])
    assert "<strong>object</strong> on 1_base: The seeds leak." in html


def test_an_unrelated_record_changes_no_page(tmp_path: Path) -> None:
    before = drafts_of(claims(), tmp_path / "before")
    lab = claims()
    lab.experiment("9_other", [1.0], "1_base")
    register(lab, "another", "proposed", order=99)
    note(lab, "comment", lab.rows["runs"][-1]["run_id"], "x", "Ed", number=8, subject_kind="run")
    after = drafts_of(lab, tmp_path / "after")
    changed = {url for url in before if before[url].inputs != after[url].inputs}
    assert changed == {SECTION}


def test_what_a_page_shows_changes_it(tmp_path: Path) -> None:
    before = drafts_of(claims(), tmp_path / "before")[DEEPER].inputs
    for place, (name, field, value) in enumerate(
        (("hypotheses", "why", "y"), ("evidence_units", "c_tail", 0.1), ("evidence_runs", "why", "y"),
         ("hypothesis_metrics", "g", 2.0), ("notes", "text", "y"), ("runs", "name", "y"),
         ("metrics", "value", 9.0))
    ):  # fmt: skip
        lab = claims()
        rows = [row for row in lab.rows[name] if row.get("hypothesis", "deeper") == "deeper"]
        rows[0][field] = value
        assert drafts_of(lab, tmp_path / str(place))[DEEPER].inputs != before, name


def test_record_text_stays_text(tmp_path: Path) -> None:
    pages = pages_of(hostile_claims(), tmp_path)
    assert len(pages) == len(HOSTILE) + 1
    for page in pages.values():
        html = stamp.content(page)
        seen = Seen()
        seen.feed(html)
        assert not {"img", "iframe", "style", "object", "base", "meta"} & set(seen.tags)
        assert not any(name.startswith("on") or name == "style" for name in seen.attributes)
        assert seen.scripts <= {"application/json"}
        assert not any(":" in link for link in seen.links)
        assert "\u202e" not in html


def test_other_pages_lead_to_it(tmp_path: Path) -> None:
    site = study().site(tmp_path)
    (claim,) = hypotheses.hypotheses(site.project["lm"])
    assert claim["href"] == "p/lm/h/deeper/index.html"
