"""Spools whose process is gone: list them, and record them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.capture.secrets.search import redact as redacted
from labrec.capture.spool.ownership import Claim, alive, remove
from labrec.capture.spool.reader import SpoolReader, SpoolState, describe, list_spools, sweep
from labrec.errors import BusyError, LabrecError, NotFoundError, UsageError
from labrec.record.codec import decode
from labrec.sdk import refusals
from labrec.sdk.commit import Recorded, commit_spool
from labrec.store.find import runs_by_id

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from labrec.capture.spool.reader import SpoolInfo
    from labrec.store.lab import Lab

_LISTED = 10


class Left(NamedTuple):
    """A spool that was left as it is.

    Attributes:
        info: The spool.
        error: Why.
    """

    info: SpoolInfo
    error: LabrecError

    def to_json(self) -> dict[str, Any]:
        """Return the spool and the failure with stable keys."""
        return {"run_id": self.info.run_id, "state": self.info.state.value} | self.error.to_json()


class RecoverReport(NamedTuple):
    """What a recovery did. True when nothing was left that should have been recorded.

    Attributes:
        recorded: The runs that are in the lab now.
        left: The spools that could not be recorded.
        foreign: Spools of another host or boot, which are touched only by name.
    """

    recorded: list[Recorded]
    left: list[Left]
    foreign: list[SpoolInfo]

    def __bool__(self) -> bool:
        return not self.left

    @property
    def exit_code(self) -> int:
        """0, the code of the one failure, or 3 where some of several failed."""
        codes = {left.error.exit_code for left in self.left}
        if not codes:
            return 0
        return codes.pop() if len(codes) == 1 and not self.recorded else 3

    def to_json(self) -> dict[str, Any]:
        """Return the report with stable keys."""
        return {
            "recorded": [one.to_json() for one in self.recorded],
            "left": [one.to_json() for one in self.left],
            "foreign": [{"run_id": one.run_id, "started": one.started} for one in self.foreign],
        }


def spools(lab: Lab) -> list[SpoolInfo]:
    """Return every spool of a lab, oldest first, with why it was refused."""
    found = [_told(lab, info) for root in lab.spool_roots for info in list_spools(root)]
    return sorted(found, key=lambda info: info.run_id)


def _told(lab: Lab, info: SpoolInfo) -> SpoolInfo:
    """Return what is shown of a spool: no secret of its names, and why it was refused."""
    allow = lab.settings.secrets_allow
    return info._replace(
        project=redacted(info.project, "", allow)[0],
        name=redacted(info.name, "", allow)[0],
        why=info.why or refusals.why(info.path),
    )


def running(lab: Lab) -> list[SpoolInfo]:
    """Return the spools whose runs are alive now, oldest first."""
    return [info for info in spools(lab) if info.state is SpoolState.LIVE]


def waiting(lab: Lab) -> list[SpoolInfo]:
    """Return the spools that `recover` would record, or say why not; not live or scratch ones."""
    return [info for info in spools(lab) if not info.scratch and info.state is not SpoolState.LIVE]


def recover(
    lab: Lab,
    run: str | None = None,
    *,
    foreign: bool = False,
    redact: bool = False,
    again: bool = True,
) -> RecoverReport:
    """Record the runs of this boot and host whose process is gone.

    Args:
        lab: Where to.
        run: Only this run, by the beginning of its id; None for all.
        foreign: Also take a spool of another host or boot; needs ``run``.
        redact: Take secrets out where the lab's settings refuse them.
        again: Also try what was refused before, by this version under these settings.

    Raises:
        UsageError: ``run`` fits several spools, or ``foreign`` came without ``run``.
        NotFoundError: ``run`` fits none.
        BusyError: ``run`` is alive.
    """
    if foreign and run is None:
        raise UsageError("a foreign spool is taken only by name", hint="Give its run id.")
    report = RecoverReport([], [], [])
    infos = waiting(lab) if run is None else [find_spool(spools(lab), run)]
    for info in infos if again else refusals.untried(lab, infos):
        if info.state is SpoolState.FOREIGN and not foreign:
            report.foreign.append(info)
            continue
        try:
            report.recorded.append(_recover_one(lab, info, redact=redact))
        except BusyError as error:
            if run is not None:
                raise
            if not alive(info.path):
                report.left.append(Left(info, error))
        except LabrecError as error:
            # Somebody else may have recorded it between the list and the claim.
            if info.path.exists():
                report.left.append(Left(info, error))
    if run is None:
        _sweep(lab)
    return report


def _sweep(lab: Lab) -> None:
    for root in lab.spool_roots:
        sweep(root)


def recover_quietly(lab: Lab) -> RecoverReport:
    """Recover before another run is recorded; whatever fails is left for ``labrec recover``."""
    try:
        return recover(lab, again=False)
    except (LabrecError, OSError):
        return RecoverReport([], [], [])


def find_spool(infos: Iterable[SpoolInfo], run: str) -> SpoolInfo:
    """Return the one spool whose run id begins like this.

    Raises:
        NotFoundError: None does.
        UsageError: Several do; the message lists them.
    """
    digits = run.lower().replace("-", "")
    infos = list(infos)
    found = [one for one in infos if digits and one.run_id.replace("-", "").startswith(digits)]
    found = found or [one for one in infos if one.name == run]
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(one.run_id for one in found[:_LISTED])
        raise UsageError(f"{run!r} fits {len(found)} spools: {shown}", hint="Give more digits.")
    raise NotFoundError(
        f"no spool of a run {run!r}",
        hint="`labrec recover --list` lists them.",
        paths=[run],
    )


def _recover_one(lab: Lab, info: SpoolInfo, *, redact: bool) -> Recorded:
    with Claim(info.path):
        # Look again: it may have ended, or been recorded, since it was listed.
        state = describe(info.path).state
        unfinished = None
        if state is SpoolState.FOREIGN:
            with SpoolReader(info.path) as reader:
                unfinished = None if reader.sealed else "restart" if reader.same_host else "killed"
        ended = _ended_record(lab, info.path)
        if ended is not None:
            remove(info.path)
            return ended
        return commit_spool(lab, info.path, unfinished=unfinished, redact=redact)  # type: ignore[arg-type]


def _ended_record(lab: Lab, path: Path) -> Recorded | None:
    """Return the record of a spool's run where the lab holds it with its end, or None.

    A run's own record is durable before its spool is removed, and the last writes to the spool
    are not made durable before: what a power cut in between leaves of the spool is a beginning
    of that record, and recording it too would make a fork of them.
    """
    if not lab.has_base:
        return None
    with SpoolReader(path) as reader:
        project = reader.plan.get("project")
    view = lab.view()
    for entry in runs_by_id(view, path.name, project if isinstance(project, str) else None):
        record = decode(view.read(entry.path))
        if not any(line["kind"] == "recovered" for line in record["capture"]["events"]):
            return Recorded(
                project=entry.project,
                run_id=entry.run_id,
                name=record["identity"]["name"],
                status=record["identity"]["status"],
                path=entry.path,
                commit=view.refs.get(lab.record_ref.name) or view.base.commit or "",
                metrics=len(record["metrics"]["values"]),
                artifacts=len(record["artifacts"]["items"]),
                redacted=0,
                known=True,
            )
    return None
