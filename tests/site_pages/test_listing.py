"""Listings as values: what is in the page, what a script finds beside it."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.site_pages.labs import Tables

from labrec.errors import UnsafeError
from labrec.record.wording import (
    counted,
    decimals_of,
    duration,
    estimate,
    fixed,
    listed,
    number,
    p_value,
    percent,
)
from labrec.site.build import build
from labrec.site.columnar import packed
from labrec.site.listing import (
    FIRST,
    MARKS,
    PART,
    Cell,
    Column,
    Lines,
    Listing,
    amount,
    listing,
    moment,
    words,
)
from labrec.site.pages.project_listings import runs
from labrec.site.settings import SiteSettings
from labrec.site.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from labrec.site.page import Later

COLUMNS = (Column("Name"), Column("Value", "number"))


def rows_of(count: int) -> list[list[Cell]]:
    return [[words(f"run {at}"), amount(float(at))] for at in range(count)]


def test_a_short_listing_needs_no_script() -> None:
    found = listing("runs", "Runs", COLUMNS, rows_of(FIRST))
    assert (found.total, len(found.rows), found.payload) == (FIRST, FIRST, "")


def test_a_long_listing_has_all_rows_beside_the_first() -> None:
    found = listing("runs", "Runs", COLUMNS, rows_of(10_000), "runs.csv")
    assert (found.total, len(found.rows)) == (10_000, FIRST)
    payload = json.loads(found.payload)
    assert payload["rows"] == 10_000
    assert payload["anchor"] == {"all": ""}
    name, value = payload["columns"]
    assert (name["text"]["pre"], name["text"]["rest"][9_999]) == ("run ", "9999")
    assert name["sort"] == {"all": ""}  # by its text
    assert (value["text"][9_999], value["sort"][9_999]) == ("9,999", 9999.0)
    assert value["mark"] == {"all": 0}


def test_a_cell_as_the_script_reads_it() -> None:
    cells = [
        Cell("A", "a", "p/lm/index.html", "better", "x-1"),
        amount(None),
        amount(math.nan),
        words(""),
        Cell("≈ 3", 3.0),
    ]
    columns = [Column("c")] * len(cells)
    rows = [cells, cells[::-1]] * FIRST
    found = json.loads(listing("l", "L", columns, rows).payload)["columns"]
    first = [{key: read(column[key], 0) for key in column} for column in found]
    assert first == [
        {"text": "A", "sort": "", "href": "p/lm/index.html", "mark": MARKS.index("better")},
        {"text": "—", "sort": None, "href": "", "mark": MARKS.index("missing")},
        {"text": "NaN", "sort": None, "href": "", "mark": MARKS.index("odd")},
        {"text": "", "sort": None, "href": "", "mark": 0},
        {"text": "≈ 3", "sort": 3.0, "href": "", "mark": 0},
    ]


def read(column: Any, at: int) -> Any:
    """Read a value of a packed column, as the script does."""
    if isinstance(column, list):
        return column[at]
    if "of" in column:
        return column["of"][column["at"][at]]
    if "rest" in column:
        return column["pre"] + column["rest"][at] + column["post"]
    return column["all"]


@given(
    st.lists(st.one_of(st.none(), st.floats(allow_nan=False), st.sampled_from(["", "ab", "abc"])),
             min_size=1),
    st.lists(st.text(alphabet="ab/", max_size=6).map("p/x/{}/index".format), min_size=1),
)  # fmt: skip
def test_a_packed_column_is_the_column(mixed: list[Any], texts: list[str]) -> None:
    for values in (mixed, texts, mixed * 5, texts * 5):
        packed_ = json.loads(json.dumps(packed(values)))
        assert [read(packed_, at) for at in range(len(values))] == values


def test_a_listing_leads_nowhere_else_and_has_a_cell_a_column() -> None:
    with pytest.raises(UnsafeError):
        listing("l", "L", [Column("c")], [[Cell("x", None, "javascript:alert(1)")]])
    with pytest.raises(ValueError, match="2 cells for 1 columns"):
        listing("l", "L", [Column("c")], [[words("a"), words("b")]])


def test_what_is_missing_and_what_is_no_number_are_told_apart() -> None:
    assert amount(None).mark == "missing"
    assert amount(math.inf) == Cell("∞", None, "", "odd")
    assert amount(0.5, mark="better") == Cell("0.5", 0.5, "", "better")
    assert moment(None) == Cell("undated", None, "", "missing")


# --- wording ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"), (0, "0"), (0.0, "0"), (-0.0, "0"), (12, "12"), (12345, "12,345"),
        (0.969686, "0.9697"), (-1.5, "−1.5"), (1234.5678, "1,235"), (1e-5, "1×10⁻⁵"),
        (-1.25e9, "−1.25×10⁹"), (math.nan, "NaN"), (math.inf, "∞"), (-math.inf, "−∞"),
        (100.0, "100"), (0.0001, "0.0001"),
    ],
)  # fmt: skip
def test_a_number_reads_well(value: float | None, text: str) -> None:
    assert number(value) == text


@given(st.floats(-1e300, 1e300))
def test_a_number_is_off_by_less_than_its_digits(value: float) -> None:
    text = number(value).replace("−", "-").replace(",", "")
    if "×10" in text:
        mantissa, _, power = text.partition("×10")
        text = f"{mantissa}e{power.translate(str.maketrans('⁻⁰¹²³⁴⁵⁶⁷⁸⁹', '-0123456789'))}"
    assert math.isclose(float(text), value, rel_tol=6e-4, abs_tol=5e-324)


@pytest.mark.parametrize(
    ("given_", "told"),
    [
        ((0.31, 0.28, 0.34), ("0.310", "0.280", "0.340")),
        ((1234.5, 1200.0, 1270.0), ("1,234", "1,200", "1,270")),
        ((-0.0021, -0.0033, -0.0009), ("−0.0021", "−0.0033", "−0.0009")),
        ((5.0, None, None), ("5", "—", "—")),
        ((5.0, 5.0, 5.0), ("5", "5", "5")),
        ((1e9, 0.9e9, 1.1e9), ("1×10⁹", "9×10⁸", "1.1×10⁹")),
    ],
)
def test_an_estimate_has_the_digits_that_its_interval_deserves(
    given_: tuple[float, float | None, float | None], told: tuple[str, str, str]
) -> None:
    assert estimate(*given_) == told


@given(st.floats(1e-8, 1e5))
def test_an_uncertainty_has_two_digits(spread: float) -> None:
    decimals = decimals_of(spread)
    assert decimals is not None
    if 0 < decimals < 10:
        shown = fixed(spread, decimals).replace(",", "")
        assert len(shown.replace(".", "").lstrip("0")) in {2, 3}


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0001, "p < 0.001"), (0.0021, "p = 0.002"), (0.0496, "p = 0.050"), (0.31, "p = 0.31"),
        (1.0, "p > 0.99"), (None, "p —"), (math.nan, "p —"),
    ],
)  # fmt: skip
def test_a_p_value_claims_no_more_than_it_knows(p: float | None, text: str) -> None:
    assert p_value(p) == text


def test_small_words() -> None:
    assert (counted(1, "run"), counted(0, "run"), counted(2, "try", "tries")) == (
        "1 run", "0 runs", "2 tries",
    )  # fmt: skip
    assert [listed(list("abc"[:n])) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert percent(0.95) == "95\xa0%"
    assert [duration(s) for s in (None, 0.42, 192, 18_120, 273_600)] == [
        "—", "0.4 s", "3 min 12 s", "5 h 02 min", "3 d 4 h",
    ]  # fmt: skip


# --- parts ------------------------------------------------------------------------------------


def lines_of(values: Sequence[float], made: list[float]) -> Lines[float]:
    def cells(value: float) -> list[Cell]:
        made.append(value)
        return [words(f"run {value}"), amount(value)]

    return Lines(values, cells, lambda value: (f"run {value}", value))


def rows_in(found: Listing) -> list[str]:
    """Return the names of the rows of all parts, in order."""
    names = []
    for path in found.files:
        given = re.fullmatch(rb'.*push\(\["([^"]+)",(.*)\]\);\n', found.files[path].make())
        assert given is not None
        assert f"rows/{given[1].decode()}.js" == path
        value = json.loads(given[2])
        names += [read(value["columns"][0]["text"], at) for at in range(value["rows"])]
    return names


def test_parts_have_all_rows_in_order_and_are_made_when_they_are_wanted() -> None:
    made: list[float] = []
    values = [float(at) for at in range(5000)]
    found = listing("runs", "Runs", COLUMNS, lines_of(values, made), "runs.csv")
    assert (found.total, len(found.rows), made) == (5000, FIRST, values[:FIRST])
    given = json.loads(found.payload)
    assert given["rows"] == 5000
    assert [f"rows/{name}.js" for name in given["parts"]] == list(found.files)
    assert rows_in(found) == [f"run {value}" for value in values]
    assert 5000 / PART / 2 < len(given["parts"]) < 5000 / PART * 2


@pytest.mark.parametrize("at", [0, 1, 2500, 5000])
def test_a_row_more_or_another_one_changes_the_part_that_it_is_in(at: int) -> None:
    values = [float(at) for at in range(5000)]
    before = listing("runs", "Runs", COLUMNS, lines_of(values, [])).files.keys()
    more = listing("runs", "Runs", COLUMNS, lines_of([*values[:at], -1.5, *values[at:]], []))
    assert len(more.files.keys() - before) == 1
    assert len(before - more.files.keys()) == 1


def test_a_part_is_another_one_where_all_rows_are() -> None:
    lines = lines_of([float(at) for at in range(1000)], [])
    one = listing("runs", "Runs", COLUMNS, lines).files.keys()
    for other in (
        listing("runs", "Runs", (COLUMNS[0], Column("Other", "number")), lines),
        listing("runs", "Runs", COLUMNS, lines._replace(shared=("kg",))),
    ):
        assert not one & other.files.keys()


def test_a_part_leads_nowhere_else() -> None:
    lines = Lines(range(FIRST + 1), lambda at: [Cell("x", None, "javascript:1" * (at == FIRST))],
                  lambda at: (str(at),))  # fmt: skip
    found = listing("l", "L", [Column("c")], lines)
    with pytest.raises(UnsafeError):
        [part.make() for part in found.files.values()]


def long_project(base: float, more: int) -> Tables:
    lab = Tables("many")
    lab.experiment("1_base", [base])
    for at in range(2, 450 + more):
        lab.experiment(f"{at}_from_1", [1000.0 / at], "1_base")
    return lab


def test_a_build_after_a_change_has_the_parts_of_one_from_nothing(
    tmp_path: Path, site_cache: Path
) -> None:
    def built(lab: Tables, name: str) -> dict[str, bytes]:
        site, sources = (
            lab.site(tmp_path / f"tables of {name}"),
            Sources({"index.md": b"# A lab\n"}),
        )
        folder = tmp_path / ("anew" if name == "anew" else "site")
        build(site, SiteSettings("A lab"), sources, folder, cache=site_cache)
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*.*")
            if path.is_file()
        }

    before = built(long_project(500.0, 0), "before")
    after = built(long_project(400.0, 1), "after")
    assert after == built(long_project(400.0, 1), "anew")
    kept = {path for path in before if "/rows/" in path} & after.keys()
    assert {path.split("/rows/")[1].partition("-")[0] for path in kept} == {"experiments", "list"}


def test_parts_of_runs_are_others_where_what_they_are_set_against_is(tmp_path: Path) -> None:
    def parts(base: float) -> Mapping[str, Later]:
        site = long_project(base, 1000).site(tmp_path / str(base))
        return runs(site.project["many"].known).files

    one, other = parts(500.0), parts(400.0)
    assert len(one) == len(other) > 2
    assert not one.keys() & other.keys()
