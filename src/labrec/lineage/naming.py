"""The naming rule: ``12_from_8_lr_sweep`` is the child of the experiment ``8`` or ``8_…``. Pure."""

from __future__ import annotations

import re

from labrec.errors import InvalidError

DEFAULT_RULE = r"^[^_]+_from_(?P<parent>[^_]+)(?:_|$)"
"""Used where a project's definition has no ``parent_rule``."""

_LONGEST_RULE = 500


def parent_named(name: str, rule: str = DEFAULT_RULE) -> str | None:
    """Return how a run's name calls its parent, or None when it names none.

    Args:
        name: The run's name.
        rule: Regular expression with a group ``parent``; ``""`` = names say nothing.

    Raises:
        InvalidError: The rule is no regular expression with such a group.
    """
    if not rule:
        return None
    try:
        pattern = re.compile(rule)
        grouped = "parent" in pattern.groupindex
    except (re.error, RecursionError, OverflowError) as error:
        raise _bad_rule(rule, str(error)) from error
    if not grouped or len(rule) > _LONGEST_RULE:
        raise _bad_rule(rule, "it needs a group (?P<parent>…) and at most 500 characters")
    match = pattern.search(name)
    return (match["parent"] or None) if match else None


def is_named(name: str, called: str) -> bool:
    """Say whether a run of this name is meant by what a child's name calls its parent."""
    return name == called or name.startswith(f"{called}_")


def _bad_rule(rule: str, why: str) -> InvalidError:
    return InvalidError(
        f"parent_rule {rule!r} of the project cannot be used: {why}",
        hint=f"Correct project.yaml; the rule of this labrec is {DEFAULT_RULE}",
    )
