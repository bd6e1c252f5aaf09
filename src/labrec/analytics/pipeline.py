"""From a lab to its tables: what `labrec analyze` does.

The tables are a function of the view and of this version. A view that was analysed already costs
a look at `analyze.json`, and none of the packages of ``labrec[lab]``.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec._version import __version__
from labrec.analytics import extract, sources, tables
from labrec.analytics.contrasts import ALPHA
from labrec.analytics.packages import require
from labrec.analytics.replicates import DIGITS, LEVEL
from labrec.errors import BusyError, StorageError, UsageError
from labrec.record.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from labrec.store.lab import Lab
    from labrec.store.view import View

REPORT: Final = "analyze.json"
"""File beside the tables that says what they were made from."""

DICTIONARY: Final = "dictionary.json"
"""File beside the tables that says what every column means."""

# what finds out what records mean, and what reads them
_WORKS: Final = ("*.py", "*/*.py", "../catalog/*.py", "../lineage/*.py", "../record/*.py")
_SETTINGS: Final = {"level": LEVEL, "alpha": ALPHA, "digits": DIGITS}
_LISTED = 100  # problems that the report lists; the table has all of them


class Analysis(NamedTuple):
    """Tables that were made, or found to be up to date; true when every document could be used.

    Attributes:
        folder: Where they are.
        report: What `analyze.json` says.
        made: Whether anything was written.
    """

    folder: Path
    report: dict[str, Any]
    made: bool

    def __bool__(self) -> bool:
        return not self.report["problem_count"]

    @property
    def exit_code(self) -> int:
        """0, or 3 where documents were left out."""
        return 0 if self else 3

    def to_json(self) -> dict[str, Any]:
        """Return the analysis with stable keys, without the list of every file."""
        told = {key: value for key, value in self.report.items() if key not in {"days", "files"}}
        return {"folder": str(self.folder), "made": self.made, **told}


def default_folder(lab: Lab) -> Path:
    """Return where a lab's tables are written unless another place is named.

    Raises:
        UsageError: The repository has no worktree.
    """
    if lab.git.worktree is None:
        raise UsageError(
            "this repository is bare: there is no worktree to write tables into",
            hint="Say where they go with --out DIR.",
        )
    return lab.root / tables.FOLDER


def analyze(
    lab: Lab, folder: Path | None = None, at: str | None = None, *, jobs: int | None = None
) -> Analysis:
    """Make the tables of a lab, as far as they are not there already.

    Args:
        lab: The lab.
        folder: Where they go; None = `default_folder`.
        at: A revision to analyse alone, without record refs.
        jobs: At most so many processes, 1 or more; None = one a processor, at most eight. The
            tables do not depend on it.

    Raises:
        NotFoundError: ``at`` names nothing, or a package of ``labrec[lab]`` is not installed.
        UsageError: The repository is bare and no folder was named.
        BusyError: Another process is writing the same tables.
        StorageError: They cannot be written.
    """
    view = lab.view(at)
    given = folder is not None
    folder = folder if folder is not None else default_folder(lab)
    said = identity(view)
    kept = read_report(folder)
    if kept is not None and is_current(folder, kept, said):
        return _current(folder, kept, said)
    require("numpy", "pyarrow", "scipy")
    from labrec.analytics.build import build  # brings pyarrow in: only where tables are made

    _make_folder(folder, hidden=not given)
    with _only_writer(folder, lab.settings.lock_wait):
        report = build(lab, view, folder, said, jobs)
        _write_report(folder, report)
    return Analysis(folder, report, made=True)


def identity(view: View) -> dict[str, Any]:
    """Return what tables of a view are made from, with stable keys."""
    commit, how, ref = view.base
    return {
        "contract": tables.VERSION,
        # a column more needs no new version, and yet other tables
        "columns": str(Digest.of_value(tables.dictionary())),
        "extractor": extract.VERSION,
        "tool": f"labrec {__version__}",
        # between two releases the number stays, and sentences and formulas may be others
        "code": f"sha256:{sources.digest(*_WORKS)}",
        "settings": str(Digest.of_value(_SETTINGS)),
        "view": view.id,
        "base": {"commit": commit, "how": how, "ref": ref},
    }


def is_current(folder: Path, report: dict[str, Any], said: dict[str, Any]) -> bool:
    """Say whether the tables in a folder are those of a view, all there and of their sizes."""
    if any(report.get(key) != value for key, value in said.items() if key != "base"):
        return False
    try:
        return all(
            os.stat(folder / name).st_size == size  # noqa: PTH116 - hundreds of them
            for name, size in report["files"].items()
        )
    except (OSError, AttributeError, KeyError, TypeError, ValueError):
        return False


def read_report(folder: Path) -> dict[str, Any] | None:
    """Return what the report of a folder says; None where there is none that can be used."""
    try:
        found = json.loads((folder / REPORT).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def listed(problems: list[Any]) -> dict[str, Any]:
    """Return problems as the report tells them."""
    return {
        "problem_count": len(problems),
        "problems": [problem._asdict() for problem in problems[:_LISTED]],
    }


def _current(folder: Path, kept: dict[str, Any], said: dict[str, Any]) -> Analysis:
    if kept.get("base") == said["base"]:
        return Analysis(folder, kept, made=False)
    # Records were landed or merged: other commits, the same lab.
    report = kept | {"base": said["base"]}
    _write_report(folder, report)
    return Analysis(folder, report, made=False)


def _make_folder(folder: Path, *, hidden: bool) -> None:
    """Make the folder; hide the default one from git, as what can be made again is."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if hidden:
            with (
                contextlib.suppress(FileExistsError),
                (folder.parent / ".gitignore").open("x") as file,
            ):
                file.write("*\n")
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be made: {error.strerror}", paths=[folder], hint="See --out DIR."
        ) from error


@contextlib.contextmanager
def _only_writer(folder: Path, wait: float) -> Iterator[None]:
    """Hold the folder alone."""
    import time  # only where tables are written

    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        end = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= end:
                    raise BusyError(
                        f"{folder} is being written by another labrec",
                        hint="Wait for it to finish, or name another folder with --out.",
                        paths=[folder],
                    ) from error
            time.sleep(0.05)
        yield
    finally:
        os.close(fd)


def _write_report(folder: Path, report: dict[str, Any]) -> None:
    path = folder / REPORT
    temporary = path.with_name(f".{REPORT}.{os.getpid()}.tmp")
    try:
        temporary.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", "utf-8")
        temporary.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}", paths=[path]) from error
