"""Counterfactual cells: everything is measured, and nothing is left changed."""
# ruff: noqa: NPY002 - the global generator is what is tested

from __future__ import annotations

import math
import os
import random
import signal
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from labrec.errors import UsageError
from labrec.sdk.counterfactual import MAX_VALUES, Question, ask, numbers


class Model:
    gain = 4.0

    def __init__(self):
        self.bias = 1.0
        self.slope = 2.0
        self.layer = SimpleNamespace(norm=8.0)

    def loss(self):
        return self.bias + self.slope + self.gain + self.layer.norm


def question(factors, evaluate, at=None, seeds=None, **how):
    return Question.of(
        factors, evaluate, at, seeds, **{"budget": 64, "check": False, "permutations": 20, **how}
    )


def asked(*given, **how):
    return ask(question(*given, **how), None, 1)


@pytest.fixture
def model():
    return Model()


@pytest.fixture
def switches(model):
    """Every kind of switch, on one object."""
    table = {"scale": 16.0}

    @contextmanager
    def no_slope():  # without try: an exception thrown into it would leave the object changed
        slope, model.slope = model.slope, 0.0
        yield
        model.slope = slope

    def off():
        model.bias = 0.0

    def on():
        model.bias = 1.0

    model.table = table
    return {
        "bias": (off, on),
        "slope": no_slope,
        "gain": (model, "gain", 0.0),
        "norm": (model, "layer.norm", 0.0),
        "scale": (table, "scale", 0.0),
    }


def state(model):
    return (dict(vars(model)), dict(vars(model.layer)), dict(model.table), Model.gain)


def test_every_configuration_is_measured_and_the_object_given_back(model, switches):
    before = state(model)
    found = asked(switches, lambda: model.loss() + model.table["scale"])
    assert found
    assert len(found.cells) == 32
    assert found.cells[0].on == ("bias", "slope", "gain", "norm", "scale")
    assert found.cells[1].on == ()
    worth = {"bias": 1, "slope": 2, "gain": 4, "norm": 8, "scale": 16}
    for cell in found.cells:
        assert cell.values == {"value": sum(worth[name] for name in cell.on)}
    assert len({cell.on for cell in found.cells}) == 32
    assert state(model) == before
    assert "gain" not in vars(model)


@pytest.mark.parametrize("error", [ValueError("nan in layer 3"), MemoryError(), AssertionError()])
def test_an_evaluation_that_raises_is_a_cell_that_failed(model, switches, error):
    before = state(model)

    def evaluate():
        if model.slope == 0.0:
            raise error
        return model.loss()

    found = asked(switches, evaluate)
    assert not found
    failed = [cell for cell in found.cells if cell.failed]
    assert len(failed) == 16
    assert all(cell.failed.startswith(type(error).__name__) for cell in failed)
    assert all(not cell.values and "slope" not in cell.on for cell in failed)
    assert state(model) == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_ends_a_program_leaves_once_the_object_is_given_back(model, switches, error):
    before = state(model)

    def evaluate():
        if model.slope == 0.0:
            raise error
        return model.loss()

    with pytest.raises(error):
        asked(switches, evaluate)
    assert state(model) == before


def test_a_switch_that_fails_halfway_is_undone_with_those_before_it(model, switches):
    def half():
        model.mode = "half"
        raise OSError("no such layer")

    def on():
        model.mode = "whole"

    on()

    before = state(model)
    found = asked(switches | {"broken": (half, on)}, model.loss)
    assert state(model) == before
    failed = [cell for cell in found.cells if "broken" not in cell.on]
    assert len(failed) == 32
    assert {cell.failed for cell in failed} == {
        "factor broken could not be switched off: OSError: no such layer"
    }


def test_a_switch_that_cannot_be_undone_ends_the_call_and_spoils_no_other(model):
    def on():
        raise OSError("lost")

    found = asked({"slope": (model, "slope", 0.0), "b": (lambda: None, on)}, model.loss)
    assert found.restored == "failed"
    assert not found
    assert model.slope == 2.0
    assert len(found.cells) == 2  # the one with everything on, and the one that failed


def test_a_call_inside_another_gives_back_what_it_found(model):
    inner = []

    def evaluate():
        inner.append(asked({"bias": (model, "bias", 0.0)}, model.loss))
        return model.loss()

    found = asked({"slope": (model, "slope", 0.0)}, evaluate)
    assert [cell.values["value"] for cell in found.cells] == [15.0, 13.0]
    assert [[c.values["value"] for c in one.cells] for one in inner] == [[15.0, 14.0], [13.0, 12.0]]
    assert (model.slope, model.bias) == (2.0, 1.0)


def test_control_c_in_the_middle_of_a_switch_waits_until_all_is_given_back(model):
    def off():
        model.bias = 0.0
        os.kill(os.getpid(), signal.SIGINT)
        model.slope = 0.0

    def on():
        os.kill(os.getpid(), signal.SIGINT)
        model.bias, model.slope = 1.0, 2.0

    handler = signal.getsignal(signal.SIGINT)
    measured = []
    with pytest.raises(KeyboardInterrupt):
        asked({"both": (off, on)}, lambda: measured.append(model.bias) or 1.0)
    assert (model.bias, model.slope) == (1.0, 2.0)
    assert measured == [1.0]
    assert signal.getsignal(signal.SIGINT) is handler


def test_control_c_in_an_evaluation_is_one(model):
    def evaluate():
        os.kill(os.getpid(), signal.SIGINT)
        return 1.0

    with pytest.raises(KeyboardInterrupt):
        asked({"bias": (model, "bias", 0.0)}, evaluate)
    assert model.bias == 1.0


