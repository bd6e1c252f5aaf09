"""Read a lab back in Python: runs, series, artifacts. Standard library only, nothing to install.

What is read is proven by its digest on the way. Text and numbers come back as Python values;
nothing of a record is ever interpreted as code or as a path.
"""

from __future__ import annotations

import csv
import gzip
import io
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Self, cast

from labrec.errors import IntegrityError, InvalidError, LimitError, NotFoundError
from labrec.record.codec import decode
from labrec.record.digest import Digest
from labrec.record.text import printable
from labrec.record.values import from_json
from labrec.record.version import identified_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from labrec.store.lab import Lab
    from labrec.store.view import RunEntry, View

MAX_TABLE = 1 << 30
"""Most bytes of one series or telemetry table, unpacked."""

MAX_POINTS = 10_000_000
"""Most points of one metric that are held in memory at once."""


class Point(NamedTuple):
    """One point of a metric.

    Attributes:
        step: Its step.
        time: Seconds since the start of the run.
        value: Its value; may be NaN or infinite.
    """

    step: int
    time: float
    value: float


class StoredFile(NamedTuple):
    """Something that a run left.

    Attributes:
        name: Artifact's name; names that begin with ``@`` are labrec's own files.
        role: output, input, log, model, figure, other; ``record`` for labrec's own.
        sha256: 64 hex digits of its bytes.
        size: Its length in bytes.
        media_type: Such as ``image/png``; None = unknown.
        in_lab: Whether the lab holds its bytes; else only their digest.
    """

    name: str
    role: str
    sha256: str
    size: int
    media_type: str | None
    in_lab: bool


