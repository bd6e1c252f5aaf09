"""Verdicts out of the tables: those that are there already, and the note that keeps one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.analytics.pipeline import default_folder, identity, is_current, read_report
from labrec.errors import LabrecError, UsageError
from labrec.record.heard import Subject
from labrec.sdk.notes import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labrec.store.lab import Lab
    from labrec.store.view import View

_KEPT: Final = {
    "supported": "supported", "refuted": "refuted", "inconclusive": "inconclusive",
    "suggestive": "inconclusive",
}  # fmt: skip


def verdicts_at_hand(lab: Lab, view: View) -> dict[str, str]:
    """Return the verdicts that the lab's tables hold, by registration; nothing is computed.

    Empty where the tables are not those of the view, or cannot be read here.

    Args:
        lab: The lab.
        view: What is looked at.
    """
    try:
        folder = default_folder(lab)
        report = read_report(folder)
        if report is None or not is_current(folder, report, identity(view)):
            return {}
        from labrec.analytics.query import Tables  # brings polars in: only where tables are there

        rows = Tables(folder).rows("hypotheses", {})
    except (ImportError, LabrecError):
        return {}
    return {row["registration"]: row["shown"] for row in rows}


def keeping(row: Mapping[str, Any], view_id: str) -> Request:
    """Return the note that keeps a verdict, so that a later one can be held against it.

    The verdict of today may be another one tomorrow: records come in from other clones, runs are
    retracted, labrec changes. The note names the view, from which it can be computed again.

    Args:
        row: Its row of the table `hypotheses`.
        view_id: Git tree id of the records it was computed from.

    Raises:
        UsageError: It is not final.
    """
    word, slug = row["verdict"], row["hypothesis"]
    if not row["final"] or word not in _KEPT:
        raise UsageError(
            f"the verdict on {slug} is not final: {word}, {row['why']}",
            hint="More runs may still change it; `labrec why` says what it waits for.",
        )
    body = {
        "decision": _KEPT[word],
        "registration": row["registration"],
        "confirmatory": row["registered"] == "preregistered",
        "object": None,
        "text": f"View {view_id}. {row['sentence']}",
    }
    subject = Subject("hypothesis", slug, row["registration"])
    return Request(row["project"], subject, "verdict", body)
