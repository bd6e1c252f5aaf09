"""The records of a lab for its site: read from a view, each proven to be what the tables say."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from labrec.errors import IntegrityError
from labrec.reader import RunReader
from labrec.record.digest import Digest
from labrec.states import states_of
from labrec.store.view import RunEntry, View

if TYPE_CHECKING:
    from labrec.site.rows import Run
    from labrec.states import States

_TREES = 4096  # directories of a view that are kept in memory


class RecordSource(Protocol):
    """Where records come from."""

    def reader(self, run: Run) -> RunReader:
        """Return a run's record with its files, proven to be the one of the tables.

        Raises:
            IntegrityError: The bytes are others.
            InvalidError: They are no record.
            NotFoundError: They are not there.
        """

    def states(self, reader: RunReader, reproduced_by: int) -> States:
        """Say what may be said of a record."""


class ViewRecords:
    """The records of a view.

    Args:
        view: The view that the tables were made from.
    """

    def __init__(self, view: View) -> None:
        self._view = _Remembering(view)

    def reader(self, run: Run) -> RunReader:
        """Return a run's record with its files, proven to be the one of the tables.

        Raises:
            IntegrityError: The bytes are others.
            InvalidError: They are no record.
            NotFoundError: They are not there.
        """
        digest = Digest.parse(run.record_digest)
        entry = RunEntry(run.project, run.run_id, digest.short, run.path, "")
        reader = RunReader(self._view, entry)
        if Digest.of(reader.data) != digest:
            raise IntegrityError(
                f"run {run.run_id} is not the one that the tables were made from",
                hint="Run `labrec analyze` again.",
                paths=[run.path],
            )
        _ = reader.record  # here, so that what is no record is told here
        return reader

    def states(self, reader: RunReader, reproduced_by: int) -> States:
        """Say what may be said of a record.

        Args:
            reader: The record.
            reproduced_by: How many other runs say that they repeat it.
        """
        return states_of(self._view, reader, reproduced_by)


class _Remembering(View):
    """A view that keeps the trees it read last: neighbouring records and objects share them."""

    def __init__(self, view: View) -> None:
        super().__init__(view.objects, view.base, view.refs, view.cache)
        self.tree = lru_cache(_TREES)(super().tree)  # type: ignore[method-assign]
