"""What the head of a page says of the work that it shows, to search engines and reference tools.

JSON-LD in the vocabulary of schema.org (version 28), as Google Dataset Search reads it;
``citation_*`` tags as HighWire Press defined them and Google Scholar and Zotero read them. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.citation.work import Work

_TYPES = {"lab": "DataCatalog", "project": "Dataset", "run": "Dataset", "report": "Report"}


def json_ld(work: Work) -> dict[str, Any]:
    """Return a work in the vocabulary of schema.org, as a JSON value."""
    fields: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": _TYPES[work.kind],
        "name": work.title,
        "description": _description(work),
        "creator": [
            {"@type": "Person" if one.person else "Organization", "name": one.name}
            for one in work.authors
        ],
        "datePublished": f"{work.issued:%Y-%m-%d}",
        "publisher": {"@type": "Organization", "name": work.publisher},
        "identifier": [f"https://doi.org/{work.doi}"] * bool(work.doi)
        + [work.name] * bool(work.name),
        # that of a run is in its identifier
        "version": "" if work.kind == "run" else work.version,
        "url": work.url,
        "includedInDataCatalog": {"@type": "DataCatalog", "name": work.publisher,
                                  "url": work.part_of}
        if work.part_of and _TYPES[work.kind] == "Dataset"
        else None,
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value}


def _description(work: Work) -> str:
    what = {
        "lab": "Records of research runs, with the statistics on them",
        "project": "Records of the runs of a research project, with the statistics on them",
        "run": "The record of a research run: what it was, where it ran, what it measured",
        "report": "A report on research runs, with the records that it rests on",
    }[work.kind]
    return f"{what}."


def highwire(work: Work) -> Iterator[tuple[str, str]]:
    """Yield name and content of each ``citation_*`` tag."""
    yield "citation_title", work.title
    for one in work.authors:
        yield "citation_author", one.name
    yield "citation_publication_date", f"{work.issued:%Y/%m/%d}"
    yield "citation_publisher", work.publisher
    if work.kind == "report":
        yield "citation_technical_report_institution", work.publisher
        yield "citation_technical_report_number", work.name
    if work.doi:
        yield "citation_doi", work.doi
    if work.url:
        yield "citation_public_url", work.url
