"""What the second stage knows of a view, and how analyses share it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.analytics.labs import made, measured, note_doc, rows, run_of

from labrec.analytics.analyses import ANALYSES
from labrec.analytics.gather import gather
from labrec.analytics.kept_runs import kept_of
from labrec.analytics.seen import Link, Seen
from labrec.analytics.shard import load
from labrec.analytics.tables import FEATURE_CHANGES, METRICS, PROBLEMS, RUNS, SERIES, TABLES
from labrec.errors import InvalidError, NotFoundError
from labrec.store.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.store.labs import GitLab


class Nothing:
    """A source that holds one broken definition and one series."""

    def definition(self, project: str) -> tuple[str, Mapping[str, object]]:
        return f"records/{project}/project.yaml", {"key_metrics": 3}

    def wide(self, place: int, column: str) -> str:
        return f'{{"{column}": {place}}}'

    def asked(self) -> Iterable[int]:
        return ()

    def points(self, output: str) -> Mapping[str, Sequence[float]]:
        if output == "gone":
            raise NotFoundError("it is not there")
        return {"loss": [2.0, 1.0]}


def test_every_table_is_filled_by_exactly_one_analysis_or_by_the_first_stage() -> None:
    streamed = {RUNS, METRICS, SERIES, FEATURE_CHANGES, PROBLEMS}
    filled = [table for analysis in ANALYSES.values() for table in analysis.TABLES]
    assert len(filled) == len(set(filled))
    from labrec.analytics.extract import OF_RECORDS

    assert {*filled, *streamed, *OF_RECORDS} == set(TABLES.values())


def test_what_analyses_share_is_computed_once() -> None:
    seen = Seen([], Nothing())
    calls = []

    def counted(given: Seen) -> int:
        calls.append(given)
        return len(calls)

    assert (seen.once(counted), seen.once(counted)) == (1, 1)
    assert calls == [seen]


def test_a_definition_that_cannot_be_used_is_listed_once_and_stops_nothing() -> None:
    def parse(definition: Mapping[str, object], project: str) -> str:
        raise InvalidError(f"{project} says {definition['key_metrics']}")

    seen = Seen([run_of(1.0, project="p")], Nothing())
    assert seen.defined("p", parse) is None
    assert seen.defined("p", parse) is None
    assert [(p.path, p.problem) for p in seen.problems] == [
        ("records/p/project.yaml", "invalid: p says 3")
    ]
    assert seen.keys == {"p": {"loss": None}}  # as where the definition says nothing


def test_points_are_fetched_only_where_a_run_has_them() -> None:
    seen = Seen([], Nothing())
    assert list(seen.points(run_of(1.0, output="here"), "loss")) == [2.0, 1.0]
    assert list(seen.points(run_of(1.0, output="here"), "other")) == []
    assert list(seen.points(run_of(1.0), "loss")) == []
    assert list(seen.points(run_of(1.0, output="gone", path="p"), "loss")) == []
    assert [problem.path for problem in seen.problems] == ["p"]


def test_packed_facts_are_those_of_the_run(lab: GitLab) -> None:
    hardware = {
        "minor": 0, "hardware_id": "sha256:" + "1" * 64, "tier": "small",
        "fields": {"cpu_name": {"value": "Ä"}, "boost": {"unavailable": "no"}},
        "conditions": {"affinity": {"value": 2}, "power_source": {"value": "mains"}},
    }  # fmt: skip
    setup = {
        "determinism": {"minor": 0, "flags": {"OMP_NUM_THREADS": "2"}},
        "telemetry": {
            "minor": 0,
            "channels": {
                "gpu0.throttled": {"count": 3, "max": 1},
                "cgroup.throttled": {"count": 3, "max": 0},
                "pressure.memory": {"count": 3, "mean": 0.25},
            },
        },
        "artifacts": {
            "minor": 0,
            "items": [
                {
                    "name": name,
                    "role": role,
                    "sha256": str(place) * 64,
                    "size": 1,
                    "where": "digest-only",
                }
                for place, (name, role) in enumerate({"m": "input", "o": "output"}.items())
            ],
        },
    }
    lab.add(
        *measured("one", {"loss": 1.0}),
        *measured("two", {"loss": 2.0}, hardware=hardware, **setup),
    )
    with Lab.open(lab.path) as opened:
        view = opened.view()
        days = [load(view, p, day, tree) for p in view.projects() for day, tree in view.days(p)]
        kept = [kept_of(one) for one in days]
        seen = gather(view, kept)
        one, two = sorted(seen.runs, key=lambda run: run.name)
        assert seen.facts(two) == {"cpu_name": "Ä"}
        assert seen.conditions(two) == {"affinity": 2, "power_source": "mains"}
        assert json.loads(two.state) == {
            "memory_pressure": 0.25, "power_source": "mains", "throttled": True
        }  # fmt: skip
        assert seen.channels(two)["gpu0.throttled"] == {"max": 1}
        assert seen.facts(one) == {}
        assert json.loads(two.setup) == {
            "inputs": ["0" * 64], "flags": {"OMP_NUM_THREADS": "2"}
        }  # fmt: skip
        assert list(seen.points(two, "loss")) == [2.0]
        assert (two.tier, two.counts, two.metrics["loss"].value) == ("small", True, 2.0)


@pytest.mark.parametrize("linked", ["start", "later"])
def test_links_keep_when_they_were_made(lab: GitLab, linked: str) -> None:
    digest = "sha256:" + "2" * 64
    lineage = {
        "minor": 0,
        "hypotheses": [{"slug": "s", "registration": digest, "linked": linked}],
    }
    lab.add(*measured("one", {"loss": 1.0}, lineage=lineage))
    with Lab.open(lab.path) as opened:
        view = opened.view()
        ((project, day, tree),) = [(p, *d) for p in view.projects() for d in view.days(p)]
        shard = load(view, project, day, tree)
        (run,) = gather(view, [kept_of(shard)]).runs
    assert run.links == (Link("s", digest, linked),)  # type: ignore[arg-type]


def test_a_retracted_run_stays_and_does_not_count(lab: GitLab) -> None:
    run, series = measured("one", {"loss": 1.0})
    lab.add(run, series, note_doc("retract", run))
    found = made(lab)
    assert [row["standing"] for row in rows(found, "runs")] == ["retracted"]
