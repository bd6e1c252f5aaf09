"""Who the machine is: pseudonym, hardware identity and tier; its lasting facts, kept in a cache.

No serial number, MAC address, host name or user name is read. The pseudonym is keyed by the lab, so
that the same machine cannot be followed from one published lab to another.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec._version import __version__
from labrec.capture.captured import DocumentWriter
from labrec.capture.hardware.accelerators import complete, device_nodes, gpu_facts
from labrec.capture.hardware.conditions import memory_amount
from labrec.capture.hardware.facts import Fact, Tree, fact, value
from labrec.capture.hardware.processor import CPUS, Cpuinfo, processor_facts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TIER_RULE = 1
GIB = 2**30
_RETRY_S = 600  # a GPU that did not answer would delay every run's start: ask again after this
_writer = DocumentWriter()
_MACHINE_ID = re.compile(r"[0-9a-f]{32}")

# Names of hypervisors by what the firmware says of itself (system vendor, product).
_HYPERVISORS = (
    ("kvm", r"\bKVM\b|QEMU|Google Compute|Amazon EC2|OpenStack|Firecracker"),
    ("vmware", r"VMware"),
    ("virtualbox", r"VirtualBox|innotek"),
    ("hyper-v", r"Microsoft Corporation Virtual"),
    ("xen", r"\bXen\b|HVM domU"),
    ("parallels", r"Parallels"),
)


class MachineId(NamedTuple):
    """The machine's pseudonym within one lab.

    Attributes:
        text: 20 hex digits; None where there is none.
        source: ``machine-id``, ``state`` (a random number kept for this user) or ``unavailable``.
    """

    text: str | None
    source: str


def machine_id(lab_id: str, tree: Tree, state_home: Path | None) -> MachineId:
    """Return the pseudonym: the first 80 bits of HMAC-SHA256(lab_id, machine-id).

    Args:
        lab_id: 32 hex digits of the lab, the key.
        tree: Where ``/etc/machine-id`` is.
        state_home: labrec's folder for state; a random id is kept there where the system has none.
            None where there is no such folder.
    """
    for place in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        text = tree.optional(place)
        if text and _MACHINE_ID.fullmatch(text) and int(text, 16):
            return MachineId(_pseudonym(lab_id, text), "machine-id")
    if state_home is None:
        return MachineId(None, "unavailable")
    try:
        return MachineId(_pseudonym(lab_id, _random_id(state_home)), "state")
    except (OSError, ValueError):
        return MachineId(None, "unavailable")


def _pseudonym(lab_id: str, text: str) -> str:
    return hmac.digest(lab_id.encode(), text.encode(), "sha256")[:10].hex()


def _random_id(state_home: Path) -> str:
    """Return this user's random id, made durable at its first use.

    Raises:
        OSError: It can be neither read nor written.
        ValueError: The file holds something else.
    """
    file = state_home / "machine-id"
    try:
        text = file.read_text("ascii").strip()
    except FileNotFoundError:
        state_home.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = state_home / f"machine-id.{os.getpid()}"
        fresh.write_text(os.urandom(16).hex() + "\n", "ascii")
        try:
            os.link(fresh, file)  # the first writer wins, and a reader never sees half a file
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
        text = file.read_text("ascii").strip()
    if not _MACHINE_ID.fullmatch(text):
        raise ValueError(text)
    return text


def lasting_facts(
    tree: Tree, environ: Mapping[str, str], cache: Path | None = None
) -> dict[str, Fact]:
    """Return the facts that last until the system starts again.

    They are kept in ``machine.json`` under everything that could make them another machine's: the
    boot, the kernel, the memory, the processors and GPU device nodes this process sees.

    Args:
        tree: Where ``/proc`` and ``/sys`` are.
        environ: Environment of the run; NVIDIA_VISIBLE_DEVICES tells containers apart.
        cache: Folder for caches; None reads everything again.
    """
    key = _cache_key(tree, environ)
    file = cache / "machine.json" if cache is not None else None
    if file is not None and key is not None:
        kept = _load(file)
        if kept is not None and kept["key"] == key and time.time() < kept["until"]:
            facts: dict[str, Fact] = kept["facts"]
            return facts
    facts = _read_lasting(tree)
    if file is not None and key is not None:
        until = 2**60 if complete(facts["gpus"]) else time.time() + _RETRY_S
        _keep(file, {"key": key, "until": until, "facts": facts})
    return facts


def _read_lasting(tree: Tree) -> dict[str, Fact]:
    info = Cpuinfo.read(tree)
    uname = os.uname()
    return {
        "architecture": value(uname.machine),
        "kernel": value(f"{uname.sysname} {uname.release}"),
        **processor_facts(tree),
        "memory": fact(lambda: _memory(tree), "B"),
        "swap": fact(lambda: memory_amount(tree, "SwapTotal"), "B"),
        "numa_nodes": fact(
            lambda: (
                sum(
                    re.fullmatch(r"node\d+", name) is not None
                    for name in tree.names("/sys/devices/system/node")
                )
                or None
            )
        ),
        "virtualisation": fact(lambda: _virtualisation(tree, info)),
        "product": fact(partial(_product, tree)),
        "battery": fact(lambda: _has_battery(tree)),
        "gpus": gpu_facts(tree),
    }


def _memory(tree: Tree) -> int:
    try:
        return memory_amount(tree, "MemTotal")
    except OSError:
        import psutil  # macOS and other systems without /proc

        return int(psutil.virtual_memory().total)


def _virtualisation(tree: Tree, info: Cpuinfo) -> str:
    """Name the hypervisor; ``none`` on bare metal, as far as the system lets one see."""
    kind = tree.optional("/sys/hypervisor/type")
    if kind:
        return kind
    firmware = " ".join(
        tree.optional(f"/sys/class/dmi/id/{name}") or "" for name in ("sys_vendor", "product_name")
    )
    for name, pattern in _HYPERVISORS:
        if re.search(pattern, firmware):
            return name
    if "microsoft" in (tree.optional("/proc/sys/kernel/osrelease") or "").lower():
        return "wsl"
    if not info.blocks:
        raise FileNotFoundError(2, "no processor description", "/proc/cpuinfo")
    return "unnamed" if "hypervisor" in info.flags() else "none"


def _product(tree: Tree) -> str | None:
    """Return vendor and product of the whole machine, without any serial number."""
    place = "/sys/class/dmi/id"
    parts = [tree.optional(f"{place}/{name}") for name in ("sys_vendor", "product_name")]
    named = [part for part in parts if part and "O.E.M." not in part and part != "Default string"]
    return " ".join(named) or tree.optional("/proc/device-tree/model")


def _has_battery(tree: Tree) -> bool | None:
    place = "/sys/class/power_supply"
    if not tree.exists(place):
        return None
    return any(tree.optional(f"{place}/{name}/type") == "Battery" for name in tree.names(place))


def hardware_id(facts: Mapping[str, Fact]) -> str:
    """Return the digest of what makes two machines the same for statistics.

    Args:
        facts: The lasting facts.

    Returns:
        ``sha256:<64 hex>`` over RFC 8785.
    """
    return _writer.write(hardware_model(facts)).digest


def hardware_model(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Return what the hardware id is the digest of.

    Clocks, firmware and host name are outside. What is unavailable enters as null, so that a
    machine that hides a fact is not taken for one that shows it.

    Args:
        facts: The lasting facts.
    """

    def get(name: str) -> Any:
        return facts.get(name, {}).get("value")

    memory, gpus = get("memory"), get("gpus")
    models = None
    if gpus is not None:
        models = sorted(str(gpu.get("name")) for gpu in gpus)
    return {
        "architecture": get("architecture"),
        "cpu_vendor": get("cpu_vendor"),
        "cpu_family": get("cpu_family"),
        "cpu_model": get("cpu_model"),
        "cpu_stepping": get("cpu_stepping"),
        "sockets": get("sockets"),
        "physical_cores": get("physical_cores"),
        "memory_gib": None if memory is None else round(memory / GIB),
        "gpus": models,
        "virtualisation": get("virtualisation"),
    }


