"""What a view is made of, and what leaves its id unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.store.labs import RECORD_REF, GitLab, object_doc, run_doc

from labrec.errors import IntegrityError, InvalidError, NotFoundError, UsageError
from labrec.record.digest import Digest
from labrec.record.ids import new_run_id
from labrec.store.blobs import copy_object, read_object
from labrec.store.view import View, open_view

if TYPE_CHECKING:
    import io
    from pathlib import Path

    from tests.store.conftest import SmallLab


def view_of(lab: GitLab, at: str | None = None, base: str = "") -> View:
    return open_view(lab.open(base), at)


def found(view: View) -> set[str]:
    return {entry.path for entry in view.runs()}


# -- what it is made of


def test_a_view_unites_the_base_and_every_record_ref(small_lab: SmallLab) -> None:
    other = run_doc(name="elsewhere")
    small_lab.lab.add(other, ref="refs/labrec/records/1111111111111111")
    view = view_of(small_lab.lab)
    assert found(view) == {doc.path for doc in (*small_lab.runs, other)}
    assert len(view.refs) == 2


def test_its_id_is_the_git_tree_id_of_the_united_records(small_lab: SmallLab) -> None:
    """Git itself, given the union as a merge, names the same tree."""
    view = view_of(small_lab.lab)
    small_lab.lab.git("merge", "-q", "-m", "m", RECORD_REF)
    assert view.id == small_lab.lab.git("rev-parse", "HEAD:records")


def test_at_reads_exactly_one_commit(small_lab: SmallLab) -> None:
    view = view_of(small_lab.lab, at="main")
    assert found(view) == {small_lab.runs[0].path}
    assert view.refs == {}
    assert view.base.how == "at"
    assert view.id == small_lab.lab.git("rev-parse", "main:records")


def test_at_refuses_what_names_nothing(small_lab: SmallLab) -> None:
    with pytest.raises(NotFoundError):
        view_of(small_lab.lab, at="no-such-branch")


def test_editable_files_count_from_the_base_alone(small_lab: SmallLab) -> None:
    lab = small_lab.lab
    edited = {"records/mnist/project.yaml": b"key_metrics: [stolen]\n"}
    new = {"records/cifar/project.yaml": b"key_metrics: [stolen]\n"}
    before = view_of(lab).id
    lab.commit(RECORD_REF, {**edited, **new})
    view = view_of(lab)
    assert view.id == before
    assert view.conflicts == ()
    assert view.project_definition("mnist") == {"key_metrics": ["loss"]}
    assert view.project_definition("cifar") == {}


def test_a_project_definition_must_be_a_mapping(empty_lab: GitLab) -> None:
    empty_lab.commit("refs/heads/main", {"records/mnist/project.yaml": b"- a\n- list\n"})
    with pytest.raises(InvalidError, match=r"project\.yaml"):
        view_of(empty_lab).project_definition("mnist")


def test_one_path_with_two_contents_is_a_conflict(small_lab: SmallLab) -> None:
    path = small_lab.runs[0].path
    small_lab.lab.commit(RECORD_REF, {path: b"other bytes"})
    view = view_of(small_lab.lab)
    assert [conflict.path for conflict in view.conflicts] == [path]
    assert view.read(path) == small_lab.runs[0].data


# -- the base


def test_the_base_is_head_unless_a_branch_is_configured(small_lab: SmallLab) -> None:
    lab = small_lab.lab
    assert view_of(lab).base.how == "HEAD"
    lab.git("branch", "accepted", "main~1")
    view = view_of(lab, base="accepted")
    assert (view.base.how, view.base.ref) == ("configured branch", "accepted")
    assert view.base.commit == lab.git("rev-parse", "main~1")


def test_the_remote_tracking_branch_stands_in_for_a_missing_branch(
    small_lab: SmallLab, tmp_path: Path
) -> None:
    clone = small_lab.lab.clone(tmp_path / "clone")
    clone.git("checkout", "-q", "--detach")
    clone.git("branch", "-q", "-D", "main")
    view = view_of(clone, base="main")
    assert (view.base.how, view.base.ref) == ("remote branch", "origin/main")
    assert view.id == view_of(small_lab.lab).id


def test_a_repository_without_a_commit_has_an_empty_view(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    lab = GitLab(tmp_path / "new")
    lab.git("init", "-q")
    view = view_of(lab)
    assert list(view.runs()) == []
    assert view.base.how == "none"
    assert view.projects() == []


# -- commits carry no meaning


@pytest.mark.parametrize(
    "commands",
    [
        [["merge", "-q", "--no-ff", "-m", "m", RECORD_REF]],
        [["merge", "-q", "--squash", RECORD_REF], ["commit", "-q", "-m", "squashed"]],
        [["checkout", "-q", "-b", "copy", RECORD_REF], ["rebase", "-q", "main"],
         ["checkout", "-q", "main"], ["merge", "-q", "--ff-only", "copy"]],
        [["cherry-pick", f"main..{RECORD_REF}"]],
        [["commit", "-q", "--amend", "-m", "other words"]],
    ],
    ids=["merge", "squash", "rebase", "cherry-pick", "amend"],
)  # fmt: skip
@pytest.mark.parametrize("keep", [True, False], ids=["ref kept", "ref gone"])
def test_how_records_reach_the_base_leaves_the_view_unchanged(
    small_lab: SmallLab, commands: list[list[str]], keep: bool
) -> None:
    lab = small_lab.lab
    before = view_of(lab)
    (lab.path / "README").write_text("the base goes on")
    lab.git("add", "README")
    lab.git("commit", "-q", "-m", "readme")
    for command in commands:
        lab.git(*command)
    if not keep and "--amend" not in commands[0]:
        lab.git("update-ref", "-d", RECORD_REF)
    after = view_of(lab)
    assert after.id == before.id
    assert found(after) == found(before)


def test_rewriting_a_record_ref_on_a_new_base_leaves_the_view_unchanged(
    small_lab: SmallLab,
) -> None:
    lab = small_lab.lab
    before = view_of(lab).id
    lab.commit("refs/heads/main", {"code.py": b"pass\n"})
    files = {doc.path: doc.data for doc in small_lab.runs[1:]}
    new = lab.commit("refs/heads/scratch", files, start="main")
    lab.git("update-ref", RECORD_REF, new)
    lab.git("branch", "-q", "-D", "scratch")
    assert view_of(lab).id == before


# -- reading


def test_a_document_is_proven_by_its_name(small_lab: SmallLab) -> None:
    one, other = small_lab.runs[:2]
    view = view_of(small_lab.lab)
    assert view.read(one.path) == one.data
    small_lab.lab.commit("refs/heads/main", {one.path: other.data})
    with pytest.raises(IntegrityError) as caught:
        view_of(small_lab.lab).read(one.path)
    assert one.path in caught.value.paths


def test_reading_what_is_not_there(small_lab: SmallLab) -> None:
    view = view_of(small_lab.lab)
    with pytest.raises(NotFoundError):
        view.read("records/mnist/runs/2026/01/01/a/none.json")
    with pytest.raises(NotFoundError):
        view.open_object(Digest.of(b"never stored"))
    assert not view.has_object(Digest.of(b"never stored"))


def test_an_object_streams_back_proven(small_lab: SmallLab) -> None:
    import io

    view = view_of(small_lab.lab)
    digest = Digest.of(small_lab.weights.data)
    assert view.has_object(digest)
    with view.open_object(digest) as stream:
        assert stream.read(7) == b"weights"
        assert b"weights" + stream.read() == small_lab.weights.data
    assert read_object(view, digest, limit=1 << 20) == small_lab.weights.data
    target: io.BytesIO = io.BytesIO()
    assert copy_object(view, digest, target) == len(small_lab.weights.data)
    assert target.getvalue() == small_lab.weights.data


def test_an_object_with_other_bytes_never_ends_well(small_lab: SmallLab) -> None:
    lab = small_lab.lab
    lab.commit("refs/heads/main", {small_lab.weights.path: b"other weights"})
    digest = Digest.of(small_lab.weights.data)
    view = view_of(lab)
    with pytest.raises(IntegrityError), view.open_object(digest) as stream:
        stream.read()
    with pytest.raises(IntegrityError):
        read_object(view, digest, limit=1 << 20)


def test_a_large_object_is_not_read_into_memory_by_mistake(small_lab: SmallLab) -> None:
    from labrec.errors import LimitError

    with pytest.raises(LimitError):
        read_object(view_of(small_lab.lab), Digest.of(small_lab.weights.data), limit=10)


def test_a_view_survives_the_loss_of_an_object_with_an_error(small_lab: SmallLab) -> None:
    lab = small_lab.lab
    sha = lab.git("rev-parse", "main:records/mnist")
    (lab.git_dir / "objects" / sha[:2] / sha[2:]).unlink()
    with pytest.raises(IntegrityError, match=sha):
        found(view_of(lab))


# -- finding runs


def test_a_run_is_found_by_every_way_of_naming_it(small_lab: SmallLab) -> None:
    view = view_of(small_lab.lab)
    by_path = {entry.path: entry for entry in view.runs()}
    second = by_path[small_lab.runs[1].path]
    full = Digest.of(small_lab.runs[1].data)
    for text in (
        second.run_id,
        second.run_id.replace("-", ""),
        second.run_id.upper(),
        second.run_id[:30],
        f"mnist/{second.run_id}",
        f"mnist/{second.run_id}@{full}",
        "second",
        "mnist/second",
    ):
        assert view.find_run(text) == second, text
    third = by_path[small_lab.runs[2].path]
    assert view.find_run("cifar/first") == third


def test_a_prefix_is_looked_for_on_its_days_only(empty_lab: GitLab) -> None:
    old = run_doc(name="old", run_id="018c0000-0000-7000-8000-000000000001")
    new = run_doc(name="new", run_id="018d0000-0000-7000-8000-000000000001")
    twin = run_doc(name="twin", run_id="018d0000-0000-7000-8000-000000000002")
    undated = run_doc(name="undated", run_id="00000000-0000-7000-8000-00000000000a")
    empty_lab.add(old, new, twin, undated)
    view = view_of(empty_lab)
    assert view.find_run("018c").path == old.path
    assert view.find_run("0000").path == undated.path
    with pytest.raises(UsageError, match="2 runs"):
        view.find_run("018D-0000")
    with pytest.raises(NotFoundError):
        view.find_run("018")  # three digits are taken for a name


def test_what_is_ambiguous_lists_its_candidates(small_lab: SmallLab) -> None:
    view = view_of(small_lab.lab)
    with pytest.raises(UsageError) as caught:
        view.find_run("first")
    assert len(caught.value.paths) == 2
    assert "cifar/" in str(caught.value)
    assert "mnist/" in str(caught.value)
    assert str(caught.value).count("first (complete, started 2026-01-02 03:04:05)") == 2
    prefix = min(entry.run_id for entry in view.runs())[:6]
    with pytest.raises(UsageError, match="3 runs"):
        view.find_run(prefix)


def test_what_is_not_there_says_what_is_near(small_lab: SmallLab) -> None:
    view = view_of(small_lab.lab)
    with pytest.raises(NotFoundError) as caught:
        view.find_run("secnd")
    assert "second" in caught.value.hint
    for text in (new_run_id()[::-1], "", "abc", "mnist/", "/", "@sha256:", "x" * 500, "\x1b[31m"):
        with pytest.raises(NotFoundError) as caught:
            view.find_run(text)
        assert "\x1b" not in str(caught.value)


def test_a_citation_of_other_bytes_is_an_integrity_error(small_lab: SmallLab) -> None:
    view = view_of(small_lab.lab)
    entry = next(view.runs("cifar"))
    with pytest.raises(IntegrityError):
        view.find_run(f"cifar/{entry.run_id}@{Digest.of(b'what was cited')}")


# -- forks and kinds


def test_two_records_of_one_run_are_a_fork(small_lab: SmallLab) -> None:
    view = view_of(small_lab.lab)
    assert view.forks() == {}
    entry = next(view.runs("cifar"))
    again = run_doc("cifar", name="finished elsewhere", run_id=entry.run_id)
    small_lab.lab.add(again, ref="refs/labrec/records/2222222222222222")
    view = view_of(small_lab.lab)
    assert {e.path for e in view.forks()[entry.run_id]} == {entry.path, again.path}
    with pytest.raises(UsageError, match="fork") as caught:
        view.find_run(entry.run_id)
    assert view.find_run(caught.value.paths[0]).run_id == entry.run_id


def test_paths_of_a_kind(small_lab: SmallLab) -> None:
    view = view_of(small_lab.lab)
    assert list(view.paths("object")) == [small_lab.weights.path]
    assert list(view.paths("project")) == ["records/mnist/project.yaml"]
    assert set(view.paths("run")) == {doc.path for doc in small_lab.runs}
    assert view.projects() == ["cifar", "mnist"]


def test_listing_runs_reads_no_record(small_lab: SmallLab) -> None:
    view = view_of(small_lab.lab)
    read: list[str] = []
    inner = view.objects.read_object

    class Watched:
        def read_object(self, sha: str) -> tuple[str, bytes]:
            kind, data = inner(sha)
            read.append(kind)
            return kind, data

        open_blob = None

    view.objects = Watched()  # type: ignore[assignment]
    assert len(list(view.runs())) == 3
    assert set(read) == {"tree"}


def test_a_large_object_arrives_in_pieces(empty_lab: GitLab, tmp_path: Path) -> None:
    doc = object_doc(bytes(range(256)) * 40_000)
    empty_lab.commit(RECORD_REF, {doc.path: doc.data}, packed=True)
    view = view_of(empty_lab)
    target = tmp_path / "copy"
    with target.open("wb") as file:
        assert copy_object(view, Digest.of(doc.data), file) == len(doc.data)
    assert target.read_bytes() == doc.data


def test_a_run_of_many_forks_lists_the_first_of_them(empty_lab: GitLab) -> None:
    run_id = new_run_id()
    empty_lab.add(*[run_doc(name=f"fork {number}", run_id=run_id) for number in range(12)])
    with pytest.raises(UsageError, match="12 records") as caught:
        view_of(empty_lab).find_run(run_id)
    assert len(caught.value.paths) == 10
