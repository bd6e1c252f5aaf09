"""Labs to measure in."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figure import labrec

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield an empty folder on the disk that holds temporary files; remove it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="labrec-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fresh_lab(folder: Path) -> Path:
    """Make a lab with ``labrec init`` and return its folder."""
    folder.mkdir(parents=True)
    subprocess.run(
        labrec("init", str(folder)),
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return folder
