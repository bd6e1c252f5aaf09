"""Who counts: nothing that is chosen when results are known moves a run into an arm or out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analytics.evidence.study import Study

from labrec.analytics.evidence.claims import claims, matches
from labrec.analytics.evidence.places import places
from labrec.analytics.run import Link, Measured
from labrec.catalog.definition import Aggregation
from labrec.record.heard import HeardNote, Subject

BASE = [1.0, 2.0, 3.0]
FAR = [11.0, 12.0, 13.0]


def why(study: Study, place: int = 0) -> list[tuple[str, int | None, str]]:
    """Part, place and reason of every run of a hypothesis."""
    case = study.judged()[place].case
    return [(p.member.part, p.place, p.why) for p in places(case.claim, case.units)]


# --- selector -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selector", "fits"),
    [
        ({}, True),
        ({"model": {"layers": 2}}, True),
        ({"model": {"layers": 2.0}, "norm": True}, True),
        ({"model": {}}, True),
        ({"model": {"layers": 3}}, False),
        ({"model": {"width": 1}}, False),
        ({"norm": 1}, False),
        ({"sizes": [1, 2]}, True),
        ({"sizes": [1]}, False),
        ({"sizes": [True, 2]}, False),
        ({"none": None}, True),
        ({"none": {}}, False),
        ({"absent": None}, False),
    ],
)
def test_a_selector_is_a_subtree_of_the_features(selector: dict[str, object], fits: bool) -> None:
    tree = {"model": {"layers": 2, "kind": "a"}, "norm": True, "sizes": [1, 2], "none": None}
    assert matches(selector, tree) is fits


def test_a_run_that_does_not_match_the_selector_has_no_place() -> None:
    study = Study()
    claim = study.register(selector={"norm": True})
    study.baseline(BASE)
    study.treatment(FAR, claim, tree='{"norm": true}')
    study.treatment([-99.0] * 3, claim, "other", tree='{"norm": false}')
    assert study.verdict() == "supported"
    assert why(study)[-1] == ("none", None, "Its features do not match the selector.")


# --- links --------------------------------------------------------------------------------------


def test_runs_linked_later_are_exploratory_and_never_decide() -> None:
    study = Study()
    claim = study.register()
    study.baseline(BASE)
    study.treatment(FAR, None, later=claim)
    (found,) = study.judged()
    assert found.ruling.verdict == "testing"
    assert found.case.exploratory is not None
    assert found.case.exploratory[0].compared.estimate is not None
    assert found.case.exploratory[0].compared.estimate.value == 10
    assert (
        "Exploratory, deciding nothing: in 3 runs linked later loss differs by 10" in found.sentence
    )


def test_a_link_to_an_older_version_is_none_to_the_newer() -> None:
    study = Study()
    old = study.register(delta=0.0)
    new = study.register(delta=50.0, amends=old)
    study.baseline(BASE)
    study.treatment(FAR, old)
    first, second = study.judged()
    assert (first.case.claim.digest, second.case.claim.digest) == (old, new)
    assert (first.ruling.verdict, second.ruling.verdict) == ("supported", "proposed")


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(0, 7)), st.randoms(use_true_random=False))
def test_later_links_and_the_order_of_rows_never_change_a_verdict(
    chosen: set[int], random: object
) -> None:
    study = Study()
    claim = study.register()
    study.baseline(BASE)
    study.treatment([50.0, 51.0], None, "extra")
    study.treatment([2.0, 3.5, 4.0], claim)
    before = study.judged()[0]
    for place in chosen:
        run = study.runs[place]
        study.change(place, links=(*run.links, Link("better", claim, "later")))
    random.shuffle(study.runs)  # type: ignore[attr-defined]
    after = study.judged()[0]
    assert after.ruling == before.ruling
    assert after.case.trial.support == before.case.trial.support


def test_a_claim_is_witnessed_where_every_treatment_names_a_commit() -> None:
    study = Study()
    claim = study.register()
    study.baseline(BASE)
    study.treatment(FAR, claim)
    assert "preregistered, self-attested" in study.judged()[0].sentence
    for place in (3, 4, 5):
        study.change(place, links=(Link("better", claim, "start", "c" * 40),))
    assert "preregistered, witnessed" in study.judged()[0].sentence


# --- baselines ----------------------------------------------------------------------------------


def test_a_baseline_that_was_known_before_the_claim_only_suggests() -> None:
    study = Study()
    study.baseline(BASE)
    claim = study.register()
    study.treatment(FAR, claim)
    (found,) = study.judged()
    assert (found.ruling.verdict, found.ruling.side) == ("suggestive", "for")
    assert "selected baseline" in found.sentence
    study.baseline([2.0, 3.0, 4.0], first_seed=10)  # measured again
    assert study.verdict() == "supported"


def test_seeds_that_were_tried_before_do_not_count_again() -> None:
    study = Study()
    study.treatment([100.0], None)  # tried without a link, and found good
    claim = study.register()
    study.baseline(BASE)
    study.treatment([100.0, 12.0, 13.0, 11.0], claim)
    told = why(study)
    assert "had been run with these seeds before" in next(t for t in told if t[0] == "none")[2]
    (found,) = study.judged()
    look = found.case.shown
    assert look is not None
    assert [value.value for value in look.results[0].treatment.values] == [12.0, 13.0, 11.0]


def test_a_reparented_run_keeps_the_baseline_it_started_with() -> None:
    study = Study()
    claim = study.register()
    study.baseline(BASE)
    study.baseline([-50.0, -51.0, -52.0], "easy")
    study.treatment([1.5, 2.5, 3.4], claim)
    before = study.judged()[0]
    for place in (6, 7, 8):
        run = study.runs[place]
        easy = [{"by": "option", "name": None, "run_id": None, "config_digest": "easy"}]
        study.change(place, parents=json.dumps(easy), recorded_parents=run.parents)
    after = study.judged()[0]
    assert after.ruling == before.ruling
    assert after.case.units.treatments[0].baseline == "base"


def test_a_parent_that_could_be_chosen_costs_its_share_of_alpha() -> None:
    study = Study()
    claim = study.register()
    study.baseline(BASE)
    for number in range(4):
        study.baseline(BASE, f"other-{number}")
    study.treatment(FAR, claim)
    (found,) = study.judged()
    look = found.case.shown
    assert look is not None
    assert look.arms.candidates == 5
    assert look.alpha == pytest.approx(0.01)
    study.baseline(BASE, "after")  # nobody could have chosen it then
    assert study.judged()[0].case.shown == look


def test_a_named_baseline_was_fixed_with_the_claim() -> None:
    study = Study()
    claim = study.register(baseline={"kind": "named", "name": "base"})
    study.baseline(BASE)
    study.baseline([-50.0] * 3, "other")
    study.treatment(FAR, claim)
    (found,) = study.judged()
    look = found.case.shown
    assert look is not None
    assert look.arms.candidates == 1
    assert found.ruling.verdict == "supported"
    study.run("second", 1.0, name="base")
    assert study.verdict() == "testing"
    assert "2 experiments" in why(study)[-1][2]


def test_only_runs_that_bear_the_registered_name_are_the_named_baseline() -> None:
    study = Study()
    claim = study.register(baseline={"kind": "named", "name": "chosen"})
    study.baseline([-50.0, -51.0, -52.0], "worst")
    study.baseline(BASE, "worst", name="chosen", first_seed=10)
    study.treatment(FAR, claim)
    (found,) = study.judged()
    look = found.case.shown
    assert look is not None
    assert [value.value for value in look.results[0].baseline.values] == BASE
    assert "does not bear the name" in why(study)[0][2]


def test_the_best_baseline_is_the_best_of_what_was_known_measured_again() -> None:
    study = Study()
    study.baseline([5.0, 5.1, 5.2], "good")
    study.baseline([1.0, 1.0], "bad")
    claim = study.register(baseline={"kind": "best", "name": None})
    study.baseline([99.0, 99.0, 99.0], "later")
    study.treatment([5.5, 6.0, 6.5], claim, parent="bad")
    (found,) = study.judged()
    assert found.case.units.treatments[0].baseline == "good"
    assert found.ruling.verdict in {"suggestive", "inconclusive"}  # a selected baseline
    look = found.case.shown
    assert look is not None
    assert look.arms.selected
    study.baseline([2.0, 2.1, 2.2], "good", first_seed=10)
    assert study.verdict() == "supported"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_retraction_does_not_change_what_the_best_had_been(when: str) -> None:
    study = Study()
    study.baseline([5.0], "good")
    study.baseline([1.0, 1.0], "bad")
    if when == "before":
        retract(study, 0)
    claim = study.register(baseline={"kind": "best", "name": None})
    study.treatment(FAR, claim, parent="bad")
    study.now += 1
    if when == "after":
        retract(study, 0)
    (found,) = study.judged()
    compared = {"before": "bad", "after": "good"}[when]
    assert found.case.units.treatments[0].baseline == compared


def retract(study: Study, place: int) -> None:
    """Retract a run now."""
    run, number = study.runs[place], len(study.notes)
    note_id = f"01a21a62-cf64-749e-9641-{number:012d}"
    study.notes.append(
        HeardNote(
            f"sha256:{number:064d}", note_id, "p", "retract", Subject("run", run.run_id, run.digest),
            (), study.time(), "Ada", "A bug.", {}, "note.json",
        )
    )  # fmt: skip
    study.change(place, standing="retracted")


def test_the_root_is_the_top_of_the_first_parents() -> None:
    study = Study()
    claim = study.register(baseline={"kind": "root", "name": None})
    study.baseline(BASE)
    study.run("middle", 5.0, parent="base")
    study.treatment(FAR, claim, parent="middle")
    (found,) = study.judged()
    assert {member.baseline for member in found.case.units.treatments} == {"base"}
    assert found.ruling.verdict == "supported"


def test_a_treatment_without_a_parent_says_so() -> None:
    study = Study()
    claim = study.register()
    study.run("lonely", 3.0, claim)
    assert why(study) == [("none", None, "Its record names no parent that is in this project.")]


# --- places -------------------------------------------------------------------------------------


def test_a_baseline_waits_for_treatments() -> None:
    study = Study()
    claim = study.register(baseline={"kind": "named", "name": "base"})
    study.baseline(BASE, link=claim)
    study.treatment(FAR[:2], claim)
    assert why(study)[2] == (
        "baseline", None,
        "A baseline has as many places as treatments are compared with it: 2 so far.",
    )  # fmt: skip


def test_a_failed_run_keeps_its_place() -> None:
    study = Study()
    claim = study.register()
    study.baseline(BASE)
    study.treatment([None, 12.0, 13.0], claim)
    study.treatment([14.0, 15.0], claim, first_seed=4)  # nobody takes its place
    (found,) = study.judged()
    assert found.ruling.verdict == "inconclusive"
    assert found.ruling.why == "missing not at random possible"
    look = found.case.shown
    assert look is not None
    assert look.results[0].treatment.n_failed == 1


def test_a_metric_that_is_missing_is_counted_and_never_dropped() -> None:
    study = Study()
    claim = study.register()
    study.baseline(BASE)
    study.treatment([11.0, 12.0], claim)
    study.run("new", {"other": 1.0}, claim, parent="base", seeds="{}")
    (found,) = study.judged()
    look = found.case.shown
    assert look is not None
    treatment = look.results[0].treatment
    assert (treatment.n_runs, treatment.n_absent, treatment.n) == (3, 1, 2)
    assert found.ruling.why == "missing not at random possible"
    assert "1 of 3 treatments and 0 of 3 baseline runs have no value" in found.sentence
    study.change(5, metrics={"loss": Measured(float("nan"))})
    (found,) = study.judged()
    assert found.case.shown is not None
    assert found.case.shown.results[0].treatment.n_not_finite == 1


def test_a_verdict_must_hold_with_the_worst_in_the_place_of_what_is_missing() -> None:
    # one of six is missing: too few to refuse a verdict, enough to doubt one
    study = Study()
    claim = study.register(planned_n=6)
    study.baseline([1.0, 2.0, 3.0, 1.0, 2.0, 3.0])
    study.treatment([3.0, 4.0, 3.0, 3.0, 4.0, None], claim)
    (found,) = study.judged()
    look = found.case.shown
    assert look is not None
    result = look.results[0]
    assert not result.missing.matters
    assert result.support_seen is not None
    assert result.support is not None
    assert result.support_seen < 0.05 / look.arms.candidates < result.support
    assert found.ruling.verdict == "inconclusive"
    assert found.ruling.why == "it rests on what is missing"


def test_a_repeated_seed_takes_no_second_place() -> None:
    study = Study()
    claim = study.register()
    study.baseline(BASE)
    for value in FAR:
        study.run("new", value, claim, parent="base", seeds="{}")
    assert study.verdict() == "testing"
    assert [p for _, p, _ in why(study)] == [1, None, None, 1, None, None]


def test_a_program_that_cannot_vary_is_one_value() -> None:
    study = Study()
    claim = study.register()
    for _ in range(3):
        study.run("base", 1.0)
    for _ in range(3):
        study.run("new", 2.0, claim, parent="base")
    (found,) = study.judged()
    assert (found.ruling.verdict, found.ruling.side) == ("suggestive", "for")
    look = found.case.shown
    assert look is not None
    assert (look.results[0].treatment.n, look.results[0].treatment.n_identical) == (1, 2)


def test_the_same_output_counts_once() -> None:
    study = Study()
    claim = study.register()
    study.baseline(BASE)
    for seed, value in enumerate(FAR):
        study.run("new", value, claim, parent="base", seeds=str(seed), output="same")
    (found,) = study.judged()
    assert found.ruling.verdict == "suggestive"


def test_runs_that_collapse_alike_are_not_taken_for_one_failure() -> None:
    # Four of five seeds end at chance, with the same output to the last digit; the rest do well.
    study = Study()
    claim = study.register(planned_n=20)
    study.baseline([0.58 + place / 500 for place in range(20)])
    study.treatment([0.94 + place / 500 for place in range(4)], claim)
    study.treatment([0.5] * 16, claim, first_seed=5, output="chance")
    (found,) = study.judged()
    look = found.case.shown
    assert look is not None
    result = look.results[0]
    assert result.treatment.n == 5
    assert result.support_seen is not None
    assert result.support_seen < 0.05
    assert found.ruling.verdict == "inconclusive"
    assert "counting equal outputs once" in found.ruling.why


def test_a_retraction_can_take_a_verdict_and_never_make_one() -> None:
    study = Study()
    claim = study.register()
    study.baseline(BASE)
    study.treatment([-9.0, 12.0, 13.0, 12.5], claim)
    assert study.verdict() == "inconclusive"
    study.change(3, standing="retracted")
    (found,) = study.judged()
    assert found.beside is not None
    assert (found.ruling.verdict, found.beside.verdict) == ("inconclusive", "inconclusive")
    assert "supported only without the runs that were withdrawn" in found.ruling.why
    good = Study()
    claim = good.register()
    good.baseline(BASE)
    good.treatment(FAR, claim)
    good.change(4, standing="retracted")
    assert good.verdict() == "testing"  # a place is free again


def test_paired_runs_need_seeds_and_partners() -> None:
    study = Study()
    claim = study.register(test="paired")
    study.run("new", 90.0, claim, parent="base")
    study.treatment([11.0, 12.5, 13.0], claim)
    study.baseline(BASE[:2])
    (found,) = study.judged()
    assert found.ruling.verdict == "testing"
    look = found.case.shown
    assert look is not None
    assert look.full == 2
    assert "says no seeds" in why(study)[0][2]
    study.baseline(BASE[2:], first_seed=3)
    (found,) = study.judged()
    assert found.ruling.verdict == "supported"


def test_seeds_are_not_chosen_by_what_one_arm_shows_of_them() -> None:
    study = Study()
    claim = study.register(test="paired", planned_n=4)
    known = [10.0, 14.1, 10.2, 13.9, 10.1, 14.0, 9.9, 13.8]
    study.baseline(known)
    for seed in (1, 3, 5, 7):  # where the baseline did badly
        study.run("new", 12.0 + seed / 50, claim, parent="base", seeds=f'{{"seed":"{seed}"}}')
    (found,) = study.judged()
    assert found.ruling.verdict == "testing"
    assert any("not among the first 4 that either arm ran" in reason for *_, reason in why(study))
    for seed in (2, 4):
        study.run("new", 12.0 + seed / 50, claim, parent="base", seeds=f'{{"seed":"{seed}"}}')
    (found,) = study.judged()
    assert found.ruling.verdict == "inconclusive"
    assert found.case.shown is not None
    assert {m.run.seeds for m in found.case.shown.arms.treatments} == {
        f'{{"seed":"{seed}"}}' for seed in (1, 2, 3, 4)
    }


# --- order --------------------------------------------------------------------------------------


def test_an_amendment_comes_after_what_it_amends_whatever_its_clock_says() -> None:
    study = Study()
    first = study.register("a")
    study.register("b")
    study.now = 10  # a clock that was set back
    study.register("a", amends=first)
    order = [(claim.slug, claim.amends) for claim in claims(study.registered)]
    assert order == [("a", None), ("a", first), ("b", None)]
    assert [claim.order for claim in claims(study.registered[::-1])] == [1, 2, 3]


# --- definitions --------------------------------------------------------------------------------


def test_a_metric_that_is_defined_anew_decides_nothing_for_older_claims() -> None:
    study = Study()
    first = study.define(resolution=0.1)
    claim = study.register()
    study.baseline(BASE)
    study.treatment(FAR, claim)
    assert study.verdict() == "supported"
    second = study.define(amends=(first,), resolution=0.2)  # values mean what they meant
    assert study.verdict() == "supported"
    study.define(amends=(second,), aggregation=Aggregation("best"))
    (found,) = study.judged()
    assert found.ruling.verdict == "inconclusive"
    assert "defined otherwise since" in found.ruling.why
    assert "defined otherwise since" in found.sentence
    assert "More runs change nothing in that: amend the claim" in found.sentence
    assert "takes" not in found.sentence  # no number of runs


def test_another_direction_makes_another_point_the_best() -> None:
    study = Study()
    best = Aggregation("best")
    first = study.define(aggregation=best, direction="minimize")
    claim = study.register()
    study.baseline(BASE)
    study.treatment(FAR, claim)
    assert study.verdict() == "supported"
    study.define(amends=(first,), aggregation=best, direction="maximize")
    (found,) = study.judged()
    assert found.ruling.verdict == "inconclusive"
    assert "defined otherwise since" in found.ruling.why


def test_definitions_side_by_side_cannot_undo_what_counted() -> None:
    study = Study()
    study.define(aggregation=Aggregation("best"))
    claim = study.register()
    study.baseline(BASE)
    study.treatment(FAR, claim)
    assert study.verdict() == "supported"
    study.define()
    assert study.verdict() == "inconclusive"
