"""What the page of a run says, and what it keeps to itself."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest
from tests.analytics.labs import note_doc
from tests.site.labs import PROJECT, add, artifact, built, run, run_id
from tests.store.labs import lineage, object_doc

from labrec.record.digest import Digest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.site.conftest import Site
    from tests.store.labs import Doc, GitLab


def _article(folder: Path, number: int) -> str:
    """Return the text of the page of a run, tags taken out."""
    html = (folder / f"p/{PROJECT}/r/{run_id(number)}/index.html").read_text()
    body = html[html.index("<article") : html.index("</article>")]
    body = re.sub(r"<script.*?</script>", "", body, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", body)))


def test_the_first_screen_answers(site: Site) -> None:
    text = _article(site.folder, 3)
    head = text[: text.index("Metrics")]
    assert "complete" in head
    assert "after 1 min 00 s" in head
    assert "2026-01-02 03:04:05 UTC" in head
    assert "Is wider better?" in head
    assert "It is." in head
    assert "lower is better 0.03 nat" in head
    assert "1_base (the mean of 2 runs)" in head
    assert "−0.005 better" in head


def test_states_are_kept_apart(site: Site) -> None:
    text = _article(site.folder, 3)
    assert "well-formed: it follows its schema" in text
    assert "intact: its bytes are those that its name proves" in text
    assert "not attested: nobody signed it" in text
    assert "reproduced by 0: no run says that it repeats this one" in text


def test_features_stand_beside_the_parents(site: Site) -> None:
    text = _article(site.folder, 3)
    assert "Feature Value Parent's lr 0.1 same model.depth 4 2" in text


def test_a_run_leads_to_its_machine(site: Site) -> None:
    page = site.folder / f"p/{PROJECT}/r/{run_id(3)}/index.html"
    (address,) = re.findall(r'href="([^"]*)">This machine</a>', page.read_text())
    assert (page.parent / address).is_file()


def test_lineage_leads_up_and_down(site: Site) -> None:
    assert "Derives from 1_base experiment of 2 runs" in _article(site.folder, 3)
    assert "Replicates 1_base" in _article(site.folder, 1)
    assert "Derived from it 2_from_1_wide" in _article(site.folder, 1)
    assert "Derived from it 3_from_2_fails failed" in _article(site.folder, 3)
    assert "Derives from 9 not in this lab" in _article(site.folder, 6)


def test_a_failure_says_why(site: Site) -> None:
    text = _article(site.folder, 4)
    assert "failed" in text
    assert "exit code 3" in text
    assert "It reported no metric." in text


def test_nan_and_infinity_are_visible(site: Site) -> None:
    text = _article(site.folder, 5)
    assert "loss lower is better NaN" in text
    assert "∞" in text


def test_what_could_not_be_read_is_said_with_its_reason(site: Site) -> None:
    text = _article(site.folder, 3)
    assert "Unavailable (no driver): gpus" in text
    assert "Unavailable (not provided by this system): governor" in text
    assert "Unavailable (not provided by this system): battery.power" in text
    assert "cpu.busy 50 % 99 % 100 % /proc/stat" in text


def test_files_are_shown_as_far_as_they_are_harmless(site: Site) -> None:
    folder = site.folder / f"p/{PROJECT}/r/{run_id(3)}"
    text = _article(site.folder, 3)
    assert "two lines" in text  # notes.txt
    assert "line 98" in text
    assert "line 68" not in text  # only the end of the log
    assert "page.html markup is not shown" in text
    assert "drawing.svg markup is not shown" in text
    assert "window.ran" not in text
    beside = sorted(path.name for path in folder.iterdir() if path.is_file())
    assert [name for name in beside if name.endswith(".png")] != []
    assert {path.rpartition(".")[2] for path in beside} == {"html", "json", "png"}


def test_the_record_lies_beside_the_page_as_stored(site: Site) -> None:
    folder = site.folder / f"p/{PROJECT}/r/{run_id(3)}"
    data = (folder / "record.json").read_bytes()
    citation = f"{PROJECT}/{run_id(3)}@{Digest.of(data)}"
    assert citation in _article(site.folder, 3)
    head = (folder / "index.html").read_text().partition("<body")[0]
    assert f'<meta name="labrec.record" content="{Digest.of(data)}">' in head


def test_commands_name_the_run(site: Site) -> None:
    text = _article(site.folder, 3)
    for command in ("show", "get"):
        assert f"labrec {command} {run_id(3)}" in text
    assert f"labrec diff {run_id(1)} {run_id(3)}" in text
    assert "labrec verify" in text


def test_a_missing_object_is_said(lab: GitLab, site_cache: Path) -> None:
    docs = run(1, "1_base", artifacts={"model.bin": b"weights"})
    add(lab, [doc for doc in docs if not doc.path.startswith("records/objects")])
    built(lab, cache=site_cache)
    text = _article(lab.path / "build/labrec/site", 1)
    assert "not intact: missing model.bin" in text


def test_an_artifact_that_the_lab_does_not_hold_is_a_digest(lab: GitLab, site_cache: Path) -> None:
    item = artifact("large.txt", b"x" * 99, where="digest-only")
    docs = run(1, "1_base")
    docs[0] = _with_artifact(item)
    add(lab, docs)
    built(lab, cache=site_cache)
    assert "the lab holds only its digest" in _article(lab.path / "build/labrec/site", 1)


def _with_artifact(item: dict[str, object]) -> Doc:
    from tests.store.labs import run_doc

    return run_doc(PROJECT, "1_base", run_id(1), artifacts={"minor": 0, "items": [item]})


def test_a_damaged_object_is_not_shown(lab: GitLab, site_cache: Path) -> None:
    docs = run(1, "1_base", artifacts={"notes.txt": b"the real text"})
    real = object_doc(b"the real text")
    forged = [doc._replace(data=b"another text!") if doc.path == real.path else doc for doc in docs]
    add(lab, forged)
    built(lab, cache=site_cache)
    text = _article(lab.path / "build/labrec/site", 1)
    assert "another text" not in text


def test_a_run_that_is_repeated_says_by_how_many(lab: GitLab, site_cache: Path) -> None:
    add(lab, run(1, "1_base", metrics={"loss": 0.5}))
    for number in (2, 3):
        again = lineage(reproduces=run_id(1))
        add(lab, run(number, f"again {number}", metrics={"loss": 0.5}, lineage=again))
    built(lab, cache=site_cache)
    folder = lab.path / "build/labrec/site"
    assert "reproduced by 2" in _article(folder, 1)
    assert "Repeated by again 2 again 3" in _article(folder, 1)
    assert "Repeats 1_base" in _article(folder, 2)


@pytest.mark.parametrize(
    ("direction", "said"), [("minimize", "−0.1 better"), ("maximize", "−0.1 worse")]
)
def test_better_is_by_the_metrics_direction(
    lab: GitLab, site_cache: Path, direction: str, said: str
) -> None:
    parents = lineage(parents=[{"by": "name", "name": "1"}])
    add(lab, run(1, "1_base", metrics={"loss": 0.5}, direction=direction))
    add(lab, run(2, "2_from_1", metrics={"loss": 0.4}, direction=direction, lineage=parents))
    built(lab, cache=site_cache)
    assert said in _article(lab.path / "build/labrec/site", 2)


def test_no_direction_is_no_verdict(lab: GitLab, site_cache: Path) -> None:
    parents = lineage(parents=[{"by": "name", "name": "1"}])
    add(lab, run(1, "1_base", metrics={"size": 5.0}, direction=None))
    add(lab, run(2, "2_from_1", metrics={"size": 4.0}, direction=None, lineage=parents))
    built(lab, cache=site_cache)
    text = _article(lab.path / "build/labrec/site", 2)
    assert "−1" in text
    assert "better" not in text
    assert "worse" not in text


def test_what_was_said_later_stands_with_its_reasons(lab: GitLab, site_cache: Path) -> None:
    record, *objects = run(1, "1_base", metrics={"loss": [1.0]})
    other, *rest = run(2, "2_other", metrics={"loss": [1.0]})
    comment = note_doc("comment", record, text="looks <b>odd</b>\x1b[31m")
    retraction = note_doc("retract", other)
    add(lab, [
        record, *objects, other, *rest, comment, retraction,
        note_doc("object", comment, text="it does not"),
        note_doc("rename", record, name="one"),
        note_doc("rename", record, name="another"),
    ])  # fmt: skip
    built(lab, cache=site_cache)
    folder = lab.path / "build/labrec/site"
    text = _article(folder, 1)
    assert "Its notes disagree (rename). There it counts as it was recorded" in text
    said = text[text.index("Notes What") if "Notes What" in text else text.index(" Notes ") :]
    assert said.index("rename conflict") < said.index("comment looks <b>odd</b>")
    assert "objection it does not because: it was wrong A, 2026-01-02" in said
    html = (folder / f"p/{PROJECT}/r/{run_id(1)}/index.html").read_text()
    assert "<b>odd" not in html
    assert "\x1b" not in html
    assert 'class="lr-depth-1"' in html
    gone = _article(folder, 2)
    assert "This run does not count: it is retracted." in gone
    assert gone.index("A: it was wrong") < gone.index("What it was for")
    # what is said about a note changes the page of its run
    add(lab, [note_doc("retract", retraction), note_doc("rename", other, name="second")])
    built(lab, cache=site_cache)
    back = _article(folder, 2)
    assert "does not count" not in back
    assert "recorded as 2_other" in back
    assert "retracted not heard" in back
    assert "retracted because: it was wrong" in back


def test_files_lead_to_who_made_them_and_back(
    lab: GitLab, tmp_path: Path, site_cache: Path
) -> None:
    weights = {"w.bin": b"weights", "v.bin": b"more"}
    given = {name: (data, "input") for name, data in weights.items()}
    docs = run(1, "1_base", metrics={"loss": 2.0}, artifacts=weights)
    add(lab, docs + run(2, "2_tuned", metrics={"loss": 1.0}, artifacts=given))
    built(lab, tmp_path / "site", cache=site_cache)
    tuned = _article(tmp_path / "site", 2)
    assert tuned.count("Was given files of 1_base") == 1
    assert "Derives from" not in tuned
    assert "Its files were given to 2_tuned" in _article(tmp_path / "site", 1)
