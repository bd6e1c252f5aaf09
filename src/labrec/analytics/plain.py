"""Names, units and counts of machines, as all sentences of analysis say them. ○ No IO."""

from __future__ import annotations

from labrec.record.text import one_line
from labrec.record.wording import counted

_LONGEST = 80  # characters of a name in a sentence


def cut(text: str | None) -> str:
    """Return a text from a record as part of one line, shortened."""
    return one_line(text or "", _LONGEST) or "(no name)"


def unit(name: str | None) -> str:
    """Return a unit with the space before it; empty for none, and for 1, a number without one."""
    return f" {cut(name)}" if name and name != "1" else ""


def machines(count: int) -> str:
    """Return ``on 2 machines``; of those that are known."""
    return f"on {counted(count, 'machine')}" if count else "on unknown machines"
