"""A view: the base commit plus the record refs, read as one lab.

Immutable documents are united over the base and every record ref; editable files count from the
base alone. Merging, squashing or rebasing record commits leaves a view's id unchanged, because
the id is the git tree id of the united ``records/`` and says nothing of commits.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol

from labrec.errors import IntegrityError, NotFoundError
from labrec.gitio.objects import MODE_TREE, TreeEntry
from labrec.record import layout
from labrec.record.text import printable
from labrec.store.base import Base, find_base
from labrec.store.trees import Conflict, Tree, Union, parse_tree, unite

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from labrec.record.digest import Digest
    from labrec.store.base import RefReader
    from labrec.store.lab import Lab

RECORD_REFS = "refs/labrec/records/"
RECORDS = layout.RECORDS

_RUN_FILE = re.compile(
    r"([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\.([0-9a-f]{32})\.json"
)
_TREES = 8192  # trees that a view keeps in memory, of about 16 entries each
_RESERVED = frozenset({"objects", "lfs", "schemas"})
_EDITABLE = re.compile(
    rf"{RECORDS}/(\.gitattributes|[^/]+/project\.yaml|[^/]+/hypotheses/[^/]+\.yaml)"
)
_MAY_HOLD_EDITABLE = re.compile(rf"{RECORDS}/([^/]+/(hypotheses/)?)?")


class ObjectReader(Protocol):
    """What a view asks of a store of git objects."""

    def read_object(self, sha: str) -> tuple[str, bytes]:
        """Return the type and content of an object."""

    def open_blob(self, sha: str) -> BinaryIO:
        """Open a blob of any size for reading."""


class RunEntry(NamedTuple):
    """One run's file in a view, known from its name alone.

    Attributes:
        project: The project it belongs to.
        run_id: UUIDv7 in canonical text.
        digest_short: The first 32 hex digits of the sha256 of its bytes.
        path: Its path from the root of the repository.
        sha: Git's id of its blob.
    """

    project: str
    run_id: str
    digest_short: str
    path: str
    sha: str


def from_base_only(path: str) -> bool:
    """Tell whether a path is editable, or (ending in ``/``) a directory that may hold such files.

    Editable files count from the base alone.
    """
    pattern = _MAY_HOLD_EDITABLE if path.endswith("/") else _EDITABLE
    return pattern.fullmatch(path) is not None


def record_refs(git: RefReader) -> dict[str, str]:
    """Return every clone's record ref in this repository and the commit it points at."""
    return dict(sorted(git.refs(RECORD_REFS).items()))


