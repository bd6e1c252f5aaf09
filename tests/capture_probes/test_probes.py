"""Telemetry probes: read from files of other machines, and beside psutil on this one."""

# ruff: noqa: N802 - NVML's own names
from __future__ import annotations

import math
import os
import subprocess
import sys
import time

import pytest

from labrec.capture.hardware.facts import Tree
from labrec.capture.telemetry.probe import NAN, Channel, Rates, Source, World
from labrec.capture.telemetry.probes import (
    PROBES,
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


def world(fake, pid=1):
    return World(Tree(os.fspath(fake)), pid)


def named(probe, now):
    return dict(zip([c.name for c in probe.channels], probe.read(now), strict=True))


STAT = """cpu  {user} 0 {system} {idle} {wait} 0 0 {steal} 0 0
cpu0 1 2 3 4 5 6 7 8 9 10
intr 12345 0 0
ctxt {ctxt}
btime 1
"""


def stat(fake, **numbers):
    fields = {"user": 0, "system": 0, "idle": 0, "wait": 0, "steal": 0, "ctxt": 0} | numbers
    fake({"/proc/stat": STAT.format(**fields), "/proc/loadavg": "1.25 1 1 1/2 3\n"})


def test_rates_are_differences_over_time_and_never_negative():
    rates = Rates()
    assert all(math.isnan(rate) for rate in rates(1.0, (10, 10)))
    assert rates(3.0, (14, 10)) == [2.0, 0.0]
    first, second = rates(4.0, (3, 11))
    assert math.isnan(first)  # a counter that was reset
    assert second == 1.0
    assert all(math.isnan(rate) for rate in rates(4.01, (5, 12)))  # within the counters' step
    assert rates(5.0, (5, 12)) == [2.0, 1.0]


def test_looking_without_a_time_is_no_sample():
    rates = Rates()
    rates(NAN, (5,))
    assert math.isnan(rates(1.0, (10,))[0])
    assert rates(2.0, (12,)) == [2.0]


def test_cpu_shares(fake):
    stat(fake, user=100, system=50, idle=800, wait=50)
    probe = cpu.open_probe(world(fake))
    assert math.isnan(named(probe, 10.0)["cpu.busy"])
    stat(fake, user=140, system=60, idle=830, wait=60, steal=10, ctxt=500)
    found = named(probe, 12.0)
    assert found["cpu.busy"] == pytest.approx(60.0)
    assert found["cpu.iowait"] == pytest.approx(10.0)
    assert found["cpu.steal"] == pytest.approx(10.0)
    assert found["cpu.context_switches"] == pytest.approx(250.0)
    assert found["cpu.load"] == 1.25


def test_memory(fake):
    fake({
        "/proc/meminfo": "MemTotal: 100 kB\nMemAvailable: 60 kB\nSwapTotal: 10 kB\nSwapFree: 4 kB\n",
        "/proc/vmstat": "pgfault 9\npgmajfault 100\n",
    })  # fmt: skip
    probe = memory.open_probe(world(fake))
    probe.read(1.0)
    fake({"/proc/vmstat": "pgfault 9\npgmajfault 104\n"})
    assert named(probe, 3.0) == {
        "memory.available": 61440, "memory.swap_used": 6144, "memory.major_faults": 2.0,
    }  # fmt: skip


def test_disk_counts_whole_physical_disks_only(fake):
    def line(name, read, written, busy):
        return f" 8 0 {name} 1 0 {read} 0 1 0 {written} 0 0 {busy} 0 0 0 0\n"

    fake({"/sys/block/sda/x": "", "/sys/block/loop0/x": "", "/sys/block/dm-0/x": ""})
    fake({"/proc/diskstats": line("sda", 100, 10, 0) + line("sda1", 100, 10, 0)})
    probe = disk.open_probe(world(fake))
    assert math.isnan(named(probe, 1.0)["disk.busy"])
    fake({"/proc/diskstats": line("sda", 300, 20, 500) + line("sda1", 999, 99, 0)
          + line("loop0", 7, 7, 7)})  # fmt: skip
    assert named(probe, 2.0) == {
        "disk.read": 200 * 512, "disk.written": 10 * 512, "disk.busy": 50.0,
    }  # fmt: skip


NET = "Inter-| x\n face | y\n"


@pytest.mark.parametrize(("physical", "expected"), [(True, 100.0), (False, 160.0)])
def test_network_takes_physical_interfaces_where_there_are_some(fake, physical, expected):
    if physical:
        fake({"/sys/class/net/eth0/device/x": "", "/sys/class/net/docker0/x": ""})

    def text(eth, docker):
        row = "  {}: {} 0 0 0 0 0 0 0 {} 0 0 0 0 0 0 0\n"
        return (NET + row.format("lo", 9**9, 9**9) + row.format("eth0", eth, 2 * eth)
                + row.format("docker0", docker, 0))  # fmt: skip

    fake({"/proc/net/dev": text(0, 0)})
    probe = network.open_probe(world(fake))
    probe.read(1.0)
    fake({"/proc/net/dev": text(100, 60)})
    assert named(probe, 2.0) == {"network.received": expected, "network.sent": 200.0}


def test_pressure_is_the_share_of_stalled_time(fake):
    def files(cpu_us, some, full):
        return {
            "/proc/pressure/cpu": f"some avg10=0 avg60=0 avg300=0 total={cpu_us}\n",
            "/proc/pressure/memory": f"some avg10=0 total={some}\nfull avg10=0 total={full}\n",
            "/proc/pressure/io": "some avg10=0 total=0\nfull avg10=0 total=0\n",
        }

    fake(files(0, 0, 0))
    probe = pressure.open_probe(world(fake))
    probe.read(1.0)
    fake(files(500_000, 100_000, 50_000))
    found = named(probe, 2.0)
    assert found["pressure.cpu"] == pytest.approx(50.0)
    assert found["pressure.memory"] == pytest.approx(10.0)
    assert found["pressure.memory_full"] == pytest.approx(5.0)


def test_pressure_that_is_switched_off_cannot_be_opened(fake):
    with pytest.raises(OSError):
        pressure.open_probe(world(fake))


def test_cgroup_version_2(intel):
    place = "/sys/fs/cgroup/user.slice/job.scope"
    intel({
        "/proc/1/cgroup": "0::/user.slice/job.scope\n",
        f"{place}/cpu.stat": "usage_usec 1000000\nnr_throttled 1\nthrottled_usec 0\n",
        f"{place}/memory.current": "4096\n",
    })  # fmt: skip
    probe = cgroups.open_probe(world(intel))
    probe.read(1.0)
    intel({f"{place}/cpu.stat": "usage_usec 2500000\nnr_throttled 1\nthrottled_usec 250000\n"})
    assert named(probe, 2.0) == {
        "cgroup.cpu": pytest.approx(150.0),
        "cgroup.throttled": pytest.approx(25.0),
        "cgroup.memory": 4096,
    }


def test_cgroup_version_1(fake):
    fake({
        "/proc/1/cgroup": "2:memory:/a\n1:cpu,cpuacct:/a\n",
        "/sys/fs/cgroup/cpu,cpuacct/cgroup.procs": "",
        "/sys/fs/cgroup/cpu,cpuacct/a/cpuacct.usage": "1000000000\n",
        "/sys/fs/cgroup/cpu,cpuacct/a/cpu.stat": "nr_throttled 0\nthrottled_time 0\n",
        "/sys/fs/cgroup/memory/cgroup.procs": "",
        "/sys/fs/cgroup/memory/a/memory.usage_in_bytes": "8192\n",
    })  # fmt: skip
    probe = cgroups.open_probe(world(fake))
    probe.read(1.0)
    fake({"/sys/fs/cgroup/cpu,cpuacct/a/cpuacct.usage": "1500000000\n"})
    assert named(probe, 2.0) == {
        "cgroup.cpu": pytest.approx(50.0), "cgroup.throttled": 0.0, "cgroup.memory": 8192,
    }  # fmt: skip


def process(pid, ppid_ticks, *, started=100, pages=10, threads=1, name="x) y (", state="S"):
    ticks = " ".join(map(str, ppid_ticks))
    middle = f"{pid} {pid} 0 -1 0 0 0 0 0 {ticks} 20 0 {threads} 0 {started} 0 {pages}"
    return f"{pid} ({name}) {state} 1 {middle} 0 0 0\n"


def tree_of(fake, processes, children):
    for pid, text in processes.items():
        fake({f"/proc/{pid}/stat": text})
        fake({f"/proc/{pid}/task/{pid}/children": " ".join(map(str, children.get(pid, [])))})


def test_a_process_tree_is_summed_and_its_dead_are_not_forgotten(fake):
    tick = os.sysconf("SC_CLK_TCK")
    page = os.sysconf("SC_PAGE_SIZE")
    tree_of(fake, {10: process(10, (0, 0, 0, 0)), 11: process(11, (100, 0, 0, 0), threads=3)},
            {10: [11]})  # fmt: skip
    probe = process_tree.open_probe(world(fake, 10))
    first = named(probe, 1.0)
    assert (first["process.count"], first["process.threads"]) == (2, 4)
    assert first["process.memory"] == 20 * page
    # The child spends a second more and ends; its parent waits for it.
    (fake.root / "proc/11/stat").unlink()
    tree_of(fake, {10: process(10, (0, 0, 100 + tick, 0))}, {10: []})
    found = named(probe, 2.0)
    assert found["process.cpu"] == pytest.approx(100.0)
    assert found["process.count"] == 1


def test_time_of_a_child_nobody_waited_for_makes_no_negative_rate(fake):
    tree_of(fake, {10: process(10, (50, 0, 0, 0)), 11: process(11, (900, 0, 0, 0))}, {10: [11]})
    probe = process_tree.open_probe(world(fake, 10))
    probe.read(1.0)
    (fake.root / "proc/11/stat").unlink()
    tree_of(fake, {10: process(10, (51, 0, 0, 0))}, {10: []})
    assert named(probe, 2.0)["process.cpu"] == pytest.approx(0.0)


def test_a_daemon_stays_in_and_a_reused_number_does_not(fake):
    tree_of(fake, {10: process(10, (0,) * 4), 11: process(11, (0,) * 4)}, {10: [11]})
    probe = process_tree.open_probe(world(fake, 10))
    probe.read(1.0)
    tree_of(fake, {10: process(10, (0,) * 4)}, {10: []})
    assert named(probe, 2.0)["process.count"] == 2
    tree_of(fake, {11: process(11, (0,) * 4, started=999)}, {})
    assert named(probe, 3.0)["process.count"] == 1


def test_a_tree_that_has_ended_has_no_memory(fake):
    tree_of(fake, {10: process(10, (0,) * 4)}, {})
    probe = process_tree.open_probe(world(fake, 10))
    (fake.root / "proc/10/stat").unlink()
    assert math.isnan(named(probe, 1.0)["process.memory"])


def test_temperature_is_the_hottest_of_each_chip(fake):
    fake({
        "/sys/class/hwmon/hwmon0/name": "coretemp\n",
        "/sys/class/hwmon/hwmon0/temp1_input": "45000\n",
        "/sys/class/hwmon/hwmon0/temp2_input": "61000\n",
        "/sys/class/hwmon/hwmon1/name": "nvme\n",
        "/sys/class/hwmon/hwmon1/temp1_input": "38850\n",
        "/sys/class/hwmon/hwmon2/name": "nvme\n",
        "/sys/class/hwmon/hwmon2/temp1_input": "39000\n",
        "/sys/class/hwmon/hwmon3/name": "fan\n",
    })  # fmt: skip
    probe = temperature.open_probe(world(fake))
    assert named(probe, 1.0) == {
        "temperature.coretemp": 61.0, "temperature.nvme": 38.85, "temperature.nvme_2": 39.0,
    }  # fmt: skip


def test_thermal_zones_stand_in(fake):
    fake({"/sys/class/thermal/thermal_zone0/type": "cpu-0-0\n",
          "/sys/class/thermal/thermal_zone0/temp": "52000\n"})  # fmt: skip
    assert named(temperature.open_probe(world(fake)), 1.0) == {"temperature.cpu-0-0": 52.0}


def test_frequency_is_a_mean_in_megahertz(intel):
    assert named(frequency.open_probe(world(intel)), 1.0) == {"cpu.frequency": 2500.0}


def test_battery_power_has_a_direction(phone):
    probe = battery.open_probe(world(phone))
    assert named(probe, 1.0) == {"battery.charge": 81.0, "battery.power": pytest.approx(2.0)}
    phone({"/sys/class/power_supply/battery/status": "Charging\n"})
    assert named(probe, 2.0)["battery.power"] == pytest.approx(-2.0)


def test_energy_is_counted_across_the_counters_range(fake):
    place = "/sys/class/powercap/intel-rapl:0"
    fake({
        f"{place}/name": "package-0\n", f"{place}/max_energy_range_uj": "1000000000\n",
        f"{place}/energy_uj": "999000000\n",
    })  # fmt: skip
    probe = rapl.open_probe(world(fake))
    probe.read(1.0)
    fake({f"{place}/energy_uj": "9000000\n"})
    assert named(probe, 2.0) == {
        "power.package": pytest.approx(10.0), "energy.package": pytest.approx(10.0),
    }  # fmt: skip


def test_no_energy_is_invented(fake):
    with pytest.raises(FileNotFoundError):
        rapl.open_probe(world(fake))


def test_amd_gpu(amd_vm):
    place = "/sys/class/drm/card1/device"
    amd_vm({
        f"{place}/vendor": "0x1002\n", f"{place}/gpu_busy_percent": "37\n",
        f"{place}/mem_info_vram_used": "1024\n", f"{place}/hwmon/hwmon4/power1_average": "45000000\n",
    })  # fmt: skip
    assert named(amdgpu.open_probe(world(amd_vm)), 1.0) == {
        "gpu0.utilisation": 37.0, "gpu0.memory_used": 1024.0, "gpu0.power": 45.0,
    }  # fmt: skip


class Nvml:
    """Two GPUs; the second knows no power."""

    broken = False

    def nvmlInit(self):
        pass

    def nvmlDeviceGetCount(self):
        return 2

    def nvmlDeviceGetHandleByIndex(self, index):
        return index

    def _check(self):
        if self.broken:
            raise RuntimeError("GPU is lost")

    def nvmlDeviceGetUtilizationRates(self, device):
        self._check()
        return type("Rates", (), {"gpu": 90, "memory": 40})

    def nvmlDeviceGetMemoryInfo(self, device):
        self._check()
        return type("Info", (), {"used": 2**30})

    def nvmlDeviceGetPowerUsage(self, device):
        self._check()
        if device == 1:
            raise RuntimeError("Not Supported")
        return 350_000

    def nvmlDeviceGetTotalEnergyConsumption(self, device):
        raise RuntimeError("Not Supported")

    def nvmlDeviceGetTemperature(self, device, sensor):
        self._check()
        return 55

    def nvmlDeviceGetClockInfo(self, device, kind):
        self._check()
        return 1980

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, device):
        self._check()
        return 0x1 if device == 0 else 0x5


