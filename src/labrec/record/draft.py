"""Draft: the editable form of a hypothesis, and the claim that a registration makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.errors import InvalidError
from labrec.record.text import printable
from labrec.record.values import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import ValidationError

FIELDS: Final = (
    "claim", "falsification", "primary_metrics", "decision", "baseline", "planned_n", "looks",
    "test", "alpha", "family", "selector",
)  # fmt: skip
"""What a draft says, in the order in which people read it."""

_METRIC = ("name", "direction", "delta")
_BASELINE = ("kind", "name")
_WORDS = {
    "missing": "is missing",
    "too_short": "is empty",
    "string_too_short": "is empty",
    "string_pattern_mismatch": "is empty, or no line of text",
}
_TEXTS = ("claim", "falsification", "test", "family")
# Stands for what the registration adds, so that the whole document can be checked before.
_REGISTERED: Final = {
    "schema": "labrec.registration/1.0",
    "project": "p",
    "slug": "s",
    "time": "2000-01-01T00:00:00Z",
    "author": {"name": "a", "source": "option"},
}


def claim_of(draft: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a draft claims, as the fields of a registration.

    Args:
        draft: The draft, as YAML gives it.

    Raises:
        InvalidError: It is not what a registration needs; the message has every mistake.
    """
    found = mistakes(draft)
    if found:
        raise InvalidError(
            f"the draft has {len(found)} mistake{'' if len(found) == 1 else 's'}: "
            + "; ".join(found),
            hint="docs/hypotheses.md says what each field takes.",
        )
    return comparable(_mapped(draft))


def mistakes(draft: Mapping[str, Any]) -> list[str]:
    """Return everything that keeps a draft from being registered, one line each."""
    from pydantic import ValidationError  # drafts are read by people's commands, never by a run

    from labrec.record.registration import Registration

    found = [f"{place}: there is no such field" for place in _unknown(draft)]
    try:
        Registration.model_validate({**_REGISTERED, **_mapped(draft)})
    except ValidationError as error:
        found += _lines(error)
    return found


def comparable(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claim of a registration or a mapped draft: absent optional fields are null.

    Two documents of equal claims say the same, whoever registered them and when.
    """
    claim = {name: document.get(name) for name in FIELDS}
    baseline = claim["baseline"]
    if isinstance(baseline, dict):
        claim["baseline"] = {"name": None} | baseline
    return claim


def _mapped(draft: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a draft as JSON holds them, without the white space around texts."""
    found = {name: draft[name] for name in FIELDS if name in draft}
    for name in _TEXTS:
        if isinstance(found.get(name), str):
            found[name] = found[name].strip()
    if "selector" in found:
        found["selector"] = to_json(found["selector"])
    return found


def _lines(error: ValidationError) -> Iterator[str]:
    """Yield one line a mistake: its place, and what is wrong there, safe to show."""
    told = error.errors(include_url=False, include_context=False, include_input=False)
    places = [".".join(map(str, one["loc"])) for one in told]
    for place, one in zip(places, told, strict=True):
        if one["type"] == "too_short" and any(p.startswith(f"{place}.") for p in places):
            continue  # of a list that has nothing valid in it: told already
        what = _WORDS.get(one["type"]) or one["msg"].removeprefix("Value error, ")
        yield f"{printable(place or 'the whole')[:120]}: {printable(what)[:200]}"


def _unknown(draft: Mapping[str, Any]) -> Iterator[str]:
    """Yield the places that a registration would not keep: mostly typing errors."""
    yield from (printable(name) for name in draft if name not in FIELDS)
    metrics, baseline = draft.get("primary_metrics"), draft.get("baseline")
    for index, metric in enumerate(metrics if isinstance(metrics, list) else []):
        for name in metric if isinstance(metric, dict) else []:
            if name not in _METRIC:
                yield f"primary_metrics.{index}.{printable(name)}"
    for name in baseline if isinstance(baseline, dict) else []:
        if name not in _BASELINE:
            yield f"baseline.{printable(name)}"
