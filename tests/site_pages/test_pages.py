"""Home, project and graph pages as values and as HTML: what they say, and that text stays text."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from tests.site.tables_of import digest, run_id
from tests.site_pages.labs import HOSTILE, Tables, hostile, study

from labrec.site import stamp
from labrec.site.experiments import Experiments
from labrec.site.findings import findings
from labrec.site.pages import graph, home, project
from labrec.site.urls import experiment_anchor

if TYPE_CHECKING:
    from pathlib import Path

    from labrec.site.collect import Site
    from labrec.site.page import Page


def pages_of(site: Site) -> dict[str, Page]:
    drafts = [*home.pages(site), *project.pages(site), *graph.pages(site)]
    return {draft.url: draft.make() for draft in drafts}


@pytest.fixture
def lab(tmp_path: Path) -> Site:
    """A small study."""
    return study().site(tmp_path)


@pytest.fixture
def pages(lab: Site) -> dict[str, Page]:
    """Its pages."""
    return pages_of(lab)


def told(site: Site, name: str = "lm", *, elsewhere: bool = True) -> list[tuple[str, str]]:
    known = Experiments.of(site.project[name])
    return [
        (one.kind, one.text.replace("\xa0", " ")) for one in findings(known, elsewhere=elsewhere)
    ]


# --- findings ---------------------------------------------------------------------------------


def test_a_finding_is_a_sentence_with_all_that_it_rests_on(lab: Site) -> None:
    assert told(lab) == [
        (
            "better",
            (
                "In lm, 3_from_2_cache lowered loss (lower is better) by 0.300 nat against "
                "2_from_1_deep, 95 % interval 0.280 to 0.320, 3 paired seeds on 1 machine, "
                "Holm-adjusted p < 0.001 over 12 comparisons. Post hoc."
            ),
        ),
        (
            "better",
            (
                "In lm, 2_from_1_deep lowered loss (lower is better) by 0.300 nat against 1_base, "
                "95 % interval 0.260 to 0.340, 3 paired seeds on 1 machine, Holm-adjusted p = 0.002 "
                "over 12 comparisons. Post hoc."
            ),
        ),
        (
            "worse",
            (
                "In lm, 4_from_2_wide raised loss (lower is better) by 0.200 nat against "
                "2_from_1_deep, 95 % interval 0.150 to 0.250, 3 runs against 3 on 1 machine, "
                "Holm-adjusted p = 0.030 over 12 comparisons. Post hoc."
            ),
        ),
    ]
    assert told(lab, elsewhere=False)[0][1].startswith("3_from_2_cache lowered loss")


def test_every_number_of_a_finding_leads_to_its_experiments(lab: Site) -> None:
    (first, *_) = findings(Experiments.of(lab.project["lm"]))
    links = [part.href for part in first.parts if part.href]
    assert links == [
        f"p/lm/index.html#{experiment_anchor(digest(f'lm {name}'))}"
        for name in ("3_from_2_cache", "2_from_1_deep")
    ]


def test_only_better_and_worse_are_findings(tmp_path: Path) -> None:
    lab = Tables()
    lab.experiment("1_base", [2.0, 2.1], interval=0.3)
    lab.experiment("2_from_1", [1.9, 2.0], "1_base", interval=0.3)
    lab.contrast("2_from_1", "1_base", -0.1, low=-0.4, high=0.2, p_holm=0.31, finding="unclear",
                 design="paired", n=2, n_parent=2)  # fmt: skip
    assert told(lab.site(tmp_path)) == [
        (
            "none",
            (
                "Nothing can be told yet about lm: 1 comparison with a parent leaves open which is "
                "better (smallest Holm-adjusted p = 0.31)."
            ),
        )
    ]


def test_what_ran_once_is_only_suggested(tmp_path: Path) -> None:
    lab = Tables()
    lab.experiment("1_base", [2.0])
    lab.experiment("2_from_1", [1.75], "1_base")
    lab.experiment("3_from_1", [2.5], "1_base")
    for name, estimate in (("2_from_1", -0.25), ("3_from_1", 0.5)):
        lab.contrast(name, "1_base", estimate, finding="unreplicated", design="unreplicated", n=1,
                     n_parent=1)  # fmt: skip
    assert told(lab.site(tmp_path)) == [
        (
            "none",
            (
                "Nothing can be told yet about lm: in 2 comparisons with a parent one side or both "
                "were run only once."
            ),
        ),
        (
            "unreplicated",
            (
                "Only suggested: 2_from_1 had the best loss of lm, 1.75 nat, 0.25 lower than 1_base "
                "(1 run against 1). Without repeats of both that cannot be told from chance, and the "
                "best of 3 tries is partly luck."
            ),
        ),
    ]


@pytest.mark.parametrize(
    ("values", "metric", "why"),
    [
        ([None], {}, "no run reported a metric"),
        ([1.0], {"metric": "loss", "direction": "minimize"},
         "no experiment with a value derives from another one that has one"),
    ],
)  # fmt: skip
def test_why_nothing_can_be_told(
    tmp_path: Path, values: list[float | None], metric: dict[str, str], why: str
) -> None:
    lab = Tables()
    lab.experiment("1_base", values, metric=metric)
    assert told(lab.site(tmp_path)) == [("none", f"Nothing can be told yet about lm: {why}.")]


def test_runs_that_are_linked_before_they_start_are_not_post_hoc(tmp_path: Path) -> None:
    lab = Tables()
    lab.experiment("1_base", [2.0, 2.0, 2.0])
    lab.experiment("2_from_1", [1.0, 1.0, 1.0], "1_base", hypotheses=["deeper"])
    lab.contrast("2_from_1", "1_base", -1.0, low=-1.2, high=-0.8, p_holm=0.001, finding="better",
                 design="paired", n=3, n_parent=3)  # fmt: skip
    ((_, text),) = told(lab.site(tmp_path))
    assert text.endswith("Linked to deeper before the runs started.")


def test_a_lab_of_nothing_says_so(tmp_path: Path) -> None:
    pages = pages_of(Tables().site(tmp_path))
    assert list(pages) == ["index.html"]
    assert "No run is recorded yet." in stamp.content(pages["index.html"])


# --- pages ------------------------------------------------------------------------------------


def test_home_shows_what_was_found_and_how_to_get_it_again(pages: dict[str, Page]) -> None:
    html = stamp.content(pages["index.html"])
    assert "17 runs of 7 experiments in 1 project" in html
    assert html.count("▲ Better") == 2
    assert html.count("▼ Worse") == 1
    for words in ("Epyc", "labrec verify", "labrec analyze", "f" * 40, "best loss: 1.900 nat"):
        assert words in html
    assert f'href="./p/lm/r/{run_id(17)}/index.html"' in html


def test_home_tells_first_where_something_was_found(tmp_path: Path) -> None:
    together = study()
    for number in range(30):
        lab = Tables(f"p{number:02}")
        lab.number = 100 + number
        lab.experiment("1_base", [1.0])
        for table, rows in lab.rows.items():
            together.rows[table].extend(rows)
    context = home.page(together.site(tmp_path)).context
    assert [one["name"] for one in context["projects"]][:3] == ["lm", "p29", "p28"]
    assert [one["name"] for one in context["others"]] == [f"p{number:02}" for number in range(7)]


def test_a_project_shows_board_contrasts_and_every_run(pages: dict[str, Page]) -> None:
    page = pages["p/lm/index.html"]
    html = stamp.content(page)
    board = {column["status"]: column for column in page.context["board"]}
    assert {status: column["count"] for status, column in board.items()} == {
        "planned": 1, "complete": 5, "failed": 1, "interrupted": 0,
    }  # fmt: skip
    assert board["failed"]["cards"][0]["note"] == "MemoryError"
    runs = page.context["runs"]
    assert runs.total == 17
    assert [column.title for column in runs.columns][:2] == ["Run", "Status"]
    against = [column.title for column in runs.columns].index("loss against parent")
    marks = {row[0].text: (row[against].text, row[against].mark) for row in runs.rows}
    assert marks["3_from_2_cache"] == ("−0.3 better", "better")
    assert marks["4_from_2_wide"] == ("+0.2 worse", "worse")
    assert marks["1_base"] == ("—", "missing")
    assert [row[0].text for row in page.context["contrasts"].rows] == [
        "3_from_2_cache", "2_from_1_deep", "4_from_2_wide", "5_from_3_dropout",
    ]  # fmt: skip
    assert f'id="{experiment_anchor(digest("lm 1_base"))}"' in html
    assert "1.900 [1.880, 1.920] n=3" in html
    assert 'data-labrec-chart="progress"' in html
    assert "The best mean so far is 1.900 nat (3_from_2_cache, 3 runs, 95\xa0% interval" in html


def test_the_files_of_a_project_hold_exact_values(pages: dict[str, Page]) -> None:
    files = pages["p/lm/index.html"].files
    tables = {"progress-1.csv", "runs.csv"}
    assert {name for name in files if name.endswith(".csv")} == tables
    rows = list(csv.DictReader(io.StringIO(files["runs.csv"].decode())))
    assert len(rows) == 17
    assert rows[0]["loss"] == "2.5"
    assert rows[-1]["loss"] == ""


def test_a_graph_shows_the_kept_chain_and_what_each_node_is(pages: dict[str, Page]) -> None:
    page = pages["p/lm/graph/index.html"]
    svg = page.context["drawing"].svg
    names = dict(re.findall(r'class="(lr-node[^"]*)" aria-label="(\w+)\.', svg))
    looks = {name: set(look.split()) for look, name in names.items()}
    assert {name for name, look in looks.items() if "lr-kept" in look} >= {"3_from_2_cache"}
    assert svg.count("lr-edge lr-kept") == 2
    assert "lr-ended-failed" in looks["6_from_3_huge"]
    assert "lr-ended-planned" in looks["7_from_3_next"]
    assert "★ ▲ 1.900 nat · 3 runs" in svg
    assert "▼ 2.400 nat · 3 runs" in svg
    assert "model.depth: 2 → 4" in svg
    assert f'href="../../../p/lm/r/{run_id(16)}/index.html"' in svg
    assert f'href="../../../p/lm/index.html#{experiment_anchor(digest("lm 1_base"))}"' in svg
    assert "The thick line is the kept chain, 3 experiments down to 3_from_2_cache" in str(
        page.context["drawing"].sentence
    )


def test_parents_that_are_not_here_and_cycles_are_shown(tmp_path: Path) -> None:
    lab = Tables()
    lab.experiment("1_a", [1.0], "2_b")
    lab.experiment("2_b", [2.0], "1_a")
    lab.experiment("3_c", [3.0])
    lab.add("edges", run_id=run_id(3), record_digest=digest("lm record 3"), kind="parent",
            experiment=digest("lm 3_c"), source="record", called="99", dangling=True)  # fmt: skip
    page = pages_of(lab.site(tmp_path))["p/lm/graph/index.html"]
    html = stamp.content(page)
    assert page.context["cycles"] == [["1_a", "2_b"]]
    assert "derive from one another" in html
    assert "lr-cycle" in html
    assert "? 99" in html
    assert "derives from 99, which is not in this lab" in html
    assert 'class="lr-edge lr-missing"' in html


def undated(lab: Tables, *, placed: bool) -> Tables:
    """Give the runs the ids of undated ones, in another order than the one they were made in."""
    for rows in lab.rows.values():
        for row in rows:
            if "run_id" in row:
                number = int(row["run_id"][9:13], 16)
                row["run_id"] = f"00000000-0000-7{0xFFF - number % 0xFFF:03x}-8000-{number:012x}"
    for at, row in enumerate(lab.rows["runs"]):
        row |= {"started": None, "origin_order": at if placed else None}
    return lab


def test_undated_runs_stand_as_they_stood_where_they_came_from(tmp_path: Path) -> None:
    lab = Tables()
    for number, value in enumerate([3.0, 2.0, 2.5, 1.0]):
        lab.experiment(f"{number}_x", [value])
    placed = undated(lab, placed=True).site(tmp_path / "a")
    names = [one.name for one in Experiments.of(placed.project["lm"]).all]
    assert names == ["0_x", "1_x", "2_x", "3_x"]
    figure = pages_of(placed)["p/lm/index.html"].context["figures"][0]
    assert "2 experiments set a new best after the first" in figure.sentence
    unknown = undated(lab, placed=False).site(tmp_path / "b")
    figure = pages_of(unknown)["p/lm/index.html"].context["figures"][0]
    assert "Some are undated: their order says nothing, so none is best so far" in figure.sentence
    assert "lr-best" not in figure.drawing


def test_very_many_missing_parents_are_said_by_their_children(tmp_path: Path) -> None:
    lab = Tables()
    for number in range(30):
        lab.experiment(f"{number}_x", [1.0])
        lab.add("edges", run_id=run_id(number + 1), record_digest=digest(f"lm record {number + 1}"),
                kind="parent", experiment=digest(f"lm {number}_x"), source="record",
                called=f"{number}^", dangling=True)  # fmt: skip
    page = pages_of(lab.site(tmp_path))["p/lm/graph/index.html"]
    svg = page.context["drawing"].svg
    assert svg.count("lr-outside") == 0
    assert svg.count("lr-orphan") == 30
    assert "from ? 7^" in svg
    assert page.context["outside_count"] == 30


def test_a_large_graph_is_collapsed_and_listed_whole(tmp_path: Path) -> None:
    lab = Tables()
    lab.experiment("1_base", [9.0])
    lab.experiment("2_kept", [1.0], "1_base")
    for number in range(3, 2400):
        lab.experiment(f"{number}_try", [2.0 + number], "1_base" if number % 2 else "2_kept")
    page = pages_of(lab.site(tmp_path))["p/lm/graph/index.html"]
    assert page.context["drawing"].svg.count("lr-family") == 2
    assert "2,397 experiments are drawn together as families" in page.context["drawing"].sentence
    assert page.context["listing"].total == 2399
    assert page.files["graph.csv"].count(b"\r\n") == 2400


def test_equal_tables_give_equal_pages(tmp_path: Path) -> None:
    one = pages_of(study().site(tmp_path / "a"))
    other = pages_of(study().site(tmp_path / "b"))
    assert {url: stamp.content(page) for url, page in one.items()} == {
        url: stamp.content(page) for url, page in other.items()
    }
    assert [page.files for page in one.values()] == [page.files for page in other.values()]


# --- record text ------------------------------------------------------------------------------


class Seen(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.scripts: set[str | None] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        given = dict(attrs)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        if tag == "script":
            self.scripts.add(given.get("type"))


def test_record_text_is_only_text_on_every_page(tmp_path: Path) -> None:
    for page in pages_of(hostile().site(tmp_path)).values():
        html = stamp.content(page)
        seen = Seen()
        seen.feed(html)
        assert not {"img", "iframe", "style", "object", "base", "meta"} & set(seen.tags)
        assert not any(
            name.startswith("on") or name in {"style", "srcdoc"} for name in seen.attributes
        )
        assert seen.scripts <= {"application/json"}
        for link in seen.links:
            assert re.fullmatch(r"(?:(?:\.\./)*|\./)[\w./-]*(?:#[\w-]+)?", link), link
        assert "49" not in re.sub(r"[0-9a-f]{8,}|[\d.,−]*\d[\d.,]*", "", html)
        assert "\u202e" not in html
        assert "\u2066" not in html


def test_every_hostile_name_can_be_read(tmp_path: Path) -> None:
    texts: list[str] = []

    class Texts(HTMLParser):
        def handle_data(self, data: str) -> None:
            texts.append(data.strip())

    page = pages_of(hostile().site(tmp_path))["p/odd/index.html"]
    Texts().feed(stamp.content(page))
    for name in HOSTILE:
        assert stamp.shown(name) in texts


# --- hypotheses -------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["index.html", "p/lm/index.html"])
def test_a_claim_stands_with_its_verdict_and_what_that_rests_on(
    pages: dict[str, Page], url: str
) -> None:
    page = pages[url]
    assert [one["slug"] for one in page.context["hypotheses"]] == ["deeper"]  # no amended one
    html = stamp.content(page)
    for text in ("deeper", "Deeper is better.", "Supported: by 0.3 nat.", ">supported<"):
        assert text in html
    assert "An older claim." not in html


def test_a_decision_and_an_earlier_verdict_are_said(tmp_path: Path) -> None:
    lab = study()
    lab.hypothesis("wider", "Wider is better.", "Refuted.", verdict="refuted", shown="go on",
                   decided="go on", decided_by="Ada", then="supported", changed=True)  # fmt: skip
    (_, one) = pages_of(lab.site(tmp_path))["index.html"].context["hypotheses"]
    assert (one["shown"], one["decided_by"], one["then"]) == ("go on", "Ada", "supported")
