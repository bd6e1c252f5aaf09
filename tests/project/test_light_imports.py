"""Recording stays light: fresh interpreters tell which modules each entrance brings in."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# What no entrance of the recorder may import, because a training script should not pay for it.
NUMERIC = {
    "altair",
    "jinja2",
    "matplotlib",
    "mkdocs",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "scipy",
    "torch",
}
VALIDATION = {"jsonschema", "pydantic", "pydantic_core"}
NETWORK = {"aiohttp", "asyncio", "http.client", "requests", "ssl", "urllib.request", "urllib3"}

ENTRANCES = {
    "import labrec": (
        ["-c", "import labrec"],
        NUMERIC | VALIDATION | NETWORK | {"click", "dulwich", "psutil", "pynvml", "yaml"},
    ),
    "labrec --version": (
        ["-m", "labrec", "--version"],
        NUMERIC | VALIDATION | NETWORK | {"dulwich", "psutil", "pynvml", "yaml"},
    ),
    "labrec --help": (
        ["-m", "labrec", "--help"],
        NUMERIC | VALIDATION | NETWORK | {"dulwich", "psutil", "pynvml", "yaml"},
    ),
}


def imported(arguments: list[str], cwd: Path, **variables: str) -> set[str]:
    """Run a fresh interpreter and return every module that it and no child of it imported."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=cwd,
        env={**os.environ, **variables},
        check=True,
        capture_output=True,
        text=True,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rsplit("|", 1)[1].strip() for line in lines[1:]}


def heavy(modules: set[str], forbidden: set[str]) -> set[str]:
    return {m for m in modules if m in forbidden or m.split(".")[0] in forbidden}


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_entrances_are_light(entrance: str, tmp_path: Path) -> None:
    arguments, forbidden = ENTRANCES[entrance]
    modules = imported(arguments, tmp_path)
    assert "labrec" in modules
    assert not heavy(modules, forbidden)


def test_a_whole_run_validates_nothing(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "labrec", "init", "lab"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    script = """
import labrec
with labrec.run(project="light", name="1_light", features={"x": 1}) as run:
    run.log_metric("loss", 0.5, step=0)
"""
    modules = imported(["-c", script], tmp_path / "lab")
    assert "labrec.sdk.live" in modules
    assert "labrec.store.lab" in modules
    assert not heavy(modules, NUMERIC | VALIDATION | NETWORK | {"click"})


def test_the_measure_sees_what_is_there(tmp_path: Path) -> None:
    modules = imported(["-c", "import click, email.message"], tmp_path)
    assert heavy(modules, {"click", "email.message"}) >= {"click", "email.message"}
