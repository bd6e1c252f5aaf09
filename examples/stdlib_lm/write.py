"""Let a trained model write some Python: a run that is made with the SDK alone."""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import corpus
import model

import labrec

LENGTH = 600  # bytes written
LAST_ASCII = 126  # the last byte that prints


def main() -> None:
    """Train with the features of a file, sample from the model, keep the text as an artifact."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("features", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    features = json.loads(arguments.features.read_text())

    with labrec.run(
        project="stdlib-lm", name=arguments.name, features=features, seed=arguments.seed
    ) as run:
        ngrams = model.NGrams(model.Options(**features["model"]))
        ngrams.learn(corpus.sample(corpus.read(), features["training_bytes"], arguments.seed))
        draw = random.Random(arguments.seed)  # noqa: S311 - reproducible text, not a secret
        written = bytearray(b"def ")
        while len(written) < LENGTH:
            context = bytes(written[-ngrams.options.order :])
            weights = [ngrams.probability(context, byte) for byte in range(model.BYTES)]
            written.append(draw.choices(range(model.BYTES), weights)[0])
        run.log_metric("non_ascii_share", sum(byte > LAST_ASCII for byte in written) / len(written))
        run.log_artifact(bytes(written), "written.txt")


if __name__ == "__main__":
    main()
