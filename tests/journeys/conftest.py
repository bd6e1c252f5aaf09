"""Journeys go through the installed ``labrec`` executable, on real git, as a user would."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

LABREC = str(Path(sys.executable).with_name("labrec"))


class Done(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """Runs commands in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self, *argv: str, code: int | None = 0, cwd: Path | None = None, **variables: str
    ) -> Done:
        done = subprocess.run(
            argv,
            cwd=cwd or self.folder,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )
        assert code is None or done.returncode == code, (argv, done)
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def labrec(self, *argv: str, code: int | None = 0, **options: Any) -> Done:
        return self(LABREC, *argv, code=code, **options)

    def git(self, *argv: str, code: int | None = 0, **options: Any) -> Done:
        return self("git", *argv, code=code, **options)

    def python(self, script: str, *argv: str, code: int | None = 0, **options: Any) -> Done:
        """Run a script that stands in the folder, so that it is code that a record describes."""
        name = f"script_{hashlib.sha256(script.encode()).hexdigest()[:8]}.py"
        (self.folder / name).write_text(script)
        return self(sys.executable, name, *argv, code=code, **options)

    def runs(self) -> list[dict[str, Any]]:
        return list(self.labrec("log", "--json").json)

    def record(self, run_id: str) -> dict[str, Any]:
        return dict(self.labrec("show", run_id, "--json").json["record"])

    def last(self) -> dict[str, Any]:
        return self.record(self.runs()[0]["run_id"])

    @property
    def spools(self) -> list[Path]:
        return sorted(self.folder.glob(".git/labrec/spool/[0-9a-f]*"))


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def lab(tmp_path: Path) -> Shell:
    """A fresh lab: what ``labrec init`` makes, and nothing else."""
    Shell(tmp_path).labrec("init", "lab")
    return Shell(tmp_path / "lab")
