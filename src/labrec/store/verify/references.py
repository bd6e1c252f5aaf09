"""Does everything that a document refers to exist?

Objects travel with the record that needs them, so a missing one is damage. Other runs, notes and
registrations may be in a clone whose record ref was not fetched: their absence is said, mildly.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from labrec.errors import InvalidError, UnsafeError
from labrec.record import codec, fragment, records_csv
from labrec.record.digest import Digest
from labrec.record.note import Redact
from labrec.record.spreadsheet import refuse_formulas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from labrec.record.dataset_version import DatasetVersion
    from labrec.record.metric_definition import MetricDefinition
    from labrec.record.note import Note
    from labrec.record.registration import Registration
    from labrec.record.report import Report
    from labrec.record.run import ResearchRecord
    from labrec.store.verify.report import Findings


_SHOWN = 3  # mistakes of a fragment that a finding names
_MANIFEST_ROW = ("mode", "path", "sha256", "size")


class References:
    """Collects what exists and what is referred to, then compares.

    Args:
        findings: Where what is missing goes.
    """

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.sizes: dict[str, int] = {}
        self.runs: set[str] = set()
        self.registrations: set[str] = set()
        self.notes: set[str] = set()
        self.definitions: set[str] = set()
        self.manifests: dict[str, dict[str, str]] = {}
        self.articles: dict[str, str] = {}
        self.record_lists: dict[str, str] = {}
        self.drawings: dict[str, str] = {}
        self.tables: dict[str, str] = {}
        self.reports: set[str] = set()
        self._superseding: dict[str, str] = {}
        self._retractions: dict[str, list[str]] = {}
        self.redacted: set[str] = set()
        self._objects: dict[tuple[str, int | None], str] = {}
        self._runs: dict[str, str] = {}
        self._registrations: dict[str, str] = {}
        self._notes: dict[str, str] = {}
        self._definitions: dict[str, str] = {}

    def have(self, sha256: str, size: int) -> None:
        """Note that an object of this digest (64 hex digits) and size is there."""
        self.sizes[sha256] = size

    def need(self, path: str, sha256: str, size: int | None) -> None:
        """Note that the document at ``path`` refers to an object; the size may be unknown."""
        self._objects.setdefault((sha256, size), path)

    def run(self, path: str, record: ResearchRecord) -> None:
        """Note a run and what its record refers to."""
        self.runs.add(record.identity.run_id)
        for sha256, size in objects_of(record):
            self.need(path, sha256, size)
        code = record.code
        if code is not None and code.kind == "manifest" and code.manifest is not None:
            self.manifests.setdefault(code.manifest.sha256, {}).setdefault(str(code.digest), path)
        if record.identity.fulfils is not None:
            self._runs.setdefault(record.identity.fulfils, path)
        lineage = record.lineage
        if lineage is None:
            return
        named = [parent.run_id for parent in lineage.parents]
        for run_id in (*named, lineage.reproduces, lineage.continues):
            if run_id is not None:
                self._runs.setdefault(run_id, path)
        for link in lineage.hypotheses:
            self._registrations.setdefault(str(link.registration), path)

    def note(self, path: str, note: Note, digest: Digest) -> None:
        """Note a note, what it speaks about and what its author had seen."""
        self.notes.add(str(digest))
        if note.subject.kind == "run":
            self._runs.setdefault(note.subject.id, path)
            if note.kind == "supersede":
                self._superseding[str(digest)] = note.subject.id
        elif note.subject.kind == "note":
            self._notes.setdefault(str(note.subject.digest), path)
            if note.kind == "retract":
                self._retractions.setdefault(str(note.subject.digest), []).append(str(digest))
        elif note.subject.kind == "hypothesis":
            self._registrations.setdefault(str(note.subject.digest), path)
        if isinstance(note.body, Redact):
            self.redacted.update(digest.hex for digest in note.body.objects)
        for seen in note.after:
            self._notes.setdefault(str(seen), path)

    @property
    def superseded(self) -> set[str]:
        """The runs of which a note says which record counts, and no heard note retracts that."""
        return {run for digest, run in self._superseding.items() if self._is_heard(digest)}

    def _is_heard(self, digest: str) -> bool:
        known: dict[str, bool] = {}
        rest = [digest]
        while rest:
            above = self._retractions.get(rest[-1], ())
            waiting = [other for other in above if other not in known]
            if waiting:  # a digest names no later document: this has an end
                rest += waiting
            else:
                known[rest.pop()] = not any(known[other] for other in above)
        return known[digest]

    def registration(self, path: str, claim: Registration, digest: Digest) -> None:
        """Note a registration and the one it amends."""
        self.registrations.add(str(digest))
        if claim.amends is not None:
            self._registrations.setdefault(str(claim.amends), path)

    def metric(self, path: str, metric: MetricDefinition, digest: Digest) -> None:
        """Note a metric definition and those that it amends."""
        self.definitions.add(str(digest))
        for amended in metric.amends:
            self._definitions.setdefault(str(amended), path)

    def dataset(self, path: str, dataset: DatasetVersion, digest: Digest) -> None:
        """Note a dataset version, its manifest and the version it was made from."""
        self.definitions.add(str(digest))
        self.need(path, dataset.manifest.sha256, dataset.manifest.size)
        if dataset.parent is not None:
            self._definitions.setdefault(str(dataset.parent), path)

    def report(self, path: str, report: Report, digest: Digest) -> None:
        """Note a frozen report, its parts and the version before it."""
        self.definitions.add(str(digest))
        self.reports.add(path)
        for part in report.objects:
            self.need(path, part.sha256, part.size)
        self.articles.setdefault(report.article.sha256, path)
        self.record_lists.setdefault(report.records.sha256, path)
        for figure in report.figures:
            self.drawings.setdefault(figure.drawing.sha256, path)
        tables = [one.data for one in report.tables]
        for part in (report.records, *(figure.data for figure in report.figures), *tables):
            self.tables.setdefault(part.sha256, path)
        for older in report.supersedes:
            self._definitions.setdefault(str(older), path)

    def article(self, sha256: str, data: bytes) -> None:
        """Prove that the fragment of a frozen report says nothing that runs or loads."""
        self._fragment(self.articles[sha256], "fragment", fragment.mistakes(_text(data)))

    def drawing(self, sha256: str, data: bytes) -> None:
        """Prove that a figure of a frozen report says nothing that runs or loads."""
        self._fragment(self.drawings[sha256], "drawing", fragment.drawing_mistakes(_text(data)))

    def _fragment(self, path: str, what: str, mistakes: list[str]) -> None:
        if mistakes:
            message = f"its {what} holds what no {what} may hold: {'; '.join(mistakes[:_SHOWN])}"
            self.findings.add(17, "unsafe", path, message)

    def table(self, sha256: str, data: bytes) -> None:
        """Prove that data of a frozen report hold nothing that a spreadsheet would run."""
        path = self.tables[sha256]
        try:
            refuse_formulas(data)
        except UnsafeError as error:
            message = f"its data hold what no data may hold: {error.message}"
            self.findings.add(17, "unsafe", path, message)
        except InvalidError as error:
            if sha256 not in self.record_lists:  # of which it is told already
                self.findings.add(12, "invalid", path, error.message)

    def record_list(self, sha256: str, data: bytes) -> None:
        """Note the documents that a frozen report shows values of."""
        path = self.record_lists[sha256]
        try:
            rows = list(records_csv.read(data))
        except InvalidError as error:
            self.findings.add(12, "invalid", path, error.message)
            return
        for row in rows:
            if row.kind == "run":
                self._runs.setdefault(row.id, path)
            elif row.kind == "registration":
                self._registrations.setdefault(row.digest, path)
            else:
                self._definitions.setdefault(row.digest, path)

    def manifest(self, sha256: str, data: bytes) -> None:
        """Note the files that a code manifest refers to and compare its digest with its records'.

        Args:
            sha256: Its digest, 64 hex digits, already proven.
            data: Its bytes.
        """
        claims = self.manifests[sha256]
        first = next(iter(claims.values()))
        try:
            document = codec.decode(data, limit=None)
            rows = [{name: row[name] for name in _MANIFEST_ROW} for row in document["files"]]
            stored = [(str(row["sha256"]), int(row["size"])) for row in rows]
        except (InvalidError, KeyError, TypeError, ValueError):
            message = f"code manifest {sha256} cannot be read"
            self.findings.add(12, "invalid", first, message)
            return
        # What RFC 8785 gives for these rows (a test says so), at a hundredth of its time.
        text = json.dumps(rows, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        digest = str(Digest.of(text.encode()))
        for claimed, path in claims.items():
            if claimed != digest:
                message = f"code manifest {sha256} has the digest {digest}, not {claimed}"
                self.findings.add(14, "digest", path, message)
        for name, size in stored:
            self.need(first, name, size)

    def compare(
        self,
        object_size: Callable[[str], int | None] | None = None,
        has_run: Callable[[str], bool] | None = None,
    ) -> None:
        """Report what is referred to and is not there.

        Args:
            object_size: Answers for objects that were not looked at: their size, None if absent.
            has_run: Answers for runs that were not looked at.
        """
        self._compare_objects(object_size or self.sizes.get)
        known = has_run or self.runs.__contains__
        for run_id, path in self._runs.items():
            if run_id not in self.runs and not known(run_id):
                self._absent(path, f"run {run_id}")
        if object_size is not None:
            return  # only what is new was read: what it refers to may be older
        for digest in self._registrations.keys() - self.registrations:
            self._absent(self._registrations[digest], f"registration {digest}")
        for digest in self._notes.keys() - self.notes:
            self._absent(self._notes[digest], f"note {digest}")
        for digest in self._definitions.keys() - self.definitions:
            self._absent(self._definitions[digest], f"definition {digest}")

    def _compare_objects(self, size_of: Callable[[str], int | None]) -> None:
        for (sha256, size), path in self._objects.items():
            actual = self.sizes.get(sha256) or size_of(sha256)
            if actual is None and sha256 in self.redacted:
                self.findings.add(0, "redacted", path, f"object {sha256} was erased on purpose")
            elif actual is None:
                self.findings.add(14, "missing", path, f"object {sha256} is not in the lab")
            elif size is not None and actual != size:
                message = f"object {sha256} has {actual} bytes, the record says {size}"
                self.findings.add(14, "size", path, message)

    def _absent(self, path: str, what: str) -> None:
        self.findings.add(3, "reference", path, f"{what} is not in this view")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").replace("\ufffd", "\0")  # which no fragment holds


def objects_of(record: ResearchRecord) -> Iterator[tuple[str, int]]:
    """Yield (sha256, size) of every object that a record says is stored in the lab."""
    places = (
        (record.code, ("manifest", "patch")),
        (record.environment, ("object",)),
        (record.hardware, ("object",)),
        (record.telemetry, ("object",)),
        (record.metrics, ("series",)),
        (record.counterfactuals, ("object",)),
    )
    for section, names in places:
        for name in names:
            found = getattr(section, name, None)
            if found is not None:
                yield found.sha256, found.size
    if record.artifacts is not None:
        for item in record.artifacts.items:
            if item.where == "git":
                yield item.sha256, item.size
