"""The series object: exact, sorted, deterministic, small; compared with csv, Decimal and gzip."""

from __future__ import annotations

import csv
import gzip
import io
import math
import random
import subprocess
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labrec.capture.assembly import compressed, series
from labrec.capture.assembly.series import SeriesTable

NAMES = {1: "loss", 2: "a,b", 3: 'say "x"'}


def table(points, tmp_path, names=None, started=10.0):
    with SeriesTable(started) as built:
        built.gather(points, names or NAMES)
        return built.write(tmp_path)


def text(new):
    data = new.source if isinstance(new.source, bytes) else new.source.read_bytes()
    return gzip.decompress(data).decode()


points = st.lists(
    st.tuples(
        st.integers(-5, 5) | st.integers(-(2**63), 2**63 - 1),
        st.floats(10.0, 1e6),
        st.floats(),
        st.sampled_from([1, 2, 3]),
    ),
    max_size=60,
)


@given(points, st.integers(1, 20))
@settings(max_examples=150, deadline=None)
def test_rows_are_the_points_sorted_whatever_was_spilled(tmp_path_factory, given_points, spill):
    folder = tmp_path_factory.mktemp("series")
    before = series.SPILL
    series.SPILL = spill
    try:
        new, summaries = table(given_points, folder)
    finally:
        series.SPILL = before
    if not given_points:
        assert new is None
        return
    rows = list(csv.reader(io.StringIO(text(new))))
    assert rows[0] == ["metric", "step", "time", "value"]
    expected = sorted(
        ((NAMES[number], step, at, value) for step, at, value, number in given_points),
        key=lambda row: row[:3],
    )
    assert [(row[0], int(row[1])) for row in rows[1:]] == [row[:2] for row in expected]
    for row, (_, _, at, value) in zip(rows[1:], expected, strict=True):
        assert abs(Decimal(row[2]) - Decimal(at - 10.0)) <= Decimal("0.0000005")
        assert float(row[3]) == value or math.isnan(value)
    for name, summary in summaries.items():
        check_summary(summary, [row[3] for row in expected if row[0] == name])


def check_summary(summary, values):
    assert summary.points == len(values)
    assert summary.last == values[-1] or math.isnan(values[-1])
    numbers = [value for value in values if not math.isnan(value)]
    if numbers:
        assert (summary.min, summary.max) == (min(numbers), max(numbers))
    if all(map(math.isfinite, values)):
        mean = sum(map(Fraction, values)) / len(values)
        if abs(mean) < Fraction(10) ** 300:
            assert summary.mean == pytest.approx(float(mean), rel=1e-12, abs=1e-300)
    elif len(numbers) < len(values) or {math.inf, -math.inf} <= set(values):
        assert math.isnan(summary.mean)


def test_a_million_points_agree_with_csv_and_decimal(tmp_path):
    rng = random.Random(3)
    many = [(n, 10 + n * 1e-5, rng.gauss(0, 1), 1) for n in range(1_000_000)]
    new, summaries = table(many, tmp_path)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["metric", "step", "time", "value"])
    writer.writerows(("loss", n, f"{at - 10:.6f}", value) for n, at, value, _ in many)
    assert text(new) == out.getvalue()
    exact = sum((Decimal(value) for _, _, value, _ in many[:1000]), Decimal(0))
    part = table(many[:1000], tmp_path)[1]["loss"]
    assert Decimal(part.mean) == pytest.approx(exact / 1000, rel=Decimal("1e-15"))
    assert summaries["loss"].points == 1_000_000
    assert new.size / 1_000_000 <= 16


@pytest.mark.parametrize("count", [1_000, 10_000])
def test_a_stored_point_takes_at_most_16_bytes(tmp_path, count):
    rng = random.Random(1)
    at = 10.0
    worst = []
    for n in range(count):
        at += rng.expovariate(20)
        worst.append((n, at, 2.3 * math.exp(-n / count) + rng.gauss(0, 0.1), 1))
    new, _ = table(worst, tmp_path)
    assert new.size / count <= 16


def test_special_values_are_written_in_their_words(tmp_path):
    values = [math.nan, math.inf, -math.inf, -0.0, 0.1, 1e300, 1e-7, 5.0]
    new, summaries = table([(n, 10.0, value, 1) for n, value in enumerate(values)], tmp_path)
    assert [row.rsplit(",", 1)[1] for row in text(new).splitlines()[1:]] == [
        "NaN", "Infinity", "-Infinity", "-0.0", "0.1", "1e+300", "1e-07", "5.0",
    ]  # fmt: skip
    assert math.isnan(summaries["loss"].mean)
    assert summaries["loss"].last == 5.0


def test_the_object_says_nothing_but_its_rows(tmp_path):
    given_points = [(n, 10.5, n / 7, 1) for n in range(500)]
    first, _ = table(given_points, tmp_path)
    second, _ = table(given_points, tmp_path / "elsewhere")
    assert first == second
    assert first.source[:10] == bytes.fromhex("1f8b08000000000000ff")
    out = subprocess.run(["zcat"], input=first.source, capture_output=True, check=True).stdout
    assert out.startswith(b"metric,step,time,value\nloss,0,0.500000,0.0\n")


def test_a_large_object_goes_to_a_file_with_the_same_bytes(tmp_path, monkeypatch):
    given_points = [(n, 10.0, n / 7, 1) for n in range(50_000)]
    small, _ = table(given_points, tmp_path)
    monkeypatch.setattr(compressed, "IN_MEMORY", 1000)
    large, _ = table(given_points, tmp_path)
    assert large.source == tmp_path / large.sha256
    assert large.source.read_bytes() == small.source
    assert large.sha256 == small.sha256


def test_best_follows_the_direction(tmp_path):
    _, summaries = table([(n, 10.0, value, 1) for n, value in enumerate([2.0, 5.0, 1.0])], tmp_path)
    loss = summaries["loss"]
    assert (loss.best("maximize"), loss.best("minimize"), loss.best(None)) == (5.0, 1.0, None)


def test_a_mean_beyond_the_largest_sum_is_still_right(tmp_path):
    _, summaries = table([(n, 10.0, 1.7e308, 1) for n in range(10)], tmp_path)
    assert summaries["loss"].mean == pytest.approx(1.7e308)


def test_points_without_a_name_are_counted(tmp_path):
    with SeriesTable(0.0) as built:
        assert built.gather([(0, 1.0, 1.0, 1), (0, 1.0, 1.0, 9)], NAMES) == 1
