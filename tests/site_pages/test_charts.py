"""Charts as values: what is drawn, what it says, and that record text stays text."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import subprocess
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.errors import UnsafeError
from labrec.record.text import printable
from labrec.site.charts import Curve, Quantity, Step, apart, bundle, lineage, lines, panels
from labrec.site.charts.axis import Range, labels, shown, ticks, whole_ticks
from labrec.site.charts.curves import MOST_POINTS, thinned
from labrec.site.charts.drawing import place, tag
from labrec.site.charts.figure import as_csv, columns_csv, for_script
from labrec.site.charts.progress import MOST_STEPS, best_so_far
from labrec.site.charts.specifications import FIELDS, specifications

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "a.b[0]['c']\"d\\",
    "{{ 7*7 }}${7}@y",
    "\u202egnp.exe\u2028\u0000x",
    "=cmd|' /C calc'!A0",
]
LOSS = Quantity("loss", "nat", "minimize")
finite = st.floats(allow_nan=False, allow_infinity=False, width=32)


def step(mean: float | None, name: str = "x", *, failed: int = 0) -> Step:
    return Step(name, mean, None, None, 0 if mean is None else 1, failed)


# --- axes -------------------------------------------------------------------------------------


@given(st.lists(finite, min_size=1, max_size=40))
def test_a_range_holds_what_it_does_not_leave_outside(values: list[float]) -> None:
    whole = shown(values, 0)
    assert whole.low < whole.high
    assert all(whole.holds(value) for value in values)
    part = shown(values)
    assert sum(map(part.holds, values)) >= len(values) / 2


def test_one_far_value_does_not_press_the_others_into_a_line() -> None:
    span = shown([1.0, 1.1, 1.2, 1.3, 1.1, 1.2, 1.3, 1.0, 1e6])
    assert span.high < 2
    assert shown([1.0, 1.1, 1e6]).high > 1e6  # of three, who can tell which is far


@given(finite, finite)
def test_ticks_are_inside_in_order_and_told_apart(a: float, b: float) -> None:
    span = shown([a, b])
    found = ticks(span)
    assert found == sorted(found)
    assert all(span.low - 1e-6 * abs(span.low) <= t <= span.high + 1e-6 * abs(span.high)
               for t in found)  # fmt: skip
    if span.high - span.low > 1e-3 * max(abs(span.low), abs(span.high)):
        assert len(set(labels(found))) == len(found)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (Range(0, 10), ["0", "2", "4", "6", "8", "10"]),
        (Range(0.9684, 0.9996), ["0.970", "0.975", "0.980", "0.985", "0.990", "0.995"]),
        (Range(-1, 1), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]),
        (Range(0, 12_000), ["0", "2,500", "5,000", "7,500", "10,000"]),
        (Range(0, 1e-5), ["0", "2×10⁻⁶", "4×10⁻⁶", "6×10⁻⁶", "8×10⁻⁶", "1×10⁻⁵"]),
    ],
)
def test_ticks_read_well(span: Range, expected: list[str]) -> None:
    assert labels(ticks(span)) == expected


def test_steps_are_whole() -> None:
    assert whole_ticks(Range(0.5, 3.5)) == [1, 2, 3]


# --- curves -----------------------------------------------------------------------------------


@given(st.lists(st.floats(), max_size=2000), st.integers(6, 300))
def test_a_thinned_curve_keeps_its_extremes_and_ends(values: list[float], most: int) -> None:
    points = list(enumerate(values))
    kept = thinned(points, most)
    assert len(kept) <= max(most, 6)
    assert kept == sorted(kept, key=lambda point: point[0])
    if not points:
        return
    assert (kept[0][0], kept[-1][0]) == (0, len(points) - 1)
    good = [value for value in values if math.isfinite(value)]
    if good:
        left = [value for _, value in kept if math.isfinite(value)]
        assert (min(left), max(left)) == (min(good), max(good))
    if len(good) < len(values):
        assert any(not math.isfinite(value) for _, value in kept)


def test_a_figure_draws_says_and_holds_the_same_points() -> None:
    figure = lines([Curve("val/loss", [(0, 2.0), (10, 1.5), (20, 1.25)], "nat", "minimize")], "c")
    assert figure.sentence == (
        "val/loss goes from 2 to 1.25 nat over 3 points, between 1.25 and 2."
    )
    assert "loss (nat), lower is better ↓" in figure.drawing
    assert json.loads(figure.payload)["points"] == [[1, 0, 2.0], [1, 10, 1.5], [1, 20, 1.25]]
    assert list(csv.reader(io.StringIO(figure.csv.decode()))) == [
        ["metric", "step", "value"],
        ["val/loss", "0", "2.0"],
        ["val/loss", "10", "1.5"],
        ["val/loss", "20", "1.25"],
    ]


def test_a_gap_breaks_the_line_and_is_counted() -> None:
    points = [(0, 1.0), (1, 2.0), (2, math.nan), (3, 2.0), (4, math.inf), (5, 1.0), (6, 2.0)]
    figure = lines([Curve("m", points)], "c")
    assert figure.drawing.count('class="lr-line"') == 2
    assert figure.drawing.count('class="lr-dot"') == 1
    assert "2 values are NaN or infinite and left out" in figure.sentence
    told = json.loads(figure.payload)["points"]
    assert told[2] == [1, 2, None]
    assert told[3] == [1, 3, 2.0, 1]
    assert b"NaN" in figure.csv
    assert b"Infinity" in figure.csv


def test_metrics_of_one_quantity_share_a_figure() -> None:
    curves = [
        Curve("train/loss", [(0, 1.0)], "nat", "minimize"),
        Curve("accuracy", [(0, 0.5)], None, "maximize"),
        Curve("val/loss", [(0, 1.0)], "nat", "minimize"),
        Curve("old/loss", [(0, 1.0)], "bit", "minimize"),
    ]
    figures = panels(curves)
    assert [figure.title for figure in figures] == [
        "train/loss and val/loss",
        "accuracy",
        "old/loss",
    ]
    assert [figure.name for figure in figures] == ["curve-1", "curve-2", "curve-3"]
    assert figures[0].keys == ((1, "train/loss"), (2, "val/loss"))
    many = panels([Curve(f"{number}/loss", [(0, 1.0)]) for number in range(14)])
    assert [len(figure.keys) for figure in many] == [6, 6, 2]


def test_a_long_curve_stays_small_and_says_so() -> None:
    figure = lines([Curve("m", [(at, float(at % 7)) for at in range(100_000)])], "c")
    assert 2 < len(json.loads(figure.payload)["points"]) <= MOST_POINTS
    assert "over 100,000 points" in figure.sentence
    assert "239 of the points are drawn" in figure.sentence
    assert len(figure.drawing) < 12_000


def test_steps_at_equal_distances_are_two_numbers() -> None:
    values = [0.25, 0.5, 2.0, 4.0, 1.0, 2.0]
    figure = lines(
        [
            Curve("even", [(10 + 5 * at, value) for at, value in enumerate(values)]),
            Curve("uneven", [(at * at, float(at)) for at in range(9)]),
            Curve("alone", [(at, math.nan if at % 2 else 1.0) for at in range(9)]),
        ],
        "x",
    )
    payload = json.loads(figure.payload)
    assert payload["even"] == [[1, 10, 5, values]]
    assert {row[0] for row in payload["points"]} == {2, 3}


# --- progress ---------------------------------------------------------------------------------


@given(
    st.lists(st.one_of(st.none(), finite), max_size=30), st.sampled_from(["minimize", "maximize"])
)
def test_the_best_so_far_never_gets_worse(means: list[float | None], direction: str) -> None:
    found = best_so_far([step(mean) for mean in means], direction)
    seen = [value for value in found if value is not None]
    assert seen == sorted(seen, reverse=direction == "minimize")
    for at, mean in enumerate(means):
        if mean is not None:
            best = found[at]
            assert best is not None
            assert best <= mean if direction == "minimize" else best >= mean


def test_progress_marks_bests_failures_and_silence() -> None:
    steps = [
        Step("1_base", 3.0, 2.8, 3.2, 3, 0, "#x-1"),
        Step("2_from_1", 2.0, 1.9, 2.1, 3, 1, "#x-2"),
        Step("3_from_2", None, None, None, 0, 2, "#x-3"),
        Step("4_from_2", None, None, None, 0, 0, "#x-4"),
        Step("5_from_2", 2.5, None, None, 1, 0, "#x-5"),
    ]
    figure = lineage(steps, LOSS, "progress-1")
    assert figure.drawing.count('class="lr-new-best"') == 2
    assert figure.drawing.count('class="lr-mean"') == 1
    assert figure.drawing.count('class="lr-failed"') == 2
    assert figure.drawing.count('class="lr-silent"') == 1
    assert figure.drawing.count('class="lr-interval"') == 2
    assert 'href="#x-5"' in figure.drawing
    assert figure.sentence.replace("\xa0", " ") == (
        "3 experiments with a value of loss, 2 without. The best mean so far is 2.00 nat "
        "(2_from_1, 3 runs, 95 % interval 1.90 to 2.10); the first was 3. 1 experiment set a new "
        "best after the first; the best of many is partly luck."
    )
    looks = [dict(zip(FIELDS["progress"], row, strict=True))["look"]
             for row in json.loads(figure.payload)["points"]]  # fmt: skip
    assert looks == [2, 2, 0, 0, 1]


def test_a_metric_without_direction_has_no_best() -> None:
    figure = lineage([step(1.0), step(2.0)], Quantity("n"), "p")
    assert "has no direction, so none is best" in figure.sentence
    assert "lr-best" not in figure.drawing


def test_a_value_far_away_is_marked_at_the_edge() -> None:
    steps = [step(1.0 + at / 10) for at in range(12)] + [step(1e9)]
    figure = lineage(steps, LOSS, "p")
    assert figure.drawing.count('class="lr-beyond"') == 1
    assert json.loads(figure.payload)["points"][-1][6] == 3
    assert "1000000000.0" in figure.csv.decode()


def test_ten_thousand_experiments_stay_one_figure() -> None:
    figure = lineage([step(1 / (at + 1)) for at in range(10_000)], LOSS, "p")
    assert f"The newest {MOST_STEPS:,} are drawn" in figure.sentence
    assert len(json.loads(figure.payload)["points"]) == MOST_STEPS
    assert figure.csv.count(b"\r\n") == 10_001


@pytest.mark.parametrize("steps", [[], [step(None)], [step(math.nan)]])
def test_a_lineage_without_values_is_still_a_figure(steps: list[Step]) -> None:
    figure = lineage(steps, LOSS, "p")
    ET.fromstring(figure.drawing)
    json.loads(figure.payload)


# --- record text ------------------------------------------------------------------------------


class Seen(HTMLParser):
    """Which elements a browser would make."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("text", HOSTILE)
