"""Views made of a few words: runs in order, and what is said of their project."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from labrec.analytics.run import Measured, Run
from labrec.analytics.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

START = datetime(2026, 1, 1, tzinfo=UTC)


class Told:
    """A source that knows the projects' definitions and nothing else."""

    def __init__(self, **definitions: Mapping[str, object]) -> None:
        self.definitions = definitions

    def definition(self, project: str) -> tuple[str, Mapping[str, object]]:
        return f"records/{project}/project.yaml", self.definitions.get(project, {})

    def wide(self, place: int, column: str) -> str:
        return "{}"

    def points(self, output: str) -> Mapping[str, Sequence[float]]:
        return {}


def ran(at: int, experiment: str, value: float | None = None, **fields: Any) -> Run:
    """The run that started so many minutes after the start; its metric is loss, lower better."""
    metrics = fields.pop("metrics", None)
    if metrics is None:
        metrics = {} if value is None else {"loss": value}
    directions = fields.pop("directions", {"loss": "minimize"})
    given = {
        name: v if isinstance(v, Measured) else Measured(v, None, directions.get(name))
        for name, v in metrics.items()
    }
    whole = {
        "run_id": f"r{at:05}", "digest": f"sha256:{at:05}", "project": "p", "name": experiment,
        "experiment": experiment, "started": START + timedelta(minutes=at), "machine": "m1",
        "hardware_id": "h1", "metrics": given,
    }  # fmt: skip
    return Run(**(whole | fields))


def view(runs: Iterable[Run], **definitions: Mapping[str, object]) -> Seen:
    """All these runs, in the order that a view has."""
    ordered = sorted(runs, key=lambda run: (run.project, run.run_id, run.digest))
    return Seen(ordered, Told(**definitions))


def dicts(table: Any, rows: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    """Rows of a table by the names of its columns; they must be as many."""
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in rows]
