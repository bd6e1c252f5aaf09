"""Stored paths and shown text."""

from __future__ import annotations

import os
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labrec.errors import UnsafeError
from labrec.record import paths, text

COMPONENTS = st.binary(min_size=1, max_size=30).filter(
    lambda raw: b"/" not in raw and b"\0" not in raw and raw not in {b".", b".."}
)
TEXTS = st.text(min_size=1, max_size=30).map(lambda part: part.encode("utf-8", "surrogatepass"))


@given(st.lists(COMPONENTS | TEXTS.filter(lambda raw: b"/" not in raw and b"\0" not in raw
                                          and raw not in {b".", b".."}), min_size=1, max_size=5))  # fmt: skip
@example([b"aux", b"e\xcc\x81", b"%41", b"a.", b"b ", b".git", b"\xff"])
def test_a_path_comes_back_byte_for_byte(parts):
    raw = b"/".join(parts)
    stored = paths.stored_path(raw)
    assert paths.check_path(stored["path"]) == stored["path"]
    assert paths.original_path(stored["path"]) == raw
    assert unicodedata.is_normalized("NFC", stored["path"])
    assert stored["path"].isprintable() or not stored["path"].isascii()
    assert not text.INVISIBLE.search(stored["path"])
    assert ("display" in stored) == (stored["path"].encode() != raw)


@given(st.text(max_size=30))
def test_one_spelling_for_each_path(spelled):
    try:
        paths.check_path(spelled)
    except UnsafeError:
        return
    assert paths.stored_path(paths.original_path(spelled))["path"] == spelled


@given(st.text(min_size=1, max_size=12))
def test_the_second_reader_spells_alike(second_reader, part):
    try:
        paths.check_path(part)
        ours = True
    except UnsafeError:
        ours = False
    try:
        second_reader.path(part)
        second = True
    except ValueError:
        second = False
    assert ours == second


@pytest.mark.parametrize(
    ("path", "stored"),
    [
        ("a/b.py", "a/b.py"), ("./a//b/", "a/b"), ("naïve/日本.txt", "naïve/日本.txt"),
        ("e\u0301.txt", "e%CC%81.txt"), (b"\xff.bin", "%FF.bin"), ("100%", "100%25"), ("C:x", "C%3Ax"),
        ("a\\b", "a%5Cb"), ("a\nb", "a%0Ab"), ("con", "%63on"), ("COM1.txt", "%43OM1.txt"), ("x.", "x%2E"),
        ("x ", "x%20"), (".git/config", "%2Egit/config"), (".GIT", "%2EGIT"), (".gitignore", ".gitignore"),
        ("a\u202eb", "a%E2%80%AEb"), ("a\u200db", "a%E2%80%8Db"), ("console.log", "console.log"),
        ("...", "..%2E"), ("nul ", "%6Eul%20"), ("nul .txt", "%6Eul .txt"),
    ],
)  # fmt: skip
def test_how_a_path_is_stored(path, stored):
    assert paths.stored_path(path)["path"] == stored


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../b", "", ".", "//", "a\0b", "x" * 5000]
)
def test_a_path_that_leads_elsewhere_is_not_stored(path):
    with pytest.raises(UnsafeError) as caught:
        paths.stored_path(path)
    assert caught.value.exit_code == 17


@pytest.mark.parametrize(
    "path", [None, 3, b"a", "\ud800", "a/%2e%2e", "a%2Fb", "%2E", "a%00", "a/", "/a", "a\\b"]
)
def test_what_a_record_may_not_hold(path):
    with pytest.raises(UnsafeError):
        paths.check_path(path)


def test_undecodable_names_of_this_system():
    name = os.fsdecode(b"log-\xe9.txt")
    assert paths.stored_path(name) == {"path": "log-%E9.txt", "display": "log-\ufffd.txt"}


# --- text -------------------------------------------------------------------------------------


@given(st.text())
def test_nothing_printable_moves_a_cursor(value):
    shown = text.printable(value)
    assert not text.INVISIBLE.search(shown)
    assert "\n" not in shown


@given(st.text(), st.integers(1, 30))
def test_one_line_is_one_short_line(value, limit):
    line = text.one_line(value, limit)
    assert len(line) <= limit
    assert line == text.one_line(line)
    assert not text.CONTROLS.search(line)


@pytest.mark.parametrize(
    ("value", "shown"),
    [("plain é 日本 👩\u200d🔬", "plain é 日本 👩\u200d🔬"), ("\x1b[31mred", r"\x1b[31mred"), ("a\r\nb", r"a\r\nb"),
     ("\u202egpj.exe", r"\u202egpj.exe"), ("\udcff", r"\udcff"), ("\x9b2J", r"\x9b2J"), ("a\\n", "a\\n")],
)  # fmt: skip
def test_printable(value, shown):
    assert text.printable(value) == shown


def test_one_line():
    assert text.one_line("  a\n\tb\u2028 c\x1b[0m ") == "a b c[0m"
    assert text.one_line("x" * 10, 5) == "xxxx…"


def test_storable():
    assert text.storable("ok é") == ("ok é", False)
    assert text.storable(os.fsdecode(b"\x80\xff")) == (r"\x80\xff", True)
    assert text.storable("a\0\ud83d\uffff") == (r"a\x00\ud83d\uffff", True)
