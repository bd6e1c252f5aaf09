"""The bytes of a journal: what was packed is found again, and nothing else ever is."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.capture.spool import frames
from labrec.capture.spool.frames import Damage, Frame, Kind
from labrec.errors import InvalidError, LabrecError

documents = st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=40), max_size=5)
payloads = st.lists(
    st.tuples(st.sampled_from([2, 4, 5, 8, 200]), st.binary(max_size=300)), max_size=8
)


def journal(items):
    return b"".join(frames.pack(kind, n, payload) for n, (kind, payload) in enumerate(items))


def read(data):
    return [
        (f.kind, data[f.start : f.start + f.length])
        for f in frames.scan(data)
        if isinstance(f, Frame)
    ]


@given(payloads)
def test_frames_round_trip(items):
    assert read(journal(items)) == items


@given(payloads)
def test_every_prefix_is_the_frames_that_fit(items):
    data = journal(items)
    ends = []
    total = 0
    for kind, payload in items:
        total += len(frames.pack(kind, 0, payload))
        ends.append(total - (-len(payload) % 32))  # padding carries nothing
    for cut in range(0, len(data) + 1, 7):
        found = read(data[:cut])
        assert found == items[: len(found)]
        assert len(found) == sum(end <= cut for end in ends)


@given(payloads, st.data())
def test_arbitrary_damage_never_invents_a_frame(items, data):
    wreck = bytearray(journal(items))
    for _ in range(data.draw(st.integers(1, 6))):
        if wreck:
            wreck[data.draw(st.integers(0, len(wreck) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read(bytes(wreck))
    except LabrecError:
        return
    assert [item for item in found if item not in items] == []


@given(st.binary(max_size=2000))
def test_noise_is_no_journal(noise):
    assert read(noise) == []


def test_damage_between_frames_is_reported_and_passed_over():
    good = frames.pack(Kind.REMARK, 0, b"{}")
    data = good + b"\x7f" * 64 + good
    found = list(frames.scan(data))
    assert [type(part) for part in found] == [Frame, Damage, Frame]
    assert found[1] == Damage(len(good), 64)


def test_reserved_space_is_silent_wherever_it_lies():
    good = frames.pack(Kind.REMARK, 0, b"{}")
    for gap in (32, 96, 4096, 3 << 20):
        assert [type(part) for part in frames.scan(good + bytes(gap) + good + bytes(gap))] == [
            Frame,
            Frame,
        ]


def test_a_newer_version_is_refused_by_name():
    data = bytearray(frames.pack(Kind.REMARK, 0, b"{}"))
    data[4] = frames.VERSION + 1
    head = bytes(data[:28])
    data[28:32] = frames.crc32(head).to_bytes(4, "little")
    with pytest.raises(InvalidError, match="version 2"):
        list(frames.scan(bytes(data)))


@pytest.mark.parametrize("payload", [b"", b"[]", b"{", b"\xff", b'"x"', b"[" * 100_000])
def test_what_is_no_document_is_refused(payload):
    with pytest.raises(InvalidError):
        frames.from_json(payload)


@given(documents)
def test_documents_round_trip(document):
    assert frames.from_json(frames.to_json(document)) == document


def test_a_document_carries_bytes_that_are_no_text():
    document = {"argv": "caf\udce9"}
    assert frames.from_json(frames.to_json(document)) == document


@given(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(),
    st.integers(1, 2**32 - 1),
)
def test_points_round_trip(step, seconds, value, metric):
    data = frames.pack_region(Kind.POINTS, 0, 64) + frames.pack_slot(step, seconds, value, metric)
    (frame,) = frames.scan(data)
    ((got_step, got_seconds, got_value, got_metric),) = frames.slots(data, frame)
    assert (got_step, got_seconds, got_metric) == (step, seconds, metric)
    assert got_value == value or math.isnan(value)


def test_one_flipped_bit_costs_one_point_and_is_counted():
    points = [frames.pack_slot(n, 0.5, n * 1.5, 1) for n in range(20)]
    header = frames.pack_region(Kind.POINTS, 0, 32 * 30)
    whole = header + b"".join(points) + bytes(32 * 10)
    rng = random.Random(4)
    for _ in range(300):
        wreck = bytearray(whole)
        bit = rng.randrange(32 * 8, (32 + 32 * 20) * 8)
        wreck[bit // 8] ^= 1 << bit % 8
        data = bytes(wreck)
        (frame,) = frames.scan(data)
        assert [point[0] for point in frames.slots(data, frame)] == [
            n for n in range(20) if n != bit // 8 // 32 - 1
        ]
        assert frames.spoiled(data, frame) == 1
        assert frames.spoiled(data, frame, 19) == 1


def test_every_flipped_bit_of_a_header_is_noticed():
    good = frames.pack(Kind.REMARK, 5, b"{}")
    region = frames.pack_region(Kind.POINTS, 0, 64) + bytes(64)
    for data in (good, region):
        for bit in range(32 * 8):
            wreck = bytearray(data)
            wreck[bit // 8] ^= 1 << bit % 8
            assert read(bytes(wreck)) == []
