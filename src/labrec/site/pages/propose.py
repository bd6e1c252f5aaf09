"""What a page offers to say about its subject: by a command, or by a note file to propose. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labrec.site.rows import Note, Run
    from labrec.site.rows_hypotheses import Registration


class About(NamedTuple):
    """What a note of a reader would speak about. Shown by ``templates/propose.html``.

    Attributes:
        project: Its project.
        kind: What it is.
        id: Its id, as notes name it.
        digest: Digest of its document.
        called: How a command names it: made of ids alone, no shell reads anything else in it.
        after: Digests of the notes on it that the page knows: those that a reader has seen.
    """

    project: str
    kind: Literal["run", "hypothesis"]
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
        seen(run, notes),
    )


def about_hypothesis(row: Registration, notes: Iterable[Note]) -> About:
    """Return what is offered on the page of a hypothesis.

    Args:
        row: The registration that counts: a note speaks about it, not about its amendments.
        notes: The notes about the hypothesis.
    """
    return About(
        row.project,
        "hypothesis",
        row.hypothesis,
        row.registration,
        f"hypothesis:{row.project}/{row.hypothesis}",
        _after(notes, "hypothesis", row.registration),
    )


def seen(run: Run, notes: Iterable[Note]) -> tuple[str, ...]:
    """Return the digests of the notes on a run that a page knows.

    Args:
        run: The run.
        notes: The notes that speak about its record, itself or through others.
    """
    return _after(notes, "run", run.record_digest)


def _after(notes: Iterable[Note], kind: str, digest: str) -> tuple[str, ...]:
    return tuple(
        sorted(
            note.note_digest
            for note in notes
            if (note.subject_kind, note.subject_digest) == (kind, digest)
        )
    )
