"""From a sealed or abandoned spool to a record in the lab: assembled, guarded, committed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from labrec.capture.assembly.assemble import assemble
from labrec.capture.secrets.guard import guard
from labrec.capture.spool import ownership
from labrec.capture.spool.reader import SpoolReader
from labrec.errors import LabrecError, SecretError, UsageError
from labrec.record.codec import encode
from labrec.record.digest import Digest
from labrec.record.layout import object_path, run_path
from labrec.sdk import refusals
from labrec.store.additions import AbsentError, Addition

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from labrec.capture.assembly.assemble import Assembled
    from labrec.store.additions import Receipt
    from labrec.store.lab import Lab


class Recorded(NamedTuple):
    """A run that is in the lab now: durable, and read back. Always true.

    Attributes:
        project: Its project.
        run_id: Its id.
        name: Its name.
        status: complete, failed or interrupted.
        path: Path of its record in the lab.
        commit: Commit that holds it.
        metrics: How many metrics it has.
        artifacts: How many artifacts it has.
        redacted: How many secrets were taken out of it.
        known: Whether the lab held this very record before.
    """

    project: str
    run_id: str
    name: str
    status: str
    path: str
    commit: str
    metrics: int
    artifacts: int
    redacted: int
    known: bool

    def __bool__(self) -> bool:
        return True

    def to_json(self) -> dict[str, Any]:
        """Return the result with stable keys."""
        return self._asdict()


def commit_spool(
    lab: Lab,
    path: Path,
    *,
    unfinished: Literal["killed", "restart"] | None = None,
    redact: bool = False,
) -> Recorded:
    """Make the record of a spool part of the lab, and remove the spool.

    The caller owns the spool, alive or by a `Claim`. Doing it again for the same bytes changes
    nothing in the lab.

    Args:
        lab: Where to.
        path: The spool.
        unfinished: Why a run that never said how it ended did not.
        redact: Take secrets out also where the lab's settings refuse them.

    Raises:
        UsageError: The run is scratch.
        SecretError: It holds a secret; nothing was committed.
        LabrecError: It cannot be read, or the commit failed; the spool is kept.
    """
    with SpoolReader(path) as reader:
        if reader.plan.get("scratch"):
            raise UsageError(
                f"run {path.name} is scratch and is never committed",
                hint=f"`labrec discard {path.name}` removes it.",
                paths=[path],
                kept="its spool",
            )
        try:
            recorded = _commit_reader(lab, reader, unfinished, redact=redact)
        except LabrecError as error:
            refusals.remember(lab, path, error)
            error.kept = error.kept or "the run, as a sealed spool"
            error.hint = error.hint or f"`labrec recover {path.name}` tries again."
            if isinstance(error, SecretError) and not redact:
                error.hint += f" `labrec recover {path.name} --redact` takes them out of this run."
            raise
    ownership.clear_away(path)  # it is recorded, whether or not its spool can go now
    return recorded


def _commit_reader(
    lab: Lab, reader: SpoolReader, unfinished: Literal["killed", "restart"] | None, *, redact: bool
) -> Recorded:
    """Commit a spool; what the lab held when it started and holds no more is looked for first."""
    assembled = assemble(reader, unfinished=unfinished)
    try:
        return _commit(lab, assembled, redact=redact)
    except AbsentError:
        from labrec.sdk.held import find_held  # the record ref went back since the run started

        found, gone = find_held(lab, assembled.expected)
    if gone:
        assembled = assemble(reader, unfinished=unfinished, gone=gone)
    return _commit(lab, assembled, found, redact=redact)


def _commit(
    lab: Lab, assembled: Assembled, found: Mapping[str, bytes] | None = None, *, redact: bool
) -> Recorded:
    settings = lab.settings
    policy = "redact" if redact else settings.secrets
    record, objects, findings = guard(
        assembled.record, assembled.objects, policy, settings.secrets_allow
    )
    data = encode(record)
    digest = Digest.of(data)
    identity = record["identity"]
    path = run_path(identity["project"], identity["run_id"], digest)
    additions = [Addition(path, data)]
    additions += [Addition(object_path(Digest(new.sha256)), new.source) for new in objects]
    additions += [Addition(path, data) for path, data in (found or {}).items()]
    needs = [object_path(Digest(name)) for name in assembled.expected]
    needs = [path for path in needs if found is None or path not in found]
    trailers = {"Run-Id": identity["run_id"], "Record-Digest": str(digest)}
    receipt: Receipt = lab.commit(additions, _subject(record), trailers, needs=needs)
    return Recorded(
        project=identity["project"],
        run_id=identity["run_id"],
        name=identity["name"],
        status=identity["status"],
        path=path,
        commit=receipt.commit,
        metrics=len(record["metrics"]["values"]),
        artifacts=len(record["artifacts"]["items"]),
        redacted=len(findings),
        known=receipt.added == 0,
    )


def _subject(record: dict[str, Any]) -> str:
    """Return the commit's subject: project, name, status, and one metric to look at."""
    identity = record["identity"]
    subject = f"run({identity['project']}): {identity['name']} {identity['status']}"
    values = record["metrics"]["values"]
    name = next((name for name in sorted(values) if values[name]["direction"]), None)
    name = name or next(iter(sorted(values)), None)
    if name is None:
        return subject
    last = values[name]["last"]
    shown = last["$float"] if isinstance(last, dict) else f"{last:.6g}"
    return f"{subject} {name}={shown}"
