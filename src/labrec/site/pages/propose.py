"""What a page offers to say about its subject: by a command, or by a note file to propose. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labrec.site.rows import Note, Run


class About(NamedTuple):
    """What a note of a reader would speak about. Shown by ``templates/propose.html``.

    Attributes:
        project: Its project.
        kind: What it is.
        id: Its id, as notes name it.
        digest: Digest of its document; empty for an experiment.
        called: How a command names it: made of ids alone, no shell reads anything else in it.
        after: Digests of the notes on it that the page knows: those that a reader has seen.
    """

    project: str
    kind: Literal["run", "experiment", "hypothesis"]
    id: str
    digest: str
    called: str
    after: tuple[str, ...] = ()


def about_run(run: Run, notes: Iterable[Note], *, fork: bool) -> About:
    """Return what is offered on the page of a run.

    Args:
        run: The run.
        notes: The notes that speak about its record, itself or through others.
        fork: Whether it has several records, so that only its citation names one.
    """
    return About(
        run.project,
        "run",
        run.run_id,
        run.record_digest,
        f"{run.project}/{run.run_id}@{run.record_digest}" if fork else run.run_id,
        tuple(
            sorted(
                note.note_digest
                for note in notes
                if (note.subject_kind, note.subject) == ("run", run.run_id)
            )
        ),
    )
