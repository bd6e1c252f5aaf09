"""The same lab gives the same bytes on other processors: BLAS is told to be another one's."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# What OpenBLAS calls a processor of 2008 and one of 2013.
CORES = ("Nehalem", "Haswell")


def core_of(name: str) -> str:
    """What OpenBLAS says that it runs as when it is told to be this one."""
    program = (
        "import numpy, threadpoolctl\n"
        "print([p['architecture'] for p in threadpoolctl.threadpool_info()"
        " if p['internal_api'] == 'openblas'][0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "OPENBLAS_CORETYPE": name},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="other processor: it is no x86-64")
def test_the_tables_do_not_depend_on_the_processor(tmp_path: Path) -> None:
    assert core_of(CORES[0]) != core_of(CORES[1])  # or nothing is shown by this
    found: dict[str, dict[str, bytes]] = {}
    for core in CORES:
        # A clone each: what one has found must not be handed to the other.
        lab = tmp_path / core
        subprocess.run(["git", "clone", "-q", str(ROOT), str(lab)], check=True)
        subprocess.run(
            [sys.executable, "-m", "labrec", "analyze", "--at", "HEAD"],
            cwd=lab, env={**os.environ, "OPENBLAS_CORETYPE": core}, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        folder = lab / "build/labrec/tables"
        found[core] = {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*.parquet"))
        }
        shutil.rmtree(lab)
    one, other = found.values()
    assert "contrasts.parquet" in one
    assert [name for name in one if one[name] != other[name]] == []
    assert one.keys() == other.keys()
