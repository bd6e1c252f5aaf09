"""Golden files: what was once written reads back, byte for byte, for ever.

A golden file is never edited or removed. A change that makes one of these tests fail breaks labs
that exist.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from labrec.record import codec, layout, reader
from labrec.record.digest import Digest

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(GOLDEN.glob("*.json"))
# sha256 of SHA256SUMS itself: nobody changes a golden file and its line by accident.
SUMS = "b3651142112b79ec9def3e3044e0f85a6667d7a92643a6bc2b1f0458551ede5d"


def test_the_bytes_are_those_of_the_first_day():
    sums = (GOLDEN / "SHA256SUMS").read_bytes()
    assert hashlib.sha256(sums).hexdigest() == SUMS
    listed = dict(reversed(line.split("  ")) for line in sums.decode().splitlines())
    assert listed == {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_our_writer_gives_the_same_bytes(file):
    data = file.read_bytes()
    assert codec.encode(codec.decode(data)) == data


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_reads_back_at_its_own_path(file, corpus):
    data = file.read_bytes()
    path = corpus.path_of(corpus.golden(file.stem), data)
    document = reader.read_document(path, data)
    parsed = layout.parse_path(path)
    assert parsed.digest == Digest.of(data).short
    if parsed.kind == "run":
        made = layout.run_path(parsed.project, parsed.id, Digest.of(data))
    elif parsed.kind == "note":
        made = layout.note_path(parsed.project, parsed.id, Digest.of(data))
    elif parsed.kind == "metric":
        made = layout.metric_path(parsed.project, parsed.id, Digest.of(data))
    elif parsed.kind == "dataset":
        place = parsed.project, parsed.id, parsed.version
        made = layout.dataset_path(*place, Digest.of(data))
    elif parsed.kind == "report":
        place = parsed.project, parsed.id, parsed.version
        made = layout.report_path(*place, Digest.of(data))
    else:
        made = layout.registration_path(parsed.project, parsed.id, Digest.of(data))
    assert made == path
    assert document.schema_.endswith(("/1.0", "/1.1", "/1.7"))


def test_the_kinds_are_all_there():
    names = {file.stem for file in FILES}
    assert {"run_full", "run_minimal", "run_failed", "run_planned", "run_tagged", "run_unicode",
            "run_imported", "run_newer_minor", "registration", "registration_amended",
            "metric_scalar", "metric_minimal", "metric_expression", "metric_entry_point",
            "metric_composite", "metric_amended", "dataset_version", "dataset_minimal",
            "dataset_derived", "run_counterfactuals", "report_first", "report_second",
            "run_counterfactuals_object"} <= names  # fmt: skip
