"""Every git object of a repository: proven, and nothing that is referred to missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labrec.errors import IntegrityError
from labrec.gitio.objects import EMPTY_TREE
from labrec.gitio.pack import PackGoneError
from labrec.store.history import IMMUTABLE_NAME
from labrec.store.trees import split_tree
from labrec.store.verify.scan import BLOB, COMMIT, TAG, TREE, PackScan, scan_loose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.gitio.repository import GitRepository
    from labrec.store.verify.content import ContentCheck
    from labrec.store.verify.report import Counts, Findings

_LINK = re.compile(rb"^(?:tree|parent|object) ([0-9a-f]{40})$", re.MULTILINE)
_SUBMODULE = b"160000"
_ROUNDS = 5


class ObjectCheck:
    """Takes every object of the object store once, in the order it is stored.

    Blobs that a view names are checked as the files they are. Trees and commits tell what must
    exist. Whether an immutable file stands in any tree at all, but not in the view, is noticed on
    the way: when none does, full history is clean without walking it.

    Args:
        content: Checks the files of the view.
        files: 20-byte blob ids to the paths they stand at in the view.
        findings: Where damage goes.
        counts: Where what was looked at goes.
        shallow: Commits whose parents are known to be absent.
    """

    def __init__(
        self,
        content: ContentCheck,
        files: dict[bytes, tuple[str, ...]],
        findings: Findings,
        counts: Counts,
        shallow: frozenset[str] = frozenset(),
    ) -> None:
        self.content = content
        self.files = files
        self.findings = findings
        self.counts = counts
        self.shallow = {bytes.fromhex(commit) for commit in shallow}
        self.names = {
            path.rpartition("/")[2].encode("utf-8", "surrogateescape")
            for paths in files.values()
            for path in paths
        }
        self.present: set[bytes] = set()
        self.wanted: set[bytes] = set()
        self.strangers = 0

    # -- Sink

    def take(self, kind: int, name: bytes, data: bytes) -> None:
        """Take an object whose bytes hash to its name."""
        if name in self.present:
            return
        self._count(name, len(data))
        if kind == TREE:
            self._tree(name, data)
        elif kind == BLOB:
            for path in self.files.get(name, ()):
                self.content.file(path, data)
        elif kind in (COMMIT, TAG):
            head = data.partition(b"\n\n")[0]
            links = [bytes.fromhex(link.decode()) for link in _LINK.findall(head)]
            self.wanted.update(links[:1] if name in self.shallow else links)

    def take_large(self, name: bytes, pieces: Iterator[bytes]) -> None:
        """Take a blob piece by piece."""
        size = 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for piece in pieces:
                size += len(piece)
                yield piece

        stream = counted()
        paths = self.files.get(name, ()) if name not in self.present else ()
        if paths:
            self.content.large(paths[0], stream)
        for _ in stream:
            pass  # what nobody asked for is hashed all the same
        self._count(name, size)

    def broken(self, kind: str, path: str, message: str) -> None:
        """Hear of damage."""
        self.findings.add(3 if kind == "too-large" else 14, kind, path, message)

    def _count(self, name: bytes, size: int) -> None:
        self.present.add(name)
        self.counts.git_objects += 1
        self.counts.bytes += size

    def _tree(self, name: bytes, data: bytes) -> None:
        try:
            rows = split_tree(data, name.hex())
        except IntegrityError as error:
            self.findings.add(14, "damaged", name.hex(), error.message)
            return
        self.wanted.update([child for mode, _, child in rows if mode != _SUBMODULE])
        names = self.names
        for mode, file, _ in rows:
            if mode == b"100644" and file not in names and IMMUTABLE_NAME.fullmatch(file):
                self.strangers += 1

    # -- the whole

    def scan(self, git: GitRepository) -> None:
        """Prove every loose object, then every pack; git may repack meanwhile."""
        for sha, path in git.database.loose():
            self.counts.loose += 1
            scan_loose(sha, path, self)
        done: set[str] = set()
        for _ in range(_ROUNDS):
            git.database.refresh()
            waiting = [pack for pack in git.packs() if pack.path not in done]
            if not waiting:
                return
            for pack in waiting:
                done.add(pack.path)
                try:
                    PackScan(pack, self).run()
                    self.counts.packs += 1
                except PackGoneError:
                    continue

    def missing(self) -> set[bytes]:
        """Return what something refers to and is not there."""
        return self.wanted - self.present - {bytes.fromhex(EMPTY_TREE)}
