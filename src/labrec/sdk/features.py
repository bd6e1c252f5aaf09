"""What was varied in a run, and which ancestor set it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.errors import InvalidError
from labrec.lineage.provenance import changed, leaves, origin
from labrec.lineage.selector import any_means, parse
from labrec.noted import find_replicates
from labrec.reader import RunReader
from labrec.record.config import join_path
from labrec.sdk.ancestry import Ancestry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labrec.lineage.selector import Selector
    from labrec.store.view import View

Path = tuple[str, ...]


class SetBy(NamedTuple):
    """The experiment that set a feature.

    Attributes:
        experiment: Its config digest.
        name: Name of its first run.
        run_id: Id of its first run.
        op: What it did: add, update or retype against its first parent; root where it derives
            from nothing, unknown where a parent is not in the lab.
        old: The first parent's value, where it had another one.
        steps: How many experiments up the lineage.
    """

    experiment: str
    name: str
    run_id: str | None
    op: str
    old: Any
    steps: int


class Feature(NamedTuple):
    """A feature of a run.

    Attributes:
        path: Keys joined by dots.
        value: Its value as stored.
        set_by: Which ancestor set it.
    """

    path: str
    value: Any
    set_by: SetBy


class Difference(NamedTuple):
    """A feature that differs between two runs.

    Attributes:
        op: add, delete, update or retype, from the other run to this one.
        path: Keys joined by dots.
        old: The other run's value; None for add.
        new: This run's; None for delete.
        old_set_by: Which ancestor of the other run set its value; None where it has none, or has
            a whole tree there.
        new_set_by: The same of this run.
    """

    op: str
    path: str
    old: Any
    new: Any
    old_set_by: SetBy | None
    new_set_by: SetBy | None


class Features(NamedTuple):
    """Features of a run, or where they differ from another's.

    Attributes:
        run: Citation of the run.
        against: Citation of the other run, or None.
        features: Those that are meant, by path; empty where runs are compared.
        differences: Where they differ, by path; empty where nothing is compared.
        replicates: How many runs of one experiment the name fits; the run is the first of them.
        varying: Paths of features in which these differ, and which make no difference.
    """

    run: str
    against: str | None
    features: tuple[Feature, ...]
    differences: tuple[Difference, ...]
    replicates: int = 1
    varying: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return them with stable keys."""
        told: dict[str, Any] = {"run": self.run}
        if self.against is None:
            told["features"] = [_json(one) for one in self.features]
        else:
            told["against"] = self.against
            told["differences"] = [_json(one) for one in self.differences]
        return told | {"replicates": self.replicates, "varying": list(self.varying)}


def features_of_run(
    view: View, text: str, selectors: Sequence[str] = (), against: str | None = None
) -> Features:
    """Return the features of a run and where each comes from.

    Args:
        view: The lab.
        text: The run; a name that fits all runs of one experiment means the first of them, as they
            share what makes them one.
        selectors: Which features are meant (see `lineage.selector`); none = all.
        against: Another run, to tell only what differs from it.

    Raises:
        NotFoundError: There is no such run.
        UsageError: Runs of several experiments fit, or a selector is none.
        InvalidError: A record cannot be used.
    """
    wanted = [parse(one) for one in selectors]
    every = [RunReader(view, entry) for entry in find_replicates(view, text)]
    run = every[0]
    ancestry = Ancestry(view, run.project)
    tree = _tree(run)
    if against is None:
        trace = _Trace(ancestry, run, tree)
        found = [
            Feature(join_path(path), value, trace.of(path))
            for path, value in leaves(tree)
            if any_means(wanted, path)
        ]
        return Features(run.citation, None, tuple(found), (), len(every), _varying(every))
    other = RunReader(view, find_replicates(view, against)[0])
    before = _tree(other)
    theirs = ancestry if other.project == run.project else Ancestry(view, other.project)
    olds = _Trace(theirs, other, before)
    rows = [
        (path, *change, olds.known(path) if change[0] != "add" else None)
        for path, change in changed(before, tree).items()
        if _meant(wanted, path, change[1:])
    ]
    news = _Trace(ancestry, run, tree)
    differences = tuple(
        Difference(
            op, join_path(path), old, new, set_by, news.known(path) if op != "delete" else None
        )
        for path, op, old, new, set_by in sorted(rows, key=lambda row: row[0])
    )
    return Features(run.citation, other.citation, (), differences, len(every), _varying(every))


def _varying(runs: Sequence[RunReader]) -> tuple[str, ...]:
    """Return the paths of features in which replicates differ."""
    first = _tree(runs[0])
    paths = {path for run in runs[1:] for path in changed(first, _tree(run))}
    return tuple(join_path(path) for path in sorted(paths))


class _Trace:
    """Where the features of one run come from."""

    def __init__(self, ancestry: Ancestry, run: RunReader, tree: Any) -> None:
        self._ancestry = ancestry
        self._key = run.config_digest or run.run_id
        self._ancestry.own(self._key, tree)

    def of(self, path: Path) -> SetBy:
        found = origin(self._key, path, self._ancestry)
        return SetBy(
            found.node,
            self._ancestry.name(found.node),
            self._ancestry.run_id(found.node),
            found.op,
            found.old,
            found.steps,
        )

    def known(self, path: Path) -> SetBy | None:
        """Return the same; None for a place inside a list, which is one value."""
        try:
            return self.of(path)
        except KeyError:
            return None


def _meant(wanted: Sequence[Selector], path: Path, sides: Sequence[Any]) -> bool:
    """Say whether a difference is meant: its place, or anything in a tree that came or went."""
    return any_means(wanted, path) or any(
        any_means(wanted, (*path, *below)) for side in sides for below in _below(side)
    )


def _below(value: Any) -> Iterator[Path]:
    if isinstance(value, dict):
        yield from (path for path, _ in leaves(value))


def _tree(run: RunReader) -> Any:
    tree = run.section("features").get("tree", {})
    if not isinstance(tree, dict):
        raise InvalidError(
            f"the features of run {run.run_id} are no tree",
            hint="`labrec verify` says more.",
            paths=[run.entry.path],
        )
    return tree


def _json(row: Feature | Difference) -> dict[str, Any]:
    return {
        key: value._asdict() if isinstance(value, SetBy) else value
        for key, value in row._asdict().items()
    }