def test_nvidia_gpus_have_channels_for_what_they_support():
    nvml = Nvml()
    probe = nvidia.NvidiaGpu(nvml)
    found = named(probe, 1.0)
    assert found["gpu0.utilisation"] == 90.0
    assert found["gpu0.power"] == 350.0
    assert "gpu1.power" not in found
    assert not [name for name in found if "energy" in name]
    assert (found["gpu0.throttled"], found["gpu1.throttled"]) == (0.0, 1.0)
    nvml.broken = True
    with pytest.raises(OSError):
        probe.read(2.0)


def test_nvidia_is_not_even_imported_without_a_driver(fake, monkeypatch):
    monkeypatch.setattr(nvidia.importlib, "import_module", lambda _: pytest.fail("imported"))
    with pytest.raises(FileNotFoundError):
        nvidia.open_probe(world(fake))


def test_clocks_tell_sleep_from_steps(monkeypatch):
    now = time.monotonic()
    asleep, stepped = 0.0, 0.0
    probe = clock.Clock(
        lambda: time.monotonic() + asleep, lambda: time.monotonic() + asleep + stepped + 1e9
    )
    asleep = 30.0
    found = named(probe, time.monotonic())
    assert found["clock.suspended"] == pytest.approx(30.0, abs=0.02)
    assert found["clock.stepped"] == pytest.approx(0.0, abs=0.02)
    stepped = -3600.0
    assert named(probe, time.monotonic())["clock.stepped"] == pytest.approx(-3600.0, abs=0.02)
    assert now <= time.monotonic()


