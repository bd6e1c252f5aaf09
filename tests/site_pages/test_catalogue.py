"""The pages of datasets and metrics: what is held, defined, used, and what is lacking."""

from __future__ import annotations

import csv
import io
import re
import shlex
from typing import TYPE_CHECKING

import pytest
from tests.site.tables_of import digest, run_id
from tests.site_pages.goods import dataset, goods, hostile_goods, use
from tests.site_pages.labs import HOSTILE, Tables
from tests.site_pages.test_pages import Seen

from labrec.site import stamp, urls
from labrec.site.listing import FIRST
from labrec.site.pages import datasets, metrics
from labrec.site.search_entries import entries

if TYPE_CHECKING:
    from pathlib import Path

    from labrec.site.listing import Listing
    from labrec.site.page import Draft, Page


def drafts_of(lab: Tables, folder: Path) -> tuple[Draft, Draft]:
    site = lab.site(folder)
    (data,), (meaning,) = datasets.pages(site), metrics.pages(site)
    return data, meaning


def html_of(page: Page) -> str:
    return stamp.content(page)


def texts(found: Listing | None, *columns: str) -> list[list[str]]:
    assert found is not None
    at = [[column.title for column in found.columns].index(name) for name in columns]
    return [[row[place].text for place in at] for row in found.rows]


def table(page: Page, name: str) -> list[dict[str, str]]:
    data = page.files[name]
    assert isinstance(data, bytes)
    return list(csv.DictReader(io.StringIO(data.decode())))


@pytest.fixture
def data(tmp_path: Path) -> Page:
    """The page of datasets."""
    return drafts_of(goods(), tmp_path)[0].make()


@pytest.fixture
def meaning(tmp_path: Path) -> Page:
    """The page of metrics."""
    return drafts_of(goods(), tmp_path)[1].make()


# --- datasets ---------------------------------------------------------------------------------


def test_versions_stand_below_what_they_were_made_from(data: Page) -> None:
    assert data.context["summary"] == (
        "5 dataset versions of 4 datasets, 3 of them used by no run. Runs name 2 datasets that the "
        "lab does not hold."
    )
    assert texts(data.context["held"], "Dataset", "Version", "Made from", "Runs") == [
        ["corpus", "2026.1", "", "5"],
        ["↳ corpus", "2026.2", "corpus@2026.1", "0"],
        ["↳ small", "1", "corpus@2026.2", "0"],
        ["orphan", "1", f"{stamp.short(digest('gone'))}, not in this lab", "0"],
        ["test", "1", "", "5"],
    ]
    html = html_of(data)
    anchor = urls.dataset_anchor(digest("words corpus@2026.1"))
    assert f'<tr id="{anchor}">' in html
    assert f'<a href="#{anchor}">corpus@2026.1</a>' in html
    assert [row["licence"] for row in table(data, "datasets.csv")] == ["CC0-1.0", "", "", "", ""]


def test_what_the_lab_lacks_says_why_and_where(data: Page) -> None:
    assert texts(data.context["lacking"], "Dataset", "Version", "Why", "Project", "Runs") == [
        ["mislaid", "3", "this version is not in the lab", "words", "3"],
        ["web", "", "no digest was recorded", "words", "2"],
    ]
    html = html_of(data)
    lacking = html[html.index('id="not-held"') : html.index('id="fix"')]
    assert f'href="../p/words/r/{run_id(1)}/index.html"' in lacking
    assert "labrec dataset add NAME PATH --version VERSION" in html
    assert len(table(data, "uses.csv")) == 4


def test_a_name_of_several_versions_says_so(tmp_path: Path) -> None:
    lab = Tables("lm")
    lab.experiment("1_base", [1.0])
    for at in ("one", "other"):
        dataset(lab, "corpus", "1")
        lab.rows["datasets"][-1]["digest"] = digest(at)
    use(lab, "corpus", "1", None, owner="lm", held=True)
    page = drafts_of(lab, tmp_path)[0].make()
    assert page.context["summary"].endswith("used by no run. 1 name of runs means several.")
    assert texts(page.context["lacking"], "Why") == [["several versions are called so"]]


def test_use_leads_to_projects_and_versions(data: Page) -> None:
    assert texts(data.context["uses"], "Dataset", "Version", "Used in", "Runs") == [
        ["corpus", "2026.1", "words", "5"],
        ["test", "1", "words", "5"],
    ]
    html = html_of(data)
    used = html[html.index('id="used"') : html.index('id="leakage"')]
    assert 'href="../p/words/index.html"' in used


