"""The probes, one module each, listed here and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec.capture.telemetry.probes import (
    amdgpu,
    battery,
    cgroups,
    clock,
    cpu,
    disk,
    frequency,
    memory,
    network,
    nvidia,
    portable,
    pressure,
    process_tree,
    rapl,
    temperature,
)

if TYPE_CHECKING:
    from labrec.capture.telemetry.probe import ProbeModule

PROBES: dict[str, ProbeModule] = {
    "cpu": cpu,
    "memory": memory,
    "process_tree": process_tree,
    "disk": disk,
    "network": network,
    "pressure": pressure,
    "cgroups": cgroups,
    "clock": clock,
    "frequency": frequency,
    "temperature": temperature,
    "battery": battery,
    "rapl": rapl,
    "amdgpu": amdgpu,
    "nvidia": nvidia,
    "portable": portable,
}
