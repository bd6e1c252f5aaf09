"""Pages that moved: the old address leads on, by browser and by reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.site.labs import add, built, commit, study

from labrec.errors import InvalidError
from labrec.site.pages import moved
from labrec.site.settings import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.site.conftest import Seen
    from tests.store.labs import GitLab

CONFIG = """\
site_url: https://example.org/lab/
extra:
  labrec:
    moved: {notes/old.md: new.md, older.md: notes/old.md, gone/index.html: data/index.html}
"""


def test_an_old_address_leads_to_the_page_in_its_place(
    lab: GitLab, site_cache: Path, look: Callable[..., Seen]
) -> None:
    commit(lab, {"site/new.md": b"# New\n", "mkdocs.yml": CONFIG.encode()})
    add(lab, study()[:2])
    built(lab, cache=site_cache)
    site = lab.path / "build/labrec/site"
    for old, new in (("notes/old", "new"), ("older", "new"), ("gone/index", "data/index")):
        text = (site / f"{old}.html").read_text("utf-8")
        assert (
            f'<link rel="canonical" href="https://example.org/lab/{new}'.removesuffix("index")
            in text
        )
        for script in (True, False):
            seen = look((site / f"{old}.html").as_uri(), java_script_enabled=script)
            seen.page.wait_for_url((site / f"{new}.html").as_uri())
    assert built(lab, cache=site_cache).rendered == 0


def test_what_leads_nowhere_or_in_a_circle_is_refused() -> None:
    known = {"new.html"}
    for wrong in ((("a.html", "b.html"),), (("a.html", "c.html"), ("c.html", "a.html"))):
        with pytest.raises(InvalidError, match="no page is"):
            list(moved.pages(wrong, known))


@pytest.mark.parametrize(
    "text",
    [
        "old.md: https://example.org",
        "old.md: ../up.md",
        "old: new",
        "'java\tscript:x.md': new.md",
        "x",
    ],
)
def test_only_pages_of_the_site_are_taken(text: str) -> None:
    given = f"{{{text}}}" if ":" in text else text
    with pytest.raises(InvalidError, match=r"extra\.labrec\.moved must be pages"):
        load(f"extra: {{labrec: {{moved: {given}}}}}".encode())
