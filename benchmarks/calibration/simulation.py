"""What a simulation is: labs with a known truth, an event, and how often it may happen."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


class Found(NamedTuple):
    """How often something happened.

    Attributes:
        rate: Share of the labs.
        labs: How many.
        met: Whether the rate is within its bounds and two standard errors.
        bar: The bounds in words.
    """

    rate: float
    labs: int
    met: bool
    bar: str


class Simulation(NamedTuple):
    """Labs in which the truth is known, and how often something may happen in them.

    Attributes:
        name: As the rows in `tests/methods/rows` name it.
        what: The lab and what is counted, in words.
        happens: Makes one lab from a generator and says whether it happened.
        least: Rate below which something is wrong; a nominal level where least = most.
        most: Rate above which something is wrong. Both with two binomial standard errors.
        short: Labs in the tests.
        long: Labs in the benchmark, 2,000 or more.
    """

    name: str
    what: str
    happens: Callable[[np.random.Generator], bool]
    least: float
    most: float
    short: int = 500
    long: int = 10_000

    def run(self, labs: int) -> Found:
        """Simulate labs, the same ones each time, and judge how often it happened."""
        seed = int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:8])
        rng = np.random.default_rng(seed)
        rate = sum(bool(self.happens(rng)) for _ in range(labs)) / labs
        met = self.least - slack(self.least, labs) <= rate <= self.most + slack(self.most, labs)
        return Found(rate, labs, met, self._bar())

    def _bar(self) -> str:
        if self.least == self.most:
            return f"{100 * self.most:.4g} % ± 2 SE"
        if self.least == 0:
            return f"<= {100 * self.most:.4g} % + 2 SE"
        return f"{100 * self.least:.4g} % to {100 * self.most:.4g} % ± 2 SE"


def slack(rate: float, labs: int) -> float:
    """Return two binomial standard errors."""
    return 2 * math.sqrt(rate * (1 - rate) / labs)
