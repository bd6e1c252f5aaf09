"""Weights in fewer bytes: how they are stored, and how they are computed with again.

Computing is always float32. ``int8`` keeps one scale a row: the largest number of the row becomes
127, everything else the nearest whole number (symmetric rounding, as in Dettmers et al. 2022).
Biases and gains are a few hundred numbers and stay float32 there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from model import Floats, Weights
    from numpy.typing import NDArray

FORMATS = ("float64", "float32", "float16", "int8")
LARGEST = 127


class Stored(NamedTuple):
    """An array as it lies in memory.

    Attributes:
        values: The numbers in the format they are stored in.
        scale: What a row of them is multiplied with, one line each; None for nothing.
    """

    values: NDArray[Any]
    scale: Floats | None = None

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return self.values.nbytes + (self.scale.nbytes if self.scale is not None else 0)


def store(weights: Weights, form: str) -> dict[str, Stored]:
    """Return weights in one of `FORMATS`."""
    if form != "int8":
        return {name: Stored(array.astype(form)) for name, array in weights.items()}
    return {name: _rounded(array) for name, array in weights.items()}


def _rounded(array: Floats) -> Stored:
    if array.ndim == 1:
        return Stored(array)
    scale = np.abs(array).max(axis=1, keepdims=True) / np.float32(LARGEST)
    scale[scale == 0] = 1  # a row of zeros
    return Stored(np.rint(array / scale).astype(np.int8), scale)


def restore(stored: dict[str, Stored]) -> Weights:
    """Return what is stored as float32, to compute with."""
    weights = {}
    for name, (values, scale) in stored.items():
        array = values.astype(np.float32, copy=False)
        weights[name] = array if scale is None else array * scale
    return weights
