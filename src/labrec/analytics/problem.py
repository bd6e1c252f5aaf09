"""A document that could not be used. ○ No IO."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """A row of the table `problems`: where a document lies, and why it was left out."""

    path: str
    problem: str
