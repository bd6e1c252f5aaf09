"""The planted defects fit the source as it is: `make planted` proves that they go red."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
PLANT = ROOT / "tests" / "planted" / "plant.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("plant", PLANT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


plant = _load()
DEFECTS = plant.read_defects()


def test_there_are_enough_distinct_defects() -> None:
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS) >= 18


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_fits_the_source(defect, tmp_path: Path) -> None:
    """Whoever moves the code moves the text in defects.toml with it."""
    for edit in defect.edits:
        place = tmp_path / "src" / "labrec" / edit.file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text((ROOT / "src" / "labrec" / edit.file).read_text())
        edit.apply(tmp_path)
    for test in defect.tests:
        file, _, function = test.partition("::")
        name = function.partition("[")[0]  # of one of its examples
        assert f"def {name}" in (ROOT / file).read_text()


def test_a_text_that_is_not_there_exactly_once_is_said(tmp_path: Path) -> None:
    place = tmp_path / "src" / "labrec" / "x.py"
    place.parent.mkdir(parents=True)
    for text, count in (("a = 1\na = 1\n", 2), ("b = 1\n", 0)):
        place.write_text(text)
        with pytest.raises(ValueError, match=f"found {count} times"):
            plant.Edit("x.py", "a = 1", "a = 2").apply(tmp_path)
        assert place.read_text() == text


def test_names_that_nothing_defines_are_no_proof(tmp_path: Path) -> None:
    place = tmp_path / "src" / "labrec" / "x.py"
    place.parent.mkdir(parents=True)
    place.write_text("a = no_such_name\n")
    assert "no_such_name" in plant.undefined_names(tmp_path, (plant.Edit("x.py", "", ""),))


def test_a_defect_that_nobody_notices_is_an_error(tmp_path: Path) -> None:
    """A defect in words only: the tests stay green, and the planting says so."""
    edit = plant.Edit("record/codec.py", "key {_shown(twice)} twice", "key {_shown(twice)}  twice")
    tests = ("tests/record/test_codec.py::test_the_writer_refuses_what_the_reader_would_refuse",)
    place = plant.copy_tree(tmp_path / "copy")
    said = plant.plant(place, plant.Defect("words", "", "", tests, (edit,)))
    assert "pytest ended with 0" in said
    source = "src/labrec/record/codec.py"
    assert (place / source).read_text() == (ROOT / source).read_text()


def test_an_unknown_defect_is_a_wrong_call() -> None:
    done = subprocess.run(
        [sys.executable, str(PLANT), "no-such-defect"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "no-such-defect" in done.stderr