class RunReader:
    """One run of a lab, read when it is asked.

    Args:
        view: Where it is read from.
        entry: Where its record is.
    """

    def __init__(self, view: View, entry: RunEntry) -> None:
        self._view = view
        self.entry = entry

    def __repr__(self) -> str:
        return f"<run {self.project}/{self.run_id}>"

    @property
    def run_id(self) -> str:
        """Its run id."""
        return self.entry.run_id

    @property
    def project(self) -> str:
        """Its project."""
        return self.entry.project

    @cached_property
    def data(self) -> bytes:
        """The bytes of its record, proven by their name."""
        return self._view.read(self.entry.path)

    @cached_property
    def record(self) -> dict[str, Any]:
        """Its whole record as stored: tagged JSON values.

        Raises:
            IntegrityError: The bytes are not those that the name promises.
            InvalidError: They are no record of this run.
            OlderSchemaError: Their version is no longer read.
            NewerSchemaError: Their version is not known yet.
        """
        try:
            return identified_run(decode(self.data), self.project, self.run_id)
        except InvalidError as error:
            hint = f"{error.hint or 'labrec verify says more'}; labrec show --raw prints the bytes"
            raise type(error)(error.message, hint=hint, paths=[self.entry.path]) from error

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.section("identity").get("name", ""))

    @property
    def status(self) -> str:
        """complete, failed, interrupted or planned."""
        return str(self.section("identity").get("status", ""))

    @property
    def tags(self) -> list[str]:
        """Its tags."""
        return list(self.section("identity").get("tags", []))

    @property
    def config_digest(self) -> str | None:
        """Digest of its configuration: runs that share it are replicates."""
        return self.section("identity").get("config_digest")

    @property
    def citation(self) -> str:
        """How to cite it: ``project/run_id@sha256:…``."""
        return f"{self.project}/{self.run_id}@{Digest.of(self.data)}"

    @property
    def features(self) -> Any:
        """What was varied, as Python values."""
        return from_json(self.section("features").get("tree", {}))

    @property
    def seeds(self) -> dict[str, str]:
        """Seeds by name, as decimal text."""
        return dict(self.section("determinism").get("seeds", {}))

    @property
    def metrics(self) -> dict[str, float]:
        """The last value of each metric."""
        values = self.section("metrics").get("values", {})
        return {name: float(from_json(summary["last"])) for name, summary in values.items()}

    def section(self, name: str) -> dict[str, Any]:
        """Return a section of the record; empty where it has none."""
        found = self.record.get(name)
        return found if isinstance(found, dict) else {}

    def files(self) -> list[StoredFile]:
        """Return what the run left: its artifacts by name, then labrec's own files."""
        files = [
            StoredFile(
                item["name"],
                item["role"],
                item["sha256"],
                item["size"],
                item.get("media_type"),
                item["where"] == "git",
            )
            for item in self.section("artifacts").get("items", [])
        ]
        files.sort()
        for name, path, media_type in _OWN_FILES:
            ref = self._at(path)
            if isinstance(ref, dict) and "sha256" in ref:
                held = self._view.has_object(Digest(ref["sha256"]))
                files.append(
                    StoredFile(name, "record", ref["sha256"], ref["size"], media_type, held)
                )
        return files

    def file(self, name: str) -> StoredFile:
        """Return one of `files` by its name.

        Raises:
            NotFoundError: The run has none of that name; the hint lists what it has.
        """
        files = self.files()
        for one in files:
            if one.name == name:
                return one
        raise NotFoundError(
            f"run {self.run_id} has no file {printable(name)}",
            hint="It has: " + ", ".join(printable(one.name) for one in files[:20]) + ".",
            paths=[printable(name)],
        )

    def open(self, name: str) -> BinaryIO:
        """Open a stored file; the read that reaches its end proves its bytes.

        Raises:
            NotFoundError: There is no such file, or the lab holds only its digest.
            IntegrityError: On reading to the end: the bytes are other ones.
        """
        return self._view.open_object(Digest(self.file(name).sha256))

    def artifact(self, name: str) -> bytes:
        """Return the bytes of a stored file, proven.

        Raises:
            NotFoundError: There is no such file, or the lab holds only its digest.
            IntegrityError: The bytes are other ones.
        """
        with self.open(name) as stream:
            data = stream.read()
            stream.read(1)  # the end is where the digest is compared
        return data

    def read_object(self, sha256: str, *, limit: int) -> bytes:
        """Return the proven bytes of an object that this run's documents name.

        Args:
            sha256: 64 hex digits.
            limit: Most bytes to hold in memory.

        Raises:
            NotFoundError: The lab does not hold it.
            IntegrityError: The bytes are other ones.
            LimitError: It is larger than ``limit``.
        """
        from labrec.store.blobs import read_object  # only where bytes are read

        return read_object(self._view, Digest(sha256), limit=limit)

    def series(self, metric: str) -> list[Point]:
        """Return every point of a metric, by step.

        Raises:
            NotFoundError: The run has no such metric.
            IntegrityError: The stored table is not what its digest says.
            InvalidError: It holds something that is no point.
            LimitError: It is larger than `MAX_TABLE` or has more than `MAX_POINTS` points.
        """
        points = list(self._points(metric))
        if not points:
            names = ", ".join(map(printable, sorted(self.metrics)[:20])) or "none"
            raise NotFoundError(
                f"run {self.run_id} has no metric {printable(metric)}", hint=f"It has: {names}."
            )
        return points

    def _points(self, metric: str) -> Iterator[Point]:
        count = 0
        for row in self._table("metrics", "series", 4):
            if row[0] != metric:
                continue
            count += 1
            if count > MAX_POINTS:
                raise LimitError(
                    f"metric {printable(metric)} has more than {MAX_POINTS} points",
                    hint="`labrec get RUN @series.csv.gz` writes the table of all of them.",
                )
            try:
                yield Point(int(row[1]), float(row[2]), float(row[3]))
            except ValueError as error:
                raise InvalidError(f"a point of {printable(metric)} is no number") from error

    def telemetry(self) -> dict[str, dict[str, Any]]:
        """Return the telemetry channels by name, each its summary or why it is unavailable."""
        return dict(self.section("telemetry").get("channels", {}))

    def telemetry_table(self) -> list[dict[str, str]]:
        """Return the telemetry samples: one row a bin, columns as the table names them."""
        rows = self._table("telemetry", "object", None, header=True)
        names = next(rows, [])
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _at(self, path: str) -> Any:
        section, _, key = path.partition(".")
        return self.section(section).get(key)

    def _table(
        self, section: str, key: str, columns: int | None, *, header: bool = False
    ) -> Iterator[list[str]]:
        ref = self.section(section).get(key)
        if ref is None:
            return
        path = f"object {ref['sha256']}"
        try:
            with self._view.open_object(Digest(ref["sha256"])) as stream:
                text = io.TextIOWrapper(
                    cast("BinaryIO", gzip.GzipFile(fileobj=stream)), "utf-8", newline=""
                )
                for number, row in enumerate(csv.reader(_limited(text))):
                    if columns is not None and len(row) != columns:
                        raise InvalidError(f"{path}: line {number + 1} is no row", paths=[path])
                    if number or header:
                        yield row
                stream.read(1)
        except (gzip.BadGzipFile, EOFError, UnicodeDecodeError, csv.Error) as error:
            raise IntegrityError(f"{path} is no table: {error}", paths=[path]) from error


