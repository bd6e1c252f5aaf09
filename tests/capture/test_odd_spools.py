"""A spool of which a part is no regular file: told as damaged, and nothing ever waits on it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from labrec.capture.spool.durability import sync_spool
from labrec.capture.spool.ownership import Claim, remove
from labrec.capture.spool.reader import SpoolReader, SpoolState, list_spools
from labrec.errors import StorageError

from .conftest import SOURCES


def pipe(path):
    os.mkfifo(path)


def link(path):
    path.symlink_to("/dev/zero")


def folder(path):
    path.mkdir()


def listed(root):
    """List the spools in a process of its own, so that one that hangs is told and not waited on."""
    script = (
        "import sys, pathlib\nfrom labrec.capture.spool.reader import list_spools\n"
        "for info in list_spools(pathlib.Path(sys.argv[1])): print(info.run_id, info.state.value)\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(SOURCES)}
    done = subprocess.run(
        [sys.executable, "-c", script, str(root)],
        env=environ, capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    return dict(line.split() for line in done.stdout.splitlines())


@pytest.mark.parametrize("make", [pipe, link, folder])
@pytest.mark.parametrize("name", ["owner.frames", "owner.lock", "sampler.frames", "p1.frames"])
def test_a_part_that_is_no_file_never_blocks_a_reader(sealed_run, name, make):
    (sealed_run / name).unlink(missing_ok=True)
    make(sealed_run / name)
    expected = "damaged" if name == "owner.frames" else "sealed"
    assert listed(sealed_run.parent) == {sealed_run.name: expected}


@pytest.mark.parametrize("make", [pipe, link, folder])
def test_a_spool_without_a_regular_lock_can_be_claimed_and_removed(sealed_run, make):
    (sealed_run / "owner.lock").unlink()
    make(sealed_run / "owner.lock")
    with Claim(sealed_run):
        remove(sealed_run)
    assert list_spools(sealed_run.parent) == []


def test_a_sync_does_not_wait_on_a_pipe(sealed_run):
    pipe(sealed_run / "p1.frames")
    with pytest.raises(OSError, match="not a regular file"):
        sync_spool(sealed_run)


def test_a_damaged_spool_hides_no_other(sealed_run):
    other = sealed_run.parent / "01900000-0000-7000-8000-000000000000"
    other.mkdir()
    pipe(other / "owner.frames")
    states = {info.run_id: info.state for info in list_spools(sealed_run.parent)}
    assert states == {other.name: SpoolState.DAMAGED, sealed_run.name: SpoolState.SEALED}


def test_a_spool_that_was_removed_is_told_as_gone(root):
    with pytest.raises(StorageError, match="is gone") as caught:
        SpoolReader(root / "0199a4c2-0000-7000-8000-000000000001")
    assert "discard" not in caught.value.hint
