"""Studies to judge: claims and runs as plain values, in the order in which they come to be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from labrec.analytics.evidence.analysis import Judged, judged
from labrec.analytics.run import Link, Measured, Registered, Run
from labrec.analytics.seen import Defined, Seen
from labrec.catalog.definition import MetricDefinition
from labrec.catalog.metrics import DefinedMetric
from labrec.catalog.versions import current
from labrec.lineage.fold import Fold, fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from labrec.lineage.fold import HeardNote

METRIC = "loss"
MINUTE = 60_000


class NoSource:
    """A lab that holds no definitions and no points, or these points."""

    def __init__(self, points: Mapping[str, Sequence[float]] | None = None) -> None:
        self._points = points or {}

    def definition(self, project: str) -> tuple[str, Mapping[str, object]]:
        return f"records/{project}/project.yaml", {}

    def wide(self, place: int, column: str) -> str:
        return "{}"

    def points(self, output: str) -> Mapping[str, Sequence[float]]:
        return {METRIC: self._points.get(output, ())}


class Study:
    """A lab that grows by one document a minute.

    Args:
        now: Minutes since 1970 of the first document.
    """

    def __init__(self, now: int = 1000) -> None:
        self.now = now
        self.runs: list[Run] = []
        self.registered: list[Registered] = []
        self.notes: list[HeardNote] = []
        self.definitions: list[MetricDefinition] = []

    def define(self, *, amends: tuple[str, ...] = (), **fields: Any) -> str:
        """Define the metric; return the definition's digest."""
        self.now += 1
        digest = f"sha256:{len(self.definitions):062x}ff"
        self.definitions.append(
            MetricDefinition("p", METRIC, digest, amends=amends, time=self.time(), **fields)
        )
        return digest

    def time(self) -> str:
        """Now, as documents have it."""
        hours, minutes = divmod(self.now, 60)
        days, hours = divmod(hours, 24)
        return f"1970-01-{days + 1:02}T{hours:02}:{minutes:02}:00Z"

    def register(self, slug: str = "better", **fields: Any) -> str:
        """Register a claim; return the registration's digest."""
        self.now += 1
        delta = fields.pop("delta", 0.0)
        direction = fields.pop("direction", "maximize")
        document = {
            "project": "p", "slug": slug, "claim": f"{slug} is true",
            "time": self.time(),
            "primary_metrics": [{"name": METRIC, "direction": direction, "delta": delta}],
            "baseline": {"kind": "parent", "name": None}, "planned_n": 3, "looks": [],
            "test": "welch", "alpha": 0.05, "decision": "all", "family": None, "selector": {},
        } | fields  # fmt: skip
        digest = f"sha256:{len(self.registered):064x}"
        self.registered.append(
            Registered("p", slug, digest, document.get("amends"), f"{slug}.json", document)
        )
        return digest

    def run(
        self, experiment: str, value: float | Mapping[str, float] | None, link: str | None = None,
        **fields: Any,
    ) -> Run:  # fmt: skip
        """Record a run of an experiment; value is that of the metric, or of several.

        ``parent`` names an experiment; ``later`` links a registration after the start.
        """
        self.now += 1
        ms = fields.pop("minute", self.now) * MINUTE
        run_id = f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7000-8000-{len(self.runs):012x}"
        values = value if isinstance(value, dict) else {} if value is None else {METRIC: value}
        parent, later = fields.pop("parent", None), fields.pop("later", None)
        parents = [{"by": "option", "name": None, "run_id": None, "config_digest": parent}]
        links = [Link("better", link, "start")] if link else []
        links += [Link("better", later, "later")] if later else []
        unit = fields.pop("unit", None)
        whole: dict[str, Any] = {
            "run_id": run_id, "digest": f"sha256:{len(self.runs):064d}", "project": "p",
            "name": experiment, "experiment": experiment, "machine": "m1",
            "metrics": {name: Measured(one, unit) for name, one in values.items()},
            "parents": json.dumps(parents if parent else []), "links": tuple(links),
            "place": len(self.runs), "code_digest": "c", "environment_digest": "e",
        }  # fmt: skip
        run = Run(**(whole | fields))
        self.runs.append(run)
        return run

    def baseline(self, values: Sequence[float | None], experiment: str = "base", **f: Any) -> None:
        """Record runs of a baseline, seeds 1, 2, …"""
        self._each(experiment, values, f)

    def treatment(
        self, values: Sequence[float | None], link: str | None, experiment: str = "new", **f: Any
    ) -> None:
        """Record treatments that start linked, with the parent base, seeds 1, 2, …"""
        self._each(experiment, values, {"parent": "base", "link": link} | f)

    def _each(self, experiment: str, values: Sequence[float | None], f: dict[str, Any]) -> None:
        first = f.pop("first_seed", 1)
        for seed, value in enumerate(values, first):
            seeds = {"seeds": f'{{"seed":"{seed}"}}'} | f
            status = {"status": "failed"} if value is None else {}
            self.run(experiment, value, **(status | seeds))

    def change(self, place: int, **fields: Any) -> None:
        """Let notes change a run."""
        self.runs[place] = self.runs[place]._replace(**fields)

    def seen(self, points: Mapping[str, Sequence[float]] | None = None) -> Seen:
        """Everything the second stage knows."""
        runs = sorted(self.runs, key=lambda run: (run.project, run.run_id, run.digest))
        said = fold(self.notes) if self.notes else Fold({})
        seen = Seen(runs, NoSource(points), tuple(self.registered), (), said)
        if self.definitions:
            counting = tuple(current(self.definitions))
            found = DefinedMetric("p", METRIC, tuple(self.definitions), counting)
            seen.define(Defined({"p": {METRIC: found}}, {}, {}))
        return seen

    def judged(self) -> list[Judged]:
        """The verdicts, in the order of the registrations."""
        return judged(self.seen())

    def verdict(self, place: int = -1) -> str:
        """The word of a verdict, the last registration's by default."""
        return self.judged()[place].ruling.verdict
