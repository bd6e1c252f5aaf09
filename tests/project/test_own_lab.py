"""This repository is a lab: its records are proven, small, and say nothing of whose machine it was."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

import labrec
from labrec.analytics.pipeline import analyze
from labrec.analytics.query import Tables
from labrec.sdk.hypotheses import find_hypothesis, state_of
from labrec.store.lab import Lab
from labrec.store.verify import verify

ROOT = Path(__file__).resolve().parents[2]
RECORDS = ROOT / "records"
STUDY = ROOT / "examples" / "stdlib_lm"
MOST = 3_000_000  # bytes of all records

PRIVATE = re.compile(rb"(?<![\w.-])/(?:home|root|Users|tmp|mnt|srv|opt|var)/[\w.-]+")


def contents() -> list[tuple[Path, bytes]]:
    files = [path for path in sorted(RECORDS.rglob("*")) if path.is_file()]
    read = [(path, path.read_bytes()) for path in files]
    return [(path, gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
            for path, data in read]  # fmt: skip


def test_the_records_are_proven() -> None:
    with Lab.open(ROOT) as lab:
        report = verify(lab)
    assert report, report.to_json()


def test_the_study_is_there_whole() -> None:
    with labrec.open(ROOT, at="HEAD") as reader:
        runs = list(reader.runs("stdlib-lm"))
    assert len({run.name for run in runs}) == 17
    assert {run.status for run in runs} == {"complete", "failed"}
    assert {run.section("identity")["author"]["name"] for run in runs} == {"The labrec developers"}


def test_its_claim_is_registered_as_the_draft_says() -> None:
    with Lab.open(ROOT) as lab:
        view = lab.view("HEAD")
        found = find_hypothesis(view, "three-components")
        assert state_of(view, found) == "registered"


def test_its_claim_has_the_verdict_that_its_rule_gives(tmp_path: Path) -> None:
    with Lab.open(ROOT) as lab:
        found = analyze(lab, tmp_path, "HEAD")
    (row,) = Tables(found.folder).rows("hypotheses", {"hypothesis": "three-components"})
    assert (row["verdict"], row["final"], row["registered"]) == ("supported", True, "preregistered")
    assert (row["method"], row["n_treatment"], row["delta"]) == ("paired", 3, 0.2)
    assert row["low"] > 0.2
    assert row["verdict_lab"] == "supported"


@pytest.mark.parametrize(
    ("file", "copy"),
    [("project.yaml", "project.yaml"), ("hypothesis.yaml", "hypotheses/three-components.yaml")],
)
def test_the_definitions_are_those_of_the_demo(file: str, copy: str) -> None:
    assert (STUDY / file).read_bytes() == (RECORDS / "stdlib-lm" / copy).read_bytes()


def test_the_records_are_small() -> None:
    assert sum(path.stat().st_size for path in RECORDS.rglob("*") if path.is_file()) < MOST


def test_no_record_has_a_path_of_a_machine() -> None:
    for path, data in contents():
        assert b"\0" in data or not PRIVATE.search(data), path  # NUL: the weights of a model


def test_the_search_would_find_something() -> None:
    assert PRIVATE.search(b'"cwd": "/home/ada/lab"')
