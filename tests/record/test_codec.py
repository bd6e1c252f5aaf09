"""The codec: laws of reading and writing, and RFC 8785."""

from __future__ import annotations

import json
import math
import struct

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from labrec.errors import InvalidError
from labrec.record import codec
from labrec.record.digest import Digest

CHARACTERS = st.characters(exclude_categories=["Cs"]).filter(
    lambda one: codec.REFUSED_CHARACTERS.search(one) is None
)
TEXT = st.text(CHARACTERS, max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-codec.MAX_INT, codec.MAX_INT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=30,
)


def same(one, two):
    """Equal in value and in kind: 1 is not 1.0 and -0.0 is not 0.0 here."""
    if isinstance(one, float) and isinstance(two, float):
        return struct.pack("d", one) == struct.pack("d", two)
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(two) and all(map(same, one, two))
    return type(one) is type(two) and one == two


@given(JSON)
def test_what_is_written_reads_back(value):
    assert same(codec.decode(codec.encode(value)), value)


@given(JSON)
def test_writing_what_was_read_gives_the_same_bytes(value):
    data = codec.encode(value)
    assert codec.encode(codec.decode(data)) == data


@given(JSON)
def test_our_writer_is_the_standard_librarys_in_one_of_its_ways(value):
    plain = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    assert codec.encode(value) == plain.encode()


@given(JSON)
def test_reading_agrees_with_the_standard_library_where_it_accepts(value):
    data = json.dumps(value).encode()  # ASCII, escaped, compact: not our writer's
    assert same(codec.decode(data), json.loads(data))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    try:
        value = codec.decode(data)
    except InvalidError:
        return
    assert same(codec.decode(codec.encode(value)), value)


@given(st.lists(st.sampled_from(["[", "{", "text"]), min_size=1, max_size=90), st.text(max_size=5))
def test_depth_is_counted_exactly(way, text):
    value: object = text
    for step in way:
        value = (
            [value, text]
            if step == "["
            else {text: value, text + "[": "]"}
            if step == "{"
            else value
        )
    depth = sum(step != "text" for step in way)
    data = json.dumps(value).encode()
    if depth > codec.MAX_DEPTH:
        with pytest.raises(InvalidError, match="nested deeper"):
            codec.decode(data)
    elif codec.REFUSED_CHARACTERS.search(text) is None:
        assert codec.decode(data) == value


@pytest.mark.parametrize(
    "data",
    [b"[" * 100_000, b'{"a":' * 100_000, b"[{" * 50_000, b"[" * 100_000 + b"]" * 100_000,
     b"[1," * 100_000, b"]" * 100_000 + b"[" * 100_000],
)  # fmt: skip
def test_brackets_never_exhaust_the_stack(data):
    with pytest.raises(InvalidError):
        codec.decode(data, limit=None)


def test_the_writer_refuses_what_the_reader_would_refuse():
    deep: list[object] = []
    for _ in range(codec.MAX_DEPTH):
        deep = [deep]
    for value, why in [
        (math.nan, "NaN or Infinity at the top"),
        ({"a": [0, math.inf]}, r"NaN or Infinity at '/a/1'"),
        ([2**53], r"integer beyond .* at '/0'"),
        ([-(2**53)], "integer beyond"),
        ({"a": {"b": "\ud800"}}, r"lone surrogate U\+D800 in a string at '/a/b'"),
        ({"\x00": 1}, "NUL"),
        (["\uffff"], r"noncharacter U\+FFFF"),
        ({1: 2}, "key of type int"),
        ({"a": 1, 2: 3}, "key of type int"),
        ([b"bytes"], "bytes is not JSON"),
        ([{1, 2}], "set is not JSON"),
        (deep, "nested deeper than 64"),
        ("x" * codec.MAX_BYTES, "document too large"),
    ]:
        with pytest.raises(InvalidError, match=why):
            codec.encode(value)


def test_a_value_inside_itself_is_refused():
    value: list[object] = []
    value.append(value)
    with pytest.raises(InvalidError, match="nested"):
        codec.encode(value)
    with pytest.raises(InvalidError, match="nested"):
        codec.canonical(value)


def test_only_the_size_is_lifted():
    large = ["x" * codec.MAX_BYTES]
    data = codec.encode(large, limit=None)
    assert codec.decode(data, limit=None) == large
    with pytest.raises(InvalidError, match="too large"):
        codec.decode(data)
    with pytest.raises(InvalidError, match="twice"):
        codec.decode(b'{"a":1,"a":1}', limit=None)


