"""Writing notes: what is said about a run, another note or a hypothesis after it was recorded.

A note comes `after` those on its subject that this clone's view holds and that no other one had
seen. The order of notes is transitive (`labrec.lineage.fold`), so that these stand for all of them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.errors import UsageError
from labrec.lineage.fold import fold
from labrec.record.heard import REASONED
from labrec.record.ids import new_run_id
from labrec.record.layout import note_path
from labrec.record.text import one_line
from labrec.sdk.authors import named_author
from labrec.sdk.documents import Refusal, prepared
from labrec.store.additions import Addition
from labrec.store.notes import notes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.lineage.fold import Folded, HeardNote
    from labrec.record.heard import Subject
    from labrec.store.lab import Lab
    from labrec.store.view import View

SCHEMA = "labrec.note/1.0"

_REFUSAL = Refusal("note", "Say it without them.", "nothing was noted")
_SHOWN = 13  # digits of an id in the subject of a commit


class Request(NamedTuple):
    """What is to be said.

    Attributes:
        project: Project of the subject, and of the note.
        subject: What it speaks about.
        kind: comment, tag, reparent … (`record.note.BODIES`).
        body: What it says, as stored.
        reason: Why; ``""`` = none, where the kind needs none.
        author: Who says so; None = whom the lab's records name.
    """

    project: str
    subject: Subject
    kind: str
    body: dict[str, Any]
    reason: str = ""
    author: str | None = None


class Written(NamedTuple):
    """A note that the lab has now. Always true.

    Attributes:
        project: Its project.
        note_id: Its id.
        digest: Of its bytes.
        path: Its path in the lab.
        kind: What it does.
        subject: What it speaks about.
        known: Whether the lab held this very note before; then nothing was written.
    """

    project: str
    note_id: str
    digest: str
    path: str
    kind: str
    subject: Subject
    known: bool

    def __bool__(self) -> bool:
        return True

    def to_json(self) -> dict[str, Any]:
        """Return the result with stable keys."""
        return self._asdict() | {"subject": self.subject._asdict()}


def write_note(lab: Lab, request: Request, view: View | None = None) -> Written:
    """Say something about what is recorded.

    The same words by the same author again change nothing, as long as nobody has said anything
    about the subject since.

    Args:
        lab: The lab.
        request: What is to be said.
        view: Whose notes it comes after; None = the lab's view of now.

    Raises:
        InvalidError: It breaks a rule of the format; the message says which.
        UsageError: It has no reason and needs one, or nobody is named as its author.
        SecretError: It holds a secret.
        StorageError: The disk is full, read-only or failing.
    """
    (written,) = write_notes(lab, [request], view)
    return written


def write_notes(
    lab: Lab, requests: Sequence[Request], view: View | None = None
) -> tuple[Written, ...]:
    """Say several things in one commit: all or none of them is recorded.

    Raises:
        InvalidError: One breaks a rule of the format; the message says which.
        UsageError: One has no reason and needs one, or nobody is named as its author.
        SecretError: One holds a secret.
        StorageError: The disk is full, read-only or failing.
    """
    view = lab.view() if view is None else view
    said = {name: fold(notes_of(view, name).notes) for name in {one.project for one in requests}}
    written: list[Written] = []
    additions: list[Addition] = []
    for request in requests:
        if request.kind in REASONED and not request.reason.strip():
            raise UsageError(
                f"a note of kind {request.kind} takes something away and says why",
                hint="Give --reason TEXT.",
            )
        author = named_author(lab, request.author, "a note says who speaks")
        subject = request.subject
        folded = said[request.project].on(
            request.project, subject.kind, subject.digest or subject.id
        )
        again = _again(folded, request, author["name"])
        if again is not None:
            written.append(_result(again, known=True))
            continue
        note, data = _made(lab, request, author, folded)
        written.append(note)
        additions.append(Addition(note.path, data))
    if additions:
        lab.commit(additions, _subject_line([one for one in written if not one.known]), {})
    return tuple(written)


def _again(folded: Folded, request: Request, author: str) -> HeardNote | None:
    """Return the last word on a subject where it is this very one."""
    if len(folded.last) != 1:
        return None
    for note in folded.notes:
        if (note.digest, note.kind, note.body, note.reason, note.author) == (
            folded.last[0], request.kind, request.body, request.reason, author,
        ):  # fmt: skip
            return note
    return None


def _made(
    lab: Lab, request: Request, author: dict[str, str], folded: Folded
) -> tuple[Written, bytes]:
    """Return a note and its bytes, after they were read as any reader would."""
    note_id = new_run_id()
    document = {
        "schema": SCHEMA,
        "note_id": note_id,
        "project": request.project,
        "kind": request.kind,
        "author": author,
        "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "reason": request.reason,
        "subject": request.subject._asdict(),
        "after": list(folded.last),
        "body": request.body,
    }
    path_of = partial(note_path, request.project, note_id)
    (path, digest), data = prepared(lab, document, path_of, _REFUSAL)
    return (
        Written(
            request.project, note_id, str(digest), path, request.kind, request.subject, known=False
        ),
        data,
    )


def _subject_line(written: Sequence[Written]) -> str:
    first = written[0]
    about = f"{first.subject.kind} {one_line(first.subject.id)[:_SHOWN]}"
    more = f" and {len(written) - 1} more" if len(written) > 1 else ""
    return f"note({first.project}): {first.kind} {about}{more}"


def _result(note: HeardNote, *, known: bool) -> Written:
    return Written(
        note.project, note.note_id, note.digest, note.path, note.kind, note.subject, known
    )
