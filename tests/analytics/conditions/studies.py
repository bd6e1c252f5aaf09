"""Labs of a few runs on several machines, as values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from labrec.analytics.conditions import quality
from labrec.analytics.run import Measured, Registered, Run
from labrec.analytics.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Told:
    """A source that holds what it is given."""

    def __init__(self, definition: Mapping[str, object], wide: Sequence[Mapping[str, Any]]) -> None:
        self._definition = definition
        self._wide = wide

    def definition(self, project: str) -> tuple[str, Mapping[str, object]]:
        return f"records/{project}/project.yaml", self._definition

    def wide(self, place: int, column: str) -> str:
        return json.dumps(self._wide[place].get(column, {}))

    def points(self, output: str) -> Mapping[str, Sequence[float]]:
        return {}


def one(
    value: float | None, *, unit: str | None = None, metric: str = "accuracy", **given: Any
) -> dict:
    """What a run is made of: a metric, and fields of `Run`; ``tree`` as a mapping."""
    metrics = {} if value is None else {metric: Measured(value, unit, None)}
    return {"metrics": metrics} | given


def study(
    runs: Iterable[Mapping[str, Any]],
    definition: Mapping[str, object] | None = None,
    registrations: Sequence[Registered] = (),
) -> Seen:
    """A lab of one project; facts, tree, setup and state of a run as mappings."""
    made, wide = [], []
    for place, given in enumerate(runs):
        fields = {
            "run_id": f"r{place:04}", "digest": f"sha256:{place:064x}", "project": "p",
            "experiment": "e", "cpu_model": "one", "machine": "m", "place": place,
        } | dict(given)  # fmt: skip
        wide.append({"facts": fields.pop("facts", {})})
        for name in ("tree", "setup", "state"):
            fields[name] = json.dumps(fields.get(name, {}))
        fields.setdefault("hardware_id", f"sha256:{fields['cpu_model']}")
        made.append(Run(**fields))
    return Seen(made, Told(definition or {}, wide), registrations)


def registered(**deltas: float) -> Registered:
    """A registration with the smallest effect of interest of some metrics."""
    metrics = [{"name": name, "delta": delta} for name, delta in deltas.items()]
    return Registered("p", "s", "sha256:r", None, "path", {"primary_metrics": metrics})


def table(seen: Seen) -> list[dict[str, Any]]:
    """The rows of the table, by column."""
    found, rows = next(iter(quality.rows(seen)))
    names = [column.name for column in found.columns]
    return [dict(zip(names, row, strict=True)) for row in rows]


def row_of(
    seen: Seen, condition: str, metric: str = "accuracy", scope: str = "all"
) -> dict[str, Any]:
    """The one row of a comparison."""
    (row,) = (
        row for row in table(seen)
        if (row["condition"], row["metric"], row["scope"]) == (condition, metric, scope)
    )  # fmt: skip
    return row


def crossed(values: Mapping[str, Sequence[float]], **given: Any) -> list[dict[str, Any]]:
    """Runs of levels of cpu_model, one run a block: values by level, in the order of blocks."""
    return [
        one(value, cpu_model=level, machine=f"m-{level}", experiment=f"e{block}", **given)
        for level, column in values.items()
        for block, value in enumerate(column)
    ]
