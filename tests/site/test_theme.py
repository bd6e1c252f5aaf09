"""The theme is one module: ProperDocs makes the same of it, and another theme fits in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.site.labs import add, built, run

from labrec.site import shell, theme
from labrec.site.settings import SiteSettings
from labrec.site.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest
    from tests.store.labs import GitLab

SOURCES = Sources(
    {
        "index.md": b"# A lab\n\nWhat it is about.\n\n## Method\n\n[More](about.md#why).\n",
        "about.md": b"# About\n\n## Why\n\n```python\nx = 1\n```\n\n!!! note\n    Mind this.\n",
    }
)


def test_properdocs_makes_the_same_shells(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = SiteSettings("A lab", description="Of depth", primary="teal")
    before = shell.render(settings, SOURCES)
    monkeypatch.setattr(theme, "GENERATOR", "properdocs")
    after = shell.render(settings, SOURCES)
    assert after.kinds == before.kinds
    assert after.files == before.files


def _plain(settings: SiteSettings, sources: Sources, empty: Mapping[str, str]) -> dict[str, bytes]:
    """Stand in for a theme: a frame with a title, the navigation by name, and the content."""
    nav = " ".join(title for title in empty.values() if title)

    def page(title: str, content: str) -> bytes:
        return (
            f'<!doctype html><html><head><meta charset="utf-8"><title>{title} - {settings.name}'
            f"</title></head><body><nav>{nav}</nav><article>{content}</article></body></html>"
        ).encode()

    pages = {f"{place}.html": page(theme.TITLE, theme.CONTENT) for place in empty}
    written = {path.replace(".md", ".html"): page(path, "<p>written</p>") for path in sources.pages}
    return {**written, **pages}


def test_another_theme_fits_in_its_place(
    lab: GitLab, site_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"  # not among those of the other theme
    cache.mkdir()
    (cache / "vega.js").write_bytes((site_cache / "vega.js").read_bytes())
    add(lab, run(1, "1_base", metrics={"loss": [3.0, 2.0, 1.0]}))
    monkeypatch.setattr(theme, "render", _plain)
    monkeypatch.setattr(theme, "is_kept", lambda _path: False)
    monkeypatch.setattr(theme, "without_extras", lambda text: text)
    monkeypatch.setattr(theme, "skippable", lambda text: text)
    monkeypatch.setattr(theme, "data", lambda _start, text, _root: text)
    monkeypatch.setattr(theme, "script", lambda text, _base: text)
    report = built(lab, cache=cache)
    (found,) = report.folder.glob("p/mnist/r/*/index.html")
    text = found.read_text("utf-8")
    assert "<nav>Runs Machines" in text
    assert "1_base" in text
    assert "Content-Security-Policy" in text
    assert "md-header" not in text
    assert not list(report.folder.glob("assets/stylesheets/*"))
