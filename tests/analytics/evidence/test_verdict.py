"""The rule: from what arms hold to a word, by hand."""

from __future__ import annotations

import pytest
from tests.analytics.evidence.study import Study

from labrec.analytics.evidence.rows import rows
from labrec.analytics.tables.evidence import HYPOTHESES

BASE = [1.0, 2.0, 3.0]


def test_a_difference_that_the_interval_clears_is_supported() -> None:
    # Arms 11, 12, 13 and 1, 2, 3: difference 10, sds 1 and 1, error √(1/3 + 1/3) = 0.8164966,
    # Welch df = (2/3)²/(2·(1/3)²/2) = 4. t(4; 0.95) = 2.131847: 10 ± 1.740646 at level 0.90.
    study = Study()
    claim = study.register()
    study.baseline(BASE)
    study.treatment([11.0, 12.0, 13.0], claim, first_seed=4)
    (found,) = study.judged()
    look = found.case.shown
    assert look is not None
    estimate = look.results[0].compared.estimate
    assert estimate is not None
    assert estimate.value == 10
    assert estimate.df == pytest.approx(4)
    assert (estimate.low, estimate.high) == pytest.approx((8.259354, 11.740646), rel=1e-6)
    assert estimate.level == pytest.approx(0.9)
    assert (found.ruling.verdict, found.ruling.final) == ("supported", True)


def test_the_claimed_direction_decides_the_sign() -> None:
    study = Study()
    claim = study.register(direction="minimize")
    study.baseline(BASE)
    study.treatment([11.0, 12.0, 13.0], claim)
    assert study.verdict() == "refuted"


def test_a_delta_must_be_exceeded_not_only_zero() -> None:
    # 10 ± 1.74: above 8, not above 9, below 12
    for delta, word in ((8.0, "supported"), (9.0, "inconclusive"), (12.0, "refuted")):
        study = Study()
        claim = study.register(delta=delta)
        study.baseline(BASE)
        study.treatment([11.0, 12.0, 13.0], claim)
        assert study.verdict() == word, delta


def test_nothing_linked_is_proposed_and_part_of_the_runs_is_testing() -> None:
    study = Study()
    claim = study.register()
    assert study.verdict() == "proposed"
    study.baseline(BASE)
    assert study.verdict() == "proposed"
    study.treatment([11.0, 12.0], claim)
    (found,) = study.judged()
    assert found.ruling.verdict == "testing"
    assert "Testing 2 of 3" in found.sentence
    assert "interim" in found.sentence
    assert not found.ruling.final


def test_runs_beyond_the_planned_number_change_nothing() -> None:
    study = Study()
    claim = study.register()
    study.baseline(BASE)
    study.treatment([1.0, 2.0, 4.0], claim, first_seed=4)
    before = study.judged()[0]
    assert before.ruling.verdict == "inconclusive"
    study.treatment([100.0] * 20, claim, first_seed=7)
    study.baseline([-100.0] * 20, first_seed=30)
    after = study.judged()[0]
    assert after.ruling == before.ruling
    assert after.case.trial.support == before.case.trial.support


def test_one_replicate_suggests_and_never_supports() -> None:
    study = Study()
    claim = study.register(planned_n=1)
    study.baseline([1.0])
    study.treatment([50.0], claim)
    (found,) = study.judged()
    assert (found.ruling.verdict, found.ruling.side) == ("suggestive", "for")
    assert "unreplicated" in found.sentence


def test_looks_share_alpha_and_a_decision_stays() -> None:
    study = Study()
    claim = study.register(planned_n=4, looks=[2, 4], alpha=0.1)
    study.baseline([1.0, 1.1])
    study.treatment([9.0, 9.1], claim)
    (found,) = study.judged()
    look = found.case.trial.reached[0]
    assert look.alpha == 0.05  # 0.1 · 2⁻¹
    assert found.ruling.verdict == "supported"
    study.baseline([30.0, 31.0], first_seed=3)  # what comes later does not undo the first look
    study.treatment([-30.0, -30.0], claim, first_seed=3)
    (found,) = study.judged()
    assert [one.alpha for one in found.case.trial.reached] == [0.05, 0.025]
    assert found.ruling.verdict == "supported"