def test_record_text_never_becomes_markup(text: str) -> None:
    for figure in (
        lines([Curve(text, [(0, 1.0), (1, 2.0)], text, "minimize"), Curve(f"{text}2", [])], "c"),
        lineage(
            [step(1.0, text), step(None, text, failed=1)], Quantity(text, text, "maximize"), "p"
        ),
    ):
        seen = Seen()
        seen.feed(figure.drawing)
        assert set(seen.tags) <= {"svg", "g", "line", "path", "circle", "text", "title", "a"}
        assert not any(name.startswith("on") or name == "style" for name in seen.attributes)
        ET.fromstring(figure.drawing)
        assert not re.search("[<>&\u2028\u2029]", figure.payload)
        told = strings(json.loads(figure.payload))
        assert printable(text) in told


def test_a_cell_is_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(as_csv(["a"], [[text] for text in HOSTILE]).decode())))
    assert rows[-1] == ["'" + HOSTILE[-1]]
    assert as_csv(["a"], [[-1.5]]) == b"a\r\n-1.5\r\n"


@given(st.recursive(st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.booleans()),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_a_payload_is_the_same_json_and_safe_in_a_script(value: object) -> None:
    text = for_script(value)
    assert not re.search("[<>&\u2028\u2029]", text)
    assert json.loads(text) == json.loads(
        json.dumps(value, default=str).replace("NaN", "null").replace("-Infinity", "null")
        .replace("Infinity", "null")
    ) or "NaN" in json.dumps(value) or "Infinity" in json.dumps(value)  # fmt: skip


def test_a_drawing_holds_nothing_that_runs_or_loads() -> None:
    for name in ("script", "foreignObject", "image", "use", "style"):
        with pytest.raises(ValueError, match="holds no"):
            tag(name)
    for attribute in ("onclick", "style", "xlink_href", "src"):
        with pytest.raises(ValueError, match="holds no"):
            tag("g", **{attribute: "x"})
    with pytest.raises(UnsafeError):
        lineage([Step("x", 1.0, None, None, 1, 0, "javascript:alert(1)")], LOSS, "p")


@pytest.mark.parametrize(
    ("value", "text"), [(-0.04, "0"), (-0.06, "-0.1"), (12.0, "12"), (-30.04, "-30"), (0.5, "0.5")]
)
def test_a_coordinate_is_short(value: float, text: str) -> None:
    assert place(value) == text


# --- specifications ---------------------------------------------------------------------------


def strings(part: object) -> list[str]:
    if isinstance(part, dict):
        return [text for item in part.values() for text in strings(item)]
    if isinstance(part, list):
        return [text for item in part for text in strings(item)]
    return [part] if isinstance(part, str) else []


RUNGS = {"forest", "ratios", "boxes", "levels", "levels-ratio", "checks"}


def test_specifications_know_our_columns_and_load_nothing() -> None:
    known = specifications()
    assert known.keys() == FIELDS.keys()
    for kind, spec in known.items():
        text = json.dumps(spec)
        assert "http" not in text
        assert '"url"' not in text
        fields = set(re.findall(r'"field": "(\w+)"', text)) | set(re.findall(r"datum\.(\w+)", text))
        made = set(re.findall(r'"as": "(\w+)"', text)) | {"value"}  # of an axis: its tick
        assert fields <= {*FIELDS[kind], "name", *made}
        places = {text for text in strings(spec) if text.startswith("@")}
        own = {"@bases", "@highs", "@lows", "@labels", "@ticks", "@height"}
        texts = own if kind == "timeline" else {"@height"} if kind in RUNGS else set()
        assert places <= {"@x", "@y", "@first", "@last", "@low", "@high", *texts}


def test_specifications_are_the_same_in_every_process() -> None:
    code = "import json; from labrec.site.charts.specifications import *; print(json.dumps(specifications()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == specifications()


def test_the_bundle_is_made_once() -> None:
    made = bundle()
    assert b"BSD 3-Clause" in made[:200]
    assert made.rstrip().endswith(b"})();")
    assert bundle(made) is made
    assert bundle(b"/* labrec charts 0 */\n" + made) is not made


# --- thousands of points ----------------------------------------------------------------------


def crowd(count: int) -> list[Step]:
    """Experiments of which every tenth failed, every tenth has no value, and one is far out."""
    steps = [Step(f"e{at}", 5 + at % 7 / 10, None, None, 1, 0, "#x-1") for at in range(count)]
    steps[::10] = [step._replace(n_failed=1) for step in steps[::10]]
    steps[5::10] = [step._replace(mean=None, n=0) for step in steps[5::10]]
    steps[3] = steps[3]._replace(mean=1e6)
    return steps


def test_a_crowd_is_drawn_by_few_elements_and_each_stands_where_it_would_alone() -> None:
    count = 2000
    drawing = lineage(crowd(count), Quantity("loss", direction="minimize"), "c").drawing
    assert drawing.count("<") < 120
    dots, silent, failed = (
        re.search(rf'<path d="([^"]*)" class="{look}"/>', drawing)
        for look in ("lr-dots", "lr-dots lr-muted", "lr-failed")
    )
    assert dots is not None
    assert silent is not None
    assert failed is not None
    links = drawing.count("<a ")
    assert dots[1].count("M") + links == count * 9 // 10
    assert silent[1].count("M") == count // 10
    assert failed[1].count("l7,7") + drawing.count('class="lr-failed"') - 1 == count // 10
    assert links == 2  # the first, which is a best, and what lies beyond
    assert "lr-beyond" in drawing
    whole = lineage(crowd(40), Quantity("loss", direction="minimize"), "c").drawing
    assert whole.count("<a ") == 40


def test_a_long_payload_lies_beside_its_page() -> None:
    short = lineage(crowd(40), Quantity("loss"), "c")
    assert apart(short) is short
    long = lineage(crowd(2000), Quantity("loss"), "c")
    found = apart(long)
    assert (found.payload, found.csv, found.drawing) == ("", long.csv, long.drawing)
    ((name, script),) = found.files.items()
    assert name == found.source
    called = name.removesuffix(".js")
    assert script.decode() == (
        f'(self.labrecParts=self.labrecParts||[]).push(["{called}",{long.payload}]);\n'
    )
    other = apart(lineage(crowd(2001), Quantity("loss"), "c"))
    assert other.source != name


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ([1, None, -2], ["1", "", "-2"]),
        ([0.1, None, 0.0, 1e-7], ["0.1", "", "0.0", "1e-07"]),
        ([0.1, math.nan, math.inf], ["0.1", "NaN", "Infinity"]),
        (["a", None, "b"], ["a", "", "b"]),
        (["a", "=b", "-"], ["a", "'=b", "'-"]),
        (["a", "b\u202ec\nd"], ["a", "bc d"]),
        ([True, "x", 2], ["True", "x", "2"]),
    ],
)
def test_a_column_of_csv_is_exact_and_safe(column: list[object], cells: list[str]) -> None:
    text = columns_csv(["head", "at"], [column, list(range(len(column)))]).decode()
    rows = list(csv.reader(io.StringIO(text)))
    assert [row[0] for row in rows[1:]] == cells


def test_columns_are_written_as_a_writer_of_csv_writes_rows() -> None:
    texts = ["", "a", "a,b", '"q"', " lead", "a;b", "\\", "é", "'", "0"]
    columns: list[list[object]] = [
        list(texts),
        [None, *texts[1:]],
        [0.5, -0.0, 1e300, None, 2, 10**30, 3.0, 4.0, 5.0, 6.0],
        [True, 'x,"y', 2.5, None, 1, "z", False, "", "b", 7],
        [None] * len(texts),
    ]
    header = ("a", "b,c", "d", "e", "f")
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([header, *zip(*columns, strict=True)])
    assert columns_csv(header, columns) == out.getvalue().encode()
