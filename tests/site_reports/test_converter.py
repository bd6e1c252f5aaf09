"""Markdown of a report runs beside the build, for a bounded time."""

from __future__ import annotations

import pytest
from tests.site_reports.labs import site_of

from labrec.site.reports import converter
from labrec.site.reports.parser import Mistake
from labrec.site.reports.render import render

DEEP = "\n".join(f"{' ' * 4 * depth}- x" for depth in range(300))


def test_it_is_what_markdown_makes() -> None:
    text = "# A head\n\n*text* lrq0z \u202e <b>x</b>\n\n- one\n"
    assert converter.convert(text, "lrq") == converter.here(text, "lrq")


def test_a_report_that_takes_too_long_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converter, "TIMEOUT_S", 1.0)
    with pytest.raises(Mistake, match=r"longer than 1\.0 s"):
        converter.convert("[" * 50_000, "lrq")


def test_a_report_that_is_nested_too_deeply_is_a_mistake(tmp_path) -> None:
    site = site_of(tmp_path, report=DEEP)
    article, wrong = render(site, site.library, "report")
    assert article is None
    assert ["deep inside one another" in one.reason for one in wrong] == [True]