def test_a_single_look_keeps_all_of_alpha() -> None:
    study = Study()
    claim = study.register(looks=[3])
    study.baseline(BASE)
    study.treatment([11.0, 12.0, 13.0], claim)
    look = study.judged()[0].case.shown
    assert look is not None
    assert look.alpha == 0.05


def test_all_metrics_must_hold_or_any_by_holm() -> None:
    targets = [
        {"name": name, "direction": "maximize", "delta": 0.0} for name in ("accuracy", "speed")
    ]
    words = {}
    for decision in ("all", "any"):
        study = Study()
        claim = study.register(primary_metrics=targets, decision=decision)
        for seed, value in enumerate(BASE):
            study.run("base", {"accuracy": value, "speed": value}, seeds=f"{seed}")
        for seed, value in enumerate(BASE, 3):
            both = {"accuracy": value + 10, "speed": value + 0.1}
            study.run("new", both, claim, parent="base", seeds=f"{seed}")
        (found,) = study.judged()
        words[decision] = found.ruling.verdict
        look = found.case.shown
        assert look is not None
        first, second = (one.support for one in look.results)
        assert first is not None
        assert second is not None
        combined = max(first, second) if decision == "all" else 2 * min(first, second)
        assert look.support == pytest.approx(combined)
    assert words == {"all": "inconclusive", "any": "supported"}


def test_a_family_shares_alpha_by_holm() -> None:
    # 10 ± … of the first test: one-sided p of t = 2.2 on 4 df is 0.0463: below 0.05 alone only.
    def study_of(family: str | None, others: int) -> str:
        study = Study()
        claim = study.register(family=family)
        for number in range(others):
            study.register(f"other-{number}", family=family)
        study.baseline(BASE)
        study.treatment([x + 2.2 * 0.8164966 for x in BASE], claim)
        return study.verdict(0)

    assert study_of("f", 0) == "supported"
    assert study_of("f", 1) == "inconclusive"
    assert study_of(None, 1) == "supported"


def test_versions_of_one_claim_share_alpha() -> None:
    study = Study()
    first = study.register()
    study.baseline(BASE)
    study.treatment([x + 0.1 for x in BASE], first, first_seed=10)
    second = study.register(amends=first)
    study.baseline(BASE, first_seed=20)
    study.treatment([x + 2.2 * 0.8164966 for x in BASE], second, first_seed=30)
    old, new = study.judged()
    assert (old.p.size, new.p.size) == (2, 2)
    assert new.case.trial.support == pytest.approx(0.0463, abs=1e-3)
    assert new.ruling.verdict == "inconclusive"
    assert (old.case.claim.current, new.case.claim.current) == (False, True)


def test_an_amendment_that_names_another_family_is_no_fresh_try() -> None:
    for before, after in ((None, "f"), ("f", None), ("f", "g")):
        study = Study()
        first = study.register(family=before)
        study.baseline(BASE)
        study.treatment([x + 0.1 for x in BASE], first, first_seed=10)
        second = study.register(amends=first, family=after)
        study.baseline(BASE, first_seed=20)
        study.treatment([x + 2.2 * 0.8164966 for x in BASE], second, first_seed=30)
        old, new = study.judged()
        assert (old.p.size, new.p.size) == (2, 2)
        assert new.ruling.verdict == "inconclusive"


def test_the_level_of_the_lab_is_a_column_of_its_own() -> None:
    study = Study()
    claims = [study.register(f"claim-{n}") for n in range(3)]
    study.baseline(BASE)
    study.treatment([x + 2.5 * 0.8164966 for x in BASE], claims[2])
    found = study.judged()[2]
    assert found.ruling.verdict == "supported"  # p = 0.033
    assert found.lab.verdict == "inconclusive"  # 6·0.05/(π²·9) = 0.0034
    assert "over all claims of the lab, of which this is number 3: inconclusive." in found.sentence


