"""Nothing that was ever recorded may leave, however git's history is rearranged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.store.labs import RECORD_REF, GitLab, object_doc, run_doc

from labrec.store.heads import HEADS_FILE, KNOWN_FILE, MARK, read_heads
from labrec.store.verify import VerifyReport, verify

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.conftest import SmallLab


def check(lab: GitLab, **options: object) -> VerifyReport:
    return verify(lab.open(), **options)  # type: ignore[arg-type]


def left(report: VerifyReport) -> set[str]:
    return {finding.path for finding in report.findings if finding.kind == "left"}


def state(lab: GitLab) -> Path:
    return lab.git_dir / "labrec"


@pytest.fixture
def verified(small_lab: SmallLab) -> SmallLab:
    """A lab that was verified, so that what it held is remembered."""
    assert check(small_lab.lab)
    return small_lab


# -- what left


def test_a_removed_record_is_found_incrementally(verified: SmallLab) -> None:
    doc = verified.runs[0]
    verified.lab.commit("refs/heads/main", {doc.path: None})
    verified.lab.commit(RECORD_REF, {doc.path: None})
    for options in ({}, {"incremental": True}, {"history": True}):
        report = check(verified.lab, **options)
        assert report.exit_code == 16, options
        assert doc.path in left(report)
        assert report.history == "not intact"


def test_a_removed_record_is_found_by_history_without_any_memory(small_lab: SmallLab) -> None:
    doc = small_lab.runs[0]
    small_lab.lab.commit("refs/heads/main", {doc.path: None})
    small_lab.lab.commit(RECORD_REF, {doc.path: None})
    report = check(small_lab.lab, history=True)
    assert report.exit_code == 16
    assert left(report) == {doc.path}


def test_what_stays_in_another_ref_has_not_left(verified: SmallLab) -> None:
    verified.lab.commit("refs/heads/main", {verified.runs[0].path: None})
    assert check(verified.lab, history=True)  # the record ref started from the base: it holds it


def test_a_removed_object(verified: SmallLab) -> None:
    weights = verified.weights.path
    verified.lab.commit("refs/heads/main", {weights: None})
    verified.lab.commit(RECORD_REF, {weights: None})
    report = check(verified.lab)
    assert report.exit_code == 14  # its record misses it, which is worse
    assert weights in left(report)


def test_a_force_moved_base(verified: SmallLab) -> None:
    lab = verified.lab
    lab.git("merge", "-q", "--no-ff", "-m", "land", RECORD_REF)
    lab.git("update-ref", "-d", RECORD_REF)
    assert check(lab)
    lab.git("reset", "-q", "--hard", "HEAD~1")
    assert left(check(lab, incremental=True)) == {doc.path for doc in verified.runs[1:]}


def test_a_rolled_back_record_ref(verified: SmallLab) -> None:
    verified.lab.git("update-ref", RECORD_REF, f"{RECORD_REF}~1")
    for incremental in (True, False):
        assert left(check(verified.lab, incremental=incremental)) == {verified.runs[2].path}


def test_a_deleted_record_ref(verified: SmallLab) -> None:
    verified.lab.git("update-ref", "-d", RECORD_REF)
    assert left(check(verified.lab)) == {doc.path for doc in verified.runs[1:]}


def test_a_rollback_is_found_after_git_pruned_the_old_commits(verified: SmallLab) -> None:
    lab = verified.lab
    lab.git("update-ref", RECORD_REF, f"{RECORD_REF}~1")
    lab.git("reflog", "expire", "--expire=now", "--all")
    lab.git("gc", "-q", "--prune=now")
    report = check(lab, incremental=True)
    assert report.exit_code == 16
    assert "1 paths" in report.findings[0].message
    assert report.mode == "full", "what is new could not be told: everything was looked at"


def test_an_edited_file_is_also_a_change_of_history(verified: SmallLab) -> None:
    doc = verified.runs[1]
    verified.lab.commit(RECORD_REF, {doc.path: b"edited"})
    report = check(verified.lab, incremental=True)
    assert report.exit_code == 14
    assert doc.path in left(report)


def test_a_record_that_left_in_a_merged_branch_long_ago(small_lab: SmallLab) -> None:
    lab = small_lab.lab
    gone = run_doc(name="gone")
    lab.git("checkout", "-q", "-b", "side")
    lab.commit("refs/heads/side", {gone.path: gone.data})
    lab.commit("refs/heads/side", {gone.path: None})
    lab.git("reset", "-q", "--hard")
    lab.git("checkout", "-q", "main")
    lab.git("merge", "-q", "--no-ff", "-m", "merged", "side")
    for number in range(3):
        lab.commit("refs/heads/main", {"f": b"%d" % number})
    assert left(check(lab, history=True)) == {gone.path}


def test_a_record_that_only_a_stray_branch_held_never_belonged(small_lab: SmallLab) -> None:
    stray = run_doc(name="stray")
    small_lab.lab.commit("refs/heads/stray", {stray.path: stray.data}, start="main")
    assert check(small_lab.lab, history=True)


# -- what did not


@pytest.mark.parametrize(
    "commands",
    [
        [["merge", "-q", "-m", "land", RECORD_REF]],
        [["merge", "-q", "--squash", RECORD_REF], ["commit", "-q", "-m", "land"]],
        [["cherry-pick", f"main..{RECORD_REF}"]],
    ],
    ids=["merge", "squash", "rebase"],
)
@pytest.mark.parametrize("prune", [False, True], ids=["", "pruned"])
def test_landing_and_pruning_is_no_rollback(
    verified: SmallLab, commands: list[list[str]], prune: bool
) -> None:
    lab = verified.lab
    for command in commands:
        lab.git(*command)
    lab.git("update-ref", "-d", RECORD_REF)
    if prune:
        lab.git("reflog", "expire", "--expire=now", "--all")
        lab.git("gc", "-q", "--prune=now")
    report = check(lab, incremental=True)
    assert report, report.findings
    lab.add(run_doc(name="the next one"))
    report = check(lab, incremental=True)
    assert report
    assert report.mode == "incremental"
    assert report.counts.records == 1


def test_editable_files_may_change_and_leave(verified: SmallLab) -> None:
    verified.lab.commit("refs/heads/main", {"records/mnist/project.yaml": None, "labrec.toml": b""})
    assert check(verified.lab, history=True)


# -- memory


def test_only_a_clean_verification_is_remembered(verified: SmallLab) -> None:
    lab = verified.lab
    before = (state(lab) / HEADS_FILE).read_bytes()
    doc = run_doc(name="new")
    lab.add(doc)
    lab.commit("refs/heads/main", {"records/mnist/README.md": b"odd"})
    assert not check(lab)
    assert not check(lab, incremental=True)
    assert (state(lab) / HEADS_FILE).read_bytes() == before
    lab.commit("refs/heads/main", {"records/mnist/README.md": None})
    assert check(lab, incremental=True)
    assert (state(lab) / HEADS_FILE).read_bytes() != before
    lab.git("update-ref", RECORD_REF, f"{RECORD_REF}~1")
    assert left(check(lab)) == {doc.path}


def test_content_only_and_one_commit_remember_nothing(small_lab: SmallLab) -> None:
    assert check(small_lab.lab, content_only=True)
    assert check(small_lab.lab, at="main", history=True)
    assert not state(small_lab.lab).exists()


def test_the_memory_grows_by_what_is_new(verified: SmallLab) -> None:
    lab = verified.lab
    heads = read_heads(state(lab))
    assert heads is not None
    assert heads.known == 4
    old = (state(lab) / KNOWN_FILE).read_bytes()
    doc = object_doc(b"new")
    lab.add(run_doc(name="new"), doc)
    assert check(lab, incremental=True)
    new = (state(lab) / KNOWN_FILE).read_bytes()
    assert new.startswith(old)
    assert len(new) == len(old) + 2 * MARK
    assert check(lab, incremental=True)
    assert (state(lab) / KNOWN_FILE).read_bytes() == new


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff\n{}", b"0" * 64 + b"\n{}"])
def test_a_damaged_memory_is_said_and_kept(verified: SmallLab, damage: bytes) -> None:
    path = state(verified.lab) / HEADS_FILE
    path.write_bytes(damage)
    report = check(verified.lab)
    assert report.exit_code == 14
    assert {finding.kind for finding in report.findings} == {"state"}
    assert path.read_bytes() == damage


def test_memory_of_another_form_is_not_believed(verified: SmallLab) -> None:
    import hashlib

    path = state(verified.lab) / HEADS_FILE
    for change in ({"schema": "labrec.heads/9.0"}, {"view": "x"}, {"known": None, "more": 1}):
        body = json.dumps(json.loads(path.read_bytes().partition(b"\n")[2]) | change).encode()
        data = path.read_bytes()
        path.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        assert check(verified.lab).exit_code == 14, change
        path.write_bytes(data)


def test_lost_marks_are_only_missed_when_they_are_needed(verified: SmallLab) -> None:
    lab = verified.lab
    (state(lab) / KNOWN_FILE).unlink()
    assert check(lab)
    lab.add(run_doc(name="new"))
    assert check(lab, incremental=True)
    assert check(lab)
    heads = read_heads(state(lab))
    assert heads is not None
    assert (state(lab) / KNOWN_FILE).stat().st_size == heads.known * MARK


def test_lost_marks_and_pruned_commits_leave_nothing_to_compare(verified: SmallLab) -> None:
    lab = verified.lab
    lab.git("update-ref", RECORD_REF, f"{RECORD_REF}~1")
    lab.git("reflog", "expire", "--expire=now", "--all")
    lab.git("gc", "-q", "--prune=now")
    (state(lab) / KNOWN_FILE).write_bytes(b"")
    report = check(lab)
    assert report.exit_code == 16
    assert "no longer be compared" in report.findings[0].message


def test_a_state_folder_that_cannot_be_written_is_a_note(small_lab: SmallLab) -> None:
    state(small_lab.lab).write_bytes(b"a file where a folder belongs")
    report = check(small_lab.lab)
    assert [finding.code for finding in report.findings] in ([0], [14])


# -- shallow


def test_a_shallow_clone_says_that_history_was_not_checked(
    small_lab: SmallLab, tmp_path: Path
) -> None:
    lab = small_lab.lab
    lab.git("merge", "-q", "-m", "land", RECORD_REF)
    lab.git("clone", "-q", "--depth", "1", f"file://{lab.path}", str(tmp_path / "shallow"))
    shallow = GitLab(tmp_path / "shallow")
    report = check(shallow)
    assert report.exit_code == 3
    assert report.history == "not checked (shallow)"
    assert {finding.kind for finding in report.findings} == {"shallow"}
    assert report.counts.records == 3
    assert check(shallow, content_only=True)
    assert not state(shallow).exists()


def test_in_a_shallow_clone_only_what_should_be_there_is_missed(
    small_lab: SmallLab, tmp_path: Path
) -> None:
    lab = small_lab.lab
    lab.commit("refs/heads/main", {"notes.txt": b"one"})
    lab.git("clone", "-q", "--depth", "1", f"file://{lab.path}", str(tmp_path / "shallow"))
    shallow = GitLab(tmp_path / "shallow")
    (pack,) = (shallow.git_dir / "objects" / "pack").glob("*.pack")
    data = pack.read_bytes()
    for path in pack.parent.iterdir():
        path.unlink()
    shallow.git("unpack-objects", "-q", stdin=data)
    blob = shallow.git("rev-parse", "HEAD:notes.txt")
    (shallow.git_dir / "objects" / blob[:2] / blob[2:]).unlink()
    report = check(shallow, content_only=True)
    assert {finding.path for finding in report.findings} == {"notes.txt"}


# -- incremental


def test_an_incremental_verification_reads_what_is_new_alone(verified: SmallLab) -> None:
    lab = verified.lab
    weights = object_doc(b"more weights")
    lab.add(run_doc(name="new"), weights)
    report = check(lab, incremental=True)
    assert report
    assert report.mode == "incremental"
    assert (report.counts.records, report.counts.objects) == (1, 1)
    assert report.counts.git_objects < 10


def test_the_first_incremental_verification_reads_everything(small_lab: SmallLab) -> None:
    report = check(small_lab.lab, incremental=True)
    assert report
    assert report.mode == "full"
    assert report.counts.records == 3


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"records/mnist/link": "target"}, (17, "link")),
        ({"records/mnist/PROJECT.yaml": b"{}"}, (17, "case")),
        ({"records/mnist/odd": b""}, (3, "unknown")),
        ({"records/mnist/project.yaml": b"["}, (12, "invalid")),
    ],
)
def test_an_incremental_verification_finds_what_is_wrong_with_it(
    verified: SmallLab, change: dict[str, bytes | str | None], expected: tuple[int, str]
) -> None:
    verified.lab.commit("refs/heads/main", change)
    report = check(verified.lab, incremental=True)
    assert expected in report.total
    assert report.mode == "incremental"


def test_an_incremental_verification_finds_a_fork_with_an_older_record(verified: SmallLab) -> None:
    from labrec.record import layout

    run_id = layout.parse_path(verified.runs[0].path).id
    verified.lab.add(run_doc("cifar", name="again", run_id=run_id))
    report = check(verified.lab, incremental=True)
    assert (16, "fork") in report.total


def test_an_incremental_verification_knows_what_older_records_brought(verified: SmallLab) -> None:
    from tests.store.labs import artifact, lineage

    from labrec.record import layout

    parent = layout.parse_path(verified.runs[0].path).id
    link = {"by": "option", "name": None, "run_id": parent, "config_digest": None}
    doc = run_doc(
        name="child",
        artifacts=artifact(verified.weights.data),
        lineage=lineage(parents=[link]),
    )
    verified.lab.add(doc)
    report = check(verified.lab, incremental=True)
    assert report, report.findings
    wrong = run_doc(name="other", artifacts=artifact(b"never stored"))
    verified.lab.add(wrong)
    assert (14, "missing") in check(verified.lab, incremental=True).total
