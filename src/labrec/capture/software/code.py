"""The code section: every tracked file as it lies in the worktree, named by its sha256.

What is hashed is what the interpreter reads: bytes of the worktree, after any filter. The command
line of git is asked only for a patch, and only when something changed.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.capture.captured import Captured, Event, NewObject, event
from labrec.capture.hardware.facts import cause
from labrec.capture.software import manifest, stat_cache
from labrec.errors import LabrecError, NotFoundError
from labrec.gitio.command import GitFailedError
from labrec.gitio.repository import GitRepository
from labrec.gitio.worktree import newest_published, remote_url, tracked_files, untracked_files
from labrec.record.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_FILES = 20_000
MAX_BYTES = 200_000_000
MAX_PATCH = 1_000_000
"""Longest patch that is kept beside a manifest, bytes; it is for people."""

LAB_PATHS = ("records/", "site/", "labrec.toml", "mkdocs.yml")
"""What belongs to the lab and not to the code, where the code repository is the lab."""

_LINK, _SUBMODULE = 0o120000, 0o160000
_IN_MEMORY = 64 << 10  # files up to this size are handed on as bytes, larger ones as paths
_HELD = 8 << 20  # bytes handed on in all
_NAMED = 20  # files that are named one by one in the capture section
_TRIES = 3
_COMMIT_PATCH = "the tree is too large for a manifest ({})"


class CodePolicy(NamedTuple):
    """What of the code is captured.

    Attributes:
        untracked: Glob patterns of untracked files that belong to the code.
        script: Absolute path of the program that is run, where it is known.
        cache: Folder for caches; None hashes everything again.
        known: Whether the lab holds an object of this sha256 already; what a known manifest refers
            to is not handed on again.
        max_files: Above this many files commit and patch are stored instead.
        max_bytes: Likewise above this size, bytes.
    """

    untracked: tuple[str, ...] = ()
    script: str | None = None
    cache: Path | None = None
    known: Callable[[str], bool] | None = None
    max_files: int = MAX_FILES
    max_bytes: int = MAX_BYTES


def capture_code(root: Path, policy: CodePolicy | None = None) -> Captured:
    """Capture the code section of a run.

    Args:
        root: A folder of the code; the repository that contains it is captured whole.
        policy: What is captured; everything tracked when left out.

    Raises:
        LabrecError: The repository cannot be read.
        OSError: Likewise.
    """
    rules = policy or CodePolicy()
    try:
        repository = GitRepository.discover(root)
    except NotFoundError:
        return _script_alone("not in a git repository", rules)
    with repository:
        if repository.worktree is None:
            return _script_alone("the repository has no worktree", rules)
        return _Tree(repository, os.fspath(repository.worktree), rules).capture()


class _Listed(NamedTuple):
    """One file that belongs to the code: git's mode, and the commit of a submodule."""

    path: str
    mode: int
    commit: str = ""


