"""Packs, read and written, against git as the independent implementation."""

from __future__ import annotations

import hashlib
import io
import os
import resource
import zlib
from pathlib import Path

import pytest

from labrec.errors import IntegrityError, LimitError, StorageError
from labrec.gitio import pack as packs
from labrec.gitio import pack_writer
from labrec.gitio.pack import Pack, apply_delta
from labrec.gitio.pack_writer import PackWriter, format_index
from labrec.gitio.repository import GitRepository


def only_pack(git) -> Pack:
    (path,) = (git.path / ".git/objects/pack").glob("*.pack")
    return Pack(path)


@pytest.mark.parametrize("options", [["-adf"], ["-adf", "--depth=50"], ["-ad"]])
def test_every_object_of_a_repacked_repository_reads_as_git_reads_it(repo, options):
    repo("repack", "-q", *options)
    with GitRepository.open(repo.path) as git:
        assert any(
            git.packs()[0].header(offset).type > 4 for _, offset, _ in git.packs()[0].entries()
        )
        for sha, (kind, size) in repo.objects.items():
            assert git.object_header(sha) == (kind, size)
            assert git.read_object(sha)[0] == kind
            with git.open_blob(sha) as stream:
                assert (
                    hashlib.sha1(b"%s %d\0" % (kind.encode(), size) + stream.read()).hexdigest()
                    == sha
                )


def test_reference_deltas_are_read(repo):
    repo("-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq")
    pack = only_pack(repo)
    assert any(pack.header(offset).base_sha for _, offset, _ in pack.entries())
    with GitRepository.open(repo.path) as git:
        for sha in repo.objects:
            git.read_object(sha)


def test_checksums_of_pack_and_index_are_verified(repo):
    repo("repack", "-adfq")
    pack = only_pack(repo)
    pack.verify()
    for suffix, place in ((".pack", -30), (".pack", 40), (".idx", -45), (".idx", 1100)):
        path = Path(pack.path).with_suffix(suffix)
        good = path.read_bytes()
        bad = bytearray(good)
        bad[place] ^= 1
        path.chmod(0o644)
        path.write_bytes(bad)
        with pytest.raises(IntegrityError):
            Pack(pack.path).verify()
        path.write_bytes(good)
    Pack(pack.path).verify()


def test_every_flipped_bit_of_a_stored_entry_is_refused(empty):
    empty.commit({"a": b"some content that is stored as it is"})
    empty("repack", "-adq")
    path = Path(only_pack(empty).path)
    good = path.read_bytes()
    path.chmod(0o644)
    with GitRepository.open(empty.path) as git:
        wanted = {sha: git.read_object(sha) for sha in empty.objects}
    refused = 0
    for bit in range(12 * 8, (len(good) - 20) * 8):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bad)
        for sha, expected in wanted.items():
            with GitRepository.open(empty.path) as git:
                try:
                    assert git.read_object(sha) == expected
                except (IntegrityError, LimitError):
                    refused += 1
    assert refused > len(wanted) * 100


@pytest.mark.parametrize(
    ("base", "delta"),
    [
        (b"abc", b"\x03\x03\x00"),  # the instruction 0 means nothing
        (b"abc", b"\x04\x03\x91\x00\x03"),  # made for a longer base
        (b"abc", b"\x03\x09\x90\x03"),  # makes less than it says
        (b"abc", b"\x03\x03\x90"),  # ends inside an instruction
        (b"abc", b"\x03"),
    ],
)
def test_broken_deltas_are_refused(base, delta):
    with pytest.raises(IntegrityError):
        apply_delta(base, delta, "x.pack")


def test_a_delta_that_would_fill_the_memory_is_refused():
    with pytest.raises(LimitError):
        apply_delta(b"", b"\x00\xff\xff\xff\xff\x7f", "x.pack")


def write(folder, blobs):
    writer = PackWriter(folder, "1-test", len(blobs))
    shas = [writer.add("blob", blob) for blob in blobs]
    name = writer.finish()
    return name, shas


def test_git_reads_what_the_writer_wrote(empty):
    blobs = [b"", b"x", os.urandom(70_000), b"compressible " * 20_000, bytes(15), bytes(16)]
    folder = empty.path / ".git/objects/pack"
    name, shas = write(folder, blobs)
    assert (folder / f"{name}.keep").read_text() == "labrec 1-test\n"
    empty("verify-pack", str(folder / f"{name}.idx"))
    empty("fsck", "--strict", "--full")
    for sha, blob in zip(shas, blobs, strict=True):
        assert int(empty("cat-file", "-s", sha)) == len(blob)
        assert empty("hash-object", "--stdin", data=blob) == sha
    with GitRepository.open(empty.path) as git:
        assert [git.read_blob(sha) for sha in shas] == blobs
    pack_writer.release(folder, name, "somebody else")
    assert (folder / f"{name}.keep").exists()
    pack_writer.release(folder, name, "1-test")
    assert not (folder / f"{name}.keep").exists()


def test_offsets_beyond_2_gib_go_into_the_wide_table(tmp_path):
    rows = [
        (hashlib.sha1(b"%d" % n).digest(), offset, n)
        for n, offset in enumerate((12, 0x7FFFFFFF, 0x80000000, 5 * 2**32, 2**40))
    ]
    path = tmp_path / "pack-x.pack"
    (tmp_path / "pack-x.idx").write_bytes(format_index(list(rows), bytes(20)))
    pack = Pack(path)
    for name, offset, crc in rows:
        assert pack.find(name) == offset
        assert (name.hex(), offset, crc) in set(pack.entries())
    assert pack.find(bytes(20)) == -1
    pack.close()


