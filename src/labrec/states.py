"""What may be said of a record, and how to repeat its run by hand; commands are only shown."""

from __future__ import annotations

import re
import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.errors import InvalidError, LabrecError
from labrec.record.digest import Digest
from labrec.record.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.reader import RunReader
    from labrec.store.view import View

# where labrec.toml names no base it is the branch of HEAD, and a commit checked out has no branch
_BASE: Final = (
    "grep -q '^base *=' labrec.toml || export LABREC_BASE=\"$(git branch --show-current)\""
)
_PASTED: Final = 1000  # characters of a line that is offered to be pasted
_COMMIT: Final = re.compile("[0-9a-f]{40,64}")
_REMOTE: Final = re.compile(
    r"(?:https://|ssh://git@|git@)[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?"
    r"[/:][A-Za-z0-9_~][A-Za-z0-9._~/+-]*"
)


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
    yield from _brought_back(run)
    argv = run.section("command").get("argv")
    if argv:
        yield _line(*argv)
    yield "labrec verify"


class Again(NamedTuple):
    """How to run a run again, as a repetition of it.

    Attributes:
        lines: Commands for a POSIX shell, each on one line, to be pasted as they stand: from a
            clone of the code to the program; none where one of them cannot be pasted.
        lacks: What the record does not say of it, in sentences.
    """

    lines: tuple[str, ...]
    lacks: tuple[str, ...]


def again(run: RunReader) -> Again | None:
    """Return how to run a run again so that the new run says that it repeats this one.

    Args:
        run: The run.

    Returns:
        It; None where the record has no command.
    """
    command = run.section("command")
    if not command.get("argv"):
        return None
    options = [*command.get("options", []), "--reproduces", run.run_id, "--"]
    lines = [
        *_cloned(run),
        *_brought_back(run),
        _line("labrec", "run", *options, *command["argv"]),
    ]
    if any(printable(line) != line or len(line) > _PASTED for line in lines):
        return Again(
            (), ("Its command holds what cannot be pasted into a shell: the record has it.",)
        )
    return Again(tuple(lines), tuple(_lacking(run)))


def _cloned(run: RunReader) -> Iterator[str]:
    """Yield how to clone a run's code, where it says from where, and that is no more than a place.

    What git is given is an address of a kind that starts no program: neither an option nor the name
    of a helper, such as ``ext::``.
    """
    remote = run.section("code").get("remote")
    if remote and _REMOTE.fullmatch(str(remote)):
        folder = f"again-{run.run_id[:13]}"
        yield f"{_line('git', 'clone', remote, folder)} && cd {folder}"


def _lacking(run: RunReader) -> Iterator[str]:
    code, command = run.section("code"), run.section("command")
    names = {one.name for one in run.files()}
    if not any(_cloned(run)):
        yield "Begin in a clone of its code: the record does not say from where."
    if not code.get("commit"):
        yield "No commit of its code is known; @manifest.json lists its files."
    elif code.get("dirty") and "@code.patch" not in names:
        yield "Its uncommitted changes are recorded in no patch; @manifest.json lists its files."
    if command.get("cwd") is None:
        yield "The folder that it ran in is not known: it lay outside of the code."


def _brought_back(run: RunReader) -> Iterator[str]:
    """Yield the commands that bring a run's code and features back, and lead to its folder."""
    code, command = run.section("code"), run.section("command")
    names = {one.name for one in run.files()}
    # of a large tree the patch is against the newest commit that others have
    base = code.get("published") if code.get("kind") == "commit_patch" else None
    commit = base or code.get("commit")
    if commit and _COMMIT.fullmatch(str(commit)):
        yield _BASE
        yield _line("git", "checkout", "--detach", commit)
    if "@code.patch" in names:
        yield _line("labrec", "get", run.run_id, "@code.patch", "-o", "-") + " | git apply"
    elif "@manifest.json" in names and not code.get("commit"):
        yield _line("labrec", "get", run.run_id, "@manifest.json", "-o", "-")
    if "@features" in names:
        place = (run.section("features").get("source") or {}).get("path") or "features"
        yield _line("labrec", "get", run.run_id, "@features", "-o", place.rpartition("/")[2])
    folder = command.get("cwd")
    if folder not in {None, "."}:  # one that holds no code is in no commit
        yield f"{_line('mkdir', '-p', '--', folder)} && {_line('cd', '--', folder)}"


def _line(*words: Any) -> str:
    return shlex.join(map(str, words))
