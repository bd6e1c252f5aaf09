"""The pages that every project has, as the row of links on each of them.

They are the same for every project, whatever it holds: a record more never changes the links of
another page.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from labrec.site import urls


class Section(NamedTuple):
    """A link of the row.

    Attributes:
        title: What it says.
        href: Where it leads, from the root of the site.
    """

    title: str
    href: str


_SECTIONS: Final[dict[urls.Section, str]] = {
    "graph": "Graph",
    "hypotheses": "Hypotheses",
    "attribution": "Attribution",
    "hardware": "Hardware",
    "pareto": "Pareto",
    "drift": "Drift",
    "reproducibility": "Reproducibility",
    "rigor": "Rigor",
}


def sections(project: str) -> tuple[Section, ...]:
    """Return the links of a project's row, its first page first."""
    further = [Section(title, urls.section(project, which)) for which, title in _SECTIONS.items()]
    return (Section("Overview", urls.project(project)), *further)
