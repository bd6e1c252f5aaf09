"""Hardware: facts of several machines, identities that hold, nothing personal."""

# ruff: noqa: N802 - NVML's own names
from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from pathlib import Path

import pytest

from labrec.capture.hardware import accelerators, machine
from labrec.capture.hardware.capture import capture_hardware
from labrec.capture.hardware.conditions import condition_facts
from labrec.capture.hardware.disk import disk_facts, mount_of
from labrec.capture.hardware.facts import Tree, fact
from labrec.capture.hardware.processor import processor_facts
from labrec.record.codec import decode

LAB = "a" * 32


def values(facts):
    return {name: entry.get("value") for name, entry in facts.items()}


def captured(root, **options):
    found = capture_hardware(LAB, root=os.fspath(root), environ={}, **options)
    return found, decode(found.objects[0].source)


def test_an_intel_server_is_described(intel):
    facts = values(processor_facts(Tree(os.fspath(intel))))
    assert facts == {
        "cpu_vendor": "GenuineIntel", "cpu_family": "6", "cpu_model": "85", "cpu_stepping": "7",
        "cpu_name": "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz",
        "sockets": 2, "physical_cores": 4, "logical_cores": 8,
        "frequency_min": 1000, "frequency_max": 3900, "cache": 28160 * 1024,
        "simd": ["sse4_2", "avx", "fma", "avx2", "avx512f"],
    }  # fmt: skip


def test_an_amd_virtual_machine_names_its_hypervisor(amd_vm):
    _, document = captured(amd_vm)
    facts = values(document["fields"])
    assert (facts["cpu_vendor"], facts["cpu_family"], facts["cpu_model"]) == (
        "AuthenticAMD", "25", "1",
    )  # fmt: skip
    assert facts["virtualisation"] == "kvm"
    assert facts["physical_cores"] == 4
    assert document["fields"]["frequency_max"] == {"unavailable": "not provided by this system"}


def test_a_phone_has_several_kinds_of_core_and_no_socket(phone):
    found, document = captured(phone)
    facts = values(document["fields"])
    assert facts["cpu_vendor"] == "Qualcomm"
    assert facts["cpu_model"] == "4x0x804+4x0x805"
    assert facts["cpu_stepping"] == "r13p14"
    assert facts["cpu_name"] == "Qualcomm SM8150"
    assert "unavailable" in document["fields"]["sockets"]
    assert facts["physical_cores"] == 8
    assert found.section["tier"] == "mobile"
    assert values(found.section["conditions"])["power_source"] == "battery"


def test_a_machine_that_shows_nothing_still_has_a_section(fake, home):
    found, document = captured(fake)
    assert found.section["machine_id_source"] == "state"
    assert found.section["tier"] in {"unknown", "small", "medium", "large"}
    for entry in document["fields"].values():
        assert ("value" in entry) != ("unavailable" in entry)
    assert "unavailable" in document["fields"]["cpu_vendor"]


def test_nothing_that_names_machine_or_user_is_stored(intel, monkeypatch):
    monkeypatch.setenv("USER", "ada-lovelace")
    found, document = captured(intel)
    everything = json.dumps([found.section, document])
    for secret in ("SERIAL-1234567", "0123456789abcdef", os.uname().nodename, "ada-lovelace"):
        assert secret not in everything
    assert "PowerEdge R640" in everything


def test_machine_id_is_keyed_by_the_lab(intel):
    tree = Tree(os.fspath(intel))
    first = machine.machine_id(LAB, tree, Path("/nowhere"))
    expected = hmac.new(LAB.encode(), b"0123456789abcdef0123456789abcdef", hashlib.sha256)
    assert first == (expected.hexdigest()[:20], "machine-id")
    assert machine.machine_id("b" * 32, tree, Path("/nowhere")).text != first.text


@pytest.mark.parametrize("content", ["", "uninitialized\n", "0" * 32 + "\n", None])
def test_a_random_id_stands_in_for_a_missing_machine_id(fake, tmp_path, content):
    if content is not None:
        fake({"/etc/machine-id": content})
    tree, state = Tree(os.fspath(fake)), tmp_path / "state"
    first = machine.machine_id(LAB, tree, state)
    assert first.source == "state"
    assert machine.machine_id(LAB, tree, state) == first
    assert machine.machine_id(LAB, tree, tmp_path / "other").text != first.text


def test_without_any_place_for_an_id_there_is_none(fake, tmp_path):
    (tmp_path / "file").write_text("")
    found = machine.machine_id(LAB, Tree(os.fspath(fake)), tmp_path / "file" / "state")
    assert found == (None, "unavailable")


def test_hardware_id_ignores_clocks_and_firmware_and_sees_memory(intel):
    before, _ = captured(intel)
    cpuinfo = intel.root / "proc/cpuinfo"
    cpuinfo.write_text(re.sub(r"cpu MHz\t\t: \d+", "cpu MHz\t\t: 800", cpuinfo.read_text()))
    intel({
        "/sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq": "1000000",
        "/sys/class/dmi/id/product_name": "PowerEdge R740",
    })  # fmt: skip
    after, _ = captured(intel)
    assert after.section["hardware_id"] == before.section["hardware_id"]
    meminfo = intel.root / "proc/meminfo"
    meminfo.write_text(meminfo.read_text().replace("395000000", "790000000"))
    more, _ = captured(intel)
    assert more.section["hardware_id"] != before.section["hardware_id"]


