"""The conditions of one run: what may change from run to run on the same machine."""

from __future__ import annotations

import os
import re
from functools import cache, partial
from typing import TYPE_CHECKING

from labrec.capture.hardware import cgroup
from labrec.capture.hardware.facts import Fact, Tree, fact
from labrec.capture.hardware.processor import CPUS

if TYPE_CHECKING:
    from collections.abc import Mapping

_FEW = 8  # processors whose throttle counters are read; they are shared by a package or a core


def condition_facts(tree: Tree, environ: Mapping[str, str]) -> dict[str, Fact]:
    """Return the conditions at this moment; the names are listed in ``docs/hardware.md``."""
    group = cache(partial(cgroup.locate, tree))  # found once, for both limits
    return {
        "affinity": fact(_affinity),
        "cpu_limit": fact(lambda: _limit(cgroup.cpu_limit(tree, group())), "cores"),
        "memory_limit": fact(lambda: _limit(cgroup.memory_limit(tree, group())), "B"),
        "container": fact(partial(_container, tree, environ)),
        "governor": fact(partial(_governor, tree)),
        "boost": fact(partial(_boost, tree)),
        "throttled": fact(partial(_throttled, tree)),
        "power_source": fact(partial(power_source, tree)),
        "load": fact(lambda: float(tree.text("/proc/loadavg").split()[0])),
        "memory_available": fact(lambda: memory_amount(tree, "MemAvailable"), "B"),
        "huge_pages": fact(partial(_huge_pages, tree)),
        "scheduler_job": fact(lambda: _job(environ)),
    }


def memory_amount(tree: Tree, name: str) -> int:
    """Return one amount of ``/proc/meminfo``, such as ``MemTotal``, in bytes.

    Raises:
        OSError: It cannot be read, or does not say.
    """
    found = re.search(rf"^{name}:\s+(\d+) kB$", tree.text("/proc/meminfo"), re.MULTILINE)
    if found is None:
        raise FileNotFoundError(2, "no such amount", name)
    return int(found[1]) * 1024


def power_source(tree: Tree) -> str | None:
    """Return ``mains`` or ``battery``; None where the machine has no power supply to ask."""
    place = "/sys/class/power_supply"
    kinds = {name: tree.optional(f"{place}/{name}/type") for name in tree.names(place)}
    mains = [name for name, kind in kinds.items() if kind in ("Mains", "USB", "Wireless")]
    batteries = [name for name, kind in kinds.items() if kind == "Battery"]
    if any(tree.optional(f"{place}/{name}/online") == "1" for name in mains):
        return "mains"
    for name in batteries:
        status = tree.optional(f"{place}/{name}/status")
        if status is not None:
            return "battery" if status == "Discharging" else "mains"
    return None


def _affinity() -> int:
    return len(os.sched_getaffinity(0))


def _limit(limit: float | None) -> float | str:
    return "none" if limit is None else limit


def _container(tree: Tree, environ: Mapping[str, str]) -> str:
    """Name the container runtime, by the marks each leaves; ``none`` without one."""
    if tree.exists("/run/.containerenv"):
        return "podman"
    if tree.exists("/.dockerenv"):
        return "docker"
    if environ.get("SINGULARITY_CONTAINER") or environ.get("APPTAINER_CONTAINER"):
        return "apptainer"
    if environ.get("KUBERNETES_SERVICE_HOST"):
        return "kubernetes"
    groups = tree.optional("/proc/self/cgroup") or ""
    found = re.search(r"docker|kubepods|lxc|libpod|machine\.slice", groups)
    return found[0].replace("libpod", "podman") if found else "none"


def _governor(tree: Tree) -> str:
    policies = [name for name in tree.names(f"{CPUS}/cpufreq") if name.startswith("policy")]
    if not policies:
        raise FileNotFoundError(2, "no frequency policy", CPUS)
    read = {tree.text(f"{CPUS}/cpufreq/{name}/scaling_governor") for name in policies}
    return "+".join(sorted(read))


def _boost(tree: Tree) -> bool:
    no_turbo = tree.optional(f"{CPUS}/intel_pstate/no_turbo")
    if no_turbo is not None:
        return no_turbo == "0"
    return tree.text(f"{CPUS}/cpufreq/boost") == "1"


def _throttled(tree: Tree) -> int:
    """Return how often the first processors were throttled for heat since the machine started."""
    counts = []
    for index in range(_FEW if tree.exists(f"{CPUS}/cpu0/thermal_throttle") else 0):
        text = tree.optional(f"{CPUS}/cpu{index}/thermal_throttle/core_throttle_count")
        if text is not None:
            counts.append(int(text))
    if not counts:
        raise FileNotFoundError(2, "no throttle counter", CPUS)
    return sum(counts)


def _huge_pages(tree: Tree) -> str:
    text = tree.text("/sys/kernel/mm/transparent_hugepage/enabled")
    found = re.search(r"\[(\w+)\]", text)
    return found[1] if found else text


def _job(environ: Mapping[str, str]) -> str:
    """Return the batch system and job number; ``none`` where the run belongs to none."""
    for system, name in (
        ("slurm", "SLURM_JOB_ID"), ("pbs", "PBS_JOBID"), ("lsf", "LSB_JOBID"),
    ):  # fmt: skip
        number = environ.get(name, "")
        if re.fullmatch(r"[0-9][0-9A-Za-z_.\[\]-]{0,63}", number):
            return f"{system} {number}"
    return "none"
