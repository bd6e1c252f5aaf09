"""The write path stays light: each of its modules, in a fresh interpreter, brings in little."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIGHT = ("digest", "ids", "codec", "values", "paths", "text", "layout", "config", "fit")
HEAVY = ("pydantic", "pydantic_core", "yaml", "jsonschema", "rfc8785", "uuid", "uuid_utils",
         "numpy", "asyncio", "inspect", "dataclasses", "datetime", "importlib.metadata")  # fmt: skip


def loaded(statement: str) -> set[str]:
    # -S: the environment's own start-up files import things of their own
    code = f"import sys\nsys.path[:] = {sys.path!r}\n{statement}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("module", LIGHT)
def test_it_imports_nothing_heavy(module):
    found = loaded(f"import labrec.record.{module}")
    assert f"labrec.record.{module}" in found
    assert not found & set(HEAVY)


def test_recording_a_value_imports_rfc8785_and_nothing_else_heavy():
    found = loaded(
        "from labrec.record import codec, config, digest, ids, layout, values\n"
        "tree = values.to_json({'a': float('nan'), 'b': (1, 2)})\n"
        "found = config.config_digest('p', tree, [], None, [], ['x'])\n"
        "layout.run_path('p', ids.new_run_id(), digest.Digest.of(codec.encode(tree)))"
    )
    assert found & set(HEAVY) == {"rfc8785"}


def test_the_guard_sees_what_it_guards_against():
    assert "pydantic" in loaded("import labrec.record.reader")
