"""What is seen of a program before it starts."""

from __future__ import annotations

import subprocess
import sys

import labrec
from labrec.store.init import init


def test_a_script_that_is_called_through_its_parent_folder_is_the_one_that_git_tracks(tmp_path):
    init(tmp_path)
    (tmp_path / "train.py").write_text("import labrec\nwith labrec.run(name='a'):\n    pass\n")
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for argv in (("add", "."), (*who, "commit", "-q", "-m", "Add a program")):
        subprocess.run(["git", *argv], cwd=tmp_path, check=True)
    (tmp_path / "deep/er").mkdir(parents=True)
    subprocess.run([sys.executable, "../../train.py"], cwd=tmp_path / "deep/er", check=True)
    with labrec.open(tmp_path) as lab:
        (run,) = lab.runs()
        assert not [event for event in run.section("capture")["events"] if "script" in event["why"]]
        assert run.section("command")["entry"] == "train.py"
