"""A record more changes the pages that show it, and no other: over labs with every kind of page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.site.labs import HARDWARE, add, built, run, run_id
from tests.site_pages.claims import claims
from tests.site_pages.factorials import designs
from tests.site_pages.held import held
from tests.site_pages.labs import Tables, study
from tests.store.labs import RECORD_REF, Doc, lineage

from labrec.record import layout
from labrec.record.digest import Digest
from labrec.site.page import Draft, Kind
from labrec.site.pages import PAGES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.labs import GitLab

    from labrec.site.page import Page

# What tells of the whole lab, or of the project that has a run more.
SHARED = (
    r"index\.html", r"feed\.xml", r"(data|cite|runs|search|reports|machines|metrics|datasets)/[^/]+",
    r"data/.*", r"compare/index\.html", r"compare/p/first/.*",
    r"machines/.*",  # what a machine ran
    r"p/first/(?!r/|compare/|pair).*",
)  # fmt: skip


def _parents(name: str) -> dict[str, object]:
    return lineage(parents=[{"by": "name", "name": name}])


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _two_projects() -> list[Doc]:
    curve = [1 / (step + 1) for step in range(12)]
    docs: list[Doc] = []
    for project, first in (("first", 10), ("second", 20)):
        docs += run(first, "1_base", project=project, metrics={"loss": curve}, features={"lr": 0.1})
        docs += run(first + 1, "2_from_1", project=project, metrics={"loss": curve},
                    features={"lr": 0.2}, lineage=_parents("1"), hardware=HARDWARE,
                    artifacts={"notes.txt": b"one\n"})  # fmt: skip
        docs += run(first + 2, "3_from_2", project=project, metrics={"loss": curve},
                    features={"lr": 0.3}, lineage=_parents("2"))  # fmt: skip
    return docs


def test_a_run_more_changes_no_page_that_does_not_show_it(
    lab: GitLab, site_cache: Path, tmp_path: Path
) -> None:
    add(lab, _two_projects())
    folder = built(lab, cache=site_cache).folder
    before = _files(folder)
    more = run(13, "4_from_3", project="first", metrics={"loss": [0.4]}, features={"lr": 0.4},
               lineage=_parents("3"))  # fmt: skip
    add(lab, more)
    built(lab, tmp_path / "anew", cache=site_cache)  # what it shows, not what it was made from
    after = _files(tmp_path / "anew")
    built(lab, cache=site_cache)
    assert _files(folder) == after

    assert set(before) <= set(after)
    changed = {path for path in after if before.get(path) != after[path]}
    new, parent = (f"p/first/r/{run_id(number)}/" for number in (13, 12))
    surprising = {
        path
        for path in changed
        if not path.startswith((new, parent))
        and not any(re.fullmatch(shared, path) for shared in SHARED)
        and path in before
    }
    assert surprising == set()
    assert not any(path.startswith("p/second/") for path in changed)
    assert f"{new}index.html" in changed
    assert f"{parent}index.html" in changed  # it tells of its child
    assert "index.html" in changed
    assert sum(path.startswith("p/second/r/") for path in before) >= 6


def test_poisoned_records_change_only_what_lists_them(
    lab: GitLab, site_cache: Path, tmp_path: Path
) -> None:
    add(lab, _two_projects())
    clean = tmp_path / "clean"
    built(lab, clean, cache=site_cache)
    poison = b'{"format": "labrec.run/1", "identity": "<script>window.ran=1</script>"}'
    for project in ("first", "third"):
        for number, data in ((30, poison), (31, b"\xff\xfe not JSON"), (32, b"")):
            path = layout.run_path(project, run_id(number), Digest.of(data))
            lab.add(Doc(path, data), ref=RECORD_REF)
    poisoned = tmp_path / "poisoned"
    report = built(lab, poisoned, cache=site_cache)
    assert report.problems >= 6
    assert report.exit_code == 3
    before, after = _files(clean), _files(poisoned)
    changed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    # the view is another one, and what could not be used is listed
    assert {path.partition("/")[0] for path in changed} <= {"index.html", "data", "cite"}
    assert "data/index.html" in changed
    assert b"<script>window.ran" not in after["data/index.html"]


# --- every kind of page, by what it is made from ------------------------------------------------


def _together(*labs: Tables) -> Tables:
    together = Tables()
    for lab in labs:
        for table, rows in lab.rows.items():
            together.rows.setdefault(table, []).extend(rows)
    return together


def _plan(lab: Tables, folder: Path, view_id: str) -> dict[str, Page | Draft]:
    site = lab.site(folder, view_id=view_id)
    return {page.url: page for make in PAGES.values() for page in make(site)}


def _inputs(page: Page | Draft) -> object:
    return page.inputs if isinstance(page, Draft) else page


def _everything() -> tuple[Tables, ...]:
    meaning = held()
    meaning.project = "held"
    for rows in meaning.rows.values():
        for row in rows:
            row["project"] = "held"
    return study(), claims(), designs(), meaning


def test_no_kind_of_page_depends_on_a_record_of_another_project(tmp_path: Path) -> None:
    before = _plan(_together(*_everything()), tmp_path / "before", "e" * 40)
    other = Tables("other")
    other.experiment("1_alone", [1.0, 2.0], interval=0.5, machine_id="other-machine")
    after = _plan(_together(*_everything(), other), tmp_path / "after", "f" * 40)

    assert set(before) <= set(after)
    changed = {url for url in before if _inputs(before[url]) != _inputs(after[url])}
    own = {url for url in changed if url.startswith(("p/", "compare/p/"))}
    assert own == set()
    assert {after[url].kind for url in changed} <= {
        "home", "data", "cite", "runs", "machines", "search", "shard", "reports", "compare",
        "metrics", "datasets",
    }  # fmt: skip
    looked: set[Kind] = {page.kind for url, page in before.items() if url not in changed}
    assert looked >= {
        "run", "pair", "project", "graph", "hypothesis", "hypotheses", "design", "attribution",
        "hardware", "pareto", "drift", "reproducibility", "rigor", "machine", "shard",
    }  # fmt: skip


def test_the_view_stands_on_three_pages_alone(tmp_path: Path) -> None:
    before = _plan(_together(*_everything()), tmp_path / "before", "e" * 40)
    after = _plan(_together(*_everything()), tmp_path / "after", "f" * 40)
    changed = {url for url in before if _inputs(before[url]) != _inputs(after[url])}
    assert changed <= {"index.html", "data/index.html", "cite/index.html"}
