"""Runs as columns: what is asked of all of them, and of one, is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.analytics.labs import measured, note_doc

from labrec.analytics import kept_runs
from labrec.analytics.gather import gather
from labrec.analytics.kept_runs import KeptRuns, kept_of
from labrec.analytics.run import Run
from labrec.analytics.runs import Runs, expect
from labrec.analytics.shard import load
from labrec.store.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.store.labs import GitLab

    from labrec.analytics.seen import Seen

NAMES = (*Run._fields, "counts", "recorded_name", "reparented")


def seen(lab: GitLab) -> Seen:
    """All runs of a lab, none of them made yet."""
    with Lab.open(lab.path) as opened:
        view = opened.view()
        days = [
            load(view, project, day, tree)
            for project in view.projects() for day, tree in view.days(project)
        ]  # fmt: skip
        return gather(view, [kept_of(day) for day in days])


@pytest.fixture
def runs(lab: GitLab) -> Runs:
    """Runs of two projects; notes speak of one, two are records of one run."""
    docs = [
        *measured("a", {"loss": 1.0, "acc": 0.5}),
        *measured("b", {}, identity={"status": "failed", "tags": ["x", "y"]}),
        *measured("b", {"loss": float("nan")}, direction=None),
        *measured("other", {"loss": 2.0}, project="other"),
    ]
    lab.add(*docs, note_doc("rename", docs[0], name="A"), note_doc("retract", docs[2]))
    return seen(lab).runs


def plain(runs: Sequence[Run]) -> list[str]:
    """Runs in a form in which NaN is equal to itself."""
    return [repr(run) for run in runs]


def test_a_column_is_the_field_of_every_run(runs: Runs) -> None:
    assert isinstance(runs, KeptRuns)
    columns = {name: runs.column(name) for name in NAMES}  # before any run is made
    whole = list(runs)
    assert len(runs) == len(whole) == 4
    for name in NAMES:
        assert repr(columns[name]) == repr([getattr(run, name) for run in whole]), name
    assert {run.name for run in whole} == {"A", "b", "other"}
    assert [run.standing for run in whole].count("retracted") == 1
    assert [run.place for run in whole] == [0, 1, 2, 3]


def test_a_column_of_some_is_part_of_that_of_all(runs: Runs) -> None:
    """Where notes change runs, and where they do not."""
    assert isinstance(runs, KeptRuns)
    plain_ones = KeptRuns([one for one in runs._kept if one.project == "other"])
    for some in (runs, plain_ones):
        places = list(range(0, len(some), 2))
        for name in NAMES:
            every = Runs(list(some)).column(name)
            assert repr(some.column(name, places)) == repr([every[at] for at in places]), name


def test_whether_all_runs_differ(runs: Runs) -> None:
    assert isinstance(runs, KeptRuns)
    assert runs.differ("run_id")
    assert not runs.differ("project")
    assert KeptRuns([]).differ("run_id")


def test_who_names_others_is_found_among_all(lab: GitLab) -> None:
    first = measured("a", {"loss": 1.0})
    parent = {"by": "option", "name": "a", "run_id": None, "config_digest": None}
    lineage = {"parents": [parent], "continues": None, "reproduces": None, "fulfils": None}
    child = measured("b", {"loss": 2.0}, lineage=lineage)
    other = measured("c", {"loss": 2.0}, lineage=lineage | {"parents": [], "continues": "x"})
    lab.add(*first, *child, *other)
    said = seen(lab).runs
    assert [said[at].name for at in said.saying()] == ["b", "c"]
    lab.add(note_doc("reparent", child[0], parents=[]))
    noted = seen(lab).runs
    assert [noted[at].name for at in noted.saying()] == ["c"]
    assert noted.saying() == Runs(list(noted)).saying()


@pytest.mark.parametrize("together", [False, True])
def test_a_run_that_is_made_alone_is_the_one_among_all(
    lab: GitLab, runs: Runs, monkeypatch: pytest.MonkeyPatch, *, together: bool
) -> None:
    whole = plain(list(runs))
    monkeypatch.setattr(kept_runs, "_MANY", 1.0)
    again = seen(lab).runs
    if together:
        expect([again.some([0, 2]), again.some([2, 3])])
    assert plain([again[at] for at in (3, 1, 0, 2, -1)]) == [
        whole[at] for at in (3, 1, 0, 2, 3)
    ]  # fmt: skip
    assert plain(again.some([2, 1])) == [whole[2], whole[1]]
    assert plain(again[1:3]) == whole[1:3]
    assert plain(list(again)) == whole


def test_runs_that_are_alike_and_what_they_measured(lab: GitLab, runs: Runs) -> None:
    as_list = Runs(runs)
    for names in (("project",), ("project", "status"), ("standing", "tree"), ("run_id",)):
        assert runs.alike(names) == as_list.alike(names)
    assert runs.measured() == as_list.measured() == {
        ("mnist", "loss", None), ("mnist", "acc", None), ("other", "loss", None),
    }  # fmt: skip
    lab.add(*measured("c", {"loss": 3.0}))
    assert len(seen(lab).runs) == 5
