"""Adding a dataset version: every sample is hashed, none is stored."""

from __future__ import annotations

import hashlib
import os
import stat
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

from labrec.capture.assembly.compressed import CompressedFile, quoted
from labrec.catalog.datasets import HEADER, DatasetVersion, datasets, find_dataset, version_of
from labrec.errors import LimitError, StorageError, UnsafeError, UsageError
from labrec.record.digest import Digest
from labrec.record.layout import check_slug, check_version, dataset_path, object_path
from labrec.record.paths import stored_path
from labrec.sdk.documents import commit_document
from labrec.sdk.start import author_of, project_of
from labrec.store.additions import Addition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labrec.store.lab import Lab

SCHEMA: Final = "labrec.dataset/1.0"

MOST: Final = 10_000_000
"""Samples of one dataset version."""

_PIECE = 1 << 20
_LONGEST = 64 << 20  # bytes of a line: a longer one is no sample of a text


class Request(NamedTuple):
    """What is to be added.

    Attributes:
        name: The dataset.
        version: The version.
        paths: Files, and folders of files.
        project: Its project; None = the one that runs go to here.
        lines: Whether each line of a file is a sample, and not each file.
        parent: The dataset version it was made from; None for none.
        licence: Under which terms it may be used.
        source: Where it was taken from.
        description: What it is.
        author: Who adds it; None = whom the lab's records name, if anybody.
    """

    name: str
    version: str
    paths: tuple[Path, ...]
    project: str | None = None
    lines: bool = False
    parent: str | None = None
    licence: str | None = None
    source: str | None = None
    description: str | None = None
    author: str | None = None


class Added(NamedTuple):
    """A dataset version that is in the lab now. Always true.

    Attributes:
        dataset: The dataset version.
        known: Whether the lab held this very content under this version before; then nothing was
            written.
    """

    dataset: DatasetVersion
    known: bool

    def __bool__(self) -> bool:
        return True

    def to_json(self) -> dict[str, Any]:
        """Return the result with stable keys."""
        found = self.dataset._asdict()
        del found["document"]
        return found | {"known": self.known}


def add(lab: Lab, request: Request) -> Added:
    """Hash the samples of a dataset and add its version to the lab.

    Only digests, lengths and the names of files inside the dataset are stored. Memory is needed for
    the names, and for the digest of each different sample.

    Raises:
        InvalidError: A name or the version is not valid.
        NotFoundError: The parent is not there.
        UsageError: A path is not there, names collide, or the version is there with other content.
        UnsafeError: A path leads through a link, or is neither a file nor a folder.
        LimitError: There are more than `MOST` samples, or a line is too long.
        SecretError: The names of files, or what is said of the dataset, hold a secret.
        StorageError: A file cannot be read, or the lab cannot be written.
    """
    check_slug(request.name)
    check_version(request.version)
    project = project_of(lab, request.project)
    view = lab.view()
    parent = find_dataset(view, request.parent, project).digest if request.parent else None
    there = [
        one for one in datasets(view, project)
        if (one.name, one.version) == (request.name, request.version)
    ]  # fmt: skip
    files = sorted(_files(request.paths))
    _refuse_twice(files)
    with TemporaryDirectory(prefix="labrec-") as folder:
        counted, manifest = _hashed(files, Path(folder), lines=request.lines)
        for one in there:
            if one.content == counted["content"] and one.unit == counted["unit"]:
                return Added(one, known=True)
        _refuse_changed(there)
        document = _document(lab, request, project, parent) | counted
        _refuse_secret_names(lab, files)

        def path_of(digest: Digest) -> str:
            return dataset_path(project, request.name, request.version, digest)

        subject = f"dataset({project}): {request.name}@{request.version}"
        path, digest = commit_document(lab, document, path_of, subject, [manifest])
    dataset = version_of(document, str(digest), path)
    return Added(dataset, known=False)


def _document(lab: Lab, request: Request, project: str, parent: str | None) -> dict[str, Any]:
    author = author_of(lab)
    if request.author is not None:
        author = {"name": request.author.strip(), "source": "option"}
    return {
        "schema": SCHEMA,
        "project": project,
        "name": request.name,
        "version": request.version,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "author": author,
        "description": request.description,
        "licence": request.licence,
        "source": request.source,
        "parent": parent,
    }


def _refuse_changed(there: Sequence[DatasetVersion]) -> None:
    if there:
        raise UsageError(
            f"{there[0].called} is there already, with other content",
            hint="What a version fixes stays. Choose another version.",
            paths=[one.path for one in there],
            kept="the version as it is",
        )