def test_what_was_used_together_comes_with_the_command_that_compares(data: Page) -> None:
    assert data.context["commands"] == ["labrec dataset leakage corpus@2026.1 test@1"]


def test_versions_of_one_name_are_compared_by_digest_and_units_must_agree(tmp_path: Path) -> None:
    lab = goods()
    lab.rows["datasets"][-1]["unit"] = "file"
    assert drafts_of(lab, tmp_path / "unit")[0].make().context["commands"] == []
    lab = goods()
    lab.project = "other"
    dataset(lab, "test", "1")
    (command,) = drafts_of(lab, tmp_path / "twice")[0].make().context["commands"]
    assert command == f"labrec dataset leakage corpus@2026.1 {digest('words test@1')}"


def test_a_lab_without_datasets_says_how_to_fix_one(tmp_path: Path) -> None:
    lab = Tables("lm")
    lab.experiment("1_base", [1.0])
    html = html_of(drafts_of(lab, tmp_path)[0].make())
    assert "No dataset version is recorded, and no run names a dataset." in html
    assert "labrec dataset add NAME PATH" in html


def test_many_versions_and_a_long_chain_are_all_listed(tmp_path: Path) -> None:
    lab = Tables("long")
    above = None
    for number in range(FIRST + 1100):
        called = f"d@{number - 1:04}" if number else None
        above = dataset(lab, "d", f"{number:04}", above, parent_called=called, depth=number)
    found = drafts_of(lab, tmp_path)[0].make().context["held"]
    assert found.total == FIRST + 1100
    assert [row[1].text for row in found.rows] == [f"{at:04}" for at in range(FIRST)]
    assert urls.dataset_anchor(above or "").removeprefix("dataset-") in found.payload


# --- metrics ----------------------------------------------------------------------------------


def test_every_metric_says_what_it_means_and_how_many_have_it(meaning: Page) -> None:
    assert meaning.context["summary"] == (
        "5 metrics in 1 project: 3 defined, 1 defined several times side by side and 1 as the runs "
        "say."
    )
    columns = ("Metric", "Meaning", "Unit", "Better", "Runs", "Without", "Value", "Best experiment")
    assert texts(meaning.context["metrics"], *columns) == [
        ["Val. accuracy's best", "not defined", "1", "higher is better", "2", "0", "last",
         "3_from_1_eval"],
        ["loss", "defined", "nat", "lower is better", "5", "1", "mean of the last 10 %",
         "2_from_1_deep"],
        ["bleu", "side by side", "—", "—", "0", "0", "last", ""],
        ["judge", "defined", "—", "—", "0", "0", "last", ""],
        ["perplexity", "defined", "1", "—", "0", "0", "last", ""],
    ]  # fmt: skip
    warnings = " ".join(meaning.context["warnings"])
    assert "1 metric has definitions made side by side" in warnings
    assert "1 defined metric was logged by some runs in another unit" in warnings
    csv_row = next(row for row in table(meaning, "metrics.csv") if row["metric"] == "loss")
    assert (csv_row["margin"], csv_row["n_other_unit"], csv_row["best_mean"]) == (
        "0.01", "2", "2.205",
    )  # fmt: skip


def test_all_versions_of_a_definition_stand_and_say_what_they_amend(meaning: Page) -> None:
    columns = ("Metric", "Version", "State", "Source", "Computed from", "Package")
    assert texts(meaning.context["definitions"], *columns) == [
        ["loss", "1", "amended", "logged", "", ""],
        ["loss", "2", "counts", "logged", "", ""],
        ["bleu", "1", "side by side", "logged", "", ""],
        ["bleu", "1", "side by side", "logged", "", ""],
        ["judge", "1", "counts", "a function", "judge.score:rate", "judge 1.2"],
        ["perplexity", "1", "counts", "expression", "exp(loss)", ""],
    ]
    old = urls.definition_anchor(digest("words loss 1 amended"))
    html = html_of(meaning)
    assert f'<tr id="{old}">' in html
    assert f'href="#{old}"' in html


def test_the_command_that_defines_is_quoted_and_says_what_runs_say(meaning: Page) -> None:
    (command,) = meaning.context["undefined"].commands
    assert shlex.split(command) == [
        "labrec", "metric", "define", "--project", "words", "--unit", "1", "--direction",
        "maximize", "Val. accuracy's best",
    ]  # fmt: skip


def test_missing_values_have_reasons_and_runs_and_repeats_their_sentence(meaning: Page) -> None:
    assert texts(meaning.context["unfound"], "Metric", "Why", "Runs") == [
        ["loss", "no points of it", "1"]
    ]
    html = html_of(meaning)
    assert "words: loss: 80 % lies between experiments." in html
    assert f'href="../p/words/r/{run_id(2)}/index.html"' in html