_OWN_FILES = (
    ("@series.csv.gz", "metrics.series", "application/gzip"),
    ("@telemetry.csv.gz", "telemetry.object", "application/gzip"),
    ("@manifest.json", "code.manifest", "application/json"),
    ("@code.patch", "code.patch", "text/x-diff"),
    ("@environment.json", "environment.object", "application/json"),
    ("@machine.json", "hardware.object", "application/json"),
    ("@counterfactuals.json", "counterfactuals.object", "application/json"),
    ("@features", "features.source", None),
)


class Reader:
    """A lab, open for reading. Close it, or use it as a context manager.

    Args:
        lab: The lab.
        at: A revision to read alone, without record refs; None = base and record refs.

    Attributes:
        lab: The lab.
        at: As given.
        view: What is read.
    """

    def __init__(self, lab: Lab, at: str | None = None) -> None:
        self.lab = lab
        self.at = at
        self.view = lab.view(at)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the lab's files."""
        self.lab.close()

    def projects(self) -> list[str]:
        """Return the lab's projects."""
        return self.view.projects()

    def runs(self, project: str | None = None) -> Iterator[RunReader]:
        """Yield the runs, oldest first.

        Args:
            project: Only this project's; None for all.
        """
        for entry in sorted(self.view.runs(project), key=lambda entry: entry.run_id):
            yield RunReader(self.view, entry)

    def run(self, text: str) -> RunReader:
        """Return one run.

        Args:
            text: Its id, at least four digits of its beginning, its name (as notes leave it, else
                as it was recorded), or a citation.

        Raises:
            NotFoundError: Nothing fits.
            UsageError: Several runs fit; the message lists them.
        """
        from labrec.noted import find_run  # notes, only where one run is asked for

        return RunReader(self.view, find_run(self.view, text))

    def series(self, run: RunReader | str, metric: str) -> list[Point]:
        """Return every point of a run's metric, by step."""
        return self._run(run).series(metric)

    def artifact(self, run: RunReader | str, name: str) -> bytes:
        """Return the bytes of a run's stored file, proven."""
        return self._run(run).artifact(name)

    def telemetry(self, run: RunReader | str) -> dict[str, dict[str, Any]]:
        """Return a run's telemetry channels by name."""
        return self._run(run).telemetry()

    def _run(self, run: RunReader | str) -> RunReader:
        return run if isinstance(run, RunReader) else self.run(run)


def _limited(text: io.TextIOWrapper) -> Iterator[str]:
    size = 0
    for line in iter(lambda: text.readline(1 << 16), ""):
        size += len(line)
        if size > MAX_TABLE:
            raise LimitError(f"a stored table is larger than {MAX_TABLE} bytes unpacked")
        yield line
