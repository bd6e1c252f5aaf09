"""How the code of a run differs from that of another: files by digest, text line by line.

Both sides come from the objects that the records name, proven by their digests. Everything is cut
at a bound: the page says so, and ``labrec diff --code`` shows the rest.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from labrec.errors import LabrecError, LimitError
from labrec.lineage.compare import changed_files
from labrec.record.codec import decode
from labrec.record.wording import counted
from labrec.site import previews
from labrec.site.text_diff import Line, difference, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from labrec.lineage.compare import FileChange
    from labrec.reader import RunReader

MOST_FILES: Final = 40
"""Changed files that are named."""

MOST_LINES: Final = 120
"""Lines of differences that are shown of one pair of runs."""

MOST_OF_FILE: Final = 60
"""Of these, lines of one file."""

LONGEST: Final = 160
"""Characters of a line that are shown."""

MAX_TEXT: Final = 128 * 1024
"""Largest file that is looked at as text, in bytes."""

MAX_LINES: Final = 4000
"""Most lines of such a file."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_KEPT = 64  # manifests and differences that are kept: replicates share them


class FileDiff(NamedTuple):
    """A file of the code that differs.

    Attributes:
        op: ``add``, ``delete``, ``update`` or ``mode``.
        path: Its path; record text.
        old: sha256 of its bytes before; empty where there were none.
        new: sha256 of its bytes now.
        size: Length of its bytes now, of a deleted one before; in bytes.
        lines: What differs, as far as it is shown.
        more: How many lines of it are not shown.
        note: Why no line is shown, where one would be expected.
    """

    op: str
    path: str
    old: str
    new: str
    size: int
    lines: tuple[Line, ...] = ()
    more: int = 0
    note: str = ""


class CodeDiff(NamedTuple):
    """How the code of a run differs from that of another.

    Attributes:
        said: What there is to say, a sentence.
        known: Whether both sides are known file by file.
        files: The files that differ, at most `MOST_FILES`.
        more: How many others there are.
    """

    said: str
    known: bool = False
    files: tuple[FileDiff, ...] = ()
    more: int = 0


class Codes:
    """Differences of code, each worked out once: replicates share code, and children a parent."""

    def __init__(self) -> None:
        self._manifests: OrderedDict[str, dict[str, Any] | None] = OrderedDict()
        self._diffs: OrderedDict[tuple[str, str], CodeDiff] = OrderedDict()

    def between(self, old: RunReader, new: RunReader) -> CodeDiff:
        """Return how the code of a run differs from that of an older one."""
        sides = old.section("code"), new.section("code")
        before, after = (str(side.get("digest") or "") for side in sides)
        if before and before == after:
            return CodeDiff("The code is the same.", known=True)
        key = before or old.run_id, after or new.run_id
        return _kept(self._diffs, key, lambda: self._worked_out(old, new))

    def manifest(self, run: RunReader) -> dict[str, Any] | None:
        """Return the code manifest of a run; None where there is none that can be read."""
        ref = run.section("code").get("manifest")
        if not isinstance(ref, dict) or not isinstance(ref.get("sha256"), str):
            return None
        return _kept(self._manifests, ref["sha256"], lambda: _manifest(run))

    def _worked_out(self, old: RunReader, new: RunReader) -> CodeDiff:
        before, after = self.manifest(old), self.manifest(new)
        if before is None or after is None:
            return CodeDiff("The code cannot be compared file by file: a run has no manifest.")
        changes = changed_files(before, after)
        if not changes:
            return CodeDiff("The code is the same.", known=True)
        told = {entry["path"]: entry for side in (before, after) for entry in side["files"]}
        room, files = MOST_LINES, []
        for change in changes[:MOST_FILES]:
            one = _file_diff(change, told[change.path], old, new, min(room, MOST_OF_FILE))
            room -= len(one.lines)
            files.append(one)
        count = counted(len(changes), "file differs", "files differ")
        return CodeDiff(f"{count}.", True, tuple(files), max(0, len(changes) - MOST_FILES))


def _kept(cache: OrderedDict[_Key, _Value], key: _Key, make: Callable[[], _Value]) -> _Value:
    if key in cache:
        cache.move_to_end(key)
    else:
        cache[key] = make()
        if len(cache) > _KEPT:
            cache.popitem(last=False)
    return cache[key]


def _manifest(run: RunReader) -> dict[str, Any] | None:
    try:
        document = decode(run.artifact("@manifest.json"), limit=None)
    except LabrecError:
        return None
    files = document.get("files") if isinstance(document, dict) else None
    is_whole = isinstance(files, list) and all(
        isinstance(entry, dict)
        and all(isinstance(entry.get(key), str) for key in ("path", "mode", "sha256"))
        and isinstance(entry.get("size"), int)
        for entry in files
    )
    return document if is_whole else None


def _file_diff(
    change: FileChange, told: dict[str, Any], old: RunReader, new: RunReader, room: int
) -> FileDiff:
    plain = FileDiff(
        change.op,
        str(told.get("display") or change.path),
        change.old or "",
        change.new or "",
        told["size"],
    )
    if change.op == "mode":
        return plain._replace(note="only its mode differs")
    sides = []
    for run, sha256 in ((old, change.old), (new, change.new)):
        text = text_of(run, sha256) if sha256 is not None else []
        if isinstance(text, str):
            return plain._replace(note=text)
        sides.append(text)
    lines = difference(*sides)
    if not lines:
        return plain._replace(note="only the end of its last line differs")
    if room <= 0:
        return plain._replace(more=len(lines))
    return plain._replace(lines=tuple(lines[:room]), more=max(0, len(lines) - room))


def text_of(run: RunReader, sha256: str) -> list[str] | str:
    """Return the lines of a file of the code, or why there are none to show.

    Args:
        run: A run that names it.
        sha256: 64 hex digits of its bytes.
    """
    try:
        data = run.read_object(sha256, limit=MAX_TEXT)
    except LimitError:
        return "too large to be shown"
    except LabrecError:
        return "the lab does not hold its bytes"
    text = previews.text(data, MAX_TEXT)
    if text is None:
        return "no text"
    lines = lines_of(text)
    return lines if len(lines) <= MAX_LINES else "too long to be shown"
