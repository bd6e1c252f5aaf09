"""What a project's definition says about its metrics. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import InvalidError

if TYPE_CHECKING:
    from collections.abc import Mapping

_DIRECTIONS = ("maximize", "minimize")
_HINT = (
    "Correct project.yaml on the base branch: key_metrics is a list of names, or of "
    "{name, direction}."
)


class KeyMetric(NamedTuple):
    """A metric by which a project judges.

    Attributes:
        name: Its name.
        direction: maximize or minimize; None = as the runs say.
    """

    name: str
    direction: str | None = None


def key_metrics(definition: Mapping[str, object], project: str) -> tuple[KeyMetric, ...] | None:
    """Return the key metrics that a project's definition names, or None where it names none.

    Args:
        definition: Its ``project.yaml``.
        project: Its name, for the message.

    Raises:
        InvalidError: ``key_metrics`` is no list of names, or of mappings of name and direction.
    """
    listed = definition.get("key_metrics")
    if listed is None:
        return None
    if not isinstance(listed, list):
        raise InvalidError(f"key_metrics of project {project} must be a list", hint=_HINT)
    found = tuple(_metric(item, project) for item in listed)
    names = [metric.name for metric in found]
    if len(set(names)) != len(names):
        raise InvalidError(f"key_metrics of project {project} names a metric twice", hint=_HINT)
    return found


def _metric(item: object, project: str) -> KeyMetric:
    given = {"name": item} if isinstance(item, str) else item
    if not isinstance(given, dict) or not given.keys() <= {"name", "direction"}:
        raise InvalidError(
            f"a key metric of project {project} must be a name, or a name and a direction",
            hint=_HINT,
        )
    name, direction = given.get("name"), given.get("direction")
    if not isinstance(name, str) or not name:
        raise InvalidError(f"a key metric of project {project} has no name", hint=_HINT)
    if direction is not None and direction not in _DIRECTIONS:
        raise InvalidError(
            f"the direction of key metric {name!a:.80} of project {project} must be maximize or "
            "minimize",
            hint=_HINT,
        )
    return KeyMetric(name, direction)
