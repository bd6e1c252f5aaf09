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
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.analytics import tables
from labrec.analytics.calls import packed
from labrec.analytics.tables import Column
from labrec.lineage.diff import kind
from labrec.record.codec import canonical
from labrec.record.config import join_path
from labrec.record.digest import PREFIX
from labrec.record.sections import Sections
from labrec.record.values import as_float

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


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

_in_order = itemgetter(*(column.name for column in RUN_COLUMNS))
_READ = (
    "lineage", "features", "hardware", "determinism", "code", "environment", "datasets",
    "artifacts", "capture", "metrics", "command", "telemetry", "counterfactuals",
)  # fmt: skip


def extract(record: dict[str, Any], path: str, digest: str) -> Extracted:
    """Return the rows of a record.

    What is made of a section is made once for all records that share it (see `Sections`).

    Args:
        record: As `record.version.identified_run` returns it.
        path: Where it lies in the lab.
        digest: ``sha256:…`` of its bytes.

    Raises:
        AttributeError, KeyError, TypeError, ValueError, InvalidError: It breaks its schema.
    """
    sections = record if isinstance(record, Sections) else Sections(record)
    for name in _READ:
        found = sections.get(name)
        if found is not None and not isinstance(found, dict):
            raise TypeError(f"section {name} is no object")
    once = sections.once
    parents, links = once("lineage", _kin)
    features, fields_of_features = once("features", _tree)
    fields, conditions, facts = once("hardware", _machine_rows)
    run: dict[str, Any] = {"path": path, "record_digest": digest}
    for name, columns in _COLUMNS.items():
        run |= once(name, columns)
    return Extracted(
        _in_order(run),
        (
            parents,
            features,
            links,
            _joined(once(name, said) for name, said in _SETUP),
            _joined(_state(sections)),
            fields,
            conditions,
            once("telemetry", _channels),
            once("counterfactuals", _calls),
            once("datasets", _used),
        ),
        {
            "metrics": once("metrics", _metrics),
            "features": fields_of_features,
            "hardware": facts,
            "telemetry": once("telemetry", _telemetry),
            "artifacts": once("artifacts", _artifacts),
        },
    )


_json = json.JSONEncoder(ensure_ascii=False).encode


# --- runs -------------------------------------------------------------------------------------


def _identity(identity: dict[str, Any]) -> dict[str, Any]:
    times, tool = identity.get("times", {}), identity["tool"]
    return {
        "run_id": identity["run_id"],
        "name": identity["name"],
        "status": identity["status"],
        "reason": identity.get("reason"),
        "experiment": identity["config_digest"],
        "started": _time(times.get("started")),
        "ended": _time(times.get("ended")),
        "duration_s": as_float(times.get("duration_s")),
        "tags": _texts(identity.get("tags", [])),
        "author": (identity.get("author") or {}).get("name"),
        "fulfils": identity.get("fulfils"),
        "tool": f"{tool['name']} {tool['version']}",
        "origin_order": (identity.get("origin") or {}).get("order"),
    }


def _determinism(determinism: dict[str, Any]) -> dict[str, Any]:
    seeds = determinism.get("seeds", {})
    _texts([*seeds.values()])
    return {"seeds": text_of(seeds) if seeds else None}


def _lineage(lineage: dict[str, Any]) -> dict[str, Any]:
    links = lineage.get("hypotheses", [])
    return {
        "intent": lineage.get("intent"),
        "outcome": lineage.get("outcome"),
        "hypotheses": _texts([link["slug"] for link in links if link["linked"] == "start"]),
        "continues": lineage.get("continues"),
        "reproduces": lineage.get("reproduces"),
    }


def _code(code: dict[str, Any]) -> dict[str, Any]:
    return {f"code_{name}": code.get(name) for name in ("digest", "commit", "dirty")}


def _environment(environment: dict[str, Any]) -> dict[str, Any]:
    found = environment.get("interpreter")
    interpreter = None
    if found is not None:
        implementation = found["implementation"]
        implementation = _IMPLEMENTATIONS.get(implementation, implementation)
        interpreter = f"{implementation} {found['version']}"
    return {"environment_digest": environment.get("digest"), "interpreter": interpreter}


def _hardware_of(hardware: dict[str, Any]) -> dict[str, Any]:
    machine = {name: hardware.get(name) for name in ("hardware_id", "machine_id", "tier")}
    return machine | _machine(hardware.get("fields", {}))


def _events(capture: dict[str, Any]) -> dict[str, Any]:
    counts = (_integer(event.get("count", 1)) or 0 for event in capture.get("events", []))
    return {"capture_events": sum(counts)}


def _series(metrics: dict[str, Any]) -> dict[str, Any]:
    series = metrics.get("series")
    return {"series_digest": PREFIX + series["sha256"] if series else None}


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    if _TIME.fullmatch(text) is None:
        raise ValueError(f"not a time: {text!a:.60}")
    return datetime.fromisoformat(text)


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


def _datasets(section: dict[str, Any]) -> dict[str, Any]:
    return {"datasets": [_dataset(item) for item in section.get("items", [])]}


def _dataset(item: dict[str, Any]) -> str:
    which = item.get("version") or item.get("digest")
    return f"{item['name']}@{which}" if which else str(item["name"])


