"""Charts of what is held against something: rungs, levels, fronts, changes, lists, luck."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest
from tests.site_pages.labs import HOSTILE

from labrec.errors import UnsafeError
from labrec.site.charts import (
    At,
    Band,
    Checked,
    Figure,
    Level,
    Quantity,
    Rung,
    Spot,
    Step,
    Stretch,
    Told,
    change,
    checks,
    front,
    levels,
    lineage,
    rungs,
)
from labrec.site.charts.axis import Range
from labrec.site.charts.front import BEATEN, FRONT, ON_FRONT, OPEN, Metric, steps
from labrec.site.charts.luck import Stretch as Lucky
from labrec.site.charts.rungs import MOST_RUNGS, at_place, ratio_ticks
from labrec.site.charts.specifications import FIELDS
from labrec.site.pages.luck import band
from labrec.site.rows_trends import Luck

SAID = Told("figure-1", "loss", "What it shows.", "difference of loss")


def points(figure: Figure) -> list[dict[str, Any]]:
    """The rows that a script draws, by field."""
    return [
        dict(zip(FIELDS[figure.kind], row, strict=True))
        for row in json.loads(figure.payload)["points"]
    ]


def data(figure: Figure) -> list[dict[str, str]]:
    """The CSV of a figure."""
    return list(csv.DictReader(io.StringIO(figure.csv.decode())))


# --- rungs ------------------------------------------------------------------------------------


def test_a_difference_stands_with_its_interval_inside_of_its_band() -> None:
    figure = rungs("forest", [Rung("a", 0.12, 0.05, 0.19, (-0.2, 0.2), "0.12", 2, "told")], SAID)
    (row,) = points(figure)
    assert (row["x"], row["low"], row["high"]) == (0.12, 0.05, 0.19)
    assert (row["band_low"], row["band_high"], row["look"]) == (-0.2, 0.2, 2)
    low, high = json.loads(figure.payload)["ends"]
    assert low < -0.2 < 0.2 < high  # both edges of the band can be seen
    assert data(figure)[0] == {
        "name": "a", "value": "0.12", "low": "0.05", "high": "0.19", "band_low": "-0.2",
        "band_high": "0.2", "note": "told",
    }  # fmt: skip
    for part in ("lr-band", "lr-band-end", "lr-reference", "lr-interval", "lr-new-best"):
        assert f'class="{part}"' in figure.drawing


def test_a_scale_of_ratios_has_equal_steps_for_equal_factors() -> None:
    across = Range(0.25, 4.0)
    half, one, two = (at_place("ratios", across, value) for value in (0.5, 1.0, 2.0))
    assert one - half == pytest.approx(two - one)
    assert ratio_ticks(across) == [0.5, 1.0, 2.0]
    assert all(0.97 < value < 1.03 for value in ratio_ticks(Range(0.97, 1.03)))
    figure = rungs("ratios", [Rung("a", 1.6, 1.2, 2.1), Rung("b", 0.0, -1.0, 2.0)], SAID)
    low, high = json.loads(figure.payload)["ends"]
    assert 0 < low < 1
    assert high > 2.1


def test_what_has_no_value_is_said() -> None:
    figure = rungs("forest", [Rung("a", None), Rung("b", float("nan"))], SAID)
    assert figure.drawing.count("no value") == 2
    assert [row["x"] for row in points(figure)] == [None, None]


def test_of_very_many_rungs_the_first_are_drawn_and_all_are_data() -> None:
    rows = [Rung(f"r{number}", float(number)) for number in range(MOST_RUNGS + 5)]
    figure = rungs("forest", rows, SAID)
    assert len(points(figure)) == MOST_RUNGS
    assert len(data(figure)) == MOST_RUNGS + 5
    assert f"The first {MOST_RUNGS} of {MOST_RUNGS + 5} rows are drawn." in figure.sentence


def test_a_box_holds_the_middle_half() -> None:
    figure = rungs("boxes", [Rung("cpu", 5.0, 1.0, 9.0, (4.0, 7.0))], SAID)
    assert "lr-box-band" in figure.drawing
    assert "lr-median" in figure.drawing
    assert "lr-reference" not in figure.drawing


# --- levels -----------------------------------------------------------------------------------


def test_the_same_block_is_joined_over_levels_and_runs_are_not() -> None:
    rows = [Level("float32", [(1, 2.0), (2, 3.0)]), Level("int8", [(1, 2.1), (2, 3.2)])]
    joined = levels(rows, SAID, linked=True, log=False)
    (way,) = re.findall(r'<path d="([^"]+)" class="lr-way"', joined.drawing)
    assert way.count("M") == 2  # a line a block
    assert [row["way"] for row in points(joined)] == [1, 2, 1, 2]
    apart = levels(rows, SAID, linked=False, log=False)
    assert "lr-way" not in apart.drawing
    assert [row["way"] for row in points(apart)] == [None] * 4
    assert levels(rows, SAID, linked=True, log=True).kind == "levels-ratio"


# --- front ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("directions", "turn"),
    [
        # from (1, 2) to (3, 1) or (3, 4): first along the axis on which the worse lies
        (("minimize", "minimize"), (3.0, 2.0)),
        (("maximize", "maximize"), (1.0, 1.0)),
        (("minimize", "maximize"), (3.0, 2.0)),
        (("maximize", "minimize"), (1.0, 4.0)),
    ],
)
def test_the_line_of_a_front_turns_where_nothing_better_was_reached(
    directions: tuple[str, str], turn: tuple[float, float]
) -> None:
    other = 4.0 if directions[0] != directions[1] else 1.0
    spots = [
        Spot("b", 3.0, other, FRONT),
        Spot("a", 1.0, 2.0, ON_FRONT),
        Spot("c", 2.0, 9.0, BEATEN),
    ]
    metrics = (Metric("x", None, directions[0]), Metric("y", None, directions[1]))
    assert steps(spots, metrics) == [(1.0, 2.0), turn, (3.0, other)]


def test_beaten_experiments_are_muted_and_have_no_interval() -> None:
    spots = [
        Spot("best", 1.0, 5.0, ON_FRONT, (0.9, 1.1), (4.0, 6.0)),
        Spot("open", 1.2, 4.0, OPEN),
        Spot("beaten", 2.0, 3.0, BEATEN, (1.0, 3.0)),
    ]
    metrics = (Metric("loss", "nat", "minimize"), Metric("rate", "tokens/s", "maximize"))
    figure = front(spots, metrics, ("front-1", "One is on it."), step=True)
    assert figure.drawing.count('class="lr-interval"') == 2
    assert figure.drawing.count('class="lr-beaten"') == 1
    texts = json.loads(figure.payload)["texts"]
    assert texts == {
        "x": "loss (nat), lower is better ↓", "y": "rate (tokens/s), higher is better ↑",
    }  # fmt: skip
    looks = [row["look"] for row in points(figure)]
    assert looks[0] == 0  # the line
    assert sorted(looks[1:]) == [ON_FRONT, OPEN, BEATEN]


# --- change -----------------------------------------------------------------------------------


def test_a_change_is_a_line_between_two_means() -> None:
    runs = [At(f"r{at}", 1.0 if at < 5 else 2.0, "2026-03-01") for at in range(10)]
    parts = [Stretch(0, 4, 1.0), Stretch(5, 9, 2.0, "+1.0, worse")]
    figure = change(runs, parts, SAID)
    assert figure.drawing.count('class="lr-turn"') == 1
    assert figure.drawing.count('class="lr-stretch"') == 2
    rows = points(figure)
    assert [(row["x"], row["end"], row["look"]) for row in rows[:2]] == [
        (0.5, 5.5, 1),
        (5.5, 10.5, 2),
    ]
    assert len(data(figure)) == 10


# --- checks -----------------------------------------------------------------------------------


def test_a_list_shows_what_is_met_by_sign_and_colour() -> None:
    figure = checks([Checked("claim", (True, False), "#claim-1")], ["one", "two"], SAID)
    assert "one: met" in figure.drawing
    assert "two: not met" in figure.drawing
    assert 'class="lr-tick"' in figure.drawing
    assert 'class="lr-cross"' in figure.drawing
    assert data(figure) == [{"name": "claim", "one": "1", "two": "0"}]


# --- luck -------------------------------------------------------------------------------------


def test_the_luck_band_lies_between_baseline_and_what_luck_reaches() -> None:
    lucky = Band((Lucky(1, 2.0, 1.9, 1.7), Lucky(3, 2.0, 1.8, 1.5)), 4, 0.2, 0.1, 0.5, 0.9, "base")
    given = [
        Step(f"s{at}", value, None, None, 1, 0) for at, value in enumerate([2.0, 1.6, 1.7, 1.2])
    ]
    figure = lineage(given, Quantity("loss", "nat", "minimize", luck=lucky), "progress-1")
    assert [(row["luck_base"], row["luck"]) for row in points(figure)] == [
        (None, None), (2.0, 1.9), (2.0, 1.9), (2.0, 1.8),
    ]  # fmt: skip
    assert [row["luck"] for row in data(figure)] == ["", "1.9", "1.9", "1.8"]
    assert figure.sentence.endswith(
        "The band is what luck alone explains: the best of 4 tries is expected to gain 0.2 nat on "
        "base by chance (90\xa0% interval 0.1 to 0.5)."
    )
    assert figure.drawing.count('class="lr-luck"') == 2
    (line,) = re.findall(r'<path d="([^"]+)" class="lr-luck-line"', figure.drawing)
    assert line.count("M") == 2


def test_luck_is_drawn_towards_what_is_better() -> None:
    common = {"project": "lm", "metric": "m", "datasets": "", "experiment": "x", "name": "x",
              "step": 1, "current": True, "baseline": "b", "baseline_name": "b", "variants": 3,
              "tries": 3, "baseline_value": 2.0, "sd_level": 0.9, "luck": 0.1, "luck_low": 0.05,
              "luck_high": 0.3, "verdict": "beyond luck", "unit": None, "sentence": ""}  # fmt: skip
    for direction, far in (("minimize", 1.7), ("maximize", 2.3)):
        found = band([Luck(**common, direction=direction)], ["b", "x"])
        assert found is not None
        (one,) = found.stretches
        assert (one.start, one.base, one.far) == (1, 2.0, pytest.approx(far))
    unknown = Luck(**(common | {"luck": None}), direction="minimize")
    assert band([unknown], ["b", "x"]) is None
    assert band([], ["b"]) is None


def test_without_an_order_or_a_noise_there_is_no_luck_band() -> None:
    lucky = Band((Lucky(0, 2.0, 1.9, 1.7),), 4, 0.2, None, None, 0.9, "base")
    given = [Step("a", 2.0, None, None, 1, 0), Step("b", 1.0, None, None, 1, 0)]
    undated = Quantity("loss", direction="minimize", is_ordered=False, luck=lucky)
    for quantity in (undated, Quantity("loss", direction="minimize")):
        figure = lineage(given, quantity, "progress-1")
        assert "lr-luck" not in figure.drawing
        assert "luck alone" not in figure.sentence


# --- record text ------------------------------------------------------------------------------


def test_record_text_is_only_text_in_every_drawing_and_payload() -> None:
    for text in HOSTILE:
        said = Told("figure-1", text, text, text)
        made = [
            rungs("forest", [Rung(text, 1.0, told=text, note=text)], said),
            levels([Level(text, [(1, 1.0)])], said, linked=True, log=False),
            front(
                [Spot(text, 1.0, 2.0, ON_FRONT, told=text, note=text)],
                (Metric(text, text, text), Metric(text, text, text)), ("figure-1", text), step=True,
            ),
            change([At(text, 1.0, text)], [Stretch(0, 0, 1.0, text)], said),
            checks([Checked(text, (True,))], ["one"], said),
        ]  # fmt: skip
        for figure in made:
            assert "<script" not in figure.drawing
            assert "<img" not in figure.drawing
            assert "<" not in figure.payload
            assert "\u202e" not in figure.drawing + figure.payload
            assert set(re.findall(r"<(\w+)", figure.drawing)) <= {
                "svg", "g", "text", "title", "path", "line", "rect", "circle", "a",
            }  # fmt: skip


def test_a_figure_leads_nowhere_but_into_the_site() -> None:
    for href in ("javascript:alert(1)", "../../../../https://x", "//x", "../..//x"):
        with pytest.raises(UnsafeError):
            rungs("forest", [Rung("a", 1.0, href=href)], SAID)
    figure = rungs("forest", [Rung("a", 1.0, href="../../../p/lm/index.html")], SAID)
    assert 'href="../../../p/lm/index.html"' in figure.drawing