def test_an_unknown_test_and_a_senseless_alpha_decide_nothing() -> None:
    for fields in ({"test": "bayes"}, {"alpha": 0.7}):
        study = Study()
        claim = study.register(**fields)
        study.baseline(BASE)
        study.treatment([11.0, 12.0, 13.0], claim)
        assert study.verdict() == "inconclusive", fields


def test_values_in_different_units_are_not_compared() -> None:
    study = Study()
    claim = study.register()
    study.baseline(BASE, unit="s")
    study.treatment([11.0, 12.0, 13.0], claim, unit="ms")
    (found,) = study.judged()
    assert found.ruling.verdict == "inconclusive"
    assert "different units" in found.ruling.why


def test_a_decision_of_its_author_is_shown_beside_what_the_rule_says() -> None:
    from labrec.lineage.fold import HeardNote, Subject

    study = Study()
    claim = study.register()
    study.baseline(BASE)
    study.treatment([11.0, 12.0, 13.0], claim)

    def note(number: int, kind: str, body: dict[str, object]) -> HeardNote:
        subject = Subject("hypothesis", "better", claim)
        return HeardNote(
            f"sha256:{number:064d}", f"01a21a62-cf64-749e-9641-{number:012d}", "p", kind, subject,
            (), "1970-01-01T00:00:00Z", "Ada", "", body, "note.json",
        )  # fmt: skip

    body = {"decision": "refuted", "registration": claim, "confirmatory": True, "text": "View x."}

    def told(decision: str) -> dict[str, object]:
        study.notes = [note(1, "decide", {"decision": decision}), note(2, "verdict", body)]
        tables = {table.name: list(found) for table, found in rows(study.seen())}
        (row,) = tables["hypotheses"]
        return dict(zip([column.name for column in HYPOTHESES.columns], row, strict=True))

    stop = told("stop here")
    assert (stop["verdict"], stop["then"], stop["changed"]) == ("supported", "refuted", True)
    assert (stop["decided"], stop["decided_by"], stop["decided_why"]) == ("stop here", "Ada", None)
    assert (stop["shown"], stop["overridden"]) == ("supported", False)
    other = told("inconclusive")
    assert (other["verdict"], other["shown"]) == ("supported", "inconclusive")
    assert other["overridden"] is True
    assert str(other["sentence"]).startswith("Decided by Ada: inconclusive. By the rule: Supported")


def test_contributions_of_units_sum_to_e_and_a_row_says_what_was_registered() -> None:
    study = Study()
    two = [{"name": name, "direction": "maximize", "delta": 0} for name in ("loss", "other")]
    claim = study.register(
        primary_metrics=two, author={"name": "Ada"}, falsification="No difference.",
        baseline={"kind": "named", "name": "base"},
    )  # fmt: skip
    study.register("other", selector={"a": [1]})
    for value in (1.0, 2.0, 3.0):
        study.run("base", {"loss": value, "other": value / 7})
    for value, name in ((2.0, "new"), (3.5, "new"), (1.5, "newer"), (2.5, "newer")):
        study.run(name, {"loss": value, "other": -value}, claim, parent="base",
                  seeds=f'{{"s":"{value}"}}')  # fmt: skip
    found = {
        table.name: [
            dict(zip([column.name for column in table.columns], row, strict=True)) for row in listed
        ]
        for table, listed in rows(study.seen())
    }
    row, other = found["hypotheses"]
    parts = [unit["contribution"] for unit in found["evidence_units"]]
    assert len(parts) == 4
    assert None not in parts
    assert sum(parts) == pytest.approx(row["score"], rel=1e-6)
    assert (row["author"], row["falsification"]) == ("Ada", "No difference.")
    assert (row["baseline_name"], row["selector"]) == ("base", "{}")
    assert (other["baseline_name"], other["selector"]) == (None, '{"a": [1]}')
    assert f"{row['registered_at']:%Y-%m-%d %H:%M}" == "1970-01-01 16:41"
