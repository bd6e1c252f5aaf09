"""From a rendered report to what is kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec.errors import NotFoundError
from labrec.record.text import one_line
from labrec.sdk import reports as kept
from labrec.site.reports import figures, look
from labrec.site.reports.render import path_of, refuse, render

if TYPE_CHECKING:
    from labrec.sdk.reports import Part, Rendered
    from labrec.site.charts import Figure
    from labrec.site.collect import Site
    from labrec.site.reports.article import Article, Block

_TITLE = 300  # characters of a title that is kept


def article_of(site: Site, slug: str) -> Article:
    """Render one report.

    Raises:
        NotFoundError: It is not written.
        InvalidError: It holds mistakes; all are told.
    """
    if slug not in site.library.sources:
        written = ", ".join(sorted(site.library.sources)) or "none"
        raise NotFoundError(
            f"there is no report {path_of(slug)}",
            hint=f"Reports that are written: {written}. `labrec report new SLUG` begins one.",
            paths=[path_of(slug)],
        )
    article, wrong = render(site, site.library, slug)
    refuse(wrong)
    if article is None:  # which `refuse` told
        raise NotFoundError(f"{path_of(slug)} cannot be rendered")
    return article


def rendered(site: Site, article: Article) -> Rendered:
    """Return what is kept of an article.

    Args:
        site: What it was made from.
        article: The article.
    """
    return kept.Rendered(
        article.project,
        article.slug,
        article.title,
        article.markdown,
        article.fragment.encode(),
        tuple(_part(block) for block in article.blocks),
        article.used,
        site.view_id,
    )


def _part(block: Block) -> Part:
    title = one_line(block.title, _TITLE)
    if block.figure is None:
        return kept.Part(block.name, title, block.data)
    drawing = alone(block.figure).encode()
    return kept.Part(block.name, title, block.data, block.figure.sentence, drawing)


def alone(figure: Figure) -> str:
    """Return a figure as an SVG that stands alone, with its look inside."""
    drawing = str(figures.still(figure))
    head, _, rest = drawing.partition(">")
    opened = head.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    opened = opened.replace(' xmlns="http://www.w3.org/2000/svg"', "", opened.count(" xmlns=") - 1)
    return f"{opened}><style>{look.for_drawing(figure.kind)}</style>{rest}\n"
