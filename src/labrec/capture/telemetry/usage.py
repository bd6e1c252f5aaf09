"""What a run used in all, as the kernel counted it: for runs of any length, without a sampler.

Two calls of getrusage(2) at the end, in the recorder's process; they cost microseconds.
"""

from __future__ import annotations

import resource
import sys
from typing import Any

_KIB = 1 if sys.platform == "darwin" else 1024  # unit of ru_maxrss

_OWN = "this process and the children it waited for, at the end"
_CHILDREN = "the command and the children it waited for, at the end"


def usage_channels(*, own: bool) -> list[dict[str, Any]]:
    """Return the channels that ``usage`` gives values for.

    Args:
        own: The run is this process; else it is the command that this process waited for.
    """
    method = _OWN if own else _CHILDREN
    return [
        {"name": name, "unit": unit, "sensor": "getrusage", "method": f"{method}{more}",
         "interval_s": None}
        for name, unit, more in (
            ("process.cpu_time", "s", ""),
            ("process.max_memory", "B", "; the largest resident set of one process"),
        )
    ]  # fmt: skip


def usage(*, own: bool) -> list[float]:
    """Return processor time (s) and largest resident set (B) so far.

    Args:
        own: As for ``usage_channels``.
    """
    counted = [resource.getrusage(resource.RUSAGE_CHILDREN)]
    if own:
        counted.append(resource.getrusage(resource.RUSAGE_SELF))
    return [
        sum(one.ru_utime + one.ru_stime for one in counted),
        float(max(one.ru_maxrss for one in counted) * _KIB),
    ]
