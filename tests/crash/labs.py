"""Labs that are struck, and what must hold of one afterwards."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.crash import stories

import labrec
from labrec.sdk.recovery import recover, waiting
from labrec.store.init import init
from labrec.store.lab import Lab
from labrec.store.verify import verify

if TYPE_CHECKING:
    from tests.crash.theatre import Played

# Files that stand for ever, and hold nothing: locks, memos, caches, what a verification saw.
_STANDING = {
    "cache", "clone_id", "consolidate.lock", "heads.json", "index", "intents", "known.bin", "packs",
    "record-start", "spool", "store.lock", "summaries",
}  # fmt: skip

_OF_GIT = ("HEAD", "index", "config", "packed-refs")


def git(path: Path, *args: str, check: bool = True) -> str:
    done = subprocess.run(["git", *args], cwd=path, capture_output=True, check=False)
    if check and done.returncode:
        raise AssertionError(f"git {args}: {done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout.decode(errors="replace").strip()


def make_lab(folder: Path) -> Path:
    """Make a lab in a repository that is the user's own: staged, changed and untracked files."""
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "own.txt").write_text("the user's\n")
    (folder / "other.txt").write_text("the user's too\n")
    stories.prepare(folder)
    git(folder, "add", "own.txt", "other.txt")
    git(folder, "commit", "-q", "-m", "start")
    init(folder)
    (folder / "own.txt").write_text("staged\n")
    git(folder, "add", "own.txt")
    (folder / "own.txt").write_text("changed again\n")
    (folder / "new.txt").write_text("untracked\n")
    shutil.rmtree(folder / ".git" / "hooks")
    (folder / ".git" / "hooks").mkdir()
    return folder


def copy_lab(template: Path, target: Path) -> Path:
    """Copy a lab byte for byte, time stamps included."""
    if target.exists():
        shutil.rmtree(target)
    subprocess.run(["cp", "-a", template, target], check=True)
    return target


def what_is_the_users(lab: Path) -> dict[str, str]:
    """Return digests of everything that recording must leave alone (I3)."""
    found = {}
    for top, folders, files in os.walk(lab):
        inside = Path(top).relative_to(lab)
        if inside == Path(".git"):
            folders[:] = [name for name in folders if name in ("hooks", "info", "refs", "logs")]
            files[:] = [name for name in files if name in _OF_GIT]
        if inside == Path(".git/refs"):
            folders[:] = [name for name in folders if name != "labrec"]
        for name in files:
            path = Path(top) / name
            if path.name != "answer":  # what the command itself writes
                found[str(inside / name)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def leftovers(lab: Path) -> list[str]:
    """Return every file that should not be in the git directory of a lab at rest."""
    inner = lab / ".git"
    found = [
        *inner.rglob("tmp_*"),
        *inner.rglob("*.tmp"),
        *inner.rglob("*.keep"),
        *inner.glob("labrec/intents/*"),
        *inner.glob("labrec/spool/*"),
        *inner.glob("labrec/spool/.*"),
        *inner.glob("objects/pack/labrec_tmp_*"),
        *(path for path in (inner / "labrec").glob("*") if path.name not in _STANDING),
        *(path for path in inner.rglob("*.lock") if path.name not in _STANDING),
        *(path for path in (inner / "labrec" / "cache").glob("*") if ".tmp" in path.name),
    ]
    return sorted({str(path.relative_to(inner)) for path in found})


def assert_whole(lab: Path, *, fsck: bool = True) -> None:
    """Ask labrec and git whether anything is damaged."""
    with Lab.open(lab) as opened:
        report = verify(opened)
        assert report, report.to_json()
        assert report.exit_code == 0, report.to_json()
    if fsck:
        git(lab, "fsck", "--strict", "--full", "--no-dangling", "--no-progress")


def records(lab: Path) -> dict[str, Any]:
    """Read everything in a lab through the public door: run id -> its reader's answers."""
    found = {}
    with labrec.open(lab) as reader:
        for run in reader.runs():
            record = run.record
            steps = {}
            if record["metrics"]["values"].get("loss"):
                steps = {point.step: point.value for point in run.series("loss")}
            files = {each.name: run.artifact(each.name) for each in run.files() if each.in_lab}
            artifacts = {name: data for name, data in files.items() if name[0] != "@"}
            assert run.run_id not in found, "two records of one run"
            found[run.run_id] = (record, steps, artifacts)
    return found


def names(lab: Path) -> list[str]:
    """Return the names of the runs in a lab, as a reading command would list them."""
    with labrec.open(lab) as reader:
        return sorted(run.name for run in reader.runs())


def assert_kept(found: dict[str, Any], played: Played, *, full: bool = False) -> None:
    """Everything that the board says was promised is among these records.

    Args:
        found: What `records` gave.
        played: Whose promises.
        full: Whether the disk was full: then what is missing must be told by the record itself,
            and what nobody could write down any more may be missing.
    """
    for run_id in played.told("recorded"):
        record, _, artifacts = found[run_id]
        assert record["identity"]["status"] == "complete"
        if record["identity"]["name"] == "victim":
            for name, data in stories.LEFT.items():
                told = full and any(name in what for what in _missing(record))
                assert told or artifacts[name] == data
    for run_id in played.told("started"):
        record, steps, _ = found[run_id]
        promised = {number: number * 0.5 for number in map(int, played.told("point"))}
        assert steps.items() <= promised.items() | {(12, 6.0)}
        lost = _missing(record).get("metric points", 0)
        if not full or run_id in played.told("recorded"):
            assert len(promised) <= len(steps) + (lost if full else 0)


def _missing(record: dict[str, Any]) -> dict[str, int]:
    events = record["capture"]["events"]
    return {each["what"]: each["count"] for each in events if each["kind"] in ("lost", "skipped")}


def grow_old(lab: Path) -> None:
    """Let an hour pass for what an unfinished start left: a younger one may still be at work."""
    for path in lab.glob(".git/labrec/spool/.*.new"):
        os.utime(path, (0, 0))


def recover_all(lab: Path) -> None:
    """Recover as the command does; nothing may wait after it."""
    with Lab.open(lab) as opened:
        report = recover(opened)
        assert report, report.to_json()
        opened.clear_leftovers()
        assert waiting(opened) == []
