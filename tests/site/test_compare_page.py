"""Runs beside one another: the data of the page, and the page in a browser from the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.site.labs import PROJECT, add, built, png, run, run_id
from tests.site.test_run_sections import HOSTILE, PARENT, code
from tests.store.labs import new_lab

from labrec.errors import InvalidError, UnsafeError
from labrec.site import urls
from labrec.site.pages import compare
from labrec.site.shards import shard, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.site.conftest import Seen
    from tests.store.labs import GitLab


def compared(lab: GitLab) -> None:
    """Add three runs that differ in everything."""
    one = code({"a.py": b"one\nsame\n", "same.py": b"x\n", "b.bin": b"\0a", "gone.py": b"g\n"})
    two = code({"a.py": f"{HOSTILE}\nsame\n".encode(), "same.py": b"x\n", "b.bin": b"\0b",
                "new.py": b"n\n"})  # fmt: skip
    nan = float("nan")
    add(lab, [*one[1], *two[1]])
    add(lab, run(1, "1_base", code=one[0], features={"lr": 0.1, "__proto__": {"x": 1}, "same": 2},
                 metrics={"loss": 0.5, "acc": nan, "only": 1.0},
                 artifacts={"plot.png": (png(), "figure"), "a.txt": b"old\n"}))  # fmt: skip
    add(lab, run(2, "2_from_1", code=two[0], lineage=PARENT, metrics={"loss": 0.4, "acc": 0.9},
                 features={"lr": 0.2, "same": 2, HOSTILE: HOSTILE},
                 artifacts={"plot.png": (png(8), "figure"), "a.txt": b"new\n"}))  # fmt: skip
    add(lab, run(3, f"3_{HOSTILE}"[:60], lineage=PARENT, metrics={"loss": 0.6}))


@pytest.fixture(scope="session")
def beside(tmp_path_factory: pytest.TempPathFactory, site_cache: Path) -> Path:
    """A site with three runs that differ in everything."""
    lab = new_lab(tmp_path_factory.mktemp("compare") / "lab")
    compared(lab)
    built(lab, cache=site_cache)
    return lab.path / "build/labrec/site"


def at(folder: Path, *numbers: int) -> str:
    """Return the address of a comparison."""
    ids = ",".join(run_id(number) for number in numbers)
    return f"{(folder / 'compare/index.html').as_uri()}#{PROJECT}/{ids}"


# --- the data ---------------------------------------------------------------------------------


def test_a_shard_comes_back_and_is_nothing_but_text() -> None:
    value = [{"name": "</script>\u2028`${x}`\\", "last": None}, 1.5]
    data = shard("p/runs-0a", value)
    assert unpacked(data) == ("p/runs-0a", value)
    assert shard("p/runs-0a", value) == data
    assert b"<" not in data
    assert unpacked(shard("a", [float("nan")])) == ("a", [None])
    with pytest.raises(ValueError, match="no name of a shard"):
        shard('a"', value)
    with pytest.raises(ValueError, match="no shard"):
        unpacked(b"alert(1)")


def test_shards_lie_where_ids_say() -> None:
    assert urls.shard("a", "runs-0f") == "compare/p/a/runs-0f.js"
    with pytest.raises(UnsafeError):
        urls.shard("a", "../x")
    with pytest.raises(InvalidError):
        urls.shard("..", "x")


def test_only_files_that_differ_between_states_are_published(beside: Path) -> None:
    folder = beside / f"compare/p/{PROJECT}"
    _, states = unpacked((folder / "code.js").read_bytes())
    files = {file[0]: file for file in states["files"]}
    assert {path for path, file in files.items() if file[4]} == {"a.py", "gone.py", "new.py"}
    texts = sorted(path.name for path in folder.glob("t-*.js"))
    assert len(texts) == 4
    assert len(states["states"]) == 2


def test_one_run_more_leaves_the_data_of_the_others(lab: GitLab, site_cache: Path) -> None:
    compared(lab)
    built(lab, cache=site_cache)
    folder = lab.path / f"build/labrec/site/compare/p/{PROJECT}"
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    add(lab, run(9, "9_other"))
    built(lab, cache=site_cache)
    after = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    changed = {name for name in after if before.get(name) != after[name]}
    assert changed == {"list.js", f"runs-{run_id(9)[-2:]}.js"}
    assert built(lab, cache=site_cache).written == 0


def test_what_cannot_be_read_is_said_to_be(
    lab: GitLab, site_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise TypeError

    monkeypatch.setattr(compare.record, "environment", broken)
    add(lab, run(1, "1_base", metrics={"loss": 1.0}))
    built(lab, cache=site_cache)
    shards = (lab.path / f"build/labrec/site/compare/p/{PROJECT}").glob("runs-*.js")
    (told,) = unpacked(next(shards).read_bytes())[1]
    assert told["problem"] == "its record does not follow its schema"
    assert told["metrics"] == [["loss", "1", 1.0, "", "minimize"]]


# --- the browser ------------------------------------------------------------------------------


def test_two_runs_beside_one_another_from_the_disk(beside: Path, look: Callable[..., Seen]) -> None:
    seen = look(at(beside, 1, 2))
    page = seen.page
    page.wait_for_selector("#lr-compare section")
    rows = page.locator("#lr-compare section:has(h2:text-is('Metrics')) tr").all_inner_texts()
    assert rows[1:] == [
        "acc\t! NaN\t0.9".replace("! ", ""), "loss\t0.5\t0.4\n-0.1 better".replace("-", "−"),
        "only\t1\t—",
    ]  # fmt: skip
    features = page.locator("#lr-compare section:has(h2:text-is('Features'))")
    assert features.locator("tbody tr").first.inner_text().startswith("__proto__.x")
    assert features.locator("summary").inner_text() == "1 is the same"
    code_part = page.locator("#lr-compare section:has(h2:text-is('Code'))")
    for fold in code_part.locator("summary:text-is('lines')").all():
        fold.click()
    page.wait_for_selector("#lr-compare ins")
    shown = code_part.inner_text()
    assert "-one" in shown
    assert f"+{HOSTILE}" in shown
    assert "b.bin" in shown
    page.wait_for_selector("#lr-compare section p:has-text('Its lines are not here')")
    files = page.locator("#lr-compare section:has(h2:text-is('Files'))")
    assert files.locator("img").count() == 2
    assert files.locator("img").first.evaluate("image => image.naturalWidth") == 4
    assert "-old\n+new" in files.inner_text()
    assert page.evaluate("window.ran") is None
    assert seen.said == []
    assert all(url.startswith((beside.as_uri(), "data:")) for url in seen.asked)


def test_runs_are_found_added_reordered_and_removed(
    beside: Path, look: Callable[..., Seen]
) -> None:
    seen = look((beside / "compare/index.html").as_uri())
    page = seen.page
    page.wait_for_selector(".lr-found button")
    assert page.locator(".lr-found li").count() == 3
    page.get_by_label("Name, id or state of a run").fill("2_from")
    page.wait_for_function("document.querySelectorAll('.lr-found li').length === 1")
    page.locator(".lr-found button").click()
    page.get_by_label("Name, id or state of a run").fill("1_base")
    page.wait_for_selector(".lr-found button:has-text('1_base')")
    page.locator(".lr-found button").click()
    page.wait_for_selector("#lr-compare section")
    assert page.evaluate("location.hash").count(PROJECT) == 2
    page.get_by_role("button", name="set all against 1_base").click()
    page.wait_for_function("document.querySelector('.lr-chosen a').textContent === '1_base'")
    page.get_by_role("button", name="remove 1_base").click()
    page.wait_for_selector("text=Add another run")
    page.goto(at(beside, 1, 9))
    page.wait_for_selector(f"text=Not in this site: {PROJECT}/{run_id(9)}")
    assert [said for said in seen.said if "net::ERR_FILE_NOT_FOUND" not in said] == []


@pytest.mark.parametrize("bad", [
    "#../../etc/x", "#javascript:alert(1)", "#a/b", f"#{PROJECT}/<b>", "#__proto__/constructor",
])  # fmt: skip
def test_an_address_that_is_none_does_nothing(
    beside: Path, look: Callable[..., Seen], bad: str
) -> None:
    seen = look((beside / "compare/index.html").as_uri() + bad)
    seen.page.wait_for_selector(".lr-found button")
    assert seen.page.locator(".lr-result").inner_text() == ""
    assert seen.said == []


def test_it_fits_a_phone_and_says_what_to_do_without_scripts(
    beside: Path, look: Callable[..., Seen]
) -> None:
    seen = look(at(beside, 1, 2, 3), viewport={"width": 390, "height": 844}, color_scheme="dark")
    seen.page.wait_for_selector("#lr-compare section")
    assert seen.page.evaluate("document.documentElement.scrollWidth") == 390
    still = look(at(beside, 1, 2), java_script_enabled=False)
    assert "labrec diff RUN RUN --code" in still.page.locator("noscript").inner_text()