def test_every_probe_says_where_its_numbers_come_from(intel):
    for name, module in PROBES.items():
        try:
            probe = module.open_probe(World(Tree(), os.getpid()))
        except (OSError, ValueError):
            continue
        channels = list(probe.channels)
        assert channels, name
        for channel in channels:
            assert all(isinstance(part, str) and part for part in channel), channel
        if module.EXPECTED and name not in {"temperature", "amdgpu", "nvidia"}:
            assert set(module.EXPECTED) <= {channel.name for channel in channels}


def test_a_long_proc_file_is_read_whole(fake):
    fake({"/proc/long": "x" * 200_000})
    assert len(Source(Tree(os.fspath(fake)), "/proc/long").read()) == 200_000


# --- beside psutil on this machine ----------------------------------------------------------------


def test_this_machine_agrees_with_psutil():
    import psutil

    here = World(Tree(), os.getpid())
    available = named(memory.open_probe(here), 1.0)["memory.available"]
    assert available == pytest.approx(psutil.virtual_memory().available, rel=0.05)
    found = named(process_tree.open_probe(here), 1.0)
    me = psutil.Process()
    everyone = [me, *me.children(recursive=True)]
    assert found["process.count"] == len(everyone)
    assert found["process.memory"] == pytest.approx(
        sum(p.memory_info().rss for p in everyone), rel=0.2
    )


