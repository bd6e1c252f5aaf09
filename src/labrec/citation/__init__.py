"""Citing: a lab, a project, a run or a report in the forms that others read. Pure.

`Work` is what is cited, `FORMATS` writes it: for a reader (``text``), for LaTeX (``bibtex``), for
reference managers (``ris``, ``csl-json``), for repositories (``cff``) and for registries
(``datacite``). `labrec.citation.web` writes it into the head of a page.
"""

from labrec.citation.formats import FORMATS, Format
from labrec.citation.work import Author, Lab, Work, author, of_lab, of_project, of_report, of_run

__all__ = [
    "FORMATS", "Author", "Format", "Lab", "Work", "author", "of_lab", "of_project", "of_report",
    "of_run",
]  # fmt: skip