def test_runs_that_do_not_agree_are_told(tmp_path: Path) -> None:
    lab = Tables("lm")
    lab.experiment("a", [1.0], metric={"metric": "t", "unit": "s", "direction": "minimize"})
    lab.experiment("b", [2.0], metric={"metric": "t", "unit": "ms", "direction": "maximize"})
    page = drafts_of(lab, tmp_path)[1].make()
    (cells,) = page.context["metrics"].rows
    assert [cell.text for cell in cells if cell.mark == "odd"] == [
        "ms or s", "higher is better or lower is better",
    ]  # fmt: skip
    assert len(page.context["warnings"]) == 2
    (command,) = page.context["undefined"].commands
    assert command == "labrec metric define --project lm t"  # what is not agreed on is not guessed
    assert texts(page.context["metrics"], "Best experiment") == [[""]]


def test_a_lab_without_metrics_says_how_to_define_one(tmp_path: Path) -> None:
    lab = Tables("lm")
    lab.experiment("1_base", [None])
    html = html_of(drafts_of(lab, tmp_path)[1].make())
    assert "No run has reported a number yet, and no metric is defined." in html
    assert "labrec metric define loss --unit nat --direction minimize" in html


# --- both -------------------------------------------------------------------------------------


def test_an_unrelated_record_changes_neither_page(tmp_path: Path) -> None:
    before = drafts_of(goods(), tmp_path / "before")
    lab = goods()
    lab.experiment("9_planned", [None], status="planned")
    after = drafts_of(lab, tmp_path / "after")
    assert [one.inputs for one in before] == [one.inputs for one in after]
    lab.rows["datasets"][0]["n_runs"] = 6
    lab.rows["metric_definitions"][0]["margin"] = 1.0
    changed = drafts_of(lab, tmp_path / "changed")
    assert all(one.inputs != other.inputs for one, other in zip(before, changed, strict=True))


def test_record_text_stays_text(tmp_path: Path) -> None:
    for draft in drafts_of(hostile_goods(), tmp_path):
        html = html_of(draft.make())
        seen = Seen()
        seen.feed(html)
        assert not {"img", "iframe", "style", "object", "base", "meta"} & set(seen.tags)
        assert not any(name.startswith("on") or name == "style" for name in seen.attributes)
        assert seen.scripts <= {"application/json"}
        assert not any(":" in link for link in seen.links)
        assert "\u202e" not in html
        ids = re.findall(r' id="([^"]*)"', html)
        assert len(ids) == len(set(ids))
        assert all(re.fullmatch("[a-z0-9-]+", one) for one in ids)


def test_a_command_is_one_line_that_means_its_metric_alone(tmp_path: Path) -> None:
    lab = hostile_goods()
    for row in lab.rows["metric_definitions"]:
        row["metric"] = "another"
    found = drafts_of(lab, tmp_path)[1].make().context["undefined"]
    defined = [shlex.split(command)[-1] for command in found.commands]
    assert "-rf '$HOME'" in defined
    assert all("\n" not in command and "\u202e" not in command for command in found.commands)
    assert set(defined) <= {*HOSTILE, "-rf '$HOME'"}
    dashed = next(command for command in found.commands if "-rf" in command)
    assert shlex.split(dashed)[-2] == "--"
    assert found.unshown == found.count_all - len(found.commands) > 0


def test_the_search_leads_to_rows_of_the_pages(tmp_path: Path) -> None:
    lab = goods()
    site = lab.site(tmp_path)
    rows = "".join(html_of(draft.make()) for draft in drafts_of(lab, tmp_path / "again"))
    found = {one.title: one for one in entries(site, ()) if one.what in {"metric", "dataset"}}
    assert set(found) == {
        "Val. accuracy's best", "bleu", "judge", "loss", "perplexity", "corpus@2026.1",
        "corpus@2026.2", "small@1", "orphan@1", "test@1", "web", "mislaid@3",
    }  # fmt: skip
    for one in found.values():
        page, _, anchor = one.url.partition("#")
        assert page == (urls.METRICS if one.what == "metric" else urls.DATASETS)
        assert f'<tr id="{anchor}">' in rows
    assert found["loss"].note == "nat, lower is better, of 5 runs in words, defined"
    assert found["mislaid@3"].note == "not in the lab, named by 3 runs of words"
    assert found["corpus@2026.1"].digest == digest("words corpus@2026.1")
