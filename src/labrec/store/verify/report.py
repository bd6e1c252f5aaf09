"""What a verification found, as a value that explains itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labrec.record.text import printable

if TYPE_CHECKING:
    from labrec.store.base import Base

SEVERITY = (14, 17, 16, 12, 3)
"""Exit codes from worst to mildest: the worst finding decides."""

KEPT = 1_000
"""Findings of one kind that are kept in full; the rest are counted."""


class Finding(NamedTuple):
    """One thing that is not as it should be, or worth knowing.

    Attributes:
        code: The exit code it asks for: 14, 17, 16, 12 or 3; 0 for a note.
        kind: A stable word for what it is, such as ``digest``, ``fork`` or ``forged``.
        path: The file, ref or git object it is about, safe to print.
        message: What is wrong, one sentence.
        hint: What to do next, one sentence; may be empty.
    """

    code: int
    kind: str
    path: str
    message: str
    hint: str = ""


_HINTS = {
    "case": "Rename one of them in a new commit: on some systems they are the same file.",
    "damaged": "Fetch the repository again from another clone of this lab.",
    "digest": "Restore the file from another clone; a correction is a new document.",
    "executable": "Records are plain files: commit it again with mode 100644.",
    "fork": "Both are kept; say with a supersede note which one counts.",
    "forged": "Remove the file it stands in and fetch the object from another clone.",
    "graft": "Remove info/grafts: git shows a history that the commits do not have.",
    "invalid": "It was not written by labrec or was edited: restore it from another clone.",
    "left": "Fetch the lab from another clone; a published record never leaves.",
    "link": "Replace the link by the file itself: labrec never follows links.",
    "missing": "Fetch again from another clone of this lab.",
    "name": "Move it to the path its project, id and bytes ask for.",
    "newer": "Update labrec to read it.",
    "reference": "It may be in a clone whose record ref was not fetched yet.",
    "replace": "Delete it with `git replace -d`: git shows other bytes than those recorded.",
    "submodule": "Remove it: a lab holds its files itself.",
    "unknown": "labrec ignores it; move it out of records/.",
    "unsafe": "Rename it: labrec refuses names that a system could take for something else.",
}


class Findings:
    """Collects findings; beyond `KEPT` of one kind it only counts them."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.by_kind: dict[tuple[int, str], int] = {}

    def add(self, code: int, kind: str, path: str, message: str, hint: str | None = None) -> None:
        """Take one finding; the path is made printable here."""
        key = (code, kind)
        self.by_kind[key] = self.by_kind.get(key, 0) + 1
        if self.by_kind[key] <= KEPT:
            said = _HINTS.get(kind, "") if hint is None else hint
            self.kept.append(Finding(code, kind, printable(path), printable(message), said))

    def __len__(self) -> int:
        return sum(self.by_kind.values())

    @property
    def clean(self) -> bool:
        """True while nothing but notes was found."""
        return not any(code for code, _ in self.by_kind)


class Counts:
    """How much was looked at. All are counts but ``bytes`` (inflated bytes of git objects)."""

    __slots__ = ("bytes", "documents", "git_objects", "loose", "objects", "packs", "records")

    def __init__(self) -> None:
        self.records = 0
        self.documents = 0
        self.objects = 0
        self.git_objects = 0
        self.packs = 0
        self.loose = 0
        self.bytes = 0

    def to_json(self) -> dict[str, int]:
        """Return the counts by name."""
        return {name: getattr(self, name) for name in self.__slots__}


class VerifyReport(NamedTuple):
    """The result of a verification. It is true when nothing is wrong.

    Attributes:
        view: Id of the view that was verified; empty when it could not be read.
        base: The base commit and how it was found.
        refs: The record refs and their commits.
        mode: ``full``, ``content`` or ``incremental``.
        history: What is known of history, one phrase.
        findings: Everything found, worst first; at most `KEPT` of a kind.
        total: How many findings there were of each (code, kind).
        counts: How much was looked at.
    """

    view: str
    base: Base
    refs: dict[str, str]
    mode: str
    history: str
    findings: tuple[Finding, ...]
    total: dict[tuple[int, str], int]
    counts: Counts

    @property
    def exit_code(self) -> int:
        """The exit code of the worst finding, by `SEVERITY`; 0 when there are only notes."""
        codes = {code for code, _ in self.total}
        return next((code for code in SEVERITY if code in codes), 0)

    def __bool__(self) -> bool:
        return self.exit_code == 0

    def __str__(self) -> str:
        """Say the outcome in one sentence."""
        looked = (
            f"{self.counts.records} records, {self.counts.objects} objects, "
            f"{self.counts.git_objects} git objects"
        )
        history = f"history: {self.history}"
        if self:
            return f"verified {looked}; {history}"
        wrong = sum(number for (code, _), number in self.total.items() if code)
        return f"{wrong} findings in {looked}; {history}"

    def to_json(self) -> dict[str, object]:
        """Return the report with stable keys (``docs/verify.md``)."""
        return {
            "ok": bool(self),
            "exit_code": self.exit_code,
            "view": self.view,
            "base": {"commit": self.base.commit, "how": self.base.how, "ref": self.base.ref},
            "refs": dict(self.refs),
            "mode": self.mode,
            "history": self.history,
            "counts": self.counts.to_json(),
            "findings": [finding._asdict() for finding in self.findings],
            "totals": [
                {"code": code, "kind": kind, "count": number}
                for (code, kind), number in sorted(self.total.items())
            ],
        }


def worst_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """Sort findings by severity, then by the order they were found in."""
    rank = {code: place for place, code in enumerate(SEVERITY)}
    return tuple(sorted(findings, key=lambda finding: rank.get(finding.code, len(rank))))
