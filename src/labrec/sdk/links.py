"""Linking runs to hypotheses after they were recorded, and deciding hypotheses.

Such links are exploratory: they never enter a confirmatory verdict. What a run was linked to at its
start stays, whatever is said later; only a retraction takes its result out, with a reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labrec.errors import UsageError
from labrec.noted import find_run, said_of
from labrec.record.heard import Subject
from labrec.record.text import one_line, printable
from labrec.sdk.hypotheses import find_registration
from labrec.sdk.notes import Request
from labrec.sdk.subjects import registration_of, run_subject

if TYPE_CHECKING:
    from labrec.lineage.fold import Linked
    from labrec.store.view import RunEntry, View

_SHORTEST = 8  # hex digits of a digest
_SHOWN = 60  # characters of what was typed that a message repeats


def linking(view: View, run: str, hypothesis: str) -> Request:
    """Return the note that links a run to a hypothesis, without reason and author.

    Args:
        view: The lab.
        run: The run, as `noted.find_run` finds it.
        hypothesis: A slug (its latest amendment), or a registration's digest or its beginning.

    Raises:
        NotFoundError: There is no such run, or nothing of that name is registered.
        UsageError: Several fit, or the run was linked to it at its start.
    """
    entry = find_run(view, run)
    one = find_registration(view, entry.project, hypothesis)
    digest = str(one.digest)
    for link in _linked(view, entry):
        if link == (one.slug, digest, "start"):
            raise UsageError(
                f"the run was linked to {one.slug} at its start", kept="that link, which stays"
            )
    return _request(view, entry, "link", one.slug, digest)


def unlinking(view: View, run: str, hypothesis: str) -> Request:
    """Return the note that takes such a link back, without reason and author.

    Args:
        view: The lab.
        run: The run.
        hypothesis: A slug, or a registration's digest or its beginning.

    Raises:
        NotFoundError: There is no such run.
        UsageError: The run is not linked to it, was so at its start, or is to several of its
            registrations.
    """
    entry = find_run(view, run)
    digits = hypothesis.removeprefix("sha256:").lower()
    there = _linked(view, entry)
    found = [
        link for link in there
        if link[0] == hypothesis
        or (len(digits) >= _SHORTEST and link[1].removeprefix("sha256:").startswith(digits))
    ]  # fmt: skip
    if not found:
        slugs = ", ".join(sorted({link[0] for link in there}))
        raise UsageError(
            f"the run is not linked to {one_line(printable(hypothesis), _SHOWN)}",
            hint=f"It is linked to {printable(slugs)}." if slugs else "It is linked to none.",
        )
    later = [link for link in found if link[2] == "later"]
    if not later:
        raise UsageError(
            f"the run was linked to {printable(found[0][0])} at its start: that link stays",
            hint="A result that could be unlinked could be chosen. `labrec note retract RUN "
            "--reason TEXT` takes the run out of all statistics, and is shown beside them.",
            kept="the link",
        )
    if len(later) > 1:
        digests = ", ".join(link[1] for link in later)
        raise UsageError(
            f"the run is linked to {len(later)} registrations of it: {digests}",
            hint="Name one by its digest.",
        )
    return _request(view, entry, "unlink", later[0][0], later[0][1])


def deciding(view: View, slug: str, project: str | None, decision: str) -> Request:
    """Return the note that decides a hypothesis whatever its rule says, without reason and author.

    Args:
        view: The lab.
        slug: The hypothesis.
        project: Its project; None = whichever has it.
        decision: What is decided; supported, refuted and inconclusive take the verdict's place.

    Raises:
        NotFoundError: There is no hypothesis of that name.
        UsageError: It is not registered, or several times side by side, or in several projects.
        InvalidError: The slug is none.
    """
    where, one = registration_of(view, slug, project)
    subject = Subject("hypothesis", slug, str(one.digest))
    return Request(where, subject, "decide", {"decision": decision})


def _linked(view: View, entry: RunEntry) -> list[Linked]:
    """Return what a run is linked to, as notes leave it."""
    from labrec.reader import RunReader  # reads the record

    recorded = [
        (str(link["slug"]), str(link["registration"]), link["linked"])
        for link in RunReader(view, entry).section("lineage").get("hypotheses", [])
    ]
    return said_of(view, entry).folded.hypotheses(recorded)


def _request(view: View, entry: RunEntry, kind: str, slug: str, digest: str) -> Request:
    found = run_subject(view, entry)
    body: dict[str, Any] = {"to": "hypothesis", "target": slug, "digest": digest}
    return Request(found.project, found.subject, kind, body)
