"""NVIDIA GPUs through NVML."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from labrec.capture.hardware.accelerators import has_nvidia
from labrec.capture.telemetry.probe import NAN, Channel

if TYPE_CHECKING:
    from collections.abc import Callable

    from labrec.capture.telemetry.probe import World

EXPECTED = ("gpu.nvidia",)
DEADLINE_S = 5.0  # a driver without persistence mode takes seconds to start

BINDINGS = "pynvml"
"""Module of the NVML bindings; tests name a stand-in."""

_NOT_IDLE = ~0x1  # nvmlClocksThrottleReasonGpuIdle is no throttling
_SM = 1  # NVML_CLOCK_SM
_CELSIUS = 0  # NVML_TEMPERATURE_GPU


class NvidiaGpu:
    """Every GPU that NVML lists for this process; what one does not support has no channel."""

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        self._readers: list[tuple[Callable[[Any], float], Any]] = []
        channels: list[Channel] = []
        for index in range(nvml.nvmlDeviceGetCount()):
            device = nvml.nvmlDeviceGetHandleByIndex(index)
            for name, unit, call, method, read in self._quantities():
                try:
                    read(device)
                except Exception:  # noqa: BLE001, S112 - NVML_ERROR_NOT_SUPPORTED and its kin
                    continue
                self._readers.append((read, device))
                channels.append(Channel(f"gpu{index}.{name}", unit, call, method))
        if not channels:
            raise FileNotFoundError(2, "NVML lists no GPU", "nvml")
        self.channels = tuple(channels)

    def _quantities(self) -> tuple[tuple[str, str, str, str, Callable[[Any], float]], ...]:
        """Return name, unit, NVML call, method and reader of each quantity."""
        n = self._nvml
        last = "over the driver's last sample period"
        now = "at the sample"
        return (
            ("utilisation", "%", "nvmlDeviceGetUtilizationRates", f"time with a kernel {last}",
             lambda d: n.nvmlDeviceGetUtilizationRates(d).gpu),
            ("memory_busy", "%", "nvmlDeviceGetUtilizationRates", f"time memory was moved {last}",
             lambda d: n.nvmlDeviceGetUtilizationRates(d).memory),
            ("memory_used", "B", "nvmlDeviceGetMemoryInfo", "whole device, all processes",
             lambda d: n.nvmlDeviceGetMemoryInfo(d).used),
            ("power", "W", "nvmlDeviceGetPowerUsage", "the driver's average, about one second",
             lambda d: n.nvmlDeviceGetPowerUsage(d) / 1000),
            ("energy", "J", "nvmlDeviceGetTotalEnergyConsumption", "since the driver was loaded",
             lambda d: n.nvmlDeviceGetTotalEnergyConsumption(d) / 1000),
            ("temperature", "°C", "nvmlDeviceGetTemperature", now,
             lambda d: n.nvmlDeviceGetTemperature(d, _CELSIUS)),
            ("clock", "MHz", "nvmlDeviceGetClockInfo", f"streaming multiprocessors, {now}",
             lambda d: n.nvmlDeviceGetClockInfo(d, _SM)),
            ("throttled", "1", "nvmlDeviceGetCurrentClocksThrottleReasons",
             "1 while any reason but idle holds the clock down",
             lambda d: float(bool(n.nvmlDeviceGetCurrentClocksThrottleReasons(d) & _NOT_IDLE))),
        )  # fmt: skip

    def read(self, now: float) -> list[float]:  # noqa: ARG002 - the same for every probe
        """Take one sample."""
        values = []
        for read, device in self._readers:
            try:
                values.append(float(read(device)))
            except Exception:  # noqa: BLE001 - one quantity may fail while others answer
                values.append(NAN)
        if all(value != value for value in values):  # noqa: PLR0124 - NaN
            raise OSError(5, "NVML answers nothing", "nvml")
        return values


def open_probe(world: World) -> NvidiaGpu:
    """Open the probe."""
    if not has_nvidia(world.tree):
        raise FileNotFoundError(2, "no NVIDIA driver", "/proc/driver/nvidia")
    nvml = importlib.import_module(BINDINGS)
    nvml.nvmlInit()
    return NvidiaGpu(nvml)
