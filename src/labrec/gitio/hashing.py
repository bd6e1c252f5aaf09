"""Hashing large data beside reading and writing it, on a second core where there is one."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from concurrent.futures import Future
    from types import TracebackType

_AHEAD = 4  # pieces that may wait for their hash: what bounds the memory
PIECE = 1 << 20  # bytes


class Hash(Protocol):
    """What a hash of :mod:`hashlib` does."""

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        """Take in the next bytes."""


class Ring:
    """Buffers that take turns, so that large data costs no allocation a piece.

    A buffer comes again only when what was handed to a :class:`HashThread` from it is hashed.

    Args:
        size: Bytes of each buffer.
    """

    def __init__(self, size: int) -> None:
        self._buffers = [memoryview(bytearray(size)) for _ in range(_AHEAD + 1)]
        self._turn = 0

    def next(self) -> memoryview:
        """Return the buffer whose turn it is."""
        self._turn = (self._turn + 1) % len(self._buffers)
        return self._buffers[self._turn]


class HashThread:
    """Feeds pieces to hashes on one thread, in order; leaving the context waits for them all."""

    def __init__(self) -> None:
        from concurrent.futures import ThreadPoolExecutor  # only where something large is stored

        self._pool = ThreadPoolExecutor(1, "labrec-hash")
        self._waiting: collections.deque[Future[None]] = collections.deque()

    def update(self, digest: Hash, data: bytes | memoryview) -> None:
        """Hand over the next bytes of a hash; they must not change before four more came."""
        if len(self._waiting) >= _AHEAD:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(digest.update, data))

    def wait(self) -> None:
        """Return when everything handed over is hashed."""
        while self._waiting:
            self._waiting.popleft().result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.wait()
        finally:
            self._pool.shutdown()
