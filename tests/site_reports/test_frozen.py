"""Frozen versions: kept byte for byte, told about, proven again, and never changed."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.analytics.labs import note_doc
from tests.site.labs import PROJECT, add, built, commit, run, run_id
from tests.store.labs import RECORD_REF, Doc, GitLab, new_lab, object_doc

from labrec.analytics.pipeline import analyze
from labrec.collab.check import check
from labrec.errors import SecretError, UnsafeError
from labrec.record import codec, layout
from labrec.record.digest import Digest
from labrec.sdk import reports as kept
from labrec.site.publication import gather, places
from labrec.site.reports.freezing import article_of, rendered
from labrec.site.reports.library import prove
from labrec.store.lab import Lab
from labrec.store.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

REPORT = """\
# Loss

The loss is {{ experiment("1_base").metrics.loss.mean }}, in {{ project().runs }}.

{{ figure("progress") }}

{{ table("runs", columns=["name", "status"]) }}
"""
VERSION = "reports/loss/v1/index.html"


@pytest.fixture
def lab(tmp_path: Path) -> GitLab:
    """A lab of two runs and a report."""
    lab = new_lab(tmp_path / "lab")
    commit(lab, {
        "site/reports/loss.md": REPORT.encode(),
        f"records/{PROJECT}/project.yaml": b"key_metrics:\n  - name: loss\n    direction: minimize\n",
    })  # fmt: skip
    add(lab, [*run(1, "1_base", metrics={"loss": 0.5}), *run(2, "1_base", metrics={"loss": 0.4})])
    return lab


def freeze(lab: GitLab, **given: Any) -> kept.Frozen:
    with Lab.open(lab.path) as opened:
        where = places(opened, None)
        analyze(opened, where.tables)
        site = gather(opened, opened.view(), where.tables, worktree=True).site
        return kept.freeze(opened, rendered(site, article_of(site, "loss")), **given)


def article(page: str) -> str:
    found = re.search(r'<div class="lr-report">\n?(.*?)</div>\n?<h2 id="cite', page, re.DOTALL)
    assert found is not None
    return found[1]


def page(lab: GitLab, path: str = VERSION) -> str:
    return (lab.path / "build/labrec/site" / path).read_text("utf-8")


def findings(lab: GitLab) -> set[tuple[int, str]]:
    with Lab.open(lab.path) as opened:
        return {(one.code, one.kind) for one in verify(opened).findings}


def test_a_version_is_a_document_with_all_its_parts(lab: GitLab) -> None:
    done = freeze(lab, author="Ada Example")
    assert done.to_json() | {"digest": "", "path": ""} == {
        "project": PROJECT, "slug": "loss", "version": 1, "digest": "", "path": "", "known": False,
    }  # fmt: skip
    document = done.version.document
    assert document["author"] == {"name": "Ada Example", "source": "option"}
    assert [one["name"] for one in document["figures"]] == ["1-progress"]
    assert [one["name"] for one in document["tables"]] == ["2-runs"]
    assert document["record_count"] == 2
    with Lab.open(lab.path) as opened:
        view = opened.view()
        used = kept.used(view, done.version)
        assert {one.id for one in used} == {run_id(1), run_id(2)}
        assert kept.part(view, document["markdown"]) == REPORT.encode()
        assert b"<svg xmlns=" in kept.part(view, document["figures"][0]["drawing"])
        assert kept.part(view, document["figures"][0]["data"]).startswith(b"place,experiment,mean")
    assert findings(lab) == set()


def test_the_same_report_is_not_frozen_twice(lab: GitLab) -> None:
    first = freeze(lab)
    again = freeze(lab)
    assert again.known
    assert again.version == first.version
    (lab.path / "site/reports/loss.md").write_text(REPORT + "\nMore.\n")
    second = freeze(lab)
    assert (second.version.number, second.known) == (2, False)
    assert second.version.document["supersedes"] == [first.version.digest]


def test_a_frozen_version_stays_byte_for_byte_when_new_runs_come(
    lab: GitLab, site_cache: Path
) -> None:
    freeze(lab)
    built(lab, cache=site_cache)
    before = page(lab)
    written = (lab.path / "build/labrec/site" / VERSION).stat().st_mtime_ns
    live = page(lab, "reports/loss/index.html")
    assert "2 runs" in article(before)
    add(lab, run(3, "1_base", metrics={"loss": 0.9}))
    built(lab, cache=site_cache)
    assert page(lab) == before
    assert (lab.path / "build/labrec/site" / VERSION).stat().st_mtime_ns == written
    assert "3 runs" in page(lab, "reports/loss/index.html")
    assert page(lab, "reports/loss/index.html") != live


def test_a_newer_version_and_a_retraction_are_told_above_the_old_words(
    lab: GitLab, site_cache: Path
) -> None:
    freeze(lab)
    built(lab, cache=site_cache)
    before = page(lab)
    assert "lr-warned" not in before
    (lab.path / "site/reports/loss.md").write_text(REPORT + "\nMore.\n")
    freeze(lab)
    doc = run(1, "1_base", metrics={"loss": 0.5})[0]
    add(lab, [note_doc("retract", doc)])
    built(lab, cache=site_cache)
    after = page(lab)
    assert article(after) == article(before)
    assert "A newer version supersedes this one" in after
    assert 'href="../../../reports/loss/v2/index.html"' in after
    assert "run 1_base" in after
    assert "was retracted" in after
    second = page(lab, "reports/loss/v2/index.html")
    assert "A newer version" not in second
    assert "was retracted" in second
    assert "read its notice" in page(lab, "reports/index.html")


def forged(fragment: bytes, version: str = "1", **changes: Any) -> list[Doc]:
    """Return a version that somebody committed by hand."""
    parts = [object_doc(fragment), object_doc(b"# Loss\n"),
             object_doc(b"kind,project,id,digest,standing\n")]  # fmt: skip
    refs = [{"sha256": Digest.of(one.data).hex, "size": len(one.data)} for one in parts]
    document = {
        "schema": "labrec.report/1.0", "project": PROJECT, "slug": "loss", "version": version,
        "title": "Loss", "time": "2026-01-01T00:00:00Z", "tool": "labrec 0", "view": "0" * 40,
        "article": refs[0], "markdown": refs[1], "records": refs[2], "record_count": 0,
    } | changes  # fmt: skip
    data = codec.encode(document)
    return [Doc(layout.report_path(PROJECT, "loss", version, Digest.of(data)), data), *parts]


@pytest.mark.parametrize(
    "fragment",
    [
        b"<script>window.ran=1</script>", b"<img src=x onerror=window.ran=1>",
        b'<p><a href="javascript:window.ran=1">x</a></p>', b"<svg onload=window.ran=1></svg>",
        b'<iframe src="https://example.org"></iframe>', b"<p>not closed", b"\xff\xfe",
        b'<p style="x">y</p>',
    ],
)  # fmt: skip
def test_a_hostile_fragment_is_listed_and_never_served(
    fragment: bytes, lab: GitLab, site_cache: Path
) -> None:
    built(lab, cache=site_cache)
    clean = {
        path: path.read_bytes()
        for path in (lab.path / "build/labrec/site/p").rglob("*.html")
    }  # fmt: skip
    add(lab, forged(fragment))
    report = built(lab, cache=site_cache)
    assert (report.exit_code, report.problems) == (3, 1)
    assert not (lab.path / "build/labrec/site" / VERSION).exists()
    assert "1." in page(lab, "reports/index.html")
    assert "Not shown" in page(lab, "reports/index.html")
    assert f"records/{PROJECT}/reports/loss/" in page(lab, "data/index.html")
    assert all(path.read_bytes() == data for path, data in clean.items())
    assert (17, "unsafe") in findings(lab)


def test_a_hostile_drawing_is_refused_as_a_hostile_fragment_is(
    lab: GitLab, site_cache: Path
) -> None:
    svg = object_doc(b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>')
    data = object_doc(b"a\n")
    figure = {"name": "f", "title": "f", "sentence": "s",
              "drawing": {"sha256": Digest.of(svg.data).hex, "size": len(svg.data)},
              "data": {"sha256": Digest.of(data.data).hex, "size": len(data.data)}}  # fmt: skip
    add(lab, [*forged(b"<p>fine</p>", figures=[figure]), svg, data])
    assert built(lab, cache=site_cache).problems == 1
    assert (17, "unsafe") in findings(lab)


@pytest.mark.parametrize(
    ("cells", "problems"),
    [
        (b"a,b\n1,=HYPERLINK(1)\n", 1), (b"@SUM(1)\n", 1), (b"\xef\xbb\xbf=1+1\n", 1), (b"a\n-1+cmd|x\n", 1),
        (b"\xff\n", 1), (b"a,b\n-0.5,-Infinity\n'=1,\"x,=y\"\n", 0),
    ],
)  # fmt: skip
def test_data_that_a_spreadsheet_would_run_are_not_served(
    cells: bytes, problems: int, lab: GitLab, site_cache: Path
) -> None:
    data = object_doc(cells)
    table = {"name": "t", "title": "t",
             "data": {"sha256": Digest.of(data.data).hex, "size": len(data.data)}}  # fmt: skip
    add(lab, [*forged(b"<p>fine</p>", tables=[table]), data])
    assert built(lab, cache=site_cache).problems == problems
    assert (lab.path / "build/labrec/site" / VERSION).exists() is (problems == 0)
    expected = {(12, "invalid")} if cells == b"\xff\n" else {(17, "unsafe")}
    assert findings(lab) == (expected if problems else set())


def test_a_list_of_records_that_a_spreadsheet_would_run_is_found_too(
    lab: GitLab, site_cache: Path
) -> None:
    listed = object_doc(b"kind,project,id,digest,standing\nrun,=1+1,x,y,counts\n")
    ref = {"sha256": Digest.of(listed.data).hex, "size": len(listed.data)}
    add(lab, [*forged(b"<p>fine</p>", records=ref), listed])
    assert built(lab, cache=site_cache).problems == 1
    assert (17, "unsafe") in findings(lab)


def test_a_fragment_that_parsers_take_for_ever_to_read_is_refused_at_once() -> None:
    began = time.process_time()
    with pytest.raises(UnsafeError):
        prove('<img src="data:image/png;base64,' * 100_000)
    assert time.process_time() - began < 20


def test_an_honest_fragment_by_hand_is_served_as_it_is(lab: GitLab, site_cache: Path) -> None:
    add(lab, forged(b"<p>By <em>hand</em>.</p>"))
    assert built(lab, cache=site_cache).problems == 0
    assert article(page(lab)).strip() == "<p>By <em>hand</em>.</p>"
    assert findings(lab) == set()


def test_two_documents_of_one_version_are_both_shown_and_told(
    lab: GitLab, site_cache: Path
) -> None:
    add(lab, [*forged(b"<p>one</p>"), *forged(b"<p>two</p>", title="Other")])
    built(lab, cache=site_cache)
    shown = page(lab)
    assert "<p>one</p>" in shown
    assert "<p>two</p>" in shown
    assert "2 documents are version 1 of this report" in shown
    assert (16, "fork") in findings(lab)
    assert freeze(lab).version.number == 2


@pytest.mark.parametrize("what", ["gone", "changed"])
def test_verify_finds_a_part_that_is_gone_or_changed(what: str, lab: GitLab) -> None:
    fragment = b"<p>fine</p>"
    document, part, *others = forged(fragment)
    add(lab, [document, *others, *([Doc(part.path, b"<p>other</p>")] if what == "changed" else [])])
    expected = {(14, "missing")} if what == "gone" else {(14, "digest"), (14, "missing")}
    assert findings(lab) == expected


def test_verify_reads_the_list_of_records(lab: GitLab) -> None:
    row = f"run,{PROJECT},{run_id(9)},sha256:{'0' * 64},counts\n"
    listed = object_doc(b"kind,project,id,digest,standing\n" + row.encode())
    ref = {"sha256": Digest.of(listed.data).hex, "size": len(listed.data)}
    add(lab, [*forged(b"<p>x</p>", records=ref, record_count=1), listed])
    assert findings(lab) == {(3, "reference")}
    broken = object_doc(b"kind,project\n")
    ref = {"sha256": Digest.of(broken.data).hex, "size": len(broken.data)}
    add(lab, [*forged(b"<p>x</p>", "2", records=ref, supersedes=[f"sha256:{'0' * 64}"]), broken])
    assert {(12, "invalid"), (3, "reference")} <= findings(lab)


def test_a_pull_request_may_add_a_version_and_never_change_one(lab: GitLab) -> None:
    first = forged(b"<p>one</p>")
    lab.commit("refs/heads/main", {doc.path: doc.data for doc in first})
    lab.git("reset", "-q", "--hard")
    fork = "refs/pull/7/merge"

    def proposed(files: dict[str, Any]) -> set[tuple[int, str]]:
        lab.commit(fork, files, start="refs/heads/main")
        return {(one.code, one.kind) for one in check(lab.open(), fork).findings}  # type: ignore[arg-type]

    digest = str(Digest.of(first[0].data))
    second = forged(b"<p>two</p>", "2", supersedes=[digest])
    assert proposed({doc.path: doc.data for doc in second}) == set()
    assert (16, "left") in proposed({first[0].path: None})
    assert (16, "left") in proposed({first[1].path: None})
    assert (16, "left") in proposed({first[0].path: first[0].data + b"\n"})
    assert (17, "unsafe") in proposed(
        {doc.path: doc.data for doc in forged(b"<script>", "2", supersedes=[digest])}
    )
    assert (16, "fork") in proposed(
        {doc.path: doc.data for doc in forged(b"<p>1</p>", title="Other")}
    )


def test_a_report_with_a_secret_is_not_frozen(lab: GitLab) -> None:
    from tests.capture_secrets.secret_samples import secrets

    _, around, secret = secrets()[0]
    text = around.format(secret)
    (lab.path / "site/reports/loss.md").write_text(f"# Loss\n\n    {text}\n")
    with pytest.raises(SecretError) as caught:
        freeze(lab)
    assert secret not in str(caught.value)
    assert caught.value.kept == "nothing was frozen"


def test_what_is_no_fragment_is_never_frozen(lab: GitLab) -> None:
    with Lab.open(lab.path) as opened, pytest.raises(UnsafeError):
        kept.freeze(
            opened, kept.Rendered(PROJECT, "loss", "Loss", b"x", b"<script>", (), (), "0" * 40)
        )


def test_a_report_whose_text_is_gone_keeps_its_versions(lab: GitLab, site_cache: Path) -> None:
    freeze(lab)
    lab.git("rm", "-q", "site/reports/loss.md")
    lab.git("commit", "-qm", "Take the report out")
    built(lab, cache=site_cache)
    assert "No longer written" in page(lab, "reports/loss/index.html")
    assert "2 runs" in article(page(lab))


def test_a_note_on_a_version_is_told(lab: GitLab, site_cache: Path) -> None:
    done = freeze(lab).version
    with Lab.open(lab.path) as opened:
        document = opened.view().read(done.path)
    add(lab, [note_doc("retract", Doc(done.path, document))])
    built(lab, cache=site_cache)
    assert "retracted it: it was wrong" in page(lab)


def test_record_ref_is_the_only_thing_that_freezing_moves(
    lab: GitLab, request: pytest.FixtureRequest
) -> None:
    del request
    before = lab.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    freeze(lab)
    after = lab.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    moved = {line.split()[0] for line in set(before) ^ set(after)}
    assert all(name.startswith("refs/labrec/") for name in moved)
    assert lab.git("status", "--porcelain", "--untracked-files=no") == ""
    assert RECORD_REF.startswith("refs/labrec/")


def test_curves_of_a_run_are_kept(lab: GitLab) -> None:
    text = f'# Loss\n\n{{{{ figure("curves", run="{run_id(3)}", metric="loss") }}}}\n'
    add(lab, run(3, "3_long", metrics={"loss": [0.9, 0.5, float("nan"), 0.4]}))
    (lab.path / "site/reports/loss.md").write_text(text)
    assert [one["name"] for one in freeze(lab).version.document["figures"]] == ["1-curves"]
    assert findings(lab) == set()
