"""What is cited: one value for everything that has a page. Pure.

Names of people stay as they were given: which part of a name is the family's differs between
cultures, and guessing puts somebody under a wrong letter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from labrec.record.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

Kind = Literal["lab", "project", "run", "report"]

_LONGEST = 300  # characters of a title or a name


class Author(NamedTuple):
    """Somebody who is cited.

    Attributes:
        name: As given, without an address.
        person: Whether it is a person's; else it stands for a group, such as a lab.
    """

    name: str
    person: bool = True


class Lab(NamedTuple):
    """What a lab says about itself, from its ``mkdocs.yml``.

    Attributes:
        title: What it is called.
        url: Where its site is published, ends in ``/``; empty = not known.
        author: Who answers for it; empty = not said.
        doi: DOI of the lab, ``10.…/…``; empty = it has none.
    """

    title: str
    url: str = ""
    author: str = ""
    doi: str = ""


class Work(NamedTuple):
    """Something that is cited.

    Attributes:
        kind: What it is.
        title: What it is called.
        authors: Who made it, at least one.
        issued: The day that it is cited by.
        version: What names its bytes: a record digest, a view, a version of a report.
        name: How labrec names it, such as ``project/run_id@sha256:…``; empty = it has no such name.
        publisher: The lab.
        url: Where it is published; empty = not known.
        doi: Its DOI; empty = it has none.
        part_of: Address of the site that it is part of; empty = it is the site, or not known.
    """

    kind: Kind
    title: str
    authors: tuple[Author, ...]
    issued: date
    version: str
    name: str
    publisher: str
    url: str = ""
    doi: str = ""
    part_of: str = ""

    @property
    def key(self) -> str:
        """A short name of ASCII letters, digits and ``-``, for a list of references."""
        base = self.name.partition("@")[0] or self.title
        kept = "".join(char if char.isascii() and char.isalnum() else "-" for char in base)
        return "-".join(part for part in kept.split("-") if part)[:60] or self.kind


def author(text: str) -> Author | None:
    """Return the author that a text names, without an address; None where it names none.

    ``Ada Example <ada@example.org>`` is Ada Example: an address is nobody's to publish.
    """
    name = _line(text.partition("<")[0])
    return Author(name) if name else None


def of_lab(lab: Lab, names: Iterable[str], day: date, view_id: str) -> Work:
    """Return a whole lab, as one view of it.

    Args:
        lab: The lab.
        names: Authors of its runs.
        day: Of its newest run.
        view_id: The view.
    """
    return Work(
        "lab", _line(lab.title), _authors(lab, names, own=lab.author), day, view_id, "",
        _line(lab.title), lab.url, lab.doi,
    )  # fmt: skip


def of_project(lab: Lab, project: str, names: Iterable[str], day: date) -> Work:
    """Return a project of a lab.

    Args:
        lab: The lab.
        project: Its name.
        names: Authors of its runs.
        day: Of its newest run.
    """
    return Work(
        "project", f"{project} ({_line(lab.title)})", _authors(lab, names), day, "", project,
        _line(lab.title), _below(lab, f"p/{project}/"), part_of=lab.url,
    )  # fmt: skip


def of_run(lab: Lab, citation: str, title: str, names: Iterable[str], day: date) -> Work:
    """Return a run.

    Args:
        lab: The lab.
        citation: ``project/run_id@sha256:…``.
        title: What the run is called.
        names: Its author.
        day: When it started.
    """
    place, _, digest = citation.partition("@")
    project, _, run_id = place.partition("/")
    return Work(
        "run", f"{_line(title) or run_id} (run of {project})", _authors(lab, names), day, digest,
        citation, _line(lab.title), _below(lab, f"p/{project}/r/{run_id}/"),
        part_of=lab.url,
    )  # fmt: skip


def of_report(lab: Lab, name: str, title: str, names: Iterable[str], day: date) -> Work:
    """Return a frozen version of a report.

    Args:
        lab: The lab.
        name: ``project/reports/slug v2@sha256:…``.
        title: What the report is called.
        names: Who froze it.
        day: When it was frozen.
    """
    place, _, digest = name.partition("@")
    place, _, number = place.partition(" v")
    slug = place.rpartition("/")[2]
    return Work(
        "report", f"{_line(title)}, version {number}", _authors(lab, names), day, digest, name,
        _line(lab.title), _below(lab, f"reports/{slug}/v{number}/"), part_of=lab.url,
    )  # fmt: skip


def _authors(lab: Lab, names: Iterable[str], own: str = "") -> tuple[Author, ...]:
    """Return who is cited: who the lab names, else who made the runs, else the lab itself."""
    given = [own] if own else sorted(set(names))
    found = dict.fromkeys(one for name in given if (one := author(name)) is not None)
    return tuple(found) or (Author(_line(lab.author) or _line(lab.title), person=False),)


def _below(lab: Lab, place: str) -> str:
    return lab.url + place if lab.url else ""


def _line(text: str) -> str:
    return " ".join(one_line(text, _LONGEST).split())
