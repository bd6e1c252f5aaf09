"""A lab for those who ask, tables included: ``labrec.open(path)``.

Opening needs nothing but the light base; `Notebook.tables` needs the packages of ``labrec[lab]``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from labrec.reader import Reader
from labrec.store.lab import Lab

if TYPE_CHECKING:
    import os

    from labrec.analytics.query import Tables


class Notebook(Reader):
    """A lab, open for reading: its runs, their files, and the tables made from all of them."""

    def tables(self, folder: str | os.PathLike[str] | None = None) -> Tables:
        """Return the lab's tables, made anew where the lab has changed (`labrec analyze`).

        Args:
            folder: Where they are written; ``build/labrec/tables`` of the lab when left out.

        Returns:
            A mapping from name to `polars.LazyFrame`, with a method ``sql``.

        Raises:
            NotFoundError: A package of ``labrec[lab]`` is not installed.
            UsageError: The lab is a bare repository and no folder was named.
            StorageError: The tables cannot be written.
        """
        # The packages of labrec[lab] come in here and nowhere before.
        from labrec.analytics.packages import require
        from labrec.analytics.pipeline import analyze

        require("polars")
        found = analyze(self.lab, Path(folder) if folder is not None else None, self.at)
        from labrec.analytics.query import Tables

        return Tables(found.folder)


def open(  # noqa: A001 - labrec.open is the name
    path: str | os.PathLike[str] | None = None, at: str | None = None
) -> Notebook:
    """Open a lab for reading.

    Args:
        path: A folder in the lab; the current one when left out.
        at: A branch, tag or commit to read alone, without record refs.

    Raises:
        NotFoundError: There is no lab, or ``at`` names nothing.
    """
    lab = Lab.open(Path(path) if path is not None else None)
    try:
        return Notebook(lab, at)
    except BaseException:
        lab.close()
        raise
