"""Counterfactual cells in the spool: kept one by one, and gathered into a record."""

from __future__ import annotations

import json
import os

import pytest

from labrec.capture.assembly.assemble import assemble
from labrec.capture.assembly.counterfactuals import INLINE, SCHEMA
from labrec.capture.plan import Ending
from labrec.capture.spool.reader import SpoolReader
from labrec.record import codec
from labrec.record.reader import read_record
from labrec.sdk.counterfactual import Question, ask

HOW = {"budget": 64, "check": True, "permutations": 20}


def question(names="ab", evaluate=lambda: {"loss": 0.5, "acc": {"cat": float("nan")}}, **how):
    factors = {name: (lambda: None, lambda: None) for name in names}
    given = {"at": 7, "seeds": (1, 2), **HOW, **how}
    return Question.of(factors, evaluate, **given)


def assembled(path, **how):
    with SpoolReader(path) as reader:
        return assemble(reader, **how)


def finished(session):
    session.finish(Ending("complete"))
    session.close()
    return assembled(session.path)


def valid(record):
    data = codec.encode(record)
    return read_record(data).counterfactuals


def test_a_small_call_stands_in_the_record(live_run):
    assert ask(question(), live_run, 1)
    record = finished(live_run).record
    assert record["schema"] == "labrec.run/1.1"
    (call,) = valid(record).calls
    assert (call.step, call.method, call.complete, call.restored) == (7, "factorial", True, "same")
    assert [factor.name for factor in call.factors] == ["a", "b"]
    assert [(cell.on, cell.replicate, cell.seed) for cell in call.cells] == [
        ("11", 0, "1"), ("00", 0, "1"), ("10", 0, "1"), ("01", 0, "1"),
        ("11", 1, "2"), ("00", 1, "2"), ("10", 1, "2"), ("01", 1, "2"),
    ]  # fmt: skip
    assert call.cells[0].values["loss"] == 0.5
    assert call.cells[0].duration_s >= 0
    assert record["counterfactuals"]["object"] is None


def test_a_run_that_asks_nothing_has_no_such_section(live_run):
    record = finished(live_run).record
    assert "counterfactuals" not in record
    assert record["schema"] == "labrec.run/1.0"


def test_many_cells_are_an_object_and_the_record_stays_small(live_run):
    many = question("abcdef", lambda: {f"per_class.{n}": n / 7 for n in range(20)})
    assert ask(many, live_run, 1)
    found = finished(live_run)
    section = found.record["counterfactuals"]
    assert len(json.dumps(section, indent=2)) < INLINE
    (head,) = valid(found.record).calls
    assert head.cells == ()
    stored = {new.sha256: new for new in found.objects}[section["object"]["sha256"]]
    assert stored.size == section["object"]["size"]
    document = codec.decode(stored.source, limit=None)
    assert document["schema"] == SCHEMA
    (call,) = document["calls"]
    assert len(call["cells"]) == 128
    assert call["cells"][5]["values"]["per_class.7"] == 1.0
    # the object's calls follow the same rules as the section's
    whole = {**found.record, "counterfactuals": {"minor": 0, "calls": document["calls"][:1]}}
    whole["counterfactuals"]["calls"][0]["cells"] = call["cells"][:50]
    valid(whole)


def test_a_run_that_was_killed_keeps_the_cells_that_were_measured(live_run):
    measured = []

    def evaluate():
        measured.append(1)
        if len(measured) == 3:
            raise KeyboardInterrupt
        return 1.0

    with pytest.raises(KeyboardInterrupt):
        ask(question(evaluate=evaluate), live_run, 1)
    ask(question(evaluate=lambda: 2.0), live_run, 2)
    live_run.call(3, question().head())
    live_run.cell(3, {"on": "11", "replicate": 0, "seed": None, "values": {"x": 1.0}})
    live_run.close()  # without a word about its end
    first, second, third = valid(assembled(live_run.path).record).calls
    assert [cell.failed for cell in first.cells] == [None, None, "KeyboardInterrupt"]
    assert (first.complete, first.restored) == (False, "unchecked")
    assert second.complete
    assert (third.complete, third.restored, len(third.cells)) == (False, None, 1)


def test_a_forked_worker_asks_for_itself(live_run):
    pid = os.fork()
    if pid == 0:
        ask(question("c"), live_run, 1)
        live_run.finish(Ending("complete"))
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    ask(question("d"), live_run, 1)
    calls = valid(finished(live_run).record).calls
    assert [[factor.name for factor in call.factors] for call in calls] == [["c"], ["d"]]
    assert [len(call.cells) for call in calls] == [4, 4]


