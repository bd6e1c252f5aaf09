"""The verdict on a comparison: the first that fits, in this order. ○ No IO."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from labrec.analytics.conditions.comparison import ALPHA

Verdict = Literal[
    "not comparable", "confounded", "constant", "effect (below δ)", "effect",
    "no effect larger than δ", "inconclusive",
]  # fmt: skip

VERDICTS: Final[tuple[Verdict, ...]] = (
    "not comparable", "confounded", "constant", "effect (below δ)", "effect",
    "no effect larger than δ", "inconclusive",
)  # fmt: skip
"""All of them, in the order in which they are tried."""


class Basis(NamedTuple):
    """What a verdict rests on.

    Attributes:
        comparable: Whether anything could be compared.
        aligned: Whether the condition goes together with date, model or author.
        constant: Whether no difference varies.
        p: Of no difference, adjusted; None where it was not tested.
        equivalence_p: Of "some difference is not within ± δ", adjusted; None without δ.
    """

    comparable: bool
    aligned: bool
    constant: bool
    p: float | None
    equivalence_p: float | None


def verdict(basis: Basis) -> Verdict:
    """Return the verdict.

    Confounding replaces what a test says. Without a margin nothing is ever called equivalent.

    A difference by its adjusted p (Holm 1979), none by two one-sided tests (Schuirmann 1987); their
    order is labrec's own. Assumes that both p are adjusted for the whole family.

    Example:
        >>> verdict(Basis(True, False, False, 0.01, None))
        'effect'
        >>> verdict(Basis(True, False, False, 0.3, 0.02))
        'no effect larger than δ'
        >>> verdict(Basis(True, True, False, 0.01, None))
        'confounded'
    """
    if not basis.comparable:
        return "not comparable"
    if basis.aligned:
        return "confounded"
    if basis.constant:
        return "constant"
    differs = basis.p is not None and basis.p < ALPHA
    within = basis.equivalence_p is not None and basis.equivalence_p < ALPHA
    if differs:
        return "effect (below δ)" if within else "effect"
    return "no effect larger than δ" if within else "inconclusive"
