"""Experiments against the ones they derive from, on every key metric, as columns. ○ No IO."""

from __future__ import annotations

import hashlib
import math
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from labrec.analytics.contrasts import Contrast, contrast, finding_of
from labrec.analytics.keyed import KEY, groups, keyed, values
from labrec.analytics.parquet import columns_table, spread
from labrec.analytics.replicates import LEVEL, rounded
from labrec.analytics.stats.means import Arm
from labrec.analytics.stats.multiple import holm
from labrec.analytics.tables import CONTRASTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from labrec.analytics.experiments import Experiment, Keys
    from labrec.analytics.keyed import Keyed
    from labrec.analytics.replicates import Replicates, Sum
    from labrec.analytics.summaries import Summaries

_WRITTEN = Contrast._fields[3:]  # the numbers that are rounded where they are written
_NONE = (None,) * (len(Contrast._fields) + len(_WRITTEN) + 2)

SCHEMA: Final = pa.schema(
    [
        (KEY, pa.string()),
        ("metric", pa.string()),  # none where the two have no key metric in common
        ("design", pa.string()),  # none where no difference can be taken
        ("n", pa.int64()),
        ("n_parent", pa.int64()),
        *((name, pa.float64()) for name in _WRITTEN),
        *((f"written_{name}", pa.float64()) for name in _WRITTEN),
        ("unit", pa.string()),
        ("direction", pa.string()),  # where both agree
    ]
)
"""A row is a key metric of an experiment and the one it derives from."""


class Pair(NamedTuple):
    """An experiment and the one it derives from.

    Attributes:
        child: The experiment.
        parent: The other one, of the same project.
    """

    child: Experiment
    parent: Experiment


class Compared:
    """Every experiment that derives from another one, compared with it.

    Args:
        summed: Every metric of every experiment.
        keys: Key metrics of each project.
        first: The first parent of each experiment that has any.
        known: What an earlier analysis found, see `SCHEMA`; trusted.

    Attributes:
        pairs: In the order of the experiments.
    """

    def __init__(
        self,
        summed: Summaries,
        keys: Keys,
        first: Mapping[tuple[str, str], str],
        known: pa.Table | None = None,
    ) -> None:
        by_place = {(one.project, one.experiment): one for one in summed.experiments}
        found = (
            (child, by_place.get((child.project, first.get(place, ""))))
            for place, child in by_place.items()
        )
        self.pairs = [Pair(child, parent) for child, parent in found if parent is not None]
        self._summed, self._keys, self._known = summed, keys, known

    @cached_property
    def keyed(self) -> Keyed:
        """The differences, by pair and key metric."""
        asked = {
            project: hashlib.sha256("\n".join(metrics).encode()).hexdigest()[:32]
            for project, metrics in self._keys.items()
        }
        keys = [
            f"{child.key} {parent.key} {asked.get(child.project)}" for child, parent in self.pairs
        ]
        return keyed(keys, self._known, SCHEMA, lambda at: self._rows(*self.pairs[at]))

    def _rows(self, child: Experiment, parent: Experiment) -> list[tuple[Any, ...]]:
        ours = self._summed[child.project, child.experiment]
        theirs = self._summed[parent.project, parent.experiment]
        return [
            (metric, *_compared(ours[metric], theirs[metric]))
            for metric in self._keys.get(child.project, {})
            if metric in ours and metric in theirs
        ] or [(None, *_NONE)]


def _compared(ours: Sum, theirs: Sum) -> tuple[Any, ...]:
    """Compare a metric of two experiments, where both have it in one unit."""
    one, other = ours.replicates, theirs.replicates
    if one.unit != other.unit or one.mean is None or other.mean is None:
        return _NONE
    found = contrast(ours.values, theirs.values, (_arm(one), _arm(other)))
    if found is None:
        return _NONE
    return (
        *found,
        *map(rounded, found[3:]),
        one.unit,
        one.direction if one.direction == other.direction else None,
    )


def _arm(found: Replicates) -> Arm:
    """Return mean and spread of an experiment whose values have one unit."""
    mean = found.mean if found.mean is not None else math.nan
    sd = found.sd if found.sd is not None else math.inf  # where no double holds it
    return Arm(mean, sd if found.n > 1 else 0.0, found.n)


def rows(compared: Compared, keys: Keys) -> pa.Table:
    """Return the rows of the table `contrasts`.

    Args:
        compared: Every experiment that derives from another one.
        keys: Key metrics of each project, with the direction that counts.
    """
    found, owners = compared.keyed.rows, compared.keyed.owners
    taken = pc.is_valid(found["design"])
    found, owners = found.filter(taken), owners[taken.to_numpy()]
    pairs = compared.pairs
    projects = spread(CONTRASTS, "project", [pair.child.project for pair in pairs], owners)
    order = pc.sort_indices(
        pa.table({"project": projects, "metric": found["metric"], "owner": owners}),
        sort_keys=[(name, "ascending") for name in ("project", "metric", "owner")],
    )
    found, owners, projects = found.take(order), owners[order.to_numpy()], projects.take(order)
    columns: dict[str, Sequence[Any]] = {
        "experiment": [pair.child.experiment for pair in pairs],
        "parent": [pair.parent.experiment for pair in pairs],
        "name": [pair.child.name for pair in pairs],
        "parent_name": [pair.parent.name for pair in pairs],
    }
    given = {name: found[name] for name in ("metric", "design", "n", "n_parent", "unit")}
    given |= {name: found[f"written_{name}"] for name in _WRITTEN}
    given |= {name: spread(CONTRASTS, name, values, owners) for name, values in columns.items()}
    given |= {"project": projects, "level": pa.repeat(LEVEL, found.num_rows)}
    return columns_table(CONTRASTS, given | _told(projects, found, keys))


def _told(projects: pa.Array, found: pa.Table, keys: Keys) -> dict[str, list[Any]]:
    """Return the columns that all contrasts of a metric decide together.

    Args:
        projects: Of each row its project.
        found: The rows, those of a project's metric one behind the other.
        keys: See `rows`.
    """
    told: dict[str, list[Any]] = {"p_holm": [], "family": [], "finding": [], "direction": []}
    first, _ = groups([projects, found["metric"]])
    for start, end in pairwise((*first.tolist(), found.num_rows)):
        family = found.slice(start, end - start)
        given = keys[projects[start].as_py()][family["metric"][0].as_py()]
        said = values(family["direction"]) if given is None else [given] * family.num_rows
        p = values(family["p"])
        tested = [one for one in p if one is not None]
        adjusted = iter(holm(tested))
        p_holm = [next(adjusted) if one is not None else None for one in p]
        written = {one: rounded(one) for one in set(p_holm)}  # few: most of them are 1
        columns = values(family["design"]), values(family["estimate"]), p_holm, said
        told["p_holm"] += map(written.__getitem__, p_holm)
        told["family"] += [len(tested)] * family.num_rows
        told["finding"] += map(finding_of, *columns)
        told["direction"] += said
    return told
