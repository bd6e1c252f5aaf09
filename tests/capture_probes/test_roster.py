"""The roster: a probe that fails or hangs is given up with a reason and stalls no other."""

from __future__ import annotations

import math
import threading
import time
from types import SimpleNamespace

import pytest

from labrec.capture.hardware.facts import Tree
from labrec.capture.telemetry.probe import Channel, World
from labrec.capture.telemetry.roster import FAILURES, Roster

WORLD = World(Tree(), 1)


def module(read, *, deadline=0.0, opening=None, name="x", expected=()):
    def open_probe(world):
        if opening:
            opening()
        return SimpleNamespace(channels=(Channel(f"{name}.a", "1", "test", "test"),), read=read)

    return SimpleNamespace(EXPECTED=expected or (f"{name}.a",), DEADLINE_S=deadline,
                           open_probe=open_probe)  # fmt: skip


def steady(now):
    return [1.0]


@pytest.fixture
def forever():
    """Something to hang on; let go when the test ends."""
    gate = threading.Event()
    yield gate.wait
    gate.set()


def settle(roster, until, timeout=5.0):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        row = roster.sample(time.monotonic())
        if roster.changed():
            continue
        if until(roster, row):
            return row
        time.sleep(0.01)
    raise AssertionError(roster.unavailable())


def test_a_hanging_probe_is_given_up_and_stalls_no_other(forever):
    roster = Roster(
        {
            "good": module(steady, name="good"),
            "slow": module(steady, name="slow", deadline=5.0),
            "hung": module(lambda now: forever(), name="hung", deadline=0.2),
        },
        WORLD,
    )
    settle(roster, lambda r, row: len(r.channels) == 3)
    started = time.monotonic()
    row = roster.sample(time.monotonic())
    assert time.monotonic() - started < 0.15
    assert dict(zip([c.name for c in roster.channels], row, strict=True))["good.a"] == 1.0
    settle(roster, lambda r, row: r.unavailable())
    assert roster.unavailable() == {"hung.a": {"unavailable": "no answer in 0.2 s"}}
    row = settle(roster, lambda r, row: row.count(1.0) == 2)
    assert sum(map(math.isnan, row)) == 1


def test_a_probe_that_hangs_while_it_is_opened_is_given_up(forever):
    roster = Roster({"hung": module(steady, name="hung", deadline=0.1, opening=forever)}, WORLD)
    settle(roster, lambda r, row: r.unavailable())
    assert roster.unavailable() == {"hung.a": {"unavailable": "no answer in 0.1 s"}}


def test_a_probe_that_cannot_be_opened_says_why():
    def refuse():
        raise PermissionError(13, "no")

    roster = Roster(
        {"a": module(steady, opening=refuse, expected=("a.x", "a.y")), "b": module(steady)}, WORLD
    )
    assert roster.changed()
    assert roster.sample(1.0) == [1.0]
    assert roster.unavailable() == {
        "a.x": {"unavailable": "permission denied"}, "a.y": {"unavailable": "permission denied"},
    }  # fmt: skip


@pytest.mark.parametrize("deadline", [0.0, 5.0])
def test_a_failing_probe_is_given_up_after_some_tries(deadline):
    calls = []

    def fail(now):
        calls.append(now)
        raise OSError(5, "broken")

    roster = Roster({"bad": module(fail, name="bad", deadline=deadline)}, WORLD)
    settle(roster, lambda r, row: r.unavailable())
    assert len(calls) == FAILURES
    assert roster.unavailable() == {"bad.a": {"unavailable": "input/output error"}}
    said = []
    told: set[str] = set()
    for _ in range(2):
        roster.given_up(told, lambda *line: said.append(line))
    assert said == [("bad", "input/output error")]


def test_one_failure_is_a_gap_only():
    answers = iter([[1.0], OSError(5, "x"), [2.0], [3.0]])

    def read(now):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    roster = Roster({"a": module(read)}, WORLD)
    roster.changed()
    rows = [roster.sample(float(now)) for now in (1, 2, 3)]
    assert (rows[0], rows[2]) == ([1.0], [2.0])
    assert math.isnan(rows[1][0])
    assert roster.unavailable() == {}


def test_a_costly_probe_is_read_less_often():
    calls = []

    def costly(now):
        calls.append(now)
        end = time.thread_time() + 0.005
        while time.thread_time() < end:
            pass
        return [1.0]

    roster = Roster({"a": module(costly)}, WORLD)
    roster.changed()
    for now in range(12):
        roster.sample(float(now))
    assert len(calls) <= 3  # 5 ms at 0.1 % of a processor: every fifth second
    roster.sample(12.0, last=True)
    assert calls[-1] == 12.0


def test_a_probe_with_a_wrong_number_of_values_counts_for_nothing():
    roster = Roster({"a": module(lambda now: [1.0, 2.0])}, WORLD)
    roster.changed()
    assert math.isnan(roster.sample(1.0)[0])
