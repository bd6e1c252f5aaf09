"""Points of runs: streamed, checked, and left out where they are not what they should be."""

from __future__ import annotations

import gzip
import math
from typing import TYPE_CHECKING

import pytest
from tests.analytics.labs import made, measured, metric, rows, series_doc
from tests.store.labs import GitLab, object_doc, run_doc

from labrec.analytics import points
from labrec.record.digest import Digest

if TYPE_CHECKING:
    from tests.store.labs import Doc

HEADER = b"metric,step,time,value\n"


def with_table(name: str, stored: Doc, digest: Digest | None = None) -> Doc:
    """A record whose series is this object."""
    ref = {"sha256": (digest or Digest.of(stored.data)).hex, "size": len(stored.data)}
    return run_doc(name=name, metrics={"minor": 0, "series": ref, "values": {"m": metric(1.0)}})


def test_every_value_comes_back(lab: GitLab) -> None:
    stored = series_doc(
        HEADER
        + b'"a,""b",-5,0.000001,NaN\nc,0,0,Infinity\nc,1,0,-Infinity\nd,9007199254740993,0,5e-324\n'
    )
    lab.add(with_table("x", stored), stored)
    found = rows(made(lab), "series")
    assert [(row["metric"], row["step"]) for row in found] == [
        ('a,"b', -5),
        ("c", 0),
        ("c", 1),
        ("d", 9007199254740993),
    ]
    values = [row["value"] for row in found]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf, 5e-324]
    assert found[0]["time"] == 1e-6


def test_a_line_break_in_a_name_moves_no_point_to_another_run(lab: GitLab) -> None:
    first = series_doc(HEADER + b'"a\nb",0,0,1\n')
    second = series_doc(HEADER + b"c,0,0,2\n")
    lab.add(with_table("x", first), first, with_table("y", second), second)
    found = made(lab)
    names = {run["run_id"]: run["name"] for run in rows(found, "runs")}
    told = {(names[row["run_id"]], row["metric"], row["value"]) for row in rows(found, "series")}
    assert told == {("x", "a\nb", 1.0), ("y", "c", 2.0)}


BAD = {
    "no header": gzip.compress(b"a,0,0,1\n"),
    "empty": gzip.compress(b""),
    "no last line end": gzip.compress(HEADER + b"a,0,0,1"),
    "a missing value": gzip.compress(HEADER + b"a,0,0,\n"),
    "a step that is none": gzip.compress(HEADER + b"a,x,0,1\n"),
    "a step beyond 64 bits": gzip.compress(HEADER + b"a,9999999999999999999,0,1\n"),
    "five columns": gzip.compress(HEADER + b"a,0,0,1,2\n"),
    "an empty line": gzip.compress(HEADER + b"\n"),
    "not UTF-8": gzip.compress(HEADER + b"\xff,0,0,1\n"),
    "an open quote": gzip.compress(HEADER + b'"a,0,0,1\n'),
    "steps out of order": gzip.compress(HEADER + b"a,1,0,1\na,0,0,1\n"),
    "names out of order": gzip.compress(HEADER + b"b,0,0,1\na,1,0,1\n"),
    "times out of order": gzip.compress(HEADER + b"a,0,1,1\na,0,0,1\n"),
    "cut off": gzip.compress(HEADER + b"a,0,0,1\n")[:-9],
    "no gzip": b"metric,step,time,value\n",
    "bytes behind it": gzip.compress(HEADER) + b"junk",
}


@pytest.mark.parametrize("why", BAD)
def test_a_table_that_is_none_leaves_out_its_run_alone(lab: GitLab, why: str) -> None:
    bad = object_doc(BAD[why])
    record = with_table("bad", bad)
    lab.add(record, bad, *measured("good", {"loss": 0.5}), *measured("other", {"loss": 0.25}))
    found = made(lab)
    assert [p["path"] for p in rows(found, "problems")] == [record.path]
    assert "its points" in rows(found, "problems")[0]["problem"]
    assert sorted(row["value"] for row in rows(found, "series")) == [0.25, 0.5]
    assert len(rows(found, "runs")) == 3
    assert found.exit_code == 3


def test_points_that_are_not_there_are_a_problem_until_they_come(lab: GitLab) -> None:
    record, series = measured("late", {"loss": 0.5})
    lab.add(record)
    found = made(lab)
    assert "not-found" in rows(found, "problems")[0]["problem"]
    assert rows(found, "series") == []
    lab.add(series)
    found = made(lab)
    assert found
    assert len(rows(found, "series")) == 1


def test_other_bytes_than_their_name_says_are_no_points(lab: GitLab) -> None:
    stored = series_doc({"loss": 0.5})
    other = series_doc({"loss": 0.0})
    lab.add(with_table("x", stored), stored._replace(data=other.data))
    found = made(lab)
    assert "integrity" in rows(found, "problems")[0]["problem"]
    assert rows(found, "series") == []


def test_a_bomb_is_stopped(lab: GitLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "MAX_TABLE", 10_000)
    stored = series_doc(HEADER + b"a,0,0,1\n" * 2_000)
    lab.add(with_table("x", stored), stored)
    assert "limit" in rows(made(lab), "problems")[0]["problem"]


def test_a_long_table_is_read_in_pieces(lab: GitLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "_PIECE", 1_000)
    monkeypatch.setattr(points, "_BATCH", 5_000)
    lines = b"".join(b"loss,%d,%d,0.5\n" % (step, step) for step in range(10_000))
    long, short = series_doc(HEADER + lines), series_doc(HEADER + b"a,0,0,1\n")
    lab.add(with_table("long", long), long, with_table("short", short), short)
    found = rows(made(lab), "series")
    assert [row["step"] for row in found if row["metric"] == "loss"] == list(range(10_000))
    assert len({row["run_id"] for row in found}) == 2


def test_order_is_checked_across_pieces(lab: GitLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "_PIECE", 1_000)
    monkeypatch.setattr(points, "_BATCH", 1)
    lines = b"".join(b"loss,%d,0,0.5\n" % step for step in [*range(1_000, 2_000), *range(1_000)])
    stored = series_doc(HEADER + lines)
    lab.add(with_table("x", stored), stored)
    assert "not in order" in rows(made(lab), "problems")[0]["problem"]


def test_gzip_tables_may_stand_behind_one_another(lab: GitLab) -> None:
    stored = object_doc(gzip.compress(HEADER + b"a,0,0,1\n") + gzip.compress(b"a,1,0,2\n"))
    lab.add(with_table("x", stored), stored)
    assert [row["value"] for row in rows(made(lab), "series")] == [1.0, 2.0]


def test_a_run_without_points_makes_no_file(lab: GitLab) -> None:
    lab.add(run_doc(name="x"))
    found = made(lab)
    assert not list(found.folder.glob("series/**/*"))
    assert found.report["rows"]["series"] == 0
