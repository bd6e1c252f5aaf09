"""NVIDIA GPUs through NVML."""

from __future__ import annotations

import importlib
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.capture.hardware.accelerators import has_nvidia
from labrec.capture.telemetry.probe import NAN, Channel, Pace

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


class Quantity(NamedTuple):
    """One quantity of one GPU.

    Attributes:
        read: Asks NVML for it.
        device: NVML's handle of the GPU.
        pace: When it may be asked for again: a driver takes 3 ms of processor time to add up the
            energy counter of an H200, and 0.1 ms for everything else together.
    """

    read: Callable[[Any], float]
    device: Any
    pace: Pace

    def sample(self, now: float) -> float:
        """Return its value; NaN where NVML fails, or where it is not due yet."""
        if not self.pace.due(now):
            return NAN
        before = time.thread_time()
        try:
            return float(self.read(self.device))
        except Exception:  # noqa: BLE001 - one quantity may fail while others answer
            return NAN
        finally:
            self.pace.paid(now, time.thread_time() - before)


class NvidiaGpu:
    """Every GPU that NVML lists for this process; what one does not support has no channel."""

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        self._quantities: list[Quantity] = []
        channels: list[Channel] = []
        for index in range(nvml.nvmlDeviceGetCount()):
            device = nvml.nvmlDeviceGetHandleByIndex(index)
            for name, unit, call, method, read in self._known():
                try:
                    read(device)
                except Exception:  # noqa: BLE001, S112 - NVML_ERROR_NOT_SUPPORTED and its kin
                    continue
                self._quantities.append(Quantity(read, device, Pace()))
                channels.append(Channel(f"gpu{index}.{name}", unit, call, method))
        if not channels:
            raise FileNotFoundError(2, "NVML lists no GPU", "nvml")
        self.channels = tuple(channels)

    def _known(self) -> tuple[tuple[str, str, str, str, Callable[[Any], float]], ...]:
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
            ("energy", "J", "nvmlDeviceGetTotalEnergyConsumption", "since the first sample",
             Since(lambda d: n.nvmlDeviceGetTotalEnergyConsumption(d) / 1000)),
            ("temperature", "°C", "nvmlDeviceGetTemperature", now,
             lambda d: n.nvmlDeviceGetTemperature(d, _CELSIUS)),
            ("clock", "MHz", "nvmlDeviceGetClockInfo", f"streaming multiprocessors, {now}",
             lambda d: n.nvmlDeviceGetClockInfo(d, _SM)),
            ("throttled", "1", "nvmlDeviceGetCurrentClocksThrottleReasons",
             "1 while any reason but idle holds the clock down",
             lambda d: float(bool(n.nvmlDeviceGetCurrentClocksThrottleReasons(d) & _NOT_IDLE))),
        )  # fmt: skip

    def read(self, now: float) -> list[float]:
        """Take one sample."""
        values = [one.sample(now) for one in self._quantities]
        if all(value != value for value in values):  # noqa: PLR0124 - NaN
            raise OSError(5, "NVML answers nothing", "nvml")
        return values


class Since:
    """A counter that runs since the driver was loaded, from its first reading on.

    Args:
        read: Asks for the counter of one device.
    """

    def __init__(self, read: Callable[[Any], float]) -> None:
        self._read = read
        self._first: float | None = None

    def __call__(self, device: Any) -> float:
        """Return what was added since the first reading; NaN where the counter began anew."""
        counter = self._read(device)
        if self._first is None:
            self._first = counter
        return counter - self._first if counter >= self._first else NAN


def open_probe(world: World) -> NvidiaGpu:
    """Open the probe."""
    if not has_nvidia(world.tree):
        raise FileNotFoundError(2, "no NVIDIA driver", "/proc/driver/nvidia")
    nvml = importlib.import_module(BINDINGS)
    nvml.nvmlInit()
    return NvidiaGpu(nvml)
