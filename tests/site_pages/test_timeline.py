"""Several quantities over one time axis, as values."""

from __future__ import annotations

import json
import math

import pytest

from labrec.site.charts import Mark, Span, Track, timeline
from labrec.site.charts.specifications import specifications
from labrec.site.charts.timeline import MOST_POINTS, with_gaps

HOSTILE = "</script><b>@x\u202e"


def test_each_panel_has_its_own_scale_on_one_axis() -> None:
    figure = timeline(
        [
            Track("loss", [(0.0, 4.0), (400.0, 2.0)], "nat", "minimize"),
            Track("cpu", [(0.0, 0.0), (100.0, 50.0), (200.0, 100.0)], "%", sampled=True),
        ],
        [Span(100, 160, "throttled: gpu0")],
        [Mark(200, "asked"), Mark(math.nan, "never")],
    )
    data = json.loads(figure.payload)
    assert data["texts"]["x"] == "time since start (min)"
    assert data["ends"] == [0, 400 / 60]
    assert data["texts"]["bases"] == [1000, 0, 1000, 0]
    assert [data["names"][row[0] - 1] for row in data["points"] if row[3] == 1] == [
        "throttled: gpu0"
    ]
    assert [row[1] for row in data["points"] if row[3] == 2] == [3.3333]
    assert data["texts"]["labels"][str(data["texts"]["ticks"][0])] == "2"
    assert figure.csv.startswith(b"what,time_s,value\r\nloss,0.0,4.0\r\n")
    assert "Dashed lines: asked (3 min 20 s after the start)." in figure.sentence
    assert figure.drawing.count('class="lr-span"') == 1


def test_a_silence_breaks_a_sampled_line_and_no_other() -> None:
    points = [(float(at), 1.0) for at in (0, 1, 2, 3, 9, 10)]
    (gap,) = [at for at, value in with_gaps(points) if math.isnan(value)]
    assert gap == 6.0
    sampled = timeline([Track("a", points, sampled=True)])
    told = timeline([Track("a", points)])
    assert sampled.drawing.count('class="lr-line"') == 2
    assert told.drawing.count('class="lr-line"') == 1
    assert "with 1 gap" in sampled.sentence


def test_a_long_track_is_thinned_and_odd_values_are_told() -> None:
    points = [(at / 10, math.sin(at)) for at in range(5000)]
    points[70] = (7.0, math.nan)
    figure = timeline([Track("a", points), Track("b", [(0.0, math.inf)])])
    drawn = [row for row in json.loads(figure.payload)["points"] if row[0] == 1]
    assert len(drawn) <= MOST_POINTS
    assert "1 value not finite" in figure.sentence
    assert "b has no finite value" in figure.sentence
    assert len(figure.csv.splitlines()) == 5002


@pytest.mark.parametrize("count", [0, 7])
def test_there_are_as_many_tracks_as_looks(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 6 tracks"):
        timeline([Track("a", [(0.0, 1.0)])] * count)


def test_record_text_stays_text() -> None:
    figure = timeline([Track(HOSTILE, [(0.0, 1.0)], HOSTILE)], [], [Mark(0, HOSTILE)])
    assert "<b>" not in figure.drawing
    assert "<" not in figure.payload
    assert "\\u202e" in json.loads(figure.payload)["names"][0]


def test_what_a_page_fills_in_is_in_the_specification() -> None:
    spec = specifications()["timeline"]
    assert spec["height"] == "@height"
    assert {param["name"]: param.get("value") for param in spec["params"]}["labels"] == "@labels"
    assert '"@ticks"' in json.dumps(spec)
    # what runs is ours: the page brings values alone
    assert "javascript" not in json.dumps(spec)