def test_any_thread_may_ask(model):
    found = []
    thread = threading.Thread(
        target=lambda: found.append(asked({"bias": (model, "bias", 0.0)}, model.loss))
    )
    thread.start()
    thread.join()
    assert found[0]


def test_chance_is_the_same_in_every_cell_and_afterwards_what_it_was(model):
    random.seed(5)
    np.random.seed(5)
    expected = random.random(), np.random.random()
    random.seed(5)
    np.random.seed(5)
    found = asked(
        {"bias": (model, "bias", 0.0)}, lambda: {"r": random.random(), "n": np.random.random()}
    )
    assert found.cells[0].values == found.cells[1].values == dict(zip("rn", expected, strict=True))
    assert (random.random(), np.random.random()) == expected


def test_each_seed_is_a_block_of_all_cells(model):
    def evaluate(seed):
        return {"seed": seed, "draw": random.random(), "n": np.random.random()}

    before = random.getstate()
    found = asked({"bias": (model, "bias", 0.0)}, evaluate, seeds=(3, 4))
    assert [cell.seed for cell in found.cells] == [3, 3, 4, 4]
    assert [cell.values["seed"] for cell in found.cells] == [3, 3, 4, 4]
    assert found.cells[0].values == found.cells[1].values != found.cells[2].values
    assert random.getstate() == before


@pytest.mark.parametrize(
    ("check", "restored"), [(True, "differs"), ("loss", "same"), (False, "unchecked")]
)
def test_the_whole_is_measured_again_where_that_is_asked_for(model, check, restored):
    calls = []

    def evaluate():
        calls.append(1)
        return {"loss": model.loss(), "seconds": len(calls)}

    found = asked({"bias": (model, "bias", 0.0)}, evaluate, check=check)
    assert found.restored == restored
    assert len(found.cells) == 2


def test_an_evaluation_that_changes_the_object_is_noticed(model):
    def evaluate():
        model.slope += 1
        return model.loss()

    assert asked({"bias": (model, "bias", 0.0)}, evaluate, check=True).restored == "differs"


@pytest.mark.parametrize(
    ("count", "budget", "cells", "orders"),
    [(1, 1, 2, 0), (4, 1, 16, 0), (6, 64, 64, 0), (6, 63, None, 20), (7, 64, None, 20)],
)
def test_all_configurations_up_to_the_budget_and_permutations_above(count, budget, cells, orders):
    names = {f"f{n}": (lambda: None, lambda: None) for n in range(count)}
    asking = question(names, lambda: 1, budget=budget)
    found = asking.configurations()
    drawn = asking.orders()
    assert len(found) == len(set(found))
    assert len(drawn) == orders
    if cells is not None:
        assert sorted(found) == list(range(cells))
        return
    assert found[:2] == [2**count - 1, 0]
    for first, second in zip(drawn[::2], drawn[1::2], strict=True):
        assert second == first[::-1]
    passed = {sum(1 << p for p in order[:n]) for order in drawn for n in range(count + 1)}
    assert set(found) == passed
    assert drawn == question(names, lambda: 1, budget=budget).orders()
    assert len(question(names, lambda: 1, budget=budget, permutations=3).orders()) == 4


def test_what_an_evaluation_returns_becomes_numbers_by_name():
    found = numbers(
        {"loss": np.float32(0.5), "per_class": {"cat": 1, "dog": [0.25, True]}, "a": np.arange(2.0),
         "name": "x", "none": None, "huge": 10**400, "nan": math.nan}
    )  # fmt: skip
    assert found.values.pop("nan") != 0
    assert found.values == {
        "loss": 0.5, "per_class.cat": 1.0, "per_class.dog.0": 0.25, "per_class.dog.1": 1.0,
        "a.0": 0.0, "a.1": 1.0, "huge": math.inf,
    }  # fmt: skip
    assert found.ignored == 2
    assert numbers(3).values == {"value": 3.0}
    many = numbers(list(range(1000)))
    assert (len(many.values), many.ignored > 0) == (MAX_VALUES, True)
    loop = {}
    loop["again"] = loop
    assert numbers(loop).values == {}


def test_an_evaluation_without_a_number_is_a_cell_that_failed():
    found = asked({"a": (lambda: None, lambda: None)}, lambda: {"text": "none"})
    assert {cell.failed for cell in found.cells} == {"the evaluation returned no number"}


@pytest.mark.parametrize(
    ("factors", "evaluate", "more"),
    [
        ({}, lambda: 1, {}),
        ([1], lambda: 1, {}),
        ({"a": 3}, lambda: 1, {}),
        ({"a": (object(), "gone", 0)}, lambda: 1, {}),
        ({"a": (object(), 3, 0)}, lambda: 1, {}),
        ({"a": (lambda: 1, lambda: 1)}, 5, {}),
        ({"a": (lambda: 1, lambda: 1)}, lambda: 1, {"seeds": ("x",)}),
        ({"a": (lambda: 1, lambda: 1)}, lambda: 1, {"seeds": (1, 1)}),
        ({"a": (lambda: 1, lambda: 1)}, lambda: 1, {"seeds": ()}),
        ({"a": (lambda: 1, lambda: 1)}, lambda: 1, {"budget": 0}),
        ({"a": (lambda: 1, lambda: 1)}, lambda: 1, {"permutations": "many"}),
        ({"a": (lambda: 1, lambda: 1)}, lambda: 1, {"seeds": range(10_001)}),
        ({"a b": (lambda: 1, lambda: 1), "a\nb": (lambda: 1, lambda: 1)}, lambda: 1, {}),
        ({f"f{n}": (lambda: 1, lambda: 1) for n in range(65)}, lambda: 1, {}),
    ],
)
def test_what_cannot_be_asked_is_said(factors, evaluate, more):
    with pytest.raises(UsageError):
        question(factors, evaluate, **more)
