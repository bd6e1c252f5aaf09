"""How runs relate as seen now, as the table `edges`. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.analytics.tables import EDGES
from labrec.lineage.relations import Lineage, Related, Relation, Replacement, key, relate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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


def every_related(runs: Runs) -> list[Related]:
    """Return what is asked of all runs to relate them."""
    names = ("project", "run_id", "digest", "recorded_name", "experiment", "counts", "parents",
             "continues", "reproduces", "fulfils", "reparented")  # fmt: skip
    return list(map(Related._make, zip(*map(runs.column, names), strict=True)))


def rows(seen: Seen) -> Iterator[tuple[Table, Iterable[Sequence[Any]]]]:
    """Yield the table of edges."""
    relations, used = seen.lineage.relations, [*seen.used()]
    if used:
        relations = sorted([*relations, *used], key=key)
    yield EDGES, _edge_rows(seen.lineage, relations)


def _edge_rows(lineage: Lineage, relations: Iterable[Relation]) -> Iterator[tuple[Any, ...]]:
    cyclic = lineage.graph.cyclic
    for relation in relations:
        on_cycle = relation.kind == "parent" and (relation.experiment, relation.parent) in cyclic
        yield (
            relation.project,
            relation.run_id,
            *relation[3:],
            on_cycle,
            lineage.graph.depth.get(relation.experiment),
            lineage.graph.root.get(relation.experiment),
            relation.digest,
        )
