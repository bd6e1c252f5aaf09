"""What a project declares as factors and as costs, and how features are compared. ○ Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.analytics.attribution.design import MOST_FACTORS
from labrec.analytics.extract import text_of
from labrec.errors import InvalidError
from labrec.record.config import join_path, split_path
from labrec.record.text import one_line
from labrec.record.values import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ABSENT: Final = "null"
"""Canonical JSON of a feature that is not there: the same as of one that is null."""

_FIELDS = {"name", "path", "on", "off"}
_HINT = (
    "Correct project.yaml on the base branch: factors is a list of {name, path, on, off}, where on "
    "and off are values of the feature at the path (true and false when left out)."
)


class Setting(NamedTuple):
    """A factor of experiments: features that have one value when it is on, and another when off.

    Attributes:
        name: Its name.
        paths: Dotted paths in the features, which change together.
        on: Canonical JSON of the value at each path when it is on.
        off: Likewise when it is off.
    """

    name: str
    paths: tuple[str, ...]
    on: tuple[str, ...]
    off: tuple[str, ...]

    def state(self, values: Mapping[str, str]) -> bool | None:
        """Say whether it is on in some features; None where it is neither on nor off.

        Args:
            values: Canonical JSON by dotted path (`leaves`).
        """
        found = tuple(values.get(path, ABSENT) for path in self.paths)
        return True if found == self.on else False if found == self.off else None


class Declared(NamedTuple):
    """What a project's definition says of designs.

    Attributes:
        settings: Its factors.
        costs: Metrics that are costs: parameters, energy.
    """

    settings: tuple[Setting, ...]
    costs: tuple[str, ...]


def declared(definition: Mapping[str, object], project: str) -> Declared:
    """Return the factors and costs that a project's definition names; both may be none.

    Args:
        definition: Its ``project.yaml``.
        project: Its name, for the message.

    Raises:
        InvalidError: ``factors`` is no list of factors, or has too many or two of a name or path;
            ``costs`` is no list of names.
    """
    listed = definition.get("factors")
    if not isinstance(listed, list | None) or len(listed or ()) > MOST_FACTORS:
        raise InvalidError(
            f"factors of project {project} must be a list of at most {MOST_FACTORS}", hint=_HINT
        )
    settings = tuple(_setting(item, project) for item in listed or ())
    for what, found in (
        ("name", [setting.name for setting in settings]),
        ("path", [setting.paths for setting in settings]),
    ):
        if len(set(found)) != len(settings):
            raise InvalidError(f"two factors of project {project} have one {what}", hint=_HINT)
    costs = definition.get("costs", [])
    if not isinstance(costs, list) or not all(isinstance(name, str) and name for name in costs):
        raise InvalidError(
            f"costs of project {project} must be a list of metrics",
            hint="Correct project.yaml on the base branch: such as costs: [parameters].",
        )
    return Declared(settings, tuple(dict.fromkeys(costs)))


def leaves(tree: Mapping[str, Any], way: str = "") -> Iterator[tuple[str, str]]:
    """Yield dotted path and canonical JSON of every feature that is no tree of others.

    Args:
        tree: Features, tagged.
        way: Path of the tree itself, with a dot behind it.
    """
    for key, value in tree.items():
        plain = "." not in key and "\\" not in key  # nearly every key
        path = f"{way}{key if plain else join_path((key,))}"
        if isinstance(value, dict) and value and not any(_is_tag(name) for name in value):
            yield from leaves(value, f"{path}.")
        else:
            yield path, text_of(value)


def _is_tag(key: str) -> bool:
    return key.startswith("$") and not key.startswith("$$")


def _setting(item: object, project: str) -> Setting:
    if not isinstance(item, dict) or not item.keys() <= _FIELDS:
        raise InvalidError(
            f"a factor of project {project} must have path, on, off and perhaps a name", hint=_HINT
        )
    path = item.get("path")
    keys = split_path(path) if isinstance(path, str) else []
    name = item.get("name", keys[-1] if keys else None)
    if not keys or not isinstance(name, str) or not one_line(name):
        raise InvalidError(f"a factor of project {project} has no path", hint=_HINT)
    on, off = (text_of(to_json(item.get(key, key == "on"))) for key in ("on", "off"))
    if on == off:
        raise InvalidError(
            f"factor {name!a:.60} of project {project} has one value for on and off", hint=_HINT
        )
    return Setting(one_line(name, 80), (join_path(keys),), (on,), (off,))
