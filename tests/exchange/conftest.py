"""A lab, a table and a map: what an import needs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import labrec
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

    @property
    def failure(self) -> Any:
        return json.loads(self.err)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Call ``labrec`` in this process."""

    def run(*argv: str | Path) -> Answer:
        here = Path.cwd()
        capsys.readouterr()
        try:
            code = main([str(word) for word in argv])
        finally:
            os.chdir(here)
        return Answer(code, *capsys.readouterr())

    return run


class Desk:
    """A lab in the current folder, with tables and maps beside it.

    Attributes:
        folder: Where tables and maps are written; not the lab's.
    """

    def __init__(self, call: Callable[..., Answer], folder: Path) -> None:
        self.call = call
        self.folder = folder

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def table(
        self, content: str | bytes, table_map: str, *options: str, name: str = "t.csv"
    ) -> Answer:
        """Import a table with a map; the answer is JSON."""
        table = self.write(name, content)
        made = self.write("map.yaml", table_map)
        return self.call("import", "table", table, "--map", made, "--json", *options)

    def good(self, content: str | bytes, table_map: str, *options: str, name: str = "t.csv") -> Any:
        answer = self.table(content, table_map, *options, name=name)
        assert answer.code == 0, answer
        return answer.json

    def wrong(
        self, content: str | bytes, table_map: str, *options: str, name: str = "t.csv"
    ) -> list[str]:
        """Import what cannot be imported; return what was said of it, a line each."""
        answer = self.table(content, table_map, *options, name=name)
        assert answer.code == 12, answer
        failure = answer.failure
        assert failure["kept"] or not failure["paths"]
        assert self.runs() == {}
        return list(failure["paths"])

    def runs(self) -> dict[str, labrec.RunReader]:
        """The runs of the lab by their names; a name that several have holds the last."""
        with labrec.open() as lab:
            runs = {run.name: run for run in lab.runs()}
            for run in runs.values():
                assert run.record
            return runs

    def records(self) -> dict[str, dict[str, Any]]:
        return {name: run.record for name, run in self.runs().items()}

    def verify(self) -> None:
        answer = self.call("verify", "--json")
        assert answer.code == 0, answer


@pytest.fixture
def desk(tmp_path: Path, call: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch) -> Desk:
    assert call("init", tmp_path / "lab").code == 0
    monkeypatch.chdir(tmp_path / "lab")
    (tmp_path / "tables").mkdir()
    return Desk(call, tmp_path / "tables")
