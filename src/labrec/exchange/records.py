"""From outlines to records: parents and ids put in, secrets taken out, written as bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.capture.assembly import bounds
from labrec.capture.assembly.series import SeriesTable
from labrec.capture.captured import NewObject, event
from labrec.capture.secrets.guard import guard
from labrec.errors import InvalidError
from labrec.exchange.machines import Machines
from labrec.record.codec import encode
from labrec.record.config import config_digest
from labrec.record.digest import Digest
from labrec.record.fit import fit, fit_dataset
from labrec.record.ids import imported_run_id
from labrec.record.layout import run_path

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from labrec.exchange.kin import Parent
    from labrec.exchange.outlines import Outline, Points

Record = dict[str, Any]

_LARGE = 128 << 10  # characters below which a record surely has room in a document
_OF_THE_WRITER = ("run_id", "tool")  # of the identity: not what the row says


class Written(NamedTuple):
    """A record as it goes into a lab.

    Attributes:
        project: Its project.
        run_id: Its id.
        key: What names it where it comes from.
        line: Line of its row.
        name: Its name.
        config_digest: Its experiment.
        path: Where it goes.
        data: Its bytes.
        objects: What it refers to.
        redacted: How many secrets were taken out.
    """

    project: str
    run_id: str
    key: str
    line: int
    name: str
    config_digest: str
    path: str
    data: bytes
    objects: tuple[NewObject, ...]
    redacted: int

    @property
    def digest(self) -> Digest:
        """The digest of its bytes."""
        return Digest.of(self.data)


class Writer:
    """Makes the records of one import.

    Args:
        allow: Fingerprints of strings that are no secrets.
        folder: Where a series goes that is too large for memory.
    """

    def __init__(self, allow: Collection[str], folder: Path) -> None:
        self._allow = allow
        self._folder = folder
        self._machines = Machines(allow)
        self._checked: set[str] = set()

    def write(
        self, outline: Outline, parents: Sequence[Parent], written: Mapping[str, Written]
    ) -> Written:
        """Make the record of an outline. The same outline and parents give the same bytes.

        Args:
            outline: The outline; used up.
            parents: Its parents.
            written: The records of the rows before it, by key: among them its parents.

        Raises:
            InvalidError: It does not fit into a record.
            SecretError: Something it refers to holds a secret.
        """
        record, objects, events = outline.record, [], list(outline.events)
        record["lineage"]["parents"] = [_parent(one, written) for one in parents]
        if outline.facts:
            machine = self._machines.of(outline.facts)
            record["hardware"] = machine.section | {"conditions": outline.conditions}
            objects.append(machine.document)
        if outline.series:
            objects.append(self._series(record, outline.series))
        changes = fit(record)
        for item in record["datasets"]["items"]:
            fit_dataset(item, changes)
        events += [event("unmappable", what, why) for what, why in changes]
        if len(json.dumps(record)) > _LARGE:
            bounds.enforce(record, events)
        record["capture"] = {"minor": 0, "events": bounds.merged(events)}
        cleaned, _, found = guard(record, self._unchecked(objects), "refuse", self._allow)
        self._checked |= {one.sha256 for one in objects}
        return _finished(outline, cleaned, tuple(objects), len(found))

    def _unchecked(self, objects: list[NewObject]) -> list[NewObject]:
        """Return the objects that were not searched before: most rows share their machine."""
        return [one for one in objects if one.sha256 not in self._checked]

    def _series(self, record: Record, series: Sequence[Points]) -> NewObject:
        """Put the summaries of the series into a record and return their object."""
        values = record["metrics"]["values"]
        with SeriesTable(0.0) as table:
            for number, one in enumerate(series):
                rows = zip(one.steps, one.times, one.values, strict=True)
                table.gather(
                    ((step, at, value, number) for step, at, value in rows), {number: one.name}
                )
            single = {name: told for name, told in values.items() if "last" in told}
            for number, (name, told) in enumerate(single.items()):
                value = told["last"]
                if isinstance(value, dict):
                    value = float(value["$float"])
                table.gather([(0, 0.0, value, number)], {number: name})
            stored, summaries = table.write(self._folder)
        if stored is None:  # a series has a point, or it would not be here
            raise InvalidError("a series without points")
        for one in series:
            values[one.name] |= summaries[one.name].stored(values[one.name]["direction"])
        record["metrics"]["series"] = stored.ref
        return stored


def _parent(parent: Parent, written: Mapping[str, Written]) -> Record:
    found = written.get(parent.key) if parent.key is not None else None
    if found is None:
        return {"by": "option", "name": parent.called, "run_id": None, "config_digest": None}
    return {
        "by": "option",
        "name": found.name,
        "run_id": found.run_id,
        "config_digest": found.config_digest,
    }


def _finished(
    outline: Outline, record: Record, objects: tuple[NewObject, ...], redacted: int
) -> Written:
    """Put the digests and the id into a record: they are of what is stored, secrets taken out."""
    identity, features = record["identity"], record["features"]
    origin = identity["origin"]
    if origin != outline.record["identity"]["origin"]:
        raise InvalidError("its key or the map's source holds a secret")
    features["digest"] = str(Digest.of_value(features["tree"]))
    digests = [item["digest"] for item in record["datasets"]["items"] if item["digest"]]
    identity["config_digest"] = str(
        config_digest(
            identity["project"], features["tree"], features["nuisance"], None, digests, []
        )
    )
    run_id = imported_run_id(outline.started_ms, origin_key(origin), mapped_payload(record))
    identity["run_id"] = run_id
    data = encode(record)
    return Written(
        project=identity["project"],
        run_id=run_id,
        key=outline.key,
        line=outline.line,
        name=identity["name"],
        config_digest=identity["config_digest"],
        path=run_path(identity["project"], run_id, Digest.of(data)),
        data=data,
        objects=objects,
        redacted=redacted,
    )


def origin_key(origin: Mapping[str, str]) -> str:
    """Return the origin key of an imported run (docs/format.md, "Identities")."""
    return f"{origin['source']}\n{origin['key']}"


def mapped_payload(record: Record) -> Record:
    """Return the part of a record that is what its row says (docs/format.md, "Identities")."""
    payload = {
        name: {key: value for key, value in section.items() if key != "minor"}
        for name, section in record.items()
        if name != "schema"
    }
    for key in _OF_THE_WRITER:
        payload["identity"].pop(key, None)
    return payload
