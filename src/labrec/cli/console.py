"""What a command prints: text that cannot steer a terminal, tables that fit it, stable JSON."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from typing import TextIO

    from labrec.store.verify.report import Finding

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_NARROWEST = 6  # columns a table shrinks a cell to
_GAP = "  "


def safe(text: object) -> str:
    """Return record text as it may be printed: on one line, controls and bidi marks escaped."""
    from labrec.record.text import printable  # not needed by --version and --help

    return printable(str(text)).replace("\n", " ")


class Console:
    """The two output streams of a command.

    Args:
        environ: Where ``NO_COLOR``, ``TERM`` and ``COLUMNS`` are looked up.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def say(self, text: str = "") -> None:
        """Print a line of the answer on stdout."""
        sys.stdout.write(text + "\n")

    def note(self, text: str) -> None:
        """Print a line about the answer on stderr, ``labrec: …``; a lost stderr is no failure."""
        try:
            sys.stdout.flush()
            sys.stderr.write(f"labrec: {text}\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            return

    def findings(self, findings: Iterable[Finding]) -> None:
        """Print what a verification found: kind, place, what is wrong and what to do."""
        for finding in findings:
            label = self.styled(finding.kind, "red" if finding.code else "dim")
            self.say(f"{label} {safe(finding.path)}: {safe(finding.message)}")
            if finding.hint:
                self.say(f"  {safe(finding.hint)}")

    def json_note(self, value: Any) -> None:
        """Print one JSON object on a line of stderr; a lost stderr is no failure."""
        try:
            sys.stderr.write(json.dumps(value) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            return

    def json(self, value: Any) -> None:
        """Print a JSON answer: ASCII, so that no record text reaches the terminal as it is."""
        self.say(json.dumps(value, indent=2))

    def styled(self, text: str, style: str, stream: TextIO | None = None) -> str:
        """Return text in a style where the stream (stdout) is a terminal that shows it."""
        if not self._coloured(sys.stdout if stream is None else stream):
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"

    def _coloured(self, stream: TextIO) -> bool:
        if self._environ.get("NO_COLOR") or self._environ.get("TERM") == "dumb":
            return False
        return stream.isatty()

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print a table; on a terminal it is shrunk to fit, elsewhere nothing is cut.

        Args:
            headers: One title a column; a leading ``>`` right-aligns the column, a leading ``=``
                keeps its cells whole: half an id names nothing.
            rows: Cells, made safe here.
        """
        right = [title.startswith(">") for title in headers]
        whole = {place for place, title in enumerate(headers) if title.startswith("=")}
        titles = [title[title.startswith((">", "=")) :] for title in headers]
        cells = [[safe(cell) for cell in row] for row in rows]
        widths = [max(map(_width, column)) for column in zip(titles, *cells, strict=True)]
        if sys.stdout.isatty():
            _fit(widths, self.width - len(_GAP) * (len(widths) - 1), whole)
        self.say(self.styled(_line(titles, widths, right), "bold"))
        sys.stdout.writelines(f"{_line(row, widths, right)}\n" for row in cells)

    @property
    def width(self) -> int:
        """Columns of the terminal, at least 40."""
        columns = self._environ.get("COLUMNS", "")
        if columns.isdecimal() and int(columns) > 0:
            return max(40, int(columns))
        try:
            # A terminal that was never told its size says 0.
            return max(40, os.get_terminal_size(sys.stdout.fileno()).columns or 80)
        except (OSError, ValueError):
            return 80


def _fit(widths: list[int], room: int, whole: Container[int]) -> None:
    """Take columns away from the widest cells until the row fits or none can give more."""
    giving = [place for place in range(len(widths)) if place not in whole]
    while giving and sum(widths) > room:
        widest = max(giving, key=widths.__getitem__)
        if widths[widest] <= _NARROWEST:
            return
        widths[widest] -= 1


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    parts = []
    for cell, width, to_right in zip(cells, widths, right, strict=True):
        if len(cell) <= width and cell.isascii():  # nearly always, and ten thousand times a table
            parts.append(cell.rjust(width) if to_right else cell.ljust(width))
            continue
        text = _cut(cell, width)
        space = " " * (width - _width(text))
        parts.append(space + text if to_right else text + space)
    return _GAP.join(parts).rstrip()


def _cut(text: str, width: int) -> str:
    if _width(text) <= width:
        return text
    while _width(text) > width - 1:
        text = text[:-1]
    return text + "…"


def _width(text: str) -> int:
    """Return how many columns a terminal gives a text."""
    if text.isascii():
        return len(text)
    import unicodedata  # only for text beyond ASCII

    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
