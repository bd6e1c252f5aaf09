"""Importing CSV and JSON lines works with the light base; Parquet says what it needs."""

from __future__ import annotations

import os
import subprocess
import sys

HEAVY = {"numpy", "pandas", "polars", "pyarrow", "scipy", "pydantic", "jsonschema", "requests"}
NO_PYARROW = """
import sys
sys.modules["pyarrow"] = None
from labrec.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_importing_csv_brings_nothing_heavy_in(desk, tmp_path):
    table = desk.write("t.csv", "id,loss\na,1\n")
    made = desk.write("map.yaml", "source: s\nkey: id\nproject: {value: p}\nmetrics: {loss: loss}")
    done = subprocess.run(
        [
            sys.executable,
            "-X",
            "importtime",
            "-m",
            "labrec",
            "import",
            "table",
            table,
            "--map",
            made,
        ],
        cwd=tmp_path / "lab",
        env=dict(os.environ),
        check=True,
        capture_output=True,
        text=True,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    modules = {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines[1:]}
    assert "labrec" in modules
    assert not modules & HEAVY
    assert "1 run of 1 experiment in p: 1 recorded" in done.stdout


def test_parquet_without_pyarrow_says_how_to_get_it(desk, tmp_path):
    table = desk.write("t.parquet", b"PAR1")
    made = desk.write("map.yaml", "source: s\nkey: id\nproject: {value: p}")
    done = subprocess.run(
        [sys.executable, "-c", NO_PYARROW, "import", "table", table, "--map", made],
        cwd=tmp_path / "lab",
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 10
    assert "pip install 'labrec[lab]'" in done.stderr
    assert "Traceback" not in done.stderr
