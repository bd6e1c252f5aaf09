"""Which machine, and which start of it, a spool belongs to; never stored in a record."""

from __future__ import annotations

import hashlib
import os

_MACHINE_IDS = ("/etc/machine-id", "/var/lib/dbus/machine-id")


def boot_id() -> str:
    """Return the kernel's id of this boot; ``""`` where the system has none."""
    return _first_line("/proc/sys/kernel/random/boot_id")


def host_id() -> str:
    """Return 20 hex digits that stand for this machine and do not tell its name."""
    source = next(filter(None, map(_first_line, _MACHINE_IDS)), "") or os.uname().nodename
    return hashlib.sha256(b"labrec spool host\0" + source.encode()).hexdigest()[:20]


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.readline().strip()
    except OSError:
        return ""
