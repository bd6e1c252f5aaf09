"""Counterfactual calls of a record, on their way to the designs."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.analytics.labs import made, rows
from tests.store.labs import object_doc, run_doc

from labrec.analytics import gather as gathering
from labrec.analytics.calls import NONE, Call, packed, unpacked
from labrec.record.codec import encode
from labrec.record.digest import Digest

if TYPE_CHECKING:
    from tests.store.labs import GitLab

    from labrec.analytics.seen import Seen

GOLDEN = Path(__file__).parents[1] / "record" / "golden" / "run_counterfactuals.json"
CALLS = json.loads(GOLDEN.read_bytes())["counterfactuals"]["calls"]


def test_a_call_is_read_with_its_cells() -> None:
    first, second = unpacked(packed(CALLS))
    assert first.factors == ("dropout", "норма")
    assert (first.step, first.at, first.restored) == (300, "after warm-up", "same")
    assert [cell.on for cell in first.cells] == [0b11, 0, 0b01, 0b10]
    assert first.cells[0].values == {"loss": 0.25, "per_class.cat": 0.5}
    assert math.isnan(first.cells[1].values["loss"])
    assert first.cells[2].failed == "ValueError: no such layer"
    assert not first.cells[2].values
    assert first.cells[3].seed == "7"
    assert second.orders == ((0, 1), (1, 0))
    assert unpacked(NONE) == unpacked("") == []


def call(**changes: Any) -> list[dict[str, Any]]:
    return [CALLS[0] | changes]


@pytest.mark.parametrize(
    "calls",
    [
        call(factors=[]),
        call(factors=[{"name": "a"}, {"name": "a"}]),
        call(factors=[{"name": 3}]),
        call(factors=None),
        call(method="guess"),
        call(restored="mostly"),
        call(orders=[[0, 0]]),
        call(step="x"),
        call(step=1.5),
        call(at=3),
        call(cells=[{"on": "1", "replicate": 0}]),
        call(cells=[{"on": "12", "replicate": 0}]),
        call(cells=[{"on": "11", "replicate": "0"}]),
        call(cells=[{"on": "11", "replicate": 0, "values": {"loss": "0"}}]),
        call(cells=[{"on": "11", "replicate": 0, "values": {"loss": True}}]),
        call(cells=[{"on": "11", "replicate": 0, "values": {"loss": {"$int": "1"}}}]),
        call(cells=[{"on": "11", "replicate": 0, "seed": 7}]),
        call(cells=[{"replicate": 0}]),
        [3],
        3,
    ],
)
def test_what_breaks_the_schema_is_refused(calls: Any) -> None:
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        packed(calls)


def seen_of(lab: GitLab, monkeypatch: pytest.MonkeyPatch) -> tuple[Seen, list[dict[str, Any]]]:
    found: list[Seen] = []
    inner = gathering.gather

    def keeping(*given: Any) -> Seen:
        found.append(inner(*given))
        return found[-1]

    monkeypatch.setattr("labrec.analytics.across.gather", keeping)
    analysis = made(lab, lab.path.parent / "tables")
    seen = found[-1]
    asked = seen.asked
    monkeypatch.undo()
    assert asked is seen.asked
    return seen, rows(analysis, "problems")


def of(seen: Seen) -> dict[str, list[Call]]:
    return {run.name: calls for run, calls in seen.asked}


def test_cells_come_from_the_record_or_from_its_object(
    lab: GitLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = object_doc(encode({"schema": "labrec.counterfactuals/1.0", "calls": CALLS}))
    ref = {"sha256": Digest.of(stored.data).hex, "size": len(stored.data)}
    heads = [{**one, "cells": []} for one in CALLS]
    inline = {"minor": 0, "calls": CALLS, "object": None}
    elsewhere = {"minor": 0, "calls": heads, "object": ref}
    lab.add(
        run_doc(name="nothing"), run_doc(name="here", counterfactuals=inline),
        run_doc(name="there", counterfactuals=elsewhere), stored,
    )  # fmt: skip
    seen, problems = seen_of(lab, monkeypatch)
    assert not problems
    assert len(seen.runs) == 3
    assert of(seen) == {"here": unpacked(packed(CALLS)), "there": unpacked(packed(CALLS))}


@pytest.mark.parametrize("content", [None, b"[]", b'{"calls": [{"factors": 3}]}', b"\xff"])
def test_cells_that_cannot_be_read_are_a_problem_until_they_can(
    lab: GitLab, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    good = encode({"schema": "labrec.counterfactuals/1.0", "calls": CALLS})
    data = good if content is None else content
    section = {
        "minor": 0,
        "calls": [],
        "object": {"sha256": Digest.of(data).hex, "size": len(data)},
    }
    lab.add(run_doc(name="there", counterfactuals=section))
    if content is not None:
        lab.add(object_doc(content))
    for count in (1, 2):  # what is kept of a run whose cells were not read is not taken for all
        seen, problems = seen_of(lab, monkeypatch)
        assert len(seen.runs) == count
        assert of(seen) == {"there": []}
        (problem,) = problems
        assert problem["problem"].startswith("its counterfactual cells: ")
        lab.add(run_doc(name="another"))  # so that the day is looked at again
    if content is None:
        lab.add(object_doc(good))
        seen, problems = seen_of(lab, monkeypatch)
        assert not problems
        assert of(seen)["there"] == unpacked(packed(CALLS))
