"""Comparisons that are made together, and what that does to their p values. ○ No IO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labrec.analytics.stats.multiple import holm

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from labrec.analytics.conditions.layout import Layout


@dataclass(slots=True)
class Draft:
    """A comparison on the way to its verdict.

    Attributes:
        row: Its columns by name.
        signature: What equal comparisons share: conditions that part the runs in the same way are
            one comparison under several names.
        comparable: Whether anything could be compared.
        constant: Whether no difference varies.
        aligned: Whether the condition goes together with date, model or author.
        layout: What was compared, of levels that were.
    """

    row: dict[str, Any]
    signature: Hashable
    comparable: bool = False
    constant: bool = False
    aligned: bool = False
    layout: Layout | None = None


def adjust(drafts: Sequence[Draft], family: str) -> None:
    """Fill in the adjusted p values of a project's comparisons.

    All comparisons of all levels of a project, over conditions, metrics and completion, are one
    family, adjusted by Holm (1979); one comparison under several names counts once. The pairs of a
    comparison are adjusted by Holm among themselves and multiplied by the size of the family, and
    are never below what all levels together have: no pair differs where the levels do not.
    Equivalence tests are a family of their own, in the same way.

    Assumes that each p is valid, and nothing of how comparisons hang together.

    Example:
        Of 0.01, 0.02 and 0.01 under another name two are different: 2·0.01 and 0.02.

        >>> def draft(condition, p, signature):
        ...     row = {"scope": "all", "condition": condition, "p": p, "equivalence_p": None}
        ...     return Draft(row, signature)
        >>> drafts = [draft("cpu", 0.01, "a"), draft("memory", 0.02, "b"), draft("tier", 0.01, "a")]
        >>> adjust(drafts, "project p")
        >>> [one.row["p_adjusted"] for one in drafts], drafts[0].row["family_size"]
        ([0.02, 0.02, 0.02], 2)

    Args:
        drafts: Of one project.
        family: What the family is called.
    """
    for given, found in (("p", "p_adjusted"), ("equivalence_p", "equivalence_p_adjusted")):
        whole = _by_signature(one for one in drafts if one.row["scope"] == "all")
        tested = [key for key, (one, *_) in whole.items() if one.row[given] is not None]
        adjusted = holm([whole[key][0].row[given] for key in tested])
        for key, p in zip(tested, adjusted, strict=True):
            for one in whole[key]:
                one.row[found] = p
        pairs = _by_signature(one for one in drafts if one.row["scope"] == "pair")
        for key, members in pairs.items():
            floor = next((one.row[found] for one in whole.get(key, ())), None)
            _pairs(members, given, found, len(tested), floor if given == "p" else 0.0)
        if given == "p":
            for one in drafts:
                one.row |= {"family": family, "family_size": len(tested)}


def _pairs(
    members: Sequence[Draft], given: str, found: str, size: int, floor: float | None
) -> None:
    """Adjust the pairs of one comparison."""
    names: dict[tuple[str, ...], list[Draft]] = {}
    for one in members:
        names.setdefault((one.row["condition"],), []).append(one)
    for alike in names.values():
        tested = [one for one in alike if one.row[given] is not None]
        for one, p in zip(tested, holm([one.row[given] for one in tested]), strict=True):
            one.row[found] = min(1.0, max(max(size, 1) * p, floor if floor is not None else 1.0))


def _by_signature(drafts: Iterable[Draft]) -> dict[Hashable, list[Draft]]:
    found: dict[Hashable, list[Draft]] = {}
    for one in drafts:
        found.setdefault(one.signature, []).append(one)
    return found
