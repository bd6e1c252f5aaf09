"""Counterfactual calls as analysis keeps them: read from a record, checked, packed. ○ No IO.

What a record says is hostile input. Behind `packed` every call has factors of different names,
and every cell as many switches as there are factors.
"""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from labrec.record.values import FLOATS

MAX_FACTORS: Final = 64

NONE: Final = "[]"
"""What `packed` says where nothing was asked."""

_METHODS = ("factorial", "permutations")
_RESTORED = (None, "unchecked", "same", "differs", "failed")


class LiveCell(NamedTuple):
    """One measurement of one configuration.

    Attributes:
        on: Bitmask: bit i is set where factor i was on.
        replicate: Which repetition, from 0.
        seed: Decimal text of its seed, or None.
        values: By metric; may be NaN or infinite. Empty where it failed.
        duration_s: How long it took, in seconds, or None.
        failed: Why it has no values, or None.
    """

    on: int
    replicate: int
    seed: str | None
    values: dict[str, float]
    duration_s: float | None
    failed: str | None


class Call(NamedTuple):
    """One question to a live object.

    Attributes:
        step: Step of the run at which it was asked, or None.
        at: When, in words, or None.
        factors: Names of its factors.
        method: ``factorial`` or ``permutations``.
        orders: The permutations, as places of the factors; the second of two is the first reversed.
        complete: Whether every cell of the design was tried.
        restored: unchecked, same, differs, failed, or None where the run ended before.
        cells: The measurements, in order.
    """

    step: int | None
    at: str | None
    factors: tuple[str, ...]
    method: str
    orders: tuple[tuple[int, ...], ...]
    complete: bool
    restored: str | None
    cells: tuple[LiveCell, ...]


def packed(calls: Any) -> str:
    """Return the calls of a counterfactuals section, or of its object, as text for `unpacked`.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: They break their schema.
    """
    return json.dumps([_call(call) for call in calls], ensure_ascii=False)


def unpacked(text: str) -> list[Call]:
    """Return what `packed` packed; nothing of cells that could not be read."""
    return [
        Call(
            step, at, tuple(factors), method, tuple(map(tuple, orders)), complete, restored,
            tuple(LiveCell(*cell) for cell in cells),
        )
        for step, at, factors, method, orders, complete, restored, cells in json.loads(text or NONE)
    ]  # fmt: skip


def _call(call: dict[str, Any]) -> list[Any]:
    names = [_text(factor["name"]) for factor in call["factors"]]
    count = len(names)
    if not 1 <= count <= MAX_FACTORS or len(set(names)) != count:
        raise ValueError("factors of a call are none, too many or of one name")
    orders = call.get("orders", [])
    if any(sorted(order) != list(range(count)) for order in orders):
        raise ValueError("an order does not name every factor once")
    if call["method"] not in _METHODS or call.get("restored") not in _RESTORED:
        raise ValueError("an unknown word in a call")
    return [
        _whole(call.get("step")), None if call.get("at") is None else _text(call["at"]), names,
        call["method"], orders, bool(call["complete"]), call.get("restored"),
        [_cell(cell, count) for cell in call.get("cells", [])],
    ]  # fmt: skip


def _cell(cell: dict[str, Any], count: int) -> list[Any]:
    switches = _text(cell["on"])
    if len(switches) != count or not set(switches) <= {"0", "1"}:
        raise ValueError("a cell does not have one digit a factor")
    values = {_text(name): _number(value) for name, value in cell.get("values", {}).items()}
    seed, failed = cell.get("seed"), cell.get("failed")
    duration = cell.get("duration_s")
    return [
        int(switches[::-1], 2), _whole(cell["replicate"]), None if seed is None else _text(seed),
        {} if failed is not None else values, None if duration is None else _number(duration),
        None if failed is None else _text(failed),
    ]  # fmt: skip


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {type(value).__name__}")
    return value


def _whole(value: Any) -> int | None:
    if value is not None and (type(value) not in {int, float} or value != int(value)):
        raise TypeError(f"not an integer: {type(value).__name__}")
    return None if value is None else int(value)


def _number(value: Any) -> float:
    if isinstance(value, dict):
        ((tag, text),) = value.items()
        if tag != "$float":
            raise ValueError(f"not a number: {tag!a:.60}")
        return FLOATS[text]
    if type(value) not in {int, float}:
        raise TypeError(f"not a number: {type(value).__name__}")
    return float(value)
