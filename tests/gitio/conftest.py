"""Repositories as states of the world, made by git itself."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


class Git:
    """A repository on disk and the git command line that looks at it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, *args: str, data: bytes | None = None, check: bool = True) -> str:
        done = subprocess.run(
            ["git", *args], cwd=self.path, input=data, capture_output=True, check=False
        )
        if check and done.returncode:
            raise AssertionError(f"git {args}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, files: dict[str, bytes]) -> None:
        for name, content in files.items():
            place = self.path / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)

    def commit(self, files: dict[str, bytes], message: str = "change") -> str:
        self.write(files)
        self("add", "-A")
        self("commit", "-q", "-m", message)
        return self("rev-parse", "HEAD")

    @property
    def objects(self) -> dict[str, tuple[str, int]]:
        """Every stored object: kind and size by name, as git says."""
        out = self("cat-file", "--batch-check", "--batch-all-objects", "--unordered")
        rows = [line.split() for line in out.splitlines()]
        return {sha: (kind, int(size)) for sha, kind, size in rows}


def new_repository(path: Path, *options: str) -> Git:
    path.mkdir(parents=True, exist_ok=True)
    git = Git(path)
    git("init", "-q", *options)
    return git


@pytest.fixture
def empty(tmp_path: Path) -> Git:
    """A repository without a commit."""
    return new_repository(tmp_path / "repo")


@pytest.fixture
def repo(empty: Git) -> Git:
    """A repository with some history: text that deltas well, odd names, a link, an executable."""
    text = b"".join(b"line %d of a file that changes a little\n" % n for n in range(400))
    for n in range(6):
        empty.commit({"notes.txt": text.replace(b"line 7 ", b"LINE 7 %d " % n)}, f"edit {n}")
    empty.write({"dir/inner.txt": b"inner\n", "dir.txt": b"beside\n", "umläut.txt": b"u\n"})
    (empty.path / "run.sh").write_bytes(b"#!/bin/sh\n")
    (empty.path / "run.sh").chmod(0o755)
    (empty.path / "link").symlink_to("notes.txt")
    empty("add", "-A")
    empty("commit", "-q", "-m", "odd ones")
    return empty
