"""What a theme has alike on every page is kept once, and holds no text of the lab."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from labrec.site import frame, shared, shell, theme
from labrec.site.settings import SiteSettings
from labrec.site.sources import Sources

if TYPE_CHECKING:
    from labrec.site.shell import Shells

EVIL = "</script><script>window.ran = 1</script>"
SOURCES = Sources(
    {"index.md": b"# A lab\n", "one.md": b"# One\n", "two/a.md": b"# Two\n", "two/b.md": b"# B\n"}
)
NAV = (
    (f"One {EVIL}", "one.md"),
    ("Several & more", (("", "two/a.md"), ("", "two/b.md"))),
    ("Elsewhere", "https://example.org/"),
)


@pytest.fixture(scope="module")
def shells() -> Shells:
    return shell.render(SiteSettings(f"Depth {EVIL}", author="Ann", nav=NAV), SOURCES)


def _script(shells: Shells) -> str:
    (found,) = [data for name, data in shells.files.items() if "/shared-" in name]
    return found.decode()


def test_pages_of_which_there_are_thousands_are_light(shells: Shells) -> None:
    light, whole = shells.kinds["page"].parts, shells.kinds["runs"].parts
    assert len("".join(light)) < len("".join(whole)) - 3000
    text = "".join(light)
    assert "<svg" not in text
    assert "md-nav__link" not in text
    assert text.count("<script") == 2  # the shared one and the theme's


def test_a_light_page_keeps_its_links_and_their_names(shells: Shells) -> None:
    text = "".join(shells.kinds["page"].parts)
    names = re.findall(r'<li(?: data-labrec-nested)?><a href="[^"]*">([^<]*)</a>', text)
    assert names[1].startswith("One &lt;/script&gt;")
    assert names[2:5] == ["Several &amp; more", "Elsewhere", "Runs"]
    assert 'href="https://example.org/"' in text
    assert text.count("<li data-labrec-nested>") == 1  # that of several pages


def test_the_script_holds_no_text_of_the_lab(shells: Shells) -> None:
    script = _script(shells)
    for text in ("Depth", "One", "Several", "Elsewhere", "window.ran", "Ann", "example.org"):
        assert text not in script
    assert "</script>" in script  # of the theme's own settings, in a file: it ends nothing
    plain = shell.render(SiteSettings("A lab"), Sources({"index.md": b"# A lab\n"}))
    assert _script(plain) == script


def test_a_page_that_is_not_as_expected_stays_as_it_is() -> None:
    plain = frame.Framed(f"<body><nav>Home</nav><article>{theme.CONTENT}</article></body>", {})
    assert shared.shared(plain) == plain
    odd = (
        '<ul class="md-nav__list" data-md-scrollfix><li><a href="x">no span</a></li></ul></nav>'
        '</div></div></div><div class="md-content" data-md-component="content"></div>'
    )
    assert theme.lightened(odd) is None


def test_styles_of_the_theme_are_one_file_on_every_page(shells: Shells) -> None:
    (name,) = [name for name in shells.files if name.endswith(".css")]
    data = shells.files[name].decode()
    assert "--md-primary-fg-color" in data  # of one of them
    assert ".md-typeset" in data  # and of the other
    assert "sourceMappingURL" not in data
    pages = [data.decode() for path, data in shells.files.items() if path.endswith(".html")]
    pages += ["".join(one.parts) for one in shells.kinds.values()]
    for text in pages:
        assert name in text
        assert text.count(".min.css") == 1


def test_style_sheets_that_are_not_the_themes_own_stay() -> None:
    text = "".join(
        f'<link rel="stylesheet" href="{frame.ROOT}assets/{name}.css">' for name in ("a", "b")
    )
    pages = {"index.html": frame.Framed(text, {})}
    rendered = {"assets/a.css": b"a{}", "assets/b.css": b"b{}"}
    assert shared.one_style(pages, rendered) == (pages, rendered)
