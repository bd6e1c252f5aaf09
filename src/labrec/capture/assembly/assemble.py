"""From a spool's bytes to a record and its objects: a pure function, so committing is repeatable.

The same spool gives the same bytes, today and on another machine. Nothing is asked of the clock,
the host or the lab.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from labrec.capture.assembly import bounds, counterfactuals
from labrec.capture.assembly.channels import telemetry, without_chance
from labrec.capture.assembly.series import SeriesTable
from labrec.capture.captured import NewObject, event
from labrec.capture.plan import JOINED_FEATURES
from labrec.capture.spool.durability import FILES
from labrec.capture.spool.frames import REGION, Damage, Frame, Kind
from labrec.errors import InvalidError, StorageError
from labrec.record.fit import fit, fit_dataset

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from pathlib import Path

    from labrec.capture.spool.reader import JournalReader, SpoolReader

Record = dict[str, Any]
Event = dict[str, Any]

MORE = "labrec/artifacts-more.json"  # artifact that lists those a record has no room for
LOG_SIDE = 4 << 20  # bytes kept of the beginning, and of the end, of a long log
_REASONS = {
    "killed": "killed: the recorder's process ended without closing the run",
    "restart": "power cut or restart: the machine was started again before the run was closed",
}


class Assembled(NamedTuple):
    """What a spool became.

    Attributes:
        record: The Research Record, in the form `record.codec.encode` writes.
        objects: What it refers to and the spool holds.
        expected: sha256 of what it refers to and the lab said it held when the run started.
    """

    record: Record
    objects: list[NewObject]
    expected: frozenset[str]


def assemble(
    reader: SpoolReader,
    *,
    unfinished: Literal["killed", "restart"] | None = None,
    gone: Container[str] = (),
) -> Assembled:
    """Turn a spool into a record.

    Args:
        reader: The open spool.
        unfinished: Why a run that never said how it ended did not; ``killed`` when left out.
        gone: sha256 of objects that the lab held when the run started and does no more; sections
            that need them are lost, and said to be.

    Raises:
        StorageError: The spool cannot be read, or an object made of it cannot be written.
        InvalidError: It is no spool that this version understands.
    """
    try:
        return _Assembly(reader, unfinished or "killed", gone).run()
    except OSError as error:
        raise StorageError(
            f"the spool of run {reader.run_id} cannot be read: {error.strerror or error}",
            hint="Free space or repair the disk; the spool is kept as it is.",
            paths=[reader.path],
            kept="the spool",
        ) from error
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise InvalidError(
            f"the spool of run {reader.run_id} does not follow its format ({error!r})",
            hint="Keep it and report this; `labrec discard` removes it.",
            paths=[reader.path],
            kept="the spool",
        ) from error


class _Assembly:
    """The one pass over a spool; every method adds to ``events`` and ``objects``."""

    def __init__(self, reader: SpoolReader, unfinished: str, gone: Container[str]) -> None:
        self.reader = reader
        self.plan = reader.plan
        self.end = reader.end
        self.unfinished = unfinished
        self.started = float(reader.start["monotonic"])
        self.ended = float(self.end["monotonic"]) if self.end else None
        self.events: list[Event] = []
        self.objects: dict[str, NewObject] = {}
        self.expected: set[str] = set()
        self.gone = gone
        self.kept = self._kept()
        self.sections = list(reader.documents(Kind.SECTION))
        self.told = {str(told["name"]): told for told in self.sections}  # the latest of each

    def run(self) -> Assembled:
        self._damage()
        features = self._features()
        code = self._section("code") or {"minor": 0, **_no_code("not captured")}
        datasets = self._datasets()
        command = self._command()
        record: Record = {"schema": "labrec.run/1.0"}
        record["identity"] = self._identity(features, code, datasets, command)
        record["lineage"] = self._lineage()
        record["command"] = command
        record["features"] = features
        record["code"] = code
        for name in ("environment", "hardware"):
            section = self._section(name)
            if section is not None:
                record[name] = section
        record["determinism"] = self._determinism()
        measured, stored = telemetry(self.reader, self.ended, self._files, self.events)
        if measured is not None:
            record["telemetry"] = measured
        self._add(stored)
        record["metrics"] = self._metrics()
        asked, cells = counterfactuals.gather(self.reader.journals, self.events)
        if asked is not None:
            record |= {"schema": "labrec.run/1.1", "counterfactuals": asked}
        self._add(cells)
        record["artifacts"] = {"minor": 0, "items": self._artifacts()}
        record["datasets"] = datasets
        for journal in without_chance(self.reader):
            self.events += _latest(journal.documents(Kind.REMARK))
        record = bounds.storable(record)  # a copy: what the spool says stays as it is
        self.events += [event("unmappable", what, why) for what, why in fit(record)]
        bounds.enforce(record, self.events)
        record["capture"] = bounds.storable({"minor": 0, "events": bounds.merged(self.events)})
        return Assembled(record, list(self.objects.values()),
                         frozenset(self.expected))  # fmt: skip

    @property
    def _files(self) -> Path:
        return self.reader.path / FILES

    def _kept(self) -> dict[str, NewObject]:
        """Return the objects that the spool holds, by sha256."""
        kept: dict[str, NewObject] = {}
        for journal in self.reader.journals:
            for frame in journal.frames():
                if isinstance(frame, Frame) and frame.kind == Kind.OBJECT:
                    payload = journal.payload(frame)
                    kept[payload[:32].hex()] = NewObject(
                        payload[:32].hex(), len(payload) - 32, payload[32:]
                    )
        for sha256, path in self.reader.files().items():
            kept[sha256] = NewObject(sha256, path.stat().st_size, path)
        return kept

    def _damage(self) -> None:
        for name, why in self.reader.unreadable.items():
            self.events.append(event("lost", f"journal {name}", why))
        for journal in self.reader.journals:
            for frame in journal.frames():
                if isinstance(frame, Damage):
                    what = f"{frame.length} bytes of journal {journal.writer}"
                    self.events.append(event("lost", what, "damaged on disk"))
        if self.end is None:
            self.events.append(event("recovered", "run", _REASONS[self.unfinished]))

    def _refer(self, sha256: str, size: int, *, known: bool = False) -> bool:
        """Take an object into the record; False where its bytes are not there."""
        new = self.kept.get(sha256)
        if new is not None and new.size == size and (self.end is not None or _intact(new)):
            self.objects[sha256] = new
            return True
        if known and sha256 not in self.gone:
            self.expected.add(sha256)
            return True
        return False

    def _add(self, new: NewObject | None) -> None:
        if new is not None:
            self.objects[new.sha256] = new

    def _section(self, name: str) -> dict[str, Any] | None:
        """Return a section as it was captured, or None where it, or an object of it, is gone."""
        told = self.told.get(name)
        if told is None:
            return None
        there = [self._refer(**ref) for ref in told["objects"]]
        if not all(there):
            self.events.append(event("lost", f"section {name}", "an object of it is not readable"))
            return None
        return dict(told["document"])

    def _identity(
        self, features: Record, code: Record, datasets: Record, command: Record
    ) -> dict[str, Any]:
        from labrec.record.config import config_digest, without_seeds  # not for every reader

        plan, end = self.plan, self.end or {}
        digests = [item["digest"] for item in datasets["items"] if item.get("digest")]
        config = config_digest(
            plan["project"], features["tree"], features["nuisance"],
            code.get("digest"), digests, without_seeds(command["argv"]),
        )  # fmt: skip
        duration = None if self.ended is None else round(max(0.0, self.ended - self.started), 6)
        return {
            "minor": 0,
            "run_id": self.reader.start["run_id"],
            "project": plan["project"],
            "name": plan["name"],
            "config_digest": str(config),
            "status": end.get("status", "interrupted"),
            "reason": bounds.short(
                end.get("reason") if self.end else _REASONS[self.unfinished], "reason", self.events
            ),
            "tags": self._first(
                sorted({*plan.get("tags", ()), *end.get("tags", ())}), "tags", bounds.FOR_TAGS
            ),
            "author": plan.get("author"),
            "times": {
                "started": self.reader.start["started"],
                "ended": end.get("ended"),
                "duration_s": duration,
            },
            "tool": {"name": "labrec", "version": self.reader.start["tool"]},
            "fulfils": plan.get("fulfils"),
            "definition": self._definition(),
        }

    def _definition(self) -> dict[str, Any] | None:
        told = self.plan.get("definition")
        if told is None:
            return None
        ref = {"sha256": told["sha256"], "size": told["size"]}
        if self._section("definition") is None:  # takes in its bytes, or the lab has them
            self.events.append(event("unavailable", told["path"], "its bytes were not kept"))
            return None
        return ref

    def _lineage(self) -> dict[str, Any]:
        plan = self.plan
        linked = [{**item, "linked": "start"} for item in plan.get("hypotheses", ())]
        later = (self._section("hypotheses") or {}).get("items", ())
        linked += [{**item, "linked": "later"} for item in later]
        linked = self._first(linked, "hypotheses", bounds.FOR_LINKS)
        outcome = (self.end or {}).get("outcome")
        return {
            "minor": 1 if any("published" in item for item in linked) else 0,
            "parents": list(plan.get("parents", ())),
            "reproduces": plan.get("reproduces"),
            "continues": plan.get("continues"),
            "cell": plan.get("cell"),
            "hypotheses": linked,
            "intent": bounds.short(plan.get("intent"), "intent", self.events),
            "outcome": bounds.short(outcome, "outcome", self.events),
        }

    def _command(self) -> dict[str, Any]:
        plan, end = self.plan, self.end or {}
        options = bounds.command_line(list(plan.get("options", ())), self.events)
        return {
            "minor": 1 if options else 0,
            **({"options": options} if options else {}),
            "argv": bounds.command_line(list(plan.get("argv", ())), self.events),
            "cwd": plan.get("cwd"),
            "entry": plan.get("entry"),
            "exit_code": end.get("exit_code"),
            "signal": end.get("signal"),
        }

    def _features(self) -> dict[str, Any]:
        from labrec.record.digest import Digest  # as above

        plan = self.plan
        tree = bounds.tree(
            self._joined(plan.get("features", {})), "features", bounds.FOR_FEATURES, self.events
        )
        source = plan.get("features_source")
        if source is not None and self._section("features") is None:
            self.events.append(event("unavailable", "features source", "its bytes were not kept"))
        return {
            "minor": 0,
            "tree": tree,
            "digest": str(Digest.of_value(tree)),
            "source": source,
            "nuisance": list(plan.get("nuisance", ())),
            "diff": self._diff(plan.get("feature_diff")),
        }

    def _joined(self, features: dict[str, Any]) -> dict[str, Any]:
        """Return the features with those of programs that joined; what was said first stands."""
        joined = dict(features)
        for told in self.sections:
            if told["name"] == JOINED_FEATURES:
                for name, value in told["document"]["tree"].items():
                    if joined.setdefault(name, value) != value:
                        why = "the run was started with another value"
                        self.events.append(
                            event("skipped", f"features.{name} of a joined program", why)
                        )
        return joined

    def _diff(self, diff: list[Any] | None) -> list[Any] | None:
        if diff is None:
            return None
        kept = bounds.tree({"diff": diff}, "features", bounds.FOR_DIFF, self.events)["diff"]
        return kept if isinstance(kept, list) else None

    def _determinism(self) -> dict[str, Any]:
        told = self._section("determinism") or {}
        return {
            "minor": 0,
            "seeds": bounds.named(
                {**told.get("seeds", {}), **self.plan.get("seeds", {})},
                "seeds", bounds.FOR_SEEDS, self.events,
            ),
            "flags": bounds.named(
                {**told.get("flags", {}), **self.plan.get("flags", {})},
                "flags", bounds.FOR_FLAGS, self.events,
            ),
        }  # fmt: skip

    def _first(self, items: list[Any], what: str, room: int) -> list[Any]:
        return bounds.first(items, what, room, self.events)

    def _datasets(self) -> dict[str, Any]:
        told = list((self._section("datasets") or {}).get("items", ()))
        items = bounds.storable(self._first(told, "datasets", bounds.FOR_DATASETS))
        changes: list[tuple[str, str]] = []
        for item in items:
            fit_dataset(item, changes)  # now: its digest is part of the config digest
        self.events += [event("unmappable", what, why) for what, why in changes]
        return {"minor": 0, "items": items}

    def _metrics(self) -> dict[str, Any]:
        facts: dict[str, dict[str, Any]] = {}
        with SeriesTable(self.started) as table:
            for journal in self.reader.journals:
                self._gather(journal, table, facts)
            stored, summaries = table.write(self._files)
        self._add(stored)
        values = {
            bounds.text(name): summaries[name].stored(facts[name]["direction"]) | facts[name]
            for name in sorted(summaries)
        }
        defined = (self._section("metric_definitions") or {}).get("items", {})
        for name in defined.keys() & values.keys():
            values[name]["definition"] = defined[name]
        count = bounds.fitting(values.items(), bounds.FOR_METRICS)
        if count < len(values):
            why = "too many for a record; all of them are in the series"
            self.events.append(event("truncated", "metric summaries", why, len(values) - count))
            values = dict(list(values.items())[:count])
        minor = 1 if any("definition" in summary for summary in values.values()) else 0
        return {"minor": minor, "series": stored.ref if stored else None, "values": values}

    def _gather(
        self, journal: JournalReader, table: SeriesTable, facts: dict[str, dict[str, Any]]
    ) -> None:
        names: dict[int, str] = {}
        for told in journal.documents(Kind.METRIC):
            names[told["number"]] = told["name"]
            known = facts.setdefault(told["name"], {"unit": None, "direction": None})
            known |= {key: told[key] for key in known if told[key] is not None}
        for frame in journal.frames():
            if isinstance(frame, Frame) and frame.flags & REGION:
                before = table.points
                unknown = table.gather(journal.points(frame), names)
                intact = table.points - before + unknown
                for count, why in (
                    (unknown, "their metric's name is not readable"),
                    (journal.spoiled(frame, intact), "damaged on disk"),
                ):
                    if count:
                        self.events.append(event("lost", "metric points", why, count))

    def _artifacts(self) -> list[dict[str, Any]]:
        items: dict[str, dict[str, Any]] = {}
        told = sorted(self.reader.documents(Kind.ARTIFACT), key=lambda item: item["at"])
        for item in told:
            before = items.get(item["name"])
            if before is not None and before["sha256"] != item["sha256"]:
                why = "a later artifact has the same name"
                self.events.append(event("skipped", f"artifact {item['name']}", why))
            items[item["name"]] = {key: item[key] for key in item if key != "at"}
        for item in self._logs():
            items[item["name"]] = item
        kept = [items[name] for name in sorted(items)]
        count = bounds.fitting(kept, bounds.FOR_ARTIFACTS)
        if count < len(kept):
            why = f"too many for a record; {MORE} has their digests; log an archive instead"
            self.events.append(event("lost", "content of artifacts", why, len(kept) - count))
            kept = [*kept[:count], self._more(kept[count:])]
        for item in kept:
            if item["where"] == "git" and not self._refer(item["sha256"], item["size"]):
                item["where"] = "digest-only"
                why = "the copy in the spool is not readable"
                self.events.append(event("lost", f"content of artifact {item['name']}", why))
        return kept

    def _more(self, rest: list[dict[str, Any]]) -> dict[str, Any]:
        """Return an artifact that lists those for which a record has no room."""
        from labrec.capture.secrets.search import redact  # a record's own texts are redacted too

        listed = [{**item, "where": "digest-only"} for item in rest]
        new = NewObject.of(redact(json.dumps(bounds.storable(listed), indent=1))[0].encode())
        self.kept[new.sha256] = new
        return {"name": MORE, "role": "other", "sha256": new.sha256, "size": new.size,
                "media_type": "application/json", "where": "git"}  # fmt: skip

    def _logs(self) -> list[dict[str, Any]]:
        items = []
        for path in self.reader.logs():
            try:
                new = self._log(path)
            except OSError as error:
                self.events.append(
                    event("lost", f"log {path.name}", error.strerror or "unreadable")
                )
                continue
            if new.size:
                self.kept[new.sha256] = new
                items.append(
                    {"name": f"logs/{bounds.text(path.name)}", "role": "log", "sha256": new.sha256,
                     "size": new.size, "media_type": "text/plain", "where": "git"}
                )  # fmt: skip
        return items

    def _log(self, path: Path) -> NewObject:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            if size <= 2 * LOG_SIDE:
                return NewObject.of(file.read())
            head = file.read(LOG_SIDE)
            file.seek(size - LOG_SIDE)
            tail = file.read(LOG_SIDE)
        left_out = size - 2 * LOG_SIDE
        why = f"{left_out} bytes in its middle are left out"
        self.events.append(event("truncated", f"log {path.name}", why))
        mark = f"\n[labrec: {left_out} bytes left out here]\n".encode()
        return NewObject.of(head + mark + tail)


def _latest(told: Iterable[Event]) -> list[Event]:
    """Return the remarks of one journal, each with the last count that was told."""
    last: dict[tuple[str, str, str], Event] = {}
    for remark in told:
        key = (remark["kind"], remark["what"], remark["why"])
        if key not in last or remark["count"] > last[key]["count"]:
            last[key] = remark
    return list(last.values())


def _intact(new: NewObject) -> bool:
    """Whether an object of a run that was cut short holds the bytes it is named after."""
    if isinstance(new.source, bytes):
        return hashlib.sha256(new.source).hexdigest() == new.sha256
    with new.source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == new.sha256


def _no_code(reason: str) -> dict[str, Any]:
    empty = dict.fromkeys(
        ("digest", "manifest", "files", "bytes", "commit", "published", "branch", "dirty",
         "patch", "remote")
    )  # fmt: skip
    return {"kind": "none", "reason": reason, **empty}
