"""What is run: every experiment of the study by its name, written down before the first one.

A name says what an experiment derives from: ``9_from_8_adam`` is ``8_…`` with one change.
"""

from __future__ import annotations

import copy
import itertools
from typing import Any, NamedTuple

PROJECT = "stdlib-lm"
HYPOTHESIS = "three-components"
SEEDS = (21, 22, 23)  # none of them was used before the claim was registered

Features = dict[str, Any]

BASE: Features = {
    "components": {"hashed_context": False, "layer_norm": False, "warmdown": False},
    "model": {"context": 6, "embedding": 12, "hidden": 64, "column": False},
    "training": {"optimizer": "sgd", "rate": 0.6, "steps": 1500, "batch": 256},
    "log_every": 50,
}

ALL = "8_from_1_all"
FINAL = "12_from_11_wider"
FAILING = "17_from_8_too_fast"

# Each step of the chain changes one thing of the model with all three components: what, and why.
CHAIN: dict[str, tuple[Features, str]] = {
    "9_from_8_adam": (
        {"training": {"optimizer": "adam", "rate": 0.016}},
        "Does Adam find a better model in the same number of steps?",
    ),
    "10_from_9_longer": (
        {"training": {"steps": 3000}},
        "Does the model still learn after twice as many steps?",
    ),
    "11_from_10_column": (
        {"model": {"column": True}},
        "Does it help to see how far in the line the next byte stands?",
    ),
    FINAL: ({"model": {"hidden": 80}}, "Is there room for a wider layer?"),
}
# The weights grow beyond what float32 holds, and the program fails.
TOO_FAST: tuple[Features, str] = (
    {"training": {"rate": 50.0}, "log_every": 1},
    "What does a learning rate that is far too high do?",
)


class Experiment(NamedTuple):
    """One experiment; each seed makes a run of it.

    Attributes:
        name: Its name.
        parent: The experiment that it derives from; empty for the first.
        features: What it is given.
        intent: What it was made to find out.
    """

    name: str
    parent: str
    features: Features
    intent: str


def trained(steps: float = 1.0) -> dict[str, Experiment]:
    """Return the experiments that train a model, parents first.

    Args:
        steps: Factor on the number of training steps.
    """
    names = _cells() | CHAIN | {FAILING: TOO_FAST}
    found: dict[str, Experiment] = {}
    for name, (change, intent) in names.items():
        parent = parent_of(name, found)
        features = _merged(found[parent].features if parent else BASE, change)
        found[name] = Experiment(name, parent, features, intent)
    for one in found.values():
        if one.name != FAILING:  # it needs some steps to fail
            one.features["training"]["steps"] = round(one.features["training"]["steps"] * steps)
    return found


def evaluated(forms: tuple[str, ...]) -> dict[str, str]:
    """Return the name of the evaluation of the final model in each format."""
    number = FINAL.partition("_")[0]
    return {form: f"{13 + index}_from_{number}_{form}" for index, form in enumerate(forms)}


def parent_of(name: str, among: dict[str, Experiment]) -> str:
    """Return the experiment that a name says it derives from; empty where it says none."""
    parts = name.split("_")
    if parts[1] != "from":
        return ""
    return next(other for other in among if other.split("_")[0] == parts[2])


def _cells() -> dict[str, tuple[Features, str]]:
    """Return the full factorial of the three components: 2 × 2 × 2 cells by name."""
    short = {"hashed_context": "hashed", "layer_norm": "norm", "warmdown": "warmdown"}
    question = "Which components earn their place? Here:"
    cells: dict[str, tuple[Features, str]] = {"1_base": ({}, f"{question} none.")}
    for count in (1, 2, 3):
        for chosen in itertools.combinations(short, count):
            what = "all" if count == len(short) else "_".join(short[name] for name in chosen)
            change = {"components": dict.fromkeys(chosen, True)}
            intent = f"{question} {', '.join(chosen)}."
            cells[f"{len(cells) + 1}_from_1_{what}"] = change, intent
    return cells


def _merged(tree: Features, change: Features) -> Features:
    """Return a copy of a tree with some of its leaves replaced."""
    merged = copy.deepcopy(tree)
    for name, value in change.items():
        merged[name] = merged[name] | value if isinstance(value, dict) else value
    return merged