def test_a_message_names_the_rule_and_the_place():
    for data, why in [
        (b'{"a": 1,\n "b": }', "line 2, column 7"),
        (b'{"x": {"k": 1, "k": 2}}', "key 'k' twice"),
        (b'{"x": ["\\u0000"]}', "NUL in a string at '/x/0'"),
        (b"\xef\xbb\xbf[]", "byte order mark"),
        (b'["ab\xff"]', "not UTF-8 at byte 4"),
        (b"[12345678901234567890]", "integer beyond .*'12345678901234567890'"),
    ]:
        with pytest.raises(InvalidError, match=why):
            codec.decode(data)


# --- RFC 8785 ---------------------------------------------------------------------------------


@given(JSON)
def test_canonical_is_what_the_second_reader_writes(second_reader, value):
    assert codec.canonical(value) == second_reader.canonical(value).encode() == rfc8785.dumps(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_canonical_numbers_read_back(value):
    assert float(codec.canonical(value)) == value


@pytest.mark.parametrize(
    ("bits", "text"),  # RFC 8785, appendix B
    [
        ("0000000000000000", "0"), ("8000000000000000", "0"), ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"), ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"), ("c340000000000000", "-9007199254740992"),
        ("4430000000000000", "295147905179352830000"), ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"), ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"), ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"), ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"), ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555557", "333333333.33333343"), ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)  # fmt: skip
def test_the_numbers_of_rfc_8785(bits, text, second_reader):
    value = struct.unpack(">d", bytes.fromhex(bits))[0]
    assert codec.canonical(value) == text.encode()
    assert second_reader.canonical(value) == text


def test_keys_are_ordered_by_utf_16():
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\x80", "\xf6"]  # RFC 8785, 3.2.3
    data = codec.canonical(dict.fromkeys(names, 0)).decode()
    assert list(json.loads(data)) == ["\r", "1", "\x80", "\xf6", "\u20ac", "\U0001f600", "\ufb33"]
    ours = list(codec.decode(codec.encode(dict.fromkeys(names, 0))))
    assert ours == sorted(names)  # our writer orders by code point


def test_a_digest_of_a_value_does_not_depend_on_spelling():
    one = codec.decode(b'{"b": 1.0, "a": "\\u00e9"}')
    two = codec.decode('{ "a" : "é", "b":1 }'.encode())
    assert Digest.of_value(one) == Digest.of_value(two)
    with pytest.raises(InvalidError):
        Digest.of_value({"a": math.nan})


# --- fast and strict ------------------------------------------------------------------------------

PIECES = st.sampled_from(
    ["{", "}", "[", "]", ",", ":", '"a"', '"b"', '"\\""', '"\\\\"', '"\\u0041"', "1", "-0.5", "1e999",
     "9007199254740992", "NaN", "null", "true", " ", "\0", '"a":1', '"a":[]', '{"a":1,"a":1}', "\ufdd0"]
)  # fmt: skip


def read(data: bytes) -> object:
    """What the reader makes of bytes: a value, or the words of its refusal."""
    try:
        return codec.decode(data)
    except InvalidError as error:
        return error.message


def strictly(data: bytes) -> object:
    """The same of the strict reader alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec, "_plain", lambda _: codec._NOTHING)
        return read(data)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_the_fast_reader_reads_and_refuses_what_the_strict_one_does(text):
    assert same(read(text.encode()), strictly(text.encode()))


@given(JSON, JSON, TEXT, st.booleans())
def test_a_key_that_stands_twice_is_never_read(one, two, key, spaced):
    colon = " : " if spaced else ":"
    pairs = [f"{json.dumps(key)}{colon}{codec.encode(value).decode()}" for value in (one, two)]
    with pytest.raises(InvalidError, match="twice in one object"):
        codec.decode(f"[{{{','.join(pairs)}}}]".encode())


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a" :1,"a" :2,"x":"\\":"}',
        '[{"a":"b","a":"b"},"\\"\\""]',
        "1\0",
        '"\0a\0"',
        "[1e400]",
        "[-9007199254740992]",
        "[" * 65 + "]" * 65,
        "[" * 100_000 + "]" * 100_000,
        "[NaN]",
    ],
)
def test_what_a_forgiving_reader_would_take_is_refused(text):
    with pytest.raises(InvalidError):
        codec.decode(text.encode())
    assert read(text.encode()) == strictly(text.encode())
