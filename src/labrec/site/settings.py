"""What a lab says about its site: an allow-list of plain keys of ``mkdocs.yml``. Pure."""

from __future__ import annotations

from typing import NamedTuple


class SiteSettings(NamedTuple):
    """How the site is called and looks.

    Attributes:
        name: What the lab is called.
        url: Address it is published at, ends in ``/``; empty = not known.
        description: One sentence about the lab.
        author: Who answers for it.
        copyright: A line at the foot of each page.
        language: Language of the theme's own words.
        primary: Colour of the header.
        accent: Colour of what one points at.
        nav: Hand-written pages in order: title, or empty for the page's own, and path under
            ``site/``.
    """

    name: str = "Lab"
    url: str = ""
    description: str = ""
    author: str = ""
    copyright: str = ""
    language: str = "en"
    primary: str = "indigo"
    accent: str = "indigo"
    nav: tuple[tuple[str, str], ...] = ()
