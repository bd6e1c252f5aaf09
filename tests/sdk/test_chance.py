"""The state of chance: taken, given back and seeded, of the libraries that are loaded alone."""

from __future__ import annotations

import random
import subprocess
import sys
from types import SimpleNamespace

import pytest

from labrec.sdk.chance import Chance, seed_all


class Torch(SimpleNamespace):
    """What of torch is asked: generators of the processor and of two cards."""

    def __init__(self, *, initialized: bool) -> None:
        self.state, self.cards = 5, [6, 7]
        self.cuda = SimpleNamespace(
            is_initialized=lambda: initialized,
            get_rng_state_all=lambda: list(self.cards),
            set_rng_state_all=lambda states: setattr(self, "cards", list(states)),
        )

    def get_rng_state(self) -> int:
        return self.state

    def set_rng_state(self, state: int) -> None:
        self.state = state

    def manual_seed(self, seed: int) -> None:
        self.state, self.cards = seed, [seed, seed]


@pytest.mark.parametrize("initialized", [True, False])
def test_torch_is_put_back_with_its_cards_where_it_uses_them(
    monkeypatch: pytest.MonkeyPatch, initialized: bool
) -> None:
    torch = Torch(initialized=initialized)
    monkeypatch.setitem(sys.modules, "torch", torch)
    before = Chance.now()
    seed_all(11)
    assert (torch.state, torch.cards) == (11, [11, 11])
    assert before.restore() == []
    assert torch.state == 5
    assert torch.cards == ([6, 7] if initialized else [11, 11])


def test_a_library_that_is_half_loaded_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "numpy.random", SimpleNamespace(seed=lambda seed: None))
    state = random.getstate()
    before = Chance.now()
    seed_all(3)
    assert random.getstate() != state
    assert before.restore() == []
    assert random.getstate() == state


def test_what_refuses_its_state_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = Torch(initialized=False)
    monkeypatch.setitem(sys.modules, "torch", torch)
    before = Chance.now()
    monkeypatch.setattr(Torch, "set_rng_state", lambda self, state: 1 / 0)
    assert before.restore() == ["torch"]


@pytest.mark.parametrize("seed", [-1, 0, 2**40, 2**70])
def test_any_integer_is_a_seed(seed: int) -> None:
    import numpy.random  # noqa: F401 - so that it is loaded

    before = Chance.now()
    seed_all(seed)
    first = random.random()
    seed_all(seed)
    assert random.random() == first
    assert before.restore() == []


def test_nothing_is_imported_for_it() -> None:
    code = (
        "import sys; from labrec.sdk import chance; before = set(sys.modules); "
        "chance.Chance.now().restore(); chance.seed_all(1); "
        "print(sorted({'numpy', 'torch', 'random'} & set(sys.modules)), "
        "set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] set()\n"
