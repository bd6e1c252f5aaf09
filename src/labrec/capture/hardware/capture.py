"""The hardware section: ids, tier, the facts tables need, and the conditions of this run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from labrec.capture.captured import Captured, DocumentWriter, Event, event
from labrec.capture.hardware.accelerators import complete
from labrec.capture.hardware.conditions import condition_facts
from labrec.capture.hardware.disk import disk_facts
from labrec.capture.hardware.facts import Fact, Tree
from labrec.capture.hardware.machine import (
    TIER_RULE,
    hardware_id,
    is_android,
    lasting_facts,
    machine_id,
    tier,
)
from labrec.settings import state_home

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# What tables group by stands in the record; the rest is in the machine object that runs share.
_IN_RECORD = (
    "architecture", "cpu_name", "physical_cores", "logical_cores", "memory", "gpus",
    "virtualisation",
)  # fmt: skip

_writer = DocumentWriter()


def capture_hardware(
    lab_id: str,
    *,
    cache: Path | None = None,
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
    root: str = "/",
) -> Captured:
    """Capture the hardware section and the machine object.

    Args:
        lab_id: 32 hex digits; keys the machine's pseudonym.
        cache: Folder for caches (``<common git directory>/labrec/cache``); None keeps nothing.
        folder: The run's working directory, for its disk; the current one when left out.
        environ: Environment of the run; this process's when left out.
        root: Folder that stands for ``/``.
    """
    seen = os.environ if environ is None else environ
    tree = Tree(root)
    where = os.fspath(folder) if folder is not None else os.getcwd()
    facts = lasting_facts(tree, seen, cache) | disk_facts(tree, where)
    machine = machine_id(lab_id, tree, state_home(seen))
    rank = tier(facts, android=is_android(tree))
    identity = {"hardware_id": hardware_id(facts), "machine_id": machine.text}
    document = _writer.write(
        {
            "schema": "labrec.machine/1.0",
            **identity,
            "machine_id_source": machine.source,
            "tier": rank,
            "tier_rule": TIER_RULE,
            "fields": facts,
        }
    ).stored
    section = {
        "minor": 0,
        **identity,
        "machine_id_source": machine.source,
        "tier": rank,
        "object": document.ref,
        "fields": {name: facts[name] for name in _IN_RECORD if name in facts},
        "conditions": condition_facts(tree, seen),
    }
    return Captured(section, [document], _events(facts))


def _events(facts: Mapping[str, Fact]) -> list[Event]:
    gpus = facts["gpus"]
    if complete(gpus):
        return []
    reason = gpus.get("unavailable", "NVML gave no answer; only what the driver lists is known")
    return [event("unavailable", "GPU facts", reason)]