_COLUMNS: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "identity": _identity,
    "determinism": _determinism,
    "lineage": _lineage,
    "code": _code,
    "features": lambda features: {"features_digest": features.get("digest")},
    "environment": _environment,
    "hardware": _hardware_of,
    "datasets": _datasets,
    "artifacts": lambda artifacts: {"artifacts": len(artifacts.get("items", []))},
    "capture": _events,
    "metrics": _series,
}
"""What each section says of its run: columns of `RUN_COLUMNS` by name."""


# --- the other tables -------------------------------------------------------------------------


def _metrics(section: dict[str, Any]) -> list[Row]:
    return [
        (
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
        for name, summary in sorted(section.get("values", {}).items())
    ]


def _tree(section: dict[str, Any]) -> tuple[str, list[Row]]:
    """Return the features as JSON text, and their rows."""
    tree = section.get("tree", {})
    return _json(tree), sorted(_features(tree))


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


def _telemetry(section: dict[str, Any]) -> list[Row]:
    return [
        (
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
        for name, channel in sorted(section.get("channels", {}).items())
    ]


def _artifacts(section: dict[str, Any]) -> list[Row]:
    return sorted(map(_artifact, section.get("items", [])))


def _artifact(item: dict[str, Any]) -> Row:
    return (
        item["name"],
        item["role"],
        item["sha256"],
        _integer(item["size"]),
        item.get("media_type"),
        item["where"] == "git",
    )


# --- packed -----------------------------------------------------------------------------------


def _kin(lineage: dict[str, Any]) -> tuple[str, str]:
    """Return the parents that a record names, and the hypotheses that it links, as JSON text."""
    parents = [
        {name: _text(parent.get(name)) for name in ("by", "name", "run_id", "config_digest")}
        for parent in lineage.get("parents", [])
    ]
    return json.dumps(parents), json.dumps(list(_links(lineage)))


def _links(lineage: dict[str, Any]) -> Iterator[list[str]]:
    for link in lineage.get("hypotheses", []):
        said = [link["slug"], link["registration"], link["linked"]]
        published = link.get("published")
        yield _texts(said if published is None else [*said, published])


def _used(section: dict[str, Any]) -> str:
    """Return name, version and digest of each dataset, those of two roles once, as JSON text."""
    items = section.get("items", [])
    names = ("name", "version", "digest")
    told = (tuple(_text(item.get(name)) for name in names) for item in items)
    return _json(list(dict.fromkeys(told)))


def _calls(section: dict[str, Any]) -> str:
    return packed(section.get("calls", []))


def _joined(members: Iterable[str]) -> str:
    """Return the JSON text of an object from those of its members that there are."""
    return f"{{{', '.join(filter(None, members))}}}"


def _said(name: str, value: Any) -> str:
    """Return the JSON text of a member; "" where it has no value."""
    return f'"{name}": {_json(value)}' if value else ""


def _inputs(section: dict[str, Any]) -> str:
    items = section.get("items", [])
    return _said("inputs", sorted(_texts([i["sha256"] for i in items if i["role"] == "input"])))


def _nuisance(section: dict[str, Any]) -> str:
    return _said("nuisance", _texts(section.get("nuisance", [])))


def _flags(section: dict[str, Any]) -> str:
    flags = section.get("flags", {})
    _texts([*flags.values()])
    return _said("flags", flags)


def _entry(section: dict[str, Any]) -> str:
    return _said("entry", _text(section.get("entry")))


_SETUP: Final[tuple[tuple[str, Callable[[dict[str, Any]], str]], ...]] = (
    ("artifacts", _inputs), ("features", _nuisance), ("determinism", _flags), ("command", _entry),
)  # fmt: skip
"""What a run was given besides its features (see `Run.setup`)."""


def _state(sections: Sections) -> tuple[str, ...]:
    """Return what state the machine was in while a run lasted, as far as it is known.

    Whether processor or GPU were held back at any time is sampled; the condition *throttled* of a
    record counts since the machine started, and says nothing of a run.
    """
    pressure, throttled = sections.once("telemetry", _strain)
    return pressure, sections.once("hardware", _power), throttled


def _strain(section: dict[str, Any]) -> tuple[str, str]:
    channels = section.get("channels", {})
    held = [as_float(channel.get("max")) for name, channel in channels.items() if _THROTTLED(name)]
    known = [value for value in held if value is not None and math.isfinite(value)]
    pressure = as_float(channels.get("pressure.memory", {}).get("mean"))
    finite = pressure is not None and math.isfinite(pressure)
    return (
        f'"memory_pressure": {_json(pressure)}' if finite else "",
        f'"throttled": {_json(max(known) > 0)}' if known else "",
    )


def _power(section: dict[str, Any]) -> str:
    power = section.get("conditions", {}).get("power_source", {}).get("value")
    return f'"power_source": {_json(power)}' if isinstance(power, str) else ""


def _values(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: fact["value"] for name, fact in facts.items() if "value" in fact}


def _channels(section: dict[str, Any]) -> str:
    wanted = ("unit", "mean", "max", "last")
    found = {
        name: {key: channel[key] for key in wanted if channel.get(key) is not None}
        for name, channel in section.get("channels", {}).items()
        if channel.get("unavailable") is None
    }
    return _json(found)


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
