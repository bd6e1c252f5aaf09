"""What is struck: each story is one use of labrec, told step by step to a board.

A line of the board is written when labrec has promised something: ``started RUN``, ``point N``,
``recorded RUN``, ``done``. The board lies outside the struck file system.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ARTIFACT = bytes(range(256)) * 800  # 200 kB, two files' worth of pages
TEXT = "a line of text\n" * 20


def sdk(tell: Callable[[str], None]) -> int:
    """A program that records itself."""
    import labrec

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with labrec.run(project="p", name="victim", features={"lr": 0.1}, seed=3) as run:
            if run.run_id:
                tell(f"started {run.run_id}")
            for step in range(12):
                run.log_metric("loss", step * 0.5, step)
                tell(f"point {step}")
            run.log_artifact(ARTIFACT_FILE, "weights.bin")
            run.log_text("notes.txt", TEXT)
            run.log_metric("accuracy", 0.75, 12, direction="maximize")
        if run.recorded is not None:
            tell(f"recorded {run.run_id}")
    return 0


ARTIFACT_FILE = "weights.bin"
LEFT = {ARTIFACT_FILE: ARTIFACT, "notes.txt": TEXT.encode()}


def labrec_cli(*argv: str) -> Callable[[Callable[[str], None]], int]:
    """A command line; what it prints is on the board."""

    def story(tell: Callable[[str], None]) -> int:
        from labrec.cli import main

        code = main(list(argv))
        tell(f"ended {code}")
        return code

    return story


def after(tell: Callable[[str], None]) -> int:
    """The next program that records."""
    import labrec

    with labrec.run(project="p", name="after") as run:
        run.log_metric("loss", 1.0, 0)
    assert run.recorded is not None
    tell(f"recorded {run.run_id}")
    return 0


def leave_a_spool(tell: Callable[[str], None]) -> int:
    """A program that is killed while it runs."""
    import labrec

    run = labrec.run(project="p", name="left")
    for step in range(5):
        run.log_metric("loss", step * 0.5, step)
    run.log_text("notes.txt", TEXT)
    tell(f"started {run.run_id}")
    os.kill(os.getpid(), 9)
    return 0


def slow(tell: Callable[[str], None]) -> int:
    """A program that logs for two seconds; ``old N`` says that point N is 1.5 s old."""
    import time

    import labrec

    run = labrec.run(project="p", name="slow")
    tell(f"started {run.run_id}")
    begin = time.monotonic()
    for step in range(30):
        run.log_metric("loss", step * 0.5, step)
        tell(f"point {step}")
        if step > 20:
            tell(f"old {step - 20}")
        time.sleep(0.075)
    assert time.monotonic() - begin > 1.5
    time.sleep(3)
    return 0


COMMAND = ("sh", "-c", "echo 7 > answer; exit 7")

STORIES: dict[str, Callable[[Callable[[str], None]], int]] = {
    "sdk": sdk,
    "after": after,
    "left": leave_a_spool,
    "slow": slow,
    "command": labrec_cli("run", "--project", "p", "--name", "victim", "--", *COMMAND),
    "recover": labrec_cli("recover"),
    "land": labrec_cli("land"),
    "init": labrec_cli("init", "."),
    "discard": labrec_cli("discard", "left"),
}


def prepare(folder: Path) -> None:
    """Put what the stories need into a folder: the user's own files."""
    (folder / ARTIFACT_FILE).write_bytes(ARTIFACT)


def tell_story(name: str, tell: Callable[[str], None], **options: Any) -> int:
    """Tell a story in this process, whose current folder is the lab, and return its exit code."""
    sys.argv = ["victim.py"]
    return STORIES[name](tell, **options)
