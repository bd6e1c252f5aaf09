"""Each sentence holds everything that its verdict rests on, and text of records is only text."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.analytics.conditions.studies import crossed, one, registered, row_of, study, table

from labrec.analytics.conditions.sentence import sentence

SLOW = [0.50, 0.62, 0.71, 0.79, 0.85]
FAST = [0.52, 0.65, 0.72, 0.82, 0.88]
CLOSE = [0.5001, 0.6199, 0.7101, 0.7899, 0.8502]
NOISY = [0.56, 0.58, 0.75, 0.74, 0.86]
EVERY = (
    "95\N{NO-BREAK SPACE}% interval", "from 5 experiments on 2 machines", "paired t of 5 blocks",
    "by holm over 1 hardware comparisons of p", "post hoc", "not known: whether other machines",
)  # fmt: skip


def of(values: list[float], unit: str | None = "%", **given) -> dict:
    registrations = [registered(accuracy=given.pop("margin"))] if "margin" in given else []
    runs = crossed({"one": SLOW, "two": values}, unit=unit, **given)
    return row_of(study(runs, registrations=registrations), "cpu_model")


BETWEEN = " between these two machines"
WITH = "with two instead of one (cpu_model), accuracy differs by"
MAY = WITH.replace("differs", "is estimated to differ")


@pytest.mark.parametrize(
    ("values", "margin", "begins"),
    [
        (FAST, {}, f"Effect{BETWEEN}: {WITH} 0.024 % [0.013, 0.035] ("),
        (FAST, {"margin": 0.1}, f"Effect{BETWEEN}, but below δ = 0.1 % (from the registration): "),
        (
            CLOSE, {"margin": 0.1},
            f"No effect larger than δ = 0.1 % (from the registration){BETWEEN}: ",
        ),
        (
            NOISY, {},
            f"Inconclusive{BETWEEN}, no effect is shown: {MAY} 0.004 % [−0.056, 0.064] (",
        ),
    ],
)  # fmt: skip
def test_every_verdict_of_a_test_says_what_it_rests_on(values, margin, begins) -> None:
    row = of(values, **margin)
    assert row["sentence"].startswith(begins)
    for part in EVERY:
        assert part in row["sentence"].lower()


def test_what_is_inconclusive_says_what_it_would_take() -> None:
    without = of(NOISY)
    assert (
        f"% with power 0.8; half of that would take {without['n_needed']}." in without["sentence"]
    )
    within = of(NOISY, margin=0.01)
    assert f"δ = 0.01 % would take {within['n_needed']}." in within["sentence"]
    assert within["n_needed"] > without["n_needed"]
    assert "with power 0.8" not in of(FAST)["sentence"]


def test_of_several_levels_the_pair_that_differs_most_is_told() -> None:
    runs = crossed({"one": SLOW, "two": FAST, "three": CLOSE})
    sentence = row_of(study(runs), "cpu_model")["sentence"]
    assert (
        "of 3 levels of cpu_model, accuracy differs most with two instead of one: by 0.024"
        in sentence
    )
    assert "interval for all pairs together" in sentence


def test_an_effect_over_levels_that_no_pair_shows_says_so_before_its_estimate() -> None:
    runs = crossed({"one": SLOW, "two": FAST, "three": CLOSE})
    row = row_of(study(runs), "cpu_model")
    pair = {"first": "one", "last": "three", "estimate": 0.425, "low": -0.3, "high": 1.15}
    row |= pair | {"verdict": "effect", "scale": "difference", "p": 0.02, "p_adjusted": 0.02}
    said = sentence(row)
    assert said.startswith(
        "Effect between these three machines: the 3 levels of cpu_model are not all alike in accuracy. "
        "Furthest apart are one and three, but between these two alone no effect is shown: with "
        "three instead of one it may be anything from −0.30 to 1.15"
    )
    assert said.index("no effect is shown") < said.index("estimated 0.4")
    ratio = {"scale": "ratio", "ratio": 4.16, "ratio_low": 0.787, "ratio_high": 22.0}
    assert "from a factor of 0.787 to one of 22, that is from −0.3" in sentence(row | ratio)
    assert "estimated a factor of 4.16, 0.4" in sentence(row | ratio)
    shown = sentence(row | {"low": 0.1})
    assert "no effect" not in shown
    assert "differs most with three instead of one: by 0.42" in shown
    below = sentence(
        row | {"verdict": "effect (below δ)", "margin": 2.0, "margin_from": "registration"}
    )
    assert below.startswith("Effect between these three machines, but below δ = 2")
    assert "between these two alone no effect is shown" in below


def test_a_confounded_verdict_says_with_what_and_what_is_not_known() -> None:
    days = {
        "one": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        "two": dt.datetime(2026, 2, 1, tzinfo=dt.UTC),
    }
    runs = [
        run | {"started": days[run["cpu_model"]]} for run in crossed({"one": SLOW, "two": FAST})
    ]
    sentence = row_of(study(runs), "cpu_model")["sentence"]
    assert sentence.startswith("Confounded: with two instead of one")
    assert "; but cpu_model goes together with the date (η = 1)." in sentence
    assert sentence.endswith("Not known: whether cpu_model or the date made the difference.")


def test_with_many_values_missing_that_is_the_strongest_thing_not_known() -> None:
    runs = crossed({"one": SLOW, "two": FAST})
    runs += [one(None, cpu_model="two", machine="m-two", experiment="e0")] * 4
    row = row_of(study(runs, {"key_metrics": ["accuracy"]}), "cpu_model")
    assert row["sentence"].endswith("Not known: what 4 runs without a value would have shown.")


def test_names_are_cut_and_kept_on_one_line() -> None:
    long = "x" * 500
    runs = crossed({f"<b>{long}": SLOW, "two\nlines": FAST}, unit=long)
    for row in table(study(runs)):
        assert "\n" not in row["sentence"]
        assert len(row["sentence"]) < 1000
