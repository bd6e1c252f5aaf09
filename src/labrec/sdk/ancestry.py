"""The experiments of a project and how they derive, with the features of each: read when asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labrec.noted import lineage_of, noted_runs
from labrec.sdk.parents import features_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.noted import Noted
    from labrec.store.view import View


class Ancestry:
    """How the experiments of a project derive from one another, as notes leave it.

    A node is an experiment, by its config digest. Its features are those of its first run that
    counts and can be read.

    Args:
        view: The lab.
        project: The project.
    """

    def __init__(self, view: View, project: str) -> None:
        self._view = view
        every = [one for one in noted_runs(view, project).runs if one.row.status != "unreadable"]
        self._runs: dict[str, list[Noted]] = {}
        for one in sorted(every, key=lambda one: one.standing != "counts"):
            self._runs.setdefault(one.experiment, []).append(one)
        lineage = lineage_of(view, every)
        self._graph = lineage.graph
        self._dangling = {
            relation.experiment
            for relation in lineage.relations
            if relation.kind == "parent" and relation.dangling
        }
        self._trees: dict[str, Any] = {}

    def __contains__(self, node: str) -> bool:
        return node in self._runs

    def tree(self, node: str) -> Any:
        """Return the features of an experiment; empty where none of its records can be read."""
        if node not in self._trees:
            found = (features_of(self._view, one.recorded) for one in self._runs.get(node, ()))
            self._trees[node] = next((tree for tree in found if tree is not None), {})
        return self._trees[node]

    def own(self, node: str, tree: Any) -> None:
        """Take the features of one of its runs for those of an experiment."""
        self._trees[node] = tree

    def parents(self, node: str) -> Sequence[str]:
        """Return the experiments that one derives from, the first one first."""
        return self._graph.parents.get(node, ())

    def dangles(self, node: str) -> bool:
        """Say whether an experiment names a parent that is not in this view."""
        return node in self._dangling

    def name(self, node: str) -> str:
        """Return what an experiment is called: the name of its first run."""
        runs = self._runs.get(node)
        return runs[0].row.name if runs else ""

    def run_id(self, node: str) -> str | None:
        """Return the id of its first run."""
        runs = self._runs.get(node)
        return runs[0].row.run_id if runs else None

    def nearest_common(self, a: str, b: str) -> list[str]:
        """Return the nearest common ancestors of two experiments, themselves included.

        One as a rule; several where the lines crossed before, none where the two do not meet.
        """
        above = [self._graph.ancestors(node) | {node} for node in (a, b)]
        shared = above[0] & above[1]
        # What lies above a shared one is shared too: the nearest have no shared child.
        nearest = [node for node in shared if shared.isdisjoint(self._graph.children[node])]
        return sorted(nearest) or sorted(shared)
