"""A lab without any true effect is not told Supported more often than α, whatever its owner does.

The short form of `benchmarks`' group *calibration*: seeded, so that it says the same every time.
"""

from __future__ import annotations

import math

import pytest
from tests.analytics.evidence.owners import OWNERS, supported

ALPHA = 0.05
LABS = 150
SLOW = {"peeking": 60, "looking": 60, "adding_treatments": 40, "whole_lab": 60, "retracting": 60,
        "repeating": 60, "whole_family": 60, "many_treatments": 60}  # fmt: skip


@pytest.mark.parametrize("owner", OWNERS)
def test_no_owner_gets_more_than_alpha(owner: str) -> None:
    labs = SLOW.get(owner, LABS)
    limit = ALPHA + 2 * math.sqrt(ALPHA * (1 - ALPHA) / labs)
    assert supported(owner, labs) <= limit * labs


def test_the_single_test_is_not_dead() -> None:
    assert supported("honest", LABS) >= ALPHA / 4 * LABS
