"""Which runs ``labrec log`` shows: a closed little grammar of conditions. No code is evaluated."""

from __future__ import annotations

import fnmatch
import math
import operator
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.errors import UsageError
from labrec.lineage.features import get_path
from labrec.record.values import from_json
from labrec.store.summaries import METRICS

if TYPE_CHECKING:
    from collections.abc import Callable

    from labrec.reader import RunReader
    from labrec.store.summaries import RunSummary

_CONDITION = re.compile(r"\s*([^<>=!~\s]+)\s*(<=|>=|==|!=|=|<|>|~)\s*(.*?)\s*", re.DOTALL)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "=": operator.eq, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_PARTS = (".last", ".best", ".mean", ".min", ".max", ".count")
_SUMMARISED = frozenset({"project", "run_id", "name", "status", "started", "duration_s"})
_EQUALITIES = {"=", "==", "!="}
_FIELDS = (
    "project",
    "run_id",
    "name",
    "status",
    "started",
    "ended",
    "duration_s",
    "author",
    "tags",
)


class Condition(NamedTuple):
    """One comparison, such as ``metrics.loss<1.2``.

    Attributes:
        key: What is compared.
        operator: ``<``, ``<=``, ``>``, ``>=``, ``=``, ``!=``, or ``~`` for a shell pattern.
        value: A number where it reads as one, otherwise text.
    """

    key: str
    operator: str
    value: float | str

    def holds(self, found: Any) -> bool:
        """Say whether a run that has this under the key meets the condition.

        Args:
            found: What `lookup` says; where the run has no such value only ``!=`` holds.
        """
        if found is None:
            return self.operator == "!="
        if self.operator == "~":
            return fnmatch.fnmatchcase(_shown(found), str(self.value))
        if isinstance(self.value, float) and _is_number(found):
            return _COMPARE[self.operator](float(found), self.value)
        if self.operator in _EQUALITIES:
            return _COMPARE[self.operator](_shown(found), _shown(self.value))
        return isinstance(found, str) and _COMPARE[self.operator](found, str(self.value))


def parse_condition(text: str) -> Condition:
    """Read a condition.

    Raises:
        UsageError: It is none, or its key is none that runs have.
    """
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise UsageError(
            f"{text!r} is no condition",
            hint="Write KEY<VALUE with <, <=, >, >=, =, != or ~, such as metrics.loss<1.2.",
        )
    key, sign, value = match.groups()
    check_key(key)
    number = _number(value)
    return Condition(key, sign, value if number is None or sign == "~" else number)


def check_key(key: str) -> str:
    """Return a key as it is when runs can have it.

    Raises:
        UsageError: It is none.
    """
    section, _, rest = key.partition(".")
    if key in _FIELDS or (section in {"metrics", "features", "seeds"} and rest):
        return key
    raise UsageError(
        f"{key!r} is no key",
        hint=f"Keys: metrics.NAME, features.PATH, seeds.NAME, {', '.join(_FIELDS)}.",
    )


def summarised(row: RunSummary, key: str) -> tuple[bool, Any]:
    """Return whether a run's summary answers for a key, and what `lookup` would say."""
    section, _, name = key.partition(".")
    if section == "metrics":
        if name in row.metrics:
            value = row.metrics[name]
            return True, float(value) if isinstance(value, str) else value
        # Not there: it may be one of many, or a part such as loss.max.
        parts = name.endswith(_PARTS) and name.rpartition(".")[0] in row.metrics
        return len(row.metrics) < METRICS and not parts, None
    if key == "tags":
        return True, ",".join(row.tags)
    return (True, getattr(row, key)) if key in _SUMMARISED else (False, None)


def lookup(run: RunReader, key: str) -> Any:
    """Return what a run has under a key, or None."""
    section, _, rest = key.partition(".")
    identity = run.section("identity")
    if section == "metrics":
        name, _, part = rest, "", "last"
        values = run.section("metrics").get("values", {})
        for suffix in _PARTS:
            if name not in values and name.endswith(suffix):
                name, part = name.removesuffix(suffix), suffix[1:]
        found = values.get(name, {}).get(part)
        return None if found is None else from_json(found)
    if section == "features":
        try:
            return from_json(get_path(run.section("features").get("tree", {}), rest))
        except KeyError:
            return None
    if section == "seeds":
        return run.seeds.get(rest)
    if key in {"project", "run_id"}:
        return getattr(run, key)
    if key in {"started", "ended", "duration_s"}:
        return identity.get("times", {}).get(key)
    if key == "author":
        return (identity.get("author") or {}).get("name")
    return ",".join(run.tags) if key == "tags" else identity.get(key)


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return _number(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) and text.lower() != "nan" else number


def _shown(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004
        return str(int(value))
    return str(value)
