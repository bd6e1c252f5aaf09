"""What a program says to the SDK, made plain: any value is taken, and none of them breaks it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from labrec.errors import InvalidError, UsageError

MAX_GIVEN: Final = 1 << 16  # characters; a record holds fewer, and says so where it cuts
STATUSES: Final = ("complete", "failed", "interrupted")
LEVELS: Final = ("basic", "standard")


def plain_text(value: object) -> str:
    """Return the text of any value, of a length that a spool takes."""
    try:
        return str(value)[:MAX_GIVEN]
    except Exception:  # noqa: BLE001 - __str__ is the caller's code
        return "(its text cannot be had)"


def text_or_none(value: object) -> str | None:
    """Return the text of a value, and None of None."""
    return None if value is None else plain_text(value)


def level_or_none(level: object) -> str | None:
    """Return how much environment a run captures, as it was named.

    Raises:
        InvalidError: There is no such level.
    """
    if level is None or level in LEVELS:
        return level
    raise InvalidError(
        f"there is no level {plain_text(level)!a:.60}", hint=f"The levels are {', '.join(LEVELS)}."
    )


def features_or_none(features: object) -> Mapping[str, Any] | None:
    """Return what was varied, as a mapping.

    Raises:
        InvalidError: It is none.
    """
    if features is None or isinstance(features, Mapping):
        return features
    raise InvalidError(
        f"the features are no mapping: {type(features).__name__}",
        hint='Give them names, as in features={"lr": 0.1}.',
    )


def seeds_of(seed: object) -> dict[str, Any]:
    """Return seeds by name: those of a mapping, or one called ``seed``; checked at the start."""
    if seed is None:
        return {}
    if isinstance(seed, Mapping):
        return {plain_text(name): _seed(value) for name, value in seed.items()}
    return {"seed": _seed(seed)}


def _seed(value: Any) -> Any:
    if isinstance(value, int | str):
        return value
    try:
        return value.__index__()  # such as an integer of numpy
    except Exception:  # noqa: BLE001 - the caller's type; it is refused where seeds are read
        return value


def tags_of(tags: object) -> tuple[str, ...]:
    """Return free words as a tuple; one word alone is one tag.

    Raises:
        UsageError: It is neither a word nor a series of words.
    """
    if isinstance(tags, str):
        return (tags,)
    if not isinstance(tags, Iterable):
        raise UsageError("the tags are no series of words", hint='Such as tags=["smoke"].')
    return tuple(map(plain_text, tags))


def reference(value: object, what: str) -> str | None:
    """Return how a run or a hypothesis was named.

    Raises:
        UsageError: It is no text.
    """
    if value is None or isinstance(value, str):
        return value
    raise UsageError(f"{what} is no text: {type(value).__name__}", hint="Give its id or its name.")


def status_and_reason(status: object, reason: object) -> tuple[str, str | None]:
    """Return how a run ended; a status that there is not is a failure, and the reason names it."""
    why = text_or_none(reason)
    if status in STATUSES:
        return str(status), why
    told = f"closed with the unknown status {plain_text(status)!a:.60}"
    return "failed", f"{told}; {why}" if why else told
