"""What a page says of the hypotheses of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.site import urls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.site.collect import Project


VERDICTS: Final = (
    "proposed", "testing", "supported", "refuted", "inconclusive", "suggestive",
)  # fmt: skip
"""Verdicts that a page has a look for."""


def hypotheses(project: Project) -> Iterator[dict[str, Any]]:
    """Yield the registered claims of a project that none amends, with their verdicts."""
    for row in project.hypotheses:
        if row.current:
            yield {
                "project": project.name,
                "href": f"{urls.project(project.name)}#hypotheses",
                "slug": row.hypothesis,
                "claim": row.claim,
                "shown": row.shown,
                "sentence": row.sentence,
                "decided_by": row.decided_by if row.decided is not None else None,
                "verdict": row.verdict if row.verdict in VERDICTS else "",
                "then": row.then if row.changed else None,
            }
