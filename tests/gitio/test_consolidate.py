from __future__ import annotations

import os
import random

import pytest

from labrec.errors import IntegrityError
from labrec.gitio import consolidate, pack_writer
from labrec.gitio.consolidate import MANY, Candidate, candidates, choose, remove_united, unite
from labrec.gitio.pack_writer import PackWriter
from labrec.gitio.repository import GitRepository


def fill(git, count, *, keep=False):
    """Write packs of a few blobs each, one shared by all; return their names and the blobs."""
    folder = git.path / ".git/objects/pack"
    blobs, names = {}, []
    for number in range(count):
        writer = PackWriter(folder, "1-test", 3)
        for data in (b"shared", b"small %d" % number, os.urandom(3000)):
            blobs[writer.add("blob", data)] = data
        names.append(writer.finish())
        if not keep:
            pack_writer.release(folder, names[-1], "1-test")
    return folder, names, blobs


def test_united_packs_hold_the_same_bytes_once(empty):
    folder, names, blobs = fill(empty, MANY)
    chosen = choose(candidates(folder, names))
    assert len(chosen) == MANY
    united = unite(folder, chosen, "1-test")
    assert (folder / f"{united}.keep").exists()
    remove_united(folder, chosen, united, "1-test")
    assert sorted(path.name for path in folder.iterdir()) == [f"{united}.idx", f"{united}.pack"]
    with GitRepository.open(empty.path) as git:
        assert {sha: git.read_blob(sha) for sha in blobs} == blobs
        assert git.packs()[0].count == len(blobs)
    empty("verify-pack", str(folder / f"{united}.idx"))
    empty("fsck", "--strict", "--full")


def test_an_open_reader_survives_that_its_packs_are_united(empty):
    folder, names, blobs = fill(empty, MANY)
    with GitRepository.open(empty.path) as git:
        git.read_object(min(blobs))
        chosen = choose(candidates(folder, names))
        remove_united(folder, chosen, unite(folder, chosen, "1-test"), "1-test")
        for sha, data in blobs.items():
            assert git.read_blob(sha) == data


def test_few_packs_are_left_alone():
    assert choose([Candidate(f"pack-{n}", 10) for n in range(MANY - 1)]) == []


def test_the_packs_of_a_hundred_thousand_records_stay_few_and_are_copied_few_times():
    packs: list[int] = []
    copied = most = 0
    rng = random.Random(1)
    for _ in range(100_000):
        packs.append(rng.randrange(6_000, 14_000))
        small = sorted(size for size in packs if size < consolidate.LARGEST)
        large = [size for size in packs if size >= consolidate.LARGEST]
        chosen = choose([Candidate("", size) for size in small]) if len(small) >= MANY else []
        if chosen:
            total = sum(each.size for each in chosen)
            packs = [*large, *small[len(chosen) :], total]
            copied += total
        most = max(most, len(packs))
    assert most < 50  # what wakes the user's gc
    assert copied < 6 * 100_000 * 10_000


def test_what_is_not_ours_or_not_finished_is_left_alone(empty):
    folder, names, _ = fill(empty, 4)
    empty.commit({"a": b"a"})
    empty("repack", "-aq", "--keep-pack=" + f"{names[0]}.pack")
    (folder / f"{names[0]}.keep").write_text("mine\n")
    (folder / f"{names[1]}.bitmap").write_text("")
    (folder / f"{names[2]}.idx").unlink()
    assert [each.name for each in candidates(folder, names)] == [names[3]]
    empty("multi-pack-index", "write")
    assert candidates(folder, names) == []


def test_packs_that_git_deltified_or_removed_are_not_united(repo, empty):
    folder, names, _ = fill(empty, 3)
    (folder / f"{names[0]}.pack").unlink()
    assert unite(folder, [Candidate(name, 1) for name in names], "1-test") is None
    repo("repack", "-adfq")
    (path,) = (repo.path / ".git/objects/pack").glob("*.pack")
    assert unite(path.parent, [Candidate(path.stem, 1)], "1-test") is None
    assert not list(folder.glob("*tmp_*"))


def test_a_damaged_entry_stops_the_union_and_nothing_is_removed(empty):
    folder, names, _ = fill(empty, 3)
    path = folder / f"{names[1]}.pack"
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    before = sorted(folder.iterdir())
    with pytest.raises(IntegrityError, match="damaged"):
        unite(folder, [Candidate(name, 1) for name in names], "1-test")
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("call", ["fsync", "rename", "write", "open"])
def test_a_full_disk_at_any_call_removes_nothing(empty, monkeypatch, call):
    folder, names, _ = fill(empty, 3)
    before = sorted(folder.iterdir())
    real = getattr(os, call)

    def full(*args, **kwargs):
        if call == "open" and not args[1] & os.O_CREAT:
            return real(*args, **kwargs)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="space"):
        unite(folder, [Candidate(name, 1) for name in names], "1-test")
    monkeypatch.undo()
    assert sorted(folder.iterdir()) == before


def test_large_entries_are_copied_in_pieces(empty, monkeypatch):
    monkeypatch.setattr(consolidate, "_SMALL_ENTRY", 100)
    folder, names, blobs = fill(empty, 2)
    united = unite(folder, [Candidate(name, 1) for name in names], "1-test")
    for name in names:
        pack_writer.drop(folder, name)
    with GitRepository.open(empty.path) as git:
        assert {sha: git.read_blob(sha) for sha in blobs} == blobs
    assert united