class _Tree:
    """One look at a worktree."""

    def __init__(self, repository: GitRepository, root: str, policy: CodePolicy) -> None:
        self.repository = repository
        self.root = root
        self.policy = policy
        self.events: list[Event] = []
        self.objects: dict[str, NewObject] = {}
        self.counted_on: dict[str, NewObject] = {}
        self.covered: set[str] = set()
        self.held = 0
        self.cache = None
        if policy.cache is not None:
            self.cache = policy.cache / f"code-{Digest.of(os.fsencode(root)).hex[:16]}"
        self.kept = stat_cache.load(self.cache)
        self.head = repository.head_commit
        self.index = _index_state(repository)
        self.taken_ns = time.time_ns()

    def capture(self) -> Captured:
        listed, states = self._present(self._list())
        size = sum(_size(state) for state in states)
        self._unlisted_script(listed)
        if len(listed) > self.policy.max_files or size > self.policy.max_bytes:
            return self._commit_and_patch(len(listed), size)
        paths = [f"{each.path}\1{each.commit}" if each.commit else each.path for each in listed]
        same = self.kept is not None and stat_cache.unchanged(self.kept, paths, states)
        note = dict(self.kept.note) if same and self.kept is not None else {}
        section = self._git_section(note)
        ref = note.get("manifest")
        if ref is not None and self._known(ref["sha256"]):
            whole, digests = note["whole"], None
            self._count_on(ref)
        else:
            ref, whole, digests = self._hashed(listed, states, paths)
        section |= whole | {"manifest": ref}
        if self.cache is not None:
            self._remember(paths, states, digests, section)
        held = tuple(self.counted_on.values())
        return Captured(section, list(self.objects.values()), self.events, held)

    def _count_on(self, ref: dict[str, Any]) -> None:
        """Say that the section is whole only while the lab holds an object."""
        self.counted_on[ref["sha256"]] = NewObject(ref["sha256"], ref["size"], b"")

    def _hashed(
        self, listed: Sequence[_Listed], states: list[bytes], paths: list[str]
    ) -> tuple[dict[str, Any], dict[str, Any], list[bytes]]:
        """Hash what changed; return the manifest, what it says of the whole, and the digests."""
        found = stat_cache.lookup(self.kept, paths, states)
        offered = self._offered()
        entries: list[manifest.Entry] = []
        digests: list[bytes] = []
        for index, (each, before) in enumerate(zip(listed, found, strict=True)):
            taken = self._take(each, states[index], before, offered)
            if taken is None:
                digests.append(bytes(32))
                states[index] = stat_cache.NEVER
                continue
            entry, states[index] = taken
            entries.append(entry)
            digests.append(bytes.fromhex(entry.sha256))
        entries.sort(key=lambda entry: entry.path)
        document = NewObject.of(manifest.write(entries))
        self.objects = {document.sha256: document} | self.objects
        whole = {
            "digest": manifest.digest(entries),
            "files": len(entries),
            "bytes": sum(entry.size for entry in entries),
        }
        return document.ref, whole, digests

    def _remember(
        self,
        paths: list[str],
        states: list[bytes],
        digests: list[bytes] | None,
        section: dict[str, Any],
    ) -> None:
        """Keep what was found for the next run."""
        note = {
            "manifest": section["manifest"],
            "whole": {name: section[name] for name in ("digest", "files", "bytes")},
            "index": self.index, "head": self.head, "dirty": section["dirty"],
            "published": section["published"], "remotes": self._remotes(),
            "untracked": list(self.policy.untracked),
        }  # fmt: skip
        if digests is None:
            if self.cache is None or self.kept is None or note == self.kept.note:
                return
            digests = [self.kept.digest(index) for index in range(len(paths))]
        # A file that is younger than the clock can tell is looked at again next time.
        kept = [
            stat_cache.NEVER if stat_cache.is_racy(state, self.taken_ns) else state
            for state in states
        ]
        if self.cache is not None:
            stat_cache.save(self.cache, paths, kept, digests, note)

    # -- listing

    def _list(self) -> list[_Listed]:
        """Return what belongs to the code, in git's order, untracked files last."""
        kept = self._listed_before()
        if kept is not None:
            return kept
        tracked = tracked_files(self.repository)
        is_lab = {"labrec.toml", "records/.gitattributes"} <= {each.path for each in tracked}
        listed = [
            _Listed(each.path, each.mode, each.sha if each.mode == _SUBMODULE else "")
            for each in tracked
            if not (is_lab and each.path.startswith(LAB_PATHS))
        ]
        untracked = untracked_files(self.repository, self.policy.untracked, tracked)
        return listed + [
            _Listed(path, 0) for path in untracked if not (is_lab and path.startswith(LAB_PATHS))
        ]

    def _listed_before(self) -> list[_Listed] | None:
        """Return the list of the last look, where the index is still the one it was made of."""
        if self.kept is None or self.policy.untracked or self.kept.note.get("untracked"):
            return None
        if self.index is None or self.kept.note.get("index") != self.index:
            return None
        split = (path.partition("\1") for path in self.kept.paths)
        return [_Listed(path, _SUBMODULE if sha else 0, sha) for path, _, sha in split]

    def _present(self, listed: list[_Listed]) -> tuple[list[_Listed], list[bytes]]:
        """Return the files that are there, with their states; say which are not."""
        there: list[_Listed] = []
        states: list[bytes] = []
        missing: list[str] = []
        root, lstat, state_of = self.root, os.lstat, stat_cache.state_of
        for each in listed:
            if each.commit:
                there.append(each)
                states.append(stat_cache.NEVER)
                continue
            try:
                state = state_of(lstat(f"{root}/{each.path}"))
            except OSError:
                missing.append(each.path)
                continue
            there.append(each)
            states.append(state)
        if missing or any("\1" in each.path for each in there):
            self.index = None  # the next look must not take this list for the index
        self._skipped(missing, "a tracked file that is missing from the worktree")
        return there, states

    def _unlisted_script(self, listed: Sequence[_Listed]) -> None:
        script = self.policy.script
        if script is None or not script.startswith(self.root + "/"):
            return
        path = script[len(self.root) + 1 :]
        if os.path.isfile(script) and all(each.path != path for each in listed):
            why = "the script is not tracked by git and capture.untracked does not name it"
            self.events.append(event("skipped", f"file {_shown(path)}", why))

    # -- hashing

    def _take(
        self,
        each: _Listed,
        state: bytes,
        before: bytes | None,
        offered: Callable[[str], bool],
    ) -> tuple[manifest.Entry, bytes] | None:
        """Return a file's line and the state it was hashed in; None where it cannot be had."""
        path = f"{self.root}/{each.path}"
        try:
            if each.commit:
                return self._entry(each, _SUBMODULE, each.commit.encode(), offered), state
            if before is not None:
                mode, size = _mode(state), _size(state)
                entry = manifest.make_entry(each.path, f"{mode:o}", before.hex(), size)
                self._offer(entry, Path(path), offered)
                return entry, state
            if self._inside_link(each.path):
                raise NotADirectoryError(20, "a link in place of a folder", each.path)
            if stat.S_ISLNK(_raw_mode(state)):
                return self._entry(each, _LINK, os.fsencode(os.readlink(path)), offered), state
            return self._hash(each, path, offered)
        except OSError as error:
            self.events.append(event("skipped", f"file {_shown(each.path)}", cause(error)))
        except LabrecError as error:
            self.events.append(event("skipped", f"file {_shown(each.path)}", error.message))
        return None

    def _hash(
        self, each: _Listed, path: str, offered: Callable[[str], bool]
    ) -> tuple[manifest.Entry, bytes]:
        """Hash a regular file; again when it changed meanwhile."""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            for attempt in range(_TRIES):
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode):
                    raise OSError(22, "no regular file", each.path)
                state = stat_cache.state_of(status)
                file.seek(0)
                if status.st_size <= _IN_MEMORY:
                    data = file.read()
                    sha256, size = hashlib.sha256(data).hexdigest(), len(data)
                    source: bytes | Path = data
                else:
                    digest = hashlib.file_digest(file, "sha256")
                    sha256, size, source = digest.hexdigest(), file.tell(), Path(path)
                if stat_cache.state_of(os.fstat(descriptor)) == state or attempt == _TRIES - 1:
                    break
        entry = manifest.make_entry(each.path, f"{_mode(state):o}", sha256, size)
        self._offer(entry, source, offered)
        return entry, state

    def _entry(
        self, each: _Listed, mode: int, data: bytes, offered: Callable[[str], bool]
    ) -> manifest.Entry:
        sha256 = hashlib.sha256(data).hexdigest()
        entry = manifest.make_entry(each.path, f"{mode:o}", sha256, len(data))
        self._offer(entry, data, offered)
        return entry

    def _offer(
        self, entry: manifest.Entry, source: bytes | Path, offered: Callable[[str], bool]
    ) -> None:
        """Hand on an object that the lab does not hold yet."""
        if entry.sha256 in self.objects:
            return
        if offered(entry.sha256):
            if entry.sha256 not in self.covered:
                self._count_on({"sha256": entry.sha256, "size": entry.size})
            return
        if isinstance(source, bytes):
            self.held += len(source)
            if self.held > _HELD and entry.mode[:3] == "100":
                source = Path(f"{self.root}/{entry.path}") if entry.display is None else source
        elif entry.mode == f"{_LINK:o}":
            source = os.fsencode(os.readlink(source))
        self.objects[entry.sha256] = NewObject(entry.sha256, entry.size, source)

    def _offered(self) -> Callable[[str], bool]:
        """Return a test for what the lab holds: all of the last manifest, if it holds that."""
        last = self.kept.note.get("manifest") if self.kept is not None else None
        if last is None or self.kept is None or not self._known(last["sha256"]):
            return self._known
        width = 32
        digests = self.kept.digests
        self.covered = {digests[at : at + width].hex() for at in range(0, len(digests), width)}
        self._count_on(last)  # whoever holds a manifest holds its files
        return lambda sha256: sha256 in self.covered or self._known(sha256)

    def _known(self, sha256: str) -> bool:
        return self.policy.known is not None and self.policy.known(sha256)

    def _inside_link(self, path: str) -> bool:
        """Say whether a folder on the way is a link: git would call the file missing."""
        folder = os.path.dirname(path)
        while folder:
            if os.path.islink(f"{self.root}/{folder}"):
                return True
            folder = os.path.dirname(folder)
        return False

    # -- git

    def _git_section(self, note: dict[str, Any]) -> dict[str, Any]:
        """Return what git says: commit, branch, remote, changes; from the note where it holds."""
        branch = self.repository.head_branch
        fresh = not (note and note["head"] == self.head and note["index"] == self.index)
        remotes = self._remotes()
        section: dict[str, Any] = {
            "minor": 0, "kind": "manifest", "reason": None,
            "digest": None, "manifest": None, "files": None, "bytes": None,
            "commit": self.head,
            "published": newest_published(self.repository)
            if fresh or note["remotes"] != remotes else note["published"],
            "branch": branch.removeprefix("refs/heads/") if branch else None,
            "dirty": None, "patch": None, "remote": self._remote(),
        }  # fmt: skip
        if not fresh and note["dirty"] is False:
            section["dirty"] = False
        elif self.head is not None:
            dirty, patch = self._changes(None)
            section["dirty"] = dirty
            if patch and len(patch) <= MAX_PATCH:
                section["patch"] = self._keep(patch)
            elif patch:
                why = f"longer than {MAX_PATCH} bytes; the manifest holds every file"
                self.events.append(event("truncated", "patch of the code", why))
        return section

    def _changes(self, base: str | None) -> tuple[bool | None, bytes]:
        """Return whether the worktree differs from a commit (HEAD), and the patch."""
        from labrec.gitio.changes import changes  # starts git where something changed

        try:
            found = changes(self.repository) if base is None else changes(self.repository, base)
        except (LabrecError, GitFailedError) as error:
            why = error.message if isinstance(error, LabrecError) else "git could not compare"
            self.events.append(event("unavailable", "patch of the code", why))
            return None, b""
        self._skipped(list(found.left_out), "a filter would have to run to compare it", "patch of ")
        return found.dirty, found.patch

    def _commit_and_patch(self, files: int, size: int) -> Captured:
        """Describe a tree that is too large: the newest published commit and what differs."""
        section = self._git_section({}) if self.head is None else self._git_section_light()
        limit = f"{files} files, {size} bytes"
        section |= {"kind": "commit_patch", "reason": _COMMIT_PATCH.format(limit)}
        section |= {"files": files, "bytes": size}
        base = section["published"] or self.head
        if base is None:
            section |= {"kind": "none", "reason": f"{section['reason']} and there is no commit"}
            return Captured(section, [], self.events)
        if section["published"] is None:
            section["reason"] += "; no ancestor is published, the patch is against the commit"
        dirty, patch = self._changes(None if base == self.head else base)
        section["dirty"] = dirty
        if dirty is None:
            section |= {"kind": "none", "reason": f"{section['reason']}; the patch is unavailable"}
            return Captured(section, [], self.events)
        ref = self._keep(patch) if patch else None
        section["patch"] = ref
        basis = {"commit": base, "patch": ref["sha256"] if ref else None}
        section["digest"] = str(Digest.of_value(basis))
        return Captured(section, list(self.objects.values()), self.events)

    def _git_section_light(self) -> dict[str, Any]:
        """Return what git says without asking for a patch against HEAD."""
        note = {"head": self.head, "index": self.index, "dirty": False, "remotes": None,
                "published": None}  # fmt: skip
        return self._git_section(note)

    def _keep(self, data: bytes) -> dict[str, Any]:
        new = NewObject.of(data)
        self.objects[new.sha256] = new
        return new.ref

    def _remotes(self) -> str:
        refs = sorted(self.repository.refs("refs/remotes/").items())
        return hashlib.sha256(repr(refs).encode()).hexdigest()[:16]

    def _remote(self) -> str | None:
        url = remote_url(self.repository)
        if url is None:
            return None
        from labrec.capture.secrets.guard import clean_url  # not for every repository

        return clean_url(url)

    def _skipped(self, paths: Sequence[str], why: str, prefix: str = "") -> None:
        for path in paths[:_NAMED]:
            self.events.append(event("skipped", f"{prefix}file {_shown(path)}", why))
        if len(paths) > _NAMED:
            self.events.append(event("skipped", f"{prefix}more files", why, len(paths) - _NAMED))


