"""What a project says about its conditions and the roles of its metrics. ○ No IO."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, cast, get_args

from labrec.errors import InvalidError

if TYPE_CHECKING:
    from collections.abc import Mapping

Role = Literal["quality", "speed", "energy"]
"""What a metric measures."""

DEFAULT_PATHS: Final = {"quantization": "quantization", "threads": "threads"}
"""Conditions that are features wherever a project has a feature of this path."""

MACHINE_CONDITIONS: Final = ("cpu_model", "gpu", "hardware_id", "memory", "tier")
STATE_CONDITIONS: Final = ("memory_pressure", "power_source", "throttled")
"""Conditions that are read from the machine; a project's own must be called otherwise."""

_ROLES = get_args(Role)
_HINT = (
    "Correct project.yaml on the base branch: conditions maps names to feature paths, roles maps "
    f"metrics to {', '.join(_ROLES)}."
)
_LONGEST = 100  # characters of a condition's name
_ENERGY = frozenset(
    prefix + unit
    for prefix in ("", "n", "u", "µ", "μ", "m", "k", "M")
    for unit in ("J", "W", "Wh")
) | {"joule", "joules", "watt", "watts"}  # fmt: skip
_TIME = frozenset({
    "s", "sec", "secs", "second", "seconds", "ms", "us", "µs", "μs", "ns", "min", "minute",
    "minutes", "h", "hour", "hours", "day", "days",
})  # fmt: skip
_RATE = frozenset({"Hz", "kHz", "MHz", "GHz", "FLOPS", "GFLOPS", "TFLOPS", "fps"})


class Asked(NamedTuple):
    """What a project compares.

    Attributes:
        paths: Feature path of each condition that is a feature, by name.
        roles: Roles that the definition gives to metrics.
        nuisance: Paths of features that make no difference.
    """

    paths: dict[str, str]
    roles: dict[str, Role]
    nuisance: tuple[str, ...] = ()


def asked(definition: Mapping[str, object], project: str) -> Asked:
    """Return which conditions and roles a project's definition names.

    Args:
        definition: Its ``project.yaml``.
        project: Its name, for the message.

    Raises:
        InvalidError: ``conditions`` or ``roles`` is no mapping of texts, names a condition that is
            read from the machine, or a role that there is not.
    """
    paths = _texts(definition.get("conditions"), "conditions", project)
    taken = sorted(paths.keys() & {*MACHINE_CONDITIONS, *STATE_CONDITIONS})
    if taken:
        raise InvalidError(
            f"condition {taken[0]} of project {project} is read from the machine, not a feature",
            hint=_HINT,
        )
    roles = _texts(definition.get("roles"), "roles", project)
    for metric, role in roles.items():
        if role not in _ROLES:
            raise InvalidError(
                f"the role of metric {metric!a:.80} of project {project} must be "
                f"{', '.join(_ROLES[:-1])} or {_ROLES[-1]}",
                hint=_HINT,
            )
    listed = definition.get("nuisance")
    nuisance = tuple(p for p in listed if isinstance(p, str)) if isinstance(listed, list) else ()
    return Asked(DEFAULT_PATHS | paths, cast("dict[str, Role]", roles), nuisance)


def _texts(given: object, key: str, project: str) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict) or not all(
        isinstance(text, str) and 0 < len(text) <= _LONGEST
        for item in given.items()
        for text in item
    ):
        raise InvalidError(f"{key} of project {project} must map names to texts", hint=_HINT)
    return given


def role_of(unit: str | None) -> Role:
    """Return the role of a metric by its unit alone.

    *energy* where the unit begins with joules, watts or watt hours, *speed* where it is a time, a
    time for something (``ms/token``), something for a time (``tokens/s``) or a frequency, else
    *quality*. The name of a metric says nothing here: names are free.

    Args:
        unit: As runs give it, or None.
    """
    above, *below = (part.strip().rstrip(".") for part in re.split(r"/|\bper\b", unit or ""))
    if above in _ENERGY:
        return "energy"
    if above in _TIME or above in _RATE or any(part in _TIME for part in below):
        return "speed"
    return "quality"
