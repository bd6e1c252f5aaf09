"""The order of the verdicts, and the families of p values."""

from __future__ import annotations

import pytest

from labrec.analytics.conditions.family import Draft, adjust
from labrec.analytics.conditions.verdict import VERDICTS, Basis, verdict

ALL = Basis(comparable=False, aligned=True, constant=True, p=0.01, equivalence_p=0.01)


def test_the_first_that_fits_counts() -> None:
    steps = [
        ALL, ALL._replace(comparable=True), ALL._replace(comparable=True, aligned=False),
        ALL._replace(comparable=True, aligned=False, constant=False),
        Basis(True, False, False, 0.01, 0.5), Basis(True, False, False, 0.5, 0.01),
        Basis(True, False, False, 0.5, 0.5),
    ]  # fmt: skip
    assert tuple(map(verdict, steps)) == VERDICTS


@pytest.mark.parametrize("p", [None, 0.05, 0.2])
def test_no_margin_no_equivalence(p) -> None:
    assert verdict(Basis(True, False, False, p, None)) == "inconclusive"


def draft(
    condition: str, signature: object, p: float | None, scope: str = "all", **row: float
) -> Draft:
    whole = {"condition": condition, "scope": scope, "p": p, "p_adjusted": None,
             "equivalence_p": None, "equivalence_p_adjusted": None}  # fmt: skip
    return Draft(whole | row, signature)


def test_a_family_is_adjusted_by_holm_and_counts_aliases_once() -> None:
    drafts = [
        draft("a", 1, 0.01),
        draft("alias", 1, 0.01),
        draft("b", 2, 0.03),
        draft("c", 3, None),
    ]
    adjust(drafts, "family")
    assert [one.row["p_adjusted"] for one in drafts] == pytest.approx([0.02, 0.02, 0.03, None])
    assert {one.row["family_size"] for one in drafts} == {2}


def test_pairs_pay_for_the_family_and_for_one_another_and_never_beat_the_whole() -> None:
    drafts = [draft("a", 1, 0.04), draft("b", 2, 0.5)]
    drafts += [draft("a", 1, p, "pair") for p in (0.001, 0.01, 0.9)]
    adjust(drafts, "family")
    assert drafts[0].row["p_adjusted"] == pytest.approx(0.08)
    assert [one.row["p_adjusted"] for one in drafts[2:]] == pytest.approx([0.08, 0.08, 1.0])


def test_pairs_of_levels_that_were_not_tested_together_are_never_effects() -> None:
    drafts = [draft("a", 1, None), draft("a", 1, 0.0001, "pair")]
    adjust(drafts, "family")
    assert drafts[1].row["p_adjusted"] == 1.0


def test_equivalence_tests_are_a_family_of_their_own() -> None:
    drafts = [draft("a", 1, 0.5, equivalence_p=0.01), draft("b", 2, 0.5, equivalence_p=0.02)]
    adjust(drafts, "family")
    assert [one.row["equivalence_p_adjusted"] for one in drafts] == pytest.approx([0.02, 0.02])
