"""Verification finds every way of tampering that it promises to find, each with its code."""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from typing import TYPE_CHECKING

import pytest
from tests.store.labs import (
    RECORD_REF,
    Doc,
    GitLab,
    artifact,
    lineage,
    new_lab,
    object_doc,
    run_doc,
)

from labrec.record import codec, layout
from labrec.record.digest import Digest
from labrec.record.ids import new_run_id
from labrec.store.verify import VerifyReport, verify

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.conftest import SmallLab


def check(lab: GitLab, **options: object) -> VerifyReport:
    return verify(lab.open(), **options)  # type: ignore[arg-type]


def kinds(report: VerifyReport) -> set[tuple[int, str]]:
    return {(finding.code, finding.kind) for finding in report.findings}


def paths(report: VerifyReport, kind: str) -> set[str]:
    return {finding.path for finding in report.findings if finding.kind == kind}


# -- what is good


def test_a_good_lab_is_good(small_lab: SmallLab) -> None:
    report = check(small_lab.lab)
    assert report
    assert report.findings == ()
    assert report.exit_code == 0
    assert (report.counts.records, report.counts.objects) == (3, 1)
    everything = small_lab.lab.git("rev-list", "--all", "--objects").splitlines()
    assert report.counts.git_objects >= len(everything)
    assert report.history == "complete"
    assert "3 records" in str(report)


@pytest.mark.parametrize("packed", [False, True], ids=["loose", "packed"])
@pytest.mark.parametrize("bare", [False, True], ids=["worktree", "bare"])
def test_every_shape_of_store_is_read(tmp_path: Path, packed: bool, bare: bool) -> None:
    lab = new_lab(tmp_path / "lab", bare=bare)
    for number in range(12):
        lab.add(run_doc(name=f"run {number}"))
    if packed:
        lab.git("gc", "-q", "--prune=now")
    report = check(lab)
    assert report, report.findings
    assert report.counts.records == 12
    assert (report.counts.packs > 0) == packed


def test_a_linked_worktree_verifies_the_same_lab(small_lab: SmallLab, tmp_path: Path) -> None:
    small_lab.lab.git("worktree", "add", "-q", str(tmp_path / "tree"), "-b", "other")
    report = check(GitLab(tmp_path / "tree"))
    assert report
    assert report.counts.records == 3


