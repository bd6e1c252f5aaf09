"""What many runs say together over time, and what is missing before one may rely on it. ○ No IO.

One module for each table; `TABLES` and `rows` make them an analysis.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from labrec.analytics.tables import trends as tables
from labrec.analytics.trends import drift, luck, pareto, reliability, reproducibility, rigor
from labrec.analytics.trends.tries import tries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from labrec.analytics.seen import Seen
    from labrec.analytics.tables import Table

TABLES: Final[tuple[Table, ...]] = tables.TRENDS


def rows(seen: Seen) -> Iterator[tuple[Table, Iterable[Sequence[Any]]]]:
    """Yield the tables of this package."""
    seen.once(tries)
    with ThreadPoolExecutor(1) as beside:
        # comparisons of long columns, beside which Python goes on
        fronts = beside.submit(lambda: list(pareto.rows(seen)))
        yield tables.LUCK, luck.rows(seen)
        yield tables.DRIFT, drift.rows(seen)
        yield tables.PARETO, fronts.result()
    yield tables.RELIABILITY, reliability.rows(seen)
    yield tables.REPRODUCIBILITY, reproducibility.rows(seen)
    yield tables.RIGOR, rigor.rows(seen)