@pytest.mark.parametrize("size", [0, 1, 15, 16, 2047, 2048, 2**32 - 1, 2**32, 10 * 2**30, 2**50])
def test_sizes_of_any_length_are_read_back_from_an_entry(tmp_path, size):
    head = pack_writer._entry_head(3, size)
    path = tmp_path / "pack-x.pack"
    path.write_bytes(b"PACK\0\0\0\2\0\0\0\1" + head + bytes(60))
    row = [(bytes(20), 12, 0)]
    (tmp_path / "pack-x.idx").write_bytes(format_index(row, bytes(20)))
    header = Pack(path).header(12)
    assert (header.type, header.size, header.data_offset) == (3, size, 12 + len(head))


class Endless(io.RawIOBase):
    """A file of ``size`` bytes that exists nowhere: what is streamed must not pile up."""

    name = "endless"

    def __init__(self, size: int, *, random: bool) -> None:
        self.size, self.at = size, 0
        self.block = os.urandom(1 << 20) if random else bytes(1 << 20)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset
        return offset

    def tell(self) -> int:
        return self.at

    def readinto(self, buffer) -> int:
        count = min(len(buffer), self.size - self.at, len(self.block))
        buffer[:count] = self.block[:count]
        self.at += count
        return count

    def readall(self) -> bytes:
        raise AssertionError("read in pieces, not whole")


@pytest.mark.parametrize("random", [True, False])
def test_large_blobs_are_streamed_in_bounded_memory_both_ways(empty, random):
    size = 300 << 20
    folder = empty.path / ".git/objects/pack"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    writer = PackWriter(folder, "1-test", 1)
    sha = writer.add_stream(Endless(size, random=random), size)
    writer.finish()
    stored = writer.size
    digest = hashlib.sha1(b"blob %d\0" % size)
    with GitRepository.open(empty.path) as git, git.open_blob(sha) as stream:
        while part := stream.read(1 << 20):
            digest.update(part)
    assert digest.hexdigest() == sha
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10
    assert stored > size if random else stored < size // 50
    assert int(empty("cat-file", "-s", sha)) == size


def test_incompressible_bytes_are_stored_as_they_are():
    assert pack_writer._level(os.urandom(200_000)) == 0
    assert pack_writer._level(bytes(200_000)) > 0


@pytest.mark.parametrize("sizes", [[], [1], [65535], [65536, 5], [1 << 20, 1 << 20, 7]])
def test_stored_blocks_are_a_zlib_stream(sizes):
    stored, parts, out = pack_writer.Stored(), [os.urandom(size) for size in sizes], b""
    for part in parts:
        out += bytes(stored.compress(memoryview(part)))
    assert zlib.decompress(out + stored.flush()) == b"".join(parts)


def test_a_file_that_changes_while_it_is_stored_is_refused(tmp_path):
    writer = PackWriter(tmp_path, "1-test", 1)
    with pytest.raises(StorageError, match="changed while"):
        writer.add_stream(Endless(5000, random=True), 6000)
    writer.abort()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_stream_is_refused_at_its_end(empty):
    name, (sha,) = write(empty.path / ".git/objects/pack", [os.urandom(300_000)])
    path = empty.path / f".git/objects/pack/{name}.pack"
    data = bytearray(path.read_bytes())
    data[150_000] ^= 4  # stored, not deflated: only the name and the check sum tell
    path.chmod(0o644)
    path.write_bytes(data)
    with (
        GitRepository.open(empty.path) as git,
        git.open_blob(sha) as stream,
        pytest.raises(IntegrityError, match="damaged"),
    ):
        stream.read()


def test_an_aborted_pack_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    for name in ("fsync", "rename", "chmod"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, full)
            writer = PackWriter(tmp_path, "1-test", 1)
            writer.add("blob", b"x")
            with pytest.raises(OSError, match="space"):
                writer.finish()
            writer.abort()
        assert list(tmp_path.iterdir()) == []


def test_an_announced_count_that_is_wrong_is_a_bug_found_at_once(tmp_path):
    writer = PackWriter(tmp_path, "1-test", 2)
    writer.add("blob", b"x")
    with pytest.raises(ValueError, match="announced"):
        writer.finish()
    writer.abort()


def test_an_index_that_is_too_short_or_old_is_refused(tmp_path):
    path = tmp_path / "pack-x.pack"
    for data in (b"", packs.IDX_MAGIC, bytes(2000)):
        (tmp_path / "pack-x.idx").write_bytes(data)
        with pytest.raises(IntegrityError):
            Pack(path).find(bytes(20))


def test_inflating_more_than_the_entry_says_is_refused(tmp_path):
    stored = zlib.compress(bytes(5000))
    path = tmp_path / "pack-x.pack"
    path.write_bytes(b"PACK\0\0\0\2\0\0\0\1" + pack_writer._entry_head(3, 10) + stored + bytes(20))
    (tmp_path / "pack-x.idx").write_bytes(format_index([(bytes(20), 12, 0)], bytes(20)))
    pack = Pack(path)
    with pytest.raises(IntegrityError):
        pack.inflate(pack.header(12))