def test_an_empty_repository_is_good(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    lab = GitLab(tmp_path / "new")
    lab.git("init", "-q")
    assert check(lab)


def test_deltas_of_every_kind_are_resolved(tmp_path: Path) -> None:
    """A long history repacked hard has chains of deltas; git must agree on every object."""
    lab = new_lab(tmp_path / "lab")
    text = [f"line {n}" for n in range(400)]
    for number in range(25):
        text[number * 7] = f"changed {number}"
        big = object_doc("\n".join(text).encode())
        lab.commit("refs/heads/main", {big.path: big.data, "notes.txt": big.data})
    lab.git("repack", "-q", "-adf", "--depth=50", "--window=50")
    report = check(lab)
    assert report, report.findings
    count = lab.git("cat-file", "--batch-all-objects", "--batch-check").count("\n") + 1
    assert report.counts.git_objects == count
    assert report.counts.objects == 25


def test_a_large_object_is_checked_in_pieces(
    small_lab: SmallLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labrec.store.verify import run, scan

    for module in (scan, run):
        monkeypatch.setattr(module, "STREAMED", 100)
    doc = object_doc(os.urandom(5000))
    small_lab.lab.commit("refs/heads/main", {doc.path: doc.data})
    assert check(small_lab.lab, content_only=True).counts.objects == 2
    other = object_doc(os.urandom(5000))
    small_lab.lab.commit("refs/heads/main", {doc.path: other.data})
    small_lab.lab.git("repack", "-qad")
    report = check(small_lab.lab, content_only=True)
    assert (14, "digest") in kinds(report)
    assert paths(report, "digest") == {doc.path}


def test_the_report_is_json_with_stable_keys(small_lab: SmallLab) -> None:
    small_lab.lab.commit(RECORD_REF, {small_lab.runs[1].path: b"edited"})
    value = json.loads(json.dumps(check(small_lab.lab).to_json()))
    assert sorted(value) == sorted(
        [
            "ok",
            "exit_code",
            "view",
            "base",
            "refs",
            "mode",
            "history",
            "counts",
            "findings",
            "totals",
        ]
    )
    assert value["ok"] is False
    assert value["exit_code"] == 14
    assert sorted(value["findings"][0]) == ["code", "hint", "kind", "message", "path"]
    assert sorted(value["counts"]) == [
        "bytes", "documents", "git_objects", "loose", "objects", "packs", "records",
    ]  # fmt: skip


# -- edited content


def test_an_edited_record(small_lab: SmallLab) -> None:
    doc = small_lab.runs[1]
    small_lab.lab.commit(RECORD_REF, {doc.path: doc.data.replace(b"second", b"better")})
    report = check(small_lab.lab)
    assert report.exit_code == 14
    assert paths(report, "digest") == {doc.path}


def test_two_records_whose_contents_were_exchanged(small_lab: SmallLab) -> None:
    one, other = small_lab.runs[1:]
    small_lab.lab.commit(RECORD_REF, {one.path: other.data, other.path: one.data})
    report = check(small_lab.lab)
    assert report.exit_code == 14
    assert paths(report, "digest") == {one.path, other.path}


def test_an_edited_object(small_lab: SmallLab) -> None:
    small_lab.lab.commit("refs/heads/main", {small_lab.weights.path: b"better weights"})
    report = check(small_lab.lab)
    assert report.exit_code == 14
    assert small_lab.weights.path in paths(report, "digest")


def test_an_object_of_another_size_than_recorded(empty_lab: GitLab) -> None:
    weights = object_doc(b"weights")
    section = artifact(weights.data)
    section["items"][0]["size"] = 999
    empty_lab.add(run_doc(artifacts=section), weights)
    assert kinds(check(empty_lab)) == {(14, "size")}


def test_an_object_that_was_never_committed(empty_lab: GitLab) -> None:
    doc = run_doc(artifacts=artifact(b"weights"))
    empty_lab.add(doc)
    report = check(empty_lab)
    assert kinds(report) == {(14, "missing")}
    assert paths(report, "missing") == {doc.path}


def test_an_object_that_is_kept_elsewhere_is_not_asked_for(empty_lab: GitLab) -> None:
    empty_lab.add(run_doc(artifacts=artifact(b"weights", where="digest-only")))
    assert check(empty_lab)


# -- schema


def resealed(project: str, run_id: str, data: bytes) -> Doc:
    return Doc(layout.run_path(project, run_id, Digest.of(data)), data)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"{", "invalid"),
        (b"[]", "invalid"),
        (b'{"schema": "labrec.run/1.0", "schema": "labrec.run/1.0"}', "invalid"),
        (b'{"schema": "labrec.run/1.0"}', "invalid"),
        (b'{"schema": "labrec.run/2.0"}', "newer"),
        (b'{"schema": "labrec.run/1.0", "identity": ' + b"[" * 100 + b"]" * 100 + b"}", "invalid"),
        (b'{"schema": "labrec.note/1.0"}', "invalid"),
        (b'{"a": "' + b"x" * 300_000 + b'"}', "invalid"),
    ],
    ids=["cut", "list", "twice", "empty", "newer", "deep", "note", "huge"],
)
def test_a_record_that_does_not_follow_its_schema(
    empty_lab: GitLab, data: bytes, kind: str
) -> None:
    empty_lab.add(resealed("mnist", new_run_id(), data))
    report = check(empty_lab)
    assert kinds(report) == {(12, kind)}
    assert report.exit_code == 12


def test_a_project_definition_that_cannot_be_read(empty_lab: GitLab) -> None:
    empty_lab.commit("refs/heads/main", {"records/mnist/project.yaml": b"a: [\n"})
    report = check(empty_lab)
    assert kinds(report) == {(12, "invalid")}
    assert paths(report, "invalid") == {"records/mnist/project.yaml"}


# -- names, modes and links


def test_a_renamed_record(small_lab: SmallLab) -> None:
    doc = small_lab.runs[1]
    other = doc.path.replace("/mnist/", "/other/")
    small_lab.lab.commit(RECORD_REF, {other: doc.data})
    report = check(small_lab.lab)
    assert (17, "name") in kinds(report)
    assert paths(report, "name") == {other}