def _script_alone(reason: str, policy: CodePolicy) -> Captured:
    """Capture the script itself where there is no repository."""
    section: dict[str, Any] = {
        "minor": 0, "kind": "none", "reason": reason, "digest": None, "manifest": None,
        "files": None, "bytes": None, "commit": None, "published": None, "branch": None,
        "dirty": None, "patch": None, "remote": None,
    }  # fmt: skip
    data = _script_bytes(policy)
    if data is None:
        return Captured(section, [], [event("skipped", "code", reason)])
    script = NewObject.of(data)
    name = os.path.basename(policy.script or "")
    entries = [manifest.make_entry(name, "100644", script.sha256, script.size)]
    document = NewObject.of(manifest.write(entries))
    section |= {
        "kind": "manifest", "reason": f"{reason}: the script alone",
        "digest": manifest.digest(entries), "manifest": document.ref, "files": 1,
        "bytes": script.size,
    }  # fmt: skip
    return Captured(section, [document, script], [])


def _script_bytes(policy: CodePolicy) -> bytes | None:
    if policy.script is None:
        return None
    try:
        descriptor = os.open(policy.script, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            data = file.read(MAX_PATCH + 1)
    except OSError:
        return None
    # A compiled program is no script: its bytes say nothing to a reader.
    return data if len(data) <= MAX_PATCH and b"\0" not in data else None


def _index_state(repository: GitRepository) -> str | None:
    """Return what tells one index from the next; None while it is too young to tell."""
    try:
        state = stat_cache.state_of(os.stat(repository.git_dir / "index"))
    except OSError:
        return None
    return None if stat_cache.is_racy(state, time.time_ns()) else state.hex()


def _raw_mode(state: bytes) -> int:
    return int.from_bytes(state[-4:], "little")


def _mode(state: bytes) -> int:
    """Return git's mode of a file in the worktree."""
    mode = _raw_mode(state)
    if stat.S_ISLNK(mode):
        return _LINK
    return 0o100755 if mode & stat.S_IXUSR else 0o100644


def _size(state: bytes) -> int:
    return int.from_bytes(state[16:24], "little") if state != stat_cache.NEVER else 0


def _shown(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "replace")
