"""Train one model and judge it on held-out modules: the program of one run.

``labrec run --name 1_order_1 --features features.json -- python train.py features.json --seed 1``
records it; ``python train.py features.json`` alone does the same work as a run of its own.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import corpus
import model

import labrec


def main() -> None:
    """Read the features, train, and log what was measured after each held-out module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("features", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    features = json.loads(arguments.features.read_text())
    text = corpus.read()
    if text.sha256 != features["corpus"]["sha256"]:
        raise SystemExit("the standard library is not the one these features were written for")

    with labrec.run() as run:
        run.log_dataset("python-stdlib", version=text.python, digest=f"sha256:{text.sha256}")
        learnt = corpus.sample(text, features["training_bytes"], arguments.seed)
        ngrams = model.NGrams(model.Options(**features["model"]))
        started = time.perf_counter()
        ngrams.learn(learnt)
        run.log_metric("train_bytes_per_second", len(learnt) / (time.perf_counter() - started))
        run.log_metric("ngrams", len(ngrams))

        used = read = 0.0
        started = time.perf_counter()
        for step, (_, module) in enumerate(text.held_out):
            part = module[: features["held_out_bytes"]]
            used += model.bits(ngrams, part)
            read += len(part)
            run.log_metric(
                "bits_per_byte", used / read, step=step, unit="bit/byte", direction="minimize"
            )
        run.log_metric("judge_bytes_per_second", read / (time.perf_counter() - started))
        print(f"{used / read:.4f} bits per byte on {len(text.held_out)} modules")


if __name__ == "__main__":
    main()
