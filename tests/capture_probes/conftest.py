"""Other machines: their /proc and /sys as small trees of files."""

from __future__ import annotations

import os
import subprocess

import pytest

INTEL_BLOCK = """processor\t: {cpu}
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 85
model name\t: Intel(R) Xeon(R)  Gold 6230 CPU @ 2.10GHz
stepping\t: 7
cpu MHz\t\t: {mhz}
cache size\t: 28160 KB
physical id\t: {package}
core id\t\t: {core}
flags\t\t: fpu sse4_2 avx avx2 avx512f fma
"""

AMD_BLOCK = """processor\t: {cpu}
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 1
model name\t: AMD EPYC 7763 64-Core Processor
stepping\t: 1
cpu MHz\t\t: {mhz}
flags\t\t: fpu sse4_2 avx avx2 fma hypervisor
"""

PHONE_BLOCK = """processor\t: {cpu}
BogoMIPS\t: 38.40
Features\t: fp asimd asimdhp asimddp
CPU implementer\t: 0x51
CPU architecture: 8
CPU variant\t: 0x{variant}
CPU part\t: {part}
CPU revision\t: 14
"""

MEMINFO = """MemTotal:       {total} kB
MemFree:         1000000 kB
MemAvailable:    9000000 kB
SwapTotal:       2000000 kB
SwapFree:        1500000 kB
"""


class FakeTree:
    """Files below a folder that stands for /."""

    def __init__(self, root):
        self.root = root

    def __call__(self, files):
        for name, content in files.items():
            path = self.root / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(str(content))
        return self

    def link(self, name, target):
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
        return self

    def topology(self, cpus):
        """Add processors: (package, siblings) each."""
        for index, (package, siblings) in enumerate(cpus):
            place = f"/sys/devices/system/cpu/cpu{index}/topology"
            self(
                {f"{place}/physical_package_id": package, f"{place}/thread_siblings_list": siblings}
            )
        return self

    def __fspath__(self):
        return str(self.root)


@pytest.fixture
def fake(tmp_path):
    """An empty machine."""
    root = tmp_path / "root"
    root.mkdir()
    return FakeTree(root)


@pytest.fixture
def intel(fake):
    """Two sockets of two cores with two threads each, bare metal, cgroup v2."""
    blocks = [
        INTEL_BLOCK.format(cpu=cpu, mhz=2100 + cpu, package=cpu % 2, core=cpu // 4)
        for cpu in range(8)
    ]
    fake({
        "/proc/cpuinfo": "\n".join(blocks),
        "/proc/meminfo": MEMINFO.format(total=395_000_000),
        "/proc/sys/kernel/random/boot_id": "11111111-2222-3333-4444-555555555555\n",
        "/etc/machine-id": "0123456789abcdef0123456789abcdef\n",
        "/sys/devices/system/cpu/online": "0-7\n",
        "/sys/devices/system/cpu/cpu0/cache/index0/size": "32K\n",
        "/sys/devices/system/cpu/cpu0/cache/index3/size": "28160K\n",
        "/sys/devices/system/cpu/cpufreq/policy0/cpuinfo_min_freq": "1000000\n",
        "/sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq": "3900000\n",
        "/sys/devices/system/cpu/cpufreq/policy0/scaling_governor": "performance\n",
        "/sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq": "2500000\n",
        "/sys/devices/system/cpu/intel_pstate/no_turbo": "0\n",
        "/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count": "3\n",
        "/sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count": "4\n",
        "/sys/class/dmi/id/sys_vendor": "Dell Inc.\n",
        "/sys/class/dmi/id/product_name": "PowerEdge R640\n",
        "/sys/class/dmi/id/product_serial": "SERIAL-1234567\n",
        "/proc/self/cgroup": "0::/user.slice/job.scope\n",
        "/sys/fs/cgroup/cgroup.controllers": "cpu memory\n",
        "/sys/fs/cgroup/user.slice/cpu.max": "max 100000\n",
        "/sys/fs/cgroup/user.slice/memory.max": "8589934592\n",
        "/sys/fs/cgroup/user.slice/job.scope/cpu.max": "250000 100000\n",
        "/sys/fs/cgroup/user.slice/job.scope/memory.max": "max\n",
        "/proc/loadavg": "0.50 0.40 0.30 1/200 4242\n",
    })  # fmt: skip
    # Threads of one core: 0 and 4, 2 and 6 on the first socket; 1 and 5, 3 and 7 on the second.
    return fake.topology([(cpu % 2, f"{cpu % 4},{cpu % 4 + 4}") for cpu in range(8)])


@pytest.fixture
def amd_vm(fake):
    """A virtual machine with four AMD cores."""
    fake({
        "/proc/cpuinfo": "\n".join(AMD_BLOCK.format(cpu=cpu, mhz=2450) for cpu in range(4)),
        "/proc/meminfo": MEMINFO.format(total=16_300_000),
        "/sys/class/dmi/id/sys_vendor": "QEMU\n",
        "/sys/class/dmi/id/product_name": "Standard PC (Q35 + ICH9, 2009)\n",
    })  # fmt: skip
    return fake.topology([(0, cpu) for cpu in range(4)])


@pytest.fixture
def phone(fake):
    """A phone: two kinds of core, most of /proc denied, no topology of packages."""
    blocks = [
        PHONE_BLOCK.format(cpu=cpu, variant="d", part="0x805" if cpu < 4 else "0x804")
        for cpu in range(8)
    ]
    fake({
        "/proc/cpuinfo": "\n".join(blocks) + "\nHardware\t: Qualcomm SM8150\n",
        "/proc/meminfo": MEMINFO.format(total=7_700_000),
        "/system/build.prop": "ro.build.version.release=13\n",
        "/sys/class/power_supply/battery/type": "Battery\n",
        "/sys/class/power_supply/battery/status": "Discharging\n",
        "/sys/class/power_supply/battery/capacity": "81\n",
        "/sys/class/power_supply/battery/current_now": "-500000\n",
        "/sys/class/power_supply/battery/voltage_now": "4000000\n",
    })  # fmt: skip
    return fake.topology([(-1, cpu) for cpu in range(8)])


@pytest.fixture
def git():
    """Run git in a folder."""

    def run(folder, *arguments):
        done = subprocess.run(
            ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    return run


@pytest.fixture
def repository(tmp_path, git):
    """A repository with a few committed files, old enough not to be racy."""
    root = tmp_path / "code"
    (root / "pkg").mkdir(parents=True)
    (root / "train.py").write_text("print('train')\n")
    (root / "pkg" / "model.py").write_text("WIDTH = 3\n")
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "code")
    old = 1_700_000_000
    for path in (*root.glob("*.*"), root / "pkg" / "model.py"):
        os.utime(path, (old, old))
    return root
