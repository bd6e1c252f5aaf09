"""Every single-bit flip of a small store is refused, or changes nothing that is reachable.

The store is verified once, then every bit of every file of its git directory is flipped in turn.
Verification must refuse (a finding or an error of ours, never another exception); where it does
not, the view, every document, every object and every ref must read as before.

Normally each byte of the large object files gets one bit, a different one from byte to byte, and
each byte of everything else all eight. ``LABREC_ALL_BITS=1`` flips all of them.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.store.labs import RECORD_REF, TestLab, artifact, new_lab, object_doc, run_doc

from labrec.errors import LabrecError
from labrec.gitio.repository import GitRepository
from labrec.settings import load
from labrec.store.verify import verify
from labrec.store.view import open_view

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNKS = 16
ALL_BITS = os.environ.get("LABREC_ALL_BITS") == "1"
# What git keeps for people and for speed, and nothing of ours reads.
NOT_READ = ("hooks/", "logs/", "info/exclude", "description", "index", "labrec/cache/", "COMMIT_")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the git directory of a small, verified lab: a pack, loose objects, packed refs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
        patch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path_factory.getbasetemp()))
        lab = new_lab(tmp_path_factory.mktemp("store") / "lab", bare=True)
        weights = object_doc(b"weights " * 20)
        first = run_doc(
            run_id="018d0000-0000-7000-8000-000000000001", artifacts=artifact(weights.data)
        )
        lab.commit("refs/heads/main", {first.path: first.data, weights.path: weights.data})
        lab.add(run_doc("cifar", run_id="018d0000-0000-7000-8000-000000000011"))
        lab.git("pack-refs", "--all")
        lab.git("repack", "-qad")
        lab.git("prune-packed")
        lab.add(run_doc(run_id="018d0000-0000-7000-8000-000000000021"))
        assert open_lab(lab.path).git.read_ref(RECORD_REF)
        assert verify(open_lab(lab.path), incremental=False)
    return lab.path


def open_lab(git_dir: Path) -> TestLab:
    """Open a lab the way the program does: its settings come from the base commit."""
    git = GitRepository.open(git_dir)
    head = git.head_commit
    toml = git.read_path(head, "labrec.toml") if head else None
    return TestLab(git, load(toml, {}), git.common_dir / "labrec")


def reading(git_dir: Path) -> tuple[object, ...]:
    """Return everything reachable that a reader of the lab can see.

    Of the record refs only those that lead somewhere else count: a flip in ``packed-refs`` can
    bring an old entry back under another name, and that adds nothing.
    """
    lab = open_lab(git_dir)
    view = open_view(lab)
    files = {path: view.objects.read_object(entry.sha) for path, entry in view.files()}
    return view.id, files, view.refs.get(RECORD_REF), view.base.commit


def places(git_dir: Path) -> list[tuple[str, int, int]]:
    """Return (file, byte, bit) of every flip to try."""
    found = []
    for path in sorted(git_dir.rglob("*")):
        name = path.relative_to(git_dir).as_posix()
        if not path.is_file() or name.startswith(NOT_READ):
            continue
        large = name.startswith("objects/") and not ALL_BITS
        for at in range(path.stat().st_size):
            bits = [at % 8] if large else range(8)
            found += [(name, at, bit) for bit in bits]
    return found


def flips(git_dir: Path, chunk: int) -> Iterator[tuple[str, int, int, Path, bytes]]:
    for name, at, bit in places(git_dir)[chunk::CHUNKS]:
        path = git_dir / name
        data = path.read_bytes()
        yield name, at, bit, path, data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def refused(git_dir: Path) -> bool:
    try:
        return not verify(open_lab(git_dir))
    except LabrecError:
        return True


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_flip_is_refused_or_harmless(store: Path, tmp_path: Path, chunk: int) -> None:
    git_dir = tmp_path / "lab"
    shutil.copytree(store, git_dir)
    state = git_dir / "labrec"
    shutil.copytree(state, tmp_path / "state")
    expected = reading(git_dir)
    tried = believed = 0
    for name, at, bit, path, flipped in flips(git_dir, chunk):
        original = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(flipped)
        tried += 1
        if not refused(git_dir):
            believed += 1
            assert reading(git_dir) == expected, f"{name}: bit {bit} of byte {at}"
            if (state / "heads.json").read_bytes() != (tmp_path / "state/heads.json").read_bytes():
                shutil.rmtree(state)
                shutil.copytree(tmp_path / "state", state)
        path.write_bytes(original)
    assert tried > 50
    assert believed < tried / 2


def test_the_flips_reach_every_kind_of_file(store: Path) -> None:
    names = {name for name, _, _ in places(store)}
    for part in (".pack", ".idx", "packed-refs", "HEAD", "config", "heads.json", RECORD_REF):
        assert any(part in name for name in names), part
    loose = [name for name in names if name.startswith("objects/") and name[8:10] != "pa"]
    assert len(loose) > 5


def test_an_unflipped_store_is_believed(store: Path) -> None:
    assert not refused(store)
