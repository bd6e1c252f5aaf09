"""What an earlier analysis found of experiments, by everything that went into it.

Statistics of an experiment depend on its records, their standing and the documents that say how to
read them, so that a digest of these names the result. What was found is kept in one file of the
cache, which a new version of the code does not use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from labrec.analytics import sources
from labrec.analytics.experiments import Known
from labrec.analytics.keyed import KEY
from labrec.analytics.shard import CACHE
from labrec.store import proven

if TYPE_CHECKING:
    from pathlib import Path

    from labrec.store.view import View

_FORMAT: Final = "labrec.known/2"
# what computes it, and the values that it is computed from
_WORKS = (
    "keyed.py", "summaries.py", "replicates.py", "tried.py", "contrast_rows.py", "contrasts.py",
    "experiments.py", "stats/*.py", "meaning.py", "settle.py", "run.py", "gather.py", "noted.py",
    "extract.py", "../catalog/*.py", "../lineage/*.py",
)  # fmt: skip


def read(view: View, basis: str) -> Known:
    """Return what an earlier analysis of this lab found; nothing where nothing can be kept.

    Args:
        view: The lab.
        basis: Of the view, see `Known`.
    """
    return Known(basis, _table(view, "sums"), _table(view, "contrasts"))


def write(view: View, before: Known, now: Known) -> None:
    """Keep what this analysis found, where it is something else."""
    for name in ("sums", "contrasts"):
        old, new = getattr(before, name), getattr(now, name)
        if old is None or not old[KEY].equals(new[KEY]):
            _keep(view, name, new)


# -- the files ---------------------------------------------------------------------------------


def path_of(view: View, name: str) -> Path | None:
    """Return where what this version of the code found is kept: ``sums`` or ``contrasts``."""
    if view.cache is None:
        return None
    return proven.place(view.cache / CACHE, _FORMAT, name, sources.digest(*_WORKS))


def _table(view: View, name: str) -> pa.Table | None:
    path = path_of(view, name)
    body = proven.read(path) if path is not None else None
    if body is None:
        return None
    with pa.ipc.open_stream(pa.py_buffer(body)) as stream:
        return stream.read_all()


def _keep(view: View, name: str, rows: pa.Table) -> None:
    path = path_of(view, name)
    if path is None:
        return
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, rows.schema, options=options) as stream:
        stream.write_table(rows)
    proven.write(path, [sink.getvalue().to_pybytes()])
