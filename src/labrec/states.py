"""What may be said of a record, and how to repeat its run by hand; commands are only shown."""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.errors import InvalidError, LabrecError
from labrec.record.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.reader import RunReader
    from labrec.store.view import View


class States(NamedTuple):
    """Four claims that are never mixed.

    Attributes:
        well_formed: Whether the record follows its schema.
        problem: What it breaks; ``""`` for nothing.
        intact: Whether its bytes are those its name proves and the lab holds all its objects.
        missing: Names of the files that the lab should hold and does not.
        attested: Whether somebody signed it; signatures are not written yet.
        reproduced_by: How many other runs say that they repeat it.
    """

    well_formed: bool
    problem: str
    intact: bool
    missing: tuple[str, ...]
    attested: bool
    reproduced_by: int

    def __str__(self) -> str:
        """Say it on one line."""
        formed = "well-formed" if self.well_formed else f"not well-formed ({self.problem})"
        whole = "intact" if self.intact else f"not intact (missing: {', '.join(self.missing)})"
        signed = "attested" if self.attested else "not attested (no signature)"
        return f"{formed}, {whole}, {signed}, reproduced by {self.reproduced_by}"


@contextmanager
def malformed(*runs: RunReader) -> Iterator[None]:
    """Say that a record is not valid where showing it stumbles over what it breaks.

    Raises:
        InvalidError: One of these runs has a record that is none.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError):
        from labrec.record.reader import read_record  # brings validation in

        for run in runs:
            try:
                read_record(run.data)
            except InvalidError as error:
                hint = "labrec show --raw prints the bytes; labrec verify says more."
                raise type(error)(error.message, hint=hint, paths=[run.entry.path]) from error
        raise


def states_of(view: View, run: RunReader, reproduced_by: int | None = None) -> States:
    """Find out what may be said of a run's record.

    Args:
        view: The lab.
        run: The run; its bytes are proven by its name when they are read.
        reproduced_by: How many other runs say that they repeat it; None = looked up here.

    Raises:
        IntegrityError: They are others.
    """
    from labrec.record.reader import read_record  # brings validation in: only to show one run

    problem = ""
    try:
        read_record(run.data)
    except LabrecError as error:
        problem = error.message
    missing = tuple(
        one.name for one in run.files()
        if (one.in_lab or one.role == "record") and not view.has_object(Digest(one.sha256))
    )  # fmt: skip
    if reproduced_by is None:
        reproduced_by = _reproduced_by(view, run.run_id)
    return States(not problem, problem, not missing, missing, attested=False,
                  reproduced_by=reproduced_by)  # fmt: skip


def _reproduced_by(view: View, run_id: str) -> int:
    from labrec.store.summaries import summaries  # reads about every run: only when asked

    return len({row.run_id for row in summaries(view) if row.reproduces == run_id} - {run_id})


def by_hand(run: RunReader) -> Iterator[str]:
    """Yield the commands that bring a run's code and features back, run it, and check its record.

    Every word of the record is quoted; nothing here runs any of them.
    """
    code, command = run.section("code"), run.section("command")
    names = {one.name for one in run.files()}
    if code.get("commit"):
        yield _line("git", "checkout", "--detach", code["commit"])
    if "@code.patch" in names:
        yield _line("labrec", "get", run.run_id, "@code.patch", "-o", "-") + " | git apply"
    elif "@manifest.json" in names and not code.get("commit"):
        yield _line("labrec", "get", run.run_id, "@manifest.json", "-o", "-")
    if "@features" in names:
        place = (run.section("features").get("source") or {}).get("path") or "features"
        yield _line("labrec", "get", run.run_id, "@features", "-o", place.rpartition("/")[2])
    if command.get("cwd") not in (None, "."):
        yield _line("cd", command["cwd"])
    if command.get("argv"):
        yield _line(*command["argv"])
    yield "labrec verify"


def _line(*words: Any) -> str:
    return shlex.join(map(str, words))
