"""``labrec why``: from a verdict to record digests, and why a run counts or does not."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.analytics.labs import measured, note_doc
from tests.store.labs import lineage

from labrec.record.digest import Digest

if TYPE_CHECKING:
    from pathlib import Path


def git(folder, *argv):
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *who, *argv], cwd=folder, check=True, capture_output=True)


def write(lab_dir: Path, docs) -> None:
    """Add documents to the base commit."""
    for doc in docs:
        path = lab_dir / doc.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(doc.data)
    git(lab_dir, "add", "records")
    git(lab_dir, "commit", "-q", "-m", "Records")


def run(name, value, seed, registration=None, linked="start", **identity):
    """A run of the project lm with a loss."""
    links = [{"slug": "wider", "registration": registration, "linked": linked}]
    parent = {"by": "option", "name": "base", "run_id": None, "config_digest": None}
    section = lineage(
        parents=[parent] if name != "base" else [], hypotheses=links if registration else []
    )
    return measured(
        name, {"loss": value}, project="lm", identity={"project": "lm", **identity},
        lineage=section, determinism={"minor": 0, "flags": {}, "seeds": {"seed": str(seed)}},
    )  # fmt: skip


@pytest.fixture
def claim(lab_dir, call) -> str:
    """A registered claim that loss is lower; its digest."""
    path = call("hypothesis", "new", "wider", "--project", "lm", "--json").json["path"]
    text = (lab_dir / path).read_text()
    text = text.replace('claim: ""', 'claim: "Wider \\e[31m is better."')
    text = text.replace('name: ""', "name: loss").replace("planned_n: 3", "planned_n: 2")
    (lab_dir / path).write_text(text)
    git(lab_dir, "add", ".")
    git(lab_dir, "commit", "-q", "-m", "Draft")
    return call("hypothesis", "register", "wider", "--author", "Ada", "--json").json["digest"]


@pytest.fixture
def judged(lab_dir, claim):
    """A lab whose claim has a verdict; the documents of its treatments."""
    base = [doc for seed, value in enumerate((5.0, 5.1)) for doc in run("base", value, seed)]
    new = [run("new", value, seed, claim) for seed, value in enumerate((1.0, 1.1))]
    other = run("other", 3.0, 9)
    late = run("new", 0.9, 7, claim, "later")
    write(lab_dir, [*base, *(doc for docs in new for doc in docs), *other, *late])
    return [docs[0] for docs in new]


def test_the_chain_from_a_verdict_to_record_digests(judged, call, claim):
    answer = call("why", "wider", "--json")
    assert answer.code == 0
    chain = answer.json
    assert chain["hypothesis"]["verdict"] == "supported"
    assert chain["hypothesis"]["registration"] == claim
    assert [unit["kind"] for unit in chain["experiments"]] == ["confirmatory", "exploratory"]
    placed = [row for row in chain["runs"] if row["part"] == "treatment" and row["place"]]
    assert [row["record_digest"] for row in placed] == [str(Digest.of(doc.data)) for doc in judged]
    shown = call("why", "wider")
    for row in placed:
        assert row["record_digest"] in shown.out
    assert "Supported" in shown.out
    assert "\x1b" not in shown.out


def test_why_a_run_counts_or_does_not(judged, call):
    told = {}
    for row in call("log", "--json").json:
        (one,) = call("why", row["run_id"], "--json").json["hypotheses"]
        part = one["run"] and (one["run"]["part"], one["run"]["kind"])
        told.setdefault((row["name"], part), []).append(one["why"])
    assert told["new", ("treatment", "confirmatory")] == ["Linked when it started."] * 2
    assert "exploratory" in told["new", ("treatment", "exploratory")][0]
    assert (
        told["base", ("baseline", "confirmatory")] == ["Begun after the claim was registered."] * 2
    )
    assert "not linked" in told["other", None][0]
    text = call("why", "other").out
    assert "wider  supported  (no part)" in text


def test_a_name_of_replicates_means_each_of_them(judged, call, lab_dir):
    rows = [row for row in call("log", "--json").json if row["name"] == "base"]
    found = call("why", "base", "--json").json
    assert found["project"] == "lm"
    assert sorted(one["run_id"] for one in found["runs"]) == sorted(row["run_id"] for row in rows)
    whys = {one["hypotheses"][0]["why"] for one in found["runs"]}
    assert whys == {"Begun after the claim was registered."}
    text = call("why", "base").out
    assert all(f"lm/{row['run_id']}" in text for row in rows)
    write(lab_dir, run("base", 5.2, 8, config_digest=str(Digest.of(b"another"))))
    several = call("why", "base")
    assert several.code == 2
    assert "fits 3 runs" in several.err


def test_a_decision_is_shown_with_who_and_why(judged, call):
    reason = "The loader \x1b[31mwas broken."
    call("hypothesis", "decide", "wider", "refuted", "--reason", reason, "--author", "Bo")
    for argv in (["why", "wider"], ["hypothesis", "verdict", "wider"]):
        text = call(*argv).out
        assert "Decided by Bo: refuted." in text
        assert "Their reason: The loader" in text
        assert "was broken." in text
        assert "\x1b" not in text
    row = call("why", "wider", "--json").json["hypothesis"]
    assert (row["decided_by"], row["decided_why"]) == ("Bo", reason)


def test_the_registered_version_decides_and_not_the_draft(judged, call, lab_dir):
    before = call("why", "wider", "--json").json["hypothesis"]
    path = lab_dir / "records/lm/hypotheses/wider.yaml"
    text = path.read_text()
    text = text.replace("delta: 0", "delta: 99").replace("planned_n: 2", "planned_n: 50")
    path.write_text(text.replace("minimize", "maximize"))
    git(lab_dir, "commit", "-qam", "Change the claim when the result is known")
    after = call("why", "wider", "--json").json["hypothesis"]
    assert call("hypothesis", "list", "--json").json[0]["state"] == "changed"
    assert after == before


def test_a_link_that_is_taken_back_never_changes_a_confirmatory_verdict(judged, call, lab_dir):
    before = call("why", "wider", "--json").json
    digest = before["hypothesis"]["registration"]
    for doc in judged:
        note = note_doc("unlink", doc, to="hypothesis", target="wider", digest=digest)
        write(lab_dir, [note])
    after = call("why", "wider", "--json").json
    assert after["hypothesis"] == before["hypothesis"]
    assert after["runs"] == before["runs"]


def test_what_is_neither_a_hypothesis_nor_a_run(claim, call):
    assert call("why", "nothing").code == 10
    assert call("why", "wider", "--project", "other").code == 10


def test_a_lab_without_runs_has_proposed_claims(claim, call):
    answer = call("why", "wider")
    assert answer.code == 0
    assert "Proposed (no run is linked to it)" in answer.out


# --- verdicts that are kept ---------------------------------------------------------------------


def test_a_kept_verdict_is_shown_beside_the_one_of_today(judged, call, lab_dir):
    assert call("hypothesis", "list", "--json").json[0]["verdict"] is None  # nothing is computed
    now = call("hypothesis", "verdict", "wider", "--json").json
    assert (now["verdict"], now["then"]) == ("supported", None)
    assert call("hypothesis", "list", "--json").json[0]["verdict"] == "supported"
    assert call("hypothesis", "show", "wider").out.splitlines()[0].endswith("supported")
    kept = call("hypothesis", "verdict", "wider", "--keep", "--author", "Ada", "--json")
    assert kept.code == 0
    assert kept.json["kind"] == "verdict"
    again = call("hypothesis", "verdict", "wider", "--json").json
    assert (again["then"], again["changed"]) == ("supported", False)
    view, _, words = again["then_text"].partition(". ")
    assert view.startswith("View ")
    assert len(view) == len("View ") + 40
    assert words == now["sentence"]
    write(lab_dir, [note_doc("retract", judged[0])])
    changed = call("hypothesis", "verdict", "wider", "--json").json
    assert (changed["verdict"], changed["then"], changed["changed"]) == (
        "testing",
        "supported",
        True,
    )
    assert "another one now" in call("hypothesis", "verdict", "wider").out


def test_a_verdict_that_is_not_final_is_not_kept(claim, call):
    answer = call("hypothesis", "verdict", "wider", "--keep", "--author", "Ada")
    assert answer.code == 2
    assert "is not final: proposed" in answer.err


def test_a_decision_takes_the_place_of_the_verdict_and_shows_it(judged, call):
    call("hypothesis", "decide", "wider", "inconclusive", "--reason", "Broken.", "--author", "Ada")
    row = call("hypothesis", "verdict", "wider", "--json").json
    assert (row["verdict"], row["shown"], row["overridden"]) == ("supported", "inconclusive", True)
    assert row["sentence"].startswith("Decided by Ada: inconclusive. By the rule: Supported")
