"""Commands called in this process, in a lab that is made once."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from labrec.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable


class Answer(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Call ``labrec`` in this process."""

    def run(*argv: str) -> Answer:
        here = Path.cwd()
        capsys.readouterr()
        try:
            code = main(argv)
        finally:
            os.chdir(here)
        return Answer(code, *capsys.readouterr())

    return run


@pytest.fixture
def lab_dir(tmp_path: Path, call: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty lab, and the current folder."""
    assert call("init", str(tmp_path / "lab")).code == 0
    monkeypatch.chdir(tmp_path / "lab")
    return tmp_path / "lab"
