"""Luck: what counts as a try, what may be called beyond luck, and how often that is wrong."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.analytics.trends.views import START, dicts, ran, view

from labrec.analytics.stats.maxima import chance_of_gain, expected_maximum
from labrec.analytics.tables.trends import LUCK
from labrec.analytics.trends import luck
from labrec.analytics.trends.tries import Tries, Variant
from labrec.record.text import one_line

if TYPE_CHECKING:
    from labrec.analytics.run import Run

NOISE = [ran(900 + at, "repeated", 50 + value) for at, value in enumerate((0.0, 1.0, 2.0, 1.0))]
"""One experiment far off the others: sd √(2/3) with 3 degrees of freedom, and four more tries."""


def found(*runs: Run, **definitions: Any) -> list[dict[str, Any]]:
    return dicts(LUCK, luck.rows(view(runs, **definitions)))


def series(*values: float | None, **fields: Any) -> list[Run]:
    return [ran(at, f"e{at}", value, **fields) for at, value in enumerate(values)]


# --- what is a best so far, and of how many tries -------------------------------------------------


def test_every_best_so_far_has_a_row_with_the_tries_until_the_next() -> None:
    rows = found(*series(10, 11, 9, 12, 9.5, 8), *NOISE)
    assert [(r["name"], r["step"], r["variants"], r["tries"]) for r in rows] == [
        ("e2", 1, 4, 4), ("e5", 2, 6, 6 + 3)
    ]  # fmt: skip
    assert [r["current"] for r in rows] == [False, True]
    assert [(r["baseline_name"], r["gain"]) for r in rows] == [("e0", 1), ("e0", 2)]
    assert all(r["family"] == 2 for r in rows)


def test_the_numbers_are_those_of_the_formulas() -> None:
    (row,) = found(*series(10, 11, 4), *NOISE)
    sd = math.sqrt(2 / 3)
    assert row["sd"] == pytest.approx(sd)
    assert row["df"] == 3
    assert row["weak"]
    assert row["luck"] == pytest.approx(sd * expected_maximum(6))
    assert row["luck_p"] == pytest.approx(chance_of_gain(6 / sd, 6, df=3))
    assert row["luck_p_upper"] == pytest.approx(chance_of_gain(6 / row["sd_high"], 6))
    assert row["p_adjusted"] == max(row["luck_p"], row["luck_p_upper"])
    assert (row["low"] > 0) == (row["verdict"] == "beyond luck")


def test_what_was_thrown_away_was_tried_all_the_same() -> None:
    kept = series(10, 9)
    lost = [
        ran(10 + at, f"lost{at}", 11.0 + at, standing="retracted" if at % 2 else "counts")
        for at in range(20)
    ]
    (row,) = found(*kept, *lost, *NOISE)
    assert (row["variants"], row["tries"], row["retracted"]) == (22, 25, 10)
    (alone,) = found(*kept, *NOISE)
    assert row["luck_p"] > 1.2 * alone["luck_p"]


def test_a_failed_run_was_no_try_and_is_never_the_best() -> None:
    runs = [
        *series(10, 9),
        ran(3, "crash", 0.0, status="failed"),
        ran(4, "nan", math.nan),
        ran(5, "replaced", 8.0, standing="superseded"),
        *NOISE,
    ]
    (row,) = found(*runs)
    assert (row["name"], row["tries"]) == ("e1", 1 + 4)


def test_a_second_record_of_a_run_and_an_equal_output_are_one_try() -> None:
    fork = [ran(3, "fork", 9.5 + at, standing="forked", digest=f"sha256:f{at}") for at in range(2)]
    copies = [ran(5 + at, "copy", 12.0, output="same") for at in range(3)]
    (row,) = found(*series(10, 9), *fork, *copies, *NOISE)
    assert row["tries"] == 3 + 4  # e1, the fork, the copies; the repeated one
    assert (row["n"], row["values"]) == (1, 1)


def test_more_runs_of_a_variant_are_more_looks() -> None:
    once = found(*series(10, 9, 12), *NOISE)[-1]
    again = found(*series(10, 9, 12), *(ran(20 + at, "e2", 12.5) for at in range(5)), *NOISE)[-1]
    assert (once["variants"], once["tries"]) == (3, 3 + 3)
    assert (again["variants"], again["tries"]) == (3, 3 + 3 + 5)


def test_where_everything_was_repeated_each_try_is_a_mean() -> None:
    runs = [
        ran(10 * at + seed, f"e{at}", value + noise)
        for at, value in enumerate((10.0, 11.0, 9.0))
        for seed, noise in enumerate((-0.5, 0.0, 0.5))
    ]
    (row,) = found(*runs)
    assert (row["tries"], row["values"], row["n"], row["n_baseline"], row["df"]) == (2, 3, 3, 3, 6)
    assert row["luck_p"] == pytest.approx(chance_of_gain(1 / 0.5, 2, df=6, values=3, baseline=3))
    assert row["luck"] == pytest.approx(0.5 / math.sqrt(3) * expected_maximum(2))


def test_the_baseline_is_where_the_best_derives_from() -> None:
    def child(run: Run, parent: str) -> Run:
        link = f'[{{"name": null, "by": "option", "run_id": null, "config_digest": "{parent}"}}]'
        return run._replace(parents=link)

    runs = [
        ran(0, "other", 20.0), ran(1, "base", 10.0), ran(2, "x", 15.0),
        child(ran(3, "y", 9.5), "base"), child(ran(4, "z", 9.0), "y"),
    ]  # fmt: skip
    rows = found(*runs)
    assert [(r["name"], r["baseline_name"], r["tries"]) for r in rows] == [
        ("base", "other", 2), ("y", "base", 2), ("z", "base", 3)
    ]  # fmt: skip


def test_other_data_and_other_units_are_other_things() -> None:
    runs = [
        *(run._replace(datasets=("a@1",)) for run in series(10, 9)),
        ran(20, "b0", 5.0, datasets=("b@1",)), ran(21, "b1", 4.0, datasets=("b@1",)),
    ]  # fmt: skip
    assert [(r["datasets"], r["name"], r["tries"]) for r in found(*runs)] == [
        ("a@1", "e1", 1), ("b@1", "b1", 1)
    ]  # fmt: skip


def test_without_a_direction_nothing_is_best() -> None:
    assert found(*series(1, 2, directions={})) == []
    named = {"key_metrics": [{"name": "loss", "direction": "maximize"}]}
    assert [r["name"] for r in found(*series(1, 2, directions={}), p=named)] == ["e1"]


def test_where_the_order_is_unknown_only_the_best_of_all_is_judged() -> None:
    link = '[{"name": null, "by": "option", "run_id": null, "config_digest": "e0"}]'
    runs = [run._replace(started=None) for run in series(10, 9, 8, 12)]
    assert found(*runs) == []
    (row,) = found(*runs[:2], runs[2]._replace(parents=link), runs[3])
    assert (row["name"], row["baseline_name"], row["tries"]) == ("e2", "e0", 3)


def test_the_order_is_that_of_the_starts_not_of_the_ids() -> None:
    runs = series(10, 9, 8)
    swapped = [
        runs[0]._replace(started=START + timedelta(days=9)),
        runs[1], runs[2],
    ]  # fmt: skip
    assert [(r["name"], r["baseline_name"]) for r in found(*swapped)] == [("e2", "e1")]


# --- verdicts -------------------------------------------------------------------------------------


def test_beyond_luck_needs_a_gain_that_the_noise_at_its_upper_end_does_not_explain() -> None:
    many = [ran(900 + at, "repeated", 50 + 0.1 * (at % 5)) for at in range(21)]
    (row,) = found(*series(10, 12, 8), *many)
    assert row["verdict"] == "beyond luck"
    assert row["p_adjusted"] < 0.05
    assert 0 < row["low"] < row["gain"]
    assert "Beyond luck." in row["sentence"]
    pair = [ran(900 + at, "repeated", 50 + 0.06 * at) for at in range(2)]
    (row,) = found(*series(10, 12, 8), *pair)
    assert row["luck_p"] < 0.05 < row["luck_p_upper"]
    assert row["verdict"] == "cannot be told"
    assert row["low"] < 0
    assert "one replicate pair cannot bound the noise" in row["sentence"]
    assert f"{row['repeats_to_bound']} repeat of each would bound the noise" in row["sentence"]
    assert "the noise may be 16 times its estimate, and then it takes more" in row["sentence"]


def test_an_early_best_is_beyond_luck_only_if_the_later_ones_are() -> None:
    many = [ran(900 + at, "repeated", 50 + 0.1 * (at % 5)) for at in range(21)]
    rows = found(*series(10, 9.3, *[12.0] * 300, 9.29), *many)
    assert len(rows) == 2
    assert rows[0]["p_adjusted"] == max(rows[0]["luck_p_upper"], rows[1]["p_adjusted"])
    assert rows[0]["p_adjusted"] >= rows[1]["p_adjusted"]


def test_without_repeats_nothing_is_claimed() -> None:
    (row,) = found(*series(10, 9))
    assert (row["sd"], row["luck_p"], row["low"], row["repeats_to_show"]) == (None,) * 4
    assert row["verdict"] == "cannot be told"
    assert "no experiment was repeated" in row["sentence"]


def test_equal_repeats_are_called_deterministic() -> None:
    same = [ran(900 + at, "repeated", 50.0, seeds=f'{{"seed": "{at}"}}') for at in range(2)]
    (row,) = found(*series(10, 9), *same)
    assert (row["sd"], row["verdict"]) == (0, "deterministic")


def test_what_luck_explains_asks_for_repeats_that_show_the_rest() -> None:
    many = [ran(900 + at, "repeated", 50 + 0.5 * (at % 5)) for at in range(21)]
    row = found(*series(10, 10.4, 11, 9.8, 10.6, 9.5), *many)[-1]
    assert row["verdict"] == "cannot be told"
    assert row["repeats_to_bound"] is None
    assert "may well gain as much" in row["sentence"]


def test_a_sentence_says_everything_that_a_verdict_needs() -> None:
    (row,) = found(*series(10, 11, 4), *NOISE)
    for said in (
        "p: e2 has the best loss so far (lower is better), 4", "lower than e0 by 6",
        "lower limit over all tries", "1 run against 1, on 1 machine", "best of 6 tries",
        "interval", "3 degrees of freedom", "many-to-one test", "closed test", "Post hoc",
        "not known: the noise",
    ):  # fmt: skip
        assert said in row["sentence"], said


def test_names_from_records_stay_one_line_of_plain_text() -> None:
    runs = [run._replace(name=f"<b>\n\x1b[31m{run.name}" + "x" * 500) for run in series(10, 9)]
    (row,) = found(*runs, *NOISE)
    assert one_line(row["sentence"]) == row["sentence"]
    assert len(row["sentence"]) < 2000


# --- how often it is wrong ------------------------------------------------------------------------


def lab(rng: np.random.Generator, variants: int, repeated: int, replicates: int = 1) -> Tries:
    """Variants without any effect, tried in turn; some others were repeated once."""
    values = rng.normal(size=(variants + 1, replicates))
    pairs = rng.normal(size=(repeated, 2))
    first = [
        Variant(
            f"e{at}", f"e{at}", (float(at), 0.0, ""), float(one.mean()),
            float(one.std(ddof=1)) if replicates > 1 else None, replicates, replicates,
            frozenset({"m"}), None,
        )
        for at, one in enumerate(values)
    ]  # fmt: skip
    noise = [
        Variant(
            f"n{at}", f"n{at}", (1e6 + at, 0.0, ""), None, float(one.std(ddof=1)), 2, 0,
            frozenset({"m"}), None,
        )
        for at, one in enumerate(pairs)
    ]  # fmt: skip
    return Tries("p", "loss", "", None, "minimize", True, first + noise)


@pytest.mark.parametrize(
    ("variants", "repeated", "replicates"), [(30, 1, 1), (30, 5, 1), (6, 0, 3), (100, 30, 1)]
)
def test_the_best_of_many_without_effect_is_beyond_luck_no_more_often_than_alpha(
    variants: int, repeated: int, replicates: int
) -> None:
    rng = np.random.default_rng(variants)
    labs, level = 120, luck.ALPHA
    wrong = sum(
        any(
            row.verdict == "beyond luck"
            for row in luck.luck_of(lab(rng, variants, repeated, replicates))
        )
        for _ in range(labs)
    )
    assert wrong / labs <= level + 2 * math.sqrt(level * (1 - level) / labs)
