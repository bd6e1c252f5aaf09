"""The manual lists what is read: every channel, variable, fact and condition."""

from __future__ import annotations

import os
import re
from pathlib import Path

from labrec.capture.hardware import capture as hardware
from labrec.capture.hardware.conditions import condition_facts
from labrec.capture.hardware.disk import disk_facts
from labrec.capture.hardware.facts import Tree
from labrec.capture.hardware.machine import lasting_facts
from labrec.capture.software import environment
from labrec.capture.telemetry.probe import World
from labrec.capture.telemetry.probes import PROBES, nvidia
from labrec.capture.telemetry.usage import usage_channels

DOCS = Path(__file__).parents[2] / "docs"
HARDWARE = (DOCS / "hardware.md").read_text()
TELEMETRY = (DOCS / "telemetry.md").read_text()


def test_every_channel_is_in_the_manual():
    table = set(re.findall(r"`([a-z]+\.[a-z_<>]+)`", TELEMETRY))
    expected = {name for module in PROBES.values() for name in module.EXPECTED if "." in name}
    expected -= {"gpu.amd", "gpu.nvidia"}
    assert expected <= table
    for name in re.findall(r'\("(\w+)", "[^"]*", "nvml', Path(nvidia.__file__).read_text()):
        assert f".{name}`" in TELEMETRY, name


def test_every_channel_of_the_manual_exists():
    opened = {channel["name"] for channel in usage_channels(own=True)}
    for module in PROBES.values():
        opened |= set(module.EXPECTED)
        try:
            probe = module.open_probe(World(Tree(), os.getpid()))
        except (OSError, ValueError):
            continue
        opened |= {channel.name for channel in probe.channels}
    rows = [line for line in TELEMETRY.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([a-z]+\.[a-z_]+)`", row.split("|")[1])}
    assert named <= opened


def test_the_list_of_variables_is_the_one_that_is_read():
    block = re.search(r"names:\n\n```\n(.*?)```", HARDWARE, re.DOTALL)[1]
    assert block.split() == list(environment.VARIABLES)


def test_every_fact_and_condition_is_in_the_manual():
    facts = lasting_facts(Tree(), {}) | disk_facts(Tree(), "/") | condition_facts(Tree(), {})
    for name in facts:
        assert re.search(rf"(?<![\w_]){name}(?![\w_])", HARDWARE), name
    bold = set(re.findall(r"\*\*(\w+)\*\*", HARDWARE.partition("## Conditions")[0]))
    assert set(hardware._IN_RECORD) <= bold
