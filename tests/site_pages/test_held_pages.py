"""Hardware, Pareto, drift, reproducibility, rigor and machines: what the pages say."""

from __future__ import annotations

import csv
import io
import re
import typing
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.site.tables_of import digest, run_id
from tests.site.test_rows import TYPES
from tests.site_pages.held import ONE, TWO, held, hostile_held
from tests.site_pages.labs import HOSTILE, Tables, study
from tests.site_pages.test_pages import Seen

from labrec.site import rows_hardware, rows_trends, stamp, urls
from labrec.site.pages import (
    drift,
    hardware,
    machines,
    pareto,
    project,
    reproducibility,
    rigor,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from labrec.site.collect import Site
    from labrec.site.page import Draft, Page

MAKERS = (hardware.pages, pareto.pages, drift.pages, reproducibility.pages, rigor.pages,
          machines.pages, machines.all_pages, project.pages)  # fmt: skip
MODELS = [
    rows_hardware.Comparison, rows_hardware.Observation, rows_hardware.Speed, rows_trends.Luck,
    rows_trends.Drift, rows_trends.Pareto, rows_trends.Reliability, rows_trends.Rerun,
    rows_trends.Rigor,
]  # fmt: skip


def drafts(site: Site) -> Iterator[Draft]:
    """The drafts of these pages."""
    for make in MAKERS:
        yield from make(site)


def pages_of(site: Site) -> dict[str, Page]:
    """The pages by address."""
    return {draft.url: draft.make() for draft in drafts(site)}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    """The pages of a lab that has everything."""
    return pages_of(held().site(tmp_path_factory.mktemp("held")))


def rows(page: Page, name: str) -> list[dict[str, str]]:
    """The rows of a CSV of a page."""
    data = page.files[name]
    assert isinstance(data, bytes)
    return list(csv.DictReader(io.StringIO(data.decode())))


@pytest.mark.parametrize("model", MODELS)
def test_a_row_is_of_columns_of_the_contract_in_their_order(model: Any) -> None:
    columns = {column.name: column for column in model.TABLE.columns}
    hints = typing.get_type_hints(model, {"datetime": datetime})
    assert list(hints) == [name for name in columns if name in hints]
    for field, hint in hints.items():
        wanted = TYPES[columns[field].kind]
        assert hint == (wanted | None if columns[field].optional else wanted), field


# --- hardware ---------------------------------------------------------------------------------


def test_each_comparison_begins_with_its_verdict(pages: dict[str, Page]) -> None:
    page = pages["p/lm/hardware/index.html"]
    assert page.context["summary"] == (
        "2 metrics under 3 conditions: 1 effect, 1 effect (below δ), 1 inconclusive, 1 confounded "
        "and 1 not comparable."
    )
    first, *others = page.context["conditions"]
    assert [one["name"] for one in (first, *others)] == [
        "quantization", "memory_pressure", "cpu_model",
    ]  # fmt: skip
    assert [one["word"] for one in first["said"]] == [
        "◈ Effect, below δ", "◆ Effect over 3 levels", "○ Constant",
    ]  # fmt: skip
    html = stamp.content(page)
    assert html.index("Effect, but below δ: loss differs") < html.index("<figure")


def test_quality_stands_beside_speed_and_inside_of_the_margin(pages: dict[str, Page]) -> None:
    first = pages["p/lm/hardware/index.html"].context["conditions"][0]
    loss, rate = first["differences"]
    assert (loss.kind, rate.kind) == ("forest", "ratios")
    assert "The band is ± δ = 0.2 nat, from the registration" in loss.sentence
    page = pages["p/lm/hardware/index.html"]
    pairs = rows(page, f"{loss.name}.csv")
    assert [row["name"] for row in pairs] == [
        "float16 against float32", "int8 against float16", "int8 against float32",
    ] or len(pairs) == 3  # fmt: skip
    assert {(row["band_low"], row["band_high"]) for row in pairs} == {("-0.2", "0.2")}
    seen = first["observed"]
    assert [figure.kind for figure in seen] == ["levels", "levels-ratio"]
    assert "a line joins the same one under every level" in seen[0].sentence


def test_aliases_are_one_condition_and_say_so(pages: dict[str, Page]) -> None:
    conditions = pages["p/lm/hardware/index.html"].context["conditions"]
    (cpu,) = (one for one in conditions if one["name"] == "cpu_model")
    assert "The same runs also differ in hardware_id" in cpu["about"]
    assert [one["word"] for one in cpu["apart"]] == ["∅ Not comparable"]
    assert cpu["facts"] == [("loss", "date, 0.97 of 1", "none", "—")]
    assert pages["p/lm/hardware/index.html"].context["listing"].total == 14


def test_speeds_lie_by_model_of_machine(pages: dict[str, Page]) -> None:
    ((figure, sentences),) = pages["p/lm/hardware/index.html"].context["speeds"]
    assert figure.kind == "boxes"
    assert sentences == ["lm: rate on Epyc.", "lm: rate on Xeon."]
    assert "Epyc, A100: median 900 (850 to 980)" in figure.sentence


# --- pareto -----------------------------------------------------------------------------------


def test_a_front_shows_what_is_sure_and_what_is_beaten(pages: dict[str, Page]) -> None:
    page = pages["p/lm/pareto/index.html"]
    assert page.context["summary"] == (
        "Of 4 experiments that have loss and rate, 1 is surely on the front, 1 is on it by means "
        "alone and 1 may belong to it."
    )
    (one,) = page.context["fronts"]
    (figure,) = one["figures"]
    assert "1 beaten one is muted." in figure.sentence
    named = {row["experiment"]: row["verdict"] for row in rows(page, f"{figure.name}.csv")}
    assert named["0_x"] == "on the front"
    assert named["2_x"] == "may belong to it; better means: 0_x"
    assert named["3_x"] == "beaten"
    assert one["sentences"][0] == "lm: 0_x is placed."


def test_more_metrics_draw_pairs_without_a_line(tmp_path: Path) -> None:
    lab = held()
    for row in [row for row in lab.rows["pareto"] if row["metric"] == "rate"]:
        lab.rows["pareto"].append(row | {"metric": "watts", "direction": "minimize", "mean": 3.0})
    (one,) = pages_of(lab.site(tmp_path))["p/lm/pareto/index.html"].context["fronts"]
    assert len(one["figures"]) == 3
    for figure in one["figures"]:
        assert "no line is drawn" in figure.sentence
        assert 'class="lr-best"' not in figure.drawing


# --- drift ------------------------------------------------------------------------------------


def test_a_drift_is_drawn_where_it_happened(pages: dict[str, Page]) -> None:
    page = pages["p/lm/drift/index.html"]
    assert page.context["summary"] == "1 of 2 series drift, with 1 change: 1 for the worse."
    first = page.context["series"][0]
    assert first["word"] == "⚡ Drift"
    assert first["figure"].drawing.count('class="lr-turn"') == 1
    assert "2026-03-13: +0.300 (95\xa0% interval 0.280 to 0.320), worse" in first["figure"].drawing
    assert len(rows(page, "series-1.csv")) == 24


# --- reproducibility --------------------------------------------------------------------------


def test_reruns_are_told_with_their_tolerance_the_gravest_first(pages: dict[str, Page]) -> None:
    page = pages["p/lm/reproducibility/index.html"]
    assert page.context["summary"] == (
        "4 runs repeat another one, 1 on another machine or by somebody else: of 4 comparisons 1 "
        "agree, 1 differ, 1 failed and 1 cannot be told."
    )
    assert [one["word"] for one in page.context["said"]] == [
        "◆ Differs", "✗ Failed", "○ Agrees", "~ Cannot be told",
    ]  # fmt: skip
    found = {row["name"]: row for row in rows(page, "reruns-1.csv")}
    assert found["again 1 repeats 0_x"]["band_high"] == "0.1"
    assert found["again 2 repeats 0_x"]["band_high"] == ""
    assert page.context["reliability"]["sentences"] == ["lm: loss tells experiments apart."]


# --- rigor ------------------------------------------------------------------------------------


def test_a_list_names_the_command_for_what_is_missing(pages: dict[str, Page]) -> None:
    page = pages["p/lm/rigor/index.html"]
    assert page.context["summary"] == (
        "1 claim: none has all 8 of rigor/1. What is missing most often: power (1). 1 registration "
        "that others amend stands in the listing."
    )
    (one,) = page.context["lists"]
    missing = {
        item["name"]: (item["lacks"], item["command"]) for item in one["items"] if not item["met"]
    }
    assert missing == {
        "power": ("power 0.4 where 0.8 is asked",
                  "labrec hypothesis register deeper --project lm --amend"),
        "rerun": ("no run was repeated by anybody",
                  "labrec run --project lm --reproduces RUN -- COMMAND OF THE RUN"),
    }  # fmt: skip
    assert page.context["listing"].total == 2


# --- machines ---------------------------------------------------------------------------------


def test_a_machine_says_what_it_is_and_what_is_not_known(pages: dict[str, Page]) -> None:
    page = pages[f"machines/{ONE}/index.html"]
    assert page.context["summary"].startswith(
        "Epyc, 8 cores, 34.4 GB of memory and no accelerator known. 28 runs of 1 project, "
    )
    assert ("governor", "not provided by this system") in page.context["absent"]
    assert ("battery.power", "not provided by this system") in page.context["silent"]
    facts = {one["name"]: one["value"] for one in page.context["facts"]}
    assert facts == {"cpu_name": "Epyc", "gpus": "none", "memory": "34.4 GB", "physical_cores": "8"}
    (channel,) = page.context["channels"]
    assert (channel["low"], channel["means"], channel["high"]) == ("1", "40", "99")
    assert page.context["drift"] == ["lm: loss of reference changed."]
    assert (page.context["listing"].total, page.context["listing"].table) == (28, "runs")


def test_all_machines_are_listed_and_runs_without_one_counted(tmp_path: Path) -> None:
    lab = held()
    lab.experiment("elsewhere", [1.0], machine_id=None)
    lab.experiment("another making", [1.0], machine_id="not ours")
    found = pages_of(lab.site(tmp_path))
    page = found["machines/index.html"]
    assert "33 runs on 3 machines" in page.context["summary"]
    assert "1 run does not name a machine" in page.context["summary"]
    links = {row[0].text: row[0].href for row in page.context["listing"].rows}
    assert links == {ONE: f"machines/{ONE}/index.html", TWO: f"machines/{TWO}/index.html",
                     "not ours": ""}  # fmt: skip
    assert not any("not ours" in url for url in found)


def test_a_fact_that_varies_is_a_range(tmp_path: Path) -> None:
    lab = held()
    ours = [row for row in lab.rows["hardware"] if row["machine_id"] == TWO]
    loads = [row for row in ours if row["field"] == "load"]
    loads[0] |= {"value": "2.5", "number": 2.5}
    names = [row for row in ours if row["field"] == "cpu_name"]
    names[0]["value"] = "Xeon"
    page = pages_of(lab.site(tmp_path))[f"machines/{TWO}/index.html"]
    said = {one["name"]: one["value"] for one in page.context["facts"] + page.context["states"]}
    assert said["load"] == "0.5 to 2.5"
    assert said["cpu_name"] == "Epyc, Xeon"


# --- luck -------------------------------------------------------------------------------------


def test_the_project_says_how_much_of_its_best_is_luck(pages: dict[str, Page]) -> None:
    page = pages["p/lm/index.html"]
    figure = next(one for one in page.context["figures"] if one.title.startswith("loss"))
    assert "the best of 3 tries is expected to gain 0.03 nat on 0_x by chance" in figure.sentence
    html = stamp.content(page)
    assert "lm: 3_x is the best of 3 tries." in html
    assert "what luck alone explains" in html


def test_of_several_data_sets_the_one_with_most_tries_is_explained(tmp_path: Path) -> None:
    lab = held()
    lab.rows["luck"].append(
        lab.rows["luck"][0] | {"datasets": "other", "tries": 40, "sentence": "On other data."}
    )
    page = pages_of(lab.site(tmp_path))["p/lm/index.html"]
    assert "On other data." in page.context["luck"].values()


# --- all --------------------------------------------------------------------------------------


def test_a_project_with_nothing_of_it_says_what_it_takes(tmp_path: Path) -> None:
    found = pages_of(study().site(tmp_path))
    for section, word in (
        ("hardware", "Nothing is compared yet"), ("pareto", "No front is known"),
        ("drift", "No series is long enough"), ("reproducibility", "No run says yet"),
        ("rigor", "No claim is registered yet"),
    ):  # fmt: skip
        html = stamp.content(found[f"p/lm/{section}/index.html"])
        assert word in html
        assert "labrec " in html
        assert "<figure" not in html


def test_every_link_of_a_page_is_into_the_site(pages: dict[str, Page]) -> None:
    for page in pages.values():
        seen = Seen()
        seen.feed(stamp.content(page))
        for link in seen.links:
            assert re.fullmatch(r"(?:(?:\.\./)*|\./)[\w./-]*(?:#[\w-]+)?", link), link


def test_record_text_is_only_text_on_every_page(tmp_path: Path) -> None:
    for page in pages_of(hostile_held().site(tmp_path)).values():
        html = stamp.content(page)
        seen = Seen()
        seen.feed(html)
        assert not {"img", "iframe", "style", "object", "base", "meta"} & set(seen.tags)
        assert not any(
            name.startswith("on") or name in {"style", "srcdoc"} for name in seen.attributes
        )
        assert seen.scripts <= {"application/json"}
        assert not any(link.startswith(("javascript", "//", "http")) for link in seen.links)
        assert "\u202e" not in html
        assert "\u2066" not in html


def test_hostile_names_can_be_read(tmp_path: Path) -> None:
    found = pages_of(hostile_held().site(tmp_path))
    told = Seen()
    texts: list[str] = []
    told.handle_data = texts.append  # type: ignore[method-assign]
    told.feed(stamp.content(found["p/evil/hardware/index.html"]))
    whole = "\n".join(texts)
    for text in HOSTILE:
        assert stamp.shown(text) in whole


def test_a_page_changes_only_with_its_own_rows(tmp_path: Path) -> None:
    before = {draft.url: draft.inputs for draft in drafts(held().site(tmp_path / "a"))}
    lab = held()
    lab.number = 500  # one run more: another project, on one of the machines
    other = Tables("other")
    other.number = 500
    other.experiment("1_base", [1.0], machine_id=TWO)
    for table, added in other.rows.items():
        lab.rows[table] = lab.rows.get(table, []) + added
    after = {draft.url: draft.inputs for draft in drafts(lab.site(tmp_path / "b"))}
    changed = {url for url in before if after[url] != before[url]}
    assert changed == {"machines/index.html", f"machines/{TWO}/index.html"}


def test_equal_tables_give_equal_pages(tmp_path: Path) -> None:
    one, other = (pages_of(held().site(tmp_path / name)) for name in "ab")
    assert {url: (stamp.content(page), page.files) for url, page in one.items()} == {
        url: (stamp.content(page), page.files) for url, page in other.items()
    }


def test_sections_lead_to_pages_that_are_there(pages: dict[str, Page]) -> None:
    there = {*pages, urls.graph("lm")}
    for section in pages["p/lm/hardware/index.html"].context["sections"]:
        if section.href.split("/")[2] in {
            "hardware",
            "pareto",
            "drift",
            "reproducibility",
            "rigor",
        }:
            assert section.href in there
    assert run_id(1) in str(pages["p/lm/reproducibility/index.html"].context["listing"].rows)
    assert digest("deeper")[7:19] in stamp.content(pages["p/lm/rigor/index.html"])
