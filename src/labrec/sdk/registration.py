"""Registering a hypothesis: its draft becomes a document that nothing changes any more."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.errors import NotFoundError, UsageError
from labrec.record.draft import claim_of, comparable
from labrec.record.layout import check_slug, registration_path
from labrec.sdk.authors import named_author
from labrec.sdk.documents import Refusal, commit_document
from labrec.sdk.drafts import read_committed, read_file
from labrec.sdk.hypotheses import Hypothesis, find_hypothesis
from labrec.sdk.start import project_of

if TYPE_CHECKING:
    from pathlib import Path

    from labrec.record.digest import Digest
    from labrec.sdk.documents import Written
    from labrec.sdk.hypotheses import Registration
    from labrec.store.lab import Lab
    from labrec.store.view import View

SCHEMA = "labrec.registration/1.0"

_REFUSAL = Refusal("draft", "Take them out of the draft.", "nothing was registered")


class Registered(NamedTuple):
    """A claim that is registered now. Always true.

    Attributes:
        project: Its project.
        slug: The hypothesis.
        digest: Of the registration's bytes.
        path: Its path in the lab.
        amends: Digest text of the registration that it replaces, or None.
        origin: Where the draft was read.
        known: Whether the lab held this very claim before; then nothing was written.
    """

    project: str
    slug: str
    digest: Digest
    path: str
    amends: str | None
    origin: str
    known: bool

    def __bool__(self) -> bool:
        return True

    def to_json(self) -> dict[str, Any]:
        """Return the result with stable keys."""
        return self._asdict() | {"digest": str(self.digest)}


class Request(NamedTuple):
    """What is to be registered.

    Attributes:
        slug: The hypothesis.
        project: Its project; None = whichever has its draft.
        file: A file to read the draft from, instead of the base commit.
        author: Who registers it; None = whom the lab's records name.
        amend: Whether a claim that changed replaces the one that is registered.
    """

    slug: str
    project: str | None = None
    file: Path | None = None
    author: str | None = None
    amend: bool = False


def register(lab: Lab, request: Request) -> Registered:
    """Register the claim of a draft; the same claim again changes nothing.

    The draft counts as it is in the base commit. What was registered before stays: a claim that
    changed becomes a registration that amends it, and only when that was asked for.

    Raises:
        NotFoundError: There is no draft, or the lab has no commit.
        InvalidError: The draft, a name or the author is not valid; the message has every mistake.
        UsageError: The draft was edited and not committed, nobody is named as the author, or an
            amendment was not asked for, has nothing to amend, or could amend several.
        SecretError: The draft holds a secret.
        StorageError: The disk is full, read-only or failing.
    """
    check_slug(request.slug)
    view = lab.view()
    hypothesis = _find(lab, view, request)
    if request.file is not None:
        draft = read_file(request.file)
    else:
        draft = read_committed(lab, view, hypothesis.project, request.slug)
    claim = claim_of(draft.tree)
    for one in hypothesis.current:
        if comparable(one.document) == claim:
            return _result(hypothesis, one, draft.origin)
    amended = _amended(hypothesis, request)
    document = {
        **claim,
        "schema": SCHEMA,
        "project": hypothesis.project,
        "slug": request.slug,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "author": named_author(lab, request.author, "a registration says who makes the claim"),
        "amends": str(amended.digest) if amended else None,
    }
    path, digest = _commit(lab, document)
    amends = document["amends"]
    return Registered(
        hypothesis.project, request.slug, digest, path, amends, draft.origin, known=False
    )


def _find(lab: Lab, view: View, request: Request) -> Hypothesis:
    try:
        return find_hypothesis(view, request.slug, request.project)
    except NotFoundError:  # a draft that no commit holds: of the project that runs go to here
        project = project_of(lab, request.project)
        return Hypothesis(project, request.slug, (), (), has_draft=False)


def _amended(hypothesis: Hypothesis, request: Request) -> Registration | None:
    """Return the registration that a new claim replaces.

    Raises:
        UsageError: That was not asked for, or cannot be told.
    """
    current = hypothesis.current
    if not current:
        if request.amend:
            raise UsageError(
                f"nothing is registered of {request.slug} that could be amended",
                hint="Register it without --amend.",
            )
        return None
    registered = ", ".join(one.digest.short for one in current)
    if len(current) > 1:
        raise UsageError(
            f"{request.slug} is registered {len(current)} times side by side: {registered}",
            hint="An amendment replaces one. Register the claim under a slug of its own.",
        )
    if not request.amend:
        raise UsageError(
            f"{request.slug} is registered with another claim: {registered}",
            hint="What is registered stays. Give --amend to register this claim in its place, "
            "or choose another slug.",
            paths=[current[0].path],
            kept="the registration as it is",
        )
    return current[0]


def _commit(lab: Lab, document: dict[str, Any]) -> Written:
    project, slug = document["project"], document["slug"]
    verb = "amend" if document["amends"] else "register"
    return commit_document(
        lab,
        document,
        partial(registration_path, project, slug),
        f"{verb}({project}): {slug}",
        refusal=_REFUSAL,
    )


def _result(hypothesis: Hypothesis, one: Registration, origin: str) -> Registered:
    return Registered(
        hypothesis.project, one.slug, one.digest, one.path, one.amends, origin, known=True
    )