def test_a_record_on_another_day(empty_lab: GitLab) -> None:
    doc = run_doc(run_id="018c0000-0000-7000-8000-000000000001")
    parts = doc.path.split("/")
    parts[3] = "2031"
    empty_lab.add(Doc("/".join(parts), doc.data))
    assert kinds(check(empty_lab)) == {(17, "name")}


def test_a_record_of_another_run(empty_lab: GitLab) -> None:
    doc = run_doc()
    empty_lab.add(resealed("mnist", new_run_id(), doc.data))
    assert kinds(check(empty_lab)) == {(17, "name")}


def test_a_symbolic_link(small_lab: SmallLab) -> None:
    small_lab.lab.commit(RECORD_REF, {"records/mnist/leak": "/etc/passwd"})
    report = check(small_lab.lab)
    assert kinds(report) == {(17, "link")}
    assert paths(report, "link") == {"records/mnist/leak"}


def test_an_executable_file(small_lab: SmallLab) -> None:
    doc = run_doc()
    small_lab.lab.commit(RECORD_REF, {doc.path: doc.data}, mode="100755")
    assert kinds(check(small_lab.lab)) == {(17, "executable")}


def test_a_submodule(small_lab: SmallLab) -> None:
    commit = "1" * 40
    small_lab.lab.commit(RECORD_REF, {"records/mnist/sub": commit}, mode="160000")
    assert kinds(check(small_lab.lab)) == {(17, "submodule")}


def test_a_submodule_outside_records_is_none_of_our_business(small_lab: SmallLab) -> None:
    small_lab.lab.commit("refs/heads/main", {"vendor": "1" * 40}, mode="160000")
    assert check(small_lab.lab)


@pytest.mark.parametrize(
    "name", ["evil\x1b[31m", "a\nb", "per\u202etxt", "back\\slash", "dot.", "aux", "c:d"]
)
def test_a_name_that_a_system_could_misread(small_lab: SmallLab, name: str) -> None:
    small_lab.lab.commit(RECORD_REF, {f"records/mnist/{name}": b"x"})
    report = check(small_lab.lab)
    assert {code for code, _ in kinds(report)} & {17, 3}
    shown = str(report) + json.dumps(report.to_json(), ensure_ascii=False)
    assert not any(ord(char) < 32 or char in "\u202e\x7f" for char in shown)


@pytest.mark.parametrize("name", ["a\nb", "evil\x1b[31m", "back\\slash"])
def test_controls_in_a_name_are_unsafe(small_lab: SmallLab, name: str) -> None:
    small_lab.lab.commit(RECORD_REF, {f"records/mnist/{name}": b"x"})
    assert (17, "unsafe") in kinds(check(small_lab.lab))


def _with_entry(lab: GitLab, folder: str, name: str, sha: str) -> str:
    """Write a folder's tree with one more entry, under a name that git itself would refuse."""
    entries = [(name.encode(), b"40000", sha)]
    for line in lab.git("ls-tree", f"{RECORD_REF}:{folder}").splitlines():
        head, _, known = line.partition("\t")
        mode, _, inner = head.split()
        entries.append((known.encode(), mode.lstrip("0").encode(), inner))
    entries = [one for one in entries if one[0] != name.encode() or one[2] == sha]
    entries.sort(key=lambda one: one[0] + (b"/" if one[1] == b"40000" else b""))
    data = b"".join(b"%s %s\0%s" % (m, n, bytes.fromhex(s)) for n, m, s in entries)
    tree = lab.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=data)
    if not folder:
        return tree
    parent, _, last = folder.rpartition("/")
    return _with_entry(lab, parent, last, tree)


@pytest.mark.parametrize("name", ["..", ".", ".git", ".GIT", "git~1"])
def test_a_name_that_leads_elsewhere(small_lab: SmallLab, name: str) -> None:
    lab = small_lab.lab
    inner = lab.git("rev-parse", f"{RECORD_REF}:records/mnist/runs")
    tree = _with_entry(lab, "records/mnist", name, inner)
    tip = lab.git("rev-parse", RECORD_REF)
    lab.git("update-ref", RECORD_REF, lab.git("commit-tree", tree, "-p", tip, "-m", "x"))
    assert kinds(check(lab)) == {(17, "unsafe")}


