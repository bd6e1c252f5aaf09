"""The processor as the kernel describes it: vendor, model, cores, caches, frequencies."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from labrec.capture.hardware.facts import Fact, Tree, fact

if TYPE_CHECKING:
    from collections.abc import Callable

CPUS = "/sys/devices/system/cpu"

# Who makes an ARM core, by "CPU implementer" (Arm Architecture Reference Manual, MIDR_EL1).
_IMPLEMENTERS = {
    0x41: "ARM", 0x42: "Broadcom", 0x43: "Cavium", 0x46: "Fujitsu", 0x48: "HiSilicon",
    0x4E: "NVIDIA", 0x50: "APM", 0x51: "Qualcomm", 0x53: "Samsung", 0x61: "Apple",
    0x6D: "Microsoft", 0xC0: "Ampere",
}  # fmt: skip

# Instruction sets that change which kernels a numeric library picks, and so its rounding.
_SIMD = (
    "sse4_2", "avx", "f16c", "fma", "avx2", "avx512f", "avx512bw", "avx512vl", "avx512_vnni",
    "avx512_bf16", "avx512_fp16", "avx_vnni", "amx_tile", "amx_bf16", "amx_int8",
    "asimd", "asimdhp", "asimddp", "sve", "sve2", "bf16", "i8mm", "sme",
)  # fmt: skip

_BIT = {"K": 2**10, "M": 2**20, "G": 2**30, "": 1}


class Cpuinfo(NamedTuple):
    """``/proc/cpuinfo``, one mapping a processor."""

    blocks: list[dict[str, str]]

    @classmethod
    def read(cls, tree: Tree) -> Cpuinfo:
        """Read it; without blocks where it cannot be read."""
        text = tree.optional("/proc/cpuinfo") or ""
        blocks = []
        for paragraph in text.split("\n\n"):
            pairs = (line.split(":", 1) for line in paragraph.splitlines() if ":" in line)
            block = {key.strip(): rest.strip() for key, rest in pairs}
            if block:
                blocks.append(block)
        return cls(blocks)

    def first(self, key: str) -> str:
        """Return the first processor's value.

        Raises:
            FileNotFoundError: No processor has the key.
        """
        for block in self.blocks:
            if key in block:
                return block[key]
        raise FileNotFoundError(2, "no such key", key)

    def flags(self) -> list[str]:
        """Return the features of the first processor; empty where they are not given."""
        for key in ("flags", "Features"):
            for block in self.blocks:
                if key in block:
                    return block[key].split()
        return []


def processor_facts(tree: Tree) -> dict[str, Fact]:
    """Return what is known about the processor; the names are listed in ``docs/hardware.md``."""
    info = Cpuinfo.read(tree)
    arm = any("CPU implementer" in block for block in info.blocks)
    identity = _arm(info, tree) if arm else _named(info)
    topology = _Topology(tree)
    facts = {name: fact(read) for name, read in identity.items()}
    facts["sockets"] = fact(topology.sockets)
    facts["physical_cores"] = fact(topology.cores)
    facts["logical_cores"] = fact(lambda: topology.logical(info))
    facts["frequency_min"] = fact(partial(_megahertz, tree, "cpuinfo_min_freq", min), "MHz")
    facts["frequency_max"] = fact(partial(_megahertz, tree, "cpuinfo_max_freq", max), "MHz")
    facts["cache"] = fact(lambda: _cache(tree, info), "B")
    facts["simd"] = fact(lambda: [name for name in _SIMD if name in info.flags()] or None)
    return facts


def _named(info: Cpuinfo) -> dict[str, Callable[[], object]]:
    """Return readers for x86 and for kernels that name the processor in some other word."""

    def name() -> str:
        for key in ("model name", "cpu model", "cpu", "uarch", "processor"):
            try:
                return re.sub(r"\s+", " ", info.first(key))
            except FileNotFoundError:
                continue
        raise FileNotFoundError(2, "no name", "/proc/cpuinfo")

    return {
        "cpu_vendor": lambda: info.first("vendor_id"),
        "cpu_family": lambda: info.first("cpu family"),
        "cpu_model": lambda: info.first("model"),
        "cpu_stepping": lambda: info.first("stepping"),
        "cpu_name": name,
    }


def _arm(info: Cpuinfo, tree: Tree) -> dict[str, Callable[[], object]]:
    """Return readers for ARM, where one chip may mix several kinds of core."""
    cores = [block for block in info.blocks if "CPU implementer" in block]

    def vendor() -> str:
        codes = sorted({int(block["CPU implementer"], 16) for block in cores})
        return "+".join(_IMPLEMENTERS.get(code, f"0x{code:02x}") for code in codes)

    def model() -> str:
        kinds = Counter(block.get("CPU part", "?") for block in cores)
        if len(kinds) == 1:
            return next(iter(kinds))
        return "+".join(f"{count}x{part}" for part, count in sorted(kinds.items()))

    def stepping() -> str:
        return "+".join(sorted({_revision(block) for block in cores}))

    return {
        "cpu_vendor": vendor,
        "cpu_family": lambda: "+".join(
            sorted({block["CPU architecture"] for block in cores if "CPU architecture" in block})
        ),
        "cpu_model": model,
        "cpu_stepping": stepping,
        "cpu_name": lambda: _board(info, tree) or f"{vendor()} {model()}",
    }


def _revision(block: dict[str, str]) -> str:
    """Return an ARM core's revision as its maker writes it, such as ``r1p0``."""
    return f"r{int(block.get('CPU variant', '0'), 16)}p{block.get('CPU revision', '?')}"


