"""Building: whole files, only what changed, the same bytes twice, and nothing else touched."""

from __future__ import annotations

import fcntl
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.site.labs import PROJECT, add, built, commit, run, run_id, study
from tests.site.tables_of import digest, write
from tests.store.labs import Doc, lineage

from labrec.citation import Lab
from labrec.errors import BusyError, InvalidError, NotFoundError, StorageError, UsageError
from labrec.site import shell_cache
from labrec.site.build import build
from labrec.site.collect import load
from labrec.site.settings import SiteSettings
from labrec.site.sources import Sources

if TYPE_CHECKING:
    from tests.site.conftest import Site
    from tests.store.labs import GitLab

    from labrec.reader import RunReader
    from labrec.site.rows import Run
    from labrec.states import States


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _times(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.stat().st_ino)
        for path in folder.rglob("*")
        if path.is_file()
    }


def _page(number: int) -> str:
    return f"p/{PROJECT}/r/{run_id(number)}/index.html"


@pytest.fixture
def folder(lab: GitLab) -> Path:
    return lab.path / "build/labrec/site"


@pytest.fixture
def small(lab: GitLab, site_cache: Path) -> GitLab:
    """A lab of two runs, its site built."""
    add(lab, [*run(1, "1_base", metrics={"loss": 0.5}), *run(2, "other", metrics={"loss": 0.4})])
    built(lab, cache=site_cache)
    return lab


# --- what is written ---------------------------------------------------------------------------


def test_two_builds_give_the_same_bytes(lab: GitLab, tmp_path: Path, site_cache: Path) -> None:
    add(lab, study())
    one, other = tmp_path / "one", tmp_path / "other"
    built(lab, one, cache=site_cache)
    built(lab, other, cache=site_cache)
    assert _files(one) == _files(other)


def test_the_way_there_leaves_no_trace(lab: GitLab, tmp_path: Path, site_cache: Path) -> None:
    docs = study()
    add(lab, docs[:4])
    grown = tmp_path / "grown"
    built(lab, grown, cache=site_cache)
    add(lab, docs)
    built(lab, grown, cache=site_cache)
    fresh = tmp_path / "fresh"
    built(lab, fresh, cache=site_cache)
    assert _files(grown) == _files(fresh)


def test_an_unchanged_lab_writes_nothing(small: GitLab, folder: Path, site_cache: Path) -> None:
    before = _times(folder)
    report = built(small, cache=site_cache)
    assert (report.rendered, report.written, report.removed) == (0, 0, 0)
    assert _times(folder) == before


def test_one_run_more_leaves_pages_that_it_does_not_concern(
    small: GitLab, folder: Path, site_cache: Path
) -> None:
    before = _times(folder)
    add(small, run(3, "third", metrics={"loss": 0.3}))
    built(small, cache=site_cache)
    after = _times(folder)
    assert after[_page(1)] == before[_page(1)]
    assert after[_page(2)] == before[_page(2)]  # not even that of the run before it
    assert _page(3) in after


def test_a_parent_learns_of_its_child(small: GitLab, folder: Path, site_cache: Path) -> None:
    parents = [{"by": "name", "name": "1"}]
    add(small, run(3, "2_from_1", metrics={"loss": 0.3}, lineage=lineage(parents=parents)))
    built(small, cache=site_cache)
    assert "Derived from it" in (folder / _page(1)).read_text()
    assert "2_from_1" in (folder / _page(1)).read_text()
    # of a second one, too, which its page leads on to no more than to the first
    add(small, run(4, "3_from_1", metrics={"loss": 0.2}, lineage=lineage(parents=parents)))
    built(small, cache=site_cache)
    assert "3_from_1" in (folder / _page(1)).read_text()


def test_everything_is_made_anew_where_that_is_asked_for(
    small: GitLab, folder: Path, site_cache: Path
) -> None:
    before = _files(folder)
    report = built(small, cache=site_cache, fresh=True)
    assert report.rendered == report.pages
    assert _files(folder) == before


def test_a_file_that_went_missing_comes_back(small: GitLab, folder: Path, site_cache: Path) -> None:
    before = _files(folder)
    (folder / _page(1)).unlink()
    next(folder.glob("assets/labrec/site-*.css")).write_text("")
    built(small, cache=site_cache)
    assert _files(folder) == before


def test_what_is_no_longer_wanted_goes(small: GitLab, folder: Path, site_cache: Path) -> None:
    commit(small, {"site/about.md": b"# About\n"})
    built(small, cache=site_cache)
    assert (folder / "about.html").is_file()
    (folder / "stray/deep").mkdir(parents=True)
    (folder / "stray/deep/file.html").write_text("x")
    commit(small, {"site/about.md": None})
    report = built(small, cache=site_cache)
    assert not (folder / "about.html").exists()
    assert not (folder / "stray").exists()
    assert report.removed == 2


