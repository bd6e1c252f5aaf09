"""The text of the study: the Python standard library that is on every machine.

Another Python is another text, so the digest of what was read is part of a run's features.
"""

from __future__ import annotations

import hashlib
import platform
import random
import sysconfig
from pathlib import Path
from typing import NamedTuple

MODULE_BYTES = 12_000  # of each module at most this many, so that no large one dominates
HELD_OUT_SHARE = 8  # one module in eight is held out, chosen by its name alone


class Corpus(NamedTuple):
    """Modules of the standard library, split by name.

    Attributes:
        training: Name and bytes of each module a model may learn from, sorted by name.
        held_out: Name and bytes of each module it is judged on, sorted by name.
        sha256: Digest of both parts, 64 hex digits.
        python: Version the text belongs to.
    """

    training: tuple[tuple[str, bytes], ...]
    held_out: tuple[tuple[str, bytes], ...]
    sha256: str
    python: str


def read() -> Corpus:
    """Read the top-level modules of this interpreter's standard library."""
    training: list[tuple[str, bytes]] = []
    held_out: list[tuple[str, bytes]] = []
    digest = hashlib.sha256()
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        text = path.read_bytes()[:MODULE_BYTES]
        digest.update(f"{path.name} {len(text)}\n".encode() + text)
        chosen = hashlib.sha256(path.name.encode()).digest()[0] % HELD_OUT_SHARE == 0
        (held_out if chosen else training).append((path.name, text))
    version = platform.python_version()
    return Corpus(tuple(training), tuple(held_out), digest.hexdigest(), version)


def sample(corpus: Corpus, size: int, seed: int) -> bytes:
    """Return ``size`` bytes of training text from modules in an order drawn by ``seed``."""
    modules = list(corpus.training)
    random.Random(seed).shuffle(modules)  # noqa: S311 - a reproducible order, not a secret
    return b"".join(text for _, text in modules)[:size]
