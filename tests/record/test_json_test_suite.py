"""JSONTestSuite (Nicolas Seriot, MIT): every n_ refused, every y_ that is I-JSON accepted."""

from __future__ import annotations

import pytest

from labrec.errors import InvalidError
from labrec.record import codec

# The y_ files that are JSON and no I-JSON as docs/format.md reads it, with the reason.
NOT_I_JSON = {
    "y_object_duplicated_key.json": "key 'a' twice",
    "y_object_duplicated_key_and_value.json": "key 'a' twice",
    "y_object_escaped_null_in_key.json": "NUL",
    "y_string_null_escape.json": "NUL",
    "y_string_escaped_noncharacter.json": "noncharacter U\\+FFFF",
    "y_string_last_surrogates_1_and_2.json": "noncharacter U\\+10FFFF",
    "y_string_nonCharacterInUTF-8_U+10FFFF.json": "noncharacter U\\+10FFFF",
    "y_string_nonCharacterInUTF-8_U+FFFF.json": "noncharacter U\\+FFFF",
    "y_string_unicode_U+10FFFE_nonchar.json": "noncharacter U\\+10FFFE",
    "y_string_unicode_U+1FFFE_nonchar.json": "noncharacter U\\+1FFFE",
    "y_string_unicode_U+FDD0_nonchar.json": "noncharacter U\\+FDD0",
    "y_string_unicode_U+FFFE_nonchar.json": "noncharacter U\\+FFFE",
}


@pytest.fixture
def suite(shared_data):
    return sorted(shared_data("conformance/json_test_suite/test_parsing").glob("*.json"))


def test_every_n_is_refused(suite, second_reader):
    files = [file for file in suite if file.name.startswith("n_")]
    assert len(files) > 180
    for file in files:
        with pytest.raises(InvalidError):
            codec.decode(file.read_bytes())
        with pytest.raises(ValueError):
            second_reader.parse(file.read_bytes())


def test_every_y_that_is_i_json_is_accepted(suite, second_reader):
    files = [file for file in suite if file.name.startswith("y_")]
    assert len(files) > 90
    for file in files:
        data = file.read_bytes()
        if file.name in NOT_I_JSON:
            with pytest.raises(InvalidError, match=NOT_I_JSON[file.name]):
                codec.decode(data)
            with pytest.raises(ValueError):
                second_reader.parse(data)
        else:
            value = codec.decode(data)
            assert second_reader.parse(data) == value
            assert codec.decode(codec.encode(value)) == value


def test_both_readers_decide_alike_where_the_suite_leaves_it_open(suite, second_reader):
    files = [file for file in suite if file.name.startswith("i_")]
    assert len(files) > 30
    for file in files:
        data = file.read_bytes()
        try:
            ours = codec.decode(data)
        except InvalidError:
            with pytest.raises(ValueError):
                second_reader.parse(data)
        else:
            assert second_reader.parse(data) == ours


REFUSED = [
    b"", b" ", b"\x00", b"[", b"]", b"{", b"}", b"[1", b"[1,", b"[1,]", b"[,1]", b"[1 2]", b"[1:2]",
    b'{"a"}', b'{"a":}', b'{"a" 1}', b"{a: 1}", b"{'a': 1}", b'{"a": 1,}', b"{1: 2}", b'{"a": 1 "b": 2}',
    b"01", b"-01", b"1.", b".1", b"+1", b"1e", b"1e+", b"0x1", b"1_000", b"--1", b"-", b"1.e1",
    b"tru", b"True", b"nul", b"None", b"undefined", b"NaN", b"-NaN", b"Infinity", b"-Infinity",
    b'"', b'"a', b'a"', b'"\\"', b'"\\x"', b'"\\u12"', b'"\\u12g4"', b'"\t"', b'"\x1f"', b'"\\\n"',
    b'"\xff"', b'"\xc0\x80"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b"\xef\xbb\xbf1", b"1\x0c",
    b"\xc2\xa01", b"1 //", b"/**/1", b"[1]]", b"1 2", b'"a""b"', b"\xff\xfe1\x00", b"*", b"[\x80]",
]  # fmt: skip
ACCEPTED = [
    (b"null", None), (b" true ", True), (b"\t\r\n0\n", 0), (b"-0", 0), (b"1E+2", 100.0), (b"1.5e-3", 0.0015),
    (b'""', ""), (b'"\\u0041\\n\\/"', "A\n/"), (b'"\\ud834\\udd1e"', "\U0001d11e"), (b'"\xe2\x80\xa8"', "\u2028"),
    (b"[]", []), (b"{}", {}), (b'{"":[{}]}', {"": [{}]}), (b'"\x7f"', "\x7f"), (b"5e-324", 5e-324),
    (b"1e-999", 0.0), (b"123456789012345678901234567890.0", 1.2345678901234568e29),
]  # fmt: skip


@pytest.mark.parametrize("data", REFUSED, ids=repr)
def test_without_the_suite_what_is_no_json_is_refused(data):
    with pytest.raises(InvalidError):
        codec.decode(data)


@pytest.mark.parametrize(("data", "value"), ACCEPTED, ids=repr)
def test_without_the_suite_what_is_json_is_read(data, value):
    found = codec.decode(data)
    assert found == value
    assert type(found) is type(value)