# The tier rule, version 1: the first row that fits (least cores, least GiB).
_TIERS = (("large", 32, 120), ("medium", 8, 15), ("small", 0, 0))


def tier(facts: Mapping[str, Fact], *, android: bool = False) -> str:
    """Return the capability tier: ``gpu mobile large medium small`` or ``unknown``.

    Args:
        facts: The lasting facts.
        android: The system is Android.
    """
    if facts.get("gpus", {}).get("value"):
        return "gpu"
    if android:
        return "mobile"
    cores = facts.get("physical_cores", {}).get("value") or facts.get("logical_cores", {}).get(
        "value"
    )
    memory = facts.get("memory", {}).get("value")
    if cores is None or memory is None:
        return "unknown"
    return next(name for name, least, gib in _TIERS if cores >= least and memory >= gib * GIB)


def is_android(tree: Tree) -> bool:
    """Say whether the system is Android, where Linux tools run in an app's sandbox."""
    return tree.exists("/system/build.prop") or "ANDROID_ROOT" in os.environ


def _cache_key(tree: Tree, environ: Mapping[str, str]) -> list[Any] | None:
    """Return all that the lasting facts depend on; None where the boot cannot be told."""
    boot = tree.optional("/proc/sys/kernel/random/boot_id")
    if not boot:
        return None
    try:
        memory = memory_amount(tree, "MemTotal")
    except OSError:
        memory = None
    return [
        __version__, boot, list(os.uname())[2:], memory, tree.optional(f"{CPUS}/online"),
        device_nodes(tree), environ.get("NVIDIA_VISIBLE_DEVICES", ""), tree.root,
    ]  # fmt: skip


def _load(file: Path) -> dict[str, Any] | None:
    try:
        kept = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    shape = {"key": list, "until": int | float, "facts": dict}
    if not isinstance(kept, dict):
        return None
    return kept if all(isinstance(kept.get(k), kind) for k, kind in shape.items()) else None


def _keep(file: Path, content: dict[str, Any]) -> None:
    """Replace a cache file; a cache that cannot be written is no loss."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(content), "utf-8")
        fresh.replace(file)
    except OSError:
        return
