"""What condition each run was under: levels, or amounts. ○ No IO."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol

from labrec.analytics.conditions.definition import MACHINE_CONDITIONS, STATE_CONDITIONS
from labrec.record.config import split_path
from labrec.record.values import as_float

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from labrec.analytics.run import Run

Kind = Literal["machine", "state", "feature"]
"""A machine has it for good · the machine was in it during a run · the run was given it."""

Value = str | float | None

MOST_LEVELS: Final = 6
"""Different numbers up to which they are compared as levels; more are an amount."""

LONGEST_LABEL: Final = 80
"""Characters of a level's label."""

_GIB = 1 << 30
_FLAG = "OMP_NUM_THREADS"


class Wide(Protocol):
    """Where the facts of a run's machine are found (`Seen`)."""

    def facts(self, run: Run) -> Mapping[str, Any]:
        """Return the facts of the machine that have a value, by name."""


class Condition(NamedTuple):
    """Something that runs of a project may differ in.

    Attributes:
        name: Its name.
        kind: What has it.
        path: Of a feature, its path; else empty.
        unit: Unit of its numbers.
        amount: Whether its numbers are an amount however few they are.
    """

    name: str
    kind: Kind
    path: str = ""
    unit: str = ""
    amount: bool = False


class Levels(NamedTuple):
    """A condition over the runs of a project.

    Attributes:
        condition: The condition.
        labels: Its levels in order; empty for an amount.
        codes: Of each run the place of its level in `labels`, -1 where it is not known; of an
            amount 0 where it is known.
        amounts: Of each run the amount; empty for levels.
    """

    condition: Condition
    labels: list[str]
    codes: list[int]
    amounts: list[float]

    @property
    def varies(self) -> bool:
        """Whether there is anything to compare."""
        if self.amounts:
            known = zip(self.amounts, self.codes, strict=True)
            return len({amount for amount, code in known if code == 0}) > 1
        return len(self.labels) > 1


def conditions(paths: Mapping[str, str]) -> list[Condition]:
    """Return the conditions that a project is asked about, by name.

    Args:
        paths: Feature path of each condition that is a feature.
    """
    units = {"memory": "GiB", "memory_pressure": "%"}
    found = [Condition(name, "machine", unit=units.get(name, "")) for name in MACHINE_CONDITIONS]
    found += [
        Condition(name, "state", unit=units.get(name, ""), amount=name == "memory_pressure")
        for name in STATE_CONDITIONS
    ]
    found += [Condition(name, "feature", path) for name, path in paths.items()]
    return sorted(found)


def levels(condition: Condition, runs: Sequence[Run], wide: Wide) -> Levels:
    """Return the level of each run; nothing is guessed where a run does not say.

    Args:
        condition: The condition.
        runs: Of one project.
        wide: Where facts are found.
    """
    values = [*_values(condition, runs, wide)]
    known = {value for value in values if value is not None}
    numbers = {value for value in known if isinstance(value, float)}
    if numbers == known and known and (condition.amount or len(known) > MOST_LEVELS):
        amounts = [value if isinstance(value, float) else 0.0 for value in values]
        return Levels(condition, [], [-1 if value is None else 0 for value in values], amounts)
    named = {value: _label(value, condition.unit) for value in known}
    ordered = sorted(
        known, key=lambda v: (isinstance(v, str), v if isinstance(v, float) else 0, str(v))
    )
    labels = list(dict.fromkeys(named[value] for value in ordered))
    places = {label: place for place, label in enumerate(labels)}
    codes = [-1 if value is None else places[named[value]] for value in values]
    return Levels(condition, labels, codes, [])


def _label(value: str | float, unit: str) -> str:
    text = value if isinstance(value, str) else f"{value:g} {unit}".strip()
    return text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"


def _values(condition: Condition, runs: Sequence[Run], wide: Wide) -> Iterable[Value]:
    if condition.name in _BOTH:
        return _BOTH[condition.name](runs, wide)
    if condition.kind == "machine":
        return map(_MACHINE[condition.name], runs)
    if condition.kind == "state":
        return _states(condition.name, runs)
    return _features(condition, runs)


# --- of the machine ---------------------------------------------------------------------------


def _memory(run: Run) -> Value:
    """Return the memory in GiB: whole ones, as the hardware id has them, or three digits below."""
    if run.memory_bytes is None:
        return None
    size = run.memory_bytes / _GIB
    return float(round(size)) if size >= 1 else float(f"{size:.3g}")


def _models(runs: Sequence[Run], wide: Wide) -> Iterable[Value]:
    """Return the hardware id, short, after the name of product or processor where there is one."""
    known: dict[str | None, Value] = {None: None}
    for run in runs:
        if run.hardware_id not in known and run.hardware_id is not None:
            product = wide.facts(run).get("product")
            name = product if isinstance(product, str) else run.cpu_model
            short = run.hardware_id.removeprefix("sha256:")[:8]
            known[run.hardware_id] = f"{name} ({short})" if name else short
        yield known[run.hardware_id]


_MACHINE: Final[dict[str, Callable[[Run], Value]]] = {
    "cpu_model": lambda run: run.cpu_model,
    "memory": _memory,
    "tier": lambda run: run.tier if run.tier != "unknown" else None,
}


def _gpus(runs: Sequence[Run], wide: Wide) -> Iterable[Value]:
    """Return the accelerators, ``none`` where the machine was asked and has none."""
    if not any(run.gpu_model for run in runs):  # none to compare with
        return [None] * len(runs)
    return (
        run.gpu_model or ("none" if wide.facts(run).get("gpus") == [] else None) for run in runs
    )


_BOTH: Final[dict[str, Callable[[Sequence[Run], Wide], Iterable[Value]]]] = {
    "gpu": _gpus, "hardware_id": _models,
}  # fmt: skip


def _states(name: str, runs: Iterable[Run]) -> Iterable[Value]:
    known: dict[str, Value] = {}
    for run in runs:
        text = run.state
        if text not in known:
            found = json.loads(text).get(name)
            known[text] = ("yes" if found else "no") if isinstance(found, bool) else found
        yield known[text]


# --- of the run -------------------------------------------------------------------------------


def _features(condition: Condition, runs: Sequence[Run]) -> Iterable[Value]:
    """Return the feature of each run; ``threads`` also from the flag that limits them."""
    keys = split_path(condition.path)
    sign = json.dumps(keys[0], ensure_ascii=False)  # as it stands in the text of a tree
    known: dict[str, Value] = {}
    flags = condition.name == "threads" and not any(sign in run.tree for run in runs)
    for run in runs:
        text = run.setup if flags else run.tree
        if text not in known:
            known[text] = _flag(text) if flags else _feature(text, keys, sign)
        yield known[text]


def _feature(tree: str, keys: Sequence[str], sign: str) -> Value:
    if sign not in tree:
        return None
    found = json.loads(tree)
    for key in keys:
        if not isinstance(found, dict) or key not in found:
            return None
        found = found[key]
    if isinstance(found, str):
        return found
    number = _number(found)
    if number is not None:
        return number
    return json.dumps(found, ensure_ascii=False, sort_keys=True)


def _flag(setup: str) -> Value:
    if _FLAG not in setup:
        return None
    text = str(json.loads(setup).get("flags", {}).get(_FLAG, ""))
    return float(text) if text.isdecimal() and text.isascii() else None


def _number(value: Any) -> float | None:
    """Return a stored number that is finite as a float, else None."""
    try:
        found = as_float(value)
    except (KeyError, TypeError, ValueError):
        return None
    return found if found is not None and math.isfinite(found) else None
