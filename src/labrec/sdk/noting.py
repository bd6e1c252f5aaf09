"""``labrec.note``: say something from Python about what is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from labrec.errors import UsageError
from labrec.sdk import given
from labrec.sdk.notes import Request, Written, write_notes
from labrec.sdk.subjects import find_subject

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from labrec.store.view import View

_TEXTS: Final = {
    "comment": "text", "object": "text", "outcome": "outcome", "rename": "name",
    "decide": "decision",
}  # fmt: skip
"""What a kind of note calls the text that it consists of."""

KINDS: Final = (*_TEXTS, "tag", "retract", "reparent")
"""Kinds of notes that `note` writes."""

_OF_RUNS: Final = frozenset({"tag", "outcome", "rename", "redact", "link", "unlink"})


def note(  # noqa: PLR0913 - what a note can say, most of it left out
    subject: str,
    kind: str,
    text: str | None = None,
    *,
    add: str | Iterable[str] = (),
    remove: str | Iterable[str] = (),
    parents: str | Iterable[str] = (),
    reason: str = "",
    author: str | None = None,
    lab: str | os.PathLike[str] | None = None,
) -> Written:
    """Say something about what is recorded; the record stays as it is.

    The same words again change nothing, as long as nobody has said anything since.

    Args:
        subject: A run or a note: an id, at least four digits of its beginning, a name or a
            citation; or ``note:ID``, ``hypothesis:SLUG``, ``report:SLUG``, ``experiment:RUN``.
        kind: comment or object (of anything); outcome, rename, tag or reparent (of a run); retract
            (of a run or a note); decide (of a hypothesis).
        text: The words: of a comment, an objection or an outcome, the new name, the decision.
        add: Tags to add.
        remove: Tags to take away.
        parents: All parents that the run has from now on; none says that it derives from nothing.
        reason: Why; reparent, retract and decide demand one.
        author: Who says so; ``author`` of ``labrec.toml`` when left out.
        lab: Folder of the lab; found from the current folder when left out.

    Returns:
        The note: ``note_id``, ``digest``, and ``known`` where the lab held it before.

    Raises:
        NotFoundError: There is no lab, or nothing fits the subject or a parent.
        UsageError: Several things fit, the kind is none or does not go with the subject, it lacks a
            text, a reason or an author, or a run would derive from itself.
        InvalidError: It breaks a rule of the format; the message says which.
        SecretError: It holds a secret.
        StorageError: The disk is full, read-only or failing.
    """
    from labrec.store.lab import Lab  # opens git: not needed to import this

    about = given.reference(subject, "subject") or ""
    words = given.text_or_none(text)
    with Lab.open(Path(lab) if lab is not None else None) as opened:
        view = opened.view()
        if kind == "reparent":
            request = _reparenting(view, about, given.tags_of(parents))
        else:
            body = _body(kind, words, given.tags_of(add), given.tags_of(remove))
            request = saying(view, about, kind, body)
        why = (given.text_or_none(reason) or "").strip()
        whole = request._replace(reason=why, author=given.reference(author, "author"))
        (written,) = write_notes(opened, [whole], view)
        return written


def saying(view: View, text: str, kind: str, body: dict[str, Any]) -> Request:
    """Return a note about what a text means, without reason and author.

    Args:
        view: The lab.
        text: Its subject, as `find_subject` finds it.
        kind: What it does.
        body: What it says, as stored.

    Raises:
        NotFoundError: Nothing fits.
        UsageError: Several things fit, or a note of the kind does not speak about that.
    """
    found = find_subject(view, text)
    about = found.subject.kind
    if kind == "retract" and about not in {"run", "note"}:
        raise UsageError(
            f"nothing of kind {about} is retracted",
            hint="Retract its runs, or decide the hypothesis: `labrec hypothesis decide`.",
        )
    if kind in _OF_RUNS and about != "run":
        raise UsageError(
            f"a note of kind {kind} speaks about a run; this is of kind {about}",
            hint="Name a run.",
        )
    if kind == "decide" and about != "hypothesis":
        raise UsageError(
            f"a note of kind decide speaks about a hypothesis; this is of kind {about}",
            hint="Name it as hypothesis:SLUG.",
        )
    return Request(found.project, found.subject, kind, body)


def _body(kind: str, text: str | None, add: Sequence[str], remove: Sequence[str]) -> dict[str, Any]:
    if kind not in KINDS:
        raise UsageError(
            f"no note of kind {given.plain_text(kind)!a:.60} is written so",
            hint=f"The kinds are {', '.join(KINDS)}; `labrec note` knows more.",
        )
    if (text is not None) != (kind in _TEXTS):
        what = "needs a text" if kind in _TEXTS else "takes no text"
        raise UsageError(f"a note of kind {kind} {what}")
    if kind == "tag":
        if not add and not remove:
            raise UsageError("a tag note adds or removes a tag", hint="Give add or remove.")
        tags = {"add": [*dict.fromkeys(add)], "remove": [*dict.fromkeys(remove)]}
        return {name: words for name, words in tags.items() if words}
    if add or remove:
        raise UsageError(f"a note of kind {kind} adds and removes no tags")
    return {_TEXTS[kind]: text} if kind in _TEXTS else {}


def _reparenting(view: View, run: str, parents: Sequence[str]) -> Request:
    from labrec.noted import find_run
    from labrec.sdk.reparent import reparenting  # reads the whole lab

    (request,) = reparenting(view, find_run(view, run), parents)
    return request
