"""Calibration: how often statistics are wrong in simulated labs, against how often they may be.

Each simulation makes many labs in which the truth is known, and counts those in which something
happens: an interval that covers, a test that rejects. `python -m benchmarks calibration` runs the
long form, or that of one topic, `calibration:owners`; `tests/methods/test_calibration.py` runs the
short one.

Add a module beside `foundation` with its own `SIMULATIONS`, and a line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.calibration import attribution, foundation, machines, owners, trends
from benchmarks.figure import Figure

if TYPE_CHECKING:
    from benchmarks.calibration.simulation import Simulation

TOPICS = {
    "foundation": foundation.SIMULATIONS,
    "machines": machines.SIMULATIONS,
    "attribution": attribution.SIMULATIONS,
    "owners": owners.SIMULATIONS,
    "trends": trends.SIMULATIONS,
}


def simulations() -> dict[str, Simulation]:
    """Return all of them by name."""
    return {one.name: one for topic in TOPICS.values() for one in topic}


def measure(topic: str = "") -> list[Figure]:
    """Run the long form of all of them, or of one topic."""
    figures = []
    for one in TOPICS[topic] if topic else simulations().values():
        found = one.run(one.long)
        figures.append(
            Figure(
                f"{one.name}: {one.what}",
                100 * found.rate,
                f"% of {found.labs:,} labs",
                found.bar,
                found.met,
            )
        )
    return figures