def test_names_that_differ_by_case_alone(small_lab: SmallLab) -> None:
    small_lab.lab.commit(
        RECORD_REF, {"records/mnist/Project.yaml": b"{}", "records/mnist/caf\u00e9": b"",
                     "records/mnist/cafe\u0301": b""}
    )  # fmt: skip
    report = check(small_lab.lab)
    assert (17, "case") in kinds(report)
    assert len(paths(report, "case")) == 2


def test_an_unknown_plain_file_is_said_and_is_no_damage(small_lab: SmallLab) -> None:
    small_lab.lab.commit("refs/heads/main", {"records/mnist/README.md": b"hello"})
    report = check(small_lab.lab)
    assert kinds(report) == {(3, "unknown")}
    assert report.exit_code == 3


# -- references


def test_a_parent_that_is_not_in_the_view_is_said_mildly(empty_lab: GitLab) -> None:
    parent = {"by": "option", "name": None, "run_id": new_run_id(), "config_digest": None}
    empty_lab.add(run_doc(lineage=lineage(parents=[parent])))
    assert kinds(check(empty_lab)) == {(3, "reference")}


def test_a_parent_marked_dangling_is_good(empty_lab: GitLab) -> None:
    parent = {"by": "name", "name": "12_from_8", "run_id": None, "config_digest": None}
    empty_lab.add(run_doc(lineage=lineage(parents=[parent])))
    assert check(empty_lab)


def test_a_registration_that_is_not_in_the_view(empty_lab: GitLab) -> None:
    link = {"slug": "deeper", "registration": str(Digest.of(b"claim")), "linked": "start"}
    empty_lab.add(run_doc(lineage=lineage(hypotheses=[link])))
    assert kinds(check(empty_lab)) == {(3, "reference")}


def with_manifest(source: Doc, claim: str | None = None) -> tuple[Doc, Doc]:
    """Return a record and its code manifest, which names one file."""
    row = {
        "mode": "100644",
        "path": 'caf\u00e9 \u2028 "quoted".py',
        "sha256": Digest.of(source.data).hex,
        "size": len(source.data),
    }
    listed = [row | {"display": "for people"}]
    document = codec.encode({"schema": "labrec.code-manifest/1.0", "files": listed})
    digest = Digest.of(document)
    code = {
        "minor": 0,
        "kind": "manifest",
        "digest": claim or str(Digest.of_value([row])),
        "manifest": {"sha256": digest.hex, "size": len(document)},
    }
    return run_doc(code=code), object_doc(document)


def test_the_files_of_a_code_manifest_must_be_there(empty_lab: GitLab) -> None:
    source = object_doc(b"print('hello')\n")
    empty_lab.add(*with_manifest(source))
    report = check(empty_lab)
    assert kinds(report) == {(14, "missing")}
    assert Digest.of(source.data).hex in report.findings[0].message
    empty_lab.add(source)
    assert check(empty_lab)


def test_a_record_that_claims_another_code_digest_than_its_manifest(empty_lab: GitLab) -> None:
    source = object_doc(b"print('hello')\n")
    record, manifest = with_manifest(source, claim=str(Digest.of(b"prettier code")))
    empty_lab.add(record, manifest, source)
    report = check(empty_lab)
    assert kinds(report) == {(14, "digest")}
    assert paths(report, "digest") == {record.path}


def note_doc(kind: str, subject: dict[str, object], body: dict[str, object]) -> Doc:
    note_id = new_run_id()
    data = codec.encode(
        {
            "schema": "labrec.note/1.0",
            "note_id": note_id,
            "project": "mnist",
            "kind": kind,
            "author": {"name": "A", "source": "git"},
            "time": "2026-01-02T03:04:05Z",
            "reason": "it was asked for",
            "subject": subject,
            "after": [],
            "body": body,
        }
    )
    return Doc(layout.note_path("mnist", note_id, Digest.of(data)), data)


def about(note: Doc) -> dict[str, object]:
    own = layout.parse_path(note.path).id
    return {"kind": "note", "id": own, "digest": str(Digest.of(note.data))}


