"""From one record to the rows that it gives each table. ○ No IO.

A record here is decoded and identified, and may still break its schema. What has no column of its
own is checked here; that a value is of its column's kind is found when the column is built.
"""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from labrec.analytics import tables
from labrec.analytics.calls import packed
from labrec.analytics.tables import Column
from labrec.lineage.diff import kind
from labrec.record.codec import canonical
from labrec.record.config import join_path
from labrec.record.digest import PREFIX
from labrec.record.values import as_float

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


VERSION: Final = 10
"""Goes up whenever a record would give other rows; what was kept of older ones is then unused."""

OF_RECORDS: Final = (tables.METRICS, tables.FEATURES, tables.HARDWARE, tables.TELEMETRY,
                     tables.ARTIFACTS)  # fmt: skip
"""Tables besides `tables.RUNS` whose rows each come from one record alone."""

_SHARED = frozenset({"project", "run_id", "record_digest"})
# Notes, definitions and other records have a say in them.
_LATER = frozenset({"standing", "counts"})
_DEFINED = frozenset({"value", "source", "definition"})
_FOUND_BY = Column("found_by", "text", "The definition that the run names.", optional=True)
_KINDS = {
    "number": "number", "string": "text", "boolean": "boolean", "null": "null", "list": "list",
    "tree": "tree", "$date": "tag", "$bytes": "tag", "$repr": "tag",
}  # fmt: skip
# Below and above them ECMAScript, and so RFC 8785, writes another text than Python does.
_PLAIN_LOW, _PLAIN_HIGH = 1e-4, 1e16
_TIME = re.compile(r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?Z", re.ASCII)
_THROTTLED = re.compile(r"cgroup\.throttled|gpu\d+\.throttled", re.ASCII).fullmatch
_IMPLEMENTATIONS = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalPy"}

Row = tuple[Any, ...]
T = TypeVar("T")


class Extracted(NamedTuple):
    """The rows of one record.

    Attributes:
        run: Values of `RUN_COLUMNS`.
        packed: What the second stage asks for, each as JSON text: the parents as the record names
            them, the features, the linked hypotheses, the setup, the state, facts and conditions of
            the machine, the telemetry, the counterfactual calls, and the datasets (see `run.Run`
            and `seen.Seen`).
        rows: Rows of each of `OF_RECORDS` by name, in the order of the table's key; values of
            `own_columns`.
    """

    run: Row
    packed: tuple[str, ...]
    rows: dict[str, list[Row]]


def own_columns(table: tables.Table) -> tuple[Column, ...]:
    """Return the columns of a table of `OF_RECORDS` that differ between the rows of a record.

    Of the metrics also ``found_by``, the definition that the run names, which is no column of the
    table.
    """
    if table is not tables.METRICS:
        return tuple(c for c in table.columns if c.name not in _SHARED | _LATER)
    later = _SHARED | _LATER | _DEFINED
    return (*(c for c in table.columns if c.name not in later), _FOUND_BY)


RUN_COLUMNS: Final = tuple(
    column
    for column in tables.RUNS.columns
    if column.name not in {"project", "renamed_from", "standing", "notes", "conflicts"}
)
"""Columns of `tables.RUNS` that one record decides."""


def extract(record: dict[str, Any], path: str, digest: str) -> Extracted:
    """Return the rows of a record.

    Args:
        record: As `record.version.identified_run` returns it.
        path: Where it lies in the lab.
        digest: ``sha256:…`` of its bytes.

    Raises:
        AttributeError, KeyError, TypeError, ValueError, InvalidError: It breaks its schema.
    """
    lineage = _section(record, "lineage")
    parents = [
        {name: _text(parent.get(name)) for name in ("by", "name", "run_id", "config_digest")}
        for parent in lineage.get("parents", [])
    ]
    tree = _section(record, "features").get("tree", {})
    features = _json(tree)
    hardware = _section(record, "hardware")
    fields, conditions, facts = _alike("hardware", _json(hardware), lambda: _machine_rows(hardware))
    return Extracted(
        tuple(_run(record, path, digest).values()),
        (
            json.dumps(parents),
            features,
            json.dumps(list(_links(lineage))),
            _json(_setup(record)),
            _json(_state(record)),
            fields,
            conditions,
            _json(_channels(_section(record, "telemetry"))),
            packed(_section(record, "counterfactuals").get("calls", [])),
            _json(list(_used(_section(record, "datasets")))),
        ),
        {
            "metrics": list(_metrics(_section(record, "metrics"))),
            "features": _alike("features", features, lambda: sorted(_features(tree))),
            "hardware": facts,
            "telemetry": list(_telemetry(_section(record, "telemetry"))),
            "artifacts": sorted(map(_artifact, _section(record, "artifacts").get("items", []))),
        },
    )


_json = json.JSONEncoder(ensure_ascii=False).encode
_ALIKE: dict[tuple[str, str], Any] = {}
_MOST_ALIKE = 4096  # texts


def _alike(section: str, text: str, make: Callable[[], T]) -> T:
    """Return what is made of a section, once for all records in which it has the same text."""
    found: T | None = _ALIKE.get((section, text))
    if found is None:
        found = make()
        if len(_ALIKE) >= _MOST_ALIKE:
            _ALIKE.clear()
        _ALIKE[section, text] = found
    return found


# --- runs -------------------------------------------------------------------------------------


def _run(record: dict[str, Any], path: str, digest: str) -> dict[str, Any]:
    """Return one row of the runs, in the order of `RUN_COLUMNS`."""
    identity, lineage = record["identity"], _section(record, "lineage")
    code, environment = _section(record, "code"), _section(record, "environment")
    times, tool = identity.get("times", {}), identity["tool"]
    hardware = _section(record, "hardware")
    series = _section(record, "metrics").get("series")
    return {
        "run_id": identity["run_id"],
        "name": identity["name"],
        "status": identity["status"],
        "reason": identity.get("reason"),
        "experiment": identity["config_digest"],
        "started": _time(times.get("started")),
        "ended": _time(times.get("ended")),
        "duration_s": as_float(times.get("duration_s")),
        "seeds": _seeds(_section(record, "determinism")),
        "tags": _texts(identity.get("tags", [])),
        "author": (identity.get("author") or {}).get("name"),
        "intent": lineage.get("intent"),
        "outcome": lineage.get("outcome"),
        "hypotheses": _texts(
            [link["slug"] for link in lineage.get("hypotheses", []) if link["linked"] == "start"]
        ),
        "continues": lineage.get("continues"),
        "reproduces": lineage.get("reproduces"),
        "fulfils": identity.get("fulfils"),
        "code_digest": code.get("digest"),
        "code_commit": code.get("commit"),
        "code_dirty": code.get("dirty"),
        "features_digest": _section(record, "features").get("digest"),
        "environment_digest": environment.get("digest"),
        "interpreter": _interpreter(environment.get("interpreter")),
        "hardware_id": hardware.get("hardware_id"),
        "machine_id": hardware.get("machine_id"),
        "tier": hardware.get("tier"),
        **_machine(hardware.get("fields", {})),
        "tool": f"{tool['name']} {tool['version']}",
        "datasets": [_dataset(item) for item in _section(record, "datasets").get("items", [])],
        "artifacts": len(_section(record, "artifacts").get("items", [])),
        "capture_events": sum(
            _integer(event.get("count", 1)) or 0
            for event in _section(record, "capture").get("events", [])
        ),
        "series_digest": PREFIX + series["sha256"] if series else None,
        "origin_order": (identity.get("origin") or {}).get("order"),
        "path": path,
        "record_digest": digest,
    }


def _section(record: dict[str, Any], name: str) -> dict[str, Any]:
    found = record.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise TypeError(f"section {name} is no object")
    return found


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    if _TIME.fullmatch(text) is None:
        raise ValueError(f"not a time: {text!a:.60}")
    return datetime.fromisoformat(text)


def _seeds(determinism: dict[str, Any]) -> str | None:
    seeds = determinism.get("seeds", {})
    _texts([*seeds.values()])
    return text_of(seeds) if seeds else None


def _interpreter(found: dict[str, Any] | None) -> str | None:
    if found is None:
        return None
    implementation = found["implementation"]
    return f"{_IMPLEMENTATIONS.get(implementation, implementation)} {found['version']}"


def _machine(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that stand for a few facts, whose values may be anything."""
    cpu, memory, gpus = (fields.get(n, {}).get("value") for n in ("cpu_name", "memory", "gpus"))
    names = [
        gpu["name"]
        for gpu in (gpus if isinstance(gpus, list) else [])
        if isinstance(gpu, dict) and isinstance(gpu.get("name"), str)
    ]
    return {
        "cpu_model": cpu if isinstance(cpu, str) else None,
        "gpu_model": ", ".join(sorted(names)) or None,
        "memory_bytes": memory if type(memory) is int else None,
    }


def _dataset(item: dict[str, Any]) -> str:
    which = item.get("version") or item.get("digest")
    return f"{item['name']}@{which}" if which else str(item["name"])


# --- the other tables -------------------------------------------------------------------------


def _metrics(section: dict[str, Any]) -> Iterator[Row]:
    for name, summary in sorted(section.get("values", {}).items()):
        yield (
            name,
            as_float(summary["last"]),
            as_float(summary.get("best")),
            as_float(summary["mean"]),
            as_float(summary["min"]),
            as_float(summary["max"]),
            _integer(summary["count"]),
            summary.get("unit"),
            summary.get("direction"),
            _text(summary.get("definition")),
        )


def _features(tree: Any, way: str = "") -> Iterator[Row]:
    for key, value in tree.items():
        path = f"{way}{join_path((key,))}"
        found = kind(value)
        if found == "tree" and value:
            yield from _features(value, f"{path}.")
        else:
            as_number = as_float(value) if found == "number" else None
            yield path, text_of(value), as_number, _KINDS[found]


def _machine_rows(section: dict[str, Any]) -> tuple[str, str, list[Row]]:
    """Return fields and conditions that have a value, as JSON text, and the rows of all of them."""
    fields, conditions = (_json(_values(section.get(n, {}))) for n in ("fields", "conditions"))
    return fields, conditions, list(_hardware(section))


def _hardware(section: dict[str, Any]) -> Iterator[Row]:
    if not section:
        return
    machine = section["hardware_id"], section.get("machine_id"), section["tier"]
    for place, called in (("conditions", "condition"), ("fields", "field")):
        for name, fact in sorted(section.get(place, {}).items()):
            yield *machine, name, called, *_value(fact), fact.get("unit"), fact.get("unavailable")


def _value(fact: dict[str, Any]) -> tuple[str | None, float | None]:
    """Return the value of a fact as text, and as a number where it is one."""
    value = fact.get("value")
    if isinstance(value, str):
        return value, None
    if "value" not in fact:
        return None, None
    return text_of(value), as_float(value) if kind(value) == "number" else None


def _telemetry(section: dict[str, Any]) -> Iterator[Row]:
    for name, channel in sorted(section.get("channels", {}).items()):
        yield (
            name,
            channel.get("unit"),
            channel.get("sensor"),
            channel.get("method"),
            as_float(channel.get("interval_s")),
            as_float(channel.get("coverage")),
            _integer(channel.get("count")),
            as_float(channel.get("min")),
            as_float(channel.get("mean")),
            as_float(channel.get("max")),
            as_float(channel.get("last")),
            channel.get("unavailable"),
        )


# --- packed -----------------------------------------------------------------------------------


def _links(lineage: dict[str, Any]) -> Iterator[list[str]]:
    for link in lineage.get("hypotheses", []):
        said = [link["slug"], link["registration"], link["linked"]]
        published = link.get("published")
        yield _texts(said if published is None else [*said, published])


def _used(section: dict[str, Any]) -> Iterator[list[str | None]]:
    """Yield name, version and digest of each dataset, those of two roles once."""
    told = set()
    for item in section.get("items", []):
        found = tuple(_text(item.get(name)) for name in ("name", "version", "digest"))
        if found not in told:
            told.add(found)
            yield [*found]


def _setup(record: dict[str, Any]) -> dict[str, Any]:
    """Return what a run was given besides its features (see `Run.setup`)."""
    items = _section(record, "artifacts").get("items", [])
    found = {
        "inputs": sorted(_texts([item["sha256"] for item in items if item["role"] == "input"])),
        "nuisance": _texts(_section(record, "features").get("nuisance", [])),
        "flags": _section(record, "determinism").get("flags", {}),
        "entry": _text(_section(record, "command").get("entry")),
    }
    _texts([*found["flags"].values()])
    return {name: value for name, value in found.items() if value}


def _state(record: dict[str, Any]) -> dict[str, Any]:
    """Return what state the machine was in while a run lasted, as far as it is known.

    Whether processor or GPU were held back at any time is sampled; the condition *throttled* of a
    record counts since the machine started, and says nothing of a run.
    """
    channels = _section(record, "telemetry").get("channels", {})
    held = [as_float(channel.get("max")) for name, channel in channels.items() if _THROTTLED(name)]
    known = [value for value in held if value is not None and math.isfinite(value)]
    power = _section(record, "hardware").get("conditions", {}).get("power_source", {}).get("value")
    pressure = as_float(channels.get("pressure.memory", {}).get("mean"))
    found = {
        "memory_pressure": pressure if pressure is None or math.isfinite(pressure) else None,
        "power_source": power if isinstance(power, str) else None,
        "throttled": max(known) > 0 if known else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _values(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: fact["value"] for name, fact in facts.items() if "value" in fact}


def _channels(section: dict[str, Any]) -> dict[str, dict[str, Any]]:
    wanted = ("unit", "mean", "max", "last")
    return {
        name: {key: channel[key] for key in wanted if channel.get(key) is not None}
        for name, channel in section.get("channels", {}).items()
        if channel.get("unavailable") is None
    }


def _artifact(item: dict[str, Any]) -> Row:
    return (
        item["name"],
        item["role"],
        item["sha256"],
        _integer(item["size"]),
        item.get("media_type"),
        item["where"] == "git",
    )


# --- values -----------------------------------------------------------------------------------


def _integer(value: Any) -> int | None:
    if value is not None and type(value) is not int:
        raise TypeError(f"not an integer: {type(value).__name__}")
    return value


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"not a text: {type(value).__name__}")
    return value


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError("not a list of text")
    return value


def text_of(value: Any) -> str:
    """Return the RFC 8785 form of a stored value as text."""
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{','.join(map(text_of, value))}]"
    if isinstance(value, dict) and all(map(str.isascii, value)):
        pairs = (f"{encode_basestring(key)}:{text_of(value[key])}" for key in sorted(value))
        return f"{{{','.join(pairs)}}}"
    if isinstance(value, float) and (
        _PLAIN_LOW <= abs(value) < _PLAIN_HIGH and not value.is_integer()
    ):
        return repr(value)
    return canonical(value).decode()  # beyond ASCII keys are sorted by UTF-16, in ECMAScript's way
