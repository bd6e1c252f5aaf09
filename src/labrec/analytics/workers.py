"""Several processes for the days of a large lab that are new.

Each worker opens the lab for itself, takes one day after the other, makes its shard in the cache or
writes its points under the name that the analysis will look for. A worker that dies, or sees
another view, or cannot be started costs nothing but time: what it left undone the analysis does
itself.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from labrec.analytics import points, shard
from labrec.analytics.parquet import NewFile
from labrec.errors import LabrecError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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


class Crew:
    """This process and others with the days of a lab that are new; a context manager.

    Nothing that all runs together say waits for points: all make the shards first, and while this
    process goes on with them, the others write the points. At its end the others are gone.

    Args:
        lab: The lab.
        view: What is analysed.
        job: What the analysis asks for.
        tasks: The days.
        jobs: At most so many processes, this one among them.
    """

    def __init__(self, lab: Lab, view: View, job: Job, tasks: Sequence[Task], jobs: int) -> None:
        self._view, self._job = view, job
        self._shards = deque(task._replace(file=None) for task in tasks)
        self._points = deque(task for task in tasks if task.file is not None)
        at = view.base.commit if view.base.how == "at" else None
        told = json.dumps({"root": str(lab.root), "at": at, "job": job})
        self.others = [_Worker(told, self._next) for _ in range(min(jobs, len(tasks)) - 1)]
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            for other in self.others:
                stack.enter_context(other)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._shards.clear()
        self._points.clear()
        self._stack.close()

    def make(self) -> None:
        """Make shards together until none is left to be begun."""
        while task := _first(self._shards):
            work(self._view, self._job, task)

    def finish(self) -> Iterator[Done]:
        """Write what is left of the points; yield what all have written.

        Raises:
            StorageError: They cannot be written.
        """
        while task := _first(self._points):
            done = work(self._view, self._job, task)
            if done is not None:
                yield done
        for other in self.others:
            yield from other.done()

    def _next(self) -> Task | None:
        return _first(self._shards) or _first(self._points)


def _first(tasks: deque[Task]) -> Task | None:
    """Take the next task, which nobody else gets then; None where there is none."""
    try:
        return tasks.popleft()
    except IndexError:
        return None


class _Worker:
    """A process that works on one day after the other; a context manager at whose end it is gone.

    Args:
        told: Its first line: lab, view and job.
        task: Returns the next day; None = that was all.
    """

    def __init__(self, told: str, task: Callable[[], Task | None]) -> None:
        self._told = told
        self._task = task
        self._lines: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._leader = threading.Thread(target=self._lead, daemon=True)

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
            self._leader.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._leader.join()

    def done(self) -> Iterator[Done]:
        """Wait until it ends; yield what it has done."""
        if self._process is not None:
            self._leader.join()
        for line in self._lines:
            with contextlib.suppress(ValueError, TypeError):  # nothing to be told, or cut off
                file, tree, rows, size, problems = json.loads(line)
                yield Done(file, tree, rows, size, [(path, why) for path, why in problems])

    def _lead(self) -> None:
        """Tell it what is next, whenever it is done with what was before."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return
        with contextlib.suppress(OSError, ValueError), process.stdout, process.stdin:
            process.stdin.write(f"{self._told}\n")
            while task := self._task():
                process.stdin.write(f"{json.dumps(task)}\n")
                process.stdin.flush()
                line = process.stdout.readline()
                if not line:
                    return  # it is gone
                self._lines.append(line)


def main(lines: Iterator[str]) -> Iterator[str]:
    """Do what a worker is told; yield a line for each day.

    Args:
        lines: What is analysed, then a day a line.
    """
    from labrec.store.lab import Lab  # nothing of it where this module is only asked to start one

    gc.disable()  # as where the tables are made: no cycles, and a process that ends soon
    told: dict[str, Any] = json.loads(next(lines))
    job = Job(*told["job"])
    with Lab.open(Path(told["root"])) as lab:
        view = lab.view(told["at"])
        if view.id != job.view:
            return
        for line in lines:
            done = None
            with contextlib.suppress(LabrecError):  # the analysis will meet the same and say so
                done = work(view, job, Task(*json.loads(line)))
            yield json.dumps(done)


if __name__ == "__main__":
    for said in main(sys.stdin):
        sys.stdout.write(f"{said}\n")
        sys.stdout.flush()
