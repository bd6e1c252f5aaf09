"""The peer's script: one recorded run with sacred's file observer (arguments: folder, artifact)."""

from __future__ import annotations

import sys

from sacred import Experiment
from sacred.observers import FileStorageObserver

folder, artifact = sys.argv[1:3]
experiment = Experiment("bench", save_git_info=False)
experiment.logger = None
experiment.observers.append(FileStorageObserver(folder))


@experiment.config
def settings():
    lr = 0.1  # noqa: F841
    depth = 3  # noqa: F841
    width = 64  # noqa: F841


@experiment.main
def main(_run):
    _run.log_scalar("loss", 0.5, 1)
    _run.log_scalar("accuracy", 0.7, 1)
    experiment.add_artifact(artifact)


experiment.run(options={"--loglevel": "CRITICAL"})
