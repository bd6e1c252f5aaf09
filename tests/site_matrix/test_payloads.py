"""Nothing that a record says runs on any kind of page, whichever column of a table it stands in.

The browser is told to ignore Content-Security-Policy here: what is proven is the escaping alone.
Pages of runs are made from records, not from tables: `tests/site/test_hostile.py` has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.site_matrix.conftest import FULL, LOOKED, OURS, ROOT, VIEWS, payloads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.site_matrix.conftest import Built, Eye

EACH = 700  # texts of one lab
SENTINEL = """
    window.alert = window.confirm = window.prompt = window.print = () => { window.ran = 1; };
    window.open = () => { window.ran = 1; };
"""
FOUND = """root => ({
    ran: window.ran,
    handlers: [...document.querySelectorAll('*')].filter(e => [...e.attributes]
        .some(a => a.name.startsWith('on'))).map(e => e.outerHTML.slice(0, 200)),
    links: [...document.querySelectorAll('[href], [src], [action], [data]')]
        .map(e => e.getAttribute('href') || e.getAttribute('src') || e.getAttribute('action')
                  || e.getAttribute('data'))
        .filter(u => u && /^[^/?#]*:/.test(u) && !u.startsWith(root)),
    scripts: [...document.querySelectorAll('article script')].map(e => e.type)
        .filter(t => t !== 'application/json'),
    styles: [...document.querySelectorAll('article [style]')]
        .filter(e => !e.closest('.lr-canvas')).map(e => e.outerHTML.slice(0, 200)),
    titles: document.querySelectorAll('title').length - document.querySelectorAll('svg title').length,
})"""


def _texts() -> list[list[str]]:
    """Return the texts of each lab that is looked at."""
    folder = ROOT.parent / "shared" / "data"
    if not FULL or not folder.is_dir():
        return [list(OURS)]
    every = payloads(lambda path: folder / path)
    return [every[at : at + EACH] for at in range(0, len(every), EACH)]


def _look_through(eye: Eye, built: Built) -> None:
    for kind, urls in built.pages.items():
        for url in urls:
            eye.page.goto((built.folder / url).as_uri())
            eye.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            for figure in eye.page.locator("figure:has(script[data-labrec-chart])").all()[:6]:
                figure.scroll_into_view_if_needed()
            eye.page.wait_for_timeout(150)
            found = eye.page.evaluate(FOUND, built.folder.as_uri())
            assert found == {
                "ran": None, "handlers": [], "links": [], "scripts": [], "styles": [], "titles": 1,
            }, (kind, url)  # fmt: skip


@pytest.mark.parametrize("part", range(len(_texts())))
def test_no_text_of_a_table_runs_or_leads_away(
    hostile: Callable[[list[str]], Built], look: Callable[..., Eye], part: int
) -> None:
    built = hostile(_texts()[part])
    for view in LOOKED:
        eye = look(**VIEWS[view], bypass_csp=True, accept_downloads=False)
        eye.page.add_init_script(SENTINEL)
        _look_through(eye, built)
        assert [
            url for url in eye.asked if not url.startswith((built.folder.as_uri(), "data:"))
        ] == []
        assert "a dialog" not in eye.said


def test_no_page_asks_another_server_or_breaks_its_own_policy(
    own: Built, look: Callable[..., Eye]
) -> None:
    eye = look(**VIEWS["light-desktop"])
    for urls in own.pages.values():
        for url in urls:
            eye.page.goto((own.folder / url).as_uri())
            eye.page.mouse.wheel(0, 1500)
            eye.page.wait_for_timeout(100)
    assert [url for url in eye.asked if not url.startswith((own.folder.as_uri(), "data:"))] == []
    assert eye.said == []


def test_every_table_with_text_is_looked_at(tables: Path) -> None:
    """A column that is new and free belongs into `FREE`: those that are left are of a closed set."""
    import polars as pl
    from tests.site_matrix.conftest import FREE

    from labrec.analytics.tables import TABLES

    unknown = FREE - {column.name for table in TABLES.values() for column in table.columns}
    assert unknown == set()
    assert pl.read_parquet(tables / "runs.parquet").height > 10
