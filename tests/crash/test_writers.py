"""Many writers in one repository, and the user's own git beside them: nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.crash.labs import git

import labrec
from labrec.store.init import init
from labrec.store.lab import Lab
from labrec.store.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

WRITER = """
import sys, time
import labrec

longest = 0.0
for number in range(int(sys.argv[2])):
    run = labrec.run(project="p", name=f"{sys.argv[1]}-{number}", level="basic",
                     features={"writer": sys.argv[1], "number": number})
    run.log_metric("m", number)
    run.log_artifact(b"shared by all", "same.txt")
    start = time.perf_counter()
    recorded = run.close()
    longest = max(longest, time.perf_counter() - start)
    assert recorded, "not acknowledged"
    print(run.run_id, flush=True)
print(f"longest {longest}", flush=True)
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    folder = tmp_path / "lab"
    init(folder)
    (folder / "code.py").write_text("first\n")
    git(folder, "add", "code.py")
    git(folder, "commit", "-qm", "code")
    return folder


def start(lab: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, name, str(count)],
        cwd=lab,
        env={
            **os.environ,
            "LABREC_TELEMETRY_INTERVAL": "0",
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(writer: subprocess.Popen[str]) -> tuple[list[str], float]:
    """Return the ids that a writer says are recorded, and its longest wait in seconds."""
    out, err = writer.communicate(timeout=280)
    assert writer.returncode == 0, err
    *ids, last = out.splitlines()
    return ids, float(last.split()[1])


def assert_all_there(lab: Path, ids: list[str]) -> None:
    with labrec.open(lab) as reader:
        assert sorted(run.run_id for run in reader.runs()) == sorted(ids)
    report = verify(Lab.open(lab))
    assert report, report.to_json()
    git(lab, "fsck", "--strict", "--no-dangling")


def test_eight_writers_of_250_records_lose_nothing(lab):
    writers = [start(lab, f"w{number}", 250) for number in range(8)]
    told = [end(writer) for writer in writers]
    ids = [run_id for some, _ in told for run_id in some]
    assert len(set(ids)) == 2000
    assert max(wait for _, wait in told) <= 30  # the bar for the longest wait
    assert_all_there(lab, ids)


def test_the_user_works_with_git_while_runs_are_recorded(lab):
    writers = [start(lab, f"w{number}", 60) for number in range(2)]
    expected = ["first"]
    turns = 0
    while any(writer.poll() is None for writer in writers) or turns < 3:
        turns += 1
        (lab / "code.py").write_text("\n".join([*expected, "unfinished"]) + "\n")
        git(lab, "stash")
        assert (lab / "code.py").read_text().splitlines() == expected
        git(lab, "stash", "pop")
        expected.append("unfinished")
        git(lab, "commit", "-qam", f"turn {turns}")
        git(lab, "checkout", "-q", "-b", f"topic{turns}", "HEAD~1")
        (lab / f"topic{turns}.py").write_text("topic\n")
        git(lab, "add", f"topic{turns}.py")
        git(lab, "commit", "-qm", f"topic {turns}")
        git(lab, "rebase", "-q", "-")  # onto the branch that it left
        git(lab, "checkout", "-q", "-B", "main")
        git(lab, "branch", "-qD", f"topic{turns}")
        for command in (["gc", "-q", "--prune=now"], ["repack", "-adq"], ["pack-refs", "--all"]):
            git(lab, *command)
    ids = [run_id for writer in writers for run_id in end(writer)[0]]
    assert_all_there(lab, ids)
    assert git(lab, "status", "--porcelain") == ""
    assert (lab / "code.py").read_text().splitlines() == expected
    assert sorted(path.name for path in lab.glob("topic*.py")) == sorted(
        f"topic{turn}.py" for turn in range(1, turns + 1)
    )
    # labrec adds files below records/ to its own ref and nothing to the user's branch.
    assert git(lab, "rev-list", "--count", "HEAD") == str(2 + 2 * turns)
