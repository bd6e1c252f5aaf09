"""labrec: a lab notebook made of git.

``labrec.run(…)`` records the program that calls it; ``labrec.open(…)`` reads a lab back;
``labrec.note(…)`` says something about what it holds. They are imported when they are first
used, so that ``import labrec`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec._version import __version__

if TYPE_CHECKING:
    from labrec.notebook import Notebook, open  # noqa: A004 - the name is this package's
    from labrec.reader import Reader, RunReader
    from labrec.sdk import RecordingWarning, Run, run
    from labrec.sdk.noting import note

__all__ = [
    "Notebook",
    "Reader",
    "RecordingWarning",
    "Run",
    "RunReader",
    "__version__",
    "note",
    "open",
    "run",
]

_PLACES = {
    "Notebook": "labrec.notebook",
    "Reader": "labrec.reader",
    "RecordingWarning": "labrec.sdk",
    "Run": "labrec.sdk",
    "RunReader": "labrec.reader",
    "note": "labrec.sdk.noting",
    "open": "labrec.notebook",
    "run": "labrec.sdk",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_PLACES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted({*globals(), *__all__})
