"""Designs read back from the tables, and what their records say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.analytics.labs import made, measured

from labrec.analytics.attributed import attributed, planned
from labrec.errors import InvalidError, NotFoundError, UnsafeError, UsageError
from labrec.record.digest import Digest
from labrec.store.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.store.labs import GitLab

    from labrec.analytics.attribution.plan import Plan

FACTORS = b"key_metrics: [loss]\nfactors:\n" + b"".join(
    b"  - {path: f%d, on: 1, off: 0}\n" % n for n in range(7)
)


def add(lab: GitLab, on: int, **command: Any) -> None:
    """Record a run of a cell of seven factors."""
    tree = {f"f{n}": on >> n & 1 for n in range(7)}
    argv = ["t", *(f"--f{n}" for n in range(7) if on >> n & 1)]
    lab.add(*measured(
        f"cell {on}", {"loss": float(on)},
        identity={"config_digest": str(Digest.of_value(tree))},
        features={"minor": 0, "tree": tree, "digest": str(Digest.of_value(tree))},
        command={"minor": 0, "argv": argv, "cwd": ".", "exit_code": 0} | command,
    ))  # fmt: skip


@pytest.fixture
def declared(lab: GitLab) -> GitLab:
    lab.commit("refs/heads/main", {"records/mnist/project.yaml": FACTORS})
    for on in (0, *(1 << n for n in range(7))):
        add(lab, on)
    return lab


@pytest.fixture
def folder(declared: GitLab) -> Path:
    return made(declared, declared.path.parent / "tables").folder


@pytest.fixture
def view(declared: GitLab) -> Iterator[Any]:
    with Lab.open(declared.path) as opened:
        yield opened.view()


def plan_of(view: Any, folder: Path, **how: Any) -> Plan:
    (found,) = attributed(folder, "mnist", "loss")
    return planned(view, folder, found, **how)


def test_a_design_is_found_by_metric_name_and_the_beginning_of_its_digest(folder: Path) -> None:
    (found,) = attributed(folder, "mnist")
    digest, name = found.design["design"], found.design["name"]
    for text in (digest, digest[:15], digest.removeprefix("sha256:")[:4], name):
        assert attributed(folder, "mnist", "loss", text) == [found]
    assert len(found.cells) == 8
    assert json.dumps(found.to_json())
    for given in (("other",), ("mnist", "accuracy"), ("mnist", None, "ffff"), ("mnist", None, "")):
        with pytest.raises(NotFoundError):
            attributed(folder, *given)


def test_a_plan_that_cannot_list_every_cell_says_so(view: Any, folder: Path) -> None:
    found = plan_of(view, folder)
    (one,) = attributed(folder, "mnist")
    assert len(found.runs) == 64 < one.design["n_needed"]
    assert found.advice[0].startswith("These are the first 64 of ")
    assert all(run.command[:2] == ("labrec", "run") for run in found.runs)


def test_a_changed_declaration_is_no_plan(declared: GitLab, folder: Path) -> None:
    declared.commit("refs/heads/main", {"records/mnist/project.yaml": b"factors: [{path: f0}]\n"})
    with Lab.open(declared.path) as opened, pytest.raises(InvalidError, match="have changed"):
        plan_of(opened.view(), folder)


@pytest.mark.parametrize(
    "fields",
    [{"cwd": "/etc"}, {"cwd": "../up"}, {"cwd": "a/../../up"}],
    ids=str,
)
def test_a_record_cannot_make_a_plan_leave_the_code(lab: GitLab, fields: dict[str, Any]) -> None:
    lab.commit("refs/heads/main", {"records/mnist/project.yaml": FACTORS})
    for on in (0, 1):
        add(lab, on, **fields)
    folder = made(lab, lab.path.parent / "tables").folder
    with Lab.open(lab.path) as opened, pytest.raises((UnsafeError, InvalidError)):
        plan_of(opened.view(), folder)


def test_a_design_within_a_run_has_no_plan(view: Any, folder: Path) -> None:
    (found,) = attributed(folder, "mnist")
    within = found._replace(design=found.design | {"source": "run"})
    with pytest.raises(UsageError):
        planned(view, folder, within)