def test_assembling_twice_gives_the_same_bytes(live_run):
    ask(question("abcdef"), live_run, 1)
    live_run.finish(Ending("complete"))
    live_run.close()
    once, again = assembled(live_run.path), assembled(live_run.path)
    assert codec.encode(once.record) == codec.encode(again.record)
    assert [new.sha256 for new in once.objects] == [new.sha256 for new in again.objects]


def test_cells_whose_call_is_lost_are_counted(live_run):
    live_run.cell(9, {"on": "1", "replicate": 0, "values": {}})
    record = finished(live_run).record
    assert "counterfactuals" not in record
    assert {"kind": "lost", "what": "counterfactual cells", "count": 1,
            "why": "the call that they belong to is not readable"} in record["capture"]["events"]  # fmt: skip


def test_a_secret_in_a_reason_does_not_keep_the_run_from_the_lab(live_run):
    from labrec.capture.secrets.guard import guard

    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2

    def evaluate():
        raise ValueError(f"denied for {token}")

    ask(question("abcdef", evaluate), live_run, 1)
    found = finished(live_run)
    record, objects, _ = guard(found.record, found.objects)
    assert token not in json.dumps(record)
    assert not any(token.encode() in new.source for new in objects if isinstance(new.source, bytes))


def test_factors_show_their_values_and_large_ones_only_their_type(live_run):
    class Thing:
        rate = 0.1
        table = tuple(range(1000))

    given = {"rate": (Thing(), "rate", 0.0), "table": (Thing(), "table", None)}
    ask(Question.of(given, lambda: 1, "before the end", None, **HOW), live_run, 1)
    (call,) = valid(finished(live_run).record).calls
    assert call.at == "before the end"
    assert [(f.kind, f.where, f.on, f.off) for f in call.factors] == [
        ("attribute", "rate", 0.1, 0.0),
        ("attribute", "table", {"$repr": "too large for a record", "type": "builtins.tuple"}, None),
    ]


HOSTILE = ("", "two\nlines", "\x1b[2Jcontrol", "x" * 5000, "\u2028", "non\uffffcharacter", "\udcff",
           "\0", "\u202e", "ghp_x")  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_record_is_valid_whatever_a_text_of_a_call_holds(live_run, text):
    class Odd(dict):
        def __str__(self):
            return text

        __repr__ = __str__

    def evaluate():
        if odd.get(text) == 0:
            raise ValueError(text)
        return {text: 1.0, f"a{text}": {text: 2.0, "text": text}}

    odd = Odd({text: 1, "own": Odd()})
    given = {f"f{text}": (odd, text, 0), "own": (odd, "own", text)}
    ask(Question.of(given, evaluate, text, None, **HOW), live_run, 1)
    found = finished(live_run)
    (call,) = valid(found.record).calls
    assert [cell.on for cell in call.cells] == ["11", "00", "10", "01"]
    assert [cell.failed is None for cell in call.cells] == [True, False, True, False]
    assert codec.decode(codec.encode(found.record)) == found.record


@pytest.mark.parametrize("size", [0, 1, 64])
def test_many_calls_of_many_factors_stay_within_a_record(live_run, size):
    names = [f"factor {n}" for n in range(max(size, 1))]
    given = {name: (lambda: None, lambda: None) for name in names}
    for number in range(60):
        asked = Question.of(given, lambda: {"loss": 1.0}, number, None, **HOW | {"budget": 1})
        ask(asked, live_run, number + 1)
    found = finished(live_run)
    assert len(codec.encode(found.record)) < 24 << 10
    section = valid(found.record)
    stored = {new.sha256: new for new in found.objects}[section.object.sha256]
    assert len(codec.decode(stored.source, limit=None)["calls"]) == 60


def test_that_the_object_was_not_given_back_is_in_the_capture_section(live_run):
    def on():
        raise OSError("gone")

    ask(Question.of({"a": (lambda: None, on)}, lambda: 1, None, None, **HOW), live_run, 1)
    counted = iter(range(9))
    ask(Question.of({"a": ({"rate": 1}, "rate", 0)}, lambda: next(counted), None, None, **HOW),
        live_run, 2)  # fmt: skip
    record = finished(live_run).record
    assert [call.restored for call in valid(record).calls] == ["failed", "differs"]
    whys = [event["why"] for event in record["capture"]["events"] if event["kind"] == "lost"]
    assert whys == [
        "a switch could not be undone: OSError: gone", "measured again it has another value",
    ]  # fmt: skip
