"""The set-up finds a Python that will do, says which, and says clearly when there is none."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]

OLD = "#!/bin/sh\nexit 1\n"
# Usable as far as can be asked; making the environment leaves a mark and stops the set-up.
GOOD = """#!/bin/sh
case "$1" in
  -c) exit 0 ;;
  --version) echo Python 3.12.1 ;;
  -m) echo "$0 $*" >&2; exit 9 ;;
esac
"""


def machine(tmp_path: Path, **programs: str) -> Path:
    """Return a folder that holds these programs and what a script needs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "cut", "dirname", "env", "rm"):
        (folder / name).symlink_to(str(shutil.which(name)))
    for name, body in programs.items():
        path = folder / name.replace("_", ".")
        path.write_text(body)
        path.chmod(0o755)
    return folder


def setup(path: Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / ".ci" / "setup"), "venv", "0.0.0"],
        cwd=cwd,
        env={"PATH": str(path), "HOME": os.environ["HOME"], **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_newer_python_is_found_beside_an_old_one(tmp_path: Path) -> None:
    done = setup(machine(tmp_path, python3=OLD, python3_12=GOOD), tmp_path)
    assert "python3.12 -m venv venv" in done.stderr
    assert "Python 3.12.1" in done.stdout


def test_the_python_that_was_named_is_taken(tmp_path: Path) -> None:
    path = machine(tmp_path, python3=GOOD, mine=GOOD)
    done = setup(path, tmp_path, PYTHON=str(path / "mine"))
    assert "mine -m venv venv" in done.stderr


def test_no_python_is_said_with_what_to_do(tmp_path: Path) -> None:
    done = setup(machine(tmp_path, python3=OLD), tmp_path)
    assert done.returncode == 1
    assert "No Python >= 3.11 with venv and pip was found" in done.stderr
    assert "python3-venv" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_broken_environment_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    done = setup(machine(tmp_path, python3=GOOD), tmp_path)
    assert "does not work any more" in done.stdout
    assert "python3 -m venv venv" in done.stderr


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_there_are_these_workflows() -> None:
    assert [path.name for path in WORKFLOWS] == [
        "check.yml", "nightly.yml", "publish.yml", "records.yml",
    ]  # fmt: skip


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_pinned_and_may_only_read(path: Path) -> None:
    text = path.read_text()
    uses = re.findall(r"uses: (.+)", text)
    assert uses
    for action in uses:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[0-9.]+", action), action
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        # Whoever may write runs nothing of this repository.
        assert "permissions" not in job or not any("run" in step for step in job["steps"])
    assert text.count("persist-credentials: false") == text.count("actions/checkout@")
    assert text.count("fetch-depth: 0") == text.count("actions/checkout@")
    assert "secrets." not in text
    # No text of an event reaches a shell but through a variable.
    for job in workflow["jobs"].values():
        assert all("${{" not in step.get("run", "") for step in job["steps"])


def test_nothing_of_a_pull_request_is_checked_out_where_its_workflow_is_the_bases() -> None:
    risky = [path.name for path in WORKFLOWS if "pull_request_target" in path.read_text()]
    assert risky == ["records.yml"]
    steps = yaml.safe_load(WORKFLOWS[-1].read_text())["jobs"]["honest"]["steps"]
    assert steps[0]["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
    assert [step["run"] for step in steps if "run" in step] == [
        '.ci/check-records "refs/pull/$NUMBER/merge" "$BASE"'
    ]
    assert steps[2]["env"]["NUMBER"] == "${{ github.event.pull_request.number }}"
    script = (ROOT / ".ci" / "check-records").read_text()
    assert "checkout" not in re.sub("^ *#.*$", "", script, flags=re.MULTILINE)


def test_the_whole_proof_is_one_script() -> None:
    text = (ROOT / ".ci" / "run").read_text()
    steps = re.findall(r"^(make .+|\.ci/.+)$", text, re.MULTILINE)
    assert steps == ["make check", ".ci/fresh-clone", "make planted", "make site", "make test"]
    assert "LABREC_FORBID_SKIPS=1" in text
    assert "CI=true" in text
