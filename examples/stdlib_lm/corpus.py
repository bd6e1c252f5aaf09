"""The text of the study: the Python standard library that is on every machine.

Another Python is another text. So the text is a dataset with a version and a digest: runs on
different texts are never taken for repetitions of one another.
"""

from __future__ import annotations

import hashlib
import platform
import sysconfig
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

NAME = "python-stdlib"
MODULE_BYTES = 12_000  # of each module at most this many, so that no large one dominates
HELD_OUT_BYTES = 3_000  # of each module that is judged on
HELD_OUT_SHARE = 8  # one module in eight is held out, chosen by its name alone


class Corpus(NamedTuple):
    """Modules of the standard library, split by name.

    Attributes:
        training: The modules a model may learn from, one after another.
        held_out: The modules it is judged on.
        modules: How many modules there are in each part.
        version: Version of the Python the text belongs to.
        digest: sha256 of the list that ``sha256sum`` would print of the modules as they are used.
    """

    training: Bytes
    held_out: Bytes
    modules: tuple[int, int]
    version: str
    digest: str


def read() -> Corpus:
    """Read the top-level modules of this interpreter's standard library."""
    training: list[bytes] = []
    held_out: list[bytes] = []
    listed = hashlib.sha256()
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        text = path.read_bytes()[:MODULE_BYTES]
        if is_held_out(path.name):
            text = text[:HELD_OUT_BYTES]
        (held_out if is_held_out(path.name) else training).append(text)
        listed.update(f"{hashlib.sha256(text).hexdigest()}  {path.name}\n".encode())
    return Corpus(
        np.frombuffer(b"".join(training), np.uint8),
        np.frombuffer(b"".join(held_out), np.uint8),
        (len(training), len(held_out)),
        platform.python_version(),
        f"sha256:{listed.hexdigest()}",
    )


def is_held_out(name: str) -> bool:
    """Say whether a module is judged on, by its name alone."""
    return hashlib.sha256(name.encode()).digest()[0] % HELD_OUT_SHARE == 0
