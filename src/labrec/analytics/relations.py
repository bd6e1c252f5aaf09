"""How runs relate as seen now, as the table `edges`. ○ No IO."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from labrec.analytics.parquet import columns_table
from labrec.analytics.tables import EDGES
from labrec.lineage.relations import Everyone, Lineage, Related, Relation, Replacement, key, relate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from labrec.analytics.run import Run
    from labrec.analytics.runs import Runs
    from labrec.analytics.seen import Seen
    from labrec.analytics.tables import Table

__all__ = ["TABLES", "Lineage", "Related", "Relation", "Replacement", "relate", "related", "rows"]

TABLES: Final[tuple[Table, ...]] = (EDGES,)


def related(run: Run) -> Related:
    """Return what is asked of a run to relate it."""
    return Related(
        run.project, run.run_id, run.digest, run.recorded_name, run.experiment, run.counts,
        run.parents, run.continues, run.reproduces, run.fulfils, run.reparented,
    )  # fmt: skip


_ASKED = ("project", "run_id", "digest", "recorded_name", "experiment", "counts", "parents",
          "continues", "reproduces", "fulfils", "reparented")  # fmt: skip


def every_related(runs: Runs) -> list[Related]:
    """Return what is asked of all runs to relate them."""
    return list(map(Related._make, zip(*map(runs.column, _ASKED), strict=True)))


def everyone(runs: Runs) -> Everyone:
    """Return the runs as what relates them asks for them."""
    saying = runs.saying()
    columns = [runs.column(name, saying) for name in _ASKED]
    return Everyone(
        list(map(Related._make, zip(*columns, strict=True))),
        set(runs.column("experiment")),
        partial(every_related, runs),
    )


def rows(seen: Seen) -> Iterator[tuple[Table, pa.Table]]:
    """Yield the table of edges."""
    relations, used = seen.lineage.relations, [*seen.used()]
    if used:
        relations = sorted([*relations, *used], key=key)
    yield EDGES, _edges(seen.lineage, relations)


def _edges(lineage: Lineage, relations: Sequence[Relation]) -> pa.Table:
    cyclic, depth, root = lineage.graph.cyclic, lineage.graph.depth, lineage.graph.root
    told = list(zip(*relations, strict=True)) or [()] * len(Relation._fields)
    columns: dict[str, Sequence[Any]] = dict(zip(Relation._fields, told, strict=True))
    edges = zip(*(columns[name] for name in ("kind", "experiment", "parent")), strict=True)
    columns["record_digest"] = columns.pop("digest")
    columns["cyclic"] = [
        kind == "parent" and (child, parent) in cyclic for kind, child, parent in edges
    ]
    columns["depth"] = list(map(depth.get, columns["experiment"]))
    columns["root"] = list(map(root.get, columns["experiment"]))
    return columns_table(EDGES, columns)