def test_a_link_in_the_folder_is_not_followed(
    small: GitLab, folder: Path, site_cache: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    before = _files(folder)
    target = folder / "assets/labrec"
    target.rename(tmp_path / "moved")
    target.symlink_to(outside)
    built(small, cache=site_cache)
    assert list(outside.iterdir()) == []
    assert _files(folder) == before


def test_a_lost_cache_costs_time_alone(
    small: GitLab, folder: Path, tmp_path: Path, site_cache: Path
) -> None:
    before = _files(folder)
    cache = tmp_path / "new-cache"
    cache.mkdir()
    (cache / "vega.js").write_bytes((site_cache / "vega.js").read_bytes())
    report = built(small, cache=cache)
    assert report.rendered == report.pages
    assert _files(folder) == before
    for path in cache.glob("shells-*.json"):
        path.write_text("{broken")
    for path in cache.glob("site-*.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"pages": 7}))
    built(small, cache=cache)
    assert _files(folder) == before


def test_the_theme_is_not_run_where_nothing_that_it_sees_changed(
    small: GitLab, site_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("the theme was run")

    monkeypatch.setattr(shell_cache.shell, "render", refuse)
    add(small, run(3, "third", metrics={"loss": 0.3}))
    built(small, cache=site_cache)


# --- what stops a build ------------------------------------------------------------------------


def test_a_folder_of_other_files_is_refused_and_left(
    lab: GitLab, tmp_path: Path, site_cache: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match="no site of labrec"):
        built(lab, other, cache=site_cache)
    assert _files(other) == {"thesis.tex": b"years of work"}


def test_an_empty_folder_is_taken(lab: GitLab, tmp_path: Path, site_cache: Path) -> None:
    (tmp_path / "empty").mkdir()
    built(lab, tmp_path / "empty", cache=site_cache)
    assert (tmp_path / "empty/data/index.html").is_file()


def test_two_builds_of_one_site_at_once_are_one_too_many(small: GitLab, site_cache: Path) -> None:
    locks = list(site_cache.glob("site-*.lock"))
    held = [path.open("ab") for path in locks]
    for file in held:
        fcntl.flock(file, fcntl.LOCK_EX)
    with pytest.raises(BusyError, match="another build writes"):
        built(small, cache=site_cache)
    for file in held:
        file.close()
    built(small, cache=site_cache)


def test_a_build_that_fails_leaves_the_site_as_it_was(
    small: GitLab, folder: Path, site_cache: Path
) -> None:
    before = _files(folder)
    commit(small, {"site/evil.md": b"# x\n\n<script>alert(1)</script>\n"})
    with pytest.raises(InvalidError, match="may not run or load anything"):
        built(small, cache=site_cache)
    assert _files(folder) == before


def test_a_first_build_that_fails_leaves_nothing(
    lab: GitLab, tmp_path: Path, site_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(lab, run(1, "1_base"))
    monkeypatch.setattr("labrec.site.stamp.content", lambda _: 1 / 0)
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(ZeroDivisionError):
        built(lab, out / "site", cache=site_cache)
    assert list(out.iterdir()) == []


def test_a_full_disk_is_told(
    small: GitLab, site_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("labrec.site.output._write", full)
    monkeypatch.setattr("labrec.site.output._holds", lambda *_: False)  # all of it is to be written
    with pytest.raises(StorageError, match="No space left") as caught:
        built(small, cache=site_cache, fresh=True)
    assert caught.value.kept


def test_a_page_that_people_wrote_takes_no_generated_ones_place(
    lab: GitLab, site_cache: Path
) -> None:
    commit(lab, {"site/p/mnist/index.md": b"# mine\n"})
    with pytest.raises(InvalidError, match="taken by generated pages"):
        built(lab, cache=site_cache)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"mkdocs.yml": b"nav: [gone.md]\n"}, "names what is not under site/: gone.md"),
        ({"site/a.md": b"<iframe src='x'></iframe>\n"}, "<iframe"),
        ({"site/a.md": b"[x](javascript:alert(1))\n"}, "a link to javascript:"),
        ({"site/a.md": b"![x](https://example.org/x.png)\n"}, 'src="https://example.org/x.png"'),
        ({"site/a.md": b"x\n{: onclick='alert(1)' }\n"}, "onclick"),
        ({"site/a.md": b"---\ntemplate: ../../../etc/passwd\n---\nx\n"}, ""),
        ({"site/a.md": b"---\ntitle: !!python/name:os.system\n---\nx\n"}, ""),
    ],
)
def test_a_hand_written_page_that_would_do_more_is_refused(
    lab: GitLab, site_cache: Path, files: dict[str, bytes], said: str
) -> None:
    commit(lab, files)
    if not said:
        built(lab, cache=site_cache)  # left out, or taken for text: nothing is run
        return
    with pytest.raises(InvalidError) as caught:
        built(lab, cache=site_cache)
    assert said in caught.value.message


# --- what cannot be used -----------------------------------------------------------------------


def _poisoned(doc: Doc, text: bytes) -> Doc:
    """A record with a name that proves its bytes, and bytes that are no record."""
    from labrec.record import layout
    from labrec.record.digest import Digest

    return Doc(layout.run_path(PROJECT, run_id(9), Digest.of(text)), text)


@pytest.mark.parametrize(
    "text", [b"{", b"[]\n", b'{"schema": "labrec.run/9.0"}\n', b"\xff\xfe", b"[" * 100_000]
)
def test_a_poisoned_record_is_listed_and_changes_no_other_page(
    small: GitLab, folder: Path, site_cache: Path, text: bytes
) -> None:
    before = _files(folder)
    bad = _poisoned(run(9, "x")[0], text)
    add(small, [bad])
    report = built(small, cache=site_cache)
    after = _files(folder)
    assert report.problems == 1
    assert report.exit_code == 3
    assert not report
    assert bad.path in after["data/index.html"].decode()
    for name in (_page(1), _page(2)):
        assert after[name] == before[name]
    assert _page(9) not in after


class NoRecords:
    """A lab of which only the tables are known."""

    def reader(self, run: Run) -> RunReader:
        raise NotFoundError(f"no record of {run.run_id}")

    def states(self, reader: RunReader, reproduced_by: int) -> States:
        raise AssertionError(reader)


def test_a_run_whose_record_cannot_be_read_has_a_page_from_the_tables(
    tmp_path: Path, site_cache: Path
) -> None:
    facts = {"project": "lm", "run_id": run_id(1), "record_digest": digest("1")}
    write(
        tmp_path / "tables",
        runs=[facts | {"name": "1_<b>base</b>"}],
        metrics=[facts | {"metric": "loss", "last": 0.25, "unit": "nat"}],
    )
    site = load(tmp_path / "tables", NoRecords(), Lab("A lab"), view_id="f" * 40)
    sources = Sources({"index.md": b"# A lab\n"})
    out = tmp_path / "site"
    build(site, SiteSettings("A lab"), sources, out, cache=site_cache)
    page = (out / "p/lm/r" / run_id(1) / "index.html").read_text()
    assert "0.25" in page
    assert "The record cannot be shown: no record of" in page
    assert "<b>" not in page
    assert not (out / "p/lm/r" / run_id(1) / "record.json").exists()


def test_a_table_of_another_version_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "runs.parquet").write_bytes(b"no parquet")
    with pytest.raises(InvalidError, match=r"runs\.parquet is not the table") as caught:
        load(tmp_path, NoRecords(), Lab("A lab"))
    assert "labrec analyze" in caught.value.hint


