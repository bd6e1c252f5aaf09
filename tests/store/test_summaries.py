"""The table of runs and its cache, which may be lost, damaged or shared at any time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from tests.store.labs import RECORD_REF, GitLab, lineage, run_doc

from labrec.store.summaries import RunSummary, summaries
from labrec.store.view import open_view

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.conftest import SmallLab


def rows_of(lab: GitLab, project: str | None = None) -> list[RunSummary]:
    return summaries(open_view(lab.open()), project)


def cache_files(lab: GitLab) -> list[Path]:
    folder = lab.git_dir / "labrec" / "cache"
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_summary_says_what_a_table_shows(empty_lab: GitLab) -> None:
    parent = "018d0000-0000-7000-8000-000000000001"
    doc = run_doc(
        name="base",
        identity={"tags": ["a", "b"]},
        lineage=lineage(parents=[{"by": "option", "name": None, "run_id": parent}]),
        metrics={
            "minor": 0,
            "series": None,
            "values": {
                "loss": {"last": 0.25, "count": 3},
                "bad": {"last": {"$float": "NaN"}, "count": 1},
            },
        },
    )
    empty_lab.add(doc)
    (row,) = rows_of(empty_lab)
    assert (row.project, row.name, row.status, row.tags) == (
        "mnist",
        "base",
        "complete",
        ["a", "b"],
    )
    assert (row.started, row.duration_s) == ("2026-01-02T03:04:05Z", 60.5)
    assert row.metrics == {"bad": "NaN", "loss": 0.25}
    assert row.parents == [{"name": None, "run_id": parent, "config_digest": None}]
    assert row.path == doc.path
    assert row.config_digest is not None
    assert row.entry() == open_view(empty_lab.open()).find_run(row.run_id)
    assert set(row.to_json()) == set(RunSummary._fields) - {"sha"}


def test_the_cache_gives_the_same_rows_without_reading_records(small_lab: SmallLab) -> None:
    cold = rows_of(small_lab.lab)
    view = open_view(small_lab.lab.open())
    inner = view.objects.read_object

    class Watched:
        def read_object(self, sha: str) -> tuple[str, bytes]:
            kind, data = inner(sha)
            assert kind == "tree"
            return kind, data

        open_blob = None

    view.objects = Watched()  # type: ignore[assignment]
    assert summaries(view) == cold
    assert [row.name for row in cold] == ["first", "second", "first"]


def test_rows_are_in_order_of_creation_and_of_one_project_on_request(small_lab: SmallLab) -> None:
    rows = rows_of(small_lab.lab)
    assert [row.run_id for row in rows] == sorted(row.run_id for row in rows)
    assert [row.project for row in rows_of(small_lab.lab, "cifar")] == ["cifar"]
    assert rows_of(small_lab.lab, "none") == []


def test_a_new_record_appears_at_once(small_lab: SmallLab) -> None:
    rows_of(small_lab.lab)
    small_lab.lab.add(run_doc(name="new"))
    assert "new" in [row.name for row in rows_of(small_lab.lab)]


@pytest.mark.parametrize(
    "damage", [b"", b"junk", b"[]", None], ids=["empty", "junk", "list", "flip"]
)
def test_a_damaged_cache_is_ignored_and_written_anew(
    small_lab: SmallLab, damage: bytes | None
) -> None:
    before = rows_of(small_lab.lab)
    files = cache_files(small_lab.lab)
    assert files
    originals = {path: path.read_bytes() for path in files}
    for path, data in originals.items():
        path.write_bytes(damage if damage is not None else data[:-9] + b"9" + data[-8:])
    assert rows_of(small_lab.lab) == before
    assert {path: path.read_bytes() for path in cache_files(small_lab.lab)} == originals


def test_no_bit_of_the_cache_is_believed_unproven(small_lab: SmallLab) -> None:
    before = rows_of(small_lab.lab)
    view = open_view(small_lab.lab.open())
    path = cache_files(small_lab.lab)[0]
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])
        assert summaries(view) == before


def test_equal_days_of_two_projects_are_kept_apart(empty_lab: GitLab) -> None:
    """Directories with the same content have the same tree id; a misplaced copy does that."""
    doc = run_doc("mnist")
    empty_lab.add(doc)
    empty_lab.commit(RECORD_REF, {doc.path.replace("mnist", "cifar"): doc.data})
    for _ in range(2):
        assert sorted(row.project for row in rows_of(empty_lab)) == ["cifar", "mnist"]


def test_a_cache_that_cannot_be_made_is_no_failure(small_lab: SmallLab) -> None:
    (small_lab.lab.git_dir / "labrec").mkdir()
    (small_lab.lab.git_dir / "labrec" / "cache").write_bytes(b"a file where a folder belongs")
    assert len(rows_of(small_lab.lab)) == 3


def test_readers_may_fill_the_cache_at_the_same_time(small_lab: SmallLab) -> None:
    expected = rows_of(small_lab.lab)
    for path in cache_files(small_lab.lab):
        path.unlink()
    with ThreadPoolExecutor(4) as pool:
        for rows in pool.map(lambda _: rows_of(small_lab.lab), range(8)):
            assert rows == expected
    assert not [path for path in cache_files(small_lab.lab) if path.name.startswith(".")]


def test_a_record_that_cannot_be_read_is_a_row_and_is_not_cached(small_lab: SmallLab) -> None:
    doc = small_lab.runs[1]
    small_lab.lab.commit(RECORD_REF, {doc.path: b"{"})
    assert "unreadable" in [row.status for row in rows_of(small_lab.lab)]
    small_lab.lab.commit(RECORD_REF, {doc.path: doc.data})
    assert "unreadable" not in [row.status for row in rows_of(small_lab.lab)]
