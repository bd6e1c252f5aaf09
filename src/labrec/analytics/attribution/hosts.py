"""Models that grew out of a host, as a project declares them, and the table about them. ○ Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.analytics.attribution.growth import Growth, Sized, growth
from labrec.analytics.attribution.growth_words import Compared, finding, sentence, unknown
from labrec.analytics.replicates import LEVEL, rounded
from labrec.analytics.stats.multiple import holm
from labrec.analytics.tables.growth import GROWTH
from labrec.errors import InvalidError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from labrec.analytics.attribution.growth import Equivalent
    from labrec.analytics.seen import Experiment, Seen
    from labrec.analytics.tables import Table

Row = tuple[Any, ...]

TABLES: Final[tuple[Table, ...]] = (GROWTH,)

MOST_GROWN: Final = 1000
"""Grown models of a project, in the order of their config digests."""

_FIELDS = {"host", "parameters", "sizes", "chance"}
_HINT = (
    "Correct project.yaml on the base branch: growth is {host, parameters, sizes, chance}: name of "
    "the host's runs, the metric that counts parameters, names of host-only models of other "
    "sizes, and by metric the value of a guess; the last two may be left out."
)


class Declared(NamedTuple):
    """What a project's definition says of growing models.

    Attributes:
        host: Name of the host's runs; empty = the project has no growing models.
        parameters: Metric that counts parameters.
        sizes: Names of host-only models of other sizes.
        chance: By metric, the value of a guess.
    """

    host: str = ""
    parameters: str = ""
    sizes: tuple[str, ...] = ()
    chance: dict[str, float] = {}  # noqa: RUF012 - nobody writes to it


def declared(definition: Mapping[str, object], project: str) -> Declared:
    """Return what a project's definition says of growing models.

    Args:
        definition: Its ``project.yaml``.
        project: Its name, for the message.

    Raises:
        InvalidError: ``growth`` is no mapping of host, parameters, sizes and chance.
    """
    given = definition.get("growth")
    if given is None:
        return Declared()
    if not isinstance(given, dict) or not given.keys() <= _FIELDS:
        raise InvalidError(f"growth of project {project} is not valid", hint=_HINT)
    host, parameters = given.get("host"), given.get("parameters")
    sizes, chance = given.get("sizes", []), given.get("chance", {})
    names = [host, parameters, *(sizes if isinstance(sizes, list) else [None])]
    if not all(isinstance(name, str) and name for name in names):
        raise InvalidError(f"growth of project {project} does not name host and size", hint=_HINT)
    if not isinstance(chance, dict) or not all(map(_finite, chance.values())):
        raise InvalidError(f"chance in growth of project {project} is no number", hint=_HINT)
    guesses = {str(metric): float(value) for metric, value in chance.items()}
    return Declared(str(host), str(parameters), tuple(map(str, sizes)), guesses)


def _finite(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value)  # type: ignore[arg-type]


def rows(seen: Seen) -> Iterator[tuple[Table, Iterable[Row]]]:
    """Yield the table of growing models, where a project declares any."""
    found = []
    for project in seen.projects:
        said = seen.defined(project, declared)
        if said is not None and said.host:
            found += _project_rows(seen, project, said)
    if found:
        yield GROWTH, found


def _project_rows(seen: Seen, project: str, said: Declared) -> list[Row]:
    """Return the rows of a project, by experiment and metric."""
    experiments = [one for one in seen.experiments if one.project == project]
    named = {name: _named(experiments, name) for name in (said.host, *said.sizes)}
    for name, one in named.items():
        if one is None:
            why = f"growth names {name!a:.80}, which is no experiment, or the name of several"
            seen.problem(f"records/{project}/project.yaml", why)
    host = named.pop(said.host)
    if host is None:
        return []
    others = [one for one in named.values() if one is not None]
    grown = _below(seen, experiments, host)
    grown = [one for one in grown if one not in others][:MOST_GROWN]
    compared = []
    for metric, direction in seen.keys[project].items():
        if metric != said.parameters:
            asked = _Asked(seen, said, metric, direction)
            compared += _family([_compare(asked, one, host, others) for one in grown])
    return sorted(map(_row, compared), key=lambda row: (str(row[1]), str(row[5])))


def _named(experiments: Sequence[Experiment], name: str) -> Experiment | None:
    found = [one for one in experiments if one.name == name]
    return found[0] if len(found) == 1 else None


def _below(seen: Seen, experiments: Sequence[Experiment], host: Experiment) -> list[Experiment]:
    """Return the experiments that derive from the host by first parents."""
    first = seen.lineage.first
    known: dict[str, bool] = {host.experiment: True}
    for one in experiments:
        chain = []
        place: str | None = one.experiment
        while place is not None and place not in known:
            chain.append(place)
            known[place] = False  # until the chain says otherwise; lineage has no cycles
            place = first.get((host.project, place))
        below = place is not None and known[place]
        known.update(dict.fromkeys(chain, below))
    return [one for one in experiments if known[one.experiment] and one is not host]


class _Asked(NamedTuple):
    """One metric of a project with growing models."""

    seen: Seen
    said: Declared
    metric: str
    direction: str | None

    def sized(self, one: Experiment) -> Sized | None:
        """Return an experiment as a model of a size; None without values or a size."""
        sums = self.seen.summed[one.project, one.experiment]
        quality, size = sums.get(self.metric), sums.get(self.said.parameters)
        if quality is None or quality.replicates.mean is None:
            return None
        if size is None or not size.replicates.mean or size.replicates.mean < 0:
            return None
        return Sized(size.replicates.mean, quality.values)


def _compare(
    asked: _Asked, one: Experiment, host: Experiment, others: Sequence[Experiment]
) -> Compared | None:
    ours, theirs = asked.sized(one), asked.sized(host)
    if ours is None or theirs is None:
        return None
    sums = [asked.seen.summed[e.project, e.experiment][asked.metric] for e in (one, host)]
    units = {found.replicates.unit for found in sums}
    if len(units) > 1:
        return None
    sizes = [size for other in others if (size := asked.sized(other)) is not None]
    chance = asked.said.chance.get(asked.metric)
    found = growth(ours, theirs, sizes, direction=asked.direction, chance=chance)
    machines = {run.machine for e in (one, host) for run in e.runs if asked.metric in run.metrics}
    return Compared(
        one, host, asked.metric, units.pop(), asked.direction, ours, theirs,
        len({theirs.parameters, *(size.parameters for size in sizes)}),
        len(machines), chance, found,
    )  # fmt: skip


def _family(found: Iterable[Compared | None]) -> list[Compared]:
    """Adjust p over the grown models of a metric."""
    known = [one for one in found if one is not None and one.found.delta is not None]
    tested = [
        (place, p)
        for place, one in enumerate(known)
        if one.found.delta is not None and (p := one.found.delta.p) is not None
    ]
    adjusted = holm([p for _, p in tested])
    for (place, _), p_holm in zip(tested, adjusted, strict=True):
        known[place] = known[place]._replace(p_holm=p_holm, family=len(tested))
    return known


def _row(one: Compared) -> Row:
    found: Growth = one.found
    delta = found.delta
    ratio, above = found.ratio, found.above_chance
    return (
        one.grown.project,
        one.grown.experiment,
        one.grown.name,
        one.host.experiment,
        one.host.name,
        one.metric,
        one.unit,
        one.direction,
        rounded(one.ours.parameters),
        rounded(one.theirs.parameters),
        len(one.ours.values),
        len(one.theirs.values),
        one.n_machines,
        delta.design if delta is not None else "unreplicated",
        rounded(delta.estimate if delta is not None else None),
        rounded(delta.low if delta is not None else None),
        rounded(delta.high if delta is not None else None),
        LEVEL,
        rounded(delta.df if delta is not None else None),
        rounded(delta.p if delta is not None else None),
        rounded(one.p_holm),
        one.family,
        finding(one),
        *(rounded(getattr(ratio, name, None)) for name in ("estimate", "low", "high", "g")),
        rounded(one.chance),
        *(rounded(getattr(above, name, None)) for name in ("estimate", "low", "high", "g")),
        one.n_sizes,
        *_equivalent(found.equivalent),
        *_equivalent(found.equivalent_low),
        *_equivalent(found.equivalent_high),
        unknown(one),
        sentence(one),
    )


def _equivalent(found: Equivalent | None) -> tuple[float | None, str]:
    if found is None:
        return None, ""
    return rounded(found.parameters), found.bound
