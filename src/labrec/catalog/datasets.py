"""The dataset versions of a lab, and the samples that they fix."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, cast

from labrec.catalog.leakage import Sample
from labrec.errors import (
    IntegrityError,
    InvalidError,
    LabrecError,
    LimitError,
    NotFoundError,
    UsageError,
)
from labrec.record.codec import decode
from labrec.record.digest import Digest
from labrec.record.layout import RECORDS, check_project, parse_path
from labrec.record.text import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from labrec.store.view import View

HEADER: Final = ("path", "line", "sha256", "size")
"""Columns of a manifest."""

MAX_MANIFEST: Final = 4 << 30
"""Most bytes of a manifest, unpacked."""

MAX_LINE: Final = 1 << 16
"""Most characters of one of its lines: a stored path has 4096 at most."""

_SHORTEST = 8  # hex digits that name a version
_LISTED = 20


class DatasetVersion(NamedTuple):
    """A dataset version of a lab.

    Attributes:
        project: Its project.
        name: The dataset.
        version: The version.
        digest: Of its document's bytes, ``sha256:…``: what a run's record names.
        path: Path of its document.
        unit: ``file`` or ``line``: what one sample is.
        files: How many files.
        samples: How many samples.
        distinct: How many of them differ from one another.
        bytes: Length of all samples.
        content: Digest of the manifest's bytes, unpacked: equal content, equal samples and names.
        manifest: 64 hex digits of the object that holds the manifest.
        parent: Digest of the version it was made from, or None.
        document: Everything it says, as stored.
    """

    project: str
    name: str
    version: str
    digest: str
    path: str
    unit: str
    files: int
    samples: int
    distinct: int
    bytes: int
    content: str
    manifest: str
    parent: str | None
    document: dict[str, Any]

    @property
    def called(self) -> str:
        """How people name it: ``name@version``."""
        return f"{self.name}@{self.version}"


def datasets(
    view: View, project: str, problem: Callable[[str, str], None] | None = None
) -> list[DatasetVersion]:
    """Return the dataset versions of a project, by name, then version, then digest.

    Args:
        view: Where to look.
        project: A project.
        problem: Told the path of each document that cannot be used, and why; None = passed over.
    """
    found = []
    for path, entry in view.files(f"{RECORDS}/{project}/datasets"):
        if parse_path(path).kind != "dataset":
            continue  # `verify` says what is wrong with its name
        try:
            found.append(_read(path, view.read_entry(path, entry.sha)))
        except LabrecError as error:
            if problem is not None:
                problem(path, f"{error.name}: {error.message}")
    return sorted(found, key=lambda one: (one.name, one.version, one.digest))


def find_dataset(view: View, text: str, project: str | None = None) -> DatasetVersion:
    """Return the dataset version that a text means.

    Args:
        view: Where to look.
        text: ``name@version``, a name that has one version, or a digest, or at least 8 hex digits
            of its beginning.
        project: Its project; None = whichever has one.

    Raises:
        InvalidError: The project's name is not valid.
        NotFoundError: There is none.
        UsageError: Several fit; the message lists them.
    """
    names = [check_project(project)] if project is not None else view.projects()
    every = [one for name in names for one in datasets(view, name)]
    found = [one for one in every if text in {one.called, one.name}]
    digits = text.removeprefix("sha256:").lower()
    if not found and len(digits) >= _SHORTEST:
        found = [one for one in every if one.digest.removeprefix("sha256:").startswith(digits)]
    if len(found) == 1:
        return found[0]
    shown = printable(one_line(text, 60))
    if found:
        listed = ", ".join(f"{one.project}/{one.called} {one.digest}" for one in found[:_LISTED])
        raise UsageError(
            f"'{shown}' means several dataset versions: {listed}",
            hint="Name one by its digest, or give --project.",
        )
    listed = ", ".join(dict.fromkeys(one.called for one in every[:_LISTED]))
    raise NotFoundError(
        f"no dataset version '{shown}' in " + (f"project {project}" if project else "this lab"),
        hint=f"There are: {listed}." if listed else "`labrec dataset add NAME PATH` adds one.",
    )


def samples(view: View, dataset: DatasetVersion) -> Iterator[Sample]:
    """Yield the samples of a dataset version, in the order of its manifest.

    The end proves them: what came before an error is not to be used.

    Raises:
        NotFoundError: The lab does not hold its manifest.
        IntegrityError: The manifest holds other bytes than the dataset version says.
        InvalidError: It is no manifest, or its counts are not those of the dataset version.
        LimitError: It is larger than `MAX_MANIFEST`.
    """
    where = [f"object {dataset.manifest}"]
    count = total = 0
    last = ("", -1)
    try:
        with view.open_object(Digest(dataset.manifest)) as stream:
            unpacked = gzip.GzipFile(fileobj=stream)
            hashed = _Hashed(cast("BinaryIO", unpacked))
            text = io.TextIOWrapper(io.BufferedReader(hashed), "utf-8", newline="")
            rows = csv.reader(_lines(text))
            if tuple(next(rows, ())) != HEADER:
                raise InvalidError("a manifest begins with " + ",".join(HEADER), paths=where)
            for row in rows:
                sample = _sample(row, where)
                if (sample.path, sample.line) <= last:
                    raise InvalidError("the samples of a manifest are not in order", paths=where)
                last = sample.path, sample.line
                count, total = count + 1, total + sample.size
                yield sample
            stream.read(1)  # the end is where the digest is compared
    except (gzip.BadGzipFile, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise IntegrityError(f"no manifest: {error}", paths=where) from error
    if hashed.digest != dataset.content:
        raise IntegrityError("the manifest is not the dataset version's", paths=where)
    if (count, total) != (dataset.samples, dataset.bytes):
        raise InvalidError(
            f"the manifest has {count} samples of {total} bytes, the dataset version says "
            f"{dataset.samples} of {dataset.bytes}",
            paths=[dataset.path],
        )


class _Hashed(io.RawIOBase):
    """A stream that knows the digest of what was read of it."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source = source
        self._hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._source.read(len(buffer))
        self._hash.update(data)
        buffer[: len(data)] = data
        return len(data)

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    size = 0
    for line in iter(lambda: text.readline(MAX_LINE), ""):
        size += len(line)
        if size > MAX_MANIFEST:
            raise LimitError(f"a manifest is larger than {MAX_MANIFEST} bytes unpacked")
        yield line


def _sample(row: list[str], where: list[str]) -> Sample:
    try:
        path, line, sha256, size = row
        return Sample(path, int(line), Digest(sha256).hex, int(size))
    except (ValueError, InvalidError) as error:
        raise InvalidError("a line of the manifest is no sample", paths=where) from error


def _read(path: str, data: bytes) -> DatasetVersion:
    from labrec.record.reader import read_document  # validates: only where there are datasets

    read_document(path, data)
    document = cast("dict[str, Any]", decode(data))
    return version_of(document, str(Digest.of(data)), path)


def version_of(document: dict[str, Any], digest: str, path: str) -> DatasetVersion:
    """Return the dataset version that a document makes.

    Args:
        document: As `record.reader.read_dataset` accepts it.
        digest: Of its bytes, ``sha256:…``.
        path: Where it lies.
    """
    return DatasetVersion(
        document["project"],
        document["name"],
        document["version"],
        digest,
        path,
        document["unit"],
        int(document["files"]),
        int(document["samples"]),
        int(document["distinct"]),
        int(document["bytes"]),
        document["content"],
        document["manifest"]["sha256"],
        document.get("parent"),
        document,
    )
