"""NVIDIA telemetry against what a real GPU answered: readings/nvidia_h200.json.

The file holds raw answers of NVML on an H200, each with the milliseconds that the call took, while
a program started, multiplied matrices as fast as it could, and ended.
"""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from labrec.capture.hardware import accelerators
from labrec.capture.telemetry import probe as probes
from labrec.capture.telemetry.probes import nvidia

READINGS = json.loads((Path(__file__).parent / "readings" / "nvidia_h200.json").read_text())
CARD, SAMPLES = READINGS["card"], READINGS["samples"]
SECOND = 1.0


class Recorded:
    """NVML as it answered; every call takes the processor time that it took."""

    def __init__(self, samples):
        self.samples = iter(samples)
        self.now = None
        self.spent_s = 0.0

    def tick(self):
        self.now = next(self.samples)
        return self.now["time"]

    def thread_time(self):
        return self.spent_s

    def _answer(self, call):
        found = self.now[call]
        self.spent_s += found["ms"] / 1000
        return found["answer"]

    def nvmlDeviceGetCount(self):  # noqa: N802 - NVML's own name
        return 1

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return index

    def nvmlDeviceGetUtilizationRates(self, device):  # noqa: N802
        gpu, memory = self._answer("nvmlDeviceGetUtilizationRates")
        return SimpleNamespace(gpu=gpu, memory=memory)

    def nvmlDeviceGetMemoryInfo(self, device):  # noqa: N802
        total, used, free = self._answer("nvmlDeviceGetMemoryInfo")
        return SimpleNamespace(total=total, used=used, free=free)

    def nvmlDeviceGetTemperature(self, device, sensor):  # noqa: N802
        assert sensor == 0
        return self._answer("nvmlDeviceGetTemperature")

    def nvmlDeviceGetClockInfo(self, device, kind):  # noqa: N802
        assert kind == 1
        return self._answer("nvmlDeviceGetClockInfo")

    def __getattr__(self, call):
        return lambda device: self._answer(call)


@pytest.fixture
def replayed(monkeypatch):
    """Every sample by name, in the order of the readings."""
    nvml = Recorded([SAMPLES[0], *SAMPLES])
    monkeypatch.setattr(nvidia.time, "thread_time", nvml.thread_time)
    nvml.tick()
    gpu = nvidia.NvidiaGpu(nvml)
    names = [channel.name for channel in gpu.channels]
    return [dict(zip(names, gpu.read(nvml.tick()), strict=True)) for _ in SAMPLES]


def during(rows, load, name):
    return [row[name] for row, sample in zip(rows, SAMPLES, strict=True) if sample["load"] == load]


def test_every_channel_has_the_value_and_unit_that_the_card_means(replayed):
    last = next(i for i, one in reversed(list(enumerate(SAMPLES))) if one["load"] == "busy") - 1
    del replayed[last]["gpu0.energy"]
    assert replayed[last] == {
        "gpu0.utilisation": 99.0, "gpu0.memory_busy": 24.0, "gpu0.memory_used": 1_839_071_232.0,
        "gpu0.power": 692.258, "gpu0.temperature": 61.0, "gpu0.clock": 1470.0, "gpu0.throttled": 1.0,
    }  # fmt: skip


def test_idle_is_not_throttled_and_the_power_cap_is(replayed):
    assert set(during(replayed, "idle", "gpu0.throttled")) == {0.0}
    assert during(replayed, "busy", "gpu0.throttled")[:-1] == [1.0] * 10  # at 700 W, below 1980 MHz
    assert max(during(replayed, "busy", "gpu0.clock")[:-1]) < CARD["max_sm_clock"]


def test_power_is_the_average_of_the_driver_and_comes_late(replayed):
    for row, sample in zip(replayed, SAMPLES, strict=True):
        average, instant = (sample["power_fields"][kind] / 1000 for kind in ("average", "instant"))
        assert row["gpu0.power"] == pytest.approx(average, rel=0.17), instant
    first = during(replayed, "busy", "gpu0.power")[0]
    began = next(sample for sample in SAMPLES if sample["load"] == "busy")
    assert first < began["power_fields"]["instant"] / 1000 / 5


def test_energy_counts_from_the_first_sample_and_agrees_with_the_power_limit(replayed):
    known = [
        (sample["time"], row["gpu0.energy"])
        for row, sample in zip(replayed, SAMPLES, strict=True)
        if row["gpu0.energy"] == row["gpu0.energy"]
    ]
    assert known[0][1] == 0.0
    counters = [sample["nvmlDeviceGetTotalEnergyConsumption"]["answer"] for sample in SAMPLES]
    assert known[-1][1] <= (counters[-1] - counters[0]) / 1000
    watts = [
        (after - before) / (late - early) for (early, before), (late, after) in pairwise(known)
    ]
    assert min(watts) > 70
    assert max(watts) < CARD["power_limit"] / 1000 * 1.02


def test_a_costly_counter_is_read_so_seldom_that_it_costs_a_thousandth(replayed):
    seconds = SAMPLES[-1]["time"] - SAMPLES[0]["time"]
    asked = sum(row["gpu0.energy"] == row["gpu0.energy"] for row in replayed)
    assert 2 < asked < len(replayed) / 2
    assert all(
        row["gpu0.power"] == row["gpu0.power"] for row in replayed
    )  # the cheap ones every time
    costly = [one["nvmlDeviceGetTotalEnergyConsumption"]["ms"] / 1000 for one in SAMPLES]
    assert asked <= seconds / (min(costly) / probes.SHARE) + 2  # the first one makes no gap


def test_a_counter_that_begins_anew_has_no_value():
    counters = iter([100.0, 130.0, 5.0])
    since = nvidia.Since(lambda device: next(counters))
    assert [since(0), since(0)] == [0.0, 30.0]
    assert math.isnan(since(0))


def test_the_facts_of_the_card(monkeypatch):
    nvml = SimpleNamespace(
        nvmlInit=lambda: None,
        nvmlShutdown=lambda: None,
        nvmlSystemGetDriverVersion=lambda: CARD["driver"],
        nvmlDeviceGetCount=lambda: 1,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetName=lambda device: CARD["name"],
        nvmlDeviceGetMemoryInfo=lambda device: SimpleNamespace(total=CARD["memory"]),
        nvmlDeviceGetPciInfo=lambda device: SimpleNamespace(busId=CARD["pci"]),
        nvmlDeviceGetEnforcedPowerLimit=lambda device: CARD["power_limit"],
        nvmlDeviceGetMigMode=lambda device: CARD["mig"],
        nvmlDeviceGetCudaComputeCapability=lambda device: CARD["compute_capability"],
    )
    assert accelerators.list_nvidia(nvml) == [{
        "name": "NVIDIA H200", "method": "nvml", "memory": 150_754_820_096,
        "pci": "00000000:00:06.0", "power_limit": 700.0, "mig": False,
        "compute_capability": "9.0", "driver": "580.159.04",
    }]  # fmt: skip