def _refuse_secret_names(lab: Lab, files: Sequence[tuple[str, Path]]) -> None:
    """Names are stored for ever: none may look like a secret."""
    from labrec.capture.secrets.search import scan
    from labrec.errors import SecretError

    text = "\n".join(name for name, _ in files)
    found = scan(text, "names of files", lab.settings.secrets_allow)
    if found:
        one = found[0]
        raise SecretError(
            f"the name of a file looks like a secret: {one.kind}, {one.length} bytes",
            hint="Rename the file, or list the name's fingerprint in secrets.allow.",
            kept="nothing was written",
        )


# --- files ------------------------------------------------------------------------------------


def _files(paths: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """Yield the files of a dataset: their names in it, as stored paths, and where they are.

    Those of a folder are named from the folder on, a file by its own name; where several paths are
    given, each name begins with the last component of its path.
    """
    if not paths:
        raise UsageError("a dataset has at least one file", hint="Name files or folders.")
    for path in paths:
        status = _status(path)
        own = Path(os.path.normpath(path.absolute())).name
        if stat.S_ISREG(status.st_mode):
            yield _stored(own), path
            continue
        first = own if len(paths) > 1 else ""
        for inner in _walk(path):
            yield _stored(Path(first, inner.relative_to(path))), inner


def _walk(folder: Path) -> Iterator[Path]:
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            raise _unreadable(place, error) from error
        for entry in entries:
            path = place / entry.name
            status = _status(path)
            if stat.S_ISDIR(status.st_mode):
                waiting.append(path)
            else:
                yield path


def _status(path: Path) -> os.stat_result:
    """Return what a path is: a plain file or a folder.

    Raises:
        UsageError: It is not there.
        UnsafeError: It is a link, or something else.
    """
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(f"{path} is not there", paths=[path]) from error
    except OSError as error:
        raise _unreadable(path, error) from error
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        what = "a link" if stat.S_ISLNK(found.st_mode) else "neither a file nor a folder"
        raise UnsafeError(
            f"{path} is {what}",
            hint="A dataset is made of plain files. Name what the link leads to.",
            paths=[path],
            kept="nothing was written",
        )
    return found


def _stored(name: str | Path) -> str:
    return stored_path(name)["path"]


def _refuse_twice(files: Sequence[tuple[str, Path]]) -> None:
    if not files:
        raise UsageError("there is no file in the dataset")
    for (one, first), (other, second) in pairwise(files):
        if one == other:
            raise UsageError(
                f"two files would be called {one}",
                hint="Name the folder above both.",
                paths=[first, second],
            )


def _unreadable(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path} cannot be read: {error.strerror or error}", paths=[path])


# --- samples ----------------------------------------------------------------------------------


def _hashed(
    files: Sequence[tuple[str, Path]], folder: Path, *, lines: bool
) -> tuple[dict[str, Any], Addition]:
    """Return what a dataset version says of its samples, and its manifest."""
    content, different = hashlib.sha256(), set[bytes]()
    samples = total = 0
    with CompressedFile(folder) as packed:

        def write(text: str) -> None:
            content.update(text.encode())
            packed.write(text)

        write(",".join(HEADER) + "\n")
        for name, path in files:
            for line, digest, size in _lines_of(path) if lines else [_whole(path)]:
                samples, total = samples + 1, total + size
                if samples > MOST:
                    raise LimitError(f"a dataset version has at most {MOST} samples")
                different.add(digest)
                write(f"{quoted(name)},{line},{digest.hex()},{size}\n")
        stored = packed.finish()
        source = stored.source
    said = {
        "unit": "line" if lines else "file",
        "manifest": stored.ref,
        "content": f"sha256:{content.hexdigest()}",
        "files": len(files),
        "samples": samples,
        "distinct": len(different),
        "bytes": total,
    }
    return said, Addition(object_path(Digest(stored.sha256)), source)


def _whole(path: Path) -> tuple[int, bytes, int]:
    digest, size = hashlib.sha256(), 0
    with _open(path) as file:
        expected = os.fstat(file.fileno()).st_size
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    if size != expected:
        raise StorageError(f"{path} changed while it was read", paths=[path], hint="Try again.")
    return 0, digest.digest(), size


def _lines_of(path: Path) -> Iterator[tuple[int, bytes, int]]:
    with _open(path) as file:
        number = 0
        while line := file.readline(_LONGEST + 2):
            number += 1
            line = line.removesuffix(b"\n")
            if len(line) > _LONGEST:
                raise LimitError(
                    f"line {number} of {path} has more than {_LONGEST} bytes",
                    hint="Leave --lines out where files are the samples.",
                    paths=[path],
                )
            if line:
                yield number, hashlib.sha256(line).digest(), len(line)


def _open(path: Path) -> BinaryIO:
    """Open a file that was plain when it was looked at; a link that came since is not followed."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(path, error) from error
    file = os.fdopen(fd, "rb")
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        file.close()
        raise UnsafeError(f"{path} is no plain file any more", paths=[path])
    return file