def _board(info: Cpuinfo, tree: Tree) -> str | None:
    """Return what the firmware calls the chip or the board it sits on."""
    for place in ("/proc/device-tree/model", "/sys/devices/soc0/machine"):
        if text := tree.optional(place):
            return text
    for key in ("Hardware", "model name", "Model"):
        with contextlib.suppress(FileNotFoundError):
            return info.first(key)
    return None


class _Topology:
    """Packages and cores of the processors that are on line."""

    def __init__(self, tree: Tree) -> None:
        self.cpus: list[str] = []
        self.packages: set[str] = set()
        self.siblings: set[str] = set()
        for name in tree.names(CPUS):
            if not re.fullmatch(r"cpu\d+", name):
                continue
            place = f"{CPUS}/{name}/topology"
            siblings = tree.optional(f"{place}/core_cpus_list") or tree.optional(
                f"{place}/thread_siblings_list"
            )
            if siblings is None:
                continue  # off line
            self.cpus.append(name)
            self.siblings.add(siblings)
            package = tree.optional(f"{place}/physical_package_id")
            if package is not None and not package.startswith("-"):
                self.packages.add(package)

    def sockets(self) -> int | None:
        return len(self.packages) or None

    def cores(self) -> int | None:
        return len(self.siblings) or None

    def logical(self, info: Cpuinfo) -> int | None:
        listed = sum("processor" in block for block in info.blocks)
        return len(self.cpus) or listed or None


def _megahertz(tree: Tree, name: str, choose: Callable[[list[int]], int]) -> int:
    """Return the lowest or highest limit over the frequency policies, MHz."""
    policies = [entry for entry in tree.names(f"{CPUS}/cpufreq") if entry.startswith("policy")]
    if not policies:
        raise FileNotFoundError(2, "no frequency policy", CPUS)
    return choose([tree.number(f"{CPUS}/cpufreq/{policy}/{name}") for policy in policies]) // 1000


def _cache(tree: Tree, info: Cpuinfo) -> int:
    """Return the size of the largest cache of the first processor, bytes."""
    sizes = []
    place = f"{CPUS}/cpu0/cache"
    for index in tree.names(place):
        text = tree.optional(f"{place}/{index}/size")
        if text is not None:
            sizes.append(_size(text))
    return max(sizes) if sizes else _size(info.first("cache size"))


def _size(text: str) -> int:
    match = re.fullmatch(r"(\d+)\s*([KMG]?)B?", text)
    if match is None:
        raise ValueError(text)
    return int(match[1]) * _BIT[match[2]]