def test_a_note_about_a_run_that_is_not_in_the_view(empty_lab: GitLab) -> None:
    subject = {"kind": "run", "id": new_run_id(), "digest": str(Digest.of(b""))}
    empty_lab.add(note_doc("comment", subject, {"text": "odd"}))
    assert kinds(check(empty_lab)) == {(3, "reference")}


@pytest.mark.parametrize(
    ("kind", "own"), [("note", "019b7ca9-8f2e-7bab-9a18-b0ded9578e00"), ("hypothesis", "wider")]
)
def test_a_note_about_a_document_that_is_not_in_the_view(
    empty_lab: GitLab, kind: str, own: str
) -> None:
    subject = {"kind": kind, "id": own, "digest": str(Digest.of(b""))}
    empty_lab.add(note_doc("comment", subject, {"text": "odd"}))
    assert kinds(check(empty_lab)) == {(3, "reference")}


def test_a_redacted_object_may_be_gone(small_lab: SmallLab) -> None:
    lab = small_lab.lab
    assert check(lab)
    digest = str(Digest.of(small_lab.weights.data))
    lab.add(
        note_doc(
            "redact", {"kind": "object", "id": digest, "digest": digest}, {"objects": [digest]}
        )
    )
    lab.commit("refs/heads/main", {small_lab.weights.path: None})
    lab.commit(RECORD_REF, {small_lab.weights.path: None})
    for options in ({}, {"history": True}):
        report = check(lab, **options)
        assert report, report.findings
        assert (0, "redacted") in kinds(report)


# -- forks


def test_two_records_of_one_run_are_a_fork(small_lab: SmallLab) -> None:
    run_id = layout.parse_path(small_lab.runs[1].path).id
    again = run_doc(name="finished elsewhere", run_id=run_id)
    small_lab.lab.add(again)
    report = check(small_lab.lab)
    assert kinds(report) == {(16, "fork")}
    assert paths(report, "fork") == {small_lab.runs[1].path, again.path}
    assert report.exit_code == 16


def test_a_fork_that_a_note_decided_is_no_fault(small_lab: SmallLab) -> None:
    run_id = layout.parse_path(small_lab.runs[1].path).id
    again = run_doc(name="finished elsewhere", run_id=run_id)
    small_lab.lab.add(again)
    subject = {"kind": "run", "id": run_id, "digest": str(Digest.of(small_lab.runs[1].data))}
    by = {"kind": "run", "id": run_id, "digest": str(Digest.of(again.data))}
    decided = note_doc("supersede", subject, {"by": by})
    small_lab.lab.add(decided)
    report = check(small_lab.lab)
    assert report
    assert kinds(report) == {(0, "fork")}
    # a note that was itself retracted decides nothing, and so on
    retracted = note_doc("retract", about(decided), {})
    small_lab.lab.add(retracted)
    assert kinds(check(small_lab.lab)) == {(16, "fork")}
    small_lab.lab.add(note_doc("retract", about(retracted), {}))
    assert kinds(check(small_lab.lab)) == {(0, "fork")}


# -- git's own objects


def loose_path(lab: GitLab, sha: str) -> Path:
    return lab.git_dir / "objects" / sha[:2] / sha[2:]


def test_a_forged_loose_object_under_another_name(small_lab: SmallLab) -> None:
    lab, doc = small_lab.lab, small_lab.runs[1]
    sha = lab.git("rev-parse", f"{RECORD_REF}:{doc.path}")
    forged = doc.data.replace(b"second", b"better")
    path = loose_path(lab, sha)
    path.chmod(0o644)
    path.write_bytes(zlib.compress(b"blob %d\0" % len(forged) + forged))
    assert "better" in lab.git("cat-file", "-p", sha), "git itself shows the forgery"
    report = check(lab)
    assert report.exit_code == 14
    assert any(sha in path for path in paths(report, "forged"))
    assert doc.path in paths(report, "missing")


