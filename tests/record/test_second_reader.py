"""The second reader, written from docs/format.md alone, agrees with labrec on every document."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from labrec.errors import IntegrityError, InvalidError, UnsafeError
from labrec.record import codec, reader

SOURCE = Path(__file__).parent / "second_reader.py"
STANDARD = {"__future__", "base64", "datetime", "decimal", "hashlib", "json", "re", "time", "unicodedata"}  # fmt: skip


def test_it_is_short_and_stands_alone():
    text = SOURCE.read_text()
    assert len(text.splitlines()) <= 350
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    assert imported <= STANDARD


def test_each_example(example, second_reader):
    try:
        second_reader.check(example.path, example.data)
        second = True
    except ValueError:
        second = False
    try:
        reader.read_document(example.path, example.data)
        ours = True
    except (InvalidError, UnsafeError, IntegrityError):
        ours = False
    assert second == ours == (example.refused_by is None)


def test_it_reads_bytes_as_we_do(example, second_reader):
    try:
        ours = codec.decode(example.data)
    except InvalidError:
        with pytest.raises(ValueError):
            second_reader.parse(example.data)
    else:
        assert second_reader.parse(example.data) == ours
