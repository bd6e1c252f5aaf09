"""Key metrics of a project, as its definition names them."""

from __future__ import annotations

import pytest

from labrec.analytics.definition import KeyMetric, key_metrics
from labrec.errors import InvalidError


def test_names_and_directions() -> None:
    listed = ["loss", {"name": "accuracy", "direction": "maximize"}, {"name": "x"}]
    assert key_metrics({"key_metrics": listed}, "p") == (
        KeyMetric("loss"),
        KeyMetric("accuracy", "maximize"),
        KeyMetric("x"),
    )


def test_nothing_said_is_not_the_same_as_none() -> None:
    assert key_metrics({}, "p") is None
    assert key_metrics({"key_metrics": []}, "p") == ()


@pytest.mark.parametrize(
    "listed",
    [
        "loss",
        {"loss": "minimize"},
        [1],
        [""],
        [None],
        [["loss"]],
        [{"direction": "minimize"}],
        [{"name": "loss", "direction": "up"}],
        [{"name": "loss", "direction": True}],
        [{"name": "loss", "goal": "minimize"}],
        ["loss", {"name": "loss"}],
    ],
    ids=repr,
)
def test_what_is_no_list_of_metrics_is_refused_with_a_hint(listed: object) -> None:
    with pytest.raises(InvalidError, match="of project p") as caught:
        key_metrics({"key_metrics": listed}, "p")
    assert "project.yaml" in caught.value.hint
