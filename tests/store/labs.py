"""Labs built with git itself: the store is read against an independent writer."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.gitio.repository import GitRepository
from labrec.record import codec, layout
from labrec.record.digest import Digest
from labrec.record.ids import new_run_id
from labrec.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

CLONE = "00c0ffee00c0ffee"
RECORD_REF = f"refs/labrec/records/{CLONE}"


class TestLab(NamedTuple):
    """What `view` and `verify` ask of a lab, and nothing that can write."""

    __test__ = False

    git: GitRepository
    settings: Settings
    state_dir: Path


class Doc(NamedTuple):
    """A file as it belongs into a lab."""

    path: str
    data: bytes


def run_doc(
    project: str = "mnist", name: str = "base", run_id: str | None = None, **sections: Any
) -> Doc:
    """Return a record: the smallest valid one, with these sections added."""
    run_id = run_id or new_run_id()
    identity = {
        "minor": 0,
        "run_id": run_id,
        "project": project,
        "name": name,
        "config_digest": str(Digest.of(name.encode())),
        "status": "complete",
        "reason": None,
        "tags": [],
        "author": None,
        "times": {
            "started": "2026-01-02T03:04:05Z",
            "ended": "2026-01-02T03:05:05Z",
            "duration_s": 60.5,
        },
        "tool": {"name": "labrec", "version": "0"},
        "fulfils": None,
    }
    identity |= sections.pop("identity", {})
    data = codec.encode({"schema": "labrec.run/1.0", "identity": identity, **sections})
    return Doc(layout.run_path(project, run_id, Digest.of(data)), data)


def object_doc(data: bytes) -> Doc:
    return Doc(layout.object_path(Digest.of(data)), data)


def lineage(**fields: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "minor": 0,
        "parents": [],
        "reproduces": None,
        "continues": None,
        "cell": None,
        "hypotheses": [],
        "intent": None,
        "outcome": None,
    }
    return empty | fields


def artifact(data: bytes, name: str = "model.bin", where: str = "git") -> dict[str, Any]:
    item = {
        "name": name,
        "role": "output",
        "sha256": Digest.of(data).hex,
        "size": len(data),
        "media_type": None,
        "where": where,
    }
    return {"minor": 0, "items": [item]}


class GitLab:
    """A git repository on disk, changed through the git command line alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def git_dir(self) -> Path:
        inner = self.path / ".git"
        return inner if inner.exists() else self.path

    def git(self, *args: str, stdin: bytes | None = None, check: bool = True) -> str:
        done = subprocess.run(
            ["git", *args], cwd=self.path, input=stdin, capture_output=True, check=False
        )
        if check and done.returncode:
            raise AssertionError(f"git {args}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode(errors="replace").strip()

    def commit(
        self,
        ref: str,
        files: dict[str, bytes | str | None],
        *,
        start: str | None = None,
        mode: str = "100644",
        packed: bool = False,
    ) -> str:
        """Commit files on a ref: bytes, None to delete, text for a symbolic link's target.

        With ``mode`` 160000 the contents are commit ids as text.
        """
        tip = self.git("rev-parse", "-q", "--verify", ref, check=False)
        parent = start or (tip if len(tip) == 40 else None)
        out = [b"commit refs/labrec/building\n"]
        out.append(b"committer T <t@example.org> 1700000000 +0000\ndata 1\nx")
        if parent:
            out.append(f"from {parent}\n".encode())
        for path, data in files.items():
            quoted = b'"' + _quote(path) + b'"'
            if data is None:
                out.append(b"D " + quoted + b"\n")
            elif mode == "160000":
                out.append(b"M 160000 %s %s\n" % (str(data).encode(), quoted))
            else:
                body = data.encode() if isinstance(data, str) else data
                bits = b"120000" if isinstance(data, str) else mode.encode()
                out.append(b"M %s inline %s\ndata %d\n%s\n" % (bits, quoted, len(body), body))
        out.append(b"\ndone\n")
        limit = "0" if packed else "100000"
        self.git("update-ref", "-d", "refs/labrec/building")
        self.git(
            "-c", f"fastimport.unpackLimit={limit}", "fast-import", "--quiet", "--done", "--force",
            stdin=b"".join(out),
        )  # fmt: skip
        sha = self.git("rev-parse", "refs/labrec/building")
        self.git("update-ref", "-d", "refs/labrec/building")
        self.git("update-ref", ref, sha)
        return sha

    def add(self, *docs: Doc, ref: str = RECORD_REF, packed: bool = False) -> str:
        """Commit documents on the record ref, starting from the base like labrec does."""
        tip = self.git("rev-parse", "-q", "--verify", ref, check=False)
        start = None if len(tip) == 40 else "HEAD"
        files: dict[str, bytes | str | None] = {doc.path: doc.data for doc in docs}
        return self.commit(ref, files, start=start, packed=packed)

    def open(self, base: str = "") -> TestLab:
        repository = GitRepository.open(self.path)
        return TestLab(repository, Settings(base=base), repository.common_dir / "labrec")

    def clone(self, target: Path, *options: str) -> GitLab:
        self.git(
            "clone", "-q", *options, f"file://{self.path}", str(target), "-c", "core.bare=false"
        )
        other = GitLab(target)
        other.git("fetch", "-q", "origin", "+refs/labrec/records/*:refs/labrec/records/*")
        return other


def _quote(path: str) -> bytes:
    raw = os.fsencode(path)
    return b"".join(
        bytes([byte]) if 32 < byte < 127 and byte not in b'"\\' else b"\\%03o" % byte
        for byte in raw
    )


def new_lab(path: Path, *, bare: bool = False) -> GitLab:
    path.mkdir(parents=True)
    lab = GitLab(path)
    lab.git("init", "-q", "-b", "main", *(["--bare"] if bare else []))
    lab.commit(
        "refs/heads/main",
        {
            "labrec.toml": b'lab_id = "' + b"0" * 32 + b'"\n',
            "records/.gitattributes": b"** -text -filter -ident\n",
            "records/mnist/project.yaml": b"key_metrics: [loss]\n",
        },
    )
    if not bare:
        lab.git("reset", "-q", "--hard")
    return lab
