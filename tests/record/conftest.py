"""The corpus and the second reader, loaded by path: tests are no package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

HERE = Path(__file__).parent


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"record_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


CORPUS = load("corpus")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "example" in metafunc.fixturenames:
        found = CORPUS.examples()
        metafunc.parametrize("example", found, ids=[one.name for one in found])


@pytest.fixture(scope="session")
def corpus() -> ModuleType:
    return CORPUS


@pytest.fixture(scope="session")
def second_reader() -> ModuleType:
    return load("second_reader")
