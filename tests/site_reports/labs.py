"""A lab as tables alone, with reports about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.site.tables_of import digest, run_id
from tests.site_pages.labs import study

from labrec.site.reports.library import Library
from labrec.site.reports.render import render

if TYPE_CHECKING:
    from pathlib import Path

    from tests.site_pages.labs import Tables

    from labrec.site.collect import Site
    from labrec.site.reports.article import Article
    from labrec.site.reports.render import Told

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def lab() -> Tables:
    """The study of the pages, with evidence, a design and a feature."""
    found = study()
    found.add("features", run_id=run_id(4), record_digest=digest("lm record 4"), path="model.depth",
              value="4", number=4.0, kind="number")  # fmt: skip
    evidence = {"hypothesis": "deeper", "registration": digest("lm deeper")}
    found.add("evidence", **evidence, experiment=digest("lm 2_from_1_deep"), kind="confirmatory",
              name="2_from_1_deep", n_metrics=1, score=2.0, confidence=0.5, contribution=1.0)  # fmt: skip
    found.add("evidence_runs", **evidence, run_id=run_id(4), record_digest=digest("lm record 4"),
              experiment=digest("lm 2_from_1_deep"), part="treatment", kind="confirmatory")  # fmt: skip
    design = digest("a design")
    found.add("designs", design=design, name="1_base 3 factors", metric="loss", unit="nat",
              direction="minimize", level=0.95, factors=["a", "b"], shape="complete")  # fmt: skip
    found.add("cells", design=design, metric="loss", unit="nat", cell="a", on=["a"], n=3, mean=1.5,
              record_digests=[digest("lm record 1")])  # fmt: skip
    return found


def site_of(folder: Path, tables: Tables | None = None, **reports: str | bytes) -> Site:
    """Return a site with reports: slug to Markdown."""
    made = (tables or lab()).site(folder)
    sources = {
        slug.replace("_", "-"): text if isinstance(text, bytes) else text.encode()
        for slug, text in reports.items()
    }
    return made.having(Library(sources, {"img/plot.png": PNG}))


def rendered(site: Site, slug: str = "report") -> Article:
    """Return a report that holds no mistake."""
    article, wrong = render(site, site.library, slug)
    assert [str(one) for one in wrong] == []
    assert article is not None
    return article


def mistakes(site: Site, slug: str = "report") -> list[Told]:
    """Return what is wrong with a report."""
    article, wrong = render(site, site.library, slug)
    assert article is None
    assert wrong
    return wrong


def shown(site: Site, text: str) -> Any:
    """Return the text of a reference in a report of a site: what a reader sees."""
    import html
    import re

    library = Library({"one": text.encode()}, site.library.files)
    article, wrong = render(site, library, "one")
    assert [one.reason for one in wrong] == []
    assert article is not None
    return html.unescape(re.sub(r"<[^>]*>", "", article.fragment))