def test_a_forged_loose_object_that_nothing_names_yet(small_lab: SmallLab) -> None:
    path = loose_path(small_lab.lab, "ab" * 20)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zlib.compress(b"blob 1\0x"))
    assert check(small_lab.lab).exit_code == 14


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"junk",
        zlib.compress(b"blob 1\0x") + b"trailing",
        zlib.compress(b"blob 2\0x"),
        zlib.compress(b"blob 1\0xx"),
        zlib.compress(b"blub 1\0x"),
        zlib.compress(b"blob 99999999999999999999999\0x"),
        zlib.compress(b"blob -1\0x"),
        zlib.compress(b"no header"),
        zlib.compress(b"tree 1\0x"),
        zlib.compress(b"blob 1\0x")[:-2],
    ],
)
def test_a_malformed_loose_object(small_lab: SmallLab, data: bytes) -> None:
    path = loose_path(small_lab.lab, hashlib.sha1(b"blob 1\0x").hexdigest())
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    report = check(small_lab.lab)
    assert report.exit_code == 14


def test_a_replaced_object(small_lab: SmallLab) -> None:
    lab, doc = small_lab.lab, small_lab.runs[1]
    real = lab.git("rev-parse", f"{RECORD_REF}:{doc.path}")
    fake = lab.git("hash-object", "-w", "--stdin", stdin=doc.data.replace(b"second", b"better"))
    lab.git("replace", real, fake)
    assert "better" in lab.git("cat-file", "-p", real), "git itself shows the replacement"
    report = check(lab)
    assert kinds(report) == {(14, "replace")}
    assert real in report.findings[0].path


def test_grafts(small_lab: SmallLab) -> None:
    head = small_lab.lab.git("rev-parse", "HEAD")
    grafts = small_lab.lab.git_dir / "info" / "grafts"
    grafts.parent.mkdir(exist_ok=True)
    grafts.write_text(head + "\n")
    report = check(small_lab.lab)
    assert kinds(report) == {(16, "graft")}


def test_objects_borrowed_from_elsewhere_are_not_looked_at(
    small_lab: SmallLab, tmp_path: Path
) -> None:
    small_lab.lab.git("clone", "-q", "--shared", str(small_lab.lab.path), str(tmp_path / "thin"))
    thin = GitLab(tmp_path / "thin")
    report = check(thin)
    assert (0, "alternate") in kinds(report)
    assert report.exit_code == 14
    thin.git("repack", "-qad")
    (thin.git_dir / "objects" / "info" / "alternates").unlink()
    assert check(thin)


def test_a_missing_object(small_lab: SmallLab) -> None:
    lab, doc = small_lab.lab, small_lab.runs[1]
    loose_path(lab, lab.git("rev-parse", f"{RECORD_REF}:{doc.path}")).unlink()
    report = check(lab)
    assert kinds(report) == {(14, "missing")}
    assert paths(report, "missing") == {doc.path}


def test_a_missing_object_of_the_history(small_lab: SmallLab) -> None:
    lab = small_lab.lab
    lab.commit("refs/heads/main", {"notes.txt": b"old"})
    old = lab.git("rev-parse", "main:notes.txt")
    lab.commit("refs/heads/main", {"notes.txt": b"new"})
    loose_path(lab, old).unlink()
    report = check(lab)
    assert kinds(report) == {(14, "missing")}
    assert "notes.txt" in report.findings[0].path


def test_a_missing_object_that_nothing_leads_to_is_no_damage(small_lab: SmallLab) -> None:
    lab = small_lab.lab
    lab.commit("refs/heads/gone", {"a.txt": b"text of a branch that is deleted"}, start="main")
    blob = lab.git("rev-parse", "gone:a.txt")
    lab.git("update-ref", "-d", "refs/heads/gone")
    loose_path(lab, blob).unlink()
    assert check(lab)


def test_a_missing_tree(small_lab: SmallLab) -> None:
    lab = small_lab.lab
    loose_path(lab, lab.git("rev-parse", "main:records/mnist/runs")).unlink()
    report = check(lab)
    assert report.exit_code == 14


def packed(small_lab: SmallLab) -> tuple[Path, Path]:
    small_lab.lab.git("repack", "-qad")
    small_lab.lab.git("prune-packed")
    folder = small_lab.lab.git_dir / "objects" / "pack"
    (pack,) = folder.glob("*.pack")
    index = pack.with_suffix(".idx")
    for path in (pack, index):
        path.chmod(0o644)
    return pack, index