class View:
    """The lab as one reading of its base and record refs.

    Args:
        objects: Where git objects are read from.
        base: The base commit.
        refs: Record refs and their commits; empty when reading one commit.
        cache: Directory for caches that can be deleted at any time; None for no cache.

    Attributes:
        id: Git tree id of the united ``records/``.
        base: The base that was used, and how it was found.
        refs: The record refs that were read.
        conflicts: Paths that hold different contents in different commits.
    """

    def __init__(
        self,
        objects: ObjectReader,
        base: Base,
        refs: Mapping[str, str],
        cache: Path | None = None,
    ) -> None:
        self.objects = objects
        self.base = base
        self.refs = dict(refs)
        self.cache = cache
        self.built: dict[str, Tree] = {}
        # The upper directories are on the way to every object: read once.
        self._on_the_way = lru_cache(_TREES)(self.tree)
        root = self._records_tree(base.commit) if base.commit else None
        others = [self._records_tree(commit) for commit in set(self.refs.values())]
        union: Union = unite(
            self.tree,
            root,
            [sha for sha in others if sha is not None],
            root=RECORDS,
            from_base_only=from_base_only,
        )
        self.id = union.sha
        self.conflicts: tuple[Conflict, ...] = union.conflicts
        self.built = union.built

    def tree(self, sha: str) -> Tree:
        """Return the tree of an id, united ones included.

        Raises:
            IntegrityError: The object is missing or no tree.
        """
        tree = self.built.get(sha)
        return tree if tree is not None else read_tree(self.objects, sha)

    def _records_tree(self, commit: str) -> str | None:
        entry = self.tree(commit_tree(self.objects, commit)).get(RECORDS)
        return entry.sha if entry is not None and entry.is_tree else None

    # -- paths ---------------------------------------------------------------------------

    def entry(self, path: str) -> TreeEntry | None:
        """Return what stands at a path from the root of the repository, or None."""
        first, *names = path.split("/")
        if first != RECORDS:
            raise ValueError(f"{path!r} is not under {RECORDS}/")
        entry = TreeEntry(RECORDS, MODE_TREE, self.id)
        for name in names:
            if not entry.is_tree:
                return None
            below = self._on_the_way(entry.sha).get(name)
            if below is None:
                return None
            entry = below
        return entry

    def directory(self, path: str) -> Tree:
        """Return the directory at a path; empty when there is none."""
        entry = self.entry(path)
        return self.tree(entry.sha) if entry is not None and entry.is_tree else {}

    def files(self, path: str = RECORDS) -> Iterator[tuple[str, TreeEntry]]:
        """Yield every file at or below a path, in path order, without reading any."""
        entry = self.entry(path)
        if entry is None:
            return
        stack = [(path, entry)]
        while stack:
            place, entry = stack.pop()
            if not entry.is_tree:
                yield place, entry
                continue
            below = sorted(self.tree(entry.sha).items(), reverse=True)
            stack.extend((f"{place}/{name}", child) for name, child in below)

    def paths(self, kind: str) -> Iterator[str]:
        """Yield the paths of one kind of file, as `layout.parse_path` names kinds."""
        for path, _ in self.files():
            if layout.parse_path(path).kind == kind:
                yield path

    def projects(self) -> list[str]:
        """Return the projects that hold anything."""
        tree = self.tree(self.id)
        return sorted(
            name for name, entry in tree.items() if entry.is_tree and name not in _RESERVED
        )

    # -- runs ----------------------------------------------------------------------------

    def days(self, project: str, folder: str = "runs") -> Iterator[tuple[str, str]]:
        """Yield (``YYYY/MM/DD``, tree id) of the days a project has runs (or notes) on, in order.

        Args:
            project: The project.
            folder: ``runs`` or ``notes``.
        """
        for year, month, day, sha in self._days(f"{RECORDS}/{project}/{folder}"):
            yield f"{year}/{month}/{day}", sha

    def _days(self, folder: str) -> Iterator[tuple[str, str, str, str]]:
        years = self.directory(folder)
        for year, below_year in sorted(years.items()):
            months = self.tree(below_year.sha) if below_year.is_tree else {}
            for month, below_month in sorted(months.items()):
                days = self.tree(below_month.sha) if below_month.is_tree else {}
                for day, below_day in sorted(days.items()):
                    if below_day.is_tree:
                        yield year, month, day, below_day.sha

    def day_runs(self, project: str, day: str, sha: str) -> Iterator[RunEntry]:
        """Yield the runs of one day, given its directory's tree id."""
        prefix = f"{RECORDS}/{project}/runs/{day}"
        for digit, below in sorted(self.tree(sha).items()):
            if not below.is_tree:
                continue
            for name, entry in sorted(self.tree(below.sha).items()):
                match = _RUN_FILE.fullmatch(name)
                if match is not None and not entry.is_tree:
                    path = f"{prefix}/{digit}/{name}"
                    yield RunEntry(project, match[1], match[2], path, entry.sha)

    def runs(self, project: str | None = None) -> Iterator[RunEntry]:
        """Yield the runs by project and time of id, without reading a record.

        Within one day the order is that of the id's last digit, then of the id.
        """
        for name in [project] if project is not None else self.projects():
            for day, sha in self.days(name):
                yield from self.day_runs(name, day, sha)

    def find_run(self, text: str) -> RunEntry:
        """Find one run by id, prefix of an id, citation, ``project/name`` or name.

        Raises:
            NotFoundError: Nothing fits; the hint names what is near.
            UsageError: Several runs fit; the message lists them.
        """
        from labrec.store.find import find_run  # the rules of finding are a module of their own

        return find_run(self, text)

    def forks(self) -> dict[str, list[RunEntry]]:
        """Return the runs that have more than one record: run id to its files."""
        by_id: dict[str, list[RunEntry]] = {}
        for entry in self.runs():
            by_id.setdefault(entry.run_id, []).append(entry)
        return {run_id: entries for run_id, entries in by_id.items() if len(entries) > 1}

    # -- contents ------------------------------------------------------------------------

    def read(self, path: str) -> bytes:
        """Read a document and prove it by its name.

        Raises:
            NotFoundError: No file stands at the path.
            IntegrityError: The bytes are not those that the name promises.
        """
        entry = self.entry(path)
        if entry is None or entry.is_tree:
            raise NotFoundError(
                f"no file {printable(path)} in this lab",
                hint="`labrec log` lists the runs.",
                paths=[printable(path)],
            )
        return self.read_entry(path, entry.sha)

    def read_entry(self, path: str, sha: str) -> bytes:
        """Read a document whose blob is already known, and prove it by its name.

        Raises:
            IntegrityError: The bytes are not those that the name promises.
        """
        return self.read_proven(path, sha, layout.parse_path(path).digest)[0]

    def read_proven(self, path: str, sha: str, promised: str) -> tuple[bytes, str]:
        """Read a document of which all is known that its path says.

        Args:
            path: Where it stands.
            sha: Git's id of its blob.
            promised: How the sha256 of its bytes begins (see `layout.parse_path`).

        Returns:
            Its bytes, and the 64 hex digits of their sha256.

        Raises:
            IntegrityError: The bytes are not those that the name promises.
        """
        kind, data = read_object(self.objects, sha)
        found = hashlib.sha256(data).hexdigest()
        if kind != "blob" or not found.startswith(promised):
            raise IntegrityError(
                f"{printable(path)} does not hold the bytes that its name promises",
                hint="Run `labrec verify`; fetch the file from another clone of this lab.",
                paths=[printable(path)],
            )
        return data, found

    def project_definition(self, project: str) -> dict[str, object]:
        """Return the base's ``project.yaml`` of a project; empty where there is none.

        Raises:
            InvalidError: The file is not a mapping in the YAML 1.2 core schema.
        """
        path = f"{RECORDS}/{project}/project.yaml"
        if self.entry(path) is None:
            return {}
        from labrec.store.definitions import read_definition  # brings YAML in, seldom needed

        return read_definition(self.read(path), path)

    # -- objects -------------------------------------------------------------------------

    def has_object(self, digest: Digest) -> bool:
        """Tell whether the view holds the bytes of a digest."""
        return self.entry(layout.object_path(digest)) is not None

    def open_object(self, digest: Digest) -> BinaryIO:
        """Open the bytes of a digest; the last read proves them.

        Raises:
            NotFoundError: The view does not hold them.
            IntegrityError: On reading to the end: they are other bytes.
        """
        from labrec.store.blobs import open_object  # only where bytes are read

        return open_object(self, digest)


