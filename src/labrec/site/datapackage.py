"""``datapackage.json``: the published tables as a data package, for tools that read one. Pure.

After Data Package 2.0 (https://datapackage.org): one resource a file, with its digest and the
schema of its columns. The units and the meaning of a column stand in its description.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from labrec._version import __version__
from labrec.record.layout import slug_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from labrec.analytics.tables import Column, Table
    from labrec.citation import Lab, Work

NAME: Final = "datapackage.json"

_TYPES: Final = {
    "text": "string", "integer": "integer", "number": "number", "boolean": "boolean",
    "time": "datetime", "texts": "array",
}  # fmt: skip
_MEDIA: Final = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


def package(
    lab: Lab, work: Work | None, view_id: str, tables: Iterable[tuple[Table, Mapping[str, Any]]]
) -> bytes:
    """Return the document.

    Args:
        lab: What the lab says about itself.
        work: The lab as it is cited; None where it has no run.
        view_id: The view that the tables were made from.
        tables: Each table with its published files: names beside the document, and bytes or paths.
    """
    document: dict[str, Any] = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": slug_of(lab.title),
        "title": lab.title,
        "homepage": lab.url,
        "version": view_id,
        "created": f"{work.issued:%Y-%m-%d}T00:00:00Z" if work is not None else "",
        "contributors": [
            {"title": one.name, "roles": ["creator"]} for one in (work.authors if work else ())
        ],
        "sources": [{"title": f"labrec {__version__}, view {view_id}"}],
    }
    resources = [
        _resource(table, name, data)
        for table, files in tables
        for name, data in sorted(files.items())
    ]
    kept = {name: value for name, value in document.items() if value}
    # a line a resource: indented throughout it takes longer to write than the page beside it
    head = json.dumps(kept, ensure_ascii=False, indent=1).removesuffix("\n}")
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in resources)
    return f'{head},\n "resources": [\n{lines}\n]}}\n'.encode()


def _resource(table: Table, name: str, data: bytes | Path) -> dict[str, Any]:
    ending = name.rpartition(".")[2]
    digest, size = _digest(data)
    return {
        "name": name.replace("_", "-").lower(),
        "path": name,
        "title": table.name,
        "description": f"A row is {table.row}.",
        "format": ending,
        "mediatype": _MEDIA[ending],
        "encoding": "utf-8",
        "bytes": size,
        "hash": f"sha256:{digest}",
        "schema": {
            "fields": [_field(column, ending) for column in table.columns],
            "primaryKey": list(table.key),
            "missingValues": [""],
        },
    }


def _field(column: Column, ending: str) -> dict[str, Any]:
    # in CSV a list is one text, its items joined
    kind = "string" if column.kind == "texts" and ending == "csv" else _TYPES[column.kind]
    unit = f" Unit: {column.unit}." if column.unit else ""
    field: dict[str, Any] = {
        "name": column.name,
        "type": kind,
        "description": column.meaning.rstrip(".") + "." + unit,
    }
    if not column.optional and not (column.kind in {"text", "texts"} and ending == "csv"):
        # of a text, CSV cannot tell one that is empty from one that is missing
        field["constraints"] = {"required": True}
    return field


def _digest(data: bytes | Path) -> tuple[str, int]:
    if isinstance(data, bytes):
        return hashlib.sha256(data).hexdigest(), len(data)
    with data.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), data.stat().st_size
