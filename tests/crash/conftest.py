"""What the crash proofs share: a warm stage, a template lab, small disks."""

from __future__ import annotations

import contextlib
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.crash.labs import make_lab
from tests.crash.theatre import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    place = tmp_path / "place"
    place.mkdir()
    with Stage(place) as stage:
        yield stage


@pytest.fixture
def template(tmp_path: Path, stage: Stage) -> Path:
    """A lab with one record in it, and the user's unfinished work."""
    lab = make_lab(tmp_path / "template")
    played = stage.play("after", lab)
    assert played.code == 0, played.said
    return lab


@pytest.fixture
def mounted(tmp_path: Path, require_root: None) -> Iterator[Callable[..., Path]]:
    """Mount something: ``mounted(reason, *mount arguments)`` returns the folder."""
    done: list[Path] = []

    def mount(reason: str, *arguments: str) -> Path:
        folder = tmp_path / f"disk{len(done)}"
        folder.mkdir()
        tried = subprocess.run(
            ["mount", *arguments, str(folder)], capture_output=True, text=True, check=False
        )
        if tried.returncode:
            pytest.skip(f"{reason}: {tried.stderr.strip()}")
        done.append(folder)
        return folder

    yield mount
    for folder in reversed(done):
        with contextlib.suppress(OSError):
            subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)