def read_object(objects: ObjectReader, sha: str) -> tuple[str, bytes]:
    """Read an object that something refers to: its absence is damage.

    Raises:
        IntegrityError: The object is missing or damaged.
    """
    try:
        return objects.read_object(sha)
    except NotFoundError as error:
        raise IntegrityError(
            f"git object {sha} is missing from this repository",
            hint="Fetch again from another clone of this lab, then run `labrec verify`.",
            paths=[sha],
        ) from error


def read_tree(objects: ObjectReader, sha: str) -> Tree:
    """Read one tree.

    Raises:
        IntegrityError: The object is missing or no tree.
    """
    kind, data = read_object(objects, sha)
    if kind != "tree":
        raise IntegrityError(
            f"git object {sha} should be a tree and is a {kind}",
            hint="Run `labrec verify`; compare with another clone.",
            paths=[sha],
        )
    return parse_tree(data, sha)


def commit_tree(objects: ObjectReader, commit: str) -> str:
    """Return the id of a commit's tree, following annotated tags.

    Raises:
        IntegrityError: The object is missing, damaged or no commit.
    """
    sha = commit
    for _ in range(10):
        kind, data = read_object(objects, sha)
        if kind == "commit" and data.startswith(b"tree ") and data[45:46] == b"\n":
            return data[5:45].decode("ascii", "replace")
        if kind != "tag" or not data.startswith(b"object "):
            break
        sha = data[7:47].decode("ascii", "replace")
    raise IntegrityError(
        f"git object {commit} is no readable commit",
        hint="Run `labrec verify`; compare with another clone.",
        paths=[commit],
    )


def open_view(lab: Lab, at: str | None = None) -> View:
    """Open the view of a lab.

    Args:
        lab: The lab.
        at: A revision to read exactly that commit, without record refs; None for base and refs.

    Raises:
        NotFoundError: ``at`` names nothing.
        IntegrityError: A commit or tree cannot be read.
    """
    base = find_base(lab.git, lab.settings, at)
    refs = {} if at is not None else record_refs(lab.git)
    return View(lab.git, base, refs, lab.state_dir / "cache")
