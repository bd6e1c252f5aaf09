"""Editable files of a lab, read strictly: ``project.yaml`` and hypothesis drafts."""

from __future__ import annotations

from typing import cast

from labrec.errors import InvalidError
from labrec.record import yaml12
from labrec.record.text import printable

LIMIT = 262_144
"""Largest editable file that is read, in bytes."""


def read_definition(data: bytes, path: str) -> dict[str, object]:
    """Read an editable YAML file as a mapping; an empty file is an empty mapping.

    Args:
        data: The file's bytes.
        path: Its path, for the message.

    Raises:
        InvalidError: It is too large, not YAML 1.2 core schema, or no mapping.
    """
    hint = "Correct the file on the base branch and commit it."
    place = printable(path)
    if len(data) > LIMIT:
        raise InvalidError(f"{place} is larger than {LIMIT} bytes", hint=hint, paths=[place])
    try:
        value = yaml12.load(data)
    except InvalidError as error:
        raise InvalidError(f"{place}: {error.message}", hint=hint, paths=[place]) from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidError(f"{place} must be a mapping", hint=hint, paths=[place])
    return cast("dict[str, object]", value)
