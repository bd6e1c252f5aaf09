"""What the tests of the write path share: labs that labrec itself writes to."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.store.labs import object_doc, run_doc

from labrec.store.commits import Addition

if TYPE_CHECKING:
    from labrec.store.lab import Lab

LAB_ID = "0123456789abcdef" * 2


def git(path: Path, *args: str, check: bool = True) -> str:
    done = subprocess.run(["git", *args], cwd=path, capture_output=True, check=False)
    if check and done.returncode:
        raise AssertionError(f"git {args}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode(errors="replace").strip()


def make_lab(path: Path) -> Path:
    """A worktree with a committed ``labrec.toml`` and a file of the user's."""
    path.mkdir(parents=True)
    git(path, "init", "-q")
    (path / "labrec.toml").write_text(f'lab_id = "{LAB_ID}"\n')
    (path / "own.txt").write_text("the user's\n")
    git(path, "add", "-A")
    git(path, "commit", "-q", "-m", "start")
    return path


def run_addition(name: str = "base") -> Addition:
    doc = run_doc(name=name)
    return Addition(doc.path, doc.data)


def object_addition(data: bytes) -> Addition:
    return Addition(*object_doc(data))


def file_addition(path: Path, data: bytes) -> Addition:
    path.write_bytes(data)
    return Addition(object_doc(data).path, path)


def record(lab: Lab, count: int = 1) -> list[Addition]:
    """Commit ``count`` runs, each with an object of its own, one commit each."""
    done = []
    for number in range(count):
        additions = [run_addition(f"run {number}"), object_addition(os.urandom(300))]
        lab.commit(additions, f"run {number}")
        done += additions
    return done


def assert_holds(path: Path, ref: str, additions: list[Addition]) -> None:
    """Ask git itself whether a commit holds these files, byte for byte, and nothing is damaged."""
    git(path, "fsck", "--strict", "--full", "--no-dangling")
    listed = dict(
        reversed(row.split(" ", 2)[2].split("\t"))
        for row in git(path, "ls-tree", "-r", "-z", ref).split("\0")
        if row
    )
    for addition in additions:
        source = addition.source
        data = source.read_bytes() if isinstance(source, Path) else source
        done = subprocess.run(
            ["git", "hash-object", "--stdin"], input=data, capture_output=True, check=True, cwd=path
        )
        assert listed.get(addition.path) == done.stdout.decode().strip()


def leftovers(path: Path) -> list[str]:
    """Return what no writer should leave behind in a git directory."""
    found = [
        *path.rglob("tmp_*"),
        *path.rglob("*.lock"),
        *path.rglob("*.keep"),
        *path.rglob("*.tmp"),
    ]
    found += list((path / "labrec/intents").glob("*"))
    allowed = {"store.lock", "consolidate.lock"}
    return sorted(str(each.relative_to(path)) for each in found if each.name not in allowed)
