"""Why a hypothesis has its verdict, and why a run counts for it or does not. ○ No IO.

Both are read from the tables: from the verdict to what it rests on, to units, to record digests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Rows = Callable[[str, Mapping[str, str]], "list[Row]"]

Row = dict[str, Any]

_NOT_LINKED = "It is not linked to the hypothesis, and is no run of its baseline."


_PARTS = ("hypothesis_metrics", "evidence", "evidence_units", "evidence_runs")


class Chain(NamedTuple):
    """What a verdict rests on; rows of the tables about hypotheses.

    Attributes:
        hypothesis: The verdict.
        metrics: Its primary metrics.
        experiments: The experiments that bear on it.
        units: Their metrics.
        runs: Every run with its record digest, its place, and why.
        versions: The other registrations of the same hypothesis, with their verdicts.
    """

    hypothesis: Row
    metrics: list[Row]
    experiments: list[Row]
    units: list[Row]
    runs: list[Row]
    versions: list[Row]


class Part(NamedTuple):
    """A run and one hypothesis of its project.

    Attributes:
        hypothesis: The verdict.
        run: Its row among the runs of the hypothesis; None where it is not among them.
        why: Why it counts, or why not.
    """

    hypothesis: Row
    run: Row | None
    why: str


def chain(rows: Rows, slug: str, project: str | None = None) -> Chain:
    """Return what the verdict on a hypothesis rests on.

    Args:
        rows: Reads the tables (`Tables.rows`).
        slug: The hypothesis.
        project: Its project; None = whichever has one of that name.

    Raises:
        NotFoundError: There is no registration of it.
        UsageError: Several projects have one, or it is registered several times side by side.
    """
    where = {"hypothesis": slug} | ({"project": project} if project is not None else {})
    found = rows("hypotheses", where)
    if not found:
        raise NotFoundError(
            f"no hypothesis {slug} is registered", hint="`labrec hypothesis list` lists them."
        )
    projects = sorted({row["project"] for row in found})
    if len(projects) > 1:
        raise UsageError(
            f"hypothesis {slug} is in several projects: {', '.join(projects)}",
            hint="Give --project.",
        )
    current = [row for row in found if row["current"]]
    if len(current) != 1:
        digests = ", ".join(row["registration"] for row in current)
        raise UsageError(
            f"hypothesis {slug} is registered several times side by side: {digests}",
            hint="`labrec hypothesis register --amend` makes one of them.",
        )
    (row,) = current
    mine = {name: row[name] for name in ("project", "hypothesis", "registration")}
    metrics, experiments, units, runs = (rows(name, mine) for name in _PARTS)
    versions = [one for one in found if one["registration"] != row["registration"]]
    return Chain(row, metrics, experiments, units, runs, versions)


def parts(rows: Rows, project: str, run_id: str) -> list[Part]:
    """Return the part of a run in every hypothesis of its project, in registration order.

    Args:
        rows: Reads the tables (`Tables.rows`).
        project: The run's project.
        run_id: The run.
    """
    hypotheses = rows("hypotheses", {"project": project})
    mine = {
        row["registration"]: row
        for row in rows("evidence_runs", {"project": project, "run_id": run_id})
    }
    return [
        Part(one, found, found["why"] if found is not None else _NOT_LINKED)
        for one in sorted(hypotheses, key=lambda row: row["order"])
        for found in [mine.get(one["registration"])]
    ]
