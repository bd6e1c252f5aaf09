"""The hardware section of an imported run: what its table says of the machine, and no more.

○ No IO.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.capture.captured import NewObject
from labrec.capture.hardware.machine import TIER_RULE, hardware_model, tier
from labrec.capture.secrets.cleaning import clean_tree
from labrec.exchange import cells
from labrec.exchange.cells import CellError
from labrec.record import values
from labrec.record.codec import encode
from labrec.record.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from labrec.exchange.table_map import TypedSource

Fact = dict[str, Any]

NAMING: Final = (
    "product", "cpu_name", "gpus", "architecture", "cpu_vendor", "cpu_family", "cpu_model",
    "cpu_stepping", "sockets", "physical_cores", "memory", "virtualisation",
)  # fmt: skip
"""Facts that name a machine: at least one is needed for a hardware id."""

_OWN = ("product", "cpu_name")  # what the hardware id of a machine that was looked at lacks


class Machine(NamedTuple):
    """A machine as a table names it.

    Attributes:
        section: The hardware section, without conditions.
        document: The machine document.
    """

    section: dict[str, Any]
    document: NewObject


def fact(source: TypedSource, name: str, cell: Any) -> Fact:
    """Return a fact from a cell.

    Args:
        source: Says its type and unit.
        name: Its name; ``memory`` becomes bytes and ``gpus`` a list of names.
        cell: What the table holds.

    Raises:
        CellError: The cell is not of the type.
    """
    if name == "gpus":
        many = cell if isinstance(cell, list) else [cell]
        return {"value": [{"name": cells.line(one)} for one in many]}
    if name == "memory":
        size = cells.number(cell) * cells.BYTES[source.unit or "B"]
        if not 0 <= size < 2**53:
            raise CellError("no size of a memory")
        return {"value": round(size), "unit": "B"}
    if name in {"sockets", "physical_cores", "logical_cores"}:
        return {"value": cells.integer(cell)}
    if isinstance(cell, list):
        found: Any = [cells.plain(one, source.type) for one in cell]
    else:
        found = cells.plain(cell, source.type)
    tagged = values.to_json(found)
    return {"value": tagged} if source.unit is None else {"value": tagged, "unit": source.unit}


class Machines:
    """Machines by their facts: rows of one machine share its document.

    Args:
        allow: Fingerprints of strings that are no secrets.
    """

    def __init__(self, allow: Collection[str]) -> None:
        self._allow = allow
        self._known: dict[str, Machine] = {}

    def of(self, facts: Mapping[str, Fact]) -> Machine:
        """Return the machine that has these facts; secrets are taken out of them."""
        key = repr(sorted(facts.items()))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._made(dict(facts))
        return found

    def _made(self, facts: dict[str, Fact]) -> Machine:
        cleaned, _ = clean_tree(facts, "hardware.fields", self._allow)
        model = hardware_model(cleaned)
        model |= {name: cleaned[name]["value"] for name in _OWN if name in cleaned}
        identity = {
            "hardware_id": str(Digest.of_value(model)),
            "machine_id": None,
            "machine_id_source": "unavailable",
            "tier": tier(cleaned),
        }
        document = {
            "schema": "labrec.machine/1.0", **identity, "tier_rule": TIER_RULE, "fields": cleaned
        }  # fmt: skip
        new = NewObject.of(encode(document, limit=None))
        section = {"minor": 0, **identity, "object": new.ref, "fields": cleaned}
        return Machine(section, new)
