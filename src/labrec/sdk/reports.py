"""Freezing a report: what was rendered becomes a document and objects that nothing changes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec._version import __version__
from labrec.errors import (
    IntegrityError,
    LabrecError,
    NotFoundError,
    SecretError,
    UnsafeError,
    UsageError,
)
from labrec.record import codec, fragment, records_csv
from labrec.record.digest import Digest
from labrec.record.layout import RECORDS, check_slug, object_path, parse_path, report_path
from labrec.record.text import one_line, printable
from labrec.sdk.documents import Refusal, commit_document
from labrec.sdk.start import author_of
from labrec.store.additions import Addition

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from labrec.record.records_csv import Used
    from labrec.store.lab import Lab
    from labrec.store.view import View

SCHEMA: Final = "labrec.report/1.0"
_REFUSAL = Refusal("report", "Take them out of the report, then freeze it.", "nothing was frozen")


class Part(NamedTuple):
    """A figure or table of a rendered report.

    Attributes:
        name: Its name in the report, ``[a-z0-9-]+``.
        title: What it is about.
        data: Its data as CSV.
        sentence: Of a figure: what it shows.
        drawing: Of a figure: a whole SVG; empty for a table.
    """

    name: str
    title: str
    data: bytes
    sentence: str = ""
    drawing: bytes = b""


class Rendered(NamedTuple):
    """A report as it is to be frozen.

    Attributes:
        project: Its project.
        slug: Its name.
        title: What it is called.
        markdown: As it was written.
        article: Its fragment.
        parts: Its figures and tables.
        used: Every document whose values it shows.
        view: View id of what it was made from.
    """

    project: str
    slug: str
    title: str
    markdown: bytes
    article: bytes
    parts: tuple[Part, ...]
    used: tuple[Used, ...]
    view: str


class FrozenReport(NamedTuple):
    """One frozen version of a report, as the lab holds it.

    Attributes:
        path: Path of its document.
        digest: Digest of its document, ``sha256:…``.
        document: What it says.
    """

    path: str
    digest: str
    document: dict[str, Any]

    @property
    def project(self) -> str:
        """Its project."""
        return str(self.document["project"])

    @property
    def slug(self) -> str:
        """The report."""
        return str(self.document["slug"])

    @property
    def citation(self) -> str:
        """How it is cited: ``project/reports/slug v2@sha256:…``."""
        return f"{self.project}/reports/{self.slug} v{self.number}@{self.digest}"

    @property
    def number(self) -> int:
        """Which version it is, from 1."""
        return int(self.document["version"])


class Frozen(NamedTuple):
    """A report that is frozen now. Always true.

    Attributes:
        version: The version.
        known: Whether the lab held this very article as its newest version; then nothing was
            written.
    """

    version: FrozenReport
    known: bool

    def __bool__(self) -> bool:
        return True

    def to_json(self) -> dict[str, Any]:
        """Return the result with stable keys."""
        found = self.version
        return {
            "project": found.project,
            "slug": found.slug,
            "version": found.number,
            "digest": found.digest,
            "path": found.path,
            "known": self.known,
        }


def freeze(lab: Lab, rendered: Rendered, author: str | None = None) -> Frozen:
    """Freeze a report as its next version; what is frozen already is not frozen again.

    Args:
        lab: Where it goes.
        rendered: The report.
        author: Who freezes it; None = whom the lab's records name, if anybody.

    Raises:
        InvalidError: It breaks a rule of the format.
        UnsafeError: Its fragment or a drawing holds what none may hold: a bug of labrec.
        SecretError: It holds a secret.
        StorageError: The disk is full, read-only or failing.
    """
    _prove(rendered)
    check_slug(rendered.slug)
    before = [
        one for one in versions(lab.view()) if (one.project, one.slug) == rendered[:2]
    ]  # fmt: skip
    newest = [one for one in before if one.number == max(each.number for each in before)]
    objects = _Objects()
    document = {
        "schema": SCHEMA,
        "project": rendered.project,
        "slug": rendered.slug,
        "version": str(newest[0].number + 1 if newest else 1),
        "title": rendered.title,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "author": {"name": author.strip(), "source": "option"} if author else author_of(lab),
        "tool": f"labrec {__version__}",
        "view": rendered.view,
        "markdown": objects.add(rendered.markdown),
        "article": objects.add(rendered.article),
        "records": objects.add(records_csv.write(rendered.used)),
        "record_count": len(set(rendered.used)),
        "figures": [
            {"name": one.name, "title": one.title, "sentence": one.sentence,
             "drawing": objects.add(one.drawing), "data": objects.add(one.data)}
            for one in rendered.parts if one.drawing
        ],
        "tables": [
            {"name": one.name, "title": one.title, "data": objects.add(one.data)}
            for one in rendered.parts if not one.drawing
        ],
        "supersedes": sorted(one.digest for one in newest),
    }  # fmt: skip
    for one in newest:
        if len(newest) == 1 and _shows(one.document) == _shows(document):
            return Frozen(one, known=True)
    _refuse_secrets(lab, rendered)

    def path_of(digest: Digest) -> str:
        return report_path(rendered.project, rendered.slug, str(document["version"]), digest)

    subject = f"report({rendered.project}): {rendered.slug} v{document['version']}"
    path, digest = commit_document(lab, document, path_of, subject, objects.all, refusal=_REFUSAL)
    return Frozen(FrozenReport(path, str(digest), document), known=False)


_SAME = ("title", "markdown", "article", "records", "figures", "tables")


def _shows(document: dict[str, Any]) -> dict[str, Any]:
    return {name: document.get(name) for name in _SAME}


class _Objects:
    """The objects of a version, each once."""

    def __init__(self) -> None:
        self.all: list[Addition] = []

    def add(self, data: bytes) -> dict[str, Any]:
        digest = Digest.of(data)
        addition = Addition(object_path(digest), data)
        if addition not in self.all:
            self.all.append(addition)
        return {"sha256": digest.hex, "size": len(data)}


def _prove(rendered: Rendered) -> None:
    wrong = fragment.mistakes(rendered.article.decode())
    for part in rendered.parts:
        if part.drawing:
            wrong += fragment.drawing_mistakes(part.drawing.decode())
    if wrong:
        raise UnsafeError(
            f"the rendered report holds what no fragment may hold: {'; '.join(wrong[:5])}",
            hint="This is a bug in labrec: send the report with its message.",
            kept="nothing was frozen",
        )


def _refuse_secrets(lab: Lab, rendered: Rendered) -> None:
    # here: whoever reads reports, as the site does, needs none of its expressions
    from labrec.capture.secrets.search import scan

    for what, data in (("the report", rendered.markdown), ("its article", rendered.article)):
        found = scan(data, what, lab.settings.secrets_allow)
        if found:
            raise SecretError(
                f"{what} holds what looks like a secret ({found[0].kind}), "
                f"line {found[0].line}, column {found[0].column}",
                hint=_REFUSAL.hint,
                kept=_REFUSAL.kept,
            )


# --- reading ----------------------------------------------------------------------------------


def versions(view: View, problem: Callable[[str, str], None] | None = None) -> list[FrozenReport]:
    """Return every frozen version of every report, by slug, project, number and digest.

    Args:
        view: Where to look.
        problem: Told the path of each document that cannot be used, and why; None = passed over.
    """
    found = []
    for project in view.projects():
        for path, entry in view.files(f"{RECORDS}/{project}/reports"):
            if parse_path(path).kind != "report":
                continue  # `verify` says what is wrong with its name
            try:
                found.append(_read(path, view.read_entry(path, entry.sha)))
            except LabrecError as error:
                if problem is not None:
                    problem(path, f"{error.name}: {error.message}")
    return sorted(found, key=lambda one: (one.slug, one.project, one.number, one.digest))


def _read(path: str, data: bytes) -> FrozenReport:
    from labrec.record.reader import read_document  # brings validation in: only where one is read

    read_document(path, data)
    return FrozenReport(path, str(Digest.of(data)), codec.decode(data))


def find_version(view: View, text: str) -> FrozenReport:
    """Return the frozen version that a text means.

    Args:
        view: Where to look.
        text: ``slug`` for the newest one, or ``slug@number``.

    Raises:
        NotFoundError: There is none.
        UsageError: Several documents are this version; the message lists them.
    """
    slug, _, number = text.partition("@")
    found = [one for one in versions(view) if one.slug == slug]
    wanted = number.removeprefix("v") or str(max((one.number for one in found), default=0))
    same = [one for one in found if str(one.number) == wanted]
    shown = printable(one_line(text, 60))
    if len(same) == 1:
        return same[0]
    if same:
        raise UsageError(
            f"{len(same)} documents are version {wanted} of report {slug}: "
            + ", ".join(one.digest for one in same),
            hint="Freeze the report again: the next version supersedes them.",
            paths=[one.path for one in same],
        )
    there = ", ".join(f"{one.slug}@{one.number}" for one in found) or "none"
    raise NotFoundError(
        f"no frozen version '{shown}' in this lab",
        hint=f"Frozen: {there}. `labrec report list` lists the reports.",
    )


def part(view: View, ref: dict[str, Any], limit: int = fragment.MAX_FRAGMENT) -> bytes:
    """Return the bytes of a part of a frozen report.

    Args:
        view: The lab.
        ref: The part, as the document names it.
        limit: Most bytes that are read.

    Raises:
        NotFoundError: The lab does not hold it.
        IntegrityError: It holds other bytes, or of another length.
        LimitError: There are more than `limit`.
    """
    from labrec.store.blobs import read_object  # only where bytes are read

    data = read_object(view, Digest(ref["sha256"]), limit=limit)
    if len(data) != ref["size"]:
        raise IntegrityError(
            f"object {ref['sha256']} has {len(data)} bytes, the report says {ref['size']}",
            hint="Run `labrec verify`.",
        )
    return data


def used(view: View, one: FrozenReport) -> Sequence[Used]:
    """Return the documents whose values a frozen version shows.

    Raises:
        NotFoundError: The lab does not hold the list.
        IntegrityError: It holds other bytes.
        InvalidError: It is no such list.
    """
    return tuple(records_csv.read(part(view, one.document["records"], 1 << 28)))
