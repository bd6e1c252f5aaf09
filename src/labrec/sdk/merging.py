"""Merging two lines of work: a planned run with both parents and features that fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from labrec._version import __version__
from labrec.errors import UsageError
from labrec.lineage.diff import diff
from labrec.lineage.merge import merge, resolve
from labrec.record.codec import encode
from labrec.record.config import config_digest, join_path
from labrec.record.digest import Digest
from labrec.record.ids import new_run_id
from labrec.record.layout import check_project, check_run_name, run_path
from labrec.record.text import one_line, printable
from labrec.sdk.ancestry import Ancestry
from labrec.sdk.parents import given_parent
from labrec.sdk.start import author_of, nuisance_of
from labrec.store.additions import Addition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.lineage.merge import Merged, Side
    from labrec.sdk.parents import Parent
    from labrec.store.lab import Lab
    from labrec.store.view import View


class Request(NamedTuple):
    """What is to be merged.

    Attributes:
        a: A run, or the name of an experiment.
        b: The other one.
        name: Name of the planned run.
        project: Their project; None = the one that has ``a``.
        takes: Side and path of conflicts to resolve as that side has them.
        sets: Path and value of features to set, as tagged values.
        intent: Why the planned run is to be made.
        dry_run: Only say what would be merged.
    """

    a: str
    b: str
    name: str
    project: str | None = None
    takes: Sequence[tuple[Side, str]] = ()
    sets: Sequence[tuple[str, Any]] = ()
    intent: str | None = None
    dry_run: bool = False


class Planned(NamedTuple):
    """A planned run that is in the lab.

    Attributes:
        run_id: Its id.
        path: Path of its record.
        known: Whether the lab held it before; then nothing was written.
    """

    run_id: str
    path: str
    known: bool


class MergeReport(NamedTuple):
    """A merge; true when no conflict is left.

    Attributes:
        project: The project.
        name: Name of the planned run.
        a: Name of one side.
        b: Name of the other.
        ancestors: Names of their nearest common ancestors.
        merged: The features, and the conflicts that are left.
        planned: The planned run; None where conflicts are left, or nothing was to be recorded.
    """

    project: str
    name: str
    a: str
    b: str
    ancestors: tuple[str, ...]
    merged: Merged
    planned: Planned | None

    def __bool__(self) -> bool:
        return bool(self.merged)

    @property
    def exit_code(self) -> int:
        """0, or 3 where conflicts are left, so that nothing was recorded."""
        return 0 if self else 3

    def to_json(self) -> dict[str, Any]:
        """Return the merge with stable keys."""
        return {
            "project": self.project,
            "name": self.name,
            "a": self.a,
            "b": self.b,
            "ancestors": list(self.ancestors),
            "features": self.merged.tree,
            "taken": {join_path(path): side for path, side in sorted(self.merged.taken.items())},
            "conflicts": [one.to_json() for one in self.merged.conflicts],
            "planned": self.planned._asdict() if self.planned is not None else None,
        }


def merge_runs(lab: Lab, request: Request) -> MergeReport:
    """Merge the features of two runs, and plan a run that has both as parents.

    Nothing is recorded while conflicts are left. The same merge again changes nothing.

    Raises:
        InvalidError: A name is not valid.
        NotFoundError: There is no such run.
        UsageError: A side cannot be told or is the other's ancestor, or a resolution fits nothing.
        StorageError: The lab cannot be written.
    """
    check_run_name(request.name)
    view = lab.view()
    project = _project(view, request)
    sides = [given_parent(view, project, text) for text in (request.a, request.b)]
    ancestry = Ancestry(view, project)
    keys = [
        _experiment(side, text) for side, text in zip(sides, (request.a, request.b), strict=True)
    ]
    nearest = _nearest(ancestry, keys, sides)
    trees = [ancestry.tree(key) for key in keys]
    found = merge([ancestry.tree(key) for key in nearest], *trees)
    found = resolve(found, request.takes, request.sets)
    planned = None
    if found and not request.dry_run:
        planned = _plan(lab, view, request, (project, sides, found.tree, trees[0]))
    return MergeReport(
        project,
        request.name,
        _called(sides[0]),
        _called(sides[1]),
        tuple(ancestry.name(key) for key in nearest),
        found,
        planned,
    )


def _project(view: View, request: Request) -> str:
    """Return the project of the first side."""
    if request.project is not None:
        return check_project(request.project)
    from labrec.store.summaries import summaries

    names = {row.project for row in summaries(view) if row.name == request.a}
    if not names:
        return view.find_run(request.a).project
    if len(names) > 1:
        listed = ", ".join(sorted(names))
        raise UsageError(f"{one_line(request.a, 60)!a} is in several projects: {listed}",
                         hint="Give --project.")  # fmt: skip
    return names.pop()


def _experiment(side: Parent, text: str) -> str:
    if side.config_digest is None:
        raise UsageError(f"the record of {one_line(text, 60)!a} cannot be read",
                         hint="`labrec verify` says what is wrong with it.")  # fmt: skip
    return side.config_digest


def _nearest(ancestry: Ancestry, keys: Sequence[str], sides: Sequence[Parent]) -> list[str]:
    """Return the nearest common ancestors.

    Raises:
        UsageError: One side is the other's ancestor: there is nothing to merge.
    """
    names = [_called(side) for side in sides]
    if keys[0] == keys[1]:
        raise UsageError(
            f"{names[0]} and {names[1]} are runs of one experiment: there is nothing to merge",
            hint="Name runs whose features differ.",
        )
    nearest = ancestry.nearest_common(*keys)
    for older, newer in ((0, 1), (1, 0)):
        if nearest == [keys[older]]:
            raise UsageError(
                f"{names[newer]} derives from {names[older]}: it has its changes already",
                hint="Name two that went separate ways.",
            )
    return nearest


def _called(side: Parent) -> str:
    return side.name or (side.entry.name if side.entry is not None else "") or str(side.run_id)


# --- the planned run --------------------------------------------------------------------------


def _plan(
    lab: Lab, view: View, request: Request, merge_of: tuple[str, Sequence[Parent], Any, Any]
) -> Planned:
    project, sides, tree, first = merge_of
    nuisance = nuisance_of(view.project_definition(project), project)
    config = str(config_digest(project, tree, nuisance, None, [], []))
    parents = [side.to_json() for side in sides]
    known = _known(view, project, request.name, config, parents)
    if known is not None:
        return known
    run_id = new_run_id()
    record = {
        "schema": "labrec.run/1.0",
        "identity": {
            "minor": 0,
            "run_id": run_id,
            "project": project,
            "name": request.name,
            "config_digest": config,
            "status": "planned",
            "reason": None,
            "tags": [],
            "author": author_of(lab),
            "times": {"started": None, "ended": None, "duration_s": None},
            "tool": {"name": "labrec", "version": __version__},
            "fulfils": None,
        },
        "lineage": {
            "minor": 0,
            "parents": parents,
            "reproduces": None,
            "continues": None,
            "cell": None,
            "hypotheses": [],
            "intent": request.intent,
            "outcome": None,
        },
        "features": {
            "minor": 0,
            "tree": tree,
            "digest": str(Digest.of_value(tree)),
            "source": None,
            "nuisance": list(nuisance),
            "diff": [change.to_json() for change in diff(first, tree)],
        },
        "code": {"minor": 0, "kind": "none", "reason": "planned: nothing has run yet"},
        "capture": {"minor": 0, "events": []},
    }
    return _commit(lab, record)


def _known(
    view: View, project: str, name: str, config: str, parents: Sequence[dict[str, Any]]
) -> Planned | None:
    """Return the planned run that says the same; None where there is none."""
    from labrec.store.summaries import summaries

    wanted = [{key: one[key] for key in ("name", "run_id", "config_digest")} for one in parents]
    for row in summaries(view, project):
        if (row.status, row.name, row.config_digest, row.parents) == (
            "planned", name, config, wanted,
        ):  # fmt: skip
            return Planned(row.run_id, row.path, known=True)
    return None


def _commit(lab: Lab, record: dict[str, Any]) -> Planned:
    from labrec.capture.secrets.guard import guard  # heavy patterns, compiled where needed
    from labrec.record.reader import read_document

    cleaned, *_ = guard(record, [], "refuse", lab.settings.secrets_allow)
    data = encode(cleaned)
    identity = cleaned["identity"]
    path = run_path(identity["project"], identity["run_id"], Digest.of(data))
    read_document(path, data)
    lab.commit(
        [Addition(path, data)],
        f"plan({identity['project']}): {printable(one_line(identity['name'], 60))}",
        {"Run-Id": identity["run_id"], "Record-Digest": str(Digest.of(data))},
    )
    return Planned(identity["run_id"], path, known=False)
