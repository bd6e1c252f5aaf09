"""Train one model and judge it on held-out modules: the program of one run.

    labrec run --features f.json --metrics sizes.json -- python train.py f.json --seed 1

records it. The program joins the run that wraps it for what a JSON file cannot say: series over
steps, units, directions, and which data was read. With ``--name``, and without ``labrec run``, it
records itself. It leaves ``sizes.json`` and the trained ``model.npz`` in the current folder.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import corpus
import numpy as np
from model import Options, Text, Weights, backward, bits_per_byte, forward, initial, judge, see
from plan import PROJECT

import labrec

WARM_UP = 20  # steps in which the rate grows
CHECKS = 4  # how often a model is judged while it learns, the last time at the end


class Training(NamedTuple):
    """How a model is trained.

    Attributes:
        optimizer: ``sgd`` (with momentum) or ``adam`` (Kingma and Ba 2015).
        rate: Learning rate after the warm-up.
        steps: Number of steps.
        batch: Bytes that are predicted in one step.
        warmdown: Whether the rate falls to zero, linearly over the second half.
    """

    optimizer: str
    rate: float
    steps: int
    batch: int
    warmdown: bool

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        rate = self.rate * min(1.0, (step + 1) / WARM_UP)
        return rate * min(1.0, 2 * (1 - step / self.steps)) if self.warmdown else rate


class Optimizer:
    """Changes weights in place, step by step.

    Args:
        name: ``sgd`` or ``adam``.
        weights: What will be changed.
    """

    def __init__(self, name: str, weights: Weights) -> None:
        self.adaptive = name == "adam"
        self.step = 0
        self.mean = {key: np.zeros_like(value) for key, value in weights.items()}
        self.square = {key: np.zeros_like(value) for key, value in weights.items()}

    def apply(self, weights: Weights, gradient: Weights, rate: float) -> None:
        """Take one step down the gradient."""
        self.step += 1
        for key, slope in gradient.items():
            mean, square = self.mean[key], self.square[key]
            if not self.adaptive:
                mean *= 0.9
                mean += slope
                weights[key] -= np.float32(rate) * mean
                continue
            mean += 0.1 * (slope - mean)
            square += 0.01 * (slope * slope - square)
            scale = rate * np.sqrt(1 - 0.99**self.step) / (1 - 0.9**self.step)
            weights[key] -= np.float32(scale) * mean / (np.sqrt(square) + np.float32(1e-8))


def train(run: labrec.Run, features: dict[str, Any], seed: int) -> Weights:
    """Train a model on the corpus, logging as it goes, and return its weights.

    Raises:
        FloatingPointError: It diverged.
    """
    text = corpus.read()
    run.log_dataset(corpus.NAME, version=text.version, digest=text.digest)
    options = Options.of(features)
    training = Training(**features["training"], warmdown=features["components"]["warmdown"])
    learnt, held_out = see(text.training, options), see(text.held_out, options)
    weights = initial(options, seed)
    optimizer = Optimizer(training.optimizer, weights)
    draw = np.random.default_rng([seed, 1])
    checks = {training.steps * check // CHECKS for check in range(1, CHECKS + 1)}
    for step in range(training.steps):
        places = draw.integers(len(learnt.target), size=training.batch)
        batch = Text(learnt.slots[places], learnt.target[places])
        done = forward(weights, batch.slots)
        if step % features["log_every"] == 0:
            loss = bits_per_byte(done.log2p, batch.target)
            run.log_metric("train_loss", loss, step, unit="bit/byte", direction="minimize")
        optimizer.apply(weights, backward(weights, batch, done), training.rate_at(step))
        if step + 1 in checks:
            value = judge(weights, held_out)
            run.log_metric("bits_per_byte", value, step + 1, unit="bit/byte", direction="minimize")
    return weights


def main() -> None:
    """Read the features, train, and leave the model and its size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("features", type=Path)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--name", help="record a run of its own, not one that labrec run wraps")
    parser.add_argument("--intent", help="what such a run is made to find out")
    given = parser.parse_args()
    features = json.loads(given.features.read_text())
    own = {"name": given.name, "features": features, "seed": given.seed, "intent": given.intent}
    np.seterr(over="raise", invalid="raise")  # a model that diverges has failed
    with labrec.run(PROJECT, **own) if given.name else labrec.run() as run:
        started = time.perf_counter()
        weights = train(run, features, given.seed)
        seconds = time.perf_counter() - started
    np.savez("model.npz", allow_pickle=False, **weights)
    parameters = sum(array.size for array in weights.values())
    Path("sizes.json").write_text(json.dumps({"parameters": parameters, "train_s": seconds}))


if __name__ == "__main__":
    main()
