"""Systems without ``/proc``: the few quantities psutil has everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec.capture.telemetry.probe import NAN, Channel, Rates

if TYPE_CHECKING:
    from labrec.capture.telemetry.probe import World

EXPECTED: tuple[str, ...] = ()
DEADLINE_S = 5.0


class Portable:
    """Processor, memory, disks, network and process tree through psutil."""

    def __init__(self, world: World) -> None:
        import psutil  # only on systems that need it

        self._psutil = psutil
        self._root = psutil.Process(world.pid)
        self._rates = Rates()
        psutil.cpu_percent(None)
        self.channels = (
            Channel("cpu.busy", "%", "psutil", "cpu_percent between two samples"),
            Channel("memory.available", "B", "psutil", "virtual_memory().available"),
            Channel("process.memory", "B", "psutil", "sum of resident sets"),
            Channel("process.count", "1", "psutil", "processes of the tree"),
            Channel("disk.read", "B/s", "psutil", "disk_io_counters"),
            Channel("disk.written", "B/s", "psutil", "disk_io_counters"),
            Channel("network.received", "B/s", "psutil", "net_io_counters"),
            Channel("network.sent", "B/s", "psutil", "net_io_counters"),
        )

    def read(self, now: float) -> list[float]:
        """Take one sample."""
        psutil = self._psutil
        disk, network = psutil.disk_io_counters(), psutil.net_io_counters()
        counters = (
            disk.read_bytes if disk else NAN,
            disk.write_bytes if disk else NAN,
            network.bytes_recv if network else NAN,
            network.bytes_sent if network else NAN,
        )
        resident = count = 0
        for process in (self._root, *self._root.children(recursive=True)):
            try:
                resident += process.memory_info().rss
            except psutil.Error:
                continue
            count += 1
        available = psutil.virtual_memory().available
        return [
            psutil.cpu_percent(None), available, resident if count else NAN, count or NAN,
            *self._rates(now, counters),
        ]  # fmt: skip


def open_probe(world: World) -> Portable:
    """Open the probe, where there is no ``/proc`` to read instead."""
    if world.tree.exists("/proc/self/stat"):
        raise FileNotFoundError(2, "the system has /proc", "psutil")
    return Portable(world)
