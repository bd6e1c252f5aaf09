"""The state of chance in this process: taken, given back, and set by a seed.

Of the generators that a program uses only those are touched whose library it has imported itself.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMPY_SEEDS = 1 << 32  # numpy.random.seed takes less


class Chance(NamedTuple):
    """The global generators of a process as they were at one moment.

    Attributes:
        put_back: Sets each of them to that state, by name.
    """

    put_back: dict[str, Callable[[], object]]

    @classmethod
    def now(cls) -> Chance:
        """Take the state of every generator that is loaded."""
        found: dict[str, Callable[[], object]] = {}
        for name, take in (("random", _random), ("numpy", _numpy), ("torch", _torch)):
            with contextlib.suppress(Exception):  # a foreign library may be half loaded
                put_back = take()
                if put_back is not None:
                    found[name] = put_back
        return cls(found)

    def restore(self) -> list[str]:
        """Set the generators to this state; return the names of those that refused it."""
        refused = []
        for name, put_back in self.put_back.items():
            try:
                put_back()
            except Exception:  # noqa: BLE001 - as above
                refused.append(name)
        return refused


def seed_all(seed: int) -> None:
    """Seed the global generator of every library that is loaded.

    Args:
        seed: Any integer; what a library cannot take is reduced to its range.
    """
    random, numpy, torch = (sys.modules.get(name) for name in ("random", "numpy.random", "torch"))
    if random is not None:
        random.seed(seed)
    if numpy is not None:
        numpy.seed(seed % _NUMPY_SEEDS)
    if torch is not None and hasattr(torch, "manual_seed"):
        torch.manual_seed(seed % (1 << 63))


def _random() -> Callable[[], object] | None:
    module: Any = sys.modules.get("random")
    if module is None:
        return None
    state = module.getstate()
    return lambda: module.setstate(state)


def _numpy() -> Callable[[], object] | None:
    module: Any = sys.modules.get("numpy.random")
    if module is None:
        return None
    state = module.get_state(legacy=False)
    return lambda: module.set_state(state)


def _torch() -> Callable[[], object] | None:
    module: Any = sys.modules.get("torch")
    if not hasattr(module, "get_rng_state"):
        return None
    state = module.get_rng_state()
    cuda: Any = getattr(module, "cuda", None)
    cards = cuda.get_rng_state_all() if cuda is not None and cuda.is_initialized() else None

    def put_back() -> None:
        module.set_rng_state(state)
        if cards is not None:
            cuda.set_rng_state_all(cards)

    return put_back
