"""Files under ``labrec/cache`` that prove themselves: their first line is the digest of the rest.

What is damaged or cannot be read is not there; where nothing can be written nothing is.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def place(folder: Path, *key: str) -> Path:
    """Return where a folder of the cache keeps what a key stands for."""
    name = hashlib.sha256("\n".join(key).encode()).hexdigest()[:40]
    return folder / name[:2] / name[2:]


def read(path: Path) -> memoryview | None:
    """Return what was kept at a path; None for nothing, or for what proves not to be it."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    end = data.find(b"\n")
    body = memoryview(data)[end + 1 :]
    proof = hashlib.sha256(body).hexdigest().encode()
    return body if end >= 0 and data[:end] == proof else None


def write(path: Path, parts: Iterable[bytes]) -> None:
    """Keep parts, one behind the other, under a path, if that can be written."""
    body = b"".join(parts)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
