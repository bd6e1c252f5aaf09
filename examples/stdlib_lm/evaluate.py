"""Judge a trained model whose weights are stored in one format: a run made with the SDK alone.

    python evaluate.py 12_from_11_wider int8 --name 16_from_12_int8 --seed 1

takes the model that experiment left with that seed, by the digest that its record has of it.
Quality is bits per byte. Speed is bytes predicted one after another, as when the model writes:
the weights lie in memory as they are stored and are made float32 for each of them.
"""

from __future__ import annotations

import argparse
import io
import time
from typing import NamedTuple

import corpus
import numpy as np
from model import Options, Text, Weights, forward, judge, see
from plan import PROJECT
from quantize import FORMATS, Stored, restore, store

import labrec

MODEL = "model.npz"


class Trained(NamedTuple):
    """A model as a training run left it."""

    run: labrec.RunReader
    data: bytes

    @property
    def weights(self) -> Weights:
        """Its weights."""
        with np.load(io.BytesIO(self.data)) as arrays:
            return dict(arrays)


def find(experiment: str, seed: int) -> Trained:
    """Return the model that an experiment left with a seed, the latest where there are several.

    Raises:
        LookupError: There is none in the lab.
    """
    with labrec.open() as lab:
        for run in reversed(list(lab.runs(PROJECT))):
            if run.name == experiment and run.seeds.get("seed") == str(seed):
                return Trained(run, run.artifact(MODEL))
    raise LookupError(f"no run {experiment} with seed {seed}")


def speed(stored: dict[str, Stored], text: Text, tokens: int) -> float:
    """Return how many bytes are predicted in a second, one after another.

    Args:
        stored: The weights.
        text: What is read.
        tokens: How many bytes are predicted, at most all of them.
    """
    for place in range(100):  # the first ones load what the others find loaded
        forward(restore(stored), text.slots[place : place + 1])
    count = min(tokens, len(text.target))
    started = time.perf_counter()
    for place in range(count):
        forward(restore(stored), text.slots[place : place + 1])
    return count / (time.perf_counter() - started)


def main() -> None:
    """Fetch the model, store it in the format, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("experiment")
    parser.add_argument("form", choices=FORMATS)
    parser.add_argument("--name", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--tokens", type=int, default=20_000, help="predicted to measure speed")
    given = parser.parse_args()
    trained = find(given.experiment, given.seed)
    features = trained.run.features | {"quantization": given.form}
    with labrec.run(
        PROJECT,
        given.name,
        features=features,
        parent=trained.run.run_id,
        seed=given.seed,
        intent=f"What does it cost to store the weights as {given.form}?",
    ) as run:
        text = corpus.read()
        run.log_dataset(corpus.NAME, version=text.version, digest=text.digest)
        run.log_artifact(trained.data, MODEL, role="input")
        held_out = see(text.held_out, Options.of(features))
        stored = store(trained.weights, given.form)
        value = judge(restore(stored), held_out)
        size = sum(array.size for array in stored.values())
        run.log_metric("bits_per_byte", value, unit="bit/byte", direction="minimize")
        run.log_metric("stored_bytes", size, unit="B", direction="minimize")
        rate = speed(stored, held_out, given.tokens)
        run.log_metric("tokens_per_second", rate, unit="tokens/s", direction="maximize")


if __name__ == "__main__":
    main()
