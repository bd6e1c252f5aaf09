"""What the head of a page says to programs: what made it, from which records, how to cite it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from labrec._version import __version__
from labrec.citation.web import highwire, json_ld
from labrec.site import urls
from labrec.site.charts.figure import for_script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.citation import Lab, Work
    from labrec.site.page import Page

_MOST_DIGESTS: Final = 20  # records that the head of a page names


def tags(page: Page, lab: Lab) -> str:
    """Return the tags, as HTML.

    Args:
        page: The page.
        lab: What the lab says about itself: an address makes the page's own known.
    """
    return "".join(f"\n{tag}" for tag in _tags(page, lab))


def _tags(page: Page, lab: Lab) -> Iterator[str]:
    yield _meta("generator", f"labrec {__version__}")
    for digest in page.digests[:_MOST_DIGESTS]:
        yield _meta("labrec.record", digest)
    if page.moved_to:
        target = escape(page.to_root + urls.check(page.moved_to))
        yield f'<meta http-equiv="refresh" content="0; url={target}">'
    if lab.url:
        canonical = lab.url + (page.moved_to or page.url).removesuffix(urls.HOME)
        yield f'<link rel="canonical" href="{escape(canonical)}">'
    if page.url == urls.HOME:
        yield f'<link rel="feed alternate" type="application/atom+xml" href="{urls.FEED}">'
    if page.work is not None:
        yield from _citation(page.work)


def _citation(work: Work) -> Iterator[str]:
    for name, content in highwire(work):
        yield _meta(name, content)
    # data, which no browser runs: a Content-Security-Policy does not ask about it
    yield f'<script type="application/ld+json">{for_script(json_ld(work))}</script>'


def _meta(name: str, content: str) -> str:
    return f'<meta name="{name}" content="{escape(content)}">'
