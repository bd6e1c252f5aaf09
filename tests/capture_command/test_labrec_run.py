"""The same comparison through the real door: `labrec run`, with the run recorded in a lab."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from programs import PROGRAMS, Program
from world import environment, observe

if TYPE_CHECKING:
    from pathlib import Path

# Streams on which labrec itself says nothing (it speaks on a terminal only).
KINDS = ("pipe", "file", "closed-all", "closed-in", "merged-pipe")
# What `labrec run` says of its own accord, or changes as documented.
DIFFERENT = {
    "environment",
    "environment-small",
    "environment-empty",
    "kills-its-group-hard",  # takes labrec with it: the run is recovered by the next command
}
MODES = ("none", "auto", "tee")
CASES = [
    pytest.param(program, kind, MODES[i % 3], id=f"{program.name}-{kind}-{MODES[i % 3]}")
    for i, (program, kind) in enumerate(
        (program, next(kind for kind in KINDS if kind in program.kinds))
        for program in PROGRAMS
        if program.name not in DIFFERENT and program.messages and set(KINDS) & set(program.kinds)
    )
]
CASES += [
    pytest.param(program, kind, "auto", id=f"{program.name}-{kind}")
    for program in PROGRAMS
    if program.name == "exit-42"
    for kind in ("closed-in", "closed-out", "closed-err", "closed-all")
]


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    folder = tmp_path / "lab"
    folder.mkdir()
    subprocess.run(
        [sys.executable, "-m", "labrec", "init", "."],
        cwd=folder, check=True, capture_output=True, env=environment(),
    )  # fmt: skip
    return folder


@pytest.mark.parametrize(("program", "kind", "mode"), CASES)
def test_recorded_is_bare(program: Program, kind: str, mode: str, lab: Path, tmp_path: Path):
    work = lab / "work"
    bare = observe(program, kind, work, ())
    wrap = (sys.executable, "-m", "labrec", "run", "--log", mode, "--level", "basic", "--")
    assert observe(program, kind, work, wrap) == bare
    listed = subprocess.run(
        [sys.executable, "-m", "labrec", "log", "--json"],
        cwd=lab, check=True, capture_output=True, env=environment(),
    )  # fmt: skip
    assert b"run_id" in listed.stdout, "nothing was recorded"
    assert os.listdir(lab / ".git" / "labrec" / "spool") == []  # noqa: PTH208
