"""Would merging a commit only add honest records?

The commit is read as git objects and never checked out, so nothing that it brings is run: no hook,
no configuration, no code. Settings come from the base. What it would be merged into is compared
with what it would become; then the whole of it is verified as ``labrec verify`` does.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from labrec.capture.secrets.search import scan
from labrec.errors import IntegrityError, UsageError
from labrec.record import layout
from labrec.store.base import find_base
from labrec.store.history import is_immutable
from labrec.store.trees import changes
from labrec.store.verify import verify
from labrec.store.verify.report import SEVERITY, Findings, worst_first
from labrec.store.view import View, commit_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.gitio.repository import GitRepository
    from labrec.store.lab import Lab
    from labrec.store.trees import Change
    from labrec.store.verify.report import Finding, VerifyReport

_CODES = (14, 17, 19, *SEVERITY[2:])
_SHOWN = 100  # editable and foreign paths that a report names; the rest are counted


class CheckReport(NamedTuple):
    """What merging a commit would do; true when it only adds honest records.

    Attributes:
        base: The commit it would be merged into.
        commit: What the base would become.
        added: How many immutable files it adds, by kind (``run``, ``note``, ``object`` …).
        edited: Editable files that it changes (``project.yaml``, drafts): for a person to read.
        outside: Files outside ``records/`` that it changes: not looked at, for a person to read.
        outside_count: How many of those there are; ``outside`` names the first of them.
        findings: What speaks against merging, worst first; notes have the code 0.
        known: Findings of the verification that the base has already; they do not count.
    """

    base: str
    commit: str
    added: dict[str, int]
    edited: tuple[str, ...]
    outside: tuple[str, ...]
    outside_count: int
    findings: tuple[Finding, ...]
    known: int

    @property
    def exit_code(self) -> int:
        """The exit code of the worst finding; 0 when nothing speaks against merging."""
        codes = {finding.code for finding in self.findings}
        return next((code for code in _CODES if code in codes), 0)

    def __bool__(self) -> bool:
        return self.exit_code == 0

    def __str__(self) -> str:
        """Say the outcome in one sentence."""
        brought = ", ".join(f"{number} {kind}" for kind, number in self.added.items()) or "nothing"
        wrong = sum(1 for finding in self.findings if finding.code)
        verdict = f"{wrong} findings speak against merging" if wrong else "adds only honest records"
        return f"{verdict}; it adds: {brought}"

    def to_json(self) -> dict[str, object]:
        """Return the report with stable keys (``docs/check.md``)."""
        row = self._asdict() | {"findings": [finding._asdict() for finding in self.findings]}
        return {"ok": bool(self), "exit_code": self.exit_code, **row}


def check(lab: Lab, revision: str, base: str | None = None) -> CheckReport:
    """Check what merging a commit would do to the lab, without running anything it brings.

    Args:
        lab: The lab; its settings count, never those of the commit.
        revision: What the base would become: the merge commit that a forge offers, or a branch
            that stands on the base.
        base: What it would be merged into; None for the lab's base.

    Raises:
        NotFoundError: One of them names no commit, or the lab has no base.
        UsageError: The lab has no base commit yet.
        IntegrityError: The base cannot be read.
    """
    with lab.git.strict() as git:
        onto = find_base(git, lab.settings, base).commit
        if onto is None:
            raise UsageError("this lab has no base commit yet", hint="Run labrec init.")
        commit = git.resolve(revision)
        findings = Findings()
        proposed = _Proposal(git, lab, onto, commit)
        proposed.compare(findings)
    report = verify(lab, at=commit)
    known = _take(report, proposed, findings)
    return CheckReport(
        base=onto,
        commit=commit,
        added=dict(sorted(proposed.added.items())),
        edited=tuple(proposed.edited),
        outside=tuple(proposed.outside[:_SHOWN]),
        outside_count=len(proposed.outside),
        findings=worst_first(findings.kept),
        known=known,
    )


class _Proposal:
    """The difference between the base and what it would become."""

    def __init__(self, git: GitRepository, lab: Lab, base: str, commit: str) -> None:
        self.git = git
        self.allow = lab.settings.secrets_allow
        self.base = base
        self.commit = commit
        self.view = View(git, find_base(git, lab.settings, base), {})
        self.added: Counter[str] = Counter()
        self.edited: list[str] = []
        self.outside: list[str] = []
        self.touched: set[str] = set()

    def compare(self, findings: Findings) -> None:
        """Sort every file that would change, and search what would come for secrets."""
        try:
            for change in self._changes():
                self._sort(change, findings)
        except IntegrityError as error:
            place = error.paths[0] if error.paths else self.commit
            findings.add(14, "damaged", place, error.message, error.hint)

    def _changes(self) -> Iterator[Change]:
        before, after = (commit_tree(self.git, each) for each in (self.base, self.commit))
        for change in changes(self.view.tree, before, after, ""):
            yield change._replace(path=change.path.removeprefix("/"))

    def _sort(self, change: Change, findings: Findings) -> None:
        path = change.path
        if not path.startswith(f"{layout.RECORDS}/"):
            self.outside.append(path)
            return
        self.touched.add(path)
        if is_immutable(path) and change.before is not None:
            what = "removes it" if change.after is None else "puts other bytes in its place"
            findings.add(16, "left", path, f"merging {what}")
            return
        if change.before is not None or not is_immutable(path):
            self.edited.append(path)
        else:
            self.added[layout.parse_path(path).kind] += 1
        if change.after is not None and change.after.is_file:
            self._search(path, change.after.sha, findings)

    def _search(self, path: str, sha: str, findings: Findings) -> None:
        with self.git.open_blob(sha) as stream:
            for found in scan(stream, path, self.allow):
                findings.add(
                    19,
                    "secret",
                    path,
                    f"line {found.line}, column {found.column} looks like a secret ({found.kind})",
                    "Take it out and revoke it; or list its sha256 in secrets.allow: "
                    f"{found.fingerprint}",
                )


def _take(report: VerifyReport, proposed: _Proposal, findings: Findings) -> int:
    """Take over what the verification found in what is new; return how much was there before."""
    known = 0
    for finding in report.findings:
        path = finding.path
        if (
            finding.code
            and path not in proposed.touched
            and path.startswith(f"{layout.RECORDS}/")
            and proposed.view.entry(path) is not None
        ):
            known += 1
        elif finding.code or path in proposed.touched:
            findings.add(*finding)
    return known