def test_what_hides_is_not_what_shows():
    shown = {"sockets": {"value": 1}}
    hidden = {"sockets": {"unavailable": "permission denied"}}
    assert machine.hardware_id(shown) != machine.hardware_id(hidden)


@pytest.mark.parametrize(
    ("facts", "tier"),
    [
        ({"gpus": [{"name": "X"}], "physical_cores": 2, "memory": 2**34}, "gpu"),
        ({"physical_cores": 64, "memory": 2**38}, "large"),
        ({"physical_cores": 64, "memory": 2**35}, "medium"),
        ({"physical_cores": 4, "memory": 2**38}, "small"),
        ({"physical_cores": 4}, "unknown"),
        ({"logical_cores": 8, "memory": 2**34}, "medium"),
    ],
)
def test_tier_rule(facts, tier):
    assert machine.tier({name: {"value": value} for name, value in facts.items()}) == tier


def test_conditions_take_the_tightest_limit_on_the_way_up(intel):
    found = condition_facts(Tree(os.fspath(intel)), {"SLURM_JOB_ID": "4711"})
    assert found["cpu_limit"] == {"value": 2.5, "unit": "cores"}
    assert found["memory_limit"] == {"value": 8589934592, "unit": "B"}
    assert found["governor"] == {"value": "performance"}
    assert found["boost"] == {"value": True}
    assert found["throttled"] == {"value": 7}
    assert found["scheduler_job"] == {"value": "slurm 4711"}
    assert found["load"] == {"value": 0.5}


def test_conditions_of_cgroup_version_1(fake):
    fake({
        "/proc/self/cgroup": "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n1:name=systemd:/\n",
        "/sys/fs/cgroup/cpu,cpuacct/cgroup.procs": "",
        "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "150000\n",
        "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        "/sys/fs/cgroup/memory/cgroup.procs": "",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    })  # fmt: skip
    found = condition_facts(Tree(os.fspath(fake)), {})
    assert found["cpu_limit"] == {"value": 1.5, "unit": "cores"}  # the container's own mount
    assert found["memory_limit"] == {"value": "none", "unit": "B"}
    assert found["container"] == {"value": "docker"}


def test_no_control_groups_is_a_reason_not_a_number(fake):
    found = condition_facts(Tree(os.fspath(fake)), {})
    assert found["cpu_limit"] == {"unavailable": "not provided by this system"}


def test_disk_of_a_partition(fake):
    fake({
        "/proc/self/mountinfo": "20 1 8:2 / / rw - ext4 /dev/sda2 rw\n"
        "30 20 0:40 / /data\\040set rw - nfs4 server:/x rw\n",
        "/sys/devices/pci/block/sda/queue/rotational": "0\n",
        "/sys/devices/pci/block/sda/device/model": "SSD 9000\n",
        "/sys/devices/pci/block/sda/device/serial": "S3RIAL\n",
        "/sys/devices/pci/block/sda/sda2/partition": "2\n",
    })  # fmt: skip
    fake.link("/sys/dev/block/8:2", "../../devices/pci/block/sda/sda2")
    tree = Tree(os.fspath(fake))
    assert values(disk_facts(tree, "/home/x")) == {
        "filesystem": "ext4", "disk_model": "SSD 9000", "disk_rotational": False,
    }  # fmt: skip
    assert mount_of(tree, "/data set/a").filesystem == "nfs4"
    assert mount_of(tree, "/data settings").filesystem == "ext4"


def test_lasting_facts_come_from_the_cache_until_the_machine_changes(intel, tmp_path, monkeypatch):
    cache, tree = tmp_path / "cache", Tree(os.fspath(intel))
    first = machine.lasting_facts(tree, {}, cache)
    monkeypatch.setattr(machine, "_read_lasting", lambda _tree: pytest.fail("read again"))
    assert machine.lasting_facts(tree, {}, cache) == first
    monkeypatch.undo()
    intel({"/proc/sys/kernel/random/boot_id": "22222222-2222-3333-4444-555555555555\n"})
    (intel.root / "sys/class/dmi/id/product_name").write_text("Other\n")
    assert machine.lasting_facts(tree, {}, cache)["product"] == {"value": "Dell Inc. Other"}


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b'{"key": 1}', b"\xff", b"[" * 100_000])
def test_a_damaged_cache_is_read_as_none(intel, tmp_path, damage):
    cache, tree = tmp_path / "cache", Tree(os.fspath(intel))
    first = machine.lasting_facts(tree, {}, cache)
    (cache / "machine.json").write_bytes(damage)
    assert machine.lasting_facts(tree, {}, cache) == first


