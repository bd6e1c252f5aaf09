"""The disk and file system under a folder."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import NamedTuple

from labrec.capture.hardware.facts import Fact, Tree, fact

NETWORK = frozenset(
    {
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "gpfs", "beegfs", "9p",
        "fuse.sshfs", "glusterfs", "fuse.glusterfs", "ocfs2", "gfs2", "orangefs", "panfs", "davfs",
        "fuse.rclone", "fuse.s3fs",
    }
)  # fmt: skip
"""File systems whose locks and renames cross machines."""


class Mount(NamedTuple):
    """One line of ``/proc/self/mountinfo``.

    Attributes:
        point: Where it is mounted.
        filesystem: Type, such as ``ext4`` or ``overlay``.
        source: Device or server it comes from.
        device: ``major:minor``.
    """

    point: str
    filesystem: str
    source: str
    device: str


def mount_of(tree: Tree, folder: str) -> Mount:
    """Return the mount a folder lies on.

    Args:
        tree: Where ``/proc`` is.
        folder: Absolute path.

    Raises:
        OSError: The mounts cannot be read, or none holds the folder.
    """
    best: Mount | None = None
    for mount in _mounts(tree.text("/proc/self/mountinfo")):
        inside = folder == mount.point or folder.startswith(mount.point.rstrip("/") + "/")
        if inside and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    if best is None:
        raise FileNotFoundError(2, "no mount", folder)
    return best


@lru_cache(maxsize=1)
def _mounts(text: str) -> list[Mount]:
    mounts = []
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        fields, rest = left.split(), right.split()
        if len(fields) < 5 or len(rest) < 2:  # noqa: PLR2004 - proc(5): fields 1-5, then type, source
            continue
        point = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields[4])
        mounts.append(Mount(point, rest[0], rest[1], fields[2]))
    return mounts


def disk_facts(tree: Tree, folder: str) -> dict[str, Fact]:
    """Return file system, model and kind of the disk under a folder; no serial number."""
    try:
        mount: Mount | None = mount_of(tree, folder)
    except (OSError, ValueError):
        mount = None

    def device() -> str:
        if mount is None:
            raise FileNotFoundError(2, "no mount", folder)
        return _whole_disk(tree, mount)

    return {
        "filesystem": fact(lambda: mount.filesystem if mount else None),
        "disk_model": fact(lambda: tree.text(f"{device()}/device/model")),
        "disk_rotational": fact(lambda: tree.text(f"{device()}/queue/rotational") == "1"),
    }


def _whole_disk(tree: Tree, mount: Mount) -> str:
    """Return the ``/sys`` folder of the disk that holds a mount's partition."""
    place = f"/sys/dev/block/{mount.device}"
    if not tree.exists(place):  # btrfs and others have a device number of their own
        place = f"/sys/class/block/{os.path.basename(mount.source)}"
    if not mount.source.startswith("/dev/") or not tree.exists(place):
        raise FileNotFoundError(2, "no block device", mount.source)
    target = os.path.normpath(os.path.join(os.path.dirname(place), tree.link(place)))
    return os.path.dirname(target) if tree.exists(f"{target}/partition") else target
