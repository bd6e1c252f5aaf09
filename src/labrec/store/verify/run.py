"""The whole verification: objects, content, names, references, forks, history."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import IntegrityError, LabrecError, StorageError
from labrec.store.base import Base, find_base
from labrec.store.discarded import read_discarded
from labrec.store.find import runs_by_id
from labrec.store.heads import NewHeads, read_heads, read_known, write_heads
from labrec.store.history import Since, Walk, departures, is_immutable, since
from labrec.store.verify.content import ContentCheck, collisions, files_of, plain
from labrec.store.verify.objects import ObjectCheck
from labrec.store.verify.report import Counts, Findings, VerifyReport, worst_first
from labrec.store.verify.scan import STREAMED
from labrec.store.verify.surroundings import check_surroundings
from labrec.store.view import RECORDS, View, record_refs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

    from labrec.gitio.repository import GitRepository
    from labrec.store.heads import Heads
    from labrec.store.lab import Lab
    from labrec.store.view import RunEntry

_PIECE = 1 << 20


class Options(NamedTuple):
    """What to verify; see `verify`."""

    at: str | None
    history: bool
    content_only: bool
    incremental: bool


def verify(
    lab: Lab,
    *,
    at: str | None = None,
    history: bool = False,
    content_only: bool = False,
    incremental: bool = False,
) -> VerifyReport:
    """Verify a lab without trusting git's own answers.

    Every git object is re-hashed, with replace refs, grafts and alternates disabled; every file
    is compared with its name, its schema and what it refers to; and nothing that was ever in the
    base or a record ref may have left. What a clean verification saw is remembered in
    ``labrec/heads.json``.

    Args:
        lab: The lab.
        at: A revision to verify exactly that commit; nothing is remembered then.
        history: Walk all history, not only what is new since the last clean verification.
        content_only: Leave history out, as in a shallow clone.
        incremental: Look only at what is new since the last clean verification; everything,
            where there was none.

    Returns:
        A report, true when nothing is wrong.

    Raises:
        NotFoundError: ``at`` names nothing.
    """
    options = Options(at, history, content_only, incremental and not history and at is None)
    with lab.git.strict() as git:
        return _Verification(lab, git, options).run()


class _Verification:
    """One verification on its way."""

    def __init__(self, lab: Lab, git: GitRepository, options: Options) -> None:
        self.lab = lab
        self.git = git
        self.options = options
        self.findings = Findings()
        self.counts = Counts()
        self.content = ContentCheck(self.findings, self.counts)
        self.base = Base(None, "none", "")
        self.refs: dict[str, str] = {}
        self.heads: Heads | None = None
        self.mode = "full"
        self.history = "not checked"
        self.walk = Walk(git, git.shallow_commits)
        self.discarded = {row.path for row in read_discarded(lab.state_dir)}

    def run(self) -> VerifyReport:
        replaced = check_surroundings(self.git, self.findings)
        view = self._open()
        if view is None:
            self._all_objects(None)
        else:
            self._conflicts(view)
            self._check(view)
        self._replaced(replaced)
        return VerifyReport(
            view=view.id if view is not None else "",
            base=self.base,
            refs=self.refs,
            mode=self.mode,
            history=self.history,
            findings=worst_first(self.findings.kept),
            total=dict(self.findings.by_kind),
            counts=self.counts,
        )

    # -- opening

    def _open(self) -> View | None:
        """Open the view and what was remembered; None, and a finding, when git cannot give it."""
        options = self.options
        if options.at is None:
            try:
                self.heads = read_heads(self.lab.state_dir)
            except LabrecError as error:
                self.findings.add(14, "state", str(self.lab.state_dir), error.message, error.hint)
        try:
            self.base = find_base(self.git, self.lab.settings, options.at)
            self.refs = record_refs(self.git) if options.at is None else {}
            return View(self.git, self.base, self.refs)
        except IntegrityError as error:
            path = error.paths[0] if error.paths else "refs"
            self.findings.add(14, "damaged", path, error.message, error.hint)
            return None

    def _conflicts(self, view: View) -> None:
        for path, shas in view.conflicts:
            message = f"commits of this lab hold {len(shas)} different contents here"
            self.findings.add(14, "conflict", path, message, "Compare with another clone.")

    def _check(self, view: View) -> None:
        try:
            found = self._since(view)
            if self.options.incremental and found is not None and found.compared:
                self.mode = "incremental"
                self._what_is_new(view, found)
            else:
                self._everything(view)
            if found is not None:
                self._say_what_left(found)
            if not self.options.content_only and not self.git.is_shallow:
                self._remember(view, found)
        except IntegrityError as error:
            path = error.paths[0] if error.paths else view.id
            self.findings.add(14, "damaged", path, error.message, error.hint)

    # -- everything

    def _everything(self, view: View) -> None:
        objects = self._all_objects(view)
        self._parts(view)
        self.content.references.compare()
        self._forks(view.forks().items())
        self._report_forks(view)
        self._full_history(view, objects)

    def _all_objects(self, view: View | None) -> ObjectCheck:
        """Prove every object; those that the view names are checked as the files they are."""
        self.mode = "content" if self.options.content_only else "full"
        files: dict[bytes, tuple[str, ...]] = {}
        if view is not None:
            for path, entry in files_of(view, self.findings):
                sha = bytes.fromhex(entry.sha)
                files[sha] = (*files.get(sha, ()), path)
        check = ObjectCheck(
            self.content, files, self.findings, self.counts, self.git.shallow_commits
        )
        check.scan(self.git)
        for sha, paths in files.items():
            if sha not in check.present:
                for path in paths:
                    self.findings.add(14, "missing", path, f"git object {sha.hex()} is not there")
        absent = check.missing() - files.keys()
        if absent:
            self._reachable(absent)
        return check

    def _reachable(self, absent: set[bytes]) -> None:
        """Report those of the absent objects that the base and the record refs lead to."""
        told: set[bytes] = set()
        for path, rows, commit in self.walk.trees(self._tips(), only_records=False):
            for mode, name, sha in rows:
                if sha in absent and sha not in told and mode != b"160000":
                    told.add(sha)
                    place = f"{path}/{name.decode('utf-8', 'surrogateescape')}".lstrip("/")
                    message = f"git object {sha.hex()}, used by commit {commit}, is not there"
                    self.findings.add(14, "missing", place, message)
        for place, message in self.walk.missing:
            self.findings.add(14, "missing", place, message)

    def _tips(self) -> list[str]:
        return sorted({*self.refs.values(), *([self.base.commit] if self.base.commit else [])})

    def _parts(self, view: View) -> None:
        """Read the objects that have a form: what documents refer to stands in them too."""
        found = self.content.references
        for sha256s, read in (
            (found.manifests, found.manifest),
            (found.articles, found.article),
            (found.drawings, found.drawing),
            (found.record_lists, found.record_list),
            (found.tables, found.table),
        ):
            for sha256 in list(sha256s):
                self._part(view, sha256, read)

    def _part(self, view: View, sha256: str, read: Callable[[str, bytes], None]) -> None:
        from labrec.record.digest import Digest
        from labrec.store.blobs import read_object

        try:
            data = read_object(view, Digest(sha256), limit=1 << 28)
        except LabrecError:
            return  # its absence or damage is a finding already
        read(sha256, data)

    def _report_forks(self, view: View) -> None:
        """Report versions of a report that two documents claim to be."""
        for path in sorted(self.content.references.reports):
            folder, _, name = path.rpartition("/")
            stem = name.removesuffix(".json").rpartition(".")[0]
            same = [one for one in view.directory(folder) if one.startswith(f"{stem}.")]
            if len(same) > 1:
                message = f"{len(same)} documents are version {stem} of this report"
                self.findings.add(16, "fork", path, message)

    def _forks(self, forks: Iterable[tuple[str, list[RunEntry]]]) -> None:
        settled = self.content.references.superseded
        for run_id, entries in forks:
            for entry in entries:
                message = f"run {run_id} has {len(entries)} records"
                code = 0 if run_id in settled else 16
                self.findings.add(code, "fork", entry.path, message)

    # -- what is new

    def _what_is_new(self, view: View, found: Since) -> None:
        stop = [*self.heads.refs.values(), self.heads.base or ""] if self.heads else []
        for _ in self.walk.roots(self._tips(), stop):
            self.counts.git_objects += 1
        for sha, message in self.walk.missing:
            self.findings.add(14, "missing", sha, message)
        folders = set()
        for change in found.added:
            if change.after is None or not plain(change.path, change.after, self.findings):
                continue
            folders.add(change.path.rpartition("/")[0])
            self._file(change.path, change.after.sha)
        for folder in sorted(folders):
            collisions(folder, view.directory(folder), self.findings)
        self._parts(view)
        self.content.references.compare(
            lambda sha256: self._size(view, sha256), lambda run_id: bool(runs_by_id(view, run_id))
        )
        runs = {run_id: runs_by_id(view, run_id) for run_id in self.content.references.runs}
        self._forks((run_id, rows) for run_id, rows in runs.items() if len(rows) > 1)
        self._report_forks(view)

    def _file(self, path: str, sha: str) -> None:
        """Check one file, read object by object."""
        try:
            _, size = self.git.object_header(sha)
            self.counts.git_objects += 1
            self.counts.bytes += size
            if size > STREAMED:
                with self.git.open_blob(sha) as stream:
                    self.content.large(path, _pieces(stream))
            else:
                self.content.file(path, self.git.read_object(sha)[1])
        except LabrecError as error:
            self.findings.add(14, "missing", path, error.message)

    def _size(self, view: View, sha256: str) -> int | None:
        from labrec.record import layout
        from labrec.record.digest import Digest

        entry = view.entry(layout.object_path(Digest(sha256)))
        if entry is None or entry.is_tree or not self.git.has_object(entry.sha):
            return None
        return self.git.object_header(entry.sha)[1]

    # -- history

    def _since(self, view: View) -> Since | None:
        """Compare with the last clean state; None when there is none to compare with."""
        if self.options.content_only:
            self.history = "not checked (content only)"
            return None
        if self.git.is_shallow:
            self.history = "not checked (shallow)"
            hint = "Run it in a full clone, or with --content-only."
            self.findings.add(3, "shallow", "shallow", "this clone lacks part of history", hint)
            return None
        if self.heads is None:
            return None
        if self.heads.base is not None and self.base.commit is None:
            hint = "HEAD names a branch without a commit: `git symbolic-ref HEAD` shows which."
            self.findings.add(16, "base", "HEAD", "the base that was verified here is gone", hint)
        found = since(view, self.heads, self.lab.state_dir, self.discarded)
        self.history = f"nothing left since view {self.heads.view[:12]}"
        return found

    def _say_what_left(self, found: Since) -> None:
        for path in found.left:
            if path in self.discarded:
                self.findings.add(0, "discarded", path, "it was discarded here on purpose")
            else:
                self._left(path, "it was verified here and is gone")
        for path in found.changed:
            self._left(path, "it was verified here and holds other bytes now")
        if found.lost:
            self._left(RECORDS, f"{found.lost} paths that were verified here are gone")
        if not found.complete:
            message = "the last verified state can no longer be compared: git pruned it"
            self._left(str(self.lab.state_dir), message)

    def _left(self, path: str, message: str) -> None:
        if path.rpartition("/")[2] in self.content.references.redacted:
            self.findings.add(0, "redacted", path, "it was erased on purpose: a note says why")
            return
        self.history = "not intact"
        self.findings.add(16, "left", path, message)

    def _full_history(self, view: View, objects: ObjectCheck) -> None:
        wanted = self.options.history or (self.heads is None and self.options.at is None)
        if self.options.content_only or self.git.is_shallow:
            return
        if not wanted:
            if self.options.at is not None:
                self.history = "not checked (one commit)"
            return
        if self.history != "not intact":
            self.history = "complete"
        if objects.strangers == 0:
            return  # no tree in the whole store holds an immutable file that the view lacks
        for path, commit in departures(self.walk, self._tips(), view):
            self._left(path, f"commit {commit[:12]} holds it and the lab no longer does")

    def _remember(self, view: View, found: Since | None) -> None:
        """Remember this state when nothing at all is wrong with it."""
        if self.options.at is not None or not self.findings.clean:
            return
        heads, state = self.heads, self.lab.state_dir
        if heads is not None and heads[:3] == (self.base.commit, self.refs, view.id):
            return
        if (
            heads is not None
            and found is not None
            and found.compared
            and read_known(state, heads) is not None
        ):
            fresh = (change.path for change in found.added if change.before is None)
            before: Heads | None = heads
        else:
            fresh, before = (path for path, _ in view.files()), None
        added = filter(is_immutable, fresh)
        try:
            write_heads(state, NewHeads(self.base.commit, self.refs, view.id, added, before))
        except StorageError as error:
            self.findings.add(0, "state", str(state), error.message, error.hint)

    def _replaced(self, replaced: dict[str, str]) -> None:
        for sha, ref in replaced.items():
            used = self.git.has_object(sha)
            message = f"git shows another object in place of {sha}"
            self.findings.add(14 if used else 0, "replace", ref, message)


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(_PIECE):
        yield piece
