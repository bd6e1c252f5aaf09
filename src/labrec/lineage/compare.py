"""What differs between two records, section by section. Pure: documents in, changes out."""

from __future__ import annotations

from typing import Any, NamedTuple

from labrec.lineage.diff import Change, diff


class FileChange(NamedTuple):
    """One file of the code that differs.

    Attributes:
        op: ``add``, ``delete``, ``update`` or ``mode``.
        path: As manifests store it.
        old: sha256 before; None for ``add``.
        new: sha256 after; None for ``delete``.
    """

    op: str
    path: str
    old: str | None
    new: str | None


class RunDiff(NamedTuple):
    """What differs between two runs. True when anything does.

    Attributes:
        features: What was varied.
        metrics: Last values, by name.
        command: Command line, seeds.
        environment: Interpreter, system, packages.
        hardware: Facts of the machine.
        code: Files; empty where a manifest is missing.
        code_known: Whether both runs have a code manifest.
    """

    features: list[Change]
    metrics: list[Change]
    command: list[Change]
    environment: list[Change]
    hardware: list[Change]
    code: list[FileChange]
    code_known: bool

    def __bool__(self) -> bool:
        return any(self[:6])

    def to_json(self) -> dict[str, Any]:
        """Return the difference with stable keys."""
        document: dict[str, Any] = {
            name: [change.to_json() for change in getattr(self, name)]
            for name in ("features", "metrics", "command", "environment", "hardware")
        }
        document["code"] = [change._asdict() for change in self.code]
        return document | {"code_known": self.code_known}


def compare(
    old: dict[str, Any],
    new: dict[str, Any],
    environments: tuple[Any, Any] = (None, None),
    manifests: tuple[Any, Any] = (None, None),
) -> RunDiff:
    """Compare two records.

    Args:
        old: One record, as stored.
        new: The other.
        environments: Their environment documents, for the packages; None = the record's few.
        manifests: Their code manifests; None where one has none.
    """
    sides = (old, new)
    before, after = (_environment(*pair) for pair in zip(sides, environments, strict=True))
    return RunDiff(
        features=diff(*(_section(side, "features").get("tree", {}) for side in sides)),
        metrics=diff(*(_last_values(side) for side in sides)),
        command=diff(*(_command(side) for side in sides)),
        environment=diff(before, after),
        hardware=diff(*(_facts(side) for side in sides)),
        code=changed_files(*manifests) if None not in manifests else [],
        code_known=None not in manifests,
    )


def _section(record: dict[str, Any], name: str) -> dict[str, Any]:
    found = record.get(name)
    return found if isinstance(found, dict) else {}


def _last_values(record: dict[str, Any]) -> dict[str, Any]:
    values = _section(record, "metrics").get("values", {})
    return {name: summary["last"] for name, summary in values.items()}


def _command(record: dict[str, Any]) -> dict[str, Any]:
    command = _section(record, "command")
    seeds = _section(record, "determinism").get("seeds", {})
    return {"argv": command.get("argv", []), "cwd": command.get("cwd"), "seeds": seeds}


def _environment(record: dict[str, Any], document: Any) -> dict[str, Any]:
    section = _section(record, "environment")
    if not isinstance(document, dict):
        return {
            key: section.get(key) for key in ("interpreter", "os", "packages") if key in section
        }
    return {key: value for key, value in document.items() if key not in {"schema", "level"}}


def _facts(record: dict[str, Any]) -> dict[str, Any]:
    section = _section(record, "hardware")
    return {
        name: fact.get("value", "unavailable") if isinstance(fact, dict) else fact
        for name, fact in section.get("fields", {}).items()
    }


def changed_files(old: dict[str, Any], new: dict[str, Any]) -> list[FileChange]:
    """Return the files that differ between two code manifests, by path.

    Args:
        old: A code manifest, as stored.
        new: The other.
    """
    before, after = ({entry["path"]: entry for entry in side["files"]} for side in (old, new))
    changes = []
    for path in sorted(before.keys() | after.keys()):
        was, now = before.get(path), after.get(path)
        if was is None or now is None:
            op = "add" if was is None else "delete"
        elif was["sha256"] != now["sha256"]:
            op = "update"
        elif was["mode"] != now["mode"]:
            op = "mode"
        else:
            continue
        changes.append(FileChange(op, path, was and was["sha256"], now and now["sha256"]))
    return changes
