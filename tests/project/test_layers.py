"""The import contracts go red: each is broken once in a copy of the source."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Where a forbidden import is planted, by the contract that must notice.
PLANTS = {
    "layers": ("errors.py", "import labrec.settings"),
    "pure": ("lineage/diff.py", "import subprocess"),
    "light": ("capture/hardware/capture.py", "def later():\n    import numpy"),
    "click": ("store/view.py", "import click"),
    "git": ("capture/software/environment.py", "import dulwich.objects"),
    "write-path": ("capture/session.py", "import pydantic"),
    "site-tables": ("site/page.py", "import labrec.analytics.contrasts"),
}


def test_every_contract_notices_what_it_forbids(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src" / "labrec", tmp_path / "labrec")
    config = ROOT / "pyproject.toml"
    contracts = tomllib.loads(config.read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in contracts} == set(PLANTS)
    for place, line in PLANTS.values():
        with (tmp_path / "labrec" / place).open("a") as module:
            module.write(f"\n{line}\n")
    program = str(Path(sys.executable).parent / "lint-imports")
    done = subprocess.run(
        [program, "--no-cache", "--no-logo", "--config", str(config)],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"Contracts: 0 kept, {len(PLANTS)} broken." in done.stdout, done.stdout
