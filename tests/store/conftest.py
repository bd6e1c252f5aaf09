"""Labs as states of the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from tests.store.labs import Doc, GitLab, artifact, new_lab, object_doc, run_doc

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def empty_lab(tmp_path: Path) -> GitLab:
    """A lab with its first commit and no records."""
    return new_lab(tmp_path / "lab")


class SmallLab(NamedTuple):
    """A lab and what is in it."""

    lab: GitLab
    runs: list[Doc]
    weights: Doc


@pytest.fixture
def small_lab(empty_lab: GitLab) -> SmallLab:
    """A lab with three runs: one in the base, two on the record ref; one has an artifact."""
    weights = object_doc(b"weights " * 40)
    first = run_doc(name="first", artifacts=artifact(weights.data))
    second = run_doc(name="second")
    third = run_doc("cifar", name="first")
    empty_lab.commit("refs/heads/main", {first.path: first.data, weights.path: weights.data})
    empty_lab.git("reset", "-q", "--hard")
    empty_lab.add(second)
    empty_lab.add(third)
    return SmallLab(empty_lab, [first, second, third], weights)
