"""Claims: what registrations fix, and in which order a lab made them. ○ No IO."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from labrec.analytics.run import Registered

TESTS: Final = ("welch", "paired")
"""Tests that a registration may name; any other cannot be decided."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Target(NamedTuple):
    """A primary metric.

    Attributes:
        name: The metric.
        direction: maximize or minimize.
        delta: What the difference must exceed, >= 0, in the metric's unit.
    """

    name: str
    direction: Literal["maximize", "minimize"]
    delta: float

    @property
    def sign(self) -> float:
        """1 where more is better, -1 where less is: turns a difference into the claimed one."""
        return 1.0 if self.direction == "maximize" else -1.0


class Claim(NamedTuple):
    """A registration as statistics use it.

    Attributes:
        project: Its project.
        slug: The hypothesis.
        digest: Of the registration's bytes.
        amends: Digest of the registration that it replaces, or None.
        text: The claim in words.
        registered_ms: When it was registered, by its author's clock; milliseconds since 1970.
        targets: The primary metrics.
        baseline: parent, root, best or named.
        baseline_name: Of the named one.
        planned_n: Runs in each arm.
        looks: Runs in each arm at each look, ascending, ``planned_n`` last.
        test: The registered test.
        alpha: Error rate of the family.
        decision: all or any.
        family: Its family, or None.
        selector: What the features of a treatment must hold.
        order: Its place among all registrations of the lab, from 1.
        current: Whether no other registration amends it.
        author: Who registered it.
        falsification: What would refute it beyond the rule, in words, or None.
    """

    project: str
    slug: str
    digest: str
    amends: str | None
    text: str
    registered_ms: int
    targets: tuple[Target, ...]
    baseline: str
    baseline_name: str | None
    planned_n: int
    looks: tuple[int, ...]
    test: str
    alpha: float
    decision: Literal["all", "any"]
    family: str | None
    selector: Mapping[str, Any]
    order: int = 0
    current: bool = True
    author: str = ""
    falsification: str | None = None

    @property
    def shares(self) -> tuple[tuple[str, str, str], ...]:
        """What it shares its error rate with: the versions of its own slug, and its family.

        An amendment that names another family takes part in both: otherwise each new family would
        be a fresh try.
        """
        own = self.project, "slug", self.slug
        return (own,) if self.family is None else (own, (self.project, "family", self.family))


def claims(registered: Sequence[Registered]) -> list[Claim]:
    """Return the claims of a lab, in the order in which they were registered.

    An amendment comes after what it amends: its document names that digest, so that no clock is
    asked. Otherwise only the times in the documents tell, then the digests. That order fixes the
    level of each claim over the whole lab; a later claim never moves an earlier one.

    Args:
        registered: Registrations that follow their schema, in any order.
    """
    amended = {one.amends for one in registered}
    by_digest = {(one.project, one.digest): one for one in registered}
    keys: dict[tuple[str, str], tuple[int, int, str]] = {}
    for one in registered:
        way = [one]
        while (below := by_digest.get((one.project, way[-1].amends or ""))) is not None:
            way.append(below)  # a digest cannot name a later document: no circle
        latest = max(milliseconds(step.document["time"]) for step in way)
        keys[one.project, one.digest] = latest, len(way), one.digest
    ordered = sorted(registered, key=lambda one: (keys[one.project, one.digest], one.project))
    return [
        _claim(one, order, current=one.digest not in amended)
        for order, one in enumerate(ordered, 1)
    ]


def _claim(one: Registered, order: int, *, current: bool) -> Claim:
    said = one.document
    targets = tuple(
        Target(metric["name"], metric["direction"], float(metric["delta"]))
        for metric in said["primary_metrics"]
    )
    return Claim(
        one.project, one.slug, one.digest, one.amends, said["claim"],
        milliseconds(said["time"]), targets,
        said["baseline"]["kind"], said["baseline"].get("name"), said["planned_n"],
        tuple(said["looks"]) or (said["planned_n"],), said["test"], float(said["alpha"]),
        said["decision"], said.get("family"), said["selector"], order, current,
        said.get("author", {}).get("name", ""), said.get("falsification"),
    )  # fmt: skip


def milliseconds(time: str) -> int:
    """Return a time of a document in milliseconds since 1970, rounded down."""
    return (datetime.fromisoformat(time) - _EPOCH) // timedelta(milliseconds=1)


def matches(selector: Mapping[str, Any], tree: Any) -> bool:
    """Say whether a selector is a subtree of a run's features.

    Every key of the selector must be there with a value that is equal as JSON: mappings hold what
    the selector's mapping asks of them and may hold more; lists, texts, numbers, booleans and null
    are equal or not, 1 equals 1.0, and true is no number. The empty selector matches every run.

    Args:
        selector: The registration's selector.
        tree: The run's features.
    """
    if not isinstance(tree, dict):
        return False
    return all(name in tree and _fits(wanted, tree[name]) for name, wanted in selector.items())


def _fits(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, dict):
        return matches(wanted, found)
    return _same(wanted, found)


def _same(one: Any, other: Any) -> bool:
    """Say whether two JSON values are equal; true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)
