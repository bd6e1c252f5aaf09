"""I4: the observed program behaves as it does bare, in every log mode, on every kind of stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from programs import PROGRAMS, Program
from world import observe, wrapper

if TYPE_CHECKING:
    from pathlib import Path

CASES = [
    pytest.param(program, kind, id=f"{program.name}-{kind}")
    for program in PROGRAMS
    for kind in program.kinds
]


def test_there_are_enough_distinct_programs():
    assert len({program.name for program in PROGRAMS}) == len(PROGRAMS) >= 40


@pytest.mark.parametrize(("program", "kind"), CASES)
def test_wrapped_is_bare(program: Program, kind: str, tmp_path: Path):
    work, logs = tmp_path / "work", tmp_path / "logs"
    logs.mkdir()
    bare = observe(program, kind, work, ())
    for mode in ("none", "auto", "tee"):
        if mode == "tee" and not program.tee:
            continue
        wrapped = observe(program, kind, work, wrapper(mode, logs))
        if not program.messages:
            bare, wrapped = bare._replace(err=b""), wrapped._replace(err=b"")
        assert wrapped == bare, mode
