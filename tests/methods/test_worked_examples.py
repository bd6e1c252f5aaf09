"""The worked examples of the hand-written pages about methods are run as they stand there."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

PAGES = sorted(
    page for page in (Path(__file__).parents[2] / "docs" / "methods").glob("*.md")
    if ">>>" in page.read_text()
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_an_example_prints_what_the_page_says(page: Path):
    found = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert found.attempted > 0
    assert found.failed == 0
