"""The study of ``make demo`` measures what it says: the model is a distribution, the plan a chain."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
TEXT = b"def area(width, height):\n    return width * height\n" * 3


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    monkeypatch.syspath_prepend(str(ROOT / "examples" / "stdlib_lm"))
    names = ("corpus", "model", "study")
    modules = {name: importlib.import_module(name) for name in names}
    for name in names:
        monkeypatch.delitem(sys.modules, name)
    return modules


@pytest.mark.parametrize("smoothing", ["fixed", "witten-bell", "absolute"])
@pytest.mark.parametrize("context", [b"", b"a", b"retu", b"zzzz", b"zzth"])
def test_probabilities_sum_to_one(
    study: dict[str, ModuleType], smoothing: str, context: bytes
) -> None:
    model = study["model"]
    ngrams = model.NGrams(model.Options(4, smoothing, cache=False))
    ngrams.learn(TEXT)
    values = [ngrams.probability(context, byte) for byte in range(256)]
    assert min(values) > 0
    assert sum(values) == pytest.approx(1, abs=1e-12)


def test_an_untrained_model_needs_eight_bits_per_byte(study: dict[str, ModuleType]) -> None:
    model = study["model"]
    ngrams = model.NGrams(model.Options(3, "fixed", cache=False))
    assert model.bits(ngrams, TEXT) == pytest.approx(8 * len(TEXT))


def test_the_cache_learns_from_what_it_reads(study: dict[str, ModuleType]) -> None:
    model = study["model"]
    used = {
        cache: model.bits(model.NGrams(model.Options(3, "fixed", cache=cache)), TEXT)
        for cache in (False, True)
    }
    assert used[True] < used[False]


def test_learning_in_parts_is_learning_at_once(study: dict[str, ModuleType]) -> None:
    model = study["model"]
    whole, parts = (model.NGrams(model.Options(3, "absolute", cache=False)) for _ in range(2))
    whole.learn(TEXT)
    parts.learn(TEXT, 0, 40)
    parts.learn(TEXT, 40)
    assert model.bits(whole, TEXT) == model.bits(parts, TEXT)


def test_the_budget_is_kept(study: dict[str, ModuleType]) -> None:
    model = study["model"]
    with pytest.raises(MemoryError, match="the budget is 20"):
        model.NGrams(model.Options(4, "fixed", cache=False, max_contexts=20)).learn(TEXT)


def test_no_module_is_both_learnt_from_and_judged_on(study: dict[str, ModuleType]) -> None:
    text = study["corpus"].read()
    assert {name for name, _ in text.training}.isdisjoint(name for name, _ in text.held_out)
    assert len(text.held_out) > 5
    assert text.sha256 == study["corpus"].read().sha256


def test_seeds_draw_different_training_text(study: dict[str, ModuleType]) -> None:
    corpus = study["corpus"]
    text = corpus.read()
    assert corpus.sample(text, 100_000, 1) == corpus.sample(text, 100_000, 1)
    assert corpus.sample(text, 100_000, 1) != corpus.sample(text, 100_000, 2)


def test_each_experiment_changes_one_thing_of_its_parent(study: dict[str, ModuleType]) -> None:
    plan = study["study"].features()
    by_number = {name.split("_")[0]: name for name in plan}
    changes = {}
    for name, tree in plan.items():
        if "_from_" not in name:
            continue
        parent = plan[by_number[name.split("_")[2]]]
        changes[name] = [
            key for key, value in tree["model"].items() if parent["model"][key] != value
        ]
    assert changes.pop(study["study"].WRITING) == []
    assert all(len(keys) == 1 for keys in changes.values())
    assert len(changes) == len(plan) - 2