def test_a_cache_that_cannot_be_written_is_no_loss(intel, tmp_path):
    (tmp_path / "file").write_text("")
    assert machine.lasting_facts(Tree(os.fspath(intel)), {}, tmp_path / "file" / "cache")


def test_amd_gpus_are_listed_and_make_the_tier(amd_vm):
    place = "/sys/class/drm/card0/device"
    amd_vm({
        f"{place}/vendor": "0x1002\n", f"{place}/device": "0x740f\n",
        f"{place}/mem_info_vram_total": "68702699520\n",
        f"{place}/unique_id": "deadbeef\n", f"{place}/uevent": "PCI_SLOT_NAME=0000:c1:00.0\n",
    })  # fmt: skip
    found, _ = captured(amd_vm)
    assert found.section["fields"]["gpus"] == {
        "value": [
            {
                "name": "AMD 0x740f",
                "method": "sysfs",
                "memory": 68702699520,
                "pci": "0000:c1:00.0",
            }
        ]
    }
    assert found.section["tier"] == "gpu"


class FakeNvml:
    """NVML with one GPU that knows nothing of MIG."""

    shut = False

    def nvmlInit(self):
        pass

    def nvmlShutdown(self):
        self.shut = True

    def nvmlSystemGetDriverVersion(self):
        return b"550.54.15"

    def nvmlDeviceGetCount(self):
        return 1

    def nvmlDeviceGetHandleByIndex(self, index):
        return index

    def nvmlDeviceGetName(self, device):
        return "NVIDIA H200"

    def nvmlDeviceGetMemoryInfo(self, device):
        return type("Memory", (), {"total": 150_754_820_096})

    def nvmlDeviceGetPciInfo(self, device):
        return type("Pci", (), {"busId": b"00000000:1B:00.0"})

    def nvmlDeviceGetEnforcedPowerLimit(self, device):
        return 700_000

    def nvmlDeviceGetCudaComputeCapability(self, device):
        return (9, 0)

    def nvmlDeviceGetMigMode(self, device):
        raise RuntimeError("Not Supported")


def test_nvml_facts_leave_out_what_a_gpu_does_not_support():
    nvml = FakeNvml()
    assert accelerators.list_nvidia(nvml) == [
        {
            "name": "NVIDIA H200",
            "method": "nvml",
            "memory": 150_754_820_096,
            "pci": "00000000:1b:00.0",
            "power_limit": 700.0,
            "compute_capability": "9.0",
            "driver": "550.54.15",
        }
    ]
    assert nvml.shut


def nvidia_machine(fake):
    return fake({
        "/proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64  550.54.15  Tue\n",
        "/proc/driver/nvidia/gpus/0000:1b:00.0/information": "Model: \t\t NVIDIA H200\n"
        "GPU UUID: \t GPU-1234\n",
    })  # fmt: skip


def test_a_hanging_nvml_is_given_up_and_the_driver_asked(fake, monkeypatch, tmp_path):
    nvidia_machine(fake)
    hanging = tmp_path / "site-packages"
    hanging.mkdir()
    (hanging / "pynvml.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(accelerators.detached, "_import_path", lambda: import_path(hanging))
    found = accelerators.gpu_facts(Tree(os.fspath(fake)), deadline_s=0.5)
    assert found == {"value": [{"name": "NVIDIA H200", "pci": "0000:1b:00.0", "method": "procfs"}]}
    assert not accelerators.complete(found)


def test_a_helper_asks_nvml(fake, monkeypatch, tmp_path):
    nvidia_machine(fake)
    site = tmp_path / "site-packages"
    site.mkdir()
    text = Path(__file__).read_text().partition("class FakeNvml:")[2].partition("\n\n\n")[0]
    names = re.findall(r"def (nvml\w+)", text)
    exports = "\n".join(f"{name} = _nvml.{name}" for name in names)
    (site / "pynvml.py").write_text(f"class FakeNvml:{text}\n_nvml = FakeNvml()\n{exports}\n")
    monkeypatch.setattr(accelerators.detached, "_import_path", lambda: import_path(site))
    found = accelerators.gpu_facts(Tree(os.fspath(fake)), deadline_s=20)
    assert [gpu["method"] for gpu in found["value"]] == ["nvml"]
    assert accelerators.complete(found)


def import_path(first):
    import labrec

    return [os.fspath(first), os.fspath(Path(labrec.__file__).parents[1])]


def test_facts_say_why():
    assert fact(lambda: (_ for _ in ()).throw(PermissionError(13, "x"))) == {
        "unavailable": "permission denied"
    }
    assert fact(lambda: int("x")) == {"unavailable": "in a form that is not understood"}
    assert fact(lambda: 0, "B") == {"value": 0, "unit": "B"}
    assert fact(lambda: False) == {"value": False}


def test_this_machine_agrees_with_psutil():
    import psutil

    facts = values(machine.lasting_facts(Tree(), os.environ))
    assert facts["logical_cores"] == psutil.cpu_count()
    assert facts["physical_cores"] == psutil.cpu_count(logical=False)
    assert facts["memory"] == psutil.virtual_memory().total
    assert facts["swap"] == psutil.swap_memory().total
