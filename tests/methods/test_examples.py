"""Every statistic says where it is from, what it assumes, and how it comes out: that is run here.

Worked examples stand in docstrings and on the hand-written pages about methods, in one form.
"""

from __future__ import annotations

import doctest
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.methods.shapes import functions, makes_numbers, modules

if TYPE_CHECKING:
    from types import FunctionType

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page for page in (ROOT / "docs" / "methods").glob("*.md") if ">>>" in page.read_text()
)
MODULES = {module.__name__: module for module in modules()}
SOURCE = re.compile(
    r"\b(1[6-9]|20)\d\d\b|[Bb]y (its |their )?definition|the definition of|labrec's\s+own"
)
ASSUMES = re.compile(r"\b[Aa]ssum(es?|ing)\b")

PLUMBING: dict[str, str] = {
    "attribution.design.Attribution.effect": "looks up an effect",
    "attribution.design.checked": "checks a design",
    "attribution.found.placed": "makes a design of runs",
    "attribution.hosts.declared": "reads a definition",
    "attribution.live.live": "makes designs of calls",
    "calls.unpacked": "reads what was packed",
    "conditions.confounding.Circumstances.where": "leaves runs out",
    "conditions.layout.Runs.where": "leaves runs out",
    "conditions.levels.levels": "reads the levels that runs have",
    "evidence.claims.claims": "reads registrations",
    "evidence.defined.in_force": "looks up a definition",
    "evidence.defined.resolutions": "looks up definitions",
    "evidence.judge.judge": "puts together what others compute",
    "evidence.places.places": "says in words which place a run has",
    "meaning.Meaning.settle": "takes values as definitions say",
    "replicates.distinct": "leaves runs out",
    "replicates.rounded": "writes a number",
    "runs.Runs.some": "leaves runs out",
    "seen.Source.points": "is how a source is asked",
    "trends.pareto.Front.member": "looks up an experiment",
}
"""What makes numbers by its shape and is no statistic, with the reason."""


def _named() -> set[str]:
    rows = (Path(__file__).parent / "rows").glob("*.toml")
    topics = [tomllib.loads(path.read_text("utf-8")) for path in rows]
    return {name for topic in topics for row in topic["method"] for name in row["functions"]}


def _statistics() -> dict[str, FunctionType]:
    """Return what the methods page names, what is in stats, and what makes numbers of values."""
    public = dict(pair for module in MODULES.values() for pair in functions(module))
    return {
        name: function
        for name, function in public.items()
        if name in NAMED or name.startswith("stats.") or makes_numbers(function)
    }


NAMED = _named()
STATISTICS = _statistics()
ASKED = sorted(STATISTICS.keys() - PLUMBING.keys())


def _failures(test: doctest.DocTest) -> str:
    said: list[str] = []
    doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    return "".join(said)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_an_example_of_a_page_prints_what_the_page_says(page: Path):
    parser = doctest.DocTestParser()
    test = parser.get_doctest(page.read_text("utf-8"), {}, page.stem, str(page), 0)
    assert _failures(test) == ""


@pytest.mark.parametrize("name", MODULES)
def test_an_example_of_a_docstring_prints_what_it_says(name: str):
    found = doctest.DocTestFinder(exclude_empty=True).find(MODULES[name])
    assert "".join(map(_failures, found)) == ""


@pytest.mark.parametrize("name", ASKED)
def test_a_statistic_says_its_source_what_it_assumes_and_how_it_comes_out(name: str):
    said = STATISTICS[name].__doc__ or ""
    examples = doctest.DocTestParser().get_examples(said)
    called = re.compile(rf"\b{STATISTICS[name].__name__}\(")
    assert any(called.search(one.source) for one in examples), "no example calls it"
    assert SOURCE.search(said), "it names no source"
    assert ASSUMES.search(said), "it does not say what it assumes"


def test_what_is_no_statistic_is_known_and_has_a_reason():
    assert set(PLUMBING) <= set(STATISTICS) - NAMED
    assert set(STATISTICS) >= NAMED
    assert all(PLUMBING.values())
