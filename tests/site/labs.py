"""Labs to build a site of, and the sites that come out."""

from __future__ import annotations

import gzip
import struct
import zlib
from typing import TYPE_CHECKING, Any

from tests.analytics.labs import metric
from tests.store.labs import RECORD_REF, Doc, GitLab, lineage, object_doc, run_doc

from labrec.analytics.pipeline import analyze
from labrec.record.digest import Digest
from labrec.record.ids import imported_run_id
from labrec.site.publication import Places, places, publish
from labrec.store.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from labrec.site.build import BuildReport

PROJECT = "mnist"
START_MS = 1_772_366_400_000  # 2026-03-01T12:00:00Z


def run_id(number: int) -> str:
    """Return the id of the run of a number; later ones started a minute later."""
    return imported_run_id(START_MS + number * 60_000, f"run {number}", {})


def png(side: int = 4, *, extra: bytes = b"") -> bytes:
    """Return a whole PNG, with bytes after its end where asked for."""
    rows = b"".join(b"\0" + b"\x20\x60\xa0" * side for _ in range(side))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    chunks = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + extra


def artifact(name: str, data: bytes, role: str = "output", where: str = "git") -> dict[str, Any]:
    return {
        "name": name, "role": role, "sha256": Digest.of(data).hex, "size": len(data),
        "media_type": None, "where": where,
    }  # fmt: skip


def series(points: Mapping[str, Sequence[float]]) -> Doc:
    """Return a stored table of points: the place in the list is the step."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("metric", "step", "time", "value"))
    for name in sorted(points):
        for step, value in enumerate(points[name]):
            writer.writerow((name, step, step / 10, repr(float(value)).replace("nan", "NaN")))
    return object_doc(gzip.compress(out.getvalue().encode(), mtime=0))


def run(number: int, name: str, **given: Any) -> list[Doc]:
    """Return a run and its objects.

    ``metrics`` maps names to points or to one value; ``artifacts`` maps names to bytes, or to a
    pair of bytes and role; ``features`` is the tree; ``project`` is another one than the usual; the
    rest are sections.
    """
    points = {
        key: list(value) if isinstance(value, (list, tuple)) else [value]
        for key, value in given.pop("metrics", {}).items()
    }
    table = series(points)
    docs = [table] if points else []
    units = given.pop("units", {})
    values = {
        key: metric(
            found[-1], count=len(found), direction=given.get("direction", "minimize"),
            unit=units.get(key),
        )
        for key, found in points.items()
    }  # fmt: skip
    given.pop("direction", None)
    ref = {"sha256": Digest.of(table.data).hex, "size": len(table.data)} if points else None
    given.setdefault("metrics", {"minor": 0, "series": ref, "values": values})
    items = []
    for key, value in given.pop("artifacts", {}).items():
        data, role = value if isinstance(value, tuple) else (value, "output")
        docs.append(object_doc(data))
        items.append(artifact(key, data, role))
    given["artifacts"] = {"minor": 0, "items": items}
    if "features" in given:
        tree = given["features"]
        given["features"] = {
            "minor": 0, "tree": tree, "digest": str(Digest.of_value(tree)), "source": None,
            "nuisance": [], "diff": None,
        }  # fmt: skip
    project = given.pop("project", PROJECT)
    return [run_doc(project, name, run_id(number), **given), *docs]


HARDWARE = {
    "minor": 0,
    "hardware_id": str(Digest.of(b"model")),
    "machine_id": "0123456789abcdef0123",
    "machine_id_source": "machine-id",
    "tier": "small",
    "object": {"sha256": Digest.of(b"{}").hex, "size": 2},
    "fields": {"cpu_name": {"value": "Example 9000"}, "gpus": {"unavailable": "no driver"}},
    "conditions": {"governor": {"unavailable": "not provided by this system"}},
}
TELEMETRY = {
    "minor": 0,
    "object": None,
    "channels": {
        "cpu.busy": {
            "unit": "%", "sensor": "/proc/stat", "method": "share", "interval_s": 1.0,
            "coverage": 1.0, "count": 3, "min": 1.0, "mean": 50.0, "max": 99.0,
        },
        "battery.power": {"unavailable": "not provided by this system"},
    },
    "overhead": None,
}  # fmt: skip


def study() -> list[Doc]:
    """Return runs of every kind: a line of experiments, a failure, odd values, a lost parent."""
    curve = [1 / (step + 1) for step in range(30)]
    return [
        object_doc(b"{}"),
        *run(1, "1_base", metrics={"loss": curve, "accuracy": [0.5, 0.9]}, units={"loss": "nat"},
             features={"lr": 0.1, "model": {"depth": 2}}),
        *run(2, "1_base", metrics={"loss": [v * 1.1 for v in curve]}, units={"loss": "nat"},
             features={"lr": 0.1, "model": {"depth": 2}}),
        *run(3, "2_from_1_wide", metrics={"loss": [v * 0.9 for v in curve]}, units={"loss": "nat"},
             features={"lr": 0.1, "model": {"depth": 4}}, hardware=HARDWARE, telemetry=TELEMETRY,
             lineage=lineage(intent="Is wider better?", outcome="It is.",
                             parents=[{"by": "name", "name": "1",
                                       "config_digest": str(Digest.of(b"1_base"))}]),
             artifacts={"notes.txt": b"two\nlines\n", "plot.png": (png(), "figure"),
                        "page.html": b"<script>window.ran = 1</script>",
                        "drawing.svg": b"<svg onload='window.ran = 1'/>",
                        "out.log": (b"".join(b"line %d\n" % n for n in range(99)), "log")}),
        *run(4, "3_from_2_fails", lineage=lineage(parents=[{"by": "name", "name": "2"}]),
             identity={"status": "failed", "reason": "exit code 3"}),
        *run(5, "4_odd", metrics={"loss": [0.5, float("nan")], "speed": [float("inf")]}),
        *run(6, "5_from_9", metrics={"loss": 0.4},
             lineage=lineage(parents=[{"by": "name", "name": "9"}])),
    ]  # fmt: skip


def commit(lab: GitLab, files: Mapping[str, bytes | str | None]) -> None:
    """Commit files on the base branch and check them out; text is a symbolic link's target."""
    lab.commit("refs/heads/main", dict(files))
    lab.git("reset", "-q", "--hard")


def add(lab: GitLab, docs: Sequence[Doc]) -> None:
    """Add documents to the record ref."""
    lab.add(*dict.fromkeys(docs), ref=RECORD_REF)


def built(
    lab: GitLab, out: Path | None = None, *, cache: Path | None = None, **options: Any
) -> BuildReport:
    """Build the site of a lab.

    ``cache`` is a folder of what takes long to make, shared between tests.
    """
    with Lab.open(lab.path) as opened:
        where = places(opened, out)
        if cache is not None:
            where = Places(where.site, where.tables, cache)
        analyze(opened, where.tables)
        return publish(opened, opened.view(), where, **options)
