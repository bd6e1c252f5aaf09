"""Which code made something: what was kept by another version is made anew."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path


@cache
def digest(*patterns: str) -> str:
    """Return a digest of modules of labrec, in hexadecimal digits.

    Args:
        patterns: Which ones, relative to the folder of the analysis, such as ``stats/*.py``.
    """
    here = Path(__file__).parent
    found = hashlib.sha256()
    for path in sorted({path for pattern in patterns for path in here.glob(pattern)}):
        found.update(path.read_bytes())
    return found.hexdigest()
