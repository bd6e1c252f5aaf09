"""The commands of the README do what it says, in one shell, through the real command line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
MAX_LINES = 108  # about one screen


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def _tour(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {"folder": tmp_path_factory.mktemp("tour")}


def shell(script: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=cwd,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tour(_tour: dict[str, Path]) -> tuple[Path, str]:
    """Walk through the tour once and return the lab with everything that was printed."""
    folder = _tour["folder"]
    printed = folder / "printed"
    if not printed.exists():
        done = shell("\n".join(blocks("sh")[1:]), folder)
        assert done.returncode == 0, done.stdout + done.stderr
        printed.write_text(done.stdout + done.stderr)
    return folder / "tour", printed.read_text()


def test_it_is_one_screen() -> None:
    assert len(README.splitlines()) <= MAX_LINES


def test_the_first_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^make (\w+)", blocks("sh")[0], re.MULTILINE)
    assert targets == ["demo", "test"]
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_tour_records_and_lands(tour: tuple[Path, str]) -> None:
    lab, printed = tour
    assert "1_base" in printed
    assert "2_from_1_faster" in printed
    landed = shell("git ls-tree -r --name-only HEAD records/", lab).stdout
    assert len(re.findall(r"/runs/\d{4}/\d\d/\d\d/[0-9a-f]/", landed)) == 6
    assert shell("git log --oneline", lab).returncode == 0
    run = shell("labrec log -n 1 --json", lab).stdout
    (run_id,) = re.findall(r'"run_id": "(.+?)"', run)
    assert "train.py" in shell(f"labrec get {run_id} @manifest.json -o -", lab).stdout


def test_the_tour_compares_and_publishes(tour: tuple[Path, str]) -> None:
    lab, printed = tour
    rows = [line.split() for line in printed.splitlines() if line.startswith("2_from_1_faster")]
    assert ["2_from_1_faster", "1_base", "paired"] in [row[:3] for row in rows]
    home = (lab / "build" / "labrec" / "site" / "index.html").read_text()
    assert "2_from_1_faster" in home


def test_the_picture_is_of_the_site(tour: tuple[Path, str]) -> None:
    del tour
    (picture,) = re.findall(r"!\[.+\]\((.+)\)", README)
    data = (ROOT / picture).read_bytes()
    assert data.startswith(b"\x89PNG")
    assert 20_000 < len(data) < 400_000


def test_the_python_example_runs_in_the_lab_of_the_tour(tour: tuple[Path, str]) -> None:
    lab, _ = tour
    (example,) = blocks("python")
    (lab / "example.py").write_text(example)
    done = shell("python example.py", lab)
    assert done.returncode == 0, done.stderr
    assert "3_from_2_sdk complete" in done.stdout
    assert "1_base complete" in done.stdout
