"""What an earlier analysis found of experiments, by everything that went into it.

Statistics of an experiment depend on its records, their standing and the documents that say how to
read them, so that a digest of these names the result. What was found is kept in one file of the
cache, which a new version of the code does not use.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from labrec.analytics.contrasts import Contrast
from labrec.analytics.experiments import Known, Pair
from labrec.analytics.replicates import Replicates, Sum
from labrec.analytics.shard import CACHE
from labrec.store import proven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.store.view import View

_FORMAT: Final = "labrec.known/1"
# what computes it, and the values that it is computed from
_WORKS = ("replicates.py", "contrasts.py", "stats/*.py", "meaning.py", "settle.py",
          "../catalog/*.py")  # fmt: skip
_INTEGERS = Replicates._fields[:7]


def read(view: View, basis: str) -> Known:
    """Return what an earlier analysis of this lab found; nothing where nothing can be kept.

    Args:
        view: The lab.
        basis: Of the view, see `Known`.
    """
    sums, contrasts = _table(view, "sums"), _table(view, "contrasts")
    return Known(
        basis,
        _sums(sums) if sums is not None else {},
        _contrasts(contrasts) if contrasts is not None else {},
    )


def write(view: View, before: Known, now: Known) -> None:
    """Keep what this analysis found, where it is something else."""
    if now.sums.keys() != before.sums.keys():
        rows = [
            (key, metric, *found.replicates, [s for s, _ in found.values],
             [value for _, value in found.values])
            for key, metrics in now.sums.items() for metric, found in metrics.items()
        ]  # fmt: skip
        _keep(view, "sums", _SUMS, rows)
    if now.contrasts.keys() != before.contrasts.keys():
        none = (None,) * len(Contrast._fields)
        _keep(view, "contrasts", _CONTRASTS, [(*key, *(found or none))
                                              for key, found in now.contrasts.items()])  # fmt: skip


def _kind(name: str) -> pa.DataType:
    if name in {"key", "child", "parent", "metric", "unit", "direction", "design"}:
        return pa.string()
    if name in {*_INTEGERS, "n_parent"}:
        return pa.int64()
    return pa.float64()


_SUMS = pa.schema(
    [
        *((name, _kind(name)) for name in ("key", "metric", *Replicates._fields)),
        ("seeds", pa.list_(pa.string())),
        ("values", pa.list_(pa.float64())),
    ]
)
_CONTRASTS = pa.schema(
    [(name, _kind(name)) for name in ("child", "parent", "metric", *Contrast._fields)]
)


def _sums(table: pa.Table) -> dict[str, dict[str, Sum]]:
    found: dict[str, dict[str, Sum]] = {}
    keys, metrics, *columns, seeds, values = (column.to_pylist() for column in table.columns)
    replicates = map(Replicates._make, zip(*columns, strict=True))
    for key, metric, one, seed, value in zip(keys, metrics, replicates, seeds, values, strict=True):
        found.setdefault(key, {})[metric] = Sum(one, list(zip(seed, value, strict=True)))
    return found


def _contrasts(table: pa.Table) -> dict[Pair, Contrast | None]:
    children, parents, metrics, *columns = (column.to_pylist() for column in table.columns)
    found = [
        Contrast._make(values) if values[0] is not None else None
        for values in zip(*columns, strict=True)
    ]
    return dict(zip(zip(children, parents, metrics, strict=True), found, strict=True))


# -- the files ---------------------------------------------------------------------------------


def path_of(view: View, name: str) -> Path | None:
    """Return where what this version of the code found is kept: ``sums`` or ``contrasts``."""
    return proven.place(view.cache / CACHE, _FORMAT, name, _code()) if view.cache else None


@cache
def _code() -> str:
    """Return a digest of the code that finds what is kept."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(path for pattern in _WORKS for path in here.glob(pattern)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _table(view: View, name: str) -> pa.Table | None:
    path = path_of(view, name)
    body = proven.read(path) if path is not None else None
    if body is None:
        return None
    with pa.ipc.open_stream(pa.py_buffer(body)) as stream:
        return stream.read_all()


def _keep(view: View, name: str, schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> None:
    path = path_of(view, name)
    if path is None:
        return
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, schema, options=options) as stream:
        stream.write_table(pa.table(arrays, schema=schema))
    proven.write(path, [sink.getvalue().to_pybytes()])
