"""Telemetry: bins of equal width, bounded however long the run."""

from __future__ import annotations

import csv
import gzip
import io
import math
from itertools import pairwise

import pytest

from labrec.capture.assembly import channels as channels_module
from labrec.capture.assembly.assemble import assemble
from labrec.capture.assembly.channels import MAX_BINS
from labrec.capture.plan import Ending
from labrec.capture.spool.reader import SpoolReader
from labrec.capture.spool.writer import Spool

FACTS = [
    {
        "name": "cpu.percent",
        "unit": "%",
        "sensor": "/proc/stat",
        "method": "delta",
        "interval_s": 1,
    },
    {"name": "gpu.power", "unit": "W", "sensor": "nvml", "method": "read", "interval_s": 1},
]


def sampled(run, samples, told=None):
    sampler = Spool.join(run.path, "sampler")
    sampler.channels(FACTS)
    for at, values in samples:
        sampler.sample(run.spool.started + at, values)
    if told is not None:
        sampler.section("telemetry", told)
    sampler.close()
    run.finish(Ending("complete"))
    run.close()
    with SpoolReader(run.path) as reader:
        got = assemble(reader)
    section = got.record.get("telemetry")
    rows = []
    if section and section["object"]:
        (new,) = [new for new in got.objects if new.sha256 == section["object"]["sha256"]]
        rows = list(csv.DictReader(io.StringIO(gzip.decompress(new.source).decode())))
    return section, rows


def test_few_samples_stay_as_they_are(live_run):
    section, rows = sampled(
        live_run,
        [(0.5, (10.0, math.nan)), (1.5, (20.0, 300.0)), (2.5, (60.0, math.nan))],
        {"channels": {"net": {"unavailable": "no device"}}, "overhead": {"cpu_s": 0.1}},
    )
    assert [(row["channel"], row["time"], row["mean"]) for row in rows] == [
        ("cpu.percent", "0.500000", "10.0"),
        ("cpu.percent", "1.500000", "20.0"),
        ("cpu.percent", "2.500000", "60.0"),
        ("gpu.power", "1.500000", "300.0"),
    ]
    cpu = section["channels"]["cpu.percent"]
    assert {k: cpu[k] for k in ("unit", "count", "min", "mean", "max")} == {
        "unit": "%", "count": 3, "min": 10.0, "mean": 30.0, "max": 60.0,
    }  # fmt: skip
    assert section["channels"]["net"] == {"unavailable": "no device"}
    assert section["overhead"] == {"cpu_s": 0.1}


def test_a_long_run_has_a_bounded_number_of_bins_and_loses_no_sample(live_run):
    samples = [(n * 0.37, (float(n % 100), 1.0)) for n in range(7_001)]
    section, rows = sampled(live_run, samples)
    cpu = [row for row in rows if row["channel"] == "cpu.percent"]
    assert len(cpu) <= MAX_BINS
    assert sum(int(row["count"]) for row in cpu) == 7_001
    times = [float(row["time"]) for row in cpu]
    width = samples[-1][0] / MAX_BINS
    assert all(round((b - a) / width) == pytest.approx((b - a) / width, abs=1e-3)
               for a, b in pairwise(times))  # fmt: skip
    assert section["channels"]["cpu.percent"]["count"] == 7_001
    assert max(float(row["max"]) for row in cpu) == 99.0
    assert min(float(row["min"]) for row in cpu) == 0.0


def test_coverage_is_the_share_of_the_run_that_was_seen(live_run, monkeypatch):
    sampler = Spool.join(live_run.path, "sampler")
    sampler.channels(FACTS)
    sampler.sample(live_run.spool.started + 5, (1.0, math.nan))
    sampler.close()
    live_run.close()
    with SpoolReader(live_run.path) as reader:
        section = assemble(reader).record["telemetry"]
    assert section["channels"]["cpu.percent"]["coverage"] == 0.2
    assert "gpu.power" not in section["channels"] or section["channels"]["gpu.power"]["unavailable"]


def test_a_run_without_sampler_has_no_telemetry(live_run):
    live_run.finish(Ending("complete"))
    with SpoolReader(live_run.path) as reader:
        assert "telemetry" not in assemble(reader).record


@pytest.mark.parametrize(
    ("value", "text"),
    [(1 / 3, "0.333333"), (126493123.4, "126493000"), (0.0, "0"), (-2.5e-9, "-2.5e-09"),
     (1e300, "1e+300"), (4.0, "4")],
)  # fmt: skip
def test_summaries_are_rounded_to_six_significant_digits(value, text):
    assert repr(channels_module._rounded(value)) == text
