"""Only what is a picture or text from the first byte to the last is shown."""

from __future__ import annotations

import struct
import zlib

import pytest
from tests.site.labs import png

from labrec.site import previews

JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    b"\xff\xc0\x00\x0b\x08\x00\x10\x00\x20\x01\x01\x11\x00"
    b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00data\xff\xd9"
)


def test_a_png_is_a_picture_with_its_size() -> None:
    assert previews.picture(png(7)) == previews.Picture("png", 7, 7)


def test_a_jpeg_is_a_picture_with_its_size() -> None:
    assert previews.picture(JPEG) == previews.Picture("jpg", 32, 16)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg onload=alert(1)>",
        b"\x89PNG\r\n\x1a\n",
        png()[:-1],
        png(extra=b"<script>alert(1)</script>"),
        png().replace(b"IDAT", b"IDAX"),
        b"GIF89a" + b"\0" * 20,
        JPEG[:-2],
        JPEG[:12],
        JPEG + b"<script>",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8" + b"\xff" * 40 + b"\xff\xd9",
    ],
)
def test_what_only_begins_like_a_picture_is_none(data: bytes) -> None:
    assert previews.picture(data) is None


def test_a_picture_of_absurd_size_is_none() -> None:
    body = struct.pack(">IIBBBBB", 100_000, 4, 8, 2, 0, 0, 0)
    head = struct.pack(">I", 13) + b"IHDR" + body
    head += struct.pack(">I", zlib.crc32(b"IHDR" + body))
    end = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    assert previews.picture(b"\x89PNG\r\n\x1a\n" + head + end) is None


@pytest.mark.parametrize(
    ("name", "media_type", "shown"),
    [
        ("a.txt", None, True),
        ("a.json", None, True),
        ("a", "text/plain", True),
        ("a.bin", None, False),
        ("a.html", None, False),
        ("a.HTML", "text/plain", False),
        ("a.txt", "text/html", False),
        ("a.svg", None, False),
        ("a.txt", "image/svg+xml", False),
        ("a.js", None, False),
        ("a.xml", None, False),
    ],
)
def test_markup_is_never_looked_at(name: str, media_type: str | None, shown: bool) -> None:
    assert previews.may_be_text(name, media_type, 10) is shown


def test_text_is_utf8_without_nul() -> None:
    assert previews.text("zwölf".encode()) == "zwölf"
    assert previews.text(b"a\0b") is None
    assert previews.text(b"\xff\xfe") is None
    assert previews.text(b"x" * 9999) == "x" * previews.SHOWN_TEXT


def test_a_tail_is_the_last_lines() -> None:
    assert previews.tail(b"1\n2\n3\n", 2) == "2\n3"
    assert previews.tail(b"\0", 2) is None


def test_sizes_have_limits() -> None:
    assert not previews.may_be_text("a.txt", None, previews.MAX_TEXT + 1)
    assert not previews.may_be_picture("a.png", None, previews.MAX_PICTURE + 1)
    assert not previews.may_be_picture("a.png", "text/html", 10)
