"""A byte-level neural language model in NumPy, small enough to train in seconds.

The next byte is predicted from the bytes before it (Bengio et al. 2003): each of them selects a row
of one table of embeddings, the rows side by side go through a hidden layer, and a softmax over the
256 bytes gives the probabilities. All arithmetic is float32; gradients are written out by hand.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Slots = NDArray[np.int16]
Weights = dict[str, Floats]

BYTES = 256
HASHED = (2, 3)  # lengths of the byte sequences that are hashed
BUCKETS = 512  # rows of the table for the sequences of one length
COLUMNS = 32  # rows for the place in the line; the last one stands for all further to the right
EPSILON = 1e-5  # keeps the normalisation away from zero
JUDGED = 2048  # bytes that are predicted at once when a model is judged


class Options(NamedTuple):
    """What a model is made of.

    Attributes:
        context: Bytes before the predicted one that it sees, 1 or more.
        embedding: Numbers in each row of the table.
        hidden: Units of the hidden layer.
        column: Whether it sees how far in the line the predicted byte stands.
        hashed_context: Whether it sees the last 2 and the last 3 bytes as one symbol each, by a
            hash of them (as Mikolov et al. 2011 do with words).
        layer_norm: Whether hidden units are normalised before the threshold (Ba et al. 2016).
    """

    context: int
    embedding: int
    hidden: int
    column: bool
    hashed_context: bool
    layer_norm: bool

    @classmethod
    def of(cls, features: dict[str, Any]) -> Options:
        """Return what the features of a run say about the model."""
        components = {
            name: features["components"][name] for name in ("hashed_context", "layer_norm")
        }
        return cls(**features["model"], **components)

    @property
    def slots(self) -> int:
        """Rows of the table that are selected for one prediction."""
        return self.context + self.hashed_context * len(HASHED) + self.column

    @property
    def rows(self) -> int:
        """Rows of the table: bytes, then hashed sequences, then columns."""
        return BYTES + self.hashed_context * len(HASHED) * BUCKETS + self.column * COLUMNS


# --- what the model sees ----------------------------------------------------------------------


class Text(NamedTuple):
    """A text as the model sees it.

    Attributes:
        slots: The rows of the table for each prediction, one line each.
        target: The byte that comes next.
    """

    slots: Slots
    target: Bytes


def see(text: Bytes, options: Options) -> Text:
    """Return what a model of these options sees of a text."""
    first = options.context  # the first byte that has a whole context
    count = len(text) - first
    slots = np.empty((count, options.slots), np.int16)
    for place in range(options.context):
        slots[:, place] = text[place : place + count]
    start, column = BYTES, options.context
    if options.hashed_context:
        for length in HASHED:
            slots[:, column] = start + _hash(
                [text[first - b : len(text) - b] for b in range(length, 0, -1)]
            )
            start, column = start + BUCKETS, column + 1
    if options.column:
        newlines = np.where(text == ord("\n"), np.arange(len(text)), -1)
        since = np.arange(len(text)) - np.maximum.accumulate(newlines)  # 0 at the newline itself
        slots[:, column] = start + np.minimum(since[first - 1 : -1], COLUMNS - 1)
    return Text(slots, text[first:])


def _hash(sequences: list[Bytes]) -> NDArray[np.int64]:
    """Return the bucket of each sequence of bytes (Fowler, Noll and Vo's FNV-1a, 32 bits).

    Args:
        sequences: The first byte of every sequence, then the second of every one, …
    """
    value = np.full(len(sequences[0]), 2166136261, np.uint32)
    for byte in sequences:
        value = (value ^ byte) * np.uint32(16777619)
    return ((value ^ (value >> np.uint32(16))) % BUCKETS).astype(np.int64)


# --- what it says -----------------------------------------------------------------------------


class Pass(NamedTuple):
    """What one pass through the model leaves for the way back."""

    inputs: Floats
    normal: Floats  # hidden units after normalisation; before the threshold without
    spread: Floats  # what the normalisation divided by
    active: Floats  # hidden units after the threshold
    log2p: Floats  # log2 of the probability of each byte


def initial(options: Options, seed: int) -> Weights:
    """Return the weights that training starts from, drawn by a seed."""
    draw = np.random.default_rng(seed)

    def normal(rows: int, columns: int, scale: float) -> Floats:
        return (draw.standard_normal((rows, columns)) * scale).astype(np.float32)

    inputs = options.slots * options.embedding
    weights = {
        "table": normal(options.rows, options.embedding, 0.3),
        "hidden": normal(inputs, options.hidden, math.sqrt(2 / inputs)),  # He et al. 2015
        "bias": np.zeros(options.hidden, np.float32),
        "output": normal(options.hidden, BYTES, 0.5 / math.sqrt(options.hidden)),
        "output_bias": np.zeros(BYTES, np.float32),
    }
    if options.layer_norm:
        weights["gain"] = np.ones(options.hidden, np.float32)
    return weights


def forward(weights: Weights, slots: Slots) -> Pass:
    """Predict the next byte for each line of slots."""
    inputs = weights["table"][slots].reshape(len(slots), -1)
    normal = inputs @ weights["hidden"]
    spread = np.ones((len(slots), 1), np.float32)
    if "gain" in weights:
        normal -= normal.mean(axis=1, keepdims=True)
        spread = np.sqrt((normal * normal).mean(axis=1, keepdims=True) + EPSILON)
        normal /= spread
        active = np.maximum(normal * weights["gain"] + weights["bias"], 0)
    else:
        active = np.maximum(normal + weights["bias"], 0)
    scores = active @ weights["output"] + weights["output_bias"]
    scores -= scores.max(axis=1, keepdims=True)
    scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return Pass(inputs, normal, spread, active, scores * np.float32(1 / math.log(2)))


def backward(weights: Weights, text: Text, done: Pass) -> Weights:
    """Return the gradient of the mean cross-entropy (in nats) by the weights."""
    lines = np.arange(len(text.target))
    scores = np.exp2(done.log2p)
    scores[lines, text.target] -= 1
    scores /= len(lines)
    gradient = {"output": done.active.T @ scores, "output_bias": scores.sum(axis=0)}
    active = (scores @ weights["output"].T) * (done.active > 0)
    gradient["bias"] = active.sum(axis=0)
    normal = active
    if "gain" in weights:
        gradient["gain"] = (active * done.normal).sum(axis=0)
        normal = active * weights["gain"]
        along = (normal * done.normal).mean(axis=1, keepdims=True)
        normal = (normal - normal.mean(axis=1, keepdims=True) - done.normal * along) / done.spread
    gradient["hidden"] = done.inputs.T @ normal
    inputs = (normal @ weights["hidden"].T).reshape(*text.slots.shape, -1)
    gradient["table"] = np.zeros_like(weights["table"])
    np.add.at(gradient["table"], text.slots, inputs)
    return gradient


def bits_per_byte(log2p: Floats, target: Bytes) -> float:
    """Return the mean number of bits that a code by these probabilities needs (Shannon 1948)."""
    return -float(log2p[np.arange(len(target)), target].mean(dtype=np.float64))


def judge(weights: Weights, text: Text) -> float:
    """Return the bits per byte of a whole text."""
    used = 0.0
    for start in range(0, len(text.target), JUDGED):
        target = text.target[start : start + JUDGED]
        done = forward(weights, text.slots[start : start + JUDGED])
        used += bits_per_byte(done.log2p, target) * len(target)
    return used / len(text.target)
