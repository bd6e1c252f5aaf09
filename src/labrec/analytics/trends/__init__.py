"""What many runs say together over time, and what is missing before one may rely on it. ○ No IO.

One module for each table; `TABLES` and `rows` make them an analysis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.analytics.tables import trends as tables
from labrec.analytics.trends import drift, luck, pareto, reliability, reproducibility, rigor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from labrec.analytics.seen import Seen
    from labrec.analytics.tables import Table

TABLES: Final[tuple[Table, ...]] = tables.TRENDS


def rows(seen: Seen) -> Iterator[tuple[Table, Iterable[Sequence[Any]]]]:
    """Yield the tables of this package."""
    yield tables.LUCK, luck.rows(seen)
    yield tables.DRIFT, drift.rows(seen)
    yield tables.PARETO, pareto.rows(seen)
    yield tables.RELIABILITY, reliability.rows(seen)
    yield tables.REPRODUCIBILITY, reproducibility.rows(seen)
    yield tables.RIGOR, rigor.rows(seen)
