"""``mkdocs.yml`` is read by an allow-list: plain keys, nothing that would run or ask the network."""

from __future__ import annotations

import pytest

from labrec.errors import InvalidError
from labrec.site.settings import SiteSettings, load


def test_a_missing_or_empty_file_says_nothing() -> None:
    assert load(None) == SiteSettings()
    assert load(b"") == SiteSettings()


def test_what_labrec_init_writes_is_read() -> None:
    text = b"site_name: Depth lab\ndocs_dir: site\nsite_dir: build/labrec/site\n"
    assert load(text) == SiteSettings(name="Depth lab")


def test_every_key_that_is_read() -> None:
    found = load(
        b"""\
site_name: Depth lab
site_url: https://example.org/depth
site_description: What depth does
site_author: Ada Example
copyright: CC BY 4.0
theme:
  name: material
  language: de
  logo: img/logo.png
  favicon: img/icon.png
  palette:
    - scheme: default
      media: "(prefers-color-scheme: light)"
      primary: teal
      accent: amber
      toggle: {icon: x, name: y}
    - scheme: slate
      primary: black
nav:
  - index.md
  - About: about.md
  - Methods:
      - methods/one.md
      - Elsewhere: https://example.org/
"""
    )
    assert found == SiteSettings(
        name="Depth lab",
        url="https://example.org/depth/",
        description="What depth does",
        author="Ada Example",
        copyright="CC BY 4.0",
        language="de",
        primary="teal",
        accent="amber",
        logo="img/logo.png",
        favicon="img/icon.png",
        nav=(
            ("", "index.md"),
            ("About", "about.md"),
            ("Methods", (("", "methods/one.md"), ("Elsewhere", "https://example.org/"))),
        ),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hooks: [evil.py]", "hooks is code, and building a site runs none"),
        ("plugins: [macros]", "plugins is code"),
        ("theme: {custom_dir: overrides}", "theme.custom_dir is code"),
        ("markdown_extensions: [x]", "markdown_extensions is code"),
        ("extra_javascript: [x.js]", "extra_javascript is code"),
        ("extra_css: ['https://x/y.css']", "extra_css would have pages ask other servers"),
        ("repo_url: https://example.org", "repo_url would have pages ask other servers"),
        ("theme: {font: {text: Roboto}}", "theme.font would have pages ask other servers"),
        ("INHERIT: ../other.yml", "INHERIT is code"),
        ("site_name: !!python/name:os.system", "unknown tag"),
        ("site_name: !ENV HOME", "unknown tag"),
        ("docs_dir: /etc", "docs_dir must be site"),
        ("site_dir: ..", "site_dir must be build/labrec/site"),
        ("theme: readthedocs", "theme must be material"),
        ("theme: {palette: {primary: 'red; }'}}", "theme.palette.primary must be one of"),
        ("theme: {language: ../../x}", "theme.language must be a language"),
        ("theme: {logo: ../../etc/x.png}", "theme.logo must be"),
        ("theme: {logo: https://x/y.png}", "theme.logo must be"),
        ("site_url: javascript:alert(1)", "site_url must be an address"),
        ("site_name: [x]", "site_name must be one line"),
        ("nav: {a: b.md}", "nav must be a list"),
        ("nav: [../../etc/passwd]", "nav must be a list"),
        ("nav: [{x: 'javascript:alert(1)'}]", "nav must be a list"),
        ("nav: [[[[[[x.md]]]]]]", "nav must be a list"),
        ("extra: {analytics: {provider: x}}", "extra.analytics would have pages ask other servers"),
        ("extra: {labrec: docs}", "extra must hold labrec"),
        ("extra: {labrec: {other: 1}}", "extra.labrec.other is not read"),
        ("extra: {labrec: {manual: ../docs}}", "extra.labrec.manual must be a folder"),
        ("extra: {labrec: {manual: /etc}}", "extra.labrec.manual must be a folder"),
        ("extra: {labrec: {manual: records/lm}}", "neither site/ nor records/"),
        ("extra: {labrec: {doi: 'https://doi.org/10.1/x'}}", "extra.labrec.doi must be a DOI"),
        ("- a list", "it must be a mapping"),
        ("site_name: a\nsite_name: b", "twice"),
    ],
)
def test_what_is_refused_says_why(text: str, said: str) -> None:
    with pytest.raises(InvalidError) as caught:
        load(text.encode())
    assert said in caught.value.message
    assert caught.value.hint


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(InvalidError) as caught:
        load(b"hooks: [x]\nplugins: [y]\nsite_name: 7\nunheard_of: 1\n")
    assert caught.value.message.count(";") == 3
    assert "unheard_of is not read" in caught.value.message
