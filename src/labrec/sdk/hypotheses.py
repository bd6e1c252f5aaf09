"""The hypotheses of a lab: what is registered, and the registration a run is linked to."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from labrec.errors import InvalidError, NotFoundError, UsageError
from labrec.record.codec import decode
from labrec.record.digest import Digest
from labrec.record.layout import RECORDS, check_project, check_slug, draft_path, parse_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from labrec.store.view import View

_SHORTEST = 8

State = Literal["draft", "registered", "changed", "several"]
"""Only a draft · registered as the draft says · the draft says something else · registered twice
side by side, by clones that did not know of one another."""


class Registration(NamedTuple):
    """A registration in a view.

    Attributes:
        slug: The hypothesis.
        digest: Of the registration's bytes.
        amends: Digest text of the registration that this one replaces, or None.
        path: Its path in the lab.
        document: What it says, as stored.
    """

    slug: str
    digest: Digest
    amends: str | None
    path: str
    document: dict[str, Any]

    def to_json(self) -> dict[str, str]:
        """Return the link as the lineage section holds it."""
        return {"slug": self.slug, "registration": str(self.digest)}


class Hypothesis(NamedTuple):
    """A hypothesis as a view shows it.

    Attributes:
        project: Its project.
        slug: Its name.
        versions: Its registrations; an amendment stands behind what it amends.
        current: Those that no other one amends: one, or several that were made side by side.
        has_draft: Whether the base commit holds a draft.
    """

    project: str
    slug: str
    versions: tuple[Registration, ...]
    current: tuple[Registration, ...]
    has_draft: bool


def find_registration(view: View, project: str, text: str) -> Registration:
    """Return the registration of a slug (the latest amendment) or of a digest.

    Args:
        view: Where to look.
        project: The run's project.
        text: A slug, a digest, or at least 8 hex digits of its beginning.

    Raises:
        NotFoundError: None fits; the hint names what is there.
        UsageError: Several fit; the message names them.
    """
    there = list(registrations(view, project))
    digits = text.removeprefix("sha256:").lower()
    found = [one for one in there if len(digits) >= _SHORTEST and one.digest.hex.startswith(digits)]
    if not found:
        found = _current(one for one in there if one.slug == text)
    if len(found) == 1:
        return found[0]
    slugs = sorted({one.slug for one in there})
    if found:
        digests = ", ".join(one.digest.short for one in found)
        raise UsageError(
            f"{text!r} fits {len(found)} registrations: {digests}", hint="Give more of a digest."
        )
    raise NotFoundError(
        f"no hypothesis {text!r} is registered in project {project}",
        hint=f"Registered: {', '.join(slugs)}." if slugs else "None is registered there.",
    )


def registrations(view: View, project: str, slug: str = "") -> Iterator[Registration]:
    """Yield the registrations of a project, or of one of its hypotheses, in path order.

    One that is no JSON object is left out: `verify` says what is wrong with it.
    """
    folder = f"{RECORDS}/{project}/hypotheses"
    for path, _ in view.files(f"{folder}/{slug}" if slug else folder):
        parsed = parse_path(path)
        if parsed.kind != "registration":
            continue
        data = view.read(path)
        try:
            document = decode(data)
        except InvalidError:
            continue
        if isinstance(document, dict):
            amends = document.get("amends")
            amends = amends if isinstance(amends, str) else None
            yield Registration(parsed.id, Digest.of(data), amends, path, document)


def hypotheses(view: View, project: str | None = None) -> Iterator[Hypothesis]:
    """Yield the hypotheses that have a draft or a registration, by project and slug."""
    for name in _projects(view, project):
        slugs = set()
        for path, _ in view.files(f"{RECORDS}/{name}/hypotheses"):
            parsed = parse_path(path)
            if parsed.kind in {"registration", "draft"}:
                slugs.add(parsed.id)
        for slug in sorted(slugs):
            yield _hypothesis(view, name, slug)


def find_hypothesis(view: View, slug: str, project: str | None = None) -> Hypothesis:
    """Return the hypothesis of a slug.

    Args:
        view: Where to look.
        slug: Its name.
        project: Its project; None = whichever has one of that name.

    Raises:
        InvalidError: The project is not valid.
        NotFoundError: There is none, as none can be where the slug is not valid.
        UsageError: Several projects have one.
    """
    try:
        check_slug(slug)
    except InvalidError as error:
        raise NotFoundError(f"no hypothesis: {error.message}", hint=error.hint) from error
    everywhere = [_hypothesis(view, name, slug) for name in _projects(view, project)]
    found = [one for one in everywhere if one.versions or one.has_draft]
    if len(found) == 1:
        return found[0]
    if found:
        projects = ", ".join(one.project for one in found)
        raise UsageError(
            f"hypothesis {slug} is in several projects: {projects}", hint="Give --project."
        )
    where = f"project {project}" if project is not None else "this lab"
    raise NotFoundError(
        f"no hypothesis {slug} in {where}",
        hint=f"`labrec hypothesis new {slug}` writes a draft; `labrec hypothesis list` lists all.",
    )


def state_of(view: View, hypothesis: Hypothesis) -> State:
    """Say how far a hypothesis is: its draft, and what is registered of it."""
    if len(hypothesis.current) > 1:
        return "several"
    if not hypothesis.current:
        return "draft"
    if not hypothesis.has_draft:
        return "registered"
    from labrec.record.draft import claim_of, comparable  # validates: not on the way of a run
    from labrec.store.definitions import read_definition

    path = draft_path(hypothesis.project, hypothesis.slug)
    try:
        claim = claim_of(read_definition(view.read(path), path))
    except InvalidError:
        return "changed"
    same = comparable(hypothesis.current[0].document) == claim
    return "registered" if same else "changed"


def _projects(view: View, project: str | None) -> list[str]:
    if project is not None:
        return [check_project(project)]
    names = []
    for name in view.projects():
        with suppress(InvalidError):  # a folder that somebody put there
            names.append(check_project(name))
    return names


def _hypothesis(view: View, project: str, slug: str) -> Hypothesis:
    versions = _in_order(list(registrations(view, project, slug)))
    has_draft = view.entry(draft_path(project, slug)) is not None
    return Hypothesis(project, slug, tuple(versions), tuple(_current(versions)), has_draft)


def _current(versions: Iterable[Registration]) -> list[Registration]:
    versions = list(versions)
    amended = {one.amends for one in versions}
    return [one for one in versions if str(one.digest) not in amended]


def _in_order(versions: list[Registration]) -> list[Registration]:
    """Sort by how many registrations lie below each; no digest can amend itself in a circle."""
    by_digest = {str(one.digest): one for one in versions}

    def depth(one: Registration) -> int:
        count, below = 0, by_digest.get(one.amends or "")
        while below is not None:
            count, below = count + 1, by_digest.get(below.amends or "")
        return count

    return sorted(versions, key=lambda one: (depth(one), one.digest.hex))
