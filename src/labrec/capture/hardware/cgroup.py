"""Where a process stands in the control groups, version 1 or 2, and what limits it there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.capture.hardware.facts import Tree

MOUNT = "/sys/fs/cgroup"
_NO_LIMIT = 1 << 60  # version 1 writes a huge page-rounded number where there is no memory limit


class Cgroup(NamedTuple):
    """The control group of a process.

    Attributes:
        version: 2 for the unified hierarchy, 1 for one hierarchy a controller.
        cpu: Folder whose ``cpu.*`` files speak about the process; None where there is none.
        memory: Likewise for ``memory.*``.
    """

    version: int
    cpu: str | None
    memory: str | None


def locate(tree: Tree, pid: int | str = "self") -> Cgroup:
    """Find the control group of a process.

    Args:
        tree: Where ``/proc`` and ``/sys`` are.
        pid: Process id, or ``self``.

    Raises:
        OSError: The system has no control groups or does not show them.
    """
    paths: dict[str, str] = {}
    for line in tree.text(f"/proc/{pid}/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path
    cpu = _version1(tree, paths, "cpu")
    memory = _version1(tree, paths, "memory")
    if cpu or memory:
        return Cgroup(1, cpu, memory)
    if "" in paths:
        for mount in (MOUNT, f"{MOUNT}/unified"):
            if tree.exists(f"{mount}/cgroup.controllers"):
                folder = _existing(tree, mount, paths[""])
                return Cgroup(2, folder, folder)
    raise FileNotFoundError(2, "no control groups", MOUNT)


def cpu_limit(tree: Tree, group: Cgroup) -> float | None:
    """Return the tightest limit of processor time, in processors; None where there is none.

    Raises:
        OSError: The limit cannot be read.
        ValueError: It is in a form that is not understood.
    """
    limits = []
    for folder in _upwards(group.cpu):
        if group.version == 1:
            quota = tree.optional(f"{folder}/cpu.cfs_quota_us")
            period = tree.optional(f"{folder}/cpu.cfs_period_us")
        else:
            quota, _, period = (tree.optional(f"{folder}/cpu.max") or "max").partition(" ")
        if quota and period and quota != "max" and int(quota) > 0:
            limits.append(int(quota) / int(period))
    return min(limits, default=None)


def memory_limit(tree: Tree, group: Cgroup) -> int | None:
    """Return the tightest memory limit, bytes; None where there is none.

    Raises:
        OSError: The limit cannot be read.
        ValueError: It is in a form that is not understood.
    """
    name = "memory.limit_in_bytes" if group.version == 1 else "memory.max"
    limits = []
    for folder in _upwards(group.memory):
        text = tree.optional(f"{folder}/{name}")
        if text and text != "max" and int(text) < _NO_LIMIT:
            limits.append(int(text))
    return min(limits, default=None)


def _version1(tree: Tree, paths: dict[str, str], controller: str) -> str | None:
    if controller not in paths:
        return None
    for name in (controller, "cpu,cpuacct"):
        mount = f"{MOUNT}/{name}"
        if tree.exists(f"{mount}/cgroup.procs"):
            return _existing(tree, mount, paths[controller])
    return None


def _existing(tree: Tree, mount: str, path: str) -> str:
    # In a container the path may be the host's while the mount shows only the container's part.
    folder = mount + path.rstrip("/")
    return folder if path != "/" and ".." not in path and tree.exists(folder) else mount


def _upwards(folder: str | None) -> Iterator[str]:
    while folder and folder.startswith(MOUNT) and folder != MOUNT:
        yield folder
        folder = folder.rpartition("/")[0]
    if folder:
        yield folder
