"""Which samples two dataset versions have in common: what a test set must not share. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

EXAMPLES: Final = 20
"""Shared samples that are named; all of them are counted."""

_PLACES: Final = 3  # places of one shared sample that are named on each side


class Sample(NamedTuple):
    """One sample of a dataset version, as its manifest has it.

    Attributes:
        path: Its file: a stored path.
        line: Its line, from 1; 0 where the file is the sample.
        sha256: 64 hex digits of its bytes.
        size: How many bytes.
    """

    path: str
    line: int
    sha256: str
    size: int

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"{self.path}:{self.line}" if self.line else self.path


class Shared(NamedTuple):
    """A sample that both have.

    Attributes:
        sha256: 64 hex digits of its bytes.
        size: How many bytes.
        a: Some places in A.
        b: Some places in B.
    """

    sha256: str
    size: int
    a: tuple[str, ...]
    b: tuple[str, ...]


class Leakage(NamedTuple):
    """What two dataset versions share; true when it is nothing.

    Attributes:
        a_samples: How many samples A has.
        b_samples: How many B has.
        shared: How many different samples are in both.
        a_affected: How many of A's samples are also in B, repeats included.
        b_affected: How many of B's are also in A, repeats included.
        examples: Some of those that are in both, by digest.
    """

    a_samples: int
    b_samples: int
    shared: int
    a_affected: int
    b_affected: int
    examples: tuple[Shared, ...]

    def __bool__(self) -> bool:
        return not self.shared

    @property
    def exit_code(self) -> int:
        """0, or 3 where samples are in both."""
        return 0 if self else 3

    def to_json(self) -> dict[str, Any]:
        """Return the comparison with stable keys."""
        found = self._asdict() | {"examples": [one._asdict() for one in self.examples]}
        return {"leaks": not self, **found}


def leakage(a: Callable[[], Iterable[Sample]], b: Callable[[], Iterable[Sample]]) -> Leakage:
    """Compare the samples of two dataset versions by their digests.

    Bytes that are equal are one sample wherever they stand. Samples that are nearly equal (another
    encoding, another space at the end) have other digests and are not found. Each side is gone
    through twice: in memory are the different digests of A, and the examples.

    Args:
        a: Begins A's samples anew at each call.
        b: The same of B.
    """
    known = {bytes.fromhex(sample.sha256) for sample in a()}
    shared: set[bytes] = set()
    b_samples = b_affected = 0
    for sample in b():
        b_samples += 1
        digest = bytes.fromhex(sample.sha256)
        if digest in known:
            b_affected += 1
            shared.add(digest)
    a_samples = a_affected = 0
    named = {digest.hex() for digest in sorted(shared)[:EXAMPLES]}
    places: dict[str, tuple[list[str], list[str]]] = {name: ([], []) for name in named}
    sizes: dict[str, int] = {}
    for sample in a():
        a_samples += 1
        a_affected += bytes.fromhex(sample.sha256) in shared
        if sample.sha256 in named:
            sizes[sample.sha256] = sample.size
            _note(places[sample.sha256][0], sample)
    if named:
        for sample in b():
            if sample.sha256 in named:
                _note(places[sample.sha256][1], sample)
    examples = tuple(
        Shared(name, sizes[name], tuple(places[name][0]), tuple(places[name][1]))
        for name in sorted(named)
    )
    return Leakage(a_samples, b_samples, len(shared), a_affected, b_affected, examples)


def _note(places: list[str], sample: Sample) -> None:
    if len(places) < _PLACES:
        places.append(sample.place)
