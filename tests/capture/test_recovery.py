"""Every prefix of a spool recovers, and damage costs what it hit and nothing else."""

from __future__ import annotations

import random
import shutil

import pytest

from labrec.capture.assembly.assemble import assemble
from labrec.capture.spool.frames import Frame, Kind, pack
from labrec.capture.spool.reader import SpoolReader, SpoolState, describe, list_spools
from labrec.errors import InvalidError, LabrecError, NewerSchemaError
from labrec.record import codec


def recovered(path):
    with SpoolReader(path) as reader:
        return assemble(reader)


def cut_copy(path, tmp_path, size, name="owner.frames"):
    copy = tmp_path / "cut" / path.name
    shutil.rmtree(copy.parent, ignore_errors=True)
    shutil.copytree(path, copy)
    with (copy / name).open("r+b") as file:
        file.truncate(size)
    return copy


def test_every_byte_prefix_of_a_small_spool_recovers(sealed_run, tmp_path):
    whole = recovered(sealed_run)
    data = (sealed_run / "owner.frames").read_bytes()
    with SpoolReader(sealed_run) as reader:
        found = [f for f in reader.journals[0].frames() if isinstance(f, Frame)]
    first_end = found[0].start + found[0].length
    last_end = found[-1].start + found[-1].length
    region = next(f for f in found if f.kind == Kind.POINTS)
    # Every byte but those inside the region that nothing was written to.
    used = region.start + 400 * 32
    cuts = [*range(used + 1), *range(region.start + region.length - 3, last_end + 1)]
    journal = cut_copy(sealed_run, tmp_path, 0) / "owner.frames"
    journal.write_bytes(data)
    for cut in reversed(cuts):
        with journal.open("r+b") as file:
            file.truncate(cut)
        if cut < first_end:
            assert describe(journal.parent).state is SpoolState.DAMAGED
            continue
        if cut % 3 and region.start + 64 < cut < used:
            continue  # a third of the cuts through the points will do
        record = recovered(journal.parent).record
        values = record["metrics"]["values"]
        points = min(301, max(0, cut - region.start) // 32)
        if "accuracy" not in values and points == 301:  # its name lies behind the cut
            assert {"kind": "lost", "what": "metric points", "count": 1}.items() <= max(
                record["capture"]["events"], key=lambda line: line["what"] == "metric points"
            ).items()
            points = 300
        assert sum(summary["count"] for summary in values.values()) == points
        status = record["identity"]["status"]
        assert status == ("complete" if cut >= last_end else "interrupted")
        codec.decode(codec.encode(record))
    assert whole.record["identity"]["status"] == "complete"


def test_a_cut_run_says_why_and_has_no_end(sealed_run, tmp_path):
    copy = cut_copy(sealed_run, tmp_path, 4096)
    identity = recovered(copy).record["identity"]
    assert identity["status"] == "interrupted"
    assert identity["reason"].startswith("killed: ")
    assert identity["times"]["ended"] is None
    assert identity["times"]["duration_s"] is None
    with SpoolReader(copy) as reader:
        other = assemble(reader, unfinished="restart").record["identity"]
    assert other["reason"].startswith("power cut or restart: ")


def test_assembling_twice_gives_the_same_bytes(sealed_run, tmp_path):
    first = recovered(sealed_run)
    moved = tmp_path / "elsewhere" / sealed_run.name
    shutil.copytree(sealed_run, moved)
    second = recovered(moved)
    assert codec.encode(first.record) == codec.encode(second.record)
    assert [new[:2] for new in first.objects] == [new[:2] for new in second.objects]


def test_arbitrary_damage_is_an_error_of_ours_or_a_record(sealed_run, tmp_path):
    data = (sealed_run / "owner.frames").read_bytes()
    used = len(data.rstrip(b"\0"))
    copy = cut_copy(sealed_run, tmp_path, 0)
    rng = random.Random(7)
    hints = []
    for _ in range(250):
        wreck = bytearray(data)
        for _ in range(rng.randrange(1, 5)):
            at = rng.randrange(min(used, 14_000))
            wreck[at : at + rng.choice((1, 1, 1, 32, 700))] = rng.randbytes(1)
        (copy / "owner.frames").write_bytes(wreck)
        try:
            record = recovered(copy).record
        except LabrecError as error:
            hints.append(error.hint)
        else:
            codec.decode(codec.encode(record))
    assert all(hints)
    assert len(hints) < 250


def test_damage_in_the_middle_is_told(sealed_run, tmp_path):
    with SpoolReader(sealed_run) as reader:
        artifact = next(
            f
            for f in reader.journals[0].frames()
            if isinstance(f, Frame) and f.kind == Kind.ARTIFACT
        )
    data = bytearray((sealed_run / "owner.frames").read_bytes())
    data[artifact.start + 3] ^= 1
    copy = cut_copy(sealed_run, tmp_path, 0)
    (copy / "owner.frames").write_bytes(data)
    record = recovered(copy).record
    assert record["artifacts"]["items"] == []
    assert record["identity"]["status"] == "complete"
    assert ["lost", "damaged on disk"] in [
        [line["kind"], line["why"]] for line in record["capture"]["events"]
    ]


def test_a_lost_object_costs_the_content_and_not_the_run(live_run, root):
    live_run.log_artifact(bytes(200_000), "big.bin")
    live_run.close()
    (held,) = (live_run.path / "files").iterdir()
    held.write_bytes(bytes(199_000) + b"torn" * 250)  # as long as it was
    record = recovered(live_run.path).record
    (item,) = record["artifacts"]["items"]
    assert item["where"] == "digest-only"
    assert any(line["kind"] == "lost" for line in record["capture"]["events"])


def test_unknown_frames_are_passed_over_only_where_they_allow_it(sealed_run, tmp_path):
    copy = cut_copy(sealed_run, tmp_path, 0)
    whole = recovered(sealed_run)
    data = (sealed_run / "owner.frames").read_bytes()
    with SpoolReader(sealed_run) as reader:
        at = [f for f in reader.journals[0].frames() if isinstance(f, Frame)][1].start - 32
    (copy / "owner.frames").write_bytes(data[:at] + pack(201, 1, b"?", flags=1) + data[at:])
    assert codec.encode(recovered(copy).record) == codec.encode(whole.record)
    (copy / "owner.frames").write_bytes(data[:at] + pack(99, 1, b"?") + data[at:])
    with pytest.raises(NewerSchemaError):
        recovered(copy)


def test_an_unreadable_spool_hides_no_other(sealed_run, root):
    (root / "junk").mkdir()
    (root / "junk" / "owner.frames").write_bytes(b"\x00" * 500)
    (root / "empty").mkdir()
    states = {info.path.name: info.state for info in list_spools(root)}
    assert states == {
        sealed_run.name: SpoolState.SEALED,
        "junk": SpoolState.DAMAGED,
        "empty": SpoolState.DAMAGED,
    }
    with pytest.raises(InvalidError):
        SpoolReader(root / "junk")


def test_a_journal_that_is_unreadable_is_told(live_run):
    live_run.log_metric("loss", 1.0)
    (live_run.path / "p1.frames").write_bytes(pack(Kind.JOIN, 0, b"not json"))
    live_run.close()
    record = recovered(live_run.path).record
    assert record["metrics"]["values"]["loss"]["count"] == 1
    assert any(line["what"] == "journal p1.frames" for line in record["capture"]["events"])


def test_a_spool_of_another_boot_or_host_is_foreign(sealed_run, monkeypatch):
    from labrec.capture.spool import host

    assert describe(sealed_run).state is SpoolState.SEALED
    monkeypatch.setattr(host, "boot_id", lambda: "another")
    assert describe(sealed_run).state is SpoolState.FOREIGN
    monkeypatch.undo()
    monkeypatch.setattr(host, "host_id", lambda: "f" * 20)
    info = describe(sealed_run)
    assert info.state is SpoolState.FOREIGN
    assert not info.state.recoverable
