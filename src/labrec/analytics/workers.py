"""Several processes for the days of a large lab that are new.

Each worker opens the lab for itself, makes the shards of its days in the cache and writes their
points under the names that the analysis will look for. A worker that dies, or sees another view, or
cannot be started costs nothing but time: what it left undone the analysis does itself.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from labrec.analytics import points, shard
from labrec.analytics.parquet import NewFile
from labrec.errors import LabrecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from labrec.analytics.shard import Shard
    from labrec.store.lab import Lab
    from labrec.store.view import View

ENOUGH: Final = 3_000
"""New records from which a second process is worth its start."""

MOST: Final = 8
"""Most processes where nobody says how many, however many processors there are."""


class Task(NamedTuple):
    """One day to be worked on.

    Attributes:
        project: A project.
        day: ``YYYY/MM/DD``.
        tree: Git tree id of the day's folder.
        file: Where its points go, from the folder of the tables; None = they are there.
    """

    project: str
    day: str
    tree: str
    file: str | None


class Done(NamedTuple):
    """The points of one day, written and without a name.

    Attributes:
        file: Where they go, from the folder of the tables.
        tree: Git tree id of the day's folder.
        rows: How many there are.
        size: Length of the file in bytes; 0 = there is none.
        problems: Runs whose points are not in it, as (path, why).
    """

    file: str
    tree: str
    rows: int
    size: int
    problems: list[tuple[str, str]]

    def new_file(self, folder: Path, writer: int) -> NewFile:
        """Return the file, to be published."""
        return NewFile(folder / self.file, writer, self.rows, self.size)


class Job(NamedTuple):
    """What all workers of an analysis share.

    Attributes:
        view: Id of the view.
        folder: Where the tables go.
        metadata: For the footers of the files with points.
        writer: Process id of the analysis.
    """

    view: str
    folder: str
    metadata: dict[str, str]
    writer: int


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_jobs() -> int:
    """Return how many processes share the work where nobody says."""
    return min(processors(), MOST)


def work(view: View, job: Job, task: Task) -> Done | None:
    """Make the shard of a day, and write its points where they are asked for.

    Raises:
        StorageError: The points cannot be written.
        IntegrityError: The day's folder cannot be read.
    """
    made = shard.load(view, task.project, task.day, task.tree)
    return write_points(view, job, made, task.file) if task.file is not None else None


def write_points(view: View, job: Job, made: Shard, name: str) -> Done:
    """Write the points of a shard's runs; the file has no name yet.

    Args:
        view: What is analysed.
        job: What the analysis asks for.
        made: The shard.
        name: Where the points go, from the folder of the tables.

    Raises:
        StorageError: They cannot be written.
    """
    path = Path(job.folder, name)
    file, problems = points.write_day(view, points.day_of(made), path, job.metadata, job.writer)
    found = (file.rows, file.size) if file is not None else (0, 0)
    return Done(name, made.tree, *found, [(p.path, p.problem) for p in problems])


def work_together(
    lab: Lab, view: View, job: Job, tasks: Sequence[Task], jobs: int
) -> Iterator[Done]:
    """Work on days with several processes, this one among them.

    Args:
        lab: The lab.
        view: What is analysed.
        job: What the analysis asks for.
        tasks: Days that are new.
        jobs: At most so many processes, 1 or more.
    """
    count = min(jobs, len(tasks))
    shares = [tasks[number::count] for number in range(count)]
    at = view.base.commit if view.base.how == "at" else None
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(_Worker(lab, at, job, share)) for share in shares[1:]]
        for task in shares[0]:
            done = work(view, job, task)
            if done is not None:
                yield done
        for other in others:
            yield from other.done()


class _Worker:
    """A process with its share of the days; a context manager at whose end it is gone."""

    def __init__(self, lab: Lab, at: str | None, job: Job, tasks: Sequence[Task]) -> None:
        self._told = json.dumps({"root": str(lab.root), "at": at, "job": job, "tasks": tasks})
        self._lines: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        # Heard all the time: a pipe that nobody empties would stop it.
        self._listener = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                env={key: value for key, value in os.environ.items() if key != "LABREC_LAB"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._listener.join()

    def done(self) -> Iterator[Done]:
        """Wait until it ends; yield what it has done."""
        if self._process is not None:
            self._listener.join()
        for line in self._lines:
            with contextlib.suppress(ValueError, TypeError):  # a line that its end cut off
                file, tree, rows, size, problems = json.loads(line)
                yield Done(file, tree, rows, size, [(path, why) for path, why in problems])

    def _listen(self) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return
        with process.stdin, process.stdout, contextlib.suppress(OSError, ValueError):
            process.stdin.write(self._told)
            process.stdin.close()
            self._lines.extend(process.stdout)


def main(text: str) -> Iterable[str]:
    """Do what a worker was told; yield a line for each day whose points are written."""
    from labrec.store.lab import Lab  # nothing of it where this module is only asked to start one

    gc.disable()  # as where the tables are made: no cycles, and a process that ends soon
    told: dict[str, Any] = json.loads(text)
    job = Job(*told["job"])
    with Lab.open(Path(told["root"])) as lab:
        view = lab.view(told["at"])
        if view.id != job.view:
            return
        for task in told["tasks"]:
            try:
                done = work(view, job, Task(*task))
            except LabrecError:
                continue  # the analysis will meet the same and say so
            if done is not None:
                yield json.dumps(done)


if __name__ == "__main__":
    for said in main(sys.stdin.read()):
        sys.stdout.write(f"{said}\n")
        sys.stdout.flush()
