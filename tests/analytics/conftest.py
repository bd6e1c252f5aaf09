"""Labs to analyse, and their tables as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.store.labs import GitLab, new_lab

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def lab(tmp_path: Path) -> GitLab:
    """A lab with its first commit and no records."""
    return new_lab(tmp_path / "lab")
