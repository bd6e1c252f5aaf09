"""Does every file of a view hold what its name, its schema and its neighbours say?"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

from labrec.errors import (
    IntegrityError,
    InvalidError,
    NewerSchemaError,
    OlderSchemaError,
    UnsafeError,
)
from labrec.gitio.objects import (
    MODE_EXECUTABLE,
    MODE_FILE,
    MODE_LINK,
    MODE_SUBMODULE,
)
from labrec.record import layout, paths
from labrec.record.digest import Digest
from labrec.record.reader import (
    read_dataset,
    read_metric,
    read_note,
    read_record,
    read_registration,
    read_report,
)
from labrec.store.definitions import read_definition
from labrec.store.history import is_immutable
from labrec.store.verify.references import References

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.gitio.objects import TreeEntry
    from labrec.store.trees import Tree
    from labrec.store.verify.report import Counts, Findings
    from labrec.store.view import View

DOCUMENT_LIMIT = 262_144
"""Largest document in bytes (docs/format.md)."""

_EDITABLE = frozenset({"project", "draft"})
_DOCUMENTS = frozenset({"run", "note", "registration", "metric", "dataset", "report"})
_MODES = {
    MODE_LINK: ("link", "a symbolic link"),
    MODE_SUBMODULE: ("submodule", "a submodule"),
    MODE_EXECUTABLE: ("executable", "an executable file"),
}
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize [0-9]+\n"
)


def files_of(view: View, findings: Findings) -> Iterator[tuple[str, TreeEntry]]:
    """Yield every regular file of a view; links, modes and names that collide are findings."""
    stack = [(layout.RECORDS, view.id)]
    while stack:
        path, sha = stack.pop()
        try:
            tree = view.tree(sha)
        except IntegrityError as error:
            findings.add(14, "damaged", path, error.message, error.hint)
            continue
        collisions(path, tree, findings)
        for name, entry in tree.items():
            place = f"{path}/{name}"
            if entry.is_tree:
                stack.append((place, entry.sha))
            elif plain(place, entry, findings):
                yield place, entry


def plain(path: str, entry: TreeEntry, findings: Findings) -> bool:
    """Tell whether an entry is a plain file; anything else is a finding."""
    if entry.mode == MODE_FILE:
        return True
    kind, what = _MODES.get(entry.mode, ("mode", f"an entry of mode {entry.mode:o}"))
    findings.add(17, kind, path, f"{what} stands where a plain file belongs")
    return entry.mode == MODE_EXECUTABLE


def collisions(path: str, tree: Tree, findings: Findings) -> None:
    """Report names of one directory that some file systems take for the same."""
    folded = {unicodedata.normalize("NFC", name).casefold() for name in tree}
    if len(folded) == len(tree):
        return
    seen: dict[str, str] = {}
    for name in sorted(tree):
        first = seen.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if first != name:
            findings.add(
                17, "case", f"{path}/{name}", f"its name differs from {first} by case or form alone"
            )


class ContentCheck:
    """Checks files one by one and remembers what they refer to.

    Args:
        findings: Where what is wrong goes.
        counts: Where what was looked at goes.
    """

    def __init__(self, findings: Findings, counts: Counts) -> None:
        self.findings = findings
        self.counts = counts
        self.references = References(findings)

    def file(self, path: str, data: bytes) -> None:
        """Check one file that is held in memory."""
        parsed = self._parse(path)
        if parsed is None:
            return
        kind = parsed.kind
        if kind in _EDITABLE:
            self._definition(path, data)
        elif kind == "lfs":
            self._pointer(path, data)
        elif kind == "object":
            self._object(path, Digest.of(data), len(data))
        elif kind in _DOCUMENTS:
            self._document(path, parsed, data)

    def large(self, path: str, pieces: Iterator[bytes]) -> None:
        """Check one file piece by piece; the pieces are used up."""
        digest, size = hashlib.sha256(), 0
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
        parsed = self._parse(path)
        if parsed is None:
            return
        if parsed.kind == "object":
            self._object(path, Digest(digest.hexdigest()), size)
        elif parsed.kind in _DOCUMENTS or parsed.kind in _EDITABLE:
            self.findings.add(12, "invalid", path, f"{size} bytes are too many for a document")

    def _parse(self, path: str) -> layout.Parsed | None:
        """Return what a path says; None, and a finding, when it is no path of a lab."""
        parsed = layout.parse_path(path)
        if parsed.kind != "other":
            return parsed  # the layout knows no unsafe path
        try:
            paths.check_path(path)
        except UnsafeError as error:
            self.findings.add(17, "unsafe", path, error.message)
            return None
        if is_immutable(path):
            self.findings.add(17, "name", path, "its name carries a digest, its place is another")
        else:
            self.findings.add(3, "unknown", path, "no file of a lab has such a path")
        return None

    def _definition(self, path: str, data: bytes) -> None:
        self.counts.documents += 1
        try:
            read_definition(data, path)
        except InvalidError as error:
            self.findings.add(12, "invalid", path, error.message)

    def _pointer(self, path: str, data: bytes) -> None:
        match = _POINTER.fullmatch(data)
        if match is None:
            self.findings.add(12, "invalid", path, "it is no Git LFS pointer")
        elif match[1].decode() != path.rpartition("/")[2]:
            self.findings.add(14, "digest", path, "the pointer names another object")

    def _object(self, path: str, digest: Digest, size: int) -> None:
        self.counts.objects += 1
        if digest.hex != path.rpartition("/")[2]:
            self.findings.add(14, "digest", path, "its bytes hash to another name")
        else:
            self.references.have(digest.hex, size)

    def _document(self, path: str, parsed: layout.Parsed, data: bytes) -> None:
        self.counts.documents += 1
        digest = Digest.of(data)
        if digest.short != parsed.digest:
            self.findings.add(14, "digest", path, "its bytes hash to another name")
            return
        try:
            self._meaning(path, parsed, data, digest)
        except (NewerSchemaError, OlderSchemaError) as error:
            self.findings.add(12, error.name.removesuffix("-schema"), path, error.message)
        except InvalidError as error:
            self.findings.add(12, "invalid", path, error.message)
        except UnsafeError as error:
            self.findings.add(17, "unsafe", path, error.message)

    def _meaning(self, path: str, parsed: layout.Parsed, data: bytes, digest: Digest) -> None:
        """Read a document under its schema, compare it with its path, note what it refers to."""
        if parsed.kind == "run":
            self.counts.records += 1
            record = read_record(data)
            identity = record.identity
            self._belongs(path, layout.run_path(identity.project, identity.run_id, digest))
            self.references.run(path, record)
        elif parsed.kind == "note":
            note = read_note(data)
            self._belongs(path, layout.note_path(note.project, note.note_id, digest))
            self.references.note(path, note, digest)
        elif parsed.kind == "registration":
            claim = read_registration(data)
            self._belongs(path, layout.registration_path(claim.project, claim.slug, digest))
            self.references.registration(path, claim, digest)
        elif parsed.kind == "metric":
            metric = read_metric(data)
            self._belongs(path, layout.metric_path(metric.project, metric.slug, digest))
            self.references.metric(path, metric, digest)
        elif parsed.kind == "dataset":
            dataset = read_dataset(data)
            place = dataset.project, dataset.name, dataset.version
            self._belongs(path, layout.dataset_path(*place, digest))
            self.references.dataset(path, dataset, digest)
        else:
            report = read_report(data)
            self._belongs(
                path, layout.report_path(report.project, report.slug, report.version, digest)
            )
            self.references.report(path, report, digest)

    def _belongs(self, path: str, expected: str) -> None:
        if path != expected:
            self.findings.add(17, "name", path, f"its content belongs at {expected}")
