"""What a check of a reference works with: the published data, and pairs of numbers."""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


class Pair(NamedTuple):
    """A number as labrec computes it, beside the published one.

    Attributes:
        what: Which number, in words.
        computed: By labrec, or by the library that the row names.
        published: In the reference.
        decimals: Where the reference prints fewer digits than the row claims: its decimal places.
        differs: The published number is known not to be reproduced, and the row says why: the check
            fails once it is.
    """

    what: str
    computed: float
    published: float
    decimals: int | None = None
    differs: bool = False


class Data(NamedTuple):
    """The reference data beside the checkout.

    Attributes:
        path: Returns the path of a file below the data folder, or skips the test.
    """

    path: Callable[[str], Path]

    def json(self, name: str) -> Any:
        """Return a JSON file."""
        return json.loads(self.path(name).read_text())

    def rows(self, name: str) -> list[dict[str, str]]:
        """Return the rows of a CSV file."""
        with self.path(name).open(newline="") as file:
            return list(csv.DictReader(file))

    def groups(self, name: str, value: str, by: str) -> dict[str, list[float]]:
        """Return the values of one column of a CSV file by those of another, without missing ones."""
        found: dict[str, list[float]] = {}
        for row in self.rows(name):
            if row[value] not in {"", "NA"}:
                found.setdefault(row[by], []).append(float(row[value]))
        return found


def tolerance(pair: Pair, digits: int) -> float:
    """Return how far a computed number may be from the published one: half of its last digit."""
    if pair.decimals is not None:
        return 0.5 * 10.0**-pair.decimals
    if pair.published == 0:
        return 0.5 * 10.0**-digits
    magnitude = math.floor(math.log10(abs(pair.published)))
    return 0.5 * 10.0 ** (magnitude + 1 - digits)


def disagreements(pairs: Iterable[Pair], digits: int) -> list[str]:
    """Return what does not agree to so many significant digits, in words.

    Raises:
        AssertionError: There is no pair: a check that checks nothing.
    """
    wrong, count = [], 0
    for pair in pairs:
        count += 1
        off = abs(pair.computed - pair.published)
        # half a digit more or less by rounding alone is no difference
        agrees = off <= tolerance(pair, digits) * (1 + 1e-9) + 1e-15 * abs(pair.published)
        if agrees == pair.differs:
            says = "known to differ, and agrees" if pair.differs else "differs"
            wrong.append(f"{pair.what}: {pair.computed!r} {says}: {pair.published!r}")
    assert count, "a check without numbers"
    return wrong
