"""What a record says of its reasoning, and of things that this version does not know. Pure.

A section that no schema describes yet, or that a newer labrec wrote, is kept and shown as it
stands: its fields as text, in the order of the record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.site import urls
from labrec.site.pages.record import Fact, value_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from labrec.reader import RunReader

MOST_FIELDS: Final = 40
"""Fields of a section that a page shows."""

LONGEST: Final = 1500
"""Characters of a field that a page shows."""

_DEEPEST = 6
_NAMES = {
    "question": "Question",
    "hypotheses": "Hypotheses",
    "evidence": "Evidence",
    "self_critique": "Self-critique",
    "evaluation": "Evaluation",
    "conclusion": "Conclusion",
    "confidence": "Confidence",
}
_KNOWN = frozenset(
    {
        "schema", "identity", "lineage", "command", "features", "code", "environment",
        "determinism", "hardware", "telemetry", "metrics", "artifacts", "datasets",
        "counterfactuals", "capture", "methodology",
    }
)  # fmt: skip


class Linked(NamedTuple):
    """A hypothesis that a run was linked to.

    Attributes:
        slug: Its name.
        url: Its page; empty where the lab has no registration of it.
        registration: Digest of the registration that the run names.
        before: Whether it was linked before the run started; later is exploratory.
    """

    slug: str
    url: str
    registration: str
    before: bool


def hypotheses(reader: RunReader, registered: AbstractSet[str]) -> list[Linked]:
    """Return the hypotheses that a run was linked to when it was recorded.

    Args:
        reader: The run.
        registered: Those of its project that have a page.
    """
    return [
        Linked(
            str(link["slug"]),
            urls.hypothesis(reader.project, link["slug"]) if link["slug"] in registered else "",
            str(link["registration"]),
            link["linked"] == "start",
        )
        for link in reader.section("lineage").get("hypotheses", [])
    ]


def methodology(reader: RunReader) -> list[Fact]:
    """Return question, hypotheses, evidence and self-critique, where the record has them."""
    section = reader.section("methodology")
    return [
        (_NAMES.get(name, name), text)
        for name in [*_NAMES, *(key for key in section if key not in _NAMES)]
        if name in section and name != "minor" and (text := _text(section[name]))
    ][:MOST_FIELDS]


def further(reader: RunReader) -> list[tuple[str, list[Fact]]]:
    """Return the sections that this version of labrec does not know, field by field."""
    return [
        (name, [(key, _text(value)) for key, value in section.items() if key != "minor"])
        for name in reader.record
        if name not in _KNOWN and (section := reader.section(name))
    ]


def _text(value: Any) -> str:
    lines = []
    for line in _lines(value, 0):
        lines.append(line)
        if len(lines) == MOST_FIELDS:
            break
    text = "\n".join(lines)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _lines(value: Any, depth: int) -> Iterator[str]:
    """Yield a value as lines of an outline."""
    is_tagged = isinstance(value, dict) and len(value) <= 2 and any(  # noqa: PLR2004 - $repr, type
        str(key).startswith("$") for key in value
    )  # fmt: skip
    if is_tagged or not isinstance(value, dict | list) or depth >= _DEEPEST:
        yield value_text(value) if value is not None else ""
        return
    room = "  " * depth
    if isinstance(value, list):
        for part in value:
            first, *rest = list(_lines(part, depth + 1)) or [""]
            yield f"{room}• {first.lstrip()}"
            yield from rest
        return
    for key, part in value.items():
        below = list(_lines(part, depth + 1))
        if isinstance(part, dict | list) and below:
            yield f"{room}{key}:"
            yield from below
        else:
            yield f"{room}{key}: {''.join(below)}"
