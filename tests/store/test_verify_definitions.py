"""Verification of metric definitions and dataset versions, and pull requests that bring them."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest
from tests.store.labs import Doc, GitLab, new_lab, object_doc

from labrec.collab.check import check
from labrec.record import codec
from labrec.record.digest import Digest
from labrec.record.layout import dataset_path, metric_path
from labrec.store.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = "sha256:" + "0" * 64


@pytest.fixture
def lab(tmp_path: Path) -> GitLab:
    return new_lab(tmp_path / "lab")


def metric(place: str = "loss", **fields: Any) -> Doc:
    document = {
        "schema": "labrec.metric/1.0", "project": "lm", "slug": "loss", "name": "loss",
        "time": "2026-01-02T03:04:05Z", "aggregation": {"kind": "last"},
        "source": {"kind": "scalar"},
    }  # fmt: skip
    data = codec.encode(document | fields)
    return Doc(metric_path("lm", place, Digest.of(data)), data)


MANIFEST = object_doc(gzip.compress(b"path,line,sha256,size\n", mtime=0))


def dataset(place: str = "v1", **fields: Any) -> Doc:
    document = {
        "schema": "labrec.dataset/1.0", "project": "lm", "name": "corpus", "version": "v1",
        "time": "2026-01-02T03:04:05Z", "unit": "file", "content": NOWHERE, "files": 0,
        "samples": 0, "distinct": 0, "bytes": 0,
        "manifest": {"sha256": Digest.of(MANIFEST.data).hex, "size": len(MANIFEST.data)},
    }  # fmt: skip
    data = codec.encode(document | fields)
    return Doc(dataset_path("lm", "corpus", place, Digest.of(data)), data)


def kinds(lab: GitLab) -> set[tuple[int, str]]:
    report = verify(lab.open())  # type: ignore[arg-type]
    return {(finding.code, finding.kind) for finding in report.findings}


def test_what_is_right_is_good(lab: GitLab) -> None:
    first = metric()
    second = metric(amends=[str(Digest.of(first.data))], margin=0.1)
    one = dataset()
    other = dataset("v2", version="v2", parent=str(Digest.of(one.data)))
    lab.add(first, second, one, other, MANIFEST)
    assert kinds(lab) == set()


@pytest.mark.parametrize(
    ("doc", "found"),
    [
        (metric(margin=-1), (12, "invalid")),
        (metric(schema="labrec.metric/2.0"), (12, "newer")),
        (metric("other"), (17, "name")),
        (metric(amends=[NOWHERE]), (3, "reference")),
        (dataset(samples=1), (12, "invalid")),
        (dataset("v2"), (17, "name")),
        (dataset(parent=NOWHERE), (3, "reference")),
    ],
)
def test_what_is_wrong_has_its_code(lab: GitLab, doc: Doc, found: tuple[int, str]) -> None:
    lab.add(doc, MANIFEST)
    assert kinds(lab) == {found}


def test_a_manifest_that_is_not_there_is_damage(lab: GitLab) -> None:
    lab.add(dataset())
    assert kinds(lab) == {(14, "missing")}


def test_changed_bytes_are_noticed(lab: GitLab) -> None:
    doc = metric()
    lab.add(doc._replace(data=doc.data.replace(b'"last"', b'"mean"')))
    assert kinds(lab) == {(14, "digest")}


def test_a_pull_request_may_bring_definitions_and_may_not_take_one(lab: GitLab) -> None:
    doc = metric()
    lab.commit("refs/heads/main", {doc.path: doc.data})
    fork = "refs/pull/1/merge"
    more = dataset()
    files = {more.path: more.data, MANIFEST.path: MANIFEST.data}
    lab.commit(fork, files, start="refs/heads/main")
    report = check(lab.open(), fork)  # type: ignore[arg-type]
    assert report, report.findings
    assert report.added == {"dataset": 1, "object": 1}
    lab.commit("refs/pull/2/merge", {doc.path: None}, start="refs/heads/main")
    assert check(lab.open(), "refs/pull/2/merge").exit_code == 16  # type: ignore[arg-type]