def test_a_truncated_pack(small_lab: SmallLab) -> None:
    pack, _ = packed(small_lab)
    pack.write_bytes(pack.read_bytes()[:-30])
    assert check(small_lab.lab).exit_code == 14


def test_a_truncated_index(small_lab: SmallLab) -> None:
    _, index = packed(small_lab)
    index.write_bytes(index.read_bytes()[:-30])
    assert check(small_lab.lab).exit_code == 14


def test_a_pack_whose_checksum_was_made_to_fit(small_lab: SmallLab) -> None:
    """An index that names an object's entry as another one, with right checksums all over."""
    _pack, index = packed(small_lab)
    data = bytearray(index.read_bytes())
    count = int.from_bytes(data[8 + 255 * 4 : 8 + 256 * 4])
    offsets = 8 + 256 * 4 + count * 24
    first, second = data[offsets : offsets + 4], data[offsets + 4 : offsets + 8]
    data[offsets : offsets + 4], data[offsets + 4 : offsets + 8] = second, first
    data[-20:] = hashlib.sha1(data[:-20]).digest()
    index.write_bytes(data)
    report = check(small_lab.lab)
    assert report.exit_code == 14
    assert (14, "forged") in kinds(report)


def test_bytes_hidden_between_the_objects_of_a_pack(small_lab: SmallLab) -> None:
    pack, index = packed(small_lab)
    body = pack.read_bytes()[:-20] + b"hidden"
    trailer = hashlib.sha1(body).digest()
    pack.write_bytes(body + trailer)
    data = index.read_bytes()[:-40] + trailer
    index.write_bytes(data + hashlib.sha1(data).digest())
    report = check(small_lab.lab)
    assert report.exit_code == 14
    assert "as long as it says" in report.findings[0].message


def test_a_damaged_derived_file(small_lab: SmallLab) -> None:
    small_lab.lab.git("commit-graph", "write", "--reachable")
    path = small_lab.lab.git_dir / "objects" / "info" / "commit-graph"
    assert check(small_lab.lab)
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert kinds(check(small_lab.lab)) == {(14, "damaged")}


def test_conflicting_contents_of_one_path(small_lab: SmallLab) -> None:
    doc = small_lab.runs[0]
    small_lab.lab.commit(RECORD_REF, {doc.path: b"other"})
    report = check(small_lab.lab)
    assert (14, "conflict") in kinds(report)


# -- what comes first


def test_the_worst_finding_decides(small_lab: SmallLab) -> None:
    lab = small_lab.lab
    lab.commit("refs/heads/main", {"records/mnist/README.md": b"3"})
    assert check(lab).exit_code == 3
    lab.commit("refs/heads/main", {"records/mnist/project.yaml": b"[12"})
    assert check(lab).exit_code == 12
    run_id = layout.parse_path(small_lab.runs[1].path).id
    lab.add(run_doc(name="16", run_id=run_id))
    assert check(lab).exit_code == 16
    lab.commit(RECORD_REF, {"records/mnist/link": "17"})
    assert check(lab).exit_code == 17
    lab.commit(RECORD_REF, {small_lab.runs[1].path: b"14"})
    report = check(lab)
    assert report.exit_code == 14
    order = [14, 17, 16, 12, 3, 0]
    ranks = [order.index(finding.code) for finding in report.findings]
    assert ranks == sorted(ranks)


def test_many_findings_of_a_kind_are_counted_and_not_all_kept(small_lab: SmallLab) -> None:
    from labrec.store.verify.report import KEPT

    files: dict[str, bytes | str | None] = {f"records/odd{n}.txt": b"x" for n in range(KEPT + 50)}
    small_lab.lab.commit("refs/heads/main", files)
    report = check(small_lab.lab)
    assert len(report.findings) == KEPT
    assert report.total == {(3, "unknown"): KEPT + 50}


def test_a_verification_at_a_revision_reads_that_commit_alone(small_lab: SmallLab) -> None:
    small_lab.lab.commit(RECORD_REF, {small_lab.runs[1].path: b"edited"})
    report = check(small_lab.lab, at="main")
    assert report
    assert report.counts.records == 1
    assert report.history == "not checked (one commit)"
    assert not (small_lab.lab.git_dir / "labrec" / "heads.json").exists()
