"""Every analysis of all runs at once, in one place. ○ No IO.

An analysis is a module with the tables it fills and a function that fills them. They share what
they find through `Seen.once`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from labrec.analytics import (
    dataset_versions,
    experiments,
    metric_definitions,
    noted,
    relations,
    trends,
)
from labrec.analytics.attribution import designs, hosts
from labrec.analytics.conditions import quality
from labrec.analytics.evidence import rows as evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    from labrec.analytics.seen import Seen
    from labrec.analytics.tables import Table


class Analysis(Protocol):
    """A module that fills tables.

    Attributes:
        TABLES: The tables; one that `rows` does not give is written without rows.
    """

    TABLES: tuple[Table, ...]

    def rows(self, seen: Seen) -> Iterable[tuple[Table, pa.Table | Iterable[Sequence[Any]]]]:
        """Yield tables and their rows, each in the order of the table's key."""


ANALYSES: Final[dict[str, Analysis]] = {
    "lineage": relations,
    "notes": noted,
    "experiments": experiments,
    "trends": trends,
    "evidence": evidence,
    "attribution": designs,
    "growth": hosts,
    "metrics": metric_definitions,
    "datasets": dataset_versions,
    "hardware": quality,
}
"""Every analysis by name."""
