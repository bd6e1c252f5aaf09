"""The counterfactual matrix of a run: what it measured with parts of it switched off. Pure.

Every cell is shown as it was measured. What the parts are worth is computed over all of them, and
stands on the project's page of attribution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.errors import LabrecError
from labrec.record.codec import decode
from labrec.record.values import from_json
from labrec.record.wording import MISSING, duration, number

if TYPE_CHECKING:
    from labrec.reader import RunReader

MOST_CALLS: Final = 6
"""Calls of a run that a page shows."""

MOST_CELLS: Final = 64
"""Cells of a call that a page shows."""

MOST_METRICS: Final = 10
"""Metrics of a call that a page shows, and classes of each of them."""

_FIRST = ("loss", "accuracy")  # what people look for first
_LARGEST = 4_000_000  # bytes of the object with all cells


class Cell(NamedTuple):
    """One measurement.

    Attributes:
        on: Which factors were on, in their order.
        replicate: Which repetition, from 0.
        seed: Its seed; empty = none.
        values: A text for each metric of the matrix.
        failed: Why it has no values.
        took: How long it took; empty = unknown.
    """

    on: tuple[bool, ...]
    replicate: int
    seed: str
    values: tuple[str, ...]
    failed: str
    took: str


class Matrix(NamedTuple):
    """The cells of a call with some of their metrics.

    Attributes:
        title: What the metrics share, such as ``per_class``; empty = nothing.
        metrics: Their names, without what they share.
        cells: The cells, in the order in which they were measured.
    """

    title: str
    metrics: tuple[str, ...]
    cells: tuple[Cell, ...]


class Call(NamedTuple):
    """One question to the live object.

    Attributes:
        when: When it was asked; empty = unknown.
        factors: What was switched.
        said: How it was asked and left, sentences.
        warn: Whether something is wrong with it.
        matrices: Its cells: first the metrics by themselves, then those of each group.
        more: How many cells are not shown.
        seeds: Whether cells have seeds.
        step: Step of the run; None = not told.
    """

    when: str
    factors: tuple[str, ...]
    said: str
    warn: bool
    matrices: tuple[Matrix, ...]
    more: int
    seeds: bool
    step: int | None


def calls(reader: RunReader) -> list[Call]:
    """Return the calls of a run, at most `MOST_CALLS`, with all their cells where these are held.

    Args:
        reader: The run.
    """
    section = reader.section("counterfactuals")
    found = section.get("calls", [])
    ref = section.get("object")
    if isinstance(ref, dict):
        try:
            document = decode(reader.read_object(ref["sha256"], limit=_LARGEST), limit=None)
            found = document["calls"]
        except (LabrecError, KeyError, TypeError):
            found = section.get("calls", [])  # the record's own, fewer
    return [_call(one) for one in found[:MOST_CALLS]]


def _call(call: dict[str, Any]) -> Call:
    cells = call.get("cells", [])
    shown = cells[:MOST_CELLS]
    step = call.get("step")
    when = str(call["at"]) if call.get("at") else "" if step is None else f"at step {step:,}"
    return Call(
        when,
        tuple(str(factor["name"]) for factor in call["factors"]),
        _said(call),
        call.get("restored") in {"differs", "failed"} or not call.get("complete"),
        tuple(_matrix(title, names, shown) for title, names in _groups(shown)),
        len(cells) - len(shown),
        any(cell.get("seed") is not None for cell in shown),
        step,
    )


def _said(call: dict[str, Any]) -> str:
    way = "All configurations" if call["method"] == "factorial" else "Permutations of the factors"
    told = [f"{way} were measured." if call.get("complete") else f"{way}: not all were measured."]
    told += [_RESTORED.get(call.get("restored") or "", "The run ended before it was restored.")]
    return " ".join(filter(None, told))


_RESTORED: Final = {
    "unchecked": "Whether it was given back as it was is not checked.",
    "same": "Measured again afterwards, it was as before.",
    "differs": "Measured again afterwards, it was not as before.",
    "failed": "It could not be given back as it was.",
}


def _groups(cells: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """Return the metrics by what stands before their first point; those without one first."""
    names = sorted({name for cell in cells for name in cell.get("values", {})})
    groups: dict[str, list[str]] = {"": []}
    for name in names:
        title, point, _ = name.partition(".")
        groups.setdefault(title if point else "", []).append(name)
    first = [name for name in _FIRST if name in groups[""]]
    groups[""] = [*first, *(name for name in groups[""] if name not in first)]
    return [(title, found[:MOST_METRICS]) for title, found in groups.items() if found][
        :MOST_METRICS
    ] or [("", [])]


def _matrix(title: str, names: list[str], cells: list[dict[str, Any]]) -> Matrix:
    skip = len(title) + 1 if title else 0
    return Matrix(
        title,
        tuple(name[skip:] for name in names),
        tuple(
            Cell(
                tuple(digit == "1" for digit in cell["on"]),
                cell["replicate"],
                str(cell.get("seed") or ""),
                tuple(_value(cell.get("values", {}).get(name)) for name in names),
                str(cell.get("failed") or ""),
                "" if cell.get("duration_s") is None else duration(cell["duration_s"]),
            )
            for cell in cells
        ),
    )


def _value(value: Any) -> str:
    return MISSING if value is None else number(float(from_json(value)))