def test_a_busy_child_shows_as_what_it_gets():
    import psutil

    code = "import time\nend = time.time() + 60\nwhile time.time() < end: pass"
    child = subprocess.Popen([sys.executable, "-c", code])
    watched = psutil.Process(child.pid)

    def spent():
        return sum(watched.cpu_times()[:2]) + sum(os.times()[:2])

    try:
        probe = process_tree.open_probe(World(Tree(), os.getpid()))
        probe.read(time.monotonic())
        began, before = spent(), time.monotonic()
        while spent() - began < 0.5:  # on a busy machine it takes a while to get that
            time.sleep(0.05)
        share = 100 * (spent() - began) / (time.monotonic() - before)
        found = named(probe, time.monotonic())
        # The kernel counts in hundredths of a second.
        assert found["process.cpu"] == pytest.approx(share, rel=0.2, abs=2)
        assert found["process.count"] >= 2
    finally:
        child.kill()
        child.wait()


def test_portable_is_for_systems_without_proc(fake):
    with pytest.raises(FileNotFoundError):
        portable.open_probe(World(Tree(), os.getpid()))
    probe = portable.open_probe(World(Tree(os.fspath(fake)), os.getpid()))
    probe.read(1.0)
    found = named(probe, 2.0)
    assert found["process.count"] >= 1
    assert found["memory.available"] > 0


def test_a_channel_is_a_plain_value():
    assert Channel("a", "B", "s", "m")._asdict() == {
        "name": "a", "unit": "B", "sensor": "s", "method": "m",
    }  # fmt: skip
