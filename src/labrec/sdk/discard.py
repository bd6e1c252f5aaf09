"""Throwing a run away for good: its spool, or a record that this clone alone holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec.capture.spool.frames import Kind
from labrec.capture.spool.ownership import Claim, remove
from labrec.capture.spool.reader import SpoolInfo, SpoolReader, SpoolState
from labrec.errors import BusyError, LabrecError, NotFoundError
from labrec.sdk.recovery import find_spool, spools

if TYPE_CHECKING:
    from labrec.store.discard import DiscardReport
    from labrec.store.lab import Lab
    from labrec.store.view import RunEntry


def find_discardable(lab: Lab, run: str) -> SpoolInfo | RunEntry:
    """Return what a text means: a spool, else a record that can be discarded.

    Args:
        lab: Whose run.
        run: The beginning of its id, its name, or a citation.

    Raises:
        NotFoundError: Nothing fits.
        UsageError: Several fit, or the record is one that stays.
    """
    try:
        return find_spool(spools(lab), run)
    except NotFoundError:
        if not lab.has_base:
            raise
    from labrec.store.discard import plan_discard  # only for a run that was recorded

    entry = lab.view().find_run(run)
    plan_discard(lab, entry)
    return entry


def discard_spool(info: SpoolInfo) -> SpoolInfo:
    """Remove a spool.

    Raises:
        BusyError: The run is alive.
    """
    if info.state is SpoolState.LIVE:
        raise BusyError(
            f"run {info.run_id} is alive",
            hint="End its program first.",
            paths=[info.path],
            kept="the run",
        )
    with Claim(info.path):
        remove(info.path)
    return info


def discard_record(lab: Lab, entry: RunEntry, reason: str = "") -> DiscardReport:
    """Take a record that this clone alone holds out of the lab; live runs keep what they count on.

    Raises:
        UsageError: The record is published, landed or another clone's, or another run needs it.
        StorageError: The disk is full, read-only or failing; nothing was changed.
    """
    from labrec.store import discard  # only for a run that was recorded

    return discard.discard_record(lab, entry, reason=reason, needed=_counted_on(lab))


def _counted_on(lab: Lab) -> set[str]:
    """Return the objects that spools take to be in the lab already."""
    found: set[str] = set()
    for info in spools(lab):
        try:
            with SpoolReader(info.path) as reader:
                for told in reader.documents(Kind.SECTION):
                    found |= {ref["sha256"] for ref in told["objects"] if ref.get("known")}
        except (LabrecError, OSError, KeyError, TypeError):
            continue  # damaged, or it ended meanwhile: it counts on nothing any more
    return found
