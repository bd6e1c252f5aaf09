"""A byte-level n-gram language model with interpolated smoothing and a cache.

Small enough to train in seconds without any package, real enough that its options matter.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Literal, NamedTuple

Smoothing = Literal["fixed", "witten-bell", "absolute"]

BYTES = 256
FIXED_WEIGHT = 0.7  # share of the longest context in "fixed"
DISCOUNT = 0.75  # taken from every count in "absolute"
CACHE_WEIGHT = 0.3  # share of the cache, once it has seen something


class Options(NamedTuple):
    """What the study varies.

    Attributes:
        order: Bytes of context, >= 0.
        smoothing: How contexts of different length are weighed: by a fixed weight (Jelinek and
            Mercer 1980), by the number of distinct successors (Witten and Bell 1991, method C),
            or by absolute discounting (Ney, Essen and Kneser 1994).
        cache: Whether the module being judged is learnt from while it is read (Kuhn and
            De Mori 1990).
        max_contexts: Largest number of distinct n-grams before training gives up.
    """

    order: int
    smoothing: Smoothing
    cache: bool
    max_contexts: int = 3_000_000


class NGrams:
    """Counts of every n-gram up to an order, with smoothed probabilities.

    Args:
        options: What the study varies.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self._joint: dict[bytes, int] = defaultdict(int)
        self._total: dict[bytes, int] = defaultdict(int)
        self._distinct: dict[bytes, int] = defaultdict(int)

    def __len__(self) -> int:
        return len(self._joint)

    def learn(self, text: bytes, start: int = 0, stop: int | None = None) -> None:
        """Count the n-grams of ``text`` whose last byte lies in ``[start, stop)``.

        Raises:
            MemoryError: The table outgrew ``max_contexts``.
        """
        joint, total, distinct = self._joint, self._total, self._distinct
        order, limit = self.options.order, self.options.max_contexts
        for end in range(start, len(text) if stop is None else stop):
            for length in range(min(order, end) + 1):
                context = text[end - length : end]
                gram = text[end - length : end + 1]
                if gram not in joint:
                    distinct[context] += 1
                joint[gram] += 1
                total[context] += 1
            if len(joint) > limit:
                raise MemoryError(f"{len(joint)} n-grams after {end} bytes: the budget is {limit}")

    def probability(self, context: bytes, byte: int) -> float:
        """Return the probability of ``byte`` after ``context``, in (0, 1)."""
        estimate = 1.0 / BYTES
        smoothing, last = self.options.smoothing, bytes((byte,))
        for length in range(min(self.options.order, len(context)) + 1):
            known = context[len(context) - length :]
            total = self._total.get(known, 0)
            if not total:
                break  # no longer context was seen either
            count = self._joint.get(known + last, 0)
            if smoothing == "fixed":
                estimate = FIXED_WEIGHT * count / total + (1 - FIXED_WEIGHT) * estimate
            elif smoothing == "witten-bell":
                distinct = self._distinct[known]
                estimate = (count + distinct * estimate) / (total + distinct)
            else:
                kept = max(count - DISCOUNT, 0.0) / total
                estimate = kept + DISCOUNT * self._distinct[known] / total * estimate
        return estimate


def bits(model: NGrams, text: bytes) -> float:
    """Return the number of bits that ``model`` needs for ``text`` (cross-entropy, Shannon 1948)."""
    order = model.options.order
    cache = NGrams(model.options) if model.options.cache else None
    used = 0.0
    for end, byte in enumerate(text):
        context = text[max(0, end - order) : end]
        estimate = model.probability(context, byte)
        if cache is not None:
            if end:
                cached = cache.probability(context, byte)
                estimate = (1 - CACHE_WEIGHT) * estimate + CACHE_WEIGHT * cached
            cache.learn(text, end, end + 1)
        used -= math.log2(estimate)
    return used
