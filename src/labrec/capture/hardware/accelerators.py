"""The GPUs of a machine: from ``/sys`` for AMD, from NVML in a helper process for NVIDIA.

NVML can hang for ever and maps a large library, so the observed process never calls it: a helper
does, under a deadline, and ``machine`` keeps its answer until the next start of the system.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import time
from typing import TYPE_CHECKING, Any

from labrec.capture import detached
from labrec.capture.hardware.facts import Fact, Tree, unavailable, value

if TYPE_CHECKING:
    from collections.abc import Callable

DEADLINE_S = 5.0
Gpu = dict[str, Any]

_AMD = "0x1002"


def gpu_facts(tree: Tree, *, deadline_s: float = DEADLINE_S) -> Fact:
    """Return the list of GPUs; empty where there is none.

    Args:
        tree: Where ``/proc``, ``/sys`` and ``/dev`` are.
        deadline_s: Longest wait for NVML, seconds.
    """
    found = _amd(tree)
    if not has_nvidia(tree):
        return value(found)
    answer = _ask(deadline_s)
    if isinstance(answer, str):
        listed = _proc_nvidia(tree)
        if not listed:
            return unavailable(answer)
        return value(found + listed)
    return value(found + answer)


def complete(gpus: Fact) -> bool:
    """Say whether every GPU answered itself; if not, asking again later may tell more."""
    return "value" in gpus and all(gpu["method"] != "procfs" for gpu in gpus["value"])


def has_nvidia(tree: Tree) -> bool:
    """Say whether an NVIDIA driver is loaded, or WSL passes one through."""
    return any(
        tree.exists(place)
        for place in ("/proc/driver/nvidia/version", "/dev/nvidiactl", "/usr/lib/wsl/lib")
    )


def device_nodes(tree: Tree) -> list[str]:
    """Return the GPU device nodes this process can see: they tell containers apart."""
    likely = [name for name in tree.names("/dev") if name.startswith(("nvidia", "dxg", "kfd"))]
    return [name for name in likely if re.fullmatch(r"nvidia\d+|dxg|kfd", name)]


def _amd(tree: Tree) -> list[Gpu]:
    gpus = []
    place = "/sys/class/drm"
    for card in tree.names(place):
        device = f"{place}/{card}/device"
        if not re.fullmatch(r"card\d+", card) or tree.optional(f"{device}/vendor") != _AMD:
            continue
        gpu: Gpu = {
            "name": tree.optional(f"{device}/product_name")
            or f"AMD {tree.optional(f'{device}/device') or 'GPU'}",
            "method": "sysfs",
        }
        memory = tree.optional(f"{device}/mem_info_vram_total")
        if memory and memory.isdigit():
            gpu["memory"] = int(memory)
        found = re.search(
            r"^PCI_SLOT_NAME=(\S+)$", tree.optional(f"{device}/uevent") or "", re.MULTILINE
        )
        if found:
            gpu["pci"] = found[1]
        gpus.append(gpu)
    return gpus


def _proc_nvidia(tree: Tree) -> list[Gpu]:
    """Return what the driver itself shows: names, but neither memory nor MIG."""
    gpus = []
    place = "/proc/driver/nvidia/gpus"
    for bus in tree.names(place):
        found = re.search(
            r"^Model:\s*(\S.*)$", tree.optional(f"{place}/{bus}/information") or "", re.MULTILINE
        )
        if found:
            gpus.append({"name": found[1].strip(), "pci": bus.lower(), "method": "procfs"})
    return gpus


def _ask(deadline_s: float) -> list[Gpu] | str:
    """Ask NVML in a helper process; a text says why there is no answer."""
    until = time.monotonic() + deadline_s
    try:
        helper = detached.start(__name__, {})
    except OSError:
        return "the helper that asks NVML could not be started"
    parts = []
    try:
        poll = select.poll()
        poll.register(helper.answer, select.POLLIN)
        while True:
            left = until - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                _end(helper.pid)
                return f"NVML did not answer in {deadline_s:g} s"
            part = os.read(helper.answer, 65536)
            if not part:
                break
            parts.append(part)
    finally:
        detached.let_go(helper.lifeline)
        detached.let_go(helper.answer)
    try:
        answer = json.loads(b"".join(parts))
    except ValueError:
        return "the helper that asks NVML ended without an answer"
    return answer if isinstance(answer, list) else str(answer)


def _end(pid: int) -> None:
    import signal

    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def main(_given: dict[str, Any]) -> None:
    """Answer as the helper process: the GPUs NVML lists, or a text that says why not."""
    try:
        import pynvml

        answer: list[Gpu] | str = list_nvidia(pynvml)
    except ImportError:
        answer = "the NVML bindings are not installed"
    except Exception as error:  # noqa: BLE001 - NVML raises one class per cause
        answer = f"NVML: {error}"
    os.write(detached.ANSWER, json.dumps(answer).encode())


def list_nvidia(nvml: Any) -> list[Gpu]:
    """Return the NVIDIA GPUs; what a device does not support is left out of its entry.

    Args:
        nvml: The ``pynvml`` module or a stand-in.

    Raises:
        Exception: NVML itself cannot be used.
    """
    nvml.nvmlInit()
    try:
        driver = _text(nvml.nvmlSystemGetDriverVersion())
        gpus = []
        for index in range(nvml.nvmlDeviceGetCount()):
            device = nvml.nvmlDeviceGetHandleByIndex(index)
            gpu: Gpu = {"name": _text(nvml.nvmlDeviceGetName(device)), "method": "nvml"}
            readers: dict[str, Callable[[Any], Any]] = {
                "memory": lambda d: int(nvml.nvmlDeviceGetMemoryInfo(d).total),
                "pci": lambda d: _text(nvml.nvmlDeviceGetPciInfo(d).busId).lower(),
                "power_limit": lambda d: nvml.nvmlDeviceGetEnforcedPowerLimit(d) / 1000,
                "mig": lambda d: bool(nvml.nvmlDeviceGetMigMode(d)[0]),
                "compute_capability": lambda d: ".".join(
                    map(str, nvml.nvmlDeviceGetCudaComputeCapability(d))
                ),
            }
            for name, read in readers.items():
                try:
                    gpu[name] = read(device)
                except Exception:  # noqa: BLE001, S112 - one missing feature, not a missing GPU
                    continue
            gpu["driver"] = driver
            gpus.append(gpu)
        return gpus
    finally:
        nvml.nvmlShutdown()


def _text(content: str | bytes) -> str:
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else content
