"""Which runs are alike but for the condition. ○ No IO.

A block is one task, dataset, model and configuration: everything that a run was given, without the
condition that is compared. Where the condition is no part of the machine, the machine too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.analytics.extract import text_of
from labrec.record.config import without_paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from labrec.analytics.conditions.levels import Condition
    from labrec.analytics.run import Run

PARTS: Final = ("code", "datasets", "model", "configuration", "machine")
"""What a block holds fixed, in the order of `Key`."""


class Key(NamedTuple):
    """What the runs of a block share.

    Attributes:
        code: State of the code.
        datasets: Those used, sorted.
        model: Digests of the input artifacts.
        configuration: The config digest; where the condition is a feature, the features without it.
        machine: Hardware id and machine; empty where the condition is part of the machine.
    """

    code: str | None
    datasets: tuple[str, ...]
    model: str
    configuration: str
    machine: tuple[str | None, str | None] | None


def keys(condition: Condition, runs: Iterable[Run], nuisance: Sequence[str]) -> list[Key]:
    """Return the block of each run.

    A config digest covers features, code, datasets and command. Where the condition is a feature
    the command is not compared, for it often names the condition; the features say what was varied.

    Args:
        condition: What is compared.
        runs: The runs.
        nuisance: Paths of features that the project's definition says make no difference.
    """
    features = _Features((*nuisance, condition.path) if condition.path else ())
    return [
        Key(
            run.code_digest,
            tuple(sorted(run.datasets)),
            model_of(run),
            features.of(run) if condition.kind == "feature" else run.experiment,
            None if condition.kind == "machine" else (run.hardware_id, run.machine),
        )
        for run in runs
    ]


def model_of(run: Run) -> str:
    """Return the digests of a run's input artifacts as text; empty for none."""
    if '"inputs"' not in run.setup:
        return ""
    return " ".join(json.loads(run.setup).get("inputs", []))


def apart(known: Sequence[Key], codes: Sequence[int]) -> list[str]:
    """Say what keeps levels apart that share no block: parts that no two levels have in common.

    Args:
        known: Block of each run.
        codes: Level of each run.

    Returns:
        Names out of `PARTS`; empty where it takes several parts together.
    """
    found = []
    for place, part in enumerate(PARTS):
        seen: dict[Any, int] = {}
        if all(
            seen.setdefault(key[place], code) == code
            for key, code in zip(known, codes, strict=True)
        ):
            found.append(part)
    return found


class _Features:
    """Features without some paths, as text; runs of one tree share the work."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._known: dict[tuple[str, str], str] = {}

    def of(self, run: Run) -> str:
        setup = run.setup if '"nuisance"' in run.setup else ""
        key = run.tree, setup
        if key not in self._known:
            own = json.loads(setup)["nuisance"] if setup else []
            self._known[key] = text_of(without_paths(json.loads(run.tree), (*self._paths, *own)))
        return self._known[key]