def test_a_fork_is_one_page_that_says_so(small: GitLab, folder: Path, site_cache: Path) -> None:
    add(small, run(1, "1_base", metrics={"loss": 0.6}))
    built(small, cache=site_cache)
    assert "2 different records (a fork)" in (folder / _page(1)).read_text()


def test_the_report_is_json(small: GitLab, site_cache: Path) -> None:
    report = built(small, cache=site_cache)
    assert json.loads(json.dumps(report.to_json()))["folder"] == os.fspath(report.folder)
    assert report
    assert report.exit_code == 0
    assert report.size == sum(len(data) for data in _files(report.folder).values())


def test_few_sets_of_shells_are_kept(lab: GitLab, site_cache: Path) -> None:
    for number in range(shell_cache.KEPT + 1):
        commit(lab, {"site/about.md": b"# About %d\n" % number})
        built(lab, cache=site_cache)
    assert len(list(site_cache.glob("shells-*.json"))) == shell_cache.KEPT


def test_a_file_that_is_right_already_is_left_untouched(
    small: GitLab, folder: Path, site_cache: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    changed = folder / "index.html"
    right = changed.read_bytes()
    changed.write_bytes(b"x" * len(right))  # of the same length
    report = built(small, cache=site_cache, fresh=True)
    assert report.written == 1
    assert changed.read_bytes() == right
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert {path for path in after if before.get(path) != after[path]} == {changed}


def test_a_page_is_whole_at_every_moment(
    small: GitLab, folder: Path, site_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _files(folder)

    def half(path: Path, data: bytes | Path) -> int:
        path.write_bytes(b"half" if isinstance(data, Path) else data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("labrec.site.output._write", half)
    monkeypatch.setattr("labrec.site.output._holds", lambda *_: False)  # all of it is to be written
    with pytest.raises(StorageError):
        built(small, cache=site_cache, fresh=True)
    now = _files(folder)
    assert {name: now[name] for name in before} == before
    monkeypatch.undo()
    built(small, cache=site_cache)
    assert _files(folder) == before  # what was left half goes


def test_a_lost_link_of_a_hand_written_page_is_told(lab: GitLab, site_cache: Path) -> None:
    text = (
        b"[here](other.md) [run](p/mnist/index.html) [out](https://example.org/x.html)\n"
        b"[gone](p/mnist/r/gone/index.html#x) [up](../outside.html)\n"
    )
    commit(lab, {"site/about.md": text, "site/other.md": b"# x\n"})
    add(lab, run(1, "1_base"))
    report = built(lab, cache=site_cache)
    assert report.notes == (
        "site/about.md links to ../outside.html, which is not there",
        "site/about.md links to p/mnist/r/gone/index.html, which is not there",
    )
    assert report.exit_code == 0


def test_pages_that_are_not_committed_are_told(lab: GitLab, site_cache: Path) -> None:
    commit(lab, {"site/about.md": b"# About\n"})
    assert built(lab, cache=site_cache).notes == ()
    (lab.path / "site/about.md").write_text("# About us\n")
    assert "--worktree shows them" in built(lab, cache=site_cache).notes[0]
    assert built(lab, cache=site_cache, worktree=True).notes == ()


def test_no_file_of_the_site_names_another_server_to_load_from(site: Site) -> None:
    from labrec.site.inspection import findings

    pages = list(site.folder.rglob("*.html"))
    assert len(pages) > 8
    for path in pages:
        found = [what for what in findings(path.read_text()) if "//" in what]
        # what a page says of its own address, which no browser asks
        told = (
            '<link href="https://example.org/depth/',
            '<meta content="https://example.org/depth/',
        )
        assert [what for what in found if not what.startswith(told)] == []
        assert all('rel="canonical"' in what for what in found if what.startswith("<link"))
    for path in site.folder.rglob("*.css"):
        loaded = re.findall(r"url\(\s*['\"]?([^'\")]*)|@import", path.read_text())
        assert all(url.startswith("data:image/") for url in loaded), path


def test_a_manual_is_published_and_says_where_the_rest_of_the_repository_is(
    lab: GitLab, site_cache: Path
) -> None:
    commit(
        lab,
        {
            "mkdocs.yml": b"extra: {labrec: {manual: docs}}",
            "docs/README.md": b"# Manual\n\n[Two](two.md) and [a program](../src/x.py#L3).",
            "docs/two.md": b"# Two\n\n[First](README.md) and [it](https://example.org/).",
        },
    )
    report = built(lab, cache=site_cache)
    first = (report.folder / "manual/index.html").read_text()
    assert 'href="../manual/two.html">Two</a>' in first
    assert '<a title="src/x.py in the repository">a program</a>' in first
    assert (
        'href="../manual/index.html">First</a>' in (report.folder / "manual/two.html").read_text()
    )
    assert report.notes == ()


def test_no_text_of_mkdocs_yml_is_markup(lab: GitLab, site_cache: Path) -> None:
    evil = "</title><script>window.ran = 1</script>' onload='window.ran=1"
    commit(
        lab,
        {
            "mkdocs.yml": (
                f'site_name: "{evil} A & B"\nsite_description: "{evil}"\nsite_author: "{evil}"\n'
                f'copyright: "{evil}"\nnav: [{{"{evil} nav": one.md}}, {{"{evil} list": [two.md]}}]\n'
            ).encode(),
            "site/one.md": b"# One",
            "site/two.md": b"# Two",
        },
    )
    report = built(lab, cache=site_cache)
    pages = list(report.folder.rglob("*.html"))
    assert len(pages) > 4
    for path in pages:
        page = path.read_text()
        assert "<script>window" not in page
        assert "' onload='" not in page
        assert "window.ran = 1&lt;/script&gt;&#x27; onload=&#x27;window.ran=1 nav" in page
        assert "A &amp; B</" in page
    scripts = [path.read_text() for path in report.folder.rglob("*.js")]
    assert not any("window.ran" in script for script in scripts)
