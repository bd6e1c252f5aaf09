"""Python's search for cycles, kept away from the many values that a build holds to its end."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Make values that are kept: no cycles are looked for meanwhile, nor among them later.

    A lab of ten thousand runs is half a million rows; to look through them takes a tenth of a
    build. `gc.unfreeze` ends it.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
